# A real autovacuum worker acts on what set_autovacuum has set, on tables and on their TOAST tables.
use strict;
use warnings FATAL => 'all';

use FindBin;
use lib "$FindBin::RealBin/lib";
use Deploy;
use Test::More;

# By the server's own settings nothing here is ever due. There is one worker at a time, so that a
# table that is vacuumed again and again proves that the others were looked at in between.
my $never = 1_000_000_000;
my $node = new_server('main',
	autovacuum_naptime => '1s', autovacuum_max_workers => 1, autovacuum_vacuum_threshold => $never,
	autovacuum_vacuum_insert_threshold => $never, autovacuum_analyze_threshold => $never);

load_pipeline($node, 'postgres');
$node->safe_psql('postgres', q{
	CREATE SCHEMA rig;
	CREATE SCHEMA archive;
	CREATE TABLE rig.witness (id int, body text);
	ALTER TABLE rig.witness ALTER body SET STORAGE EXTERNAL;
	CREATE TABLE rig.eager (LIKE rig.witness INCLUDING STORAGE);
	CREATE TABLE rig.off (LIKE rig.witness INCLUDING STORAGE);
	CREATE TABLE rig.only_toast (LIKE rig.witness INCLUDING STORAGE);
	CREATE TABLE rig.not_toast (LIKE rig.witness INCLUDING STORAGE);
	CREATE TABLE rig."~hidden" (LIKE rig.witness INCLUDING STORAGE);
	CREATE TABLE rig.root (LIKE rig.witness INCLUDING STORAGE) PARTITION BY RANGE (id);
	CREATE TABLE rig.leaf PARTITION OF rig.root FOR VALUES FROM (0) TO (10);
	CREATE TABLE archive.leaf PARTITION OF rig.root FOR VALUES FROM (10) TO (20);
	CREATE TABLE archive.plain (LIKE rig.witness INCLUDING STORAGE);
	CREATE TABLE archive.appended (LIKE rig.witness INCLUDING STORAGE);
	CREATE TABLE rig.narrow (id int); -- without a TOAST table
});
my @tables = (qw(rig.eager rig.off rig.only_toast rig.not_toast rig."~hidden" rig.leaf archive.leaf archive.plain),
	'rig.narrow', 'rig.witness');

