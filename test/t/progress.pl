# A run says every five seconds how far it is, and no more often: a short one says nothing.
# Meanwhile pg_stat_activity shows others what the session is at, and afterwards its query again.
use strict;
use warnings FATAL => 'all';

use FindBin;
use lib "$FindBin::RealBin/lib";
use Deploy;
use IPC::Run;
use PostgreSQL::Test::Utils;
use Test::More;
use Workers;

my $node = new_server('main', compute_query_id => 'on');
$node->safe_psql('postgres', 'CREATE SCHEMA lab; ' . join '', map { "CREATE TABLE lab.t$_ (id int PRIMARY KEY);" } 1 .. 3);
# However long it takes here.
my ($output, $messages) = ('', '');
$node->psql('postgres', "\\timing on\n" . full_run('lab'), stdout => \$output, stderr => \$messages);
my ($milliseconds) = $output =~ /^Time: ([\d.]+) ms/m;
cmp_ok(scalar(() = without_summary($messages) =~ /NOTICE/g), '<=', int($milliseconds / 5000), 'a short run says nothing');

# More than five seconds for each of the first two tables, so that a message is due before the
# second and before the third.
$node->safe_psql('postgres', q{
	CREATE FUNCTION take_time() RETURNS event_trigger LANGUAGE plpgsql AS $$ BEGIN PERFORM pg_sleep(5.1) FROM pg_event_trigger_ddl_commands() WHERE object_identity <> 'lab.t3'; END $$;
	CREATE EVENT TRIGGER take_time ON ddl_command_end WHEN TAG IN ('ALTER TABLE') EXECUTE FUNCTION take_time();
});
my $status = $node->psql('postgres', full_run('lab'), stderr => \my $long);
is($status, 0, 'the long run succeeds');
is(join(', ', $long =~ /NOTICE:  (\d of \d statements done)$/mg), '1 of 3 statements done, 2 of 3 statements done', 'the long run says how far it is');
$node->safe_psql('postgres', 'DROP EVENT TRIGGER take_time; DROP SCHEMA lab CASCADE');

# What pg_stat_activity has of a session once the session is there.
sub shown
{
	my ($pid, $state) = @_;
	$node->poll_query_until('postgres', "SELECT count(*) = 1 FROM pg_stat_activity WHERE pid = $pid AND $state")
	  or die "never $state: " . $node->safe_psql('postgres', "SELECT state, wait_event, query FROM pg_stat_activity WHERE pid = $pid");
	return $node->safe_psql('postgres', "SELECT query FROM pg_stat_activity WHERE pid = $pid");
}

