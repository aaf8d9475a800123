# On a cluster of Citus: every operation and report on each kind of table, as a role that is no superuser; a shard that has moved. Left
# out where the server has no Citus; script/test-citus looks for it.
use strict;
use warnings FATAL => 'all';

use FindBin;
use lib "$FindBin::RealBin/lib";
use Citus;
use Deploy;
use Test::More;

my ($coordinator, @workers) = new_cluster();
my @nodes = ($coordinator, @workers);

# --- all kinds of tables, as their owner

$coordinator->safe_psql('postgres', "$quiet; " . q{
	CREATE ROLE ana LOGIN;
	CREATE ROLE reader;
	GRANT CREATE ON DATABASE postgres TO ana});
my @statements = split /\n\s*/, q{CREATE SCHEMA kinds
	CREATE TABLE kinds.columnar (id int, note text) USING columnar
	CREATE TABLE kinds.distributed (id int PRIMARY KEY, note text)
	CREATE TABLE kinds.local (id int PRIMARY KEY)
	CREATE TABLE kinds.parted (id int, day int, PRIMARY KEY (id, day)) PARTITION BY RANGE (day)
	CREATE TABLE kinds.parted_1 PARTITION OF kinds.parted FOR VALUES FROM (0) TO (10)
	CREATE TABLE kinds.reference (id int PRIMARY KEY)
	SELECT create_distributed_table('kinds.columnar', 'id')
	SELECT create_distributed_table('kinds.distributed', 'id')
	SELECT create_distributed_table('kinds.parted', 'id')
	SELECT create_reference_table('kinds.reference')
	INSERT INTO kinds.distributed SELECT id, 'note' FROM generate_series(1, 100) AS id
	INSERT INTO kinds.columnar SELECT id, 'note' FROM generate_series(1, 100) AS id};
$coordinator->safe_psql('postgres', "$quiet; SET ROLE ana; $_") for @statements;
$coordinator->safe_psql('postgres', "$quiet; SET ROLE ana; SET citus.enable_schema_based_sharding = on; CREATE SCHEMA tenant; CREATE TABLE tenant.t (id int PRIMARY KEY)");

my $as_ana = "$quiet; SET ROLE ana";
my $settings = '{"replica_identity": "full", "autovacuum": {"autovacuum_vacuum_threshold": 7}, "grants": {"reader": "read"}}';
my $document = qq('{"version": 1, "schemas": {"kinds": $settings, "tenant": $settings}}');
my $drift = "SELECT count(*) FROM dj_deploy.drift($document)";
my @tables = qw(kinds.columnar kinds.distributed kinds.parted kinds.parted_1 kinds.reference tenant.t);
my $tables = join ',', @tables;

for my $call ("SELECT dj_deploy.apply($document, false)",
	q(SELECT dj_deploy.set_replica_identity(array['kinds', 'tenant'], 'default', false)),
	q(SELECT dj_deploy.set_autovacuum(array['kinds', 'tenant'], '{"autovacuum_vacuum_threshold": null}', false)),
	q(SELECT dj_deploy.set_grants(array['kinds', 'tenant'], 'reader', 'none', false)),
	q(CALL dj_deploy.rollout(dj_deploy.set_replica_identity(array['kinds', 'tenant'], 'full') -> 'ddl', false)),
	q(CALL dj_deploy.vacuum_analyze(array['kinds', 'tenant'], dry_run => false)),
	q(CALL dj_deploy.reindex(array['kinds', 'tenant'], dry_run => false)),
	"SELECT dj_deploy.apply($document, false)")
{
	my (undef, undef, $errors) = $coordinator->psql('postgres', "$as_ana; $call");
	my ($name) = $call =~ /dj_deploy\.(\w+)/;
	is($errors, '', "$name: on all kinds of tables, as their owner");
}
is($coordinator->safe_psql('postgres', "$as_ana; $drift"), '0', 'nothing has drifted');
is(all_nodes_agree($coordinator, $tables, @nodes), join(' ', map { "$_:f" } @tables), 'all shards on all nodes are as the document says');
for my $report (qw(tables wal_forecast blockers))
{
	my (undef, undef, $errors) = $coordinator->psql('postgres', "$as_ana; SELECT * FROM dj_deploy.$report(array['kinds', 'tenant'])");
	is($errors, '', "$report: of all kinds of tables");
}

# --- a shard that moves

my $move = qq{
	SELECT citus_move_shard_placement(shardid, nodename, nodeport, '%s', %d, 'block_writes')
	FROM pg_dist_shard JOIN pg_dist_shard_placement USING (shardid)
	WHERE logicalrelid = 'kinds.distributed'::regclass AND nodename = '%s' AND nodeport = %d ORDER BY shardid LIMIT 1};
$coordinator->safe_psql('postgres', "$quiet; " . sprintf $move, map { ($_->host, $_->port) } @workers[ 1, 0 ]);
# Citus makes the shard of a partitioned table anew without its identity.
is($coordinator->safe_psql('postgres', "$as_ana; $drift WHERE table_name <> 'parted'"), '0', 'a shard that has moved is as its table');
$coordinator->safe_psql('postgres', "$as_ana; SELECT dj_deploy.apply($document, false)");
is($coordinator->safe_psql('postgres', "$as_ana; $drift"), '0', 'and what it has lost comes back');

done_testing();
