# A report that a person reads: no more than fifteen rows for schemas that nobody has prepared,
# whoever the consumer is, and all errors gone after the remedies of the errors have been run in
# order, as far as there are any.
use strict;
use warnings FATAL => 'all';

use FindBin;
use lib "$FindBin::RealBin/lib";
use Deploy;
use Test::More;

my $most = 15;
my $node = new_server('main', allows_streaming => 'logical', autovacuum => 'off', max_locks_per_transaction => 1024, log_statement => 'none');
load_pipeline($node, 'postgres');
$node->command_ok([ 'psql', '-XqAt', '-v', 'ON_ERROR_STOP=1', '-d', $node->connstr('postgres'), '-f', "$FindBin::RealBin/../fixtures/many_tables.sql" ],
	'two large schemas');

sub report
{
	my ($schema, $consumer) = @_;
	return map { [ split /\x02/ ] } split /\x03\n?/, $node->safe_psql('postgres', qq{
		SELECT concat_ws(E'\\x02', severity, check_name, COALESCE(object, concat_ws('.', quote_ident(schema_name), quote_ident(table_name))), COALESCE(remedy, ''), finding) || E'\\x03'
		FROM dj_deploy.check_cdc('$schema', consumer => '$consumer')});
}

for my $schema (qw(gitlab musicbrainz lab behavior ephys analysis))
{
	for my $consumer (qw(any lakehouse_sync debezium clickpipes postgres))
	{
		my @rows = report($schema, $consumer);
		cmp_ok(scalar @rows, '<=', $most, "$schema, $consumer: " . @rows . ' rows') or diag(join "\n", map { "@$_" =~ s/^(.{160}).*/$1/sr } @rows);
		cmp_ok(scalar @rows, '>', 1, 'which is something');
		is($rows[-1][1], 'sum', 'the last is the sum');
	}
}

for my $schema (qw(gitlab musicbrainz))
{
	my @remedies = grep { $_ ne '' } map { $_->[3] } grep { $_->[0] eq 'error' } report($schema, 'debezium');
	cmp_ok(scalar @remedies, '>', 0, "$schema: there are remedies of errors");
	my $errors = '';
	$errors .= ($node->psql('postgres', "SET client_min_messages = error; $_"))[2] for @remedies;
	is($errors, '', "$schema: they run");
	is(join("\n", map { "@$_" =~ s/^(.{160}).*/$1/sr } grep { $_->[0] eq 'error' } report($schema, 'debezium')), '', "$schema: and no error is left");
}

# A lab of many schemas: the report about all of them has no more rows than one, and reads less than
# those about each, counted in blocks.
my @lab = map { sprintf 'lab_%02d', $_ } 1 .. 21;
$node->safe_psql('postgres', join '', map {
	my $schema = $_;
	"CREATE SCHEMA $schema; CREATE TABLE $schema.\"~lineage\" (id int PRIMARY KEY);"
	  . join '', map { "CREATE TABLE $schema.t_$_ (id int PRIMARY KEY, note text, at timestamptz);" } 1 .. 10
} @lab);
my $lab = "'{" . join(',', @lab) . "}'::text[]";
my ($rows, $blocks, $rows_of_each, $blocks_of_each) = split /[|\n]/, $node->safe_psql('postgres', qq{
	CREATE FUNCTION pg_temp.measured(call text, OUT rows int, OUT blocks int) LANGUAGE plpgsql AS \$\$
		DECLARE plan json;
		BEGIN
			EXECUTE 'EXPLAIN (ANALYZE, BUFFERS, FORMAT json) SELECT FROM ' || call INTO plan;
			rows := (plan->0->'Plan'->>'Actual Rows')::numeric;
			blocks := (plan->0->'Plan'->>'Shared Hit Blocks')::int + (plan->0->'Plan'->>'Shared Read Blocks')::int;
		END \$\$;
	SELECT count(*) FROM dj_deploy.check_cdc($lab) a, unnest($lab) s, dj_deploy.check_cdc(s);
	SELECT rows, blocks FROM pg_temp.measured(\$\$dj_deploy.check_cdc($lab, consumer => 'debezium')\$\$);
	SELECT rows, blocks FROM pg_temp.measured(\$\$unnest($lab) s, dj_deploy.check_cdc(s, consumer => 'debezium')\$\$);}) =~ s/^\d+\n//r;
cmp_ok($rows, '<=', $most, "21 schemas: $rows rows (one by one $rows_of_each)");
cmp_ok($rows_of_each, '>', 21, 'each of them has some');
cmp_ok($blocks, '<', 0.7 * $blocks_of_each, "which reads less than one by one ($blocks and $blocks_of_each blocks)");

$node->stop;
done_testing();