sub query_becomes
{
	my ($title, $pid, $expected) = @_;
	local $Test::Builder::Level = $Test::Builder::Level + 1;
	my $is_there = eval { shown($pid, "query = \$query\$$expected\$query\$") };
	return is($is_there // $@, $expected, $title);
}

# A session that has done something and stays in its transaction.
sub transaction
{
	my ($sql) = @_;
	my $session = $node->background_psql('postgres');
	$session->query_safe("SET client_min_messages = warning; BEGIN; $sql");
	return $session;
}

my $waits = "wait_event_type = 'Lock'";
my $sleeps = "wait_event = 'advisory'";

# A call as the owner of the tables, who is no superuser.
sub start_run
{
	my ($sql, %options) = @_;
	local $ENV{PGUSER} = 'deployer';
	return start_call($node, $sql, %options);
}

$node->safe_psql('postgres', q{
	CREATE ROLE deployer LOGIN;
	GRANT CREATE ON DATABASE postgres TO deployer;
	SET ROLE deployer;
	CREATE SCHEMA lab;
	CREATE TABLE lab.a (id int PRIMARY KEY);
	CREATE TABLE lab."B b" (id int PRIMARY KEY);
	CREATE TABLE lab.c (id int PRIMARY KEY);
	CREATE SCHEMA other;
	CREATE TABLE other.d (id int PRIMARY KEY);
	CREATE PUBLICATION cdc;
});

my $document = '{"version": 1, "schemas": {"lab": {"replica_identity": "full", "autovacuum": {"autovacuum_enabled": false}}}}';
my $statements = {
	set_replica_identity => ["SELECT dj_deploy.set_replica_identity('lab', 'full', false)", 3],
	set_publication_membership => ["SELECT dj_deploy.set_publication_membership('lab', 'cdc', false)", 3],
	set_autovacuum => [q{SELECT dj_deploy.set_autovacuum('lab', '{"autovacuum_enabled": false}', false)}, 3],
	set_grants => ["SELECT dj_deploy.set_grants('lab', 'pg_monitor', 'read', false)", 4],
	apply => ["SELECT dj_deploy.apply('$document', false)", 6],
};
for my $name (sort keys %$statements)
{
	my ($call, $count) = @{ $statements->{$name} };
	my $holder = transaction('LOCK TABLE lab."B b" IN ACCESS EXCLUSIVE MODE');
	my $run = start_run("BEGIN;\n$call");
	is(shown($run->{pid}, $waits), qq(dj_deploy.$name: 0 of $count statements, waiting for lab."B b"), "$name: others see what it waits for");
	is($node->safe_psql('postgres', "SET ROLE deployer; SELECT state FROM pg_stat_activity WHERE pid = $run->{pid} AND query ~ '^dj_deploy'"),
		'active', "$name: as do other sessions of the role");
	$holder->quit;
	finish_call($run);
	is(shown($run->{pid}, "state = 'idle in transaction'"), "$call;", "$name: its query is back");
	end_session($run);
}

# Errors, cancellations and everything that catches them.
my ($call) = @{ $statements->{set_replica_identity} };
{
	my $holder = transaction('LOCK TABLE lab."B b" IN ACCESS EXCLUSIVE MODE');
	my $log_start = -s $node->logfile;
	my $run = start_run("BEGIN;\nSET LOCAL lock_timeout = 1;\n$call");
	my (undef, $messages) = finish_call($run);
	like($messages, qr/55P03/, 'a lock timeout');
	is(shown($run->{pid}, "state = 'idle in transaction (aborted)'"), "$call;", 'after an error the query is back');
	my $log = slurp_file($node->logfile, $log_start);
	like($log, qr/STATEMENT:  \Q$call\E/, 'the log has the query');
	unlike($log, qr/(?:STATEMENT|statement): +dj_deploy\./, 'and nothing else');
	end_session($run);

	$run = start_run($call);
	shown($run->{pid}, $waits);
	$node->safe_psql('postgres', "SELECT pg_cancel_backend($run->{pid})");
	finish_call($run);
	is(shown($run->{pid}, "state = 'idle'"), "$call;", 'after a cancellation, too');
	end_session($run);

	my $key = hold($node, 7);
	my $block = "DO 'BEGIN PERFORM dj_deploy.set_replica_identity(''lab'', ''full'', false); EXCEPTION WHEN lock_not_available THEN SET lock_timeout = 0; PERFORM pg_advisory_xact_lock(7); END'";
	$run = start_run($block, settings => 'SET lock_timeout = 1');
	is(shown($run->{pid}, $sleeps), "$block;", 'a block that has caught the error shows its own text');
	let_go($key);
	end_session($run);
	$holder->quit;
}

# The columns beside the query: of the statement, whatever the call reports. Two waits, and what
# comes after them in the statement.
{
	my $columns = 'SELECT query_id, query_start, state_change, state FROM pg_stat_activity WHERE pid =';
	my $key = hold($node, 7);
	my $last = transaction('LOCK TABLE lab.c IN ACCESS EXCLUSIVE MODE');
	my $query = "$call, pg_advisory_xact_lock(7)";
	my $run = start_run($query);
	is(shown($run->{pid}, $waits), 'dj_deploy.set_replica_identity: 0 of 3 statements, waiting for lab.c', 'a call in a longer statement');
	my $during = $node->safe_psql('postgres', "$columns $run->{pid}");
	$last->quit;
	is(shown($run->{pid}, $sleeps), "$query;", 'what the statement does after the call has its own text');
	is($node->safe_psql('postgres', "$columns $run->{pid}"), $during, 'query_id, query_start, state_change and state do not change');
	like($during, qr/^-?[1-9]\d*\|.*\|active$/, 'and are those of a statement that runs');
	let_go($key);
	end_session($run);
}

# Each statement; and a call in the course of another one.
{
	$node->safe_psql('postgres', q{
		CREATE FUNCTION stop() RETURNS event_trigger LANGUAGE plpgsql AS $$
		DECLARE
			called text;
		BEGIN
			SELECT object_identity INTO called FROM pg_event_trigger_ddl_commands();
			IF called = 'lab.a' THEN
				PERFORM dj_deploy.set_autovacuum('other', '{"autovacuum_enabled": false}', false);
				PERFORM pg_advisory_xact_lock(7);
			ELSIF called = 'lab.c' THEN
				PERFORM pg_advisory_xact_lock(8);
			END IF;
		END $$;
		CREATE EVENT TRIGGER stop ON ddl_command_end WHEN TAG IN ('ALTER TABLE') EXECUTE FUNCTION stop();
	});
	my ($key, $last_key) = (hold($node, 7), hold($node, 8));
	my $holder = transaction('LOCK TABLE other.d');
	my $run = start_run($call);
	is(shown($run->{pid}, "wait_event = 'relation'"), 'dj_deploy.set_autovacuum: 0 of 1 statements, waiting for other.d', 'a call within a call');
	$holder->quit;
	is(shown($run->{pid}, $sleeps), 'dj_deploy.set_replica_identity: 1 of 3 statements, at lab.a', 'then the outer one, with the statement that it is at');
	let_go($key);
	query_becomes('and the next one', $run->{pid}, 'dj_deploy.set_replica_identity: 2 of 3 statements, at lab.c');
	let_go($last_key);
	finish_call($run);
	is(shown($run->{pid}, "state = 'idle'"), "$call;", 'and at last the query');
	end_session($run);
	$node->safe_psql('postgres', 'DROP EVENT TRIGGER stop');
}

# Other waits: for the catalog while it plans, for another run, for a publication, for maintenance.
{
	my $holder = transaction('LOCK TABLE pg_publication_rel');
	my $run = start_run($statements->{set_publication_membership}[0]);
	is(shown($run->{pid}, $waits), 'dj_deploy.set_publication_membership: planning', 'planning');
	$holder->quit;
	finish_call($run);
	end_session($run);

	$holder = transaction("SET ROLE deployer; $call");
	$run = start_run($call);
	is(shown($run->{pid}, $waits), 'dj_deploy.set_replica_identity: 0 of 3 statements, waiting for schema lab', 'the turn of another run');
	$holder->quit;
	finish_call($run);
	end_session($run);

	$holder = transaction("SET ROLE deployer; SELECT dj_deploy.set_publication_membership('other', 'cdc', false)");
	$run = start_run("SELECT dj_deploy.set_publication_membership('lab', 'cdc', false, false)");
	is(shown($run->{pid}, $waits), 'dj_deploy.set_publication_membership: 0 of 3 statements, waiting for publication cdc', 'a publication');
	$holder->quit;
	finish_call($run);
	end_session($run);
}

# Maintenance: the session, and its worker, which waits for the table, for that of an index, or for its turn.
sub maintenance_waits
{
	my ($name, $options, $expected) = @_;
	my $run = start_run("CALL dj_deploy.$name('lab', false$options)");
	wait_for($node, 1, $waits);
	my $worker = $node->safe_psql('postgres', "SELECT pid FROM pg_stat_activity WHERE backend_type = 'datajoint_deploy worker'");
	like(shown($worker, "state = 'active'"), $expected, "$name$options: the worker shows the statement before it has the table");
	like(shown($run->{pid}, "query ~ ' at '"), qr/^dj_deploy\.$name: \d of \d statements, at lab\."B b"$/, "$name$options: the session shows where the worker is");
	$node->safe_psql('postgres', "SELECT pg_cancel_backend($run->{pid})");
	finish_call($run);
	is(shown($run->{pid}, "state = 'idle'"), "CALL dj_deploy.$name('lab', false$options);", "$name$options: its query is back");
	end_session($run);
	wait_for($node, 0);
	return;
}

{
	$node->safe_psql('postgres', q{
		SET ROLE deployer;
		CREATE UNIQUE INDEX "B 2" ON lab."B b" (id);
		CREATE INDEX broken ON lab."B b" (id);
		RESET ROLE;
		UPDATE pg_index SET indisvalid = false WHERE indexrelid = 'lab.broken'::regclass;
	});
	my $holder = transaction('LOCK TABLE lab."B b"');
	maintenance_waits('vacuum_analyze', '', qr/^VACUUM .*"lab"\."B b"$/);
	maintenance_waits('reindex', '', qr/^REINDEX TABLE CONCURRENTLY "lab"\."B b"$/);
	maintenance_waits('reindex', ', false', qr/^REINDEX INDEX "lab"\."B(?: 2| b_pkey)"$/);
	$holder->quit;

	$holder = transaction("SET ROLE deployer; $call");
	maintenance_waits('vacuum_analyze', '', qr/^VACUUM .*"lab"\."B b"$/);
	$holder->quit;
	$node->safe_psql('postgres', 'DROP INDEX lab.broken, lab."B 2"');
}
make_tables($node, 'busy', { a => 7 });
{
	my $key = hold($node, 7);
	my $maintenance = start_call($node, "CALL dj_deploy.vacuum_analyze('busy', false)");
	my $worker = waiting_worker($node);
	my $run = start_call($node, full_run('busy'), settings => "SET application_name = 'other'");
	is(shown($run->{pid}, $waits), 'dj_deploy.set_replica_identity: 0 of 1 statements, waiting for schema busy', 'a run waits for maintenance');
	let_go($key);
	finish_call($_) for $maintenance, $run;
	end_session($_) for $maintenance, $run;
}

# Two workers that wait for one process.
make_tables($node, 'two', { a => 7, b => 7, c => 0 });
{
	my $key = hold($node, 7);
	my $holder = $key->query_safe('SELECT pg_backend_pid()');
	my $run = start_call($node, "CALL dj_deploy.vacuum_analyze('two', false, jobs => 3)");
	wait_for($node, 2, $sleeps);
	sleep 3;    # a message is due a second after the third table
	let_go($key);
	like((finish_call($run))[1], qr/NOTICE:  00000: 1 of \d statements done\nDETAIL:  Waiting for process $holder\.\n/, 'who several workers wait for is named once');
	end_session($run);
}

# A rollout waits for a table at the back of the line, or executes a statement.
{
	my $rollout = "CALL dj_deploy.rollout(dj_deploy.set_replica_identity('lab', 'full'), false)";
	my $holder = transaction('LOCK TABLE lab."B b"');
	my $run = start_run($rollout);
	query_becomes('rollout: what it waits for, and how much is done', $run->{pid}, 'dj_deploy.rollout: 2 of 3 statements, waiting for lab."B b"');
	$node->safe_psql('postgres', "SELECT pg_cancel_backend($run->{pid})");
	finish_call($run);
	is(shown($run->{pid}, "state = 'idle'"), "$rollout;", 'rollout: cancelled, its query is back');
	end_session($run);

	$run = start_run($rollout =~ s/\)$/, '0')/r);
	like((finish_call($run))[1], qr/55P03/, 'rollout: a table stays busy');
	is(shown($run->{pid}, "state = 'idle'"), $rollout =~ s/\)$/, '0');/r, 'rollout: after the error its query is back');
	$holder->quit;
	end_session($run);

	my $block = "DO \$\$ DECLARE r jsonb; BEGIN " . $rollout =~ s/\)$/, result => r)/r . "; PERFORM pg_advisory_xact_lock(7); END \$\$";
	my $key = hold($node, 7);
	$run = start_run($block);
	is(shown($run->{pid}, $sleeps), "$block;", 'rollout: in a block the text of the block is back');
	let_go($key);
	end_session($run);
}

