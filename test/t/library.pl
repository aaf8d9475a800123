# Where workers find the library: it is the one that the session has loaded, although a worker loads
# it before it sees settings of the database, the role or the session. Where it cannot, the error
# says so.
use strict;
use warnings FATAL => 'all';

use File::Copy;
use File::Path qw(make_path);
use FindBin;
use lib "$FindBin::RealBin/lib";
use Deploy;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

# The server itself finds no library at all.
my $directory = PostgreSQL::Test::Utils::tempdir();
mkdir "$directory/empty";
my $node = PostgreSQL::Test::Cluster->new('main');
$node->init;
$node->append_conf('postgresql.conf', "dynamic_library_path = '$directory/empty'");
$node->start;
my $version = $node->safe_psql('postgres', 'SHOW server_version_num');

# Before 17 the server has 96 bytes for it, and then the name alone is left, which the server's own
# settings must find.
my ($installed) = run_command([ 'pg_config', '--pkglibdir' ]);
plan skip_all => "the path of this server's libraries is too long for a worker" if $version < 170000 && length "$installed/datajoint_deploy.so" > 95;

my $vacuum = q{CALL dj_deploy.vacuum_analyze('lab', dry_run => false)};
my $done = '"tables_modified": 1\}';

# Makes a database with the extension and a table; statements set dynamic_library_path in it.
sub new_database
{
	my ($database, @statements) = @_;
	$node->safe_psql('postgres', $_) for "CREATE DATABASE $database", @statements;
	return;
}

my $setup = 'CREATE EXTENSION datajoint_deploy; CREATE SCHEMA lab; CREATE TABLE lab.session (id int PRIMARY KEY);';

new_database('by_database', q{ALTER DATABASE by_database SET dynamic_library_path = '$libdir'});
$node->safe_psql('by_database', $setup);
like($node->safe_psql('by_database', $vacuum), qr/$done/, 'a path of the database');

new_database('by_session');
$node->safe_psql('by_session', "SET dynamic_library_path = '\$libdir'; $setup");
like($node->safe_psql('by_session', "SET dynamic_library_path = '\$libdir'; $vacuum"), qr/$done/, 'a path of the session');

# A copy of its own, which is gone when the worker wants it.
my $library_directory = $node->safe_psql('by_database', q{SELECT setting FROM pg_config WHERE name = 'PKGLIBDIR'});
my ($library) = glob "$library_directory/datajoint_deploy.*";

sub copy_library
{
	my ($to) = @_;
	make_path($to);
	copy($library, $to) or die "cannot copy $library to $to: $!";
	chmod 0755, $to . $library =~ s/.*(?=\/)//r;
	return $to . $library =~ s/.*(?=\/)//r;
}

my $copy = copy_library("$directory/copy");
new_database('by_copy', "ALTER DATABASE by_copy SET dynamic_library_path = '$directory/copy'");
$node->safe_psql('by_copy', $setup);
like($node->safe_psql('by_copy', $vacuum), qr/$done/, 'a copy elsewhere');

my $reason = qr/The server log has the reason\. .*dynamic_library_path.*postgresql\.conf\./;
my $unstarted = qr/^ERROR:  55000: lost connection to background worker\nDETAIL:  The worker ended before it could start\.\nHINT:  $reason$/m;
like(error_of($node, "CALL dj_deploy.vacuum_analyze('lab');\n\\! rm '$copy'\n$vacuum", 'by_copy'), $unstarted, 'a library that is gone');
like(slurp_file($node->logfile), qr/could not access file "\Q$copy\E"/, 'the log has the reason');

# Before 16 a worker has room for 95 bytes, and with a longer path is given the name alone.
my $deep = "$directory/" . join '/', ('deep') x 20;
copy_library($deep);
new_database('by_depth', "ALTER DATABASE by_depth SET dynamic_library_path = '$deep'");
$node->safe_psql('by_depth', $setup);
if ($version >= 160000)
{
	like($node->safe_psql('by_depth', $vacuum), qr/$done/, 'a long path');
}
else
{
	like(error_of($node, $vacuum, 'by_depth'), $unstarted, 'a path that is too long');
	$node->safe_psql('postgres', "ALTER SYSTEM SET dynamic_library_path = '$deep'");
	$node->reload;
	like($node->safe_psql('by_depth', $vacuum), qr/$done/, 'the way out that the hint names');
}

done_testing();
