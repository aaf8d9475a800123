# A cluster of Citus, a coordinator and two workers: what is said of a distributed table reaches all shards, waits there as long as
# here, and a node that is down stops nothing else. Left out where the server has no Citus; script/test-citus looks for it.
use strict;
use warnings FATAL => 'all';

use FindBin;
use lib "$FindBin::RealBin/lib";
use Deploy;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Rollout;
use Test::More;
use Time::HiRes qw(time);

my $libraries = `pg_config --pkglibdir`;
chomp $libraries;
plan skip_all => 'no Citus' unless -e "$libraries/citus.so";

my %settings = (
	shared_preload_libraries => 'citus',
	wal_level => 'logical',
	max_prepared_transactions => 100,
	max_worker_processes => 20,
	'citus.shard_count' => 8,
	'citus.enable_statistics_collection' => 'off',
);
my ($coordinator, @workers) = map { new_server($_, %settings) } qw(coordinator one two);
$_->safe_psql('postgres', 'CREATE EXTENSION citus') for $coordinator, @workers;
$coordinator->safe_psql('postgres', join '; ', map { sprintf "SELECT citus_$_->[0]('%s', %d)", $_->[1]->host, $_->[1]->port }
	  ['set_coordinator_host', $coordinator], map { [ 'add_node', $_ ] } @workers);

# A distributed table comes before a reference table that another distributed table references.
$coordinator->safe_psql('postgres', q{
	CREATE SCHEMA lab;
	CREATE TABLE lab.a (id int PRIMARY KEY);
	CREATE TABLE lab.local (id int PRIMARY KEY);
	CREATE TABLE lab.ref (id int PRIMARY KEY);
	CREATE TABLE lab.z (id int PRIMARY KEY, ref int REFERENCES lab.ref);
	SELECT create_distributed_table('lab.a', 'id'), create_reference_table('lab.ref');
	SELECT create_distributed_table('lab.z', 'id');
	INSERT INTO lab.a SELECT generate_series(1, 20)});

# The identities of all shards of the tables, each once.
sub identities_of_shards
{
	return $coordinator->safe_psql('postgres', q{
		SELECT string_agg(DISTINCT result, '') FROM unnest('{lab.a,lab.ref,lab.z}'::regclass[]) AS tables (name)
		CROSS JOIN LATERAL run_command_on_shards(name, $$SELECT relreplident FROM pg_class WHERE oid = '%s'::regclass$$)});
}

sub set_identity { return "SELECT dj_deploy.set_replica_identity('lab', '$_[0]', dry_run => false)" }

# A session of the worker that reads a shard of lab.a until it ends.
sub read_shard
{
	my $worker = $workers[0];
	my $shard = $coordinator->safe_psql('postgres', sprintf q{
		SELECT min(shardid) FROM pg_dist_shard JOIN pg_dist_shard_placement USING (shardid)
		WHERE logicalrelid = 'lab.a'::regclass AND nodename = '%s' AND nodeport = %d}, $worker->host, $worker->port);
	my $reader = $worker->background_psql('postgres');
	$reader->query_safe("BEGIN; SELECT count(*) FROM lab.a_$shard");
	return $reader;
}

sub seconds_of
{
	my ($step) = @_;
	my $start = time;
	$step->();
	return time - $start;
}

# --- one transaction over all kinds of tables

my ($result, $output, $errors) = $coordinator->psql('postgres', set_identity('full'));
like($errors, qr/NOTICE:  executed 4 statements for 4 tables$/, 'all kinds of tables in one transaction');
is(identities_of_shards(), 'f', 'all shards have it');
is(identities($coordinator, 'lab'), 'a:f local:f ref:f z:f', 'and the tables');

my $names = q{'{citus.multi_shard_modify_mode,citus.propagate_set_commands,lock_timeout}'::text[]};
my $values = "SELECT string_agg(current_setting(name), ' ' ORDER BY name) FROM unnest($names) AS settings (name)";
# An expression over a column is evaluated where its row is, in this transaction.
my $here_and_there = "$values; SELECT DISTINCT current_setting('lock_timeout' || left(id::text, 0)) FROM lab.a";
my $messages = 'SET client_min_messages = warning';
for my $case ([ 'nothing', '', "parallel none 0\n0" ],
	[ 'a lock_timeout', 'SET LOCAL lock_timeout = 7000', "parallel none 7s\n0" ],
	[ 'one for all nodes', 'SET LOCAL citus.propagate_set_commands = local; SET LOCAL lock_timeout = 7000', "parallel local 7s\n7s" ])
{
	my ($set, $before, $expected) = @$case;
	$output = $coordinator->safe_psql('postgres', "$messages; BEGIN; $before; " . set_identity('default') . "; $here_and_there; COMMIT");
	is($output =~ s/^\{.*\n//r, $expected, "$set: the settings are the caller's again, on all nodes");
	$coordinator->safe_psql('postgres', "$messages; " . set_identity('full'));
}

# --- a reader of a shard

my $reader = read_shard();
for my $case ([ 'the usual limit', '', 5 ], [ 'a limit of the session', 'SET lock_timeout = 2000;', 2 ])
{
	my ($limit, $set, $seconds) = @$case;
	my $taken = seconds_of(sub { (undef, undef, $errors) = $coordinator->psql('postgres', "\\set VERBOSITY sqlstate\n$set" . set_identity('default')) });
	like($errors, qr/^.*ERROR:  55P03$/m, "$limit: a shard that is read ends the run");
	cmp_ok($taken, '>', $seconds - 0.1, "$limit: after it has waited");
	cmp_ok($taken, '<', $seconds + 20, "$limit: and no longer ($taken s)");
}
is(identities_of_shards(), 'f', 'and nothing is changed');

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
cmp_ok($slowest, '<', $max_wait, 'rollout: nobody waits behind it until it gives up');
is(identities($coordinator, 'lab'), 'a:f local:d ref:d z:d', 'rollout: the rest is done');
$reader->quit;
$run->quit;
$coordinator->safe_psql('postgres', "$messages; " . set_identity('full'));

# --- a node that is down

$workers[1]->stop('immediate');
$run = start_session($coordinator, 'rollout');
start_rollout($run, rollout_of(q{dj_deploy.set_replica_identity('lab', 'default') -> 'ddl'}, '1 s'));
(undef, $errors) = finish_rollout($run);
like($errors, qr/^ERROR:  \w{5}: could not execute 3 of 4 statements$/m, 'a node is down: each statement is tried');
is(identities($coordinator, 'lab'), 'a:f local:d ref:f z:f', 'a node is down: a local table is done');
$run->quit;
$workers[1]->start;
$coordinator->safe_psql('postgres', "$messages; " . rollout_of(q{dj_deploy.set_replica_identity('lab', 'default') -> 'ddl'}, '1 min'));
is(identities_of_shards(), 'd', 'the node is back: all shards are done');

done_testing();
