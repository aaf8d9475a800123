# On a cluster of Citus: vacuum_analyze and reindex reach all shards, and wait for a shard no longer than for a table. Left out where
# the server has no Citus; script/test-citus looks for it.
use strict;
use warnings FATAL => 'all';

use FindBin;
use lib "$FindBin::RealBin/lib";
use Citus;
use Deploy;
use Rollout;
use Test::More;

my ($coordinator, @workers) = new_cluster();
add_tables($coordinator);
my ($worker) = @workers;
my ($shard, $node) = (shard_on($worker, 'lab.a'), join ':', map { $worker->$_ } qw(host port));

my %calls = (
	vacuum_analyze => "CALL dj_deploy.vacuum_analyze('lab', dry_run => false)",
	reindex => "CALL dj_deploy.reindex('lab', dry_run => false)",
	'plain reindex' => "CALL dj_deploy.reindex('lab', dry_run => false, concurrently => false)");
my %holds = (vacuum_analyze => 'SHARE UPDATE EXCLUSIVE', reindex => 'SHARE UPDATE EXCLUSIVE', 'plain reindex' => 'ACCESS SHARE');

# The file of a shard's index, which a rebuild replaces.
my $file = "SELECT pg_relation_filenode('lab." . ($shard =~ s/^a_/a_pkey_/r) . "')";
for my $call (sort keys %calls)
{
	my $before = $worker->safe_psql('postgres', $file);
	my (undef, undef, $errors) = $coordinator->psql('postgres', $calls{$call});
	unlike($errors, qr/ERROR/, "$call: works on all kinds of tables");
	isnt($worker->safe_psql('postgres', $file), $before, "$call: and on shards") if $call ne 'vacuum_analyze';

	my $holder = hold_shard($worker, $holds{$call});
	my $seconds = seconds_of(sub { (undef, undef, $errors) = $coordinator->psql('postgres', "SET lock_timeout = '2s'; $calls{$call}") });
	like($errors, qr/ERROR:  could not obtain lock on table "lab.a" within 2000 ms$/m, "$call: a shard that is locked ends the statement");
	like($errors, qr/Blocked by process \d+ on node "\Q$node\E" \(role "\w+", application "reader", .*\), which holds a lock on shard "lab.$shard"\./,
		"$call: who holds it is told");
	cmp_ok($seconds, '>', 1.9, "$call: after the wait");
	cmp_ok($seconds, '<', 30, "$call: which ends");
	$holder->quit;
}
# --- a shard that is locked once the statement runs

# The statement begins on the coordinator, where it waits for an index, after the look at the shards.
my $lock_index = 'SET citus.enable_ddl_propagation = off; BEGIN; ALTER INDEX lab.a_pkey SET TABLESPACE pg_default';
my $waiting = q(SELECT count(*) = %d FROM pg_locks l JOIN pg_stat_activity a USING (pid) WHERE NOT l.granted AND %s);
for my $case ([ 'plain reindex', 'ROW EXCLUSIVE' ], [ 'vacuum_analyze', 'SHARE UPDATE EXCLUSIVE' ])
{
	my ($call, $mode) = @$case;
	my $earlier = $coordinator->background_psql('postgres');
	$earlier->query_safe($lock_index);
	my $run = start_session($coordinator, 'maintenance', q(SET lock_timeout = '4s'));
	start_rollout($run, $calls{$call});
	$coordinator->poll_query_until('postgres', sprintf $waiting, 1, q(a.backend_type = 'datajoint_deploy worker')) or die 'no statement waits';
	my $holder = hold_shard($worker, $mode);
	$earlier->quit;
	my $is_over = $coordinator->poll_query_until('postgres', q(SELECT state = 'idle' FROM pg_stat_activity WHERE application_name = 'maintenance'));
	my $is_left = $worker->safe_psql('postgres', sprintf $waiting, 0, q(a.application_name ~ 'citus_internal'));
	$holder->quit;
	my (undef, $errors, $milliseconds) = finish_rollout($run);
	$run->quit;
	ok($is_over, "$call: a shard that is locked later does not keep it waiting");
	like($errors, qr/^ERROR:  55P03: could not obtain lock on table "lab.a" within 4000 ms$/m, "$call: the same error");
	like($errors, qr/Blocked by process \d+ on node "\Q$node\E" \(role "\w+", application "reader", .*\), which holds a lock on shard "lab.$shard"\./,
		"$call: who holds it is told then, too");
	cmp_ok($milliseconds, '>', 3900, "$call: it has waited");
	cmp_ok($milliseconds, '<', 60_000, "$call: and no longer ($milliseconds ms)");
	is($is_left, 't', "$call: and waits there no more");
	(undef, undef, $errors) = $coordinator->psql('postgres', $calls{$call});
	unlike($errors, qr/ERROR/, "$call: it works afterwards");
}

is($coordinator->safe_psql('postgres', q(SELECT bool_and(last_analyze IS NOT NULL) FROM dj_deploy.tables('lab'))), 't',
	'vacuum_analyze: shards have been analyzed');
is($coordinator->safe_psql('postgres', q{
	SELECT DISTINCT result FROM unnest('{lab.a,lab.ref,lab.z}'::regclass[]) AS tables (name)
	CROSS JOIN LATERAL run_command_on_shards(name, $$SELECT count(*) FROM pg_index WHERE indrelid = '%s'::regclass AND NOT indisvalid$$)}),
	'0', 'no invalid index is left on any shard');

done_testing();
