# rollout from beginning to end: max_wait, cancel and loss of the server in the middle, and more
# tables than any transaction can lock, in little memory and with hardly a lock.
use strict;
use warnings FATAL => 'all';

use FindBin;
use lib "$FindBin::RealBin/lib";
use Deploy;
use Rollout;
use PostgreSQL::Test::Utils;
use Test::More;

my $node = new_server('main', max_prepared_transactions => 2);
my $user = $node->safe_psql('postgres', 'SELECT current_user');
my $full = "dj_deploy.set_replica_identity('lab')";
my $default = "dj_deploy.set_replica_identity('lab', 'default')";

sub make_tables
{
	my (@tables) = @_;
	$node->safe_psql('postgres', 'SET client_min_messages = error; DROP SCHEMA IF EXISTS lab CASCADE; CREATE SCHEMA lab; '
		  . join '', map { "CREATE TABLE lab.$_ (id int PRIMARY KEY);" } @tables);
	return;
}

# A reader keeps lab.a, a prepared transaction lab.c.
make_tables(qw(a b c d));
$node->safe_psql('postgres', q{BEGIN; INSERT INTO lab.c VALUES (1); PREPARE TRANSACTION 'left behind'});
my $holder = $node->background_psql('postgres');
$holder->query_safe(q{SET application_name = 'holder'; BEGIN; SELECT id FROM lab.a});
my $reader = qr/Blocked by process \d+ \(role "\Q$user\E", application "holder", transaction open for \d\d:\d\d:\d\d\)\./;
my $prepared = qr/Blocked by prepared transaction 'left behind' of role "\Q$user\E", prepared \S+ ago\./;
my $left = sub { my ($identity) = @_; return qr/^ERROR:  55P03: could not execute 2 of 4 statements
DETAIL:  ALTER TABLE "lab"\."a" REPLICA IDENTITY $identity: $reader
ALTER TABLE "lab"\."c" REPLICA IDENTITY $identity: $prepared
HINT:  What was executed is committed\./m };

# Six seconds are enough for a message on the way. Less than max_wait is wrong on any machine; more
# is a matter of load, but not so much more that another rollout, which began before and may wait
# longer, has given up.
my $patient = start_session($node, 'patient');
start_rollout($patient, rollout_of(q{'["ALTER TABLE lab.a REPLICA IDENTITY FULL"]'}, '20 s'));
my ($output, $messages, $milliseconds) = output_of($node, rollout_of($full, '6 s'));
is($node->safe_psql('postgres', "SELECT count(pg_cancel_backend(pid)) FROM pg_stat_activity WHERE application_name = 'patient' AND state = 'active'"), 1,
	'max_wait: over before that of a rollout that may wait longer');
finish_rollout($patient);
$patient->quit;
like($messages, $left->('FULL'), 'max_wait: the error names what is left and who blocks it');
is(identities($node, 'lab'), 'a:d b:f c:d d:f', 'max_wait: the others are done');
like($messages, qr/^NOTICE:  00000: 2 of 4 statements done, 2 waiting\nDETAIL:  Tables that are locked: "lab\.a", "lab\.c"\.$/m,
	'max_wait: it says what it waits for');
cmp_ok($milliseconds, '>=', 6000, 'max_wait: not shorter');
diag(sprintf 'max_wait of 6 s: %.0f ms', $milliseconds);

($output, $messages, $milliseconds) = output_of($node, rollout_of($default, '0'));
like($messages, $left->('DEFAULT'), 'without max_wait the error is the same');
is(identities($node, 'lab'), 'a:d b:d c:d d:d', 'without max_wait what is free is done');

$node->safe_psql('postgres', 'CREATE PUBLICATION cdc FOR TABLE lab.b');
($output, $messages, $milliseconds) = output_of($node, rollout_of(
	q{'["ALTER TABLE lab.a REPLICA IDENTITY FULL", "ALTER PUBLICATION cdc SET (publish = ''insert'')"]'}, '0'));
like($messages, qr/^DETAIL:  ALTER TABLE lab\.a REPLICA IDENTITY FULL: $reader\nALTER PUBLICATION cdc SET \(publish = 'insert'\): It waits for an earlier statement\.$/m,
	'what waits for an earlier statement says so');
$node->safe_psql('postgres', 'DROP PUBLICATION cdc');

