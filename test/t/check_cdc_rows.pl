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

# A lab of many schemas: the report about all of them has no more rows than one, and costs less than
# those about each, by the processor's time of the session; the catalogs are read before.
$node->safe_psql('postgres', join '', map {
	my $schema = $_;
	"CREATE SCHEMA $schema; CREATE TABLE $schema.\"~lineage\" (id int PRIMARY KEY);"
	  . join '', map { "CREATE TABLE $schema.t_$_ (id int PRIMARY KEY, note text, at timestamptz);" } 1 .. 10
} map { sprintf 'lab_%02d', $_ } 1 .. 21);
my $lab = q{ARRAY(SELECT schema_name FROM dj_deploy.schemas() WHERE schema_name ^@ 'lab_')};
my ($rows, $ticks, $rows_of_each, $ticks_of_each) = split /[|\n]/, $node->safe_psql('postgres', qq{
	CREATE FUNCTION pg_temp.ticks() RETURNS int LANGUAGE sql AS \$\$
		SELECT t[12]::int + t[13]::int FROM string_to_array(split_part(pg_read_file('/proc/' || pg_backend_pid() || '/stat', 0, 4096), ') ', 2), ' ') t \$\$;
	CREATE FUNCTION pg_temp.measured(call text, OUT rows int, OUT ticks int) LANGUAGE plpgsql AS \$\$
		BEGIN ticks := -pg_temp.ticks(); EXECUTE call INTO rows; ticks := ticks + pg_temp.ticks(); END \$\$;
	SELECT count(*) FROM dj_deploy.check_cdc($lab) a, unnest($lab) s, dj_deploy.check_cdc(s);
	SELECT rows, ticks FROM pg_temp.measured(\$\$SELECT count(*) FROM dj_deploy.check_cdc($lab, consumer => 'debezium')\$\$);
	SELECT rows, ticks FROM pg_temp.measured(\$\$SELECT count(*) FROM unnest($lab) s, dj_deploy.check_cdc(s, consumer => 'debezium')\$\$);}) =~ s/^\d+\n//r;
cmp_ok($rows, '<=', $most, "21 schemas: $rows rows (one by one $rows_of_each)");
cmp_ok($rows_of_each, '>', 21, 'each of them has some');
cmp_ok($ticks, '<=', $ticks_of_each, "which costs less than one by one ($ticks and $ticks_of_each ticks)");

$node->stop;
done_testing();