# The extended protocol: what the server was sent, not what a client has made of it.
{
	my $key = hold($node, 7);
	my $script = $node->basedir . '/call.sql';
	append_to_file($script, "\\set mode random(1, 1)\nSELECT dj_deploy.set_replica_identity('lab', 'full', :mode <> 1), pg_advisory_xact_lock(7);\n");
	my @pgbench = ('pgbench', '--no-vacuum', '--transactions=1', '--protocol=prepared', "--file=$script");
	my $pgbench = IPC::Run::start([ @pgbench, $node->connstr('postgres') . ' application_name=pgbench' ], '>', \my $output, '2>', \my $errors);
	$node->poll_query_until('postgres', "SELECT count(*) = 1 FROM pg_stat_activity WHERE application_name = 'pgbench' AND $sleeps") or die 'pgbench does not come so far';
	is($node->safe_psql('postgres', "SELECT query FROM pg_stat_activity WHERE application_name = 'pgbench'"),
		q{SELECT dj_deploy.set_replica_identity('lab', 'full', $1 <> 1), pg_advisory_xact_lock(7);}, 'a prepared statement has its text back');
	let_go($key);
	ok($pgbench->finish, 'and comes to its end');
}

# Switched off; and without room for all of it, in the middle of a character.
{
	my $holder = transaction('LOCK TABLE lab."B b" IN ACCESS EXCLUSIVE MODE');
	my $run = start_call($node, $call, settings => 'SET track_activities = off');
	is(shown($run->{pid}, "EXISTS (SELECT FROM pg_locks l WHERE l.pid = $run->{pid} AND NOT granted)"), '', 'nothing is shown with track_activities off');
	$holder->quit;
	is((finish_call($run))[1], '', 'and the call works');
	end_session($run);

	my $off = "SELECT set_config('track_activities', 'off', false), dj_deploy.set_replica_identity('lab', 'full', false)";
	$holder = transaction('LOCK TABLE lab."B b" IN ACCESS EXCLUSIVE MODE');
	$run = start_call($node, $off);
	is(shown($run->{pid}, "EXISTS (SELECT FROM pg_locks l WHERE l.pid = $run->{pid} AND NOT granted)"), "$off;", 'nor where the statement has switched it off');
	$holder->quit;
	finish_call($run);
	end_session($run);
}
$node->append_conf('postgresql.conf', 'track_activity_query_size = 100');
$node->restart;
{
	my $table = "\x{c3}\x{a9}" x 31;
	$node->safe_psql('postgres', qq{CREATE SCHEMA "$table"; CREATE TABLE "$table".a (id int)});
	my ($first, $between) = (hold($node, 7), transaction(qq{LOCK TABLE "$table".a}));
	my $last = hold($node, 8);
	my $comment = 'e' . $table x 2;
	my $run = start_call($node, "/* $comment */ SELECT pg_advisory_xact_lock(7), dj_deploy.set_replica_identity('$table', 'full', false), pg_advisory_xact_lock(8)");
	my $before = shown($run->{pid}, $sleeps);
	let_go($first);
	is(shown($run->{pid}, "wait_event = 'relation'"), 'dj_deploy.set_replica_identity: 0 of 1 statements, waiting for "' . substr($table, 0, 34), 'as much as there is room for');
	$between->quit;
	is(shown($run->{pid}, $sleeps), $before, 'and the query as far as it was kept');
	is(length($before), 98, 'which ended in the middle of a character');
	let_go($last);
	end_session($run);
}

done_testing();
