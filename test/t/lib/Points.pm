# Points at which a run can be made to stop, on one of its tables, so that it is hit there and
# nowhere else: nothing in here waits for a time. A point is reached when the server's own views
# show a process at it, and it stays there until leave().
package Points;

use strict;
use warnings FATAL => 'all';

use Exporter 'import';
use Workers qw(send_call);

our @EXPORT = qw(%points ask reach leave forget_point_sessions table_name stop_functions);

# An index expression and an event trigger that stop a statement of the session "run" while the
# table's key is held. A statement of rollout gives up waiting for a lock after a moment, so it asks
# for the key again and again.
sub stop_functions
{
	return q{
		CREATE FUNCTION public.stop_here(value int, key int) RETURNS int IMMUTABLE LANGUAGE plpgsql AS $$
		BEGIN
			IF pg_catalog.current_setting('application_name') = 'run' THEN
				PERFORM pg_catalog.pg_advisory_xact_lock_shared(CASE WHEN value >= 1000 THEN key + 1000 ELSE key END);
			END IF;
			RETURN value;
		END $$;
		CREATE FUNCTION public.stop_statement() RETURNS event_trigger LANGUAGE plpgsql AS $$
		DECLARE key int := substring(object_identity FROM '\d+$') FROM pg_event_trigger_ddl_commands();
		BEGIN
			WHILE pg_catalog.current_setting('application_name') = 'run' AND NOT pg_catalog.pg_try_advisory_xact_lock_shared(key) LOOP
				PERFORM pg_catalog.pg_sleep(0.01);
			END LOOP;
		END $$;
		CREATE EVENT TRIGGER stop_statement ON ddl_command_end WHEN TAG IN ('ALTER TABLE') EXECUTE FUNCTION public.stop_statement();
	};
}

# Partitions and tables have numbers, which are the keys above.
sub table_name { return $_[0] < 4 ? "trial_$_[0]" : "t$_[0]" }

# "control" looks, "first" and "second" hold. They are opened before anything is held, and are lost
# with the server.
my ($node, %sessions);

sub point_session
{
	my ($name) = @_;
	if (!$sessions{$name})
	{
		my $session = $sessions{$name} = $node->background_psql('postgres');
		$session->set_query_timer_restart();
		$session->query_safe('SET client_min_messages = error');
	}
	return $sessions{$name};
}

sub forget_point_sessions
{
	$_->{run}->signal('KILL'), $_->{run}->finish for values %sessions;
	%sessions = ();
	return;
}

sub ask { return point_session('control')->query_safe($_[0]) }
sub hold { return point_session($_[0])->query_safe($_[1]) }

# The first process id that the query finds, once it finds one.
sub await
{
	my ($query) = @_;
	for (1 .. 10 * $PostgreSQL::Test::Utils::timeout_default)
	{
		my ($pid) = split /\n/, ask($query);
		return $pid if $pid;
		select undef, undef, undef, $_ < 50 ? 0.01 : 0.1;
	}
	die "nobody comes to: $query\n" . ask('SELECT pid, state, wait_event_type, wait_event, query FROM pg_stat_get_activity(NULL)');
}

sub at_key { return await("SELECT pid FROM pg_locks WHERE locktype = 'advisory' AND objid = $_[0] AND NOT granted") }

sub at_lock { return await("SELECT pid FROM pg_locks WHERE relation = '$_[0]'::regclass AND NOT granted ORDER BY pid") }

# Whom a REINDEX CONCURRENTLY waits for in a phase is settled when it has begun to wait.
sub in_phase
{
	my ($number, $phase) = @_;
	my $table = "'lab." . table_name($number) . "'::regclass";
	return await(qq{
		SELECT p.pid FROM pg_stat_progress_create_index p JOIN pg_locks l ON l.pid = p.pid AND l.locktype = 'virtualxid' AND NOT l.granted
		WHERE p.phase = '$phase' AND p.relid IN (SELECT unnest(ARRAY[oid, reltoastrelid]) FROM pg_class WHERE oid = $table)});
}

sub lock_table { my ($session, $number, $mode) = @_; hold($session, 'BEGIN; LOCK TABLE lab.' . table_name($number) . " IN $mode MODE"); return }

