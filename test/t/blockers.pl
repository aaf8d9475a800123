# Background processes in the way are named by what they are: in the error of a lock that is not to
# be had, by rollout and by blockers, also to a role that may not see what others do. An autovacuum
# that prevents wraparound does not give way to those who wait for its lock: whoever meets it is
# told so, and what to do. An ordinary one, which would give way, is told apart.
use strict;
use warnings FATAL => 'all';

use FindBin;
use lib "$FindBin::RealBin/lib";
use Deploy;
use Test::More;
use Workers;

# The longest pauses there are, so that a vacuum is at work until it is told to end. An ordinary one
# would give way to the lock of a set_ function after deadlock_timeout.
my $node = new_server('main',
	autovacuum => 'off', autovacuum_naptime => '1s', autovacuum_freeze_max_age => 100000, vacuum_freeze_min_age => 0,
	autovacuum_vacuum_cost_delay => '100ms', autovacuum_vacuum_cost_limit => 1, deadlock_timeout => '600s',
	'dj_deploy.lock_timeout' => '20ms');
my $version = $node->safe_psql('postgres', 'SHOW server_version_num');

$node->safe_psql('postgres', q{
	CREATE SCHEMA lab;
	CREATE TABLE lab.session (id int, note text) WITH (autovacuum_vacuum_threshold = 0, autovacuum_vacuum_scale_factor = 0);
	INSERT INTO lab.session SELECT number, repeat('x', 1000) FROM generate_series(1, 20000) number;
	CREATE SCHEMA rig;
	CREATE TABLE rig.indexed (id int PRIMARY KEY);
	CREATE ROLE keeper LOGIN;
	GRANT ALL ON SCHEMA lab TO keeper;
	ALTER TABLE lab.session OWNER TO keeper;
	CREATE PROCEDURE lab.burn(transactions int) LANGUAGE plpgsql AS $$
	BEGIN
		FOR number IN 1 .. transactions LOOP
			PERFORM pg_current_xact_id();
			COMMIT;
		END LOOP;
	END $$;
});

# Turns autovacuum on and waits until a worker with that query holds the table's lock; returns its process id.
sub start_vacuum
{
	my ($query) = @_;
	$node->safe_psql('postgres', 'ALTER SYSTEM SET autovacuum = on');
	$node->reload;
	my $worker = qq{FROM pg_stat_activity a JOIN pg_locks l ON l.pid = a.pid AND l.relation = 'lab.session'::regclass AND l.granted
		WHERE a.backend_type = 'autovacuum worker' AND a.query LIKE '$query'};
	$node->poll_query_until('postgres', "SELECT count(*) > 0 $worker") or die "no $query";
	return $node->safe_psql('postgres', "SELECT DISTINCT a.pid $worker");
}

# Nor does another one begin. What begins against wraparound all the same has no pauses.
sub stop_vacuum
{
	my ($pid, $is_last) = @_;
	$node->safe_psql('postgres', 'ALTER SYSTEM SET autovacuum = off');
	$node->safe_psql('postgres', 'ALTER SYSTEM SET autovacuum_vacuum_cost_delay = 0') if $is_last;
	$node->reload;
	$node->safe_psql('postgres', "SELECT pg_terminate_backend($pid, 180000)");
	return;
}

sub error_of_keeper
{
	my ($sql) = @_;
	my ($status, $output, $errors) = $node->psql('postgres', $sql, extra_params => [ '-U', 'keeper' ]);
	return $errors;
}

my $change = q{SELECT dj_deploy.set_replica_identity('lab', 'full', dry_run => false)};
my $rollout = q{CALL dj_deploy.rollout('["ALTER TABLE lab.session REPLICA IDENTITY FULL"]', %s, '0')};
my $age = qr/transaction open for [\d:]+/;
my $unknown = qr/age of its transaction unknown/;
my $blockers = q{SELECT pid, role, application FROM dj_deploy.blockers('lab') WHERE mode = 'ShareUpdateExclusiveLock' AND granted};

# An ordinary one.
$node->safe_psql('postgres', 'DELETE FROM lab.session WHERE id % 2 = 0');
my $pid = start_vacuum('autovacuum: VACUUM%lab.session');
my $error = error_of($node, $change);
like($error, qr/^ERROR:  55P03: could not obtain lock on table "lab\.session" within 20 ms$/m, 'an ordinary autovacuum is in the way');
like($error, qr/^DETAIL:  Blocked by autovacuum, process $pid \($age\)\.\nHINT:  Retry once the table is free, or/m, 'and named');
is($node->safe_psql('postgres', $blockers), "$pid||autovacuum", 'blockers');
like(error_of_keeper($change), qr/^DETAIL:  Blocked by autovacuum, process $pid \($unknown\)\.\nHINT:  Retry once the table is free/m,
	'by a role that may not see what it does');
