# rollout with a synchronous standby: what it says is done is done there, too, as far as
# synchronous_commit of the session asks for. With the standby down it waits, and a cancel of that
# wait is what it is at a COMMIT.
use strict;
use warnings FATAL => 'all';

use FindBin;
use lib "$FindBin::RealBin/lib";
use Deploy;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Rollout;
use Test::More;

my $primary = new_server('primary', allows_streaming => 1, autovacuum => 'off', log_statement => 'none');
my @names = map { "t$_" } 1 .. 5;
$primary->safe_psql('postgres', q{
	CREATE FUNCTION take_time() RETURNS event_trigger LANGUAGE plpgsql AS $$
	BEGIN
		IF current_setting('application_name') = 'slow' THEN
			PERFORM pg_sleep(1.1) FROM pg_event_trigger_ddl_commands() WHERE object_identity = 'lab.t2';
		END IF;
	END $$;
	CREATE EVENT TRIGGER take_time ON ddl_command_end WHEN TAG IN ('ALTER TABLE') EXECUTE FUNCTION take_time();
	CREATE SCHEMA lab;
} . join '', map { "CREATE TABLE lab.$_ (id int PRIMARY KEY);" } @names);
$primary->backup('base');
my $standby = PostgreSQL::Test::Cluster->new('standby');
$standby->init_from_backup($primary, 'base', has_streaming => 1);
# Left to itself it says what it has applied only now and then.
$standby->append_conf('postgresql.conf', 'wal_receiver_status_interval = 1h');
$standby->start;
$primary->wait_for_catchup($standby);
$primary->append_conf('postgresql.conf', q{synchronous_standby_names = 'standby'});
$primary->reload;
$primary->poll_query_until('postgres', q{SELECT count(*) = 1 FROM pg_stat_replication WHERE sync_state = 'sync'}) or die 'no synchronous standby';

sub all_are { return join ' ', map { "$_:$_[0]" } @names }
sub plan_of { return "'[" . join(', ', map { qq("ALTER TABLE lab.$_ REPLICA IDENTITY $_[0]") } @names) . "]'" }
my %identities = (d => 'DEFAULT', f => 'FULL', n => 'NOTHING');

# Without another look: the standby has it when the call returns.
my $goal = 'd';
for (1 .. 5)
{
	$goal = $goal eq 'd' ? 'f' : 'd';
	my (undef, $messages) = output_of($primary, rollout_of(plan_of($identities{$goal})), 'SET synchronous_commit = remote_apply');
	is(identities($standby, 'lab'), all_are($goal), 'remote_apply: the standby shows it at once');
	is($messages, '', 'no complaint');
}

# So it does when the call ends by an error, about a statement or by a cancel.
my $instead = plan_of('DEFAULT') =~ s/(lab\.t4 REPLICA IDENTITY) DEFAULT/$1 USING INDEX nowhere/r;
my (undef, $messages) = output_of($primary, rollout_of($instead), 'SET synchronous_commit = remote_apply');
like($messages, qr/^ERROR:  42704: /m, 'an error of a statement');
is(identities($standby, 'lab'), 't1:d t2:d t3:d t4:f t5:d', 'remote_apply: the standby shows the others');
my $holder = $primary->background_psql('postgres');
$holder->query_safe('BEGIN; LOCK TABLE lab.t4 IN ACCESS SHARE MODE');
my $run = start_session($primary, 'slow', 'SET synchronous_commit = remote_apply');
start_rollout($run, rollout_of(plan_of('NOTHING')));
wait_for_identities($primary, 'lab', 't5:n');
my $pid = wait_until_asleep($primary, 'slow');
$primary->safe_psql('postgres', "SELECT pg_cancel_backend($pid)");
(undef, $messages) = finish_rollout($run);
like($messages, qr/^ERROR:  57014: .*\nDETAIL:  4 of 5 statements are done and stay done\.$/m, 'a cancel');
is(identities($standby, 'lab'), 't1:n t2:n t3:n t4:f t5:n', 'remote_apply: and the standby shows what it says');
$holder->query_safe('ROLLBACK');
$holder->quit;
$run->quit;

# Others do not wait for what it has, or for it at all.
$standby->stop;
for my $level ('local', 'off')
{
	(undef, $messages) = output_of($primary, rollout_of(plan_of('FULL')), "SET synchronous_commit = $level");
	is($messages, '', "$level: done without the standby");
}

