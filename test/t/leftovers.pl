# What a REINDEX CONCURRENTLY that is cut short leaves behind: whatever cut it short, the error
# names it, with statements that remove it, and no lock that somebody else holds or waits for is in
# the way of that. The next run names what is still there. Errors of workers arrive whole.
use strict;
use warnings FATAL => 'all';

use FindBin;
use lib "$FindBin::RealBin/lib";
use Deploy;
use Test::More;
use Workers;

my $node = new_server('main', autovacuum => 'off', deadlock_timeout => '100ms');

sub reindex_call { return "CALL dj_deploy.reindex('lab', dry_run => false, concurrently => " . ($_[0] // 'true') . ')' }

# A session in whose transaction the statements have been executed.
sub session_in
{
	my ($sql) = @_;
	my $session = $node->background_psql('postgres', on_error_stop => 0);
	$session->query_safe("BEGIN; $sql");
	return $session;
}

sub signal_worker
{
	my ($function) = @_;
	return $node->safe_psql('postgres',
		"SELECT pg_${function}_backend(pid) FROM pg_stat_activity WHERE backend_type = 'datajoint_deploy worker'");
}

# The hint's statements, each executed by a superuser, remove what is invalid. Returns the names
# that were left.
sub remove_named
{
	my ($title, $messages) = @_;
	local $Test::Builder::Level = $Test::Builder::Level + 1;
	my $left = invalid_indexes($node);
	my ($hint) = $messages =~ /.*^HINT:  [^\n]*?Remove them with: ([^\n]*)/sm;
	$node->safe_psql('postgres', $_) for split /; /, $hint // '';
	is(invalid_indexes($node), '', "$title: the statements of the hint remove all ($left)");
	return $left;
}

my $old_snapshot = 'SET TRANSACTION ISOLATION LEVEL REPEATABLE READ; SELECT count(*) FROM pg_type';

# Another session gets the lock on the table at the moment when the worker has ended, and keeps it.
for my $lock ('ACCESS EXCLUSIVE', 'SHARE UPDATE EXCLUSIVE')
{
	make_tables($node, 'lab', { a => 0 });
	my $old = session_in($old_snapshot);
	my $call = start_call($node, reindex_call());
	wait_for($node, 1, "wait_event = 'virtualxid'");
	my $queued = $node->background_psql('postgres', on_error_stop => 0);
	$queued->query_safe("SET application_name = 'queued'; SET deadlock_timeout = '1h'");
	$queued->{stdin} .= "BEGIN; LOCK TABLE lab.a IN $lock MODE;\n";
	$queued->{run}->pump_nb;
	wait_until_blocked($node, 'queued');
	$node->safe_psql('postgres', "SELECT pg_cancel_backend($call->{pid})");
	my $title = "cancelled, $lock waits";
	my $messages = call_ends($title, $call, qr/ERROR:  57014: .*\nDETAIL:  0 of 1 statements are done.*\nHINT:  .*"lab"\."a_pkey_ccnew"/);
	$queued->query('COMMIT');
	$queued->quit;
	$old->quit;
	is(remove_named($title, $messages), 'lab.a_pkey_ccnew', "$title: it is named");
}

# Of a TOAST table.
{
	make_tables($node, 'lab', { a => 0 });
	$node->safe_psql('postgres', 'ALTER TABLE lab.a ADD note text');
	my $old = session_in($old_snapshot);
	my $call = start_call($node, reindex_call());
	wait_for($node, 1, "wait_event = 'virtualxid'");
	signal_worker('terminate');
	my $messages = call_ends('TOAST', $call, qr/ERROR:  57P01: .*\nDETAIL:  Invalid indexes are left behind: "lab"\."a_pkey_ccnew", "pg_toast"\."pg_toast_\d+_index_ccnew"\.\n/);
	$old->quit;
	like($node->safe_psql('postgres', q{SELECT invalid_indexes FROM dj_deploy.tables('lab')}), qr/^\{a_pkey_ccnew,pg_toast\.pg_toast_\d+_index_ccnew\}$/,
		'TOAST: tables() shows both');
	like(remove_named('TOAST', $messages), qr/^lab\.a_pkey_ccnew pg_toast\./, 'TOAST: both are named');
}

# Cut short where the old index is about to be dropped: it is dead, and the server's next REINDEX
# says nothing of it. Who reads the table when it is marked dead is waited for after that.
{
	make_tables($node, 'lab', { a => 0 });
	my $first = session_in('SELECT * FROM lab.a');
	my $call = start_call($node, reindex_call());
	my $wait_for_phase = sub {
		$node->poll_query_until('postgres', "SELECT phase = 'waiting for readers before $_[0]' FROM pg_stat_progress_create_index")
		  or die "the rebuild does not wait before $_[0]";
	};
	$wait_for_phase->('marking dead');
	my $reader = session_in('SELECT * FROM lab.a');
	$first->quit;
	$wait_for_phase->('dropping');
	is($node->safe_psql('postgres', q{SELECT indislive FROM pg_index WHERE indexrelid = 'lab.a_pkey_ccold'::regclass}), 'f', 'dead: the old index');
	signal_worker('terminate');
	my $messages = call_ends('dead', $call, qr/ERROR:  57P01: .*\nDETAIL:  Invalid indexes are left behind: "lab"\."a_pkey_ccold"\.\n/);
	$reader->quit;
	my ($status, $output, $errors) = $node->psql('postgres', 'REINDEX TABLE CONCURRENTLY lab.a');
	unlike($errors, qr/ccold/, "dead: the server's next REINDEX says nothing");
	for my $mode ('true', 'false')
	{
		($status, $output, $errors) = $node->psql('postgres', reindex_call($mode));
		like(without_summary($errors), qr/WARNING:  skipping index "lab\.a_pkey_ccold": it is not valid\nHINT:  Remedy: DROP INDEX CONCURRENTLY "lab"\."a_pkey_ccold"/m,
			"dead: ours does (concurrently => $mode)");
		like($output, qr/"skipped": \[\{"object": "INDEX \\"lab\\"\.\\"a_pkey_ccold\\"", /, "dead: so does its result (concurrently => $mode)");
	}
	is(remove_named('dead', $messages), 'lab.a_pkey_ccold', 'dead: it is named');
}

# In a deadlock with somebody's statement that is the other side's to end: a rebuild that is cut
# short leaves more behind.
{
	make_tables($node, 'lab', { a => 0 });
	my $other = session_in('INSERT INTO lab.a VALUES (6, 6)');
	my $call = start_call($node, reindex_call());
	wait_for($node, 1, "wait_event = 'virtualxid'");
	my (undef, $failed) = $other->query('ALTER TABLE lab.a ADD other int');
	like($other->{stderr}, qr/ERROR:  deadlock detected/, 'deadlock: the other side is the victim');
	my ($output, $messages) = finish_call($call);
	like($output, qr/"tables_modified": 1/, 'deadlock: the rebuild goes on') or diag $messages;
	$call->quit;
	$other->quit;
	is(invalid_indexes($node), '', 'deadlock: no invalid index');
}

# A statement that has not begun has left nothing behind: another session is building there.
{
	make_tables($node, 'lab', { a => 0 });
	my $old = session_in($old_snapshot);
	my $builder = $node->background_psql('postgres', on_error_stop => 0);
	$builder->{stdin} .= "SET application_name = 'builder'; REINDEX TABLE CONCURRENTLY lab.a;\n";
	$builder->{run}->pump_nb;
	wait_until_blocked($node, 'builder');
	my $call = start_call($node, reindex_call(), settings => "SET lock_timeout = '200ms'");
	my ($output, $messages) = finish_call($call);
	like($messages, qr/ERROR:  55P03: could not obtain lock on table "lab\.a" within 200 ms/, "somebody else's: 55P03");
	unlike($messages, qr/left behind|DROP INDEX/, "somebody else's: none is named as left behind, or to be dropped");
	like($messages, qr/WARNING:  01000: skipping index "lab\.a_pkey_ccnew": another session may be building it\n/, "somebody else's: but it is named");
	$call->quit;
	$old->quit;
	$builder->quit;
	is(invalid_indexes($node), '', "somebody else's: all is well");
}

# The same where it is the TOAST table alone that is rebuilt: the table itself is free.
{
	make_tables($node, 'lab', { a => 0 });
	$node->safe_psql('postgres', 'ALTER TABLE lab.a ADD note text');
	my $toast = $node->safe_psql('postgres', q{SELECT reltoastrelid::regclass FROM pg_class WHERE oid = 'lab.a'::regclass});
	my $old = session_in($old_snapshot);
	my $builder = $node->background_psql('postgres', on_error_stop => 0);
	$builder->{stdin} .= "SET application_name = 'builder'; REINDEX TABLE CONCURRENTLY $toast;\n";
	$builder->{run}->pump_nb;
	wait_until_blocked($node, 'builder');
	my ($status, $output, $errors) = $node->psql('postgres', reindex_call() =~ s/false/true/r);
	like(without_summary($errors), qr/WARNING:  skipping index "pg_toast\.\w+_ccnew": another session may be building it\n?\z/m, "somebody else's, TOAST: none is to be dropped");
	$old->quit;
	$builder->quit;
	is(invalid_indexes($node), '', "somebody else's, TOAST: all is well");
}

# An error that is raised after others have come from the worker says where it was raised, as the server does.
{
	make_tables($node, 'lab', {});
	$node->safe_psql('postgres', q{
		CREATE FUNCTION lab.fails(i int) RETURNS int IMMUTABLE LANGUAGE plpgsql AS
			$$ BEGIN IF current_setting('my.bad', true) = 'on' THEN RAISE EXCEPTION 'bad row'; END IF; RETURN i; END $$;
		CREATE FUNCTION lab.warns(i int) RETURNS int IMMUTABLE LANGUAGE plpgsql AS $$ BEGIN RAISE WARNING '%', repeat('X', 200); RETURN i; END $$;
		CREATE TABLE lab.a (id int); INSERT INTO lab.a VALUES (1); CREATE INDEX ON lab.a (lab.fails(id));
		CREATE TABLE lab.b (id int); INSERT INTO lab.b VALUES (1); CREATE INDEX ON lab.b (lab.warns(id));
		CREATE TABLE lab.c (id int PRIMARY KEY)});
	my $here = error_of($node, 'SET my.bad = on; SELECT lab.fails(1)');
	my ($location) = $here =~ /^(LOCATION: .*)$/m;
	like($location, qr/pl_exec\.c:\d+/, 'the place in the source');
	for my $call ("CALL dj_deploy.reindex('lab', false, false)", "CALL dj_deploy.vacuum_analyze('lab', false)")
	{
		my $errors = error_of($node, "SET my.bad = on; $call");
		like($errors, qr/^ERROR:  P0001: bad row\n(?:(?!ERROR).*\n)*?\Q$location\E$/m, "$call: as if raised here");
	}
}

done_testing();
