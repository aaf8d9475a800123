# Databases that are not UTF-8: names beyond ASCII, success on exactly that schema and table.
use strict;
use warnings FATAL => 'all';

use FindBin;
use lib "$FindBin::RealBin/lib";
use Deploy;
use Test::More;

my $node = new_server('main');

# Everything here is bytes, as the client sends them: a schema's and a table's name, and a character
# of which as many as "fit" make the longest name, because each takes one byte in the server, or two
# in EUC_JP.
my %databases = (
	LATIN1    => { client => 'UTF8', names => [ "\xc3\x84lchen", "Z\xc3\xbcrich" ], character => "\xc3\xa9", fit => 63 },
	EUC_JP    => { client => 'UTF8', names => [ "\xe5\xae\x9f\xe9\xa8\x93", "\xe8\xa8\x98\xe9\x8c\xb2" ], character => "\xe5\xae\x9f", fit => 31 },
	SQL_ASCII => { client => 'SQL_ASCII', names => [ "\xc3\x84lchen", "\xff\xfe" ], character => "\xe9", fit => 63 },
);

for my $encoding (sort keys %databases)
{
	my ($character, $fit) = @{ $databases{$encoding} }{ 'character', 'fit' };
	my ($schema, $table) = @{ $databases{$encoding}{names} };
	my $longest = $character x $fit;
	local $ENV{PGCLIENTENCODING} = $databases{$encoding}{client};

	$node->safe_psql('postgres', "CREATE DATABASE $encoding ENCODING '$encoding' LOCALE 'C' TEMPLATE template0");
	my $database = lc $encoding;
	$node->safe_psql($database, qq{
		CREATE EXTENSION datajoint_deploy;
		CREATE SCHEMA "$schema";
		CREATE TABLE "$schema"."$table" (id int PRIMARY KEY);
		CREATE TABLE "$schema"."~$table" (id int PRIMARY KEY);
		CREATE SCHEMA "$schema$character";
		CREATE TABLE "$schema$character"."$table" (id int PRIMARY KEY);
		CREATE SCHEMA "$longest";
		CREATE TABLE "$longest"."$longest" (id int PRIMARY KEY);
	});
	my $full = sub {
		$node->safe_psql($database, q{
			SELECT n.nspname, c.relname FROM pg_class c JOIN pg_namespace n ON n.oid = relnamespace
			WHERE relreplident = 'f' AND relkind = 'r'})
	};
	my $ddl = sub { qq(ALTER TABLE "$_[0]"."$_[1]" REPLICA IDENTITY FULL) };
	my $statements = sub {
		$node->safe_psql($database, "SELECT jsonb_array_elements_text(dj_deploy.set_replica_identity('$_[0]', dry_run => $_[1])->'ddl')")
	};

	is($statements->($schema, 'true'), $ddl->($schema, $table), "$encoding: the dry run shows the statement");
	is($full->(), '', "$encoding: and does nothing");
	is($statements->($schema, 'false'), $ddl->($schema, $table), "$encoding: the run says the same");
	is($full->(), "$schema|$table", "$encoding: exactly that table is changed");

	$node->safe_psql($database, full_run($schema, 'default'));
	is($statements->($longest, 'false'), $ddl->($longest, $longest), "$encoding: the longest name");
	is($full->(), "$longest|$longest", "$encoding: exactly the table with the longest name");

	like(
		error_of($node, full_run("$longest$character"), $database),
		qr/^ERROR:  42622: /m, "$encoding: one character more is refused, not cut short");
	like(
		error_of($node, full_run("$schema!"), $database),
		qr/^ERROR:  3F000: schema "\Q$schema\E!" does not exist/m, "$encoding: a missing schema is named");
	is($full->(), "$longest|$longest", "$encoding: both change nothing");
}

done_testing();
