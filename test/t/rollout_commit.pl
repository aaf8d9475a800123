# rollout and the COMMIT of its statements: what waits or fails there has not been done, and keeps nobody from the table; and what others
# see of the wait for the disk.
use strict;
use warnings FATAL => 'all';

use FindBin;
use lib "$FindBin::RealBin/lib";
use Deploy;
use Rollout;
use Test::More;

# Each wait for the disk takes a tenth of a second.
my $node = new_server('main', autovacuum => 'off', commit_delay => 100000, commit_siblings => 0, fsync => 'on', log_statement => 'none');
my @names = qw(a b c);
$node->safe_psql('postgres', q{
	CREATE TABLE seen (name text);
	CREATE FUNCTION see() RETURNS event_trigger LANGUAGE plpgsql AS $$
	BEGIN
		INSERT INTO public.seen SELECT object_identity FROM pg_event_trigger_ddl_commands();
	END $$;
	CREATE FUNCTION sleep_or_fail() RETURNS void LANGUAGE plpgsql AS $$
	BEGIN
		PERFORM pg_sleep(600);
	EXCEPTION WHEN query_canceled THEN
		RAISE 'not so far' USING ERRCODE = 'external_routine_exception';
	END $$;
	CREATE FUNCTION at_commit() RETURNS trigger LANGUAGE plpgsql AS $$
	BEGIN
		IF NEW.name = 'lab.b' THEN
			PERFORM CASE pg_catalog.current_setting('application_name')
				WHEN 'waits' THEN pg_advisory_xact_lock(1)::text
				WHEN 'sleeps' THEN pg_sleep(600)::text
				WHEN 'refuses' THEN sleep_or_fail()::text
			END;
			WHILE pg_catalog.current_setting('application_name') = 'reads' AND NOT pg_try_advisory_xact_lock_shared(2) LOOP
				PERFORM pg_sleep(0.01);
			END LOOP;
			PERFORM count(*) FROM public.seen;
		END IF;
		RETURN NULL;
	END $$;
	CREATE CONSTRAINT TRIGGER at_commit AFTER INSERT ON seen DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION at_commit();
	CREATE SCHEMA lab;
} . join('', map { "CREATE TABLE lab.$_ (id int PRIMARY KEY);" } @names)
	  . 'CREATE EVENT TRIGGER see ON ddl_command_end WHEN TAG IN (\'ALTER TABLE\') EXECUTE FUNCTION see()');

sub plan_of { return "'[" . join(', ', map { qq("ALTER TABLE lab.$_ REPLICA IDENTITY $_[0]") } @names) . "]'" }

# A deferred trigger that waits for a lock: the statement is busy like one that waits for it right away, and done when the lock is free.
my $holder = $node->background_psql('postgres');
$holder->query_safe('SELECT pg_advisory_lock(1)');
my $run = start_session($node, 'waits');
start_rollout($run, rollout_of(plan_of('FULL')));
wait_for_identities($node, 'lab', 'c:f');
wait_until_asleep($node, 'waits');
is(identities($node, 'lab'), 'a:f b:d c:f', 'a COMMIT that has to wait: the others are done');
$node->safe_psql('postgres', q{SET statement_timeout = '60s'; SELECT count(*) FROM lab.b});
pass('and the table can be read');
$holder->query_safe('SELECT pg_advisory_unlock(1)');
my (undef, $messages, $milliseconds) = finish_rollout($run);
is(without_progress($messages, $milliseconds), '', 'and it is done once there is no need to wait');
is(identities($node, 'lab'), 'a:f b:f c:f', 'like the others');
$run->quit;

# Cancelled in a COMMIT: neither a failure of the statement nor done.
$run = start_session($node, 'sleeps');
start_rollout($run, rollout_of(plan_of('DEFAULT')));
my $sleeps = q{FROM pg_stat_activity WHERE application_name = 'sleeps' AND wait_event = 'PgSleep'};
$node->poll_query_until('postgres', "SELECT count(*) = 1 $sleeps") or die 'the rollout does not come to the COMMIT';
$node->safe_psql('postgres', "SELECT pg_cancel_backend(pid) $sleeps");
(undef, $messages) = finish_rollout($run);
like($messages, qr/\AERROR:  57014: canceling statement due to user request\nDETAIL:  1 of 3 statements are done and stay done\.\nCONTEXT:/,
	'a cancel in a COMMIT ends the call, and is no failure of the statement');
