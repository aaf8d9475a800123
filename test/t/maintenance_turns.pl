# reindex and vacuum_analyze beside the set_ functions on the same schema: one follows the other,
# table by table. Where a REINDEX CONCURRENTLY waits for the very transaction that waits for its
# turn, that one is told so (55P03) and the rebuild goes on. A statement stops in an index function
# that waits for an advisory lock, or for the transaction of a writer.
use strict;
use warnings FATAL => 'all';

use FindBin;
use lib "$FindBin::RealBin/lib";
use Deploy;
use Test::More;
use Workers;

my $node = new_server('main', autovacuum => 'off', deadlock_timeout => '100ms');

sub reindex_call { return "CALL dj_deploy.reindex('$_[0]', dry_run => false, jobs => " . ($_[1] // 1) . ')' }
sub vacuum_call { return "CALL dj_deploy.vacuum_analyze('$_[0]', dry_run => false)" }

# Starts a set_ call under a name of its own.
sub start_run
{
	my ($name, $sql, %options) = @_;
	my $settings = "SET application_name = '$name'; SET lock_timeout = 0; SET dj_deploy.lock_timeout = '"
	  . ($options{timeout} // 0) . "'; SET client_min_messages = warning; SET deadlock_timeout = '" . ($options{deadlock_timeout} // '100ms') . "'";
	return start_call($node, $sql, settings => $settings);
}

sub ends_well
{
	my ($title, $call, $output) = @_;
	local $Test::Builder::Level = $Test::Builder::Level + 1;
	my ($said, $messages) = finish_call($call);
	unlike($messages, qr/ERROR|WARNING|FATAL/, "$title: no error");
	like($said, $output, "$title: done");
	$call->quit;
	return;
}

# Until that application waits for the turn that maintenance has taken: sub-object 2 of the schema.
sub wait_for_turn
{
	my ($application, $count) = @_;
	$node->poll_query_until('postgres', qq{
		SELECT count(*) = @{[$count // 1]} FROM pg_locks l JOIN pg_stat_activity a USING (pid)
		WHERE a.application_name = '$application' AND l.locktype = 'object' AND l.objsubid = 2 AND NOT l.granted})
	  or die "$application does not wait for its turn";
	return;
}

my $modified = qr/"tables_modified": [1-9]/;

# A function waits until the statement at hand has ended, and not for the whole run: the next
# statement comes after it.
for my $operation (qw(vacuum reindex))
{
	make_tables($node, 'lab', { a => 1, b => 2, c => 0 });
	my ($first, $second) = (hold($node, 1), hold($node, 2));
	my $maintenance = start_call($node, $operation eq 'vacuum' ? vacuum_call('lab') : reindex_call('lab'));
	wait_for($node, 1, "wait_event = 'advisory'");
	my $run = start_run('grants', "SELECT dj_deploy.set_grants('lab', 'public', 'read', dry_run => false)");
	wait_for_turn('grants');
	is($node->safe_psql('postgres', "SELECT has_table_privilege('public', 'lab.c', 'SELECT')"), 'f', "$operation: set_grants waits");
	if ($operation eq 'vacuum')
	{
		let_go($first);
		ends_well("$operation: set_grants", $run, $modified);
		wait_for($node, 1, "wait_event = 'advisory'");
		is($node->safe_psql('postgres', "SELECT count(*) FROM pg_stat_activity WHERE query ~ 'VACUUM.*\"b\"' AND backend_type = 'datajoint_deploy worker'"),
			'1', 'vacuum: its next statement comes after that');
	}
	else
	{
		# The rebuild gets to where it waits for older snapshots, and so for that of the function.
		let_go($first);
		my ($output, $messages) = finish_call($run);
		like($messages, qr/ERROR:  55P03: could not obtain lock on schema "lab": its maintenance waits for this transaction\nDETAIL:  Blocked by datajoint_deploy worker, process \d+ /,
			'reindex: the run that it waits for is told');
		like($messages, qr/HINT:  Retry once reindex or vacuum_analyze has finished its current table\./, 'reindex: and what to do');
		@$run{qw(stdout stderr)} = ('', '');
		is(($run->query("SELECT has_table_privilege('public', 'lab.c', 'SELECT')"))[0], 'f', 'reindex: nothing applied, and the session goes on');
		$run->quit;
	}
	let_go($second);
	ends_well("$operation goes on", $maintenance, qr/"tables_modified": 3/);
	is(invalid_indexes($node), '', "$operation: no invalid index");
}

# The deadlock of old: a writer holds the table, reindex waits for it, set_replica_identity queues
# up, the writer commits. The run notices even where nothing else would for an hour.
for my $case ([ '0', '100ms' ], [ '1h', '100ms' ], [ '0', '1h' ])
{
	my ($timeout, $deadlock_timeout) = @$case;
	make_tables($node, 'lab', { a => 0, b => 0 });
	my $writer = $node->background_psql('postgres');
	$writer->query_safe("BEGIN; UPDATE lab.a SET value = value");
	my $reindex = start_call($node, reindex_call('lab'));
	wait_for($node, 1, "wait_event = 'virtualxid'");
	my $run = start_run('identity', full_run('lab'), timeout => $timeout, deadlock_timeout => $deadlock_timeout);
	wait_for_turn('identity');
	$writer->query_safe('COMMIT');
	my ($output, $messages) = finish_call($run);
	like($messages, qr/ERROR:  55P03: could not obtain lock on schema "lab": its maintenance waits/,
		"timeout $timeout, $deadlock_timeout: set_replica_identity is told");
	$run->quit;
	ends_well("timeout $timeout, $deadlock_timeout: reindex", $reindex, qr/"tables_modified": 2/);
	is(invalid_indexes($node), '', "timeout $timeout, $deadlock_timeout: no invalid index");
	is(identities($node, 'lab'), 'a:d b:d', "timeout $timeout, $deadlock_timeout: nothing applied");
	$node->safe_psql('postgres', full_run('lab'));
	is(identities($node, 'lab'), 'a:f b:f', "timeout $timeout, $deadlock_timeout: afterwards it is");
	$writer->quit;
}

# A rebuild looks for a deadlock after everybody else, also where deadlock_timeout is so short that
# they might not have looked yet.
for my $case ([ '1ms', '10s' ], [ '2s', '20s' ])
{
	my ($short, $patient) = @$case;
	make_tables($node, 'lab', { a => 0 });
	$node->safe_psql('postgres', q{
		CREATE FUNCTION lab.tell(id int) RETURNS int IMMUTABLE LANGUAGE plpgsql AS
			$$BEGIN RAISE WARNING 'deadlock_timeout %', current_setting('deadlock_timeout'); RETURN id; END$$;
		CREATE TABLE lab.b (id int); INSERT INTO lab.b VALUES (1); CREATE INDEX ON lab.b (lab.tell(id))});
	my $reindex = start_call($node, reindex_call('lab'), settings => "SET deadlock_timeout = '$short'");
	my ($output, $messages) = finish_call($reindex);
	like($messages, qr/WARNING:  01000: deadlock_timeout $patient\n/, "deadlock_timeout $short: a rebuild waits $patient before it looks for one");
	$reindex->quit;
}

# A run waits for another run, that one for the rebuild, and the rebuild for the first one's
# snapshot. It is told by whichever of the two looks for a deadlock first, and no 40P01.
{
	make_tables($node, 'lab', { a => 0 });
	my $old = $node->background_psql('postgres', on_error_stop => 0);
	$old->query_safe("\\set VERBOSITY verbose\nSET client_min_messages = warning; SET lock_timeout = 0; SET dj_deploy.lock_timeout = 0;"
		  . "SET deadlock_timeout = '10ms'; BEGIN ISOLATION LEVEL REPEATABLE READ; SELECT count(*) FROM pg_type");
	my $reindex = start_call($node, reindex_call('lab'));
	wait_for($node, 1, "wait_event = 'virtualxid'");
	my $run = start_run('between', "SET deadlock_timeout = '1h'; SELECT dj_deploy.set_grants('lab', 'public', 'read', dry_run => false)");
	wait_for_turn('between');
	$old->query("SELECT dj_deploy.set_autovacuum('lab', '{\"autovacuum_enabled\": false}', false)");
	like($old->{stderr}, qr/ERROR:  55P03: could not obtain lock on schema "lab": (the run that has its turn|its maintenance) waits for this transaction/,
		'a circle of three: 55P03');
	$old->quit;
	my ($output, $messages) = finish_call($run);
	unlike($messages, qr/40P01/, 'a circle of three: no 40P01');
	$run->quit;
	ends_well('a circle of three: reindex', $reindex, qr/"tables_modified": 1/);
}

# The turn is waited for as long as a table.
{
	make_tables($node, 'lab', { a => 1 });
	my $holder = hold($node, 1);
	my $vacuum = start_call($node, vacuum_call('lab'));
	wait_for($node, 1, "wait_event = 'advisory'");
	my $run = start_run('impatient', full_run('lab'), timeout => '250ms');
	my ($output, $messages) = finish_call($run);
	like($messages, qr/ERROR:  55P03: could not obtain lock on schema "lab" within 250 ms\nDETAIL:  Blocked by datajoint_deploy worker, process \d+ /,
		'a run waits for its turn no longer than for a table');
	$run->quit;
	is($node->safe_psql('postgres', full_run('lab') =~ s/false/true/r) =~ /REPLICA IDENTITY FULL/, 1, 'a dry run does not wait');
	let_go($holder);
	ends_well('vacuum', $vacuum, qr/"tables_modified": 1/);
}

# Maintenance waits for a run in the same way, and no longer.
{
	make_tables($node, 'lab', { a => 0, b => 0 });
	make_tables($node, 'other', { a => 0 });
	my $run = $node->background_psql('postgres');
	$run->query_safe('SET client_min_messages = warning; BEGIN; ' . full_run('other') . '; ' . "SELECT dj_deploy.set_autovacuum('lab', '{\"autovacuum_enabled\": false}', false)");
	my $reindex = start_call($node, reindex_call('lab'), settings => "SET lock_timeout = '200ms'");
	my ($output, $messages) = finish_call($reindex);
	like($messages, qr/WARNING:  55P03: could not obtain lock on schema "lab" within 200 ms/, 'reindex gives up its turn');
	$reindex->quit;
	is(invalid_indexes($node), '', 'and leaves no invalid index');
	$reindex = start_call($node, reindex_call('lab', 2), settings => "SET lock_timeout = 0; SET dj_deploy.lock_timeout = 0");
	wait_for($node, 2, "wait_event = 'object'");
	$run->query_safe('COMMIT');
	ends_well('reindex after the run', $reindex, qr/"tables_modified": 2/);
	$run->quit;
}

# Workers of one call, and of two, do not exclude each other.
{
	make_tables($node, 'lab', { a => 1, b => 1, c => 0 });
	my $holder = hold($node, 1);
	my $vacuum = start_call($node, "CALL dj_deploy.vacuum_analyze('lab', dry_run => false, jobs => 2)");
	wait_for($node, 2, "wait_event = 'advisory'");
	my $other = start_call($node, "CALL dj_deploy.vacuum_analyze('lab.c'::regclass, dry_run => false)");
	my ($output, $messages) = finish_call($other);
	like($messages . $output, qr/tables_modified": 1/, 'another call works beside it') or diag $messages;
	$other->quit;
	let_go($holder);
	ends_well('both workers', $vacuum, qr/"tables_modified": 3/);
}

# With several workers, one that is done waits for the run that waits for the others, however often
# that looks for a deadlock.
{
	make_tables($node, 'lab', { a => 1, b => 2, c => 0, d => 0 });
	my ($first, $second) = (hold($node, 1), hold($node, 2));
	my $vacuum = start_call($node, "CALL dj_deploy.vacuum_analyze('lab', dry_run => false, jobs => 2)");
	wait_for($node, 2, "wait_event = 'advisory'");
	my $run = start_run('grants', "SELECT dj_deploy.set_grants('lab', 'public', 'read', dry_run => false)");
	wait_for_turn('grants');
	let_go($first);
	my $at_door = "objsubid = 3 AND mode = 'RowShareLock' AND NOT granted";
	$node->poll_query_until('postgres', "SELECT count(*) = 1 FROM pg_locks WHERE $at_door") or die 'the worker does not wait';
	my $since = $node->safe_psql('postgres', "SELECT waitstart FROM pg_locks WHERE $at_door");
	$node->poll_query_until('postgres', qq{
		SELECT bool_and(waitstart > '$since'::timestamptz + '1 s') FROM pg_locks
		WHERE locktype = 'object' AND objsubid = 2 AND mode = 'ExclusiveLock' AND NOT granted}) or die 'the run does not queue up again';
	is($node->safe_psql('postgres', "SELECT count(*) FROM pg_locks WHERE $at_door"), '1', 'a worker does not overtake a run that waits');
	is(analyzed($node, 'lab'), 'a a_value', 'and has begun nothing');
	let_go($second);
	ends_well('set_grants between two statements', $run, $modified);
	ends_well('vacuum with two workers', $vacuum, qr/"tables_modified": 4/);
}

# In a deadlock a worker that has done nothing yet gives way and begins again: no error, and the
# other side goes on. The other side waits for the root before the worker comes to its leaf, so that
# the worker finds the deadlock.
{
	$node->safe_psql('postgres', q{
		DROP SCHEMA lab CASCADE; CREATE SCHEMA lab;
		CREATE TABLE lab.root (id int PRIMARY KEY) PARTITION BY RANGE (id);
		CREATE TABLE lab.first PARTITION OF lab.root FOR VALUES FROM (0) TO (10);
		CREATE TABLE lab.second PARTITION OF lab.root FOR VALUES FROM (10) TO (20)});
	my %session = map { $_ => $node->background_psql('postgres') } qw(root gate hand);
	$_->query_safe("SET application_name = 'hand'; SET deadlock_timeout = '1h'; BEGIN") for values %session;
	my $is_locked = sub {
		$node->poll_query_until('postgres', qq{
			SELECT count(*) = 1 FROM pg_locks l JOIN pg_stat_activity a USING (pid)
			WHERE l.relation = 'lab.$_[0]'::regclass AND NOT l.granted AND (a.application_name = 'hand') = $_[1]});
	};
	$session{root}->query_safe('LOCK TABLE ONLY lab.root IN SHARE UPDATE EXCLUSIVE MODE');
	my $vacuum = start_call($node, vacuum_call('lab'));
	$is_locked->('root', 'false');
	$session{gate}->query_safe('LOCK TABLE lab.first IN ACCESS EXCLUSIVE MODE');
	$session{hand}->query_safe('LOCK TABLE lab.second IN ACCESS EXCLUSIVE MODE');
	(delete $session{root})->quit;
	$is_locked->('first', 'false');
	$session{hand}->{stdin} .= "LOCK TABLE ONLY lab.root IN SHARE UPDATE EXCLUSIVE MODE;\n";
	$session{hand}->{run}->pump_nb;
	$is_locked->('root', 'true');
	(delete $session{gate})->quit;
	$session{hand}->query_safe('COMMIT');
	$session{hand}->quit;
	ends_well('a worker gives way', $vacuum, qr/"tables_modified": 3/);
}

# What is not theirs is free: another schema, a partition's tree goes by the schemas of its tables.
{
	make_tables($node, 'lab', { a => 1 });
	make_tables($node, 'other', { a => 0 });
	my $holder = hold($node, 1);
	my $vacuum = start_call($node, vacuum_call('lab'));
	wait_for($node, 1, "wait_event = 'advisory'");
	$node->safe_psql('postgres', full_run('other'));
	is(identities($node, 'other'), 'a:f', 'a run on another schema does not wait');
	let_go($holder);
	ends_well('vacuum', $vacuum, qr/"tables_modified": 1/);
	is($node->safe_psql('postgres', "SELECT count(*) FROM pg_locks WHERE locktype = 'object' AND objsubid > 0"), '0', 'no turn is left');
}

done_testing();