# Everything is free in time: no error, although it was not at first.
$node->safe_psql('postgres', q{ROLLBACK PREPARED 'left behind'});
my $deploy = start_session($node, 'rollout');
start_rollout($deploy, rollout_of($full));
wait_for_identities($node, 'lab', 'b:f c:f d:f');
is(identities($node, 'lab'), 'a:d b:f c:f d:f', 'all but one');
$holder->query_safe('COMMIT');
($output, $messages, $milliseconds) = finish_rollout($deploy);
is(without_progress($messages, $milliseconds), '', 'which is done when it is free');
is(identities($node, 'lab'), 'a:f b:f c:f d:f', 'and then all are done');

# Interrupted while it waits: what is done stays done, and the error says how much that is.
sub interrupted_rollout
{
	my ($title, $sqlstate, $interrupt, $settings) = @_;
	make_tables(qw(a b c d));
	$holder->query_safe('BEGIN; SELECT id FROM lab.b');
	my $session = start_session($node, 'interrupted', $settings);
	start_rollout($session, rollout_of($full));
	# A timeout comes when it comes, perhaps before three are done.
	if ($interrupt)
	{
		wait_for_identities($node, 'lab', 'a:f .*c:f d:f');
		my $pid = wait_until_asleep($node, 'interrupted');
		$node->safe_psql('postgres', "SELECT $interrupt($pid)");
	}
	$session->{run}->pump until $session->{stderr} =~ /^DETAIL.*\n.*\n/m || $session->{timeout}->is_expired;
	like($session->{stderr}, qr/(ERROR|FATAL):  $sqlstate: .*\nDETAIL:  \d of 4 statements are done and stay done\.$/m,
		"$title: $sqlstate, and what is done");
	my ($count) = $session->{stderr} =~ /(\d) of 4 statements are done/;
	is($count, 3, "$title: all but one") if $interrupt;
	my @done = (qw(a c d))[ 0 .. $count - 1 ];
	is(identities($node, 'lab'), join(' ', map { my $table = $_; "$table:" . ((grep { $_ eq $table } @done) ? 'f' : 'd') } qw(a b c d)), "$title: and it is");
	is($node->safe_psql('postgres', q{SELECT count(*) FROM pg_locks l JOIN pg_class c ON c.oid = relation
		WHERE relnamespace = 'lab'::regnamespace AND mode = 'AccessExclusiveLock'}), '0', "$title: no lock left");
	$holder->query_safe('COMMIT');
	return $session;
}

for my $case (['cancel', '57014', 'pg_cancel_backend'], ['statement_timeout', '57014', undef, "SET statement_timeout = '2s'"])
{
	my $session = interrupted_rollout(@$case);
	finish_rollout($session);
	is($session->query("SET statement_timeout = 0; SELECT current_setting('lock_timeout')"), '0', "$case->[0]: the session goes on");
	start_rollout($session, rollout_of($full));
	finish_rollout($session);
	is(identities($node, 'lab'), 'a:f b:f c:f d:f', "$case->[0]: and does the rest");
	$session->quit;
}
my $terminated = interrupted_rollout('terminate', '57P01', 'pg_terminate_backend');
$terminated->{run}->finish;

# The server is lost between any two statements: each table is done or not, and another rollout does the rest.
$node->safe_psql('postgres', 'SET client_min_messages = error; DROP SCHEMA lab CASCADE; CREATE SCHEMA lab');
$node->safe_psql('postgres', q{
	CREATE FUNCTION stop_halfway() RETURNS event_trigger LANGUAGE plpgsql AS $$
	BEGIN
		WHILE (SELECT count(*) = 150 FROM pg_class WHERE relnamespace = 'lab'::regnamespace AND relreplident = 'f') LOOP
			PERFORM pg_sleep(0.01);
		END LOOP;
	END $$;
	CREATE EVENT TRIGGER stop_halfway ON ddl_command_end WHEN TAG IN ('ALTER TABLE') EXECUTE FUNCTION stop_halfway();
	DO $$ BEGIN FOR number IN 1..300 LOOP EXECUTE format('CREATE TABLE lab.t%s (id int)', number); END LOOP; END $$;
});
my $count_full = q{SELECT count(*) FROM pg_class WHERE relnamespace = 'lab'::regnamespace AND relreplident = 'f'};
start_rollout($deploy, rollout_of($full));
# The trigger of the 150th statement sees what that one does.
$node->poll_query_until('postgres', "SELECT count(*) = 1 FROM pg_stat_activity WHERE wait_event = 'PgSleep'") or die 'the rollout does not come halfway';
$node->stop('immediate');
$deploy->{run}->finish;
$holder->{run}->finish;
$node->start;
# Nobody was told of any of them, so the last ones may be gone; rollout_durability.pl is about what was told.
cmp_ok($node->safe_psql('postgres', $count_full), '<=', 149, 'immediate stop: what was not done is not there');
$node->safe_psql('postgres', 'DROP EVENT TRIGGER stop_halfway');
$node->safe_psql('postgres', rollout_of("dj_deploy.set_replica_identity('lab', 'full', dry_run => true, skip_unchanged => true)"));
is($node->safe_psql('postgres', $count_full), '300', 'immediate stop: another rollout does it');
$node->stop;