stop_vacuum($pid);

# One against wraparound.
$node->safe_psql('postgres', 'CALL lab.burn(110000)');
$pid = start_vacuum('autovacuum: VACUUM%lab.session (to prevent wraparound)');
my $name = qr/Blocked by autovacuum \(to prevent wraparound\), process $pid/;
my $consequence = quotemeta 'An autovacuum to prevent wraparound does not give way to those who wait for its lock, '
  . 'as an ordinary one does; pg_stat_progress_vacuum shows how far it is.';
my $hint = qr/Retry when the vacuum is done, or allow a wait that long with lock_timeout or dj_deploy\.lock_timeout\./;
my $faster = $version >= 160000 ? qr/A higher autovacuum_vacuum_cost_limit .* speeds it up/ : qr/It ends sooner when VACUUM of the table/;

$error = error_of($node, $change);
like($error, qr/^ERROR:  55P03: could not obtain lock on table "lab\.session" within 20 ms$/m, 'one against wraparound is in the way');
like($error, qr/^DETAIL:  $name \($age\)\.\n$consequence\nHINT:  $hint $faster/m, 'what it is, what follows, and what can be done');
$error = error_of_keeper($change);
like($error, qr/^DETAIL:  $name \($unknown\)\.\n$consequence\nHINT:  $hint $faster/m, 'also to a role that may not see what it does');
is($node->safe_psql('postgres', $blockers), "$pid||autovacuum (to prevent wraparound)", 'blockers');
is($node->safe_psql('postgres', "SET ROLE keeper; $blockers"), "$pid||autovacuum (to prevent wraparound)", 'blockers of that role');
like(error_of($node, sprintf $rollout, 'true'), qr/^NOTICE:  00000: table "lab\.session" is locked at the moment\nDETAIL:  $name \($age\)\.\n$consequence$/m,
	'dry run of rollout');
like(error_of($node, sprintf $rollout, 'false'), qr/REPLICA IDENTITY FULL: $name \($age\)\.\n$consequence$/m, 'rollout');
is(identities($node, 'lab'), 'session:d', 'nothing was changed');

# Beside it a session of a client is still what it was.
my $holder = $node->background_psql('postgres');
$holder->query_safe(q{SET application_name = 'holder'; BEGIN; LOCK TABLE lab.session IN ACCESS SHARE MODE});
like(error_of($node, $change), qr/^DETAIL:  (?=(?:.*\n)*?$name)(?:.*\n)*?Blocked by process \d+ \(role "\w+", application "holder", $age\)\.$/m,
	'another blocker beside it');
$holder->quit;
stop_vacuum($pid, 'last');

# A worker of our own, which waits for a reader to end. It has the caller's role and application_name.
my $reader = $node->background_psql('postgres');
$reader->query_safe('BEGIN; SELECT count(*) FROM rig.indexed');
my $call = start_call($node, q{CALL dj_deploy.reindex('rig.indexed'::regclass, false)});
wait_for($node, 1, "wait_event = 'virtualxid'");
$pid = $node->safe_psql('postgres', q{SELECT pid FROM pg_stat_activity WHERE backend_type = 'datajoint_deploy worker'});
my $role = $node->safe_psql('postgres', 'SELECT current_user');
is($node->safe_psql('postgres', $blockers =~ s/'lab'/'rig'/r), "$pid|$role|run (datajoint_deploy worker)", 'blockers: a worker of our own');
like(error_of($node, q{CALL dj_deploy.rollout('["ALTER TABLE rig.indexed SET (autovacuum_enabled = off)"]')}),
	qr/^DETAIL:  Blocked by datajoint_deploy worker, process $pid \(role "\Q$role\E", application "run", transaction open for [^)]+\)\.$/m,
	'dry run of rollout');
$reader->quit;
call_ends('the worker has what it waited for', $call, qr/^$/);

# It is done when nobody holds the lock any more.
$node->safe_psql('postgres', "SET dj_deploy.lock_timeout = '180s'; $change");
is(identities($node, 'lab'), 'session:f', 'and afterwards the change is made');

done_testing();
