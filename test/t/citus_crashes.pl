# On a cluster of Citus: a worker and the coordinator crash in the middle of apply and rollout, after which all nodes agree, and the same
# call then does what is left. Left out where the server has no Citus; script/test-citus looks for it.
use strict;
use warnings FATAL => 'all';

use FindBin;
use lib "$FindBin::RealBin/lib";
use Citus;
use Crashes;
use Deploy;
use PostgreSQL::Test::Utils;
use Rollout;
use Test::More;

# Senders of WAL are what lets a COMMIT wait for a standby.
my ($coordinator, @workers) = new_cluster(max_wal_senders => 2);
my @nodes = ($coordinator, @workers);
my ($worker) = @workers;

# Many tables, so that there is a middle.
my @tables = map { sprintf 'many.t%02d', $_ } 1 .. 40;
my $tables = join ',', @tables;
$coordinator->safe_psql('postgres', "$quiet; SET citus.shard_count = 4; CREATE SCHEMA many; "
	  . join '; ', map { ("CREATE TABLE $_ (id int PRIMARY KEY)", "SELECT create_distributed_table('$_', 'id')") } @tables);

my $document = '{"version": 1, "schemas": {"many": {"replica_identity": "%s"}}}';
my $apply = "SELECT dj_deploy.apply('$document', false)";
my $rollout = q(CALL dj_deploy.rollout(dj_deploy.set_replica_identity('many', '%s') -> 'ddl', false, '2 s'));
my $done = q(SELECT count(*) FROM pg_class WHERE relnamespace = 'many'::regnamespace AND relkind = 'r' AND relreplident = '%s');

# Whoever commits or prepares on this node waits for a standby that there is not, until release().
sub hold_commits
{
	my ($node) = @_;
	$node->append_conf('postgresql.conf', "synchronous_standby_names = 'nobody'");
	$node->reload;
	$node->poll_query_until('postgres', q(SELECT current_setting('synchronous_standby_names') = 'nobody'));
	return;
}

sub release
{
	my ($node) = @_;
	$node->append_conf('postgresql.conf', "synchronous_standby_names = ''");
	return;
}

my $waits = q(SELECT count(*) > 0 FROM pg_stat_activity WHERE wait_event = 'SyncRep' AND %s);
my $prepared = 'SELECT count(*) > 0 FROM pg_prepared_xacts';

# Each: a call, where it is then held (nowhere: it runs on), what shows that it has come so far, and how many tables are to be done once
# all nodes have recovered.
my @cases = (
	{   name => 'apply, a worker prepares',
		call => $apply,
		held => $worker,
		ready => [ [ $worker, $prepared ], [ $worker, sprintf $waits, 'true' ] ],
		after => sub { $_[0] == 0 } },
	{   name => 'apply, committed on the coordinator and not yet on workers',
		call => $apply,
		held => $coordinator,
		ready => [ [ $coordinator, sprintf $waits, q(application_name = 'crash') ], map { [ $_, $prepared ] } @workers ],
		after => sub { $_[0] == @tables } },
	{   name => 'rollout, some tables done',
		call => $rollout,
		after => sub { $_[0] > 0 && $_[0] < @tables } });

# As soon as one table is done: a session that polls is faster than sessions that ask.
sub wait_for_first
{
	my ($letter) = @_;
	my $count = sprintf $done, $letter;
	$coordinator->safe_psql('postgres', "DO \$\$ BEGIN WHILE ($count) = 0 LOOP PERFORM pg_sleep(0.001); END LOOP; END \$\$");
	return;
}

my $identity = 'default';
for my $case (@cases)
{
	for my $victim ($worker, $coordinator)
	{
		my $name = "$case->{name}, and " . $victim->name . ' crashes';
		$identity = $identity eq 'full' ? 'default' : 'full';
		my $letter = substr $identity, 0, 1;
		hold_commits($case->{held}) if $case->{held};
		my $session = start_session($coordinator, 'crash');
		$session->{stdin} .= sprintf("$case->{call};\n", $identity);
		$session->{run}->pump_nb;
		$_->[0]->poll_query_until('postgres', $_->[1]) or die "$name: it does not come so far" for @{ $case->{ready} // [] };
		wait_for_first($letter) unless $case->{held};

		kill_server($victim, sub { release($case->{held}) if $case->{held} });
		$_->reload for @nodes;
		eval { $session->{run}->kill_kill };
		$coordinator->poll_query_until('postgres', q(SELECT count(*) = 0 FROM pg_stat_activity WHERE application_name = 'crash'));
		$coordinator->poll_query_until('postgres', 'SELECT recover_prepared_transactions() >= 0');

		unlike(all_nodes_agree($coordinator, $tables, @nodes), qr/:\w\w/, "$name: each table is the same on all nodes");
		my $count = $coordinator->safe_psql('postgres', sprintf $done, $letter);
		ok($case->{after}->($count), "$name: it was in the middle ($count of " . @tables . ' tables are done)');
		my (undef, undef, $errors) = $coordinator->psql('postgres', sprintf "$quiet; $case->{call}", $identity);
		is($errors, '', "$name: the same call then ends well");
		is(all_nodes_agree($coordinator, $tables, @nodes), join(' ', map { "$_:$letter" } @tables), "$name: and all is done");
		is($coordinator->safe_psql('postgres', sprintf "SELECT count(*) FROM dj_deploy.drift('$document')", $identity), '0', "$name: nothing has drifted");
	}
}

done_testing();
