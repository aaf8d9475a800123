# Runs of vacuum_analyze, reindex and rollout that are hit at a random moment: the caller or a worker is cancelled, terminated
# or killed, the server stopped or killed. After each round nobody works on, no shared memory is left, every index is sound or
# invalid and removable, every table is as before or as after its statement, and the same run succeeds.
# ROUNDS and RANDOM_SEED choose other rounds; they are drawn before the first one begins.
use strict;
use warnings FATAL => 'all';

use FindBin;
use lib "$FindBin::RealBin/lib";
use Deploy;
use Test::More;
use Time::HiRes qw(time usleep);
use Workers;

my $seed = $ENV{RANDOM_SEED} || int(rand(2**31));
my $rounds = $ENV{ROUNDS} || 20;
srand $seed;
note "RANDOM_SEED=$seed ROUNDS=$rounds";
diag "RANDOM_SEED=$seed ROUNDS=$rounds" if $ENV{ROUNDS};

my $node = new_server('kills',
	autovacuum => 'off', dynamic_shared_memory_type => 'mmap', log_statement => 'none', restart_after_crash => 'on');
my $tables = 32;

# A statement takes its time in a run, in its middle, so that a run can be hit in all its parts.
$node->safe_psql('postgres', q{
	CREATE EXTENSION amcheck;
	CREATE FUNCTION public.take_time(value int) RETURNS int IMMUTABLE LANGUAGE plpgsql AS $$
	BEGIN
		IF pg_catalog.current_setting('application_name') = 'run' THEN
			PERFORM pg_catalog.pg_sleep(0.006);
		END IF;
		RETURN value;
	END $$;
	CREATE FUNCTION take_time() RETURNS event_trigger LANGUAGE plpgsql AS $$ BEGIN PERFORM public.take_time(1), public.take_time(2); END $$;
	CREATE EVENT TRIGGER take_time ON ddl_command_end WHEN TAG IN ('ALTER TABLE') EXECUTE FUNCTION take_time();
	CREATE SCHEMA lab;
	CREATE TABLE lab.trial (id int PRIMARY KEY, value int, note text) PARTITION BY HASH (id);
	CREATE INDEX ON lab.trial (public.take_time(value));
});
$node->safe_psql('postgres', join '',
	(map { "CREATE TABLE lab.trial_$_ PARTITION OF lab.trial FOR VALUES WITH (MODULUS 4, REMAINDER $_);" } 0 .. 3),
	(map { "CREATE TABLE lab.t$_ (id int PRIMARY KEY, value int, note text); CREATE INDEX ON lab.t$_ (public.take_time(value));" } 5 .. $tables),
	(map { "INSERT INTO lab.$_ SELECT i, i, 'x' FROM generate_series(1, 4) i;" } 'trial', map { "t$_" } 5 .. $tables));

my $goal = 'f';
my %operations = (
	vacuum_analyze => { sql => sub { "CALL dj_deploy.vacuum_analyze('lab', dry_run => false, jobs => $_[0])" }, count => $tables + 1 },
	reindex => { sql => sub { "CALL dj_deploy.reindex('lab', dry_run => false, jobs => $_[0])" }, count => $tables },
	rollout => { sql => sub { "CALL dj_deploy.rollout(dj_deploy.set_replica_identity('lab', '"
			  . ($goal eq 'f' ? 'full' : 'default') . "', skip_unchanged => true), dry_run => false)" }, count => $tables + 1 },
);

# Each is given the call and a number from 0 to 1 that chooses a worker, and returns whether the server is lost.
my %faults = (
	'cancel the caller'     => sub { signal_backend('cancel', $_[0]{pid}) },
	'terminate the caller'  => sub { signal_backend('terminate', $_[0]{pid}) },
	'kill -9 the caller'    => sub { kill_process($_[0]{pid}) },
	'kill -9 the client'    => sub { $_[0]{run}->signal('KILL'); return 0 },
	'cancel a worker'       => sub { signal_backend('cancel', some_worker($_[1])) },
	'terminate a worker'    => sub { signal_backend('terminate', some_worker($_[1])) },
	'kill -9 a worker'      => sub { kill_process(some_worker($_[1])) },
	'immediate shutdown'    => sub { $node->stop('immediate'); $node->start; return 1 },
	'kill -9 the server'    => sub { kill_server(); return 1 },
);

sub signal_backend
{
	my ($function, $pid) = @_;
	$node->safe_psql('postgres', "SELECT pg_${function}_backend($pid)") if $pid;
	return 0;
}