# Each is held before the call by "hold" and reached by "reach", which returns the process that has
# stopped there; "leave" lets it go. Both are given the table's number and the caller's process.
# "left" is what a REINDEX CONCURRENTLY that is cut short there leaves of each index of the table.
our %points = (
	'a worker starts' => {
		hold  => sub { hold('first', 'BEGIN; LOCK TABLE pg_db_role_setting') },
		reach => sub { at_lock('pg_db_role_setting') },
	},
	'in front of a table' => {
		hold  => sub { lock_table('first', $_[0], 'SHARE UPDATE EXCLUSIVE') },
		reach => sub { at_lock('lab.' . table_name($_[0])) },
	},
	'within a statement' => {
		hold  => sub { hold('first', "SELECT pg_advisory_lock($_[0])") },
		reach => sub { at_key($_[0]) },
	},
	# The caller hands over no other task as long as it is stopped.
	'between two statements' => {
		hold  => sub { hold('first', "SELECT pg_advisory_lock($_[0])") },
		reach => sub {
			my ($number, $caller) = @_;
			my $worker = at_key($number);
			kill 'STOP', $caller;
			hold('first', 'SELECT pg_advisory_unlock_all()');
			return await("SELECT pid FROM pg_stat_get_activity($worker) WHERE state = 'idle'");
		},
	},
	'within a statement of rollout' => {
		hold  => sub { hold('first', "SELECT pg_advisory_lock($_[0])") },
		reach => sub { await("SELECT pid FROM pg_stat_get_activity($_[1]) WHERE wait_event = 'PgSleep'") },
	},
	'between two rounds' => {
		hold  => sub { lock_table('first', $_[0], 'ACCESS SHARE') },
		reach => sub { await("SELECT pid FROM pg_stat_get_activity($_[1]) WHERE wait_event_type = 'Extension'") },
	},
	'waiting for writers before build' => {
		hold  => sub { lock_table('first', $_[0], 'ROW EXCLUSIVE') },
		reach => sub { in_phase($_[0], 'waiting for writers before build') },
		left  => 'ccnew',
	},
	'building index' => {
		hold  => sub { hold('first', "SELECT pg_advisory_lock($_[0])") },
		reach => sub { at_key($_[0]) },
		left  => 'ccnew',
	},
	'waiting for writers before validation' => {
		hold  => sub { hold('first', "SELECT pg_advisory_lock($_[0])") },
		reach => sub {
			my ($number) = @_;
			at_key($number);
			lock_table('second', $number, 'ROW EXCLUSIVE');
			hold('first', 'SELECT pg_advisory_unlock_all()');
			return in_phase($number, 'waiting for writers before validation');
		},
		left => 'ccnew',
	},
	# A row that comes while the index is built is not in it, and gets there by the validation.
	'index validation: scanning table' => {
		hold  => sub { hold('first', "SELECT pg_advisory_lock($_[0]), pg_advisory_lock($_[0] + 1000)") },
		reach => sub {
			my ($number) = @_;
			at_key($number);
			ask('INSERT INTO lab.' . table_name($number) . " SELECT id, 1000, 'late' FROM generate_series(1000, 1100) id"
				  . ($number < 4 ? " WHERE satisfies_hash_partition('lab.trial'::regclass, 4, $number, id)" : ''));
			hold('first', "SELECT pg_advisory_unlock($number)");
			return at_key($number + 1000);
		},
		left => 'ccnew',
	},
	'waiting for old snapshots' => {
		hold  => sub { hold('first', "SELECT pg_advisory_lock($_[0])") },
		reach => sub {
			my ($number) = @_;
			at_key($number);
			hold('second', 'BEGIN ISOLATION LEVEL REPEATABLE READ; SELECT count(*) FROM pg_type');
			hold('first', 'SELECT pg_advisory_unlock_all()');
			return in_phase($number, 'waiting for old snapshots');
		},
		left => 'ccnew',
	},
	'waiting for readers before marking dead' => {
		hold  => sub { lock_table('first', $_[0], 'ACCESS SHARE') },
		reach => sub { in_phase($_[0], 'waiting for readers before marking dead') },
		left  => 'ccold',
	},
	'waiting for readers before dropping' => {
		hold  => sub { lock_table('first', $_[0], 'ACCESS SHARE') },
		reach => sub {
			my ($number) = @_;
			in_phase($number, 'waiting for readers before marking dead');
			lock_table('second', $number, 'ACCESS SHARE');
			hold('first', 'COMMIT');
			return in_phase($number, 'waiting for readers before dropping');
		},
		left => 'ccold',
	},
);

# The holder asks for a lock that the worker keeps it from, and then the worker waits for the
# holder. Whoever waits last finds the circle, unless its deadlock_timeout is long.
sub deadlock
{
	my ($number) = @_;
	my $holder = point_session('second');
	$holder->{stdin} .= 'LOCK TABLE lab.' . table_name($number) . " IN SHARE MODE;\n";
	$holder->{run}->pump_nb;
	await('SELECT pid FROM pg_locks WHERE NOT granted AND mode = \'ShareLock\' AND relation = \'lab.' . table_name($number) . "'::regclass");
	hold('first', 'SELECT pg_advisory_unlock_all()');
	hold('first', 'COMMIT');
	return;
}

$points{'a deadlock before validation'} = {
	hold  => sub { hold('first', "SELECT pg_advisory_lock($_[0])") },
	reach => sub {
		at_key($_[0]);
		hold('second', "SET deadlock_timeout = '1h'");
		lock_table('second', $_[0], 'ROW EXCLUSIVE');
		return deadlock($_[0]);
	},
	left => 'ccnew',
};
$points{'a deadlock before dropping'} = {
	hold  => sub { lock_table('first', $_[0], 'ACCESS SHARE') },
	reach => sub {
		in_phase($_[0], 'waiting for readers before marking dead');
		hold('second', "SET deadlock_timeout = '1h'");
		lock_table('second', $_[0], 'ACCESS SHARE');
		return deadlock($_[0]);
	},
	left => 'ccold',
};

# Sends the statement once the point is held; returns the process that has come to it.
sub reach
{
	my ($server, $point, $number, $call, $sql) = @_;
	$node = $server;
	point_session($_) for qw(control first second);
	$points{$point}{hold}->($number);
	send_call($call, $sql);
	return $points{$point}{reach}->($number, $call->{pid});
}

# Lets everybody go who has stopped there.
sub leave
{
	for my $name (qw(first second))
	{
		my $session = $sessions{$name} or next;
		$session->query_safe('ROLLBACK');
		$session->query_safe('SELECT pg_advisory_unlock_all()');
	}
	return;
}

1;
