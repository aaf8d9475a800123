# Every released version can be created, and updates to the same objects as a fresh install of the
# newest: definitions, comments, owners, privileges. Shown with this version, too, of which
# `make release` freezes the script, and a next one that is made up.
use strict;
use warnings FATAL => 'all';

use File::Basename qw(basename);
use File::Path qw(make_path);
use FindBin;
use lib "$FindBin::RealBin/lib";
use Deploy;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

delete @ENV{qw(MAKEFLAGS MAKELEVEL MFLAGS)};

my $next = '999.0.0';
my $source = "$FindBin::RealBin/../..";
my $tree = PostgreSQL::Test::Utils::tempdir() . '/tree';
my $destination = PostgreSQL::Test::Utils::tempdir() . '/server';
my ($bin, $lib, $share) = map { chomp(my $directory = `pg_config --$_`); $directory } qw(bindir pkglibdir sharedir);

# What the next version has besides: what a careful update script says, statement by statement.
my @additions = (
	q{CREATE FUNCTION dj_deploy.answer() RETURNS integer LANGUAGE sql IMMUTABLE RETURN 42},
	q{COMMENT ON FUNCTION dj_deploy.answer() IS 'Returns the answer.'},
	q{REVOKE EXECUTE ON FUNCTION dj_deploy.answer() FROM PUBLIC},
	q{ALTER FUNCTION dj_deploy.drift(jsonb) ROWS 10},
	q{COMMENT ON FUNCTION dj_deploy.drift(jsonb) IS 'Lists what differs.'},
	q{GRANT CREATE ON SCHEMA dj_deploy TO pg_monitor},
	q{DROP FUNCTION dj_deploy.assert_converged(jsonb)},
	q{CREATE FUNCTION dj_deploy.require(environment jsonb) RETURNS void LANGUAGE C AS 'MODULE_PATHNAME', 'dj_deploy_assert_converged'});

copy_server();
my @old = make_versions();
my $version = $old[-1];
my $node = start_server();