# A process that has ended by itself takes nobody along. The entry of one that was killed stays until the server has restarted.
sub kill_process
{
	my ($pid) = @_;
	return 0 unless $pid && (readlink("/proc/$pid/cwd") // '') eq $node->data_dir && kill 'KILL', $pid;
	wait_through_restart($node, "SELECT NOT EXISTS (SELECT FROM pg_stat_activity WHERE pid = $pid)");
	return 1;
}

sub kill_server
{
	my $pid = $node->{_pid};
	$node->kill9;
	# It exists until somebody has asked for its status.
	waits_for('all of the server to end', sub { !kill(0, $pid) && !server_processes($node) });
	$node->start;
	return;
}

sub some_worker
{
	my ($fraction) = @_;
	my @workers = split /\n/, $node->safe_psql('postgres', q{
		SELECT pid FROM pg_stat_activity WHERE backend_type = 'datajoint_deploy worker' ORDER BY pid});
	return @workers ? $workers[ $fraction * @workers ] : undef;
}

sub waits_for
{
	my ($what, $condition) = @_;
	for (1 .. 600)
	{
		return if $condition->();
		usleep(100_000);
	}
	die "waited in vain for $what";
}

sub identity_counts
{
	my %count = (d => 0, f => 0);
	$count{$_}++ for identities($node, 'lab') =~ /:(\w)/g;
	return \%count;
}

# Removes the invalid indexes: those that the error names, by the statements it gives. The others are known by their names; an
# error that somebody could read names all.
sub remove_invalid_indexes
{
	my ($title, $messages, $names_all) = @_;
	my @left = split ' ', invalid_indexes($node);
	is(join(' ', grep { !/_cc(new|old)\d*$/ } @left), '', "$title: no invalid index but transient ones");
	my ($hint) = $messages =~ /.*^HINT:  .*Remove them with: ([^\n]*)/sm;
	my @statements = split /; /, $hint // '';
	is(scalar @statements, scalar @left, "$title: the error names what is left (@left)") if $names_all;
	@statements = map { "DROP INDEX CONCURRENTLY $_" } @left unless $names_all;
	$node->safe_psql('postgres', $_) for @statements;
	is(invalid_indexes($node), '', "$title: all invalid indexes can be removed");
	return scalar @left;
}

# How long a run takes that nothing happens to.
for my $name (sort keys %operations)
{
	my $started = time;
	my $call = start_call($node, $operations{$name}{sql}->(3));
	my ($output, $messages) = finish_call($call);
	$operations{$name}{seconds} = time - $started;
	like($output, qr/"tables_modified": $operations{$name}{count}\b/, "$name, undisturbed") or diag $messages;
	end_session($call);
	$goal =~ tr/df/fd/ if $name eq 'rollout';
}

my $before = shared_segments($node);
my @drawn = map { draw_round() } 1 .. $rounds;
my %seen;

# Rollout has no workers.
sub draw_round
{
	my $operation = (sort keys %operations)[ rand keys %operations ];
	my @faults = grep { $operation ne 'rollout' || !/worker/ } sort keys %faults;
	return { operation => $operation, fault => $faults[ rand @faults ], jobs => 2 + int(rand 2), moment => rand, worker => rand };
}

for my $number (1 .. $rounds)
{
	my $round = $drawn[ $number - 1 ];
	my ($name, $fault) = @$round{qw(operation fault)};
	my $operation = $operations{$name};
	my $title = "round $number, $name, $fault";

	my $call = start_call($node, $operation->{sql}->($round->{jobs}));
	usleep(1_000_000 * $round->{moment} * $operation->{seconds});
	my $is_server_lost = $faults{$fault}->($call, $round->{worker});
	my ($output, $messages) = finish_call($call);
	my $is_done = $output =~ /"tables_modified"/;
	$seen{ $is_done ? 'too late' : 'hit' }++;
	end_session($call);

	waits_for("the workers to end in $title", sub { !worker_processes($node) });
	wait_through_restart($node, "SELECT NOT EXISTS (SELECT FROM pg_stat_activity WHERE application_name = 'run')");
	is($node->safe_psql('postgres', "SELECT count(*) FROM pg_stat_activity WHERE backend_type = 'datajoint_deploy worker'"), '0',
		"$title: no worker");
	is(shared_segments($node), $before, "$title: no shared memory");

	my $names_all = !$is_server_lost && $messages =~ /^ERROR:  (57014|57P01|55000)/m && $fault =~ /^cancel|a worker/;
	$seen{'invalid indexes'} += remove_invalid_indexes($title, $messages, $names_all);
	is($node->safe_psql('postgres', q{
		SELECT count(bt_index_check(c.oid, true)) > 60 FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid
		JOIN pg_class t ON t.oid = i.indrelid
		WHERE c.relkind = 'i' AND 'lab'::regnamespace IN (t.relnamespace,
			(SELECT o.relnamespace FROM pg_class o WHERE o.reltoastrelid = t.oid))}), 't', "$title: all indexes are sound");

	my $counts = identity_counts();
	is($counts->{d} + $counts->{f}, $tables + 1, "$title: every table has one of the two identities");
	if ($name eq 'rollout' && $messages =~ /DETAIL:  (\d+) of (\d+) statements are done/)
	{
		is("$counts->{$goal} of " . ($tables + 1), "$1 of $2", "$title: as many as it says");
	}

	my ($again, $errors) = ('', '');
	$node->psql('postgres', $operation->{sql}->($round->{jobs}), stdout => \$again, stderr => \$errors);
	unlike($errors, qr/ERROR|WARNING/, "$title: the same run succeeds");
	if ($name eq 'rollout')
	{
		is(identity_counts()->{$goal}, $tables + 1, "$title: and gets there");
		$goal =~ tr/df/fd/;
	}
	else
	{
		like($again, qr/"tables_modified": $operation->{count}\b/, "$title: and gets there");
	}
	is(invalid_indexes($node), '', "$title: and leaves no invalid index");
}

note "$seen{$_} times $_" for sort keys %seen;
cmp_ok($seen{hit} // 0, '>', $rounds / 3, 'many runs were hit before their end');

done_testing();