# Starts a rollout and waits until it waits for the standby; lets the other session do something to it; returns the session.
sub beside_no_standby
{
	my ($name, $level, $function, $plan) = @_;
	my $session = start_session($primary, $name, "SET synchronous_commit = $level");
	start_rollout($session, rollout_of($plan // plan_of($identities{$goal})));
	$primary->poll_query_until('postgres', "SELECT count(*) = 1 FROM pg_stat_activity WHERE application_name = '$name' AND wait_event = 'SyncRep'")
	  or die "$name does not wait for the standby";
	like($primary->safe_psql('postgres', "SELECT query FROM pg_stat_activity WHERE application_name = '$name'"),
		qr/^dj_deploy\.rollout: \d of 5 statements, waiting for the disk and the standby$/, "$level: and says so to others");
	is($primary->safe_psql('postgres', q{SELECT count(*) FROM pg_locks WHERE locktype = 'relation' AND relation >= 16384}), '0',
		"$level: it waits without the lock of a table");
	$primary->safe_psql('postgres', "SELECT $function(pid) FROM pg_stat_activity WHERE application_name = '$name'");
	return $session;
}

$goal = 'd';
for my $level ('remote_write', 'on', 'remote_apply')
{
	my $session = beside_no_standby('quick', $level, 'pg_cancel_backend');
	my ($output, $said) = finish_rollout($session);
	like($said, qr/^WARNING:  01000: canceling wait for synchronous replication due to user request\nDETAIL:  The transaction has already committed locally/,
		"$level: a cancelled wait at the end is a WARNING");
	unlike($said, qr/ERROR/, 'and no error');
	like($output, qr/"tables_modified": 5/, 'the call is done');
	is(identities($primary, 'lab'), all_are($goal), 'and all is');
	is($session->query('SHOW synchronous_commit'), $level, 'and the setting is as before');
	$session->quit;
	$goal =~ tr/dn/nd/;
}

# On the way, the cancel is meant for the whole, whatever the session wants to read.
for my $least ('notice', 'error')
{
	my $before = identities($primary, 'lab');
	my $session = beside_no_standby('slow', "on; SET client_min_messages = $least", 'pg_cancel_backend');
	my (undef, $said) = finish_rollout($session);
	like($said, qr/^WARNING:  01000: canceling wait for synchronous replication due to user request\n/, "$least: a cancelled wait on the way is a WARNING");
	like($said, qr/^ERROR:  57014: canceling statement due to user request\nDETAIL:  2 of 5 statements are done and stay done, but the last of them might not have been replicated to the standby\.$/m,
		'and ends the call, which says what the standby may lack');
	is(substr(identities($primary, 'lab'), 0, 9), substr(all_are($goal), 0, 9), 'two are done');
	is(substr(identities($primary, 'lab'), 9), substr($before, 9), 'and the rest is not');
	is($session->query('SHOW client_min_messages'), $least, 'and the setting is as before');
	$session->quit;
	$goal =~ tr/dn/nd/;
}

# Terminated while it sleeps: it does not wait for the standby then.
$primary->safe_psql('postgres', 'SET synchronous_commit = local; ' . rollout_of(plan_of('DEFAULT')));
my $session = start_session($primary, 'slow', 'SET synchronous_commit = on');
start_rollout($session, rollout_of(plan_of('FULL')));
wait_for_identities($primary, 'lab', 't1:f');
$primary->safe_psql('postgres', q{SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'slow'});
$session->{run}->pump until $session->{stderr} =~ /^DETAIL.*\n.*\n/m || $session->{timeout}->is_expired;
like($session->{stderr}, qr/FATAL:  57P01: .*\nDETAIL:  1 of 5 statements are done and stay done, but the last of them might not have been replicated to the standby\.$/m,
	'terminated: the error says what the standby may lack');
$session->{run}->finish;

# statement_timeout in that wait is a cancel of it that has another reason.
sub timed_out
{
	my ($name, $plan) = @_;
	$primary->safe_psql('postgres', 'SET synchronous_commit = local; ' . rollout_of(plan_of('DEFAULT')));
	return output_of($primary, rollout_of($plan), "SET application_name = '$name'; SET synchronous_commit = on; SET statement_timeout = '3s'");
}

(undef, my $said) = timed_out('slow', plan_of('FULL'));
like($said, qr/^WARNING:  01000: canceling wait for synchronous replication due to user request\n/, 'statement_timeout on the way: a WARNING');
like($said, qr/^ERROR:  57014: canceling statement due to statement timeout\nDETAIL:  2 of 5 statements .* might not have been replicated to the standby\.$/m,
	'and it ends the call');
is(identities($primary, 'lab'), 't1:f t2:f t3:d t4:d t5:d', 'two are done');
(my $output, $said) = timed_out('quick', plan_of('FULL'));
like($said, qr/^WARNING:  01000: canceling wait for synchronous replication due to user request\n/, 'statement_timeout at the end: a WARNING');
unlike($said, qr/ERROR/, 'and no error');
like($output, qr/"tables_modified": 5/, 'the call is done');

# A cancel that comes before the wait is followed by it, and one more ends that. What the error says is no more than what is so.
$primary->safe_psql('postgres', 'SET synchronous_commit = local; ' . rollout_of(plan_of('DEFAULT')));
$session = start_session($primary, 'slow', 'SET synchronous_commit = on');
start_rollout($session, rollout_of(plan_of('FULL')));
wait_for_identities($primary, 'lab', 't1:f');
my $slow = q{FROM pg_stat_activity WHERE application_name = 'slow'};
$primary->safe_psql('postgres', "SELECT pg_cancel_backend(pid) $slow");
$primary->poll_query_until('postgres', "SELECT count(*) = 1 $slow AND wait_event = 'SyncRep'") or die 'no wait for the standby';
is($primary->safe_psql('postgres', "SELECT query $slow"), 'dj_deploy.rollout: 1 of 5 statements, waiting for the disk and the standby',
	'cancelled: it waits for the standby, and says so');
$primary->safe_psql('postgres', "SELECT pg_cancel_backend(pid) $slow");
(undef, $said) = finish_rollout($session);
like($said, qr/^WARNING:  01000: canceling wait for synchronous replication due to user request\n/, 'a cancel of that wait is a WARNING');
like($said, qr/^ERROR:  57014: .*\nDETAIL:  1 of 5 statements .* might not have been replicated to the standby\.$/m, 'and the error of the first says so, too');
$session->quit;

# One that failed by itself: the error is its own.
$session = beside_no_standby('quick', 'on', 'pg_cancel_backend', $instead);
(undef, $said) = finish_rollout($session);
like($said, qr/^ERROR:  42704: .*\nDETAIL:  4 of 5 statements .* might not have been replicated to the standby\.$/m,
	'a statement that failed, and a cancelled wait at the end');
$session->quit;

# A statement that fails at its COMMIT has left nothing to wait for.
$primary->safe_psql('postgres', q{
	SET synchronous_commit = local;
	CREATE TABLE seen (name text);
	CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE 'not at COMMIT'; END $$;
	CREATE CONSTRAINT TRIGGER refuse AFTER INSERT ON seen DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION refuse();
	CREATE FUNCTION see() RETURNS event_trigger LANGUAGE plpgsql AS $$
	BEGIN
		INSERT INTO public.seen SELECT object_identity FROM pg_event_trigger_ddl_commands();
	END $$;
	CREATE EVENT TRIGGER see ON ddl_command_end WHEN TAG IN ('ALTER TABLE') EXECUTE FUNCTION see();
});
$session = start_session($primary, 'refused', 'SET synchronous_commit = on');
start_rollout($session, rollout_of(plan_of('FULL')));
(undef, $said) = finish_rollout($session);
like($said, qr/^ERROR:  P0001: could not execute 5 of 5 statements$/m, 'all fail at their COMMIT: no wait for the standby');
$session->quit;
$primary->safe_psql('postgres', 'SET synchronous_commit = local; DROP EVENT TRIGGER see');

# Terminated while it waits: the server's WARNING is the last thing that the client gets.
for my $case ([ 'slow', 2 ], [ 'quick', 5 ])
{
	my ($name, $count) = @$case;
	$primary->safe_psql('postgres', 'SET synchronous_commit = local; ' . rollout_of(plan_of('DEFAULT')));
	my $log_size = -s $primary->logfile;
	$session = beside_no_standby($name, 'on', 'pg_terminate_backend', plan_of('FULL'));
	$session->{run}->finish;
	my $done = "$count of 5 statements are done and stay done, but the last of them might not have been replicated to the standby.";
	like($session->{stderr}, qr/WARNING:  57P01: canceling the wait for synchronous replication .*\nDETAIL:  \Q$done\E$/m,
		"$name, terminated in the wait: the WARNING says what the standby may lack");
	unlike($session->{stdout}, qr/tables_modified/, 'there is no result');
	is(identities($primary, 'lab'), join(' ', map { "t$_:" . ($_ <= $count ? 'f' : 'd') } 1 .. 5), 'and that is done');
	my $log = slurp_file($primary->logfile, $log_size);
	like($log, qr/FATAL:  terminating connection due to administrator command/, 'the log has the end of the session');
	unlike($log, qr/DETAIL:  \d of 5 statements are done and stay done\.$/m, 'and claims no more');
}

# The standby comes back and has all.
$session = beside_no_standby('quick', 'on', 'pg_stat_get_backend_pid');
$standby->start;
(undef, $messages) = finish_rollout($session);
is($messages, '', 'the call ends when the standby is back');
$session->quit;
$primary->wait_for_catchup($standby);
is(identities($standby, 'lab'), identities($primary, 'lab'), 'which has all then');

done_testing();
