# After an upgrade of the C library or ICU: the steps of docs/reindex.md, by its own statements,
# find every index that depends on a collation whose version has changed, rebuild it, on
# materialized views too, and take the warning away. The server cannot be given another library, so
# the versions that it remembers are changed; that a rebuild mends wrong answers is shown by an
# index on a function whose results have changed.
use strict;
use warnings FATAL => 'all';

use FindBin;
use lib "$FindBin::RealBin/lib";
use Deploy;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

# Since 16 the server is built with ICU unless told otherwise.
my ($configure) = run_command([ 'pg_config', '--configure' ]);
my ($version) = (run_command([ 'pg_config', '--version' ]))[0] =~ /(\d+)/;
plan skip_all => 'this server has no ICU'
  if $configure =~ /--without-icu/ || $version < 16 && $configure !~ /--with-icu/;

my $node = PostgreSQL::Test::Cluster->new('main');
$node->init(extra => [ '--locale-provider=icu', '--icu-locale=en' ]);
$node->start;

# The fenced SQL of the page, below the heading; a comment about \gexec is for a person.
my ($walk) = slurp_file("$FindBin::RealBin/../../docs/reindex.md") =~ /^## After an upgrade of the C library or ICU\n(.*?)^## /ms;
my ($find, $rebuild, $refresh) = map { s/^   //gmr =~ s/ -- \\gexec.*//gr } $walk =~ /^ *```sql\n(.*?)^ *```$/gms;
is(scalar(my @fences = $walk =~ /```sql/g), 3, 'the page has three steps');

$node->safe_psql('postgres', q{
	CREATE EXTENSION datajoint_deploy;
	CREATE SCHEMA lab;
	CREATE SCHEMA archive;
	CREATE TABLE lab.subject (name text PRIMARY KEY, code text COLLATE "C" UNIQUE, note text);
	CREATE INDEX subject_note ON lab.subject (note COLLATE "und-x-icu");
	CREATE INDEX subject_number ON lab.subject (length(name));
	CREATE TABLE archive.old (name varchar, part int) PARTITION BY RANGE (part);
	CREATE TABLE archive.old_1 PARTITION OF archive.old FOR VALUES FROM (0) TO (10);
	CREATE INDEX old_name ON archive.old (name, part);
	CREATE FUNCTION lab.sorted_as(name text) RETURNS int IMMUTABLE LANGUAGE sql AS 'SELECT length(name)';
	INSERT INTO lab.subject SELECT i::text, i::text, i::text FROM generate_series(1, 2000) i;
	CREATE MATERIALIZED VIEW lab.names AS SELECT name FROM lab.subject;
	CREATE INDEX names_name ON lab.names (name);
	CREATE INDEX names_sorted ON lab.names (lab.sorted_as(name));
});

sub found { return join ' ', sort map { join '.', (split /\|/)[ 0, 2 ] } split /\n/, $node->safe_psql('postgres', "SET client_min_messages = error; $find") }

is(found(), '', 'before the upgrade nothing is found');
$node->safe_psql('postgres', q{UPDATE pg_collation SET collversion = '0' WHERE collname = 'und-x-icu'});
is(found(), 'lab.subject_note', 'one collation has changed');
# The server refuses to give a version to one that has none, and from 16 on to refresh the default one.
$node->safe_psql('postgres', q{UPDATE pg_collation SET collversion = NULL WHERE collname = 'de-x-icu'});
$node->safe_psql('postgres', q{UPDATE pg_database SET datcollversion = '0' WHERE datname = current_database()});
like(error_of($node, 'SELECT 1'), qr/WARNING:  database "postgres" has a collation version mismatch/, 'the server warns');
is(found(), join(' ', sort qw(lab.subject_note lab.subject_pkey lab.names_name archive.old_1_name_part_idx)), 'all that depend are found')
  or diag $node->safe_psql('postgres', $find);

# What the index says is no longer so.
$node->safe_psql('postgres', q{CREATE OR REPLACE FUNCTION lab.sorted_as(name text) RETURNS int IMMUTABLE LANGUAGE sql AS 'SELECT -length(name)'});
my $rows = 'SET enable_seqscan = off; SET client_min_messages = error; SELECT count(*) FROM lab.names WHERE lab.sorted_as(name) = -4';
is($node->safe_psql('postgres', $rows), '0', 'the index of a materialized view is wrong: rows are not found');

my $files = q{SELECT relname, pg_relation_filenode(oid) FROM pg_class WHERE relkind = 'i' AND relnamespace IN ('lab'::regnamespace, 'archive'::regnamespace) ORDER BY 1};
my %before = map { split /\|/ } split /\n/, $node->safe_psql('postgres', $files);
my ($status, $output, $errors) = $node->psql('postgres', $rebuild);
like($output, qr/REINDEX TABLE CONCURRENTLY \\"lab\\"\.\\"names\\"/, 'the rebuild takes in the materialized view');
$node->psql('postgres', $rebuild =~ s/'lab'/'archive'/r);
my %after = map { split /\|/ } split /\n/, $node->safe_psql('postgres', $files);
is(join(' ', grep { $before{$_} && $before{$_} == $after{$_} } sort keys %after), '', 'every index has been rebuilt');
is($node->safe_psql('postgres', $rows), '1001', 'and the rows are found');

# Each SELECT makes statements.
my @statements = map { split /\n/, $node->safe_psql('postgres', "SET client_min_messages = error; $_") } grep { /\S/ } split /;\n/, $refresh;
is(join('; ', @statements), 'ALTER COLLATION pg_catalog."und-x-icu" REFRESH VERSION; ALTER DATABASE postgres REFRESH COLLATION VERSION',
	'the last step names the collation and the database');
$node->safe_psql('postgres', $_) for @statements;
is(found(), '', 'afterwards nothing is found');
unlike(error_of($node, 'SELECT 1'), qr/WARNING/, 'and the server does not warn');

done_testing();
