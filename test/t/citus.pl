# On a cluster of Citus: what is said of a distributed table reaches all shards, waits there as long as here, and a node that is down
# stops nothing else. Left out where the server has no Citus; script/test-citus looks for it.
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

# --- one transaction over all kinds of tables

my ($result, $output, $errors) = $coordinator->psql('postgres', set_identity('full'));
like($errors, qr/NOTICE:  executed 4 statements for 4 tables$/, 'all kinds of tables in one transaction');
is(identities_of_shards($coordinator), 'f', 'all shards have it');
is(identities($coordinator, 'lab'), 'a:f local:f ref:f z:f', 'and the tables');

my $names = q{'{citus.multi_shard_modify_mode,citus.propagate_set_commands,lock_timeout}'::text[]};
my $values = "SELECT string_agg(current_setting(name), ' ' ORDER BY name) FROM unnest($names) AS settings (name)";
# An expression over a column is evaluated where its row is, in this transaction.
my $here_and_there = "$values; SELECT DISTINCT current_setting('lock_timeout' || left(id::text, 0)) FROM lab.a";
for my $case ([ 'nothing', '', "parallel none 0\n0" ],
	[ 'a lock_timeout', 'SET LOCAL lock_timeout = 7000', "parallel none 7s\n0" ],
	[ 'one for all nodes', 'SET LOCAL citus.propagate_set_commands = local; SET LOCAL lock_timeout = 7000', "parallel local 7s\n7s" ])
{
	my ($set, $before, $expected) = @$case;
	$output = $coordinator->safe_psql('postgres', "$quiet; BEGIN; $before; " . set_identity('default') . "; $here_and_there; COMMIT");
	is($output =~ s/^\{.*\n//r, $expected, "$set: the settings are the caller's again, on all nodes");
	$coordinator->safe_psql('postgres', "$quiet; " . set_identity('full'));
}

# --- a reader of a shard

my $reader = hold_shard($workers[0]);
my ($shard, $node) = (shard_on($workers[0], 'lab.a'), join ':', map { $workers[0]->$_ } qw(host port));
my $held = qr/Blocked by process \d+ on node "\Q$node\E" \(role "\w+", application "reader", transaction open for [\d:]+\), which holds a lock on shard "lab.$shard"\.$/m;
(undef, undef, $errors) = $coordinator->psql('postgres', "CALL dj_deploy.rollout(dj_deploy.set_replica_identity('lab', 'default') -> 'ddl')");
like($errors, qr/NOTICE:  table "lab.a" is locked at the moment\nDETAIL:  $held/m, "rollout, dry run: who reads which shard, and where, is told");
for my $case ([ 'the usual limit', '', 5 ], [ 'a limit of the session', 'SET lock_timeout = 2000;', 2 ])
{
	my ($limit, $set, $seconds) = @$case;
	my $taken = seconds_of(sub { (undef, undef, $errors) = $coordinator->psql('postgres', "\\set VERBOSITY verbose\n$set" . set_identity('default')) });
	like($errors, qr/^.*ERROR:  55P03: could not obtain lock on table "lab.a" within \d+ ms$/m, "$limit: a shard that is read ends the run");
	like($errors, $held, "$limit: and who reads which, and where, is told");
	cmp_ok($taken, '>', $seconds - 0.1, "$limit: after it has waited");
	cmp_ok($taken, '<', $seconds + 20, "$limit: and no longer ($taken s)");
}
is(identities_of_shards($coordinator), 'f', 'and nothing is changed');

my $max_wait = 3;
my $run = start_session($coordinator, 'rollout');
start_rollout($run, rollout_of(q{dj_deploy.set_replica_identity('lab', 'default') -> 'ddl'}, "$max_wait s"));
my $slowest = 0;
for (1 .. 10)
{
	my $taken = seconds_of(sub { $coordinator->safe_psql('postgres', 'SELECT count(*) FROM lab.a') });
	$slowest = $taken if $taken > $slowest;
}
(undef, $errors, my $milliseconds) = finish_rollout($run);
note "slowest reader beside it: $slowest s; max_wait of $max_wait s: $milliseconds ms";
like($errors, qr/^ERROR:  55P03: could not execute 1 of 4 statements$/m, 'rollout: what is read stays as it is');
like($errors, $held, 'rollout: who reads which shard, and where, is told');
cmp_ok($slowest, '<', $max_wait, 'rollout: nobody waits behind it until it gives up');
is(identities($coordinator, 'lab'), 'a:f local:d ref:d z:d', 'rollout: the rest is done');
$reader->quit;
$run->quit;
$coordinator->safe_psql('postgres', "$quiet; " . set_identity('full'));

# --- a node that is down

$workers[1]->stop('immediate');
$run = start_session($coordinator, 'rollout');
start_rollout($run, rollout_of(q{dj_deploy.set_replica_identity('lab', 'default') -> 'ddl'}, '1 s'));
(undef, $errors) = finish_rollout($run);
like($errors, qr/^ERROR:  \w{5}: could not execute 3 of 4 statements$/m, 'a node is down: each statement is tried');
is(identities($coordinator, 'lab'), 'a:f local:d ref:f z:f', 'a node is down: a local table is done');
$run->quit;
$workers[1]->start;
$coordinator->safe_psql('postgres', "$quiet; " . rollout_of(q{dj_deploy.set_replica_identity('lab', 'default') -> 'ddl'}, '1 min'));
is(identities_of_shards($coordinator), 'd', 'the node is back: all shards are done');

done_testing();
