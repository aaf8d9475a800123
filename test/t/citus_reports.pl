# On a cluster of Citus: reports know what the shards are like. A shard that was altered by hand is drift, and apply and the set_
# functions mend it; sizes, rows and writes are those of the shards; who is at a shard is named; and whoever may not ask, or gets no
# answer, is told. Left out where the server has no Citus; script/test-citus looks for it.
use strict;
use warnings FATAL => 'all';

use FindBin;
use lib "$FindBin::RealBin/lib";
use Citus;
use Deploy;
use PostgreSQL::Test::Utils;
use Rollout;
use Test::More;

my ($coordinator, @workers) = new_cluster();
add_tables($coordinator);
my ($worker) = @workers;
my ($shard, $node) = (shard_on($worker, 'lab.a'), join ':', map { $worker->$_ } qw(host port));
my $place = qq(shard "$shard" on node "$node");

# What psql prints, and then its messages.
sub psql
{
	my (undef, $output, $messages) = $coordinator->psql('postgres', $_[0]);
	$messages =~ s/^psql:<stdin>:\d+: //mg;
	return join "\n", grep { $_ ne '' } $output, $messages;
}

# --- shards that differ

$coordinator->safe_psql('postgres', 'CREATE ROLE ana');
my $document = q('{"version": 1, "schemas": {"lab": {"replica_identity": "full", "grants": {"ana": "read"},
	"autovacuum": {"autovacuum_enabled": null, "toast.autovacuum_enabled": null}}}}');
my $drift = "SELECT object, property, old_value, new_value FROM dj_deploy.drift($document)";
$coordinator->safe_psql('postgres', "$quiet; SELECT dj_deploy.apply($document, false)");
is(psql($drift), '', 'nothing has drifted');
is(psql("SELECT dj_deploy.apply($document) -> 'ddl'"), "[]\nNOTICE:  nothing to do for 4 tables", 'and there is nothing to apply');

my %alter = (
	columns => [ 'grants.ana', "GRANT UPDATE (note) ON lab.$shard TO ana", 'SELECT, UPDATE in columns|SELECT',
		q(REVOKE UPDATE ON TABLE "lab"."a" FROM "ana") ],
	identity => [ 'replica_identity', "ALTER TABLE lab.$shard REPLICA IDENTITY NOTHING", 'nothing|full', q(ALTER TABLE "lab"."a" REPLICA IDENTITY FULL) ],
	options => [ 'autovacuum', "ALTER TABLE lab.$shard SET (autovacuum_enabled = false)", 'autovacuum_enabled = false|autovacuum_enabled = null',
		q(ALTER TABLE "lab"."a" RESET (autovacuum_enabled)) ],
	missing => [ 'grants.ana', "REVOKE ALL ON lab.$shard FROM ana", '|SELECT', q(GRANT SELECT ON TABLE "lab"."a" TO "ana") ],
	privileges => [ 'grants.ana', "REVOKE SELECT ON lab.$shard FROM ana; GRANT DELETE ON lab.$shard TO ana", 'DELETE|SELECT',
		q(REVOKE DELETE ON TABLE "lab"."a" FROM "ana"), q(GRANT SELECT ON TABLE "lab"."a" TO "ana") ]);
my %functions = (
	replica_identity => q(set_replica_identity('lab', 'full', false, true)),
	autovacuum => q(set_autovacuum('lab', '{"autovacuum_enabled": null}', false)),
	'grants.ana' => q(set_grants('lab', 'ana', 'read', false)));