sub set_autovacuum
{
	my ($target, $parameters, $more) = @_;
	return "SELECT dj_deploy.set_autovacuum($target, '$parameters'" . ($more // '') . ')';
}

# Runs what the dry run shows, and nothing is left to do; returns the statements.
sub converge
{
	my ($target, $parameters) = @_;
	my $preview = $node->safe_psql('postgres', set_autovacuum($target, $parameters) . q{->>'ddl'});
	my $ddl = $node->safe_psql('postgres', set_autovacuum($target, $parameters, ', dry_run => false') . q{->>'ddl'});
	is($ddl, $preview, "$target: run as shown");
	is($node->safe_psql('postgres', set_autovacuum($target, $parameters) . q{->'ddl'}), '[]', "$target: nothing is left");
	return $ddl;
}

# "schema.table: options / options of its TOAST table", one table per line; options in the order of
# their names.
sub options
{
	my ($condition) = @_;
	return $node->safe_psql('postgres', qq{
		SELECT format('%s.%s: %s / %s', nspname, c.relname,
			coalesce((SELECT string_agg(option, ' ' ORDER BY option) FROM unnest(c.reloptions) option), 'none'),
			CASE WHEN t.oid IS NULL THEN 'no TOAST table'
			ELSE coalesce((SELECT string_agg(option, ' ' ORDER BY option) FROM unnest(t.reloptions) option), 'none') END)
		FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace LEFT JOIN pg_class t ON t.oid = c.reltoastrelid
		WHERE c.relkind IN ('r', 'p') AND $condition ORDER BY nspname COLLATE "C", c.relname COLLATE "C"});
}

# How often autovacuum has vacuumed the table, and with 'analyze' how often it has analyzed it.
sub counter
{
	my ($table, $action) = @_;
	return sprintf "(SELECT auto%s_count FROM pg_stat_all_tables WHERE relid = %s)", $action // 'vacuum',
	  $table =~ s/^toast of (.*)/(SELECT reltoastrelid FROM pg_class WHERE oid = '$1'::regclass)/r =~ s/^([^(].*)/'$1'::regclass/r;
}

sub count_of { return $node->safe_psql('postgres', 'SELECT ' . counter(@_)) }

sub wait_for
{
	my ($table, $times, $action) = @_;
	ok($node->poll_query_until('postgres', 'SELECT ' . counter($table, $action) . " >= $times"),
		"$table: a worker comes (" . ($action // 'vacuum') . ", $times)");
	return;
}

# Leaves dead rows in the tables and in their TOAST tables, more than a threshold of 1.
sub write_to
{
	$node->safe_psql('postgres', join '', map { "UPDATE $_ SET " . (/narrow/ ? 'id = id' : "body = body || '+'") . ';' } @_);
	return;
}

for my $table (grep { !/leaf|narrow/ } @tables)
{
	$node->safe_psql('postgres', "INSERT INTO $table SELECT number, repeat('x', 5000) FROM generate_series(1, 3) number");
}
$node->safe_psql('postgres', q{
	INSERT INTO rig.root SELECT number, repeat('x', 5000) FROM generate_series(1, 19) number;
	INSERT INTO rig.narrow SELECT generate_series(1, 3)});

# All tables of the schema, then some of them otherwise.
my $eager = '"autovacuum_vacuum_threshold": 1, "autovacuum_vacuum_scale_factor": 0';
my $eager_toast = '"toast.autovacuum_vacuum_threshold": 1, "toast.autovacuum_vacuum_scale_factor": 0';
converge("'rig'", "{$eager, $eager_toast}");
converge("'rig.off'::regclass", '{"autovacuum_enabled": false, "toast.autovacuum_enabled": false}');
converge("'rig.only_toast'::regclass", '{"autovacuum_enabled": false, "toast.autovacuum_enabled": true}');
converge("'rig.not_toast'::regclass", '{"toast.autovacuum_enabled": false}');
converge("'archive.appended'::regclass", '{
	"autovacuum_vacuum_insert_threshold": 1, "autovacuum_vacuum_insert_scale_factor": 0,
	"autovacuum_analyze_threshold": 1, "autovacuum_analyze_scale_factor": 0}');

my $is_eager = 'autovacuum_vacuum_scale_factor=0 autovacuum_vacuum_threshold=1';
is(options("n.nspname IN ('rig', 'archive')"), <<"END" =~ s/\n\z//r, 'options as asked, also of TOAST tables');
archive.appended: autovacuum_analyze_scale_factor=0 autovacuum_analyze_threshold=1 autovacuum_vacuum_insert_scale_factor=0 autovacuum_vacuum_insert_threshold=1 / none
archive.leaf: $is_eager / $is_eager
archive.plain: none / none
rig.eager: $is_eager / $is_eager
rig.leaf: $is_eager / $is_eager
rig.narrow: $is_eager / no TOAST table
rig.not_toast: $is_eager / autovacuum_enabled=false $is_eager
rig.off: autovacuum_enabled=false $is_eager / autovacuum_enabled=false $is_eager
rig.only_toast: autovacuum_enabled=false $is_eager / autovacuum_enabled=true $is_eager
rig.root: none / no TOAST table
rig.witness: $is_eager / $is_eager
rig.~hidden: $is_eager / $is_eager
END

# The same dead rows everywhere; the witness comes last.
write_to(@tables);
my @due = ('rig.eager', 'toast of rig.eager', 'toast of rig.only_toast', 'rig.not_toast', 'rig."~hidden"',
	'toast of rig."~hidden"', 'rig.leaf', 'toast of archive.leaf', 'archive.leaf', 'rig.narrow');
my @not_due = ('rig.off', 'toast of rig.off', 'rig.only_toast', 'toast of rig.not_toast', 'archive.plain', 'toast of archive.plain');
# The first round may have begun before all was written; the second is over when the third has come
# to the witness.
for my $round (1 .. 3)
{
	wait_for('rig.witness', $round);
	write_to('rig.witness') if $round < 3;
}
wait_for($_, 1) for @due;
is(count_of($_), '0', "$_: no worker comes") for @not_due;

# It was the options alone that kept the worker away.
is(converge("'rig.off'::regclass", '{"autovacuum_enabled": null, "toast.autovacuum_enabled": null}'),
	'["ALTER TABLE \"rig\".\"off\" RESET (autovacuum_enabled, toast.autovacuum_enabled)"]', 'null resets what it names');
is(options("c.oid = 'rig.off'::regclass"), "rig.off: $is_eager / $is_eager", 'and only that');
converge("'rig.only_toast'::regclass", '{"autovacuum_enabled": "on"}');
converge("'rig.not_toast'::regclass", '{"toast.autovacuum_enabled": null}');
converge("'archive.plain'::regclass", "{$eager, $eager_toast}");
wait_for($_, 1) for @not_due;

# Append-mostly tables: inserts alone make a table due, for both.
is(count_of('archive.appended'), '0', 'nothing was inserted, no worker came');
$node->safe_psql('postgres', q{INSERT INTO archive.appended SELECT number, 'short' FROM generate_series(1, 3) number});
wait_for('archive.appended', 1);
wait_for('archive.appended', 1, 'analyze');
is(count_of('rig.witness', 'analyze'), '0', 'a table without such a parameter is not analyzed');

# The pipeline: every table, hidden ones too, and a worker comes for what is written.
my $tables = scalar split /\n/, options("n.nspname = 'ephys'");
my $recommended = '"autovacuum_vacuum_insert_scale_factor": 0.05, "autovacuum_analyze_scale_factor": 0.02';
converge("'ephys'", "{$eager, $recommended, $eager_toast}");
my @options = split /\n/, options("n.nspname = 'ephys'");
my $all = "autovacuum_analyze_scale_factor=0.02 autovacuum_vacuum_insert_scale_factor=0.05 $is_eager";
is(scalar(grep { m{^ephys\.[^:]+: \Q$all\E / (no TOAST table|\Q$is_eager\E)$} } @options), $tables,
	'all tables of the pipeline have the options');
is(scalar(grep { /~/ } @options), 4, 'hidden ones as well');
$node->safe_psql('postgres', q{UPDATE ephys._recording SET _job_version = 'again', lfp = lfp || '\x00'});
wait_for($_, 1) for 'ephys._recording', 'toast of ephys._recording';
my $otherwise = '{"autovacuum_vacuum_threshold": "1", "autovacuum_vacuum_scale_factor": 0.0,
	"autovacuum_analyze_scale_factor": 2e-2, "toast.autovacuum_vacuum_threshold": 1.0}';
is($node->safe_psql('postgres', set_autovacuum("'ephys'", $otherwise) . q{->'ddl'}), '[]',
	'values that are written otherwise are the same');

done_testing();