updates_to($_, $version) for @old[ 0 .. $#old - 1 ];
updates_to($_, $next) for @old;
every_omission_is_noticed();
additions_are_noticed();
session_with_the_old_library();
no_way_back();
keeps_privileges();
done_testing();

# A server that needs no root to install into: it finds what belongs to it where it has itself been moved.
sub copy_server
{
	make_path($destination . $_) for $bin, $lib, $share;
	system_or_bail('cp', '-R', "$bin/.", $destination . $bin);
	system_or_bail('cp', '-Rs', "$_/.", $destination . $_) for $lib, $share;
	# Of the installed extension nothing but the module.
	unlink glob("$destination$share/extension/datajoint_deploy*"), "$destination$lib/datajoint_deploy.so";
	return;
}

# Installs this version, those that it has frozen, and the next. Returns all but the next, oldest first.
sub make_versions
{
	my ($this) = slurp_file("$source/META.json") =~ /^  "version": "(.*)",$/m;
	mkdir $tree;
	system_or_bail('cp', '-R', map({ "$source/$_" } qw(Makefile META.json datajoint_deploy.control sql)), $tree);
	# The module is there already: without objects nothing is compiled.
	my @install = ('make', '-C', $tree, 'install', 'OBJS=', "DESTDIR=$destination");
	system_or_bail('cp', "$lib/datajoint_deploy.so", $tree);
	command_ok([ 'make', '-C', $tree, 'release' ], 'a release is frozen');
	command_ok(\@install, 'and still installs');
	append_to_file("$tree/sql/operations/zz_next.sql", script(@additions));
	command_fails([ 'make', '-C', $tree, 'release' ], 'which cannot change afterwards');

	edit("$tree/META.json", qr/"version": "\Q$this\E"/, qq("version": "$next"));
	edit("$tree/datajoint_deploy.control", qr/'\Q$this\E'/, "'$next'");
	mkdir "$tree/sql/updates";
	append_to_file("$tree/sql/updates/datajoint_deploy--$this--$next.sql", script(@additions));
	system_or_bail(@install);
	return sort { by_number($a, $b) } map { basename($_) =~ /^datajoint_deploy--(.*)\.sql$/ } glob("$tree/sql/releases/*.sql");
}

sub script { return join('', map { "$_;\n" } @_); }

sub edit
{
	my ($file, $pattern, $replacement) = @_;
	my $text = slurp_file($file);
	$text =~ s/$pattern/$replacement/ or die "nothing of $pattern in $file";
	unlink $file;
	append_to_file($file, $text);
	return;
}

sub by_number
{
	my ($left, $right) = map { sprintf '%05d' x 3, (split /[.-]/)[ 0 .. 2 ] } @_;
	return $left cmp $right;
}

sub start_server
{
	$ENV{PATH} = "$destination$bin:$ENV{PATH}";
	my $server = PostgreSQL::Test::Cluster->new('main');
	$server->init;
	$server->start;
	is($server->safe_psql('postgres', "SELECT setting FROM pg_config() WHERE name = 'SHAREDIR'"), $destination . $share, 'it is the copy');
	is($server->safe_psql('postgres', "SELECT default_version FROM pg_available_extensions WHERE name = 'datajoint_deploy'"),
		$next, 'which has the next version');
	$server->safe_psql('postgres', 'CREATE ROLE regress_owner LOGIN');
	return $server;
}

my $databases;

# A new database of an ordinary role, who creates that version there.
sub database_with
{
	my ($created) = @_;
	my $name = 'upgrade' . ++$databases;
	$node->safe_psql('postgres', "CREATE DATABASE $name OWNER regress_owner");
	by_owner($name, "CREATE EXTENSION datajoint_deploy VERSION '$created'");
	return $name;
}

sub by_owner
{
	my ($database, @statements) = @_;
	return $node->safe_psql($database, join(';', @statements), extra_params => [ '-U', 'regress_owner' ]);
}

my %fresh;

sub fresh
{
	my ($created) = @_;
	return $fresh{$created} //= extension_objects($node, database_with($created));
}

sub updates_to
{
	my ($from, $to) = @_;
	my $database = database_with($from);
	is($node->safe_psql($database, "SELECT extversion FROM pg_extension WHERE extname = 'datajoint_deploy'"), $from, "$from is created");
	is($node->safe_psql($database, q(SELECT dj_deploy.drift('{"version": 1}'))), '', "$from works with this module");
	by_owner($database, "ALTER EXTENSION datajoint_deploy UPDATE TO '$to'");
	is(extension_objects($node, $database), fresh($to), "$from updates to $to as it is created afresh");
	return;
}

# Whether the objects are those of the next version when the update script is this one.
sub is_complete
{
	my (@statements) = @_;
	my $file = "$destination$share/extension/datajoint_deploy--$version--$next.sql";
	unlink $file;
	append_to_file($file, script(@statements));
	my $database = database_with($version);
	by_owner($database, 'ALTER EXTENSION datajoint_deploy UPDATE');
	my $same = extension_objects($node, $database) eq fresh($next);
	$node->safe_psql('postgres', "DROP DATABASE $database");
	return $same;
}

# That the comparison above can fail.
sub every_omission_is_noticed
{
	ok(is_complete(@additions), 'the script as it should be');
	for my $number (1 .. $#additions)
	{
		my @rest = @additions;
		my ($left_out) = splice(@rest, $number, 1);
		ok(!is_complete(@rest), "it is noticed without $left_out");
	}
	ok(!is_complete(@additions[ 3 .. $#additions ]), "it is noticed without $additions[0] and what is about it");
	return;
}

sub additions_are_noticed
{
	my @too_much = (
		'CREATE FUNCTION dj_deploy.left_over() RETURNS integer RETURN 1',
		'CREATE TABLE dj_deploy.left_over ()',
		'ALTER FUNCTION dj_deploy.answer() OWNER TO regress_owner',
		'ALTER EXTENSION datajoint_deploy DROP FUNCTION dj_deploy.answer()',
		'GRANT EXECUTE ON FUNCTION dj_deploy.answer() TO regress_owner',
		'REVOKE USAGE ON SCHEMA dj_deploy FROM PUBLIC',
		'COMMENT ON SCHEMA dj_deploy IS NULL');
	ok(!is_complete(@additions, $_), "it is noticed with $_") for @too_much;
	return;
}

# The file is another one after an installation, but a session keeps what it has loaded: what the
# old library knows goes on working there, and what it does not know needs a new session.
sub session_with_the_old_library
{
	ok(is_complete(@additions), 'the script as it should be, again');
	my $file = "$destination$lib/datajoint_deploy.so";
	my $database = database_with($version);
	# One that has no such symbol: under its name there is another.
	my $module = slurp_file($file);
	(my $older = $module) =~ s/dj_deploy_assert_converged\0/dj_deploy_assert_CONVERGED\0/g or die 'no such symbol';
	replace($file, $older);
	my $session = $node->background_psql($database, on_error_stop => 0);
	my $known = q(SELECT dj_deploy.describe('public') -> 'version';);
	my $new = q(SELECT dj_deploy.require('{"version": 1}') IS NULL;);
	is($session->query($known), '1', 'a session with the old library works');
	replace($file, $module);
	by_owner($database, 'ALTER EXTENSION datajoint_deploy UPDATE');
	is($session->query($known), '1', 'it goes on working after the update');
	is($session->query($new), '', 'not with what is new');
	like($session->{stderr}, qr/could not find function "dj_deploy_assert_converged" in file ".*datajoint_deploy\.so"/, 'it says why');
	$session->quit;
	is($node->safe_psql($database, $new), 'f', 'a new session has it');
	return;
}

# As install does it: another file under that name.
sub replace
{
	my ($file, $content) = @_;
	unlink $file;
	append_to_file($file, $content);
	return;
}

sub no_way_back
{
	my $database = database_with($next);
	like(error_of($node, "ALTER EXTENSION datajoint_deploy UPDATE TO '$version'", $database),
		qr/ERROR:  22023: extension "datajoint_deploy" has no update path from version "\Q$next\E" to version "\Q$version\E"/,
		'there is no way back');
	by_owner($database, 'DROP EXTENSION datajoint_deploy', "CREATE EXTENSION datajoint_deploy VERSION '$version'");
	is(extension_objects($node, $database), fresh($version), 'but a fresh start');
	return;
}

# A database with the old version and with privileges of its own on a function: an update leaves
# them, and a dump brings the next version.
sub keeps_privileges
{
	my $database = database_with($version);
	my $may = q(SELECT has_function_privilege('regress_owner', 'dj_deploy.drift(jsonb)', 'EXECUTE'));
	$node->safe_psql($database, 'REVOKE EXECUTE ON FUNCTION dj_deploy.drift(jsonb) FROM PUBLIC');
	$node->command_ok([ 'pg_dump', '-Fc', '-f', "$destination/dump", $node->connstr($database) ], 'dump of the old version');
	by_owner($database, 'ALTER EXTENSION datajoint_deploy UPDATE');
	is($node->safe_psql($database, $may), 'f', 'a privilege taken away stays away after the update');

	$node->safe_psql('postgres', 'CREATE DATABASE restored');
	$node->command_ok([ 'pg_restore', '-e', '-d', $node->connstr('restored'), "$destination/dump" ], 'its restore');
	is($node->safe_psql('restored', "SELECT extversion FROM pg_extension WHERE extname = 'datajoint_deploy'"), $next,
		'brings the newest version');
	is($node->safe_psql('restored', $may), 'f', 'and the privileges');
	return;
}