for my $what (sort keys %alter)
{
	my ($property, $by_hand, $values, @ddl) = @{ $alter{$what} };
	my $ddl = join "\n", sort @ddl;
	my $all = "SELECT value FROM jsonb_array_elements_text(dj_deploy";
	for my $call ($functions{$property}, "apply($document, false)")
	{
		$worker->safe_psql('postgres', "SET citus.enable_manual_changes_to_shards = on; $by_hand");
		like(psql($drift), qr/^\Q$place|$property|$values\E$/m, "$what: drift names the shard and its node");
		like(psql("SELECT dj_deploy.assert_converged($document)"), qr/ERROR:  environment has drifted: \d differences?\nDETAIL:  \Q$place: $property is\E/,
			"$what: the environment has not converged");
		my $name = $call =~ s/\(.*//sr;
		is($coordinator->safe_psql('postgres', "$quiet; $all.$call -> 'ddl') ORDER BY value COLLATE \"C\""), $ddl, "$what: $name alters the table");
		is(psql($drift), '', "$what: all shards are as the table again");
		is($coordinator->safe_psql('postgres', "$quiet; $all.$call -> 'ddl')"), '', "$what: and there is nothing left to do");
	}
}

# A shard's index goes by the name of the table's, which may be too long for a number behind it.
my $long = 'a_' . 'x' x 60;
my ($number) = $shard =~ /(\d+)$/;
$coordinator->safe_psql('postgres', "$quiet; CREATE UNIQUE INDEX a_other ON lab.a (id); CREATE UNIQUE INDEX $long ON lab.a (id)");
for my $index ($long, 'a_pkey')
{
	my $said = qq('{"version": 1, "schemas": {"lab": {"tables": {"a": {"replica_identity": {"index": "$index"}}}}}}');
	my $differences = "SELECT object, property, old_value, new_value FROM dj_deploy.drift($said)";
	my $apply = "SELECT value FROM jsonb_array_elements_text(dj_deploy.apply($said, false) -> 'ddl')";
	my $statement = qq(ALTER TABLE "lab"."a" REPLICA IDENTITY USING INDEX "$index");
	is($coordinator->safe_psql('postgres', "$quiet; $apply"), $statement, "index $index: becomes the identity");
	is(psql($differences), '', "index $index: of all shards");
	$worker->safe_psql('postgres', "SET citus.enable_manual_changes_to_shards = on; ALTER TABLE lab.$shard REPLICA IDENTITY USING INDEX a_other_$number");
	is(psql($differences), qq($place|replica_identity|index "a_other"|index "$index"), "index $index: drift names a shard with another one");
	is($coordinator->safe_psql('postgres', "$quiet; $apply"), $statement, "index $index: apply alters the table");
	is(psql($differences), '', "index $index: all shards are as the table again");
}
$coordinator->safe_psql('postgres', "$quiet; SELECT dj_deploy.apply($document, false); DROP INDEX lab.a_other; DROP INDEX lab.$long");

$worker->safe_psql('postgres', "SET citus.enable_manual_changes_to_shards = on; ALTER TABLE lab.$shard REPLICA IDENTITY NOTHING");
like(psql("BEGIN; SELECT count(*) FROM lab.a; $drift"), qr/^2000\nNOTICE:  shards are not taken into account: this transaction has used some already$/,
	'in a transaction that has read shards they are not asked');
$coordinator->safe_psql('postgres', "$quiet; SELECT dj_deploy.apply(dj_deploy.describe('lab'), false)");
is(psql($drift), '', 'what describe() says of the table mends the shard');

# --- sizes, rows and writes

my $sizes = 'SELECT bytes = citus_total_relation_size(format(\'%I.%I\', schema_name, table_name)), live_rows FROM dj_deploy.tables(\'lab\')';
$coordinator->safe_psql('postgres', 'ANALYZE lab.a; UPDATE lab.a SET note = note WHERE id <= 30; DELETE FROM lab.a WHERE id <= 10');
is($coordinator->safe_psql('postgres', "$sizes WHERE table_name = 'a'") =~ s/\|.*//r, 't', 'tables: bytes of all shards');
is($coordinator->safe_psql('postgres', q(SELECT last_analyze IS NOT NULL, toast_bytes > 0 FROM dj_deploy.tables('lab') WHERE table_name = 'a')), 't|t',
	'tables: when shards were analyzed, and their TOAST tables');
# Sessions tell of their writes a little later.
my $counted = q(FROM dj_deploy.wal_forecast('lab') WHERE table_name = 'a');
$coordinator->poll_query_until('postgres', "SELECT updates = 30 AND deletes = 10 $counted") or fail('wal_forecast: writes of all shards');
is(psql("SELECT updates, deletes, basis, row_bytes BETWEEN 45 AND 60, full_bytes > 40 * 45 $counted"), '30|10|statistics|t|t',
	'wal_forecast: writes and widths of all shards');

# --- who is at a shard

my $reader = hold_shard($worker, 'ACCESS EXCLUSIVE');
like(psql(q(SELECT table_name, pid IS NULL, application, mode FROM dj_deploy.blockers('lab'))),
	qr/^a\|t\|reader \(process \d+ on node "\Q$node\E", shard "lab\.$shard"\)\|AccessExclusiveLock$/, 'blockers: who holds a shard, and where');
is(psql(q(SELECT bytes > 100000 FROM dj_deploy.tables('lab') WHERE table_name = 'a')), 't', 'tables: a shard that is locked keeps nobody waiting');
my $session = $coordinator->background_psql('postgres');
$session->query_safe("SET application_name = 'client'; BEGIN; SELECT count(*) FROM lab.z");
is(psql(q(SELECT application FROM dj_deploy.blockers('lab') WHERE table_name = 'z')), 'client', 'blockers: a session of the coordinator is one row');
$session->quit;
$reader->quit;

# --- the nodes are asked once for a call

for my $report ("drift($document)", "set_replica_identity('lab', 'full', true, true)", map { "$_('lab')" } qw(tables wal_forecast blockers))
{
	my $before = -s $worker->logfile;
	psql("SELECT * FROM dj_deploy.$report");
	my @commands = slurp_file($worker->logfile, $before) =~ /citus_run_command gpid=\d+ LOG:  statement:/g;
	is(@commands, 1, "$report: one command for a node" =~ s/\(.*\)//sr);
}

# --- who may not ask, and who does not answer

$coordinator->safe_psql('postgres', 'CREATE ROLE eve; GRANT USAGE ON SCHEMA lab TO eve;
	REVOKE EXECUTE ON FUNCTION run_command_on_all_nodes FROM PUBLIC');
for my $report (qw(tables wal_forecast blockers))
{
	like(psql("SET ROLE eve; SELECT count(*) >= 0 FROM dj_deploy.$report('lab')"),
		qr/^t\nNOTICE:  shards are not taken into account: permission denied for function run_command_on_all_nodes/, "$report: who may not ask is told");
}
$coordinator->safe_psql('postgres', 'GRANT EXECUTE ON FUNCTION run_command_on_all_nodes TO PUBLIC');
$worker->stop('immediate');
for my $report ("drift($document)", map { "$_('lab')" } qw(tables wal_forecast blockers))
{
	like(psql("SELECT count(*) >= 0 FROM dj_deploy.$report"), qr/^t\nNOTICE:  node "\Q$node\E" is not taken into account: failed to connect/,
		"$report: a node that is down is named");
}
$worker->start;

# --- nothing is asked where there is nothing to ask

$coordinator->safe_psql('postgres', 'CREATE SCHEMA plain; CREATE TABLE plain.t (id int PRIMARY KEY)');
$worker->stop('immediate');
is(psql(q(SELECT count(*) FROM dj_deploy.tables('plain'), dj_deploy.wal_forecast('plain'))), '1', 'without a distributed table no node is asked');
$worker->start;

done_testing();