is(identities($node, 'lab'), 'a:d b:f c:f', 'as many are done as it says');
is($run->query('SELECT 1'), '1', 'and the session goes on');
start_rollout($run, rollout_of(plan_of('DEFAULT')));
$node->poll_query_until('postgres', "SELECT count(*) = 1 $sleeps") or die 'the rollout does not come to the COMMIT';
$node->safe_psql('postgres', "SELECT pg_terminate_backend(pid) $sleeps");
$run->{run}->finish;
like($run->{stderr}, qr/FATAL:  57P01: .*\nDETAIL:  1 of 3 statements are done and stay done\.$/m, 'so does the end of the session');
is(identities($node, 'lab'), 'a:d b:f c:f', 'and no more is done than it says');

# A language of triggers may make another error of a cancel, as PL/Perl does: that one ends the call.
$run = start_session($node, 'refuses');
start_rollout($run, rollout_of(plan_of('DEFAULT')));
my $refuses = $sleeps =~ s/sleeps/refuses/r;
$node->poll_query_until('postgres', "SELECT count(*) = 1 $refuses") or die 'the rollout does not come to the COMMIT';
$node->safe_psql('postgres', "SELECT pg_cancel_backend(pid) $refuses");
(undef, $messages) = finish_rollout($run);
like($messages, qr/\AERROR:  38000: not so far\nDETAIL:  1 of 3 statements are done and stay done\.\nCONTEXT:/, 'a cancel that a trigger turns into another error ends the call');
is(identities($node, 'lab'), 'a:d b:f c:f', 'as many are done as that says');
$run->quit;

# Another transaction and that of lab.b each read what they do not see the other write: the last to commit fails.
$holder->query_safe('SELECT pg_advisory_lock(2); BEGIN ISOLATION LEVEL SERIALIZABLE; SELECT count(*) FROM seen');
$run = start_session($node, 'reads', q{SET default_transaction_isolation = 'serializable'});
start_rollout($run, rollout_of(plan_of('NOTHING')));
$node->poll_query_until('postgres', q{SELECT count(*) = 1 FROM pg_stat_activity WHERE application_name = 'reads' AND wait_event = 'PgSleep'})
  or die 'the rollout does not come to the COMMIT';
$holder->query_safe(q{INSERT INTO seen VALUES ('other'); COMMIT; SELECT pg_advisory_unlock(2)});
(undef, $messages) = finish_rollout($run);
like($messages, qr/^WARNING:  40001: could not serialize access/, 'a serialization failure at COMMIT: the statement has failed');
like($messages, qr/^ERROR:  40001: could not serialize access .*\nDETAIL:  .*\n2 of 3 statements are done and stay done\.\n/m, 'and the error says how many are done');
is(identities($node, 'lab'), 'a:n b:f c:n', 'the others, also the one after it');
$run->quit;

# Others see that it waits for the disk. They look for the whole time, and it is there again and again.
$node->safe_psql('postgres', q{
	DROP EVENT TRIGGER see;
	CREATE PROCEDURE look(INOUT shown text DEFAULT NULL) LANGUAGE plpgsql AS $$
	DECLARE began timestamptz := pg_catalog.clock_timestamp();
	BEGIN
		WHILE shown IS NULL AND pg_catalog.clock_timestamp() < began + interval '3 min' LOOP
			PERFORM pg_catalog.pg_stat_clear_snapshot(), pg_catalog.pg_sleep(0.005);
			SELECT query INTO shown FROM pg_catalog.pg_stat_activity
			WHERE application_name = 'run' AND query LIKE 'dj_deploy.rollout: 3 of 3 statements, waiting for %';
		END LOOP;
	END $$;
});
my $look = start_session($node, 'looks');
start_rollout($look, 'CALL look()');
$run = start_session($node, 'run', 'SET client_min_messages = warning');
for (1 .. 300)
{
	start_rollout($run, rollout_of(plan_of($_ % 2 ? 'FULL' : 'DEFAULT')));
	finish_rollout($run);
	$look->{run}->pump_nb;
	last if $look->{stdout} =~ /^finished\n/m;
}
my ($shown) = finish_rollout($look);
is($shown, 'dj_deploy.rollout: 3 of 3 statements, waiting for the disk', 'others see that it waits for the disk');
$_->quit for $run, $look, $holder;

done_testing();
