# What can happen to a run by background workers: to a worker, to the caller, to the server, to the
# tables. A worker never outlives its caller, a fault takes along the statement it hits and no
# other, and what is cut short says what it leaves. Statements stop in an index function that waits
# for an advisory lock, or for somebody's old snapshot.
use strict;
use warnings FATAL => 'all';

use FindBin;
use lib "$FindBin::RealBin/lib";
use Deploy;
use PostgreSQL::Test::Utils;
use Test::More;
use Workers;

# Four workers, all for us; segments of shared memory are files that can be counted.
my $node = new_server('main',
	autovacuum => 'off', dynamic_shared_memory_type => 'mmap', max_logical_replication_workers => 0,
	max_worker_processes => 4, restart_after_crash => 'on');
my $segments = shared_segments($node);
# From 16 on vacuum_analyze ends with a statement about no table.
my $last_statement = $node->pg_version >= 16 ? 1 : 0;
my $vacuum = qr/VACUUM \((?:SKIP_DATABASE_STATS, )?ANALYZE\) /;
is($node->safe_psql('postgres', 'SHOW shared_preload_libraries'), '', 'nothing is preloaded');

sub vacuum_call
{
	my ($schema, $jobs) = @_;
	return "CALL dj_deploy.vacuum_analyze('$schema', dry_run => false, jobs => " . ($jobs // 1) . ')';
}

sub reindex_call
{
	my ($schema, $jobs) = @_;
	return "CALL dj_deploy.reindex('$schema', dry_run => false, jobs => " . ($jobs // 1) . ')';
}

# The result counts so many statements.
sub call_succeeds
{
	my ($title, $call, $modified, $expected_warnings) = @_;
	local $Test::Builder::Level = $Test::Builder::Level + 1;
	my ($output, $messages) = finish_call($call);
	$messages =~ s/^WARNING:  01000: $expected_warnings\nLOCATION: .*\n//mg if $expected_warnings;
	unlike($messages, qr/ERROR|WARNING|FATAL/, "$title: no error");
	like($output, qr/"tables_modified": $modified\b/, "$title: $modified statements");
	$call->quit;
	return $messages;
}

# Nothing is left of a run; nor is anything in the way of the next.
sub nothing_is_left
{
	my ($title, %options) = @_;
	local $Test::Builder::Level = $Test::Builder::Level + 1;
	wait_for($node, 0) unless $options{at_once};
	is($node->safe_psql('postgres', q{
		SELECT count(*) FROM pg_stat_activity WHERE backend_type = 'datajoint_deploy worker'}), '0', "$title: no worker");
	is(scalar worker_processes($node), 0, "$title: no process");
	is(shared_segments($node), $segments, "$title: no shared memory");
	is($node->safe_psql('postgres', q{
		SELECT count(*) FROM pg_locks WHERE locktype = 'relation' AND pid <> pg_backend_pid()}), '0', "$title: no lock");
	make_tables($node, 'again', { a => 0, b => 0 });
	my ($status, $output, $errors) = $node->psql('postgres', vacuum_call('again', 2));
	is(without_summary($errors), '', "$title: the next run succeeds");
	return;
}

sub signal_backend { $node->safe_psql('postgres', "SELECT pg_$_[0]_backend($_[1])"); return }

sub wait_for_restart
{
	my ($pid) = @_;
	wait_through_restart($node, "SELECT NOT EXISTS (SELECT FROM pg_stat_activity WHERE pid = $pid)");
	return;
}

# Workers are used up.
{
	make_tables($node, 'lab', { map { $_ => 1 } qw(a b c d) });
	make_tables($node, 'small', { map { $_ => 0 } qw(a b c) });
	my $holder = hold($node, 1);
	my $three = start_call($node, vacuum_call('lab', 3));
	wait_for($node, 3, "wait_event = 'advisory'");

	my $fewer = start_call($node, vacuum_call('small', 2));
	like(call_succeeds('one worker left', $fewer, 3),
		qr/NOTICE:  \w+: running 1 jobs instead of 2: all of max_worker_processes are in use/, 'one worker left: notice');
	is(analyzed($node, 'small'), 'a b c', 'one worker left: all is done');

	my $last = start_call($node, "CALL dj_deploy.vacuum_analyze('lab.d'::regclass, dry_run => false, jobs => 9)");
	wait_for($node, 4, "wait_event = 'advisory'");
	my $none = start_call($node, vacuum_call('small', 2));
	my ($output, $messages) = finish_call($none);
	like($messages, qr/ERROR:  53000: could not start a background worker\n.*HINT:  .*max_worker_processes/s,
		'no worker left: 53000');
	is($output, '', 'no worker left: nothing is done');
	wait_for($node, 4, "wait_event = 'advisory'");
	pass('no worker left: said while all of them are at work');
	$none->quit;

	let_go($holder);
	call_succeeds('the last worker', $last, 1);
	call_succeeds('three workers', $three, 4);
	nothing_is_left('workers used up');
}

# A worker is cancelled, terminated or does not come to its end: the statement fails, with the error
# of the fault, and the others are done; by another worker where there was but one.
for my $jobs (1, 2)
{
	for my $fault ([ 'cancel', '57014', 'canceling statement due to user request' ],
		[ 'terminate', '57P01', 'terminating background worker .* due to administrator command' ])
	{
		my ($function, $sqlstate, $message) = @$fault;
		my $title = "$function a worker of $jobs";
		make_tables($node, 'lab', { a => 0, b => 2, c => 0, d => 0 });
		my $holder = hold($node, 2);
		my $call = start_call($node, vacuum_call('lab', $jobs));
		signal_backend($function, waiting_worker($node));
		my $messages = call_ends($title, $call, qr/ERROR:  $sqlstate: $message\n/);
		like($messages, qr/WARNING:  $sqlstate: $message\n.*^CONTEXT:  .*$vacuum"lab"\."b"/sm, "$title: told at once");
		like($messages, qr/ERROR:  .*^CONTEXT:  .*$vacuum"lab"\."b"/sm, "$title: the error names the statement");
		is(analyzed($node, 'lab'), 'a c d', "$title: the others are done");
		let_go($holder);
		nothing_is_left($title);
	}
}

# A worker is cancelled while it has more to say than its caller listens to.
{
	make_tables($node, 'lab', { a => 0, b => 0, c => 0 });
	$node->safe_psql('postgres', q{
		CREATE FUNCTION chat(value int) RETURNS int IMMUTABLE LANGUAGE plpgsql AS $$
		BEGIN
			IF pg_catalog.current_setting('application_name') = 'run' THEN
				PERFORM pg_catalog.pg_advisory_xact_lock_shared(1);
				RAISE NOTICE '%', pg_catalog.repeat('x', 100000);
			END IF;
			RETURN value;
		END $$;
		CREATE INDEX b_value ON lab.b (public.chat(value))});
	my $holder = hold($node, 1);
	my $call = start_call($node, vacuum_call('lab'));
	my $worker = waiting_worker($node);
	kill 'STOP', $call->{pid};
	let_go($holder);
	wait_for($node, 1, "wait_event = 'MessageQueuePutMessage'");
	signal_backend('cancel', $worker);
	$node->poll_query_until('postgres',
		"SELECT NOT EXISTS (SELECT FROM pg_stat_activity WHERE pid = $worker AND wait_event = 'MessageQueuePutMessage')");
	kill 'CONT', $call->{pid};
	call_ends('cancelled while it talks', $call, qr/ERROR:  (57014|55000): .*"lab"\."b"/s);
	is(analyzed($node, 'lab'), 'a c', 'cancelled while it talks: the others are done');
	nothing_is_left('cancelled while it talks');
}

# A worker is killed: the server restarts by itself.
{
	make_tables($node, 'lab', { a => 0, b => 1, c => 0 });
	my $holder = hold($node, 1);
	my $call = start_call($node, vacuum_call('lab', 2));
	kill 'KILL', waiting_worker($node);
	call_ends('kill -9 a worker', $call, qr/terminating connection because of crash|connection .* lost/, is_lost => 1);
	end_session($holder);
	wait_for_restart($call->{pid});
	nothing_is_left('kill -9 a worker');
}

# The caller is cancelled, by itself or by somebody: its workers have ended when it says so.
# A timeout comes when it comes: with every table held, nothing is done before it.
for my $case ([ 'cancel', '', 'user request', 'a' ], [ 'statement_timeout', "SET statement_timeout = '1s'", 'statement timeout', '' ])
{
	my ($title, $settings, $reason, $done) = @$case;
	make_tables($node, 'lab', { a => $done ? 0 : 2, b => 2, c => 2, d => $done ? 0 : 2 });
	my $holder = hold($node, 2);
	my $call = start_call($node, vacuum_call('lab', 2), settings => $settings);
	if (!$settings)
	{
		wait_for($node, 2, "wait_event = 'advisory'");
		signal_backend('cancel', $call->{pid});
	}
	my $all = 4 + $last_statement;
	call_ends("$title the caller", $call,
		qr/ERROR:  57014: canceling statement due to $reason\nDETAIL:  @{[length $done]} of $all statements are done and stay done\./);
	let_go($holder);
	is(analyzed($node, 'lab'), $done, "$title the caller: what was done stays, the rest is not begun");
	nothing_is_left("$title the caller", at_once => 1);
}

# The caller waits for workers that were told to end, but not for ever.
{
	make_tables($node, 'lab', { a => 1 });
	my $holder = hold($node, 1);
	my $call = start_call($node, vacuum_call('lab'));
	my $worker = waiting_worker($node);
	kill 'STOP', $worker;
	signal_backend('cancel', $call->{pid});
	call_ends('a worker does not end', $call, qr/ERROR:  57014: .*\nDETAIL:  0 of [12] statements are done/);
	kill 'CONT', $worker;
	nothing_is_left('a worker does not end');
	let_go($holder);
}

# The caller is lost, however that happens.
my %losses = (
	'terminate the caller' => sub { signal_backend('terminate', $_[0]{pid}) },
	'kill -9 the caller'   => sub { kill 'KILL', $_[0]{pid}; wait_for_restart($_[0]{pid}) },
	'kill -9 the client'   => sub { $_[0]{run}->signal('KILL') },
);
for my $title (sort keys %losses)
{
	make_tables($node, 'lab', { a => 0, b => 3, c => 3, d => 0 });
	my $holder = hold($node, 3);
	my $call = start_call($node, vacuum_call('lab', 2));
	wait_for($node, 2, "wait_event = 'advisory'");
	$losses{$title}->($call);
	wait_for($node, 0);
	$node->poll_query_until('postgres', "SELECT NOT EXISTS (SELECT FROM pg_stat_activity WHERE pid = $call->{pid})")
	  or die 'the caller stays';
	is(analyzed($node, 'lab'), 'a', "$title: what was done stays, the rest is not begun");
	end_session($_) for $call, $holder;
	nothing_is_left($title);
}

# The database is dropped, the server is stopped.
{
	$node->safe_psql('postgres', 'CREATE DATABASE victim');
	$node->safe_psql('victim', 'CREATE EXTENSION datajoint_deploy');
	make_tables($node, 'lab', { a => 1, b => 1, c => 0 }, database => 'victim');
	my $holder = hold($node, 1, 'victim');
	my $call = start_call($node, vacuum_call('lab', 2), database => 'victim');
	wait_for($node, 2, "wait_event = 'advisory'");
	$node->safe_psql('postgres', 'DROP DATABASE victim WITH (FORCE)');
	call_ends('DROP DATABASE', $call, qr/FATAL:  57P01: terminating connection/, is_lost => 1);
	end_session($holder);
	nothing_is_left('DROP DATABASE');
}
for my $mode (qw(fast immediate))
{
	make_tables($node, 'lab', { a => 0, b => 3, c => 3, d => 0 });
	my $holder = hold($node, 3);
	my $call = start_call($node, vacuum_call('lab', 2));
	wait_for($node, 2, "wait_event = 'advisory'");
	$node->stop($mode);
	is(scalar worker_processes($node), 0, "$mode shutdown: no process");
	is(shared_segments($node), 0, "$mode shutdown: no shared memory");
	end_session($_) for $call, $holder;
	$node->start;
	nothing_is_left("$mode shutdown");
}

# REINDEX CONCURRENTLY waits for old snapshots, and the caller is none: it has no snapshot and no
# lock on a table. Cut short, the indexes that are left behind are named with the statements that
# remove them.
sub old_snapshot
{
	my $session = $node->background_psql('postgres');
	$session->query_safe('BEGIN ISOLATION LEVEL REPEATABLE READ; SELECT count(*) FROM pg_type');
	return $session;
}

sub remove_leftovers
{
	my ($title, $messages, $expected) = @_;
	local $Test::Builder::Level = $Test::Builder::Level + 1;
	is(invalid_indexes($node), $expected, "$title: invalid indexes");
	my ($statements) = $messages =~ /.*^HINT:  .*Remove them with: (.*)$/sm;
	$statements = (split /\n/, $statements // '')[0];
	my @named = ($statements // '') =~ /DROP INDEX CONCURRENTLY ("lab"\."\w+")(?:; |$)/g;
	is(join(' ', sort @named) =~ tr/"//dr, $expected, "$title: the hint names them");
	$node->safe_psql('postgres', $_) for split /; /, $statements // '';
	is(invalid_indexes($node), '', "$title: the statements remove them");
	$node->safe_psql('postgres', reindex_call('lab', 2));
	is(invalid_indexes($node), '', "$title: the next run leaves none");
	return;
}

{
	make_tables($node, 'lab', { a => 0, b => 0 });
	my $old = old_snapshot();
	my $call = start_call($node, reindex_call('lab', 2));
	wait_for($node, 2, "wait_event = 'virtualxid'");
	is($node->safe_psql('postgres', "SELECT backend_xmin, backend_xid FROM pg_stat_activity WHERE pid = $call->{pid}"), '|',
		'the caller has no snapshot and no transaction id');
	is($node->safe_psql('postgres', "SELECT count(*) FROM pg_locks WHERE pid = $call->{pid} AND locktype = 'relation'"), '0',
		'the caller holds no lock on a table');
	$node->safe_psql('postgres', 'UPDATE lab.a SET value = value + 1');
	$old->quit;
	call_succeeds('REINDEX behind an old snapshot', $call, 2);
	is(invalid_indexes($node), '', 'REINDEX behind an old snapshot: all indexes are valid');
}
{
	make_tables($node, 'lab', { a => 0, b => 0, c => 0 });
	my $old = old_snapshot();
	my $call = start_call($node, reindex_call('lab', 2));
	wait_for($node, 2, "wait_event = 'virtualxid'");
	signal_backend('cancel', $call->{pid});
	my $messages = call_ends('REINDEX, cancel the caller', $call,
		qr/ERROR:  57014: .*\nDETAIL:  0 of 3 statements are done and stay done\.\nHINT:  /);
	$old->quit;
	remove_leftovers('REINDEX, cancel the caller', $messages, 'lab.a_pkey_ccnew lab.b_pkey_ccnew');
	nothing_is_left('REINDEX, cancel the caller', at_once => 1);
}
for my $fault ([ 'cancel', '57014' ], [ 'terminate', '57P01' ])
{
	my ($function, $sqlstate) = @$fault;
	my $title = "REINDEX, $function the worker";
	make_tables($node, 'lab', { a => 0 });
	my $old = old_snapshot();
	my $call = start_call($node, reindex_call('lab'));
	wait_for($node, 1, "wait_event = 'virtualxid'");
	signal_backend($function,
		$node->safe_psql('postgres', "SELECT pid FROM pg_stat_activity WHERE backend_type = 'datajoint_deploy worker'"));
	my $messages = call_ends($title, $call,
		qr/ERROR:  $sqlstate: .*\nDETAIL:  Invalid indexes are left behind: "lab"\."a_pkey_ccnew"\.\nHINT:  /);
	$old->quit;
	remove_leftovers($title, $messages, 'lab.a_pkey_ccnew');
	nothing_is_left($title);
}

# While statements fail, others wait for old snapshots. They must never find one of the caller: they
# would wait for it as it waits for them, and nobody would notice.
{
	my %keys = map { sprintf('t%02d', $_) => 0 } 1 .. 60;
	make_tables($node, 'lab', \%keys);
	$node->safe_psql('postgres', q{
		CREATE FUNCTION refuse(value int) RETURNS int IMMUTABLE LANGUAGE plpgsql AS $$
		BEGIN
			IF pg_catalog.current_setting('application_name') = 'run' THEN
				RAISE 'not this one';
			END IF;
			RETURN value;
		END $$});
	$node->safe_psql('postgres', join '', map { "CREATE INDEX ON lab.$_ (public.refuse(value));" } grep { /[02468]$/ } sort keys %keys);
	my $call = start_call($node, reindex_call('lab', 4));
	my $messages = call_ends('many failures', $call, qr/ERROR:  P0001: could not execute 30 of 60 statements\n/);
	is(scalar(my @named = $messages =~ /.*^HINT:  [^\n]*/sm ? $& =~ /DROP INDEX CONCURRENTLY "lab"/g : ()), 60,
		'many failures: all invalid indexes are named');
	nothing_is_left('many failures');
}

# Tables.
{
	make_tables($node, 'lab', { a => 0, b => 0, c => 0 });
	my $holder = $node->background_psql('postgres');
	$holder->query_safe('BEGIN; LOCK TABLE lab.a, lab.b');
	my $call = start_call($node, vacuum_call('lab', 9));
	wait_for($node, 2, "wait_event_type = 'Lock' AND wait_event = 'relation'");
	$holder->query_safe('DROP TABLE lab.a; ALTER TABLE lab.b RENAME TO "b two"; COMMIT');
	$holder->quit;
	my $messages = call_succeeds('dropped and renamed', $call, 2);
	like($messages, qr/NOTICE:  \w+: table "lab\.a" does not exist, skipping/, 'dropped and renamed: notice');
	like($call->{stdout}, qr/$vacuum\\"lab\\"\.\\"b two\\"/, 'dropped and renamed: the new name');
	is(analyzed($node, 'lab'), 'b two c', 'dropped and renamed: done');
	nothing_is_left('dropped and renamed');
}
{
	make_tables($node, 'lab', { a => 1, b => 1 });
	my $holder = hold($node, 1);
	my $call = start_call($node, "CALL dj_deploy.reindex('lab', dry_run => false, concurrently => false, jobs => 1024)");
	wait_for($node, 2, "wait_event = 'advisory'");
	wait_for($node, 2);
	let_go($holder);
	call_succeeds('more jobs than tables', $call, 2);
}
for my $settings ("SET lock_timeout = '200ms'", "SET lock_timeout = 0; SET dj_deploy.lock_timeout = '200ms'")
{
	my $title = "lock timeout ($settings)";
	make_tables($node, 'lab', { a => 0, b => 0, c => 0 });
	my $holder = $node->background_psql('postgres');
	$holder->query_safe("SET application_name = 'blocker'; BEGIN; LOCK TABLE lab.b IN SHARE UPDATE EXCLUSIVE MODE");
	my $call = start_call($node, vacuum_call('lab'), settings => $settings);
	call_ends($title, $call,
		qr/ERROR:  55P03: could not obtain lock on table "lab\.b" within 200 ms\nDETAIL:  Blocked by process \d+ \(role "\w+", application "blocker"/);
	is(analyzed($node, 'lab'), 'a c', "$title: the others are done");
	$holder->quit;
	nothing_is_left($title);
}

# Plain REINDEX keeps out writers, nobody else; REINDEX CONCURRENTLY keeps out nobody.
for my $concurrently ('true', 'false')
{
	my $title = "concurrently => $concurrently";
	make_tables($node, 'lab', { a => 1 });
	my $holder = hold($node, 1);
	my $call = start_call($node, "CALL dj_deploy.reindex('lab', dry_run => false, concurrently => $concurrently)");
	wait_for($node, 1, "wait_event = 'advisory'");
	# The planner would lock the index; COPY reads the table alone.
	my ($status, $output) = $node->psql('postgres', "SET lock_timeout = '200ms'; COPY lab.a TO STDOUT");
	is(scalar(split /\n/, $output), 5, "$title: the table can be read");
	my $errors = error_of($node, "SET lock_timeout = '200ms'; INSERT INTO lab.a VALUES (6, 6)");
	$concurrently eq 'true'
	  ? is($errors, '', "$title: the table can be written")
	  : like($errors, qr/ERROR:  55P03/, "$title: writers wait");
	let_go($holder);
	call_succeeds($title, $call, 1);
	nothing_is_left($title);
}

# Two callers at once; one waits for the other's table, and REINDEX CONCURRENTLY does not wait for
# the one that waits. The indexes that the first one is building are no leftovers that the second
# would advise to drop.
for my $operation (\&vacuum_call, \&reindex_call)
{
	my $title = $operation->('lab', 2) =~ s/.*dj_deploy\.(\w+).*/two callers of $1/r;
	make_tables($node, 'lab', { a => 1, b => 0, c => 0, d => 0 });
	my $holder = hold($node, 1);
	my @calls = start_call($node, $operation->('lab', 2));
	wait_for($node, 1, "wait_event = 'advisory'");
	push @calls, start_call($node, $operation->('lab', 2));
	wait_for($node, 1, q{pid IN (SELECT pid FROM pg_locks WHERE relation = 'lab.a'::regclass AND NOT granted)});
	let_go($holder);
	call_succeeds($title, $calls[0], 4);
	call_succeeds($title, $calls[1], 4, qr/skipping index "lab\.\w+_ccnew\d*": another session may be building it/);
	is(invalid_indexes($node), '', "$title: all indexes are valid");
	nothing_is_left($title);
}

# In a DO block, which may commit.
{
	make_tables($node, 'lab', { a => 0, b => 0 });
	my $block = 'DO $$ DECLARE r jsonb; BEGIN %s; RAISE NOTICE \'%%\', r; END $$';
	for my $call (vacuum_call('lab', 2), reindex_call('lab', 2))
	{
		my $run = start_call($node, sprintf $block, $call =~ s/\)$/, result => r)/r);
		my ($output, $messages) = finish_call($run);
		unlike($messages, qr/ERROR/, 'in a DO block: no error');
		like($messages, qr/"tables_modified": 2/, 'in a DO block: done');
		$run->quit;
	}
	nothing_is_left('in a DO block');
}

# Partitions: four workers never stand in each other's way.
{
	$node->safe_psql('postgres', q{
		DROP SCHEMA lab CASCADE;
		CREATE SCHEMA lab;
		CREATE TABLE lab.trial (id int PRIMARY KEY, value int) PARTITION BY RANGE (id);
		CREATE TABLE lab.rest PARTITION OF lab.trial FOR VALUES FROM (100) TO (1000) PARTITION BY RANGE (id);
		CREATE TABLE lab.rest_1 PARTITION OF lab.rest FOR VALUES FROM (100) TO (200);
		CREATE TABLE lab.rest_2 PARTITION OF lab.rest DEFAULT;
		CREATE INDEX ON lab.trial (abs(value))});
	$node->safe_psql('postgres', join '', map { "CREATE TABLE lab.trial_$_ PARTITION OF lab.trial FOR VALUES FROM (" . 10 * $_ . ') TO (' . 10 * ($_ + 1) . ');' } 0 .. 5);
	$node->safe_psql('postgres', 'INSERT INTO lab.trial SELECT i, i FROM generate_series(0, 59) i');
	my $call = start_call($node, join ";\n", (vacuum_call('lab', 4), reindex_call('lab', 4)) x 20);
	my ($output, $messages) = finish_call($call);
	unlike($messages, qr/ERROR|WARNING/, 'partitions: no error');
	is(scalar(my @nine = $output =~ /"tables_modified": 9/g), 20, 'partitions: 20 times vacuumed and analyzed');
	is(scalar(my @eight = $output =~ /"tables_modified": 8/g), 20, 'partitions: 20 times reindexed');
	$call->quit;
	unlike(slurp_file($node->logfile), qr/deadlock detected/, 'no deadlock anywhere');
	nothing_is_left('partitions');
}

# Two hundred failures in one session leave it as it was. AddressSanitizer keeps what a process
# frees, but not in a context.
my $size = q{
	SET statement_timeout = 0;
	SELECT 'size:', sum(used_bytes), (regexp_match(pg_read_file('/proc/self/status'), 'RssAnon:\s+(\d+)'))[1]
	FROM pg_backend_memory_contexts};
sub session_stays
{
	my ($title, $sql, $expected) = @_;
	my $call = start_call($node, "\\set VERBOSITY sqlstate\n" . join ";\n", ($sql) x 20, $size, ($sql) x 200, $size);
	my ($output, $messages) = finish_call($call);
	is(scalar(my @errors = $messages =~ /ERROR:  $expected$/mg), 220, "$title: each time an error");
	my @sizes = $output =~ /^size:\|(\d+)\|(\d+)$/mg;
	cmp_ok($sizes[2] - $sizes[0], '<', 32 * 1024, "$title: contexts stay (from $sizes[0] to $sizes[2] bytes)");
	cmp_ok($ENV{ASAN_OPTIONS} ? 0 : $sizes[3] - $sizes[1], '<', 1024, "$title: process stays (from $sizes[1] to $sizes[3] kB)");
	$call->quit;
	return;
}

{
	make_tables($node, 'lab', { a => 0, b => 0 });
	$node->safe_psql('postgres', q{
		CREATE FUNCTION fail(value int) RETURNS int IMMUTABLE LANGUAGE plpgsql AS $$
		BEGIN
			IF pg_catalog.current_setting('application_name') = 'run' THEN
				RAISE 'not now' USING DETAIL = pg_catalog.repeat('x', 20000);
			END IF;
			RETURN value;
		END $$;
		CREATE INDEX b_value ON lab.b (public.fail(value))});
	session_stays('a statement fails', vacuum_call('lab', 2), 'P0001');
	nothing_is_left('a statement fails', at_once => 1);

	make_tables($node, 'lab', { a => 1, b => 0 });
	my $holder = hold($node, 1);
	session_stays('the caller is cancelled', "SET statement_timeout = '50ms';\n" . vacuum_call('lab', 2), '57014');
	nothing_is_left('the caller is cancelled', at_once => 1);

	make_tables($node, 'many', { map { $_ => 1 } qw(a b c d) });
	my $call = start_call($node, vacuum_call('many', 4));
	wait_for($node, 4, "wait_event = 'advisory'");
	session_stays('no worker', vacuum_call('lab', 2), '53000');
	let_go($holder);
	call_succeeds('the four workers', $call, 4);
	nothing_is_left('no worker', at_once => 1);
}

done_testing();