# More tables than fit into the lock table, which on 18 has room for them with the default of 100
# connections. Otherwise these are PostgreSQL's defaults, which are not those of a test server.
my $big = new_server('big',
	wal_level => 'logical', max_wal_senders => 10, max_connections => 20, shared_buffers => '128MB', log_statement => 'none');
my $tables = 13_500;
$big->safe_psql('postgres', qq{
	CREATE SCHEMA big;
	CREATE PROCEDURE make_tables() LANGUAGE plpgsql AS \$\$
	BEGIN
		FOR number IN 1..$tables LOOP
			EXECUTE format('CREATE TABLE big.t%s (id int)', number);
			IF number % 2000 = 0 THEN COMMIT; END IF;
		END LOOP;
	END \$\$;
	CALL make_tables();
});
like(error_of($big, q{DO $$
	DECLARE target record;
	BEGIN
		FOR target IN SELECT relname FROM pg_class WHERE relnamespace = 'big'::regnamespace ORDER BY relname LOOP
			EXECUTE format('ALTER TABLE big.%I REPLICA IDENTITY FULL', target.relname);
		END LOOP;
	END $$}), qr/^ERROR:  53200: out of shared memory$/m, 'a loop in PL/pgSQL runs out of locks');
my $count_big = q{(SELECT count(*) FROM pg_class WHERE relnamespace = 'big'::regnamespace AND relreplident = 'f')};
is($big->safe_psql('postgres', "SELECT $count_big"), '0', 'and has done nothing');

# Samples the backend: its locks on tables of the schema, and the memory of its own in kB, until it
# has come to an end.
$deploy = start_session($big, 'rollout');
my $pid = $deploy->query_safe('SELECT pg_backend_pid()');
my $observer = $big->background_psql('postgres');
start_rollout($deploy, rollout_of(q{dj_deploy.set_replica_identity('big')}));
my ($samples, $most_locks, $first, $most, $is_done) = (0, 0);
until ($is_done)
{
	my ($at, $locks, $memory) = split /\|/, $observer->query_safe(qq{
		SELECT $count_big,
			(SELECT count(DISTINCT relation) FROM pg_locks WHERE pid = $pid AND relation >= 16384),
			substring(pg_read_file('/proc/$pid/status') FROM 'RssAnon:\\s+(\\d+)')});
	$is_done = $big->safe_psql('postgres', "SELECT state <> 'active' FROM pg_stat_activity WHERE pid = $pid") eq 't' if $at == $tables;
	next if $at == 0;
	$samples++;
	$first //= $memory;
	$most = $memory if $memory > ($most // 0);
	$most_locks = $locks if $locks > $most_locks;
}
($output, $messages) = finish_rollout($deploy);
unlike($messages, qr/ERROR/, 'rollout has no such limit');
like($output, qr/"tables_analyzed": $tables, "tables_modified": $tables\}$/, 'all are done');
cmp_ok($samples, '>', 1, "it was looked at meanwhile");
cmp_ok($most_locks, '<=', 2, 'it holds hardly a lock');
# AddressSanitizer keeps what was freed.
cmp_ok($ENV{ASAN_OPTIONS} ? 0 : $most - $first, '<', 20 * 1024, "its memory stays (from $first to $most kB)");
diag("$samples samples: at most $most_locks locks on tables, memory from $first to $most kB");
$_->quit for $deploy, $observer;

# What comes before in a pipeline would be committed with the first statement. From 18 on a pipeline
# is a transaction block.
{
	my $script = PostgreSQL::Test::Utils::tempdir() . '/pipeline.sql';
	append_to_file($script, "\\startpipeline\nCREATE TABLE before_it ();\nCALL dj_deploy.rollout('[]', false);\n\\endpipeline\n");
	$big->command_fails_like(
		[ 'pgbench', '-n', '-t', '1', '-M', 'extended', '-f', $script, $big->connstr('postgres') ],
		qr/rollout cannot (be executed within a pipeline|run inside a transaction block)/, 'a pipeline is refused');
	is($big->safe_psql('postgres', "SELECT to_regclass('before_it') IS NULL"), 't', 'and nothing of it is left');
}

done_testing();
