# Runs of vacuum_analyze, reindex and rollout that are hit at a point in their work: a worker that
# starts, waits for a table, is within a statement, in a phase of REINDEX CONCURRENTLY or between
# two statements, a rollout that waits. The caller or the worker at the point is cancelled,
# terminated or killed, runs into a deadlock or a timeout, the server is stopped or killed. What
# comes of it is known beforehand; after each round nobody works on, no shared memory is left, every
# index is sound or invalid, named and removable, every table is as before or as after its
# statement, and the same run succeeds. The faults, the tables and the number of workers are drawn
# before the first round, each point in its turn: ROUNDS and RANDOM_SEED choose other rounds.
use strict;
use warnings FATAL => 'all';

use FindBin;
use lib "$FindBin::RealBin/lib";
use Crashes;
use Deploy;
use List::Util qw(shuffle);
use Points;
use Test::More;
use Workers;

my $seed = $ENV{RANDOM_SEED} || int(rand(2**31));
my $rounds = $ENV{ROUNDS} || 20;
srand $seed;
note "RANDOM_SEED=$seed ROUNDS=$rounds";
diag "RANDOM_SEED=$seed ROUNDS=$rounds" if $ENV{ROUNDS};

# A caller whose client is gone notices it also while it has nothing to say.
my $node = new_server('kills',
	autovacuum => 'off', client_connection_check_interval => '100ms', dynamic_shared_memory_type => 'mmap', log_statement => 'none',
	restart_after_crash => 'on');
my @numbers = (0 .. 11);
my $tables = @numbers;

$node->safe_psql('postgres', 'CREATE EXTENSION amcheck; ' . stop_functions() . q{
	CREATE SCHEMA lab;
	CREATE TABLE lab.trial (id int PRIMARY KEY, value int, note text) PARTITION BY HASH (id);
});
for my $number (@numbers)
{
	my $table = 'lab.' . table_name($number);
	$node->safe_psql('postgres', "CREATE TABLE $table "
		  . ($number < 4 ? "PARTITION OF lab.trial FOR VALUES WITH (MODULUS 4, REMAINDER $number);" : '(id int PRIMARY KEY, value int, note text);')
		  . "CREATE INDEX ON $table (public.stop_here(value, $number));"
		  . ($number < 4 ? '' : "INSERT INTO $table SELECT i, i, 'x' FROM generate_series(1, 4) i;"));
}
$node->safe_psql('postgres', "INSERT INTO lab.trial SELECT i, i, 'x' FROM generate_series(1, 40) i");
my $indexes_of_table = 3;    # the key's, the function's, the TOAST table's

my $goal = 'f';
my @everywhere = ('a worker starts', 'in front of a table', 'within a statement', 'between two statements');
my %operations = (
	vacuum_analyze => {
		sql    => sub { "CALL dj_deploy.vacuum_analyze('lab', dry_run => false, jobs => $_[0])" },
		count  => $tables + 1,
		points => [@everywhere],
	},
	reindex => {
		sql    => sub { "CALL dj_deploy.reindex('lab', dry_run => false, jobs => $_[0])" },
		count  => $tables,
		points => [ @everywhere[ 0, 1, 3 ], grep { $points{$_}{left} } sort keys %points ],
	},
	rollout => {
		sql => sub { "CALL dj_deploy.rollout(dj_deploy.set_replica_identity('lab', '"
			  . ($goal eq 'f' ? 'full' : 'default') . "', dry_run => true, skip_unchanged => true), dry_run => false)" },
		count  => $tables + 1,
		points => [ 'within a statement of rollout', 'between two rounds' ],
	},
);

# Each is given the caller and the process at the point, and returns whether the server is lost.
my %faults = (
	'cancel the caller'    => sub { signal_backend('cancel', $_[0]{pid}) },
	'terminate the caller' => sub { signal_backend('terminate', $_[0]{pid}) },
	'kill -9 the caller'   => sub { hit_process($_[0], $_[0]{pid}) },
	'kill -9 the client'   => sub { $_[0]{run}->signal('KILL'); return 0 },
	'cancel the worker'    => sub { signal_backend('cancel', $_[1]) },
	'terminate the worker' => sub { signal_backend('terminate', $_[1]) },
	'kill -9 the worker'   => sub { hit_process($_[0], $_[1]) },
	'immediate shutdown'   => sub { $node->stop('immediate'); $node->start; return 1 },
	'kill -9 the server'   => sub { my ($call) = @_; kill_server($node, sub { kill_stopped($call) }); return 1 },
);

sub signal_backend
{
	my ($function, $pid) = @_;
	is(ask("SELECT pg_${function}_backend($pid)"), 't', "$function $pid");
	return 0;
}

# A point may have stopped the caller.
sub go_on { return kill 'CONT', $_[0]{pid} }

sub hit_process
{
	my ($call, $pid) = @_;
	kill_process($node, $pid, sub { go_on($call) });
	return 1;
}

# A caller that a point has stopped might end its run before it notices that the server is gone.
sub kill_stopped { my ($call) = @_; kill 'KILL', $call->{pid} if is_stopped($call->{pid}); return }

sub is_stopped
{
	open my $status, '<', "/proc/$_[0]/stat" or return 0;
	return <$status> =~ /\) T /;
}

sub identity_counts
{
	my %count = (d => 0, f => 0);
	$count{$_}++ for identities($node, 'lab') =~ /:(\w)/g;
	return \%count;
}

# What the caller reads: that all is done, or an error; nothing where it is gone.
sub expected_end
{
	my ($round) = @_;
	my ($point, $fault) = @$round{qw(point fault)};
	return qr/^ERROR:  40P01/m if $point =~ /deadlock/;
	return qr/FATAL:  57P01|terminating connection|connection to server was lost|^$/ if $fault =~ /^kill|shutdown|terminate the caller/;
	return qr/^ERROR:  57014: canceling statement due to user request/m if $fault eq 'cancel the caller';
	# A worker between two statements has nothing to cancel, and is replaced where it is lost. One
	# that does not even start is done without, unless it is the only one.
	return undef if $point eq 'between two statements' || ($point eq 'a worker starts' && $round->{jobs} > 1);
	return $fault =~ /^cancel/ ? qr/^ERROR:  57014: /m : qr/^ERROR:  57P01: /m;
}

# Whether the error that the caller reads comes after the end of all that was cut short.
sub names_all
{
	my ($round) = @_;
	return $round->{point} =~ /deadlock/ || $round->{fault} =~ /^cancel|terminate the worker/;
}

# Invalid indexes of the round: as the point leaves them, named by the error that somebody could
# read, and removable as it says.
sub remove_invalid_indexes
{
	my ($title, $round, $messages) = @_;
	my @left = split ' ', invalid_indexes($node);
	is(join(' ', grep { !/_cc(new|old)\d*$/ } @left), '', "$title: no invalid index but transient ones");
	if (my $left = $points{ $round->{point} }{left})
	{
		my $table = table_name($round->{number});
		my $toast = $node->safe_psql('postgres', "SELECT reltoastrelid::regclass FROM pg_class WHERE oid = 'lab.$table'::regclass");
		is(scalar(grep { /^(lab\.${table}_|${toast}_).*_$left$/ } @left), $indexes_of_table, "$title: what is left of the table (@left)");
	}
	my @statements = map { split /; / } $messages =~ /.*^HINT:  .*Remove them with: ([^\n]*)/sm;
	is(join(' ', sort map { tr/"//dr =~ s/^DROP INDEX CONCURRENTLY //r } @statements), join(' ', sort @left), "$title: the error names what is left")
	  if names_all($round);
	@statements = map { "DROP INDEX CONCURRENTLY $_" } @left unless names_all($round);
	$node->safe_psql('postgres', $_) for @statements;
	is(invalid_indexes($node), '', "$title: all invalid indexes can be removed");
	# The next rounds go on without what this one has not named.
	$node->safe_psql('postgres', "DROP INDEX CONCURRENTLY $_") for split ' ', invalid_indexes($node);
	return @left;
}

# Every point of every operation in its turn, in an order of its own each time.
sub draw_rounds
{
	my @all = map { my $name = $_; map { { operation => $name, point => $_ } } @{ $operations{$name}{points} } } sort keys %operations;
	my @drawn;
	push @drawn, map { { %$_ } } shuffle @all while @drawn < $rounds;
	for my $round (@drawn)
	{
		my @possible = grep { $round->{operation} ne 'rollout' || !/worker/ } sort keys %faults;
		$round->{fault} = $round->{point} =~ /deadlock/ ? 'none' : $possible[ rand @possible ];
		$round->{jobs} = 1 + int rand 3;
		# After the last of all tables there is nothing to go on with.
		my @possible_numbers = grep { $round->{point} ne 'between two statements' || table_name($_) ne 'trial_3' } @numbers;
		$round->{number} = $possible_numbers[ rand @possible_numbers ];
	}
	return @drawn[ 0 .. $rounds - 1 ];
}

# What the call has said so far.
sub has_said
{
	my ($call, $pattern) = @_;
	$call->{run}->pump_nb;
	return $call->{stderr} =~ $pattern;
}

# Runs until the point is reached, and hits there. Everybody stays held until what was hit has
# answered: the caller and all of its workers end although nobody lets them go, and say so. Returns
# what the caller has read, and whether the server was lost.
sub hit
{
	my ($round) = @_;
	my ($point, $fault) = @$round{qw(point fault)};
	# In a deadlock the worker looks first.
	my $call = connect_call($node, settings => $point =~ /deadlock/ ? "SET deadlock_timeout = '10ms'" : undef);
	my $process = reach($node, $point, $round->{number}, $call, $operations{ $round->{operation} }{sql}->($round->{jobs}));
	my $is_server_lost = $fault eq 'none' ? 0 : $faults{$fault}->($call, $process);
	# A caller that goes on before that would hand the next task to a worker that ends.
	waits_for('the worker to end', sub { ask("SELECT count(*) FROM pg_stat_get_activity($process)") eq '0' }) if $fault eq 'terminate the worker';
	go_on($call);
	if ($fault =~ /the worker/ && !$is_server_lost)
	{
		waits_for('the error of the worker', sub { has_said($call, qr/^psql:.*(WARNING|ERROR):/m) }) if $point ne 'between two statements';
		leave();
	}
	my ($output, $messages) = finish_call($call);
	waits_for("the caller to end after $fault", sub { ask("SELECT count(*) FROM pg_stat_get_activity($call->{pid}) WHERE state = 'active'") eq '0' })
	  unless $is_server_lost;
	waits_for("the workers to end after $fault", sub { !worker_processes($node) });
	$is_server_lost ? forget_point_sessions() : leave();
	end_session($call);
	return ($output, $messages, $is_server_lost);
}

# The run once more: it succeeds and gets there.
sub run_again
{
	my ($title, $round) = @_;
	my $operation = $operations{ $round->{operation} };
	my ($again, $errors) = ('', '');
	$node->psql('postgres', $operation->{sql}->($round->{jobs}), stdout => \$again, stderr => \$errors);
	unlike($errors, qr/ERROR|WARNING/, "$title: the same run succeeds");
	if ($round->{operation} eq 'rollout')
	{
		is(identity_counts()->{$goal}, $tables + 1, "$title: and gets there");
		$goal =~ tr/df/fd/;
	}
	else
	{
		like($again, qr/"tables_modified": $operation->{count}\b/, "$title: and gets there");
	}
	is(invalid_indexes($node), '', "$title: and leaves no invalid index");
	return;
}

my $before = shared_segments($node);
my @rounds = draw_rounds();
my ($count, %left) = (0);
for my $round (@rounds)
{
	my $name = $round->{operation};
	my $operation = $operations{$name};
	my $title = 'round ' . ++$count . ", $name, $round->{jobs} jobs, $round->{point} (" . table_name($round->{number}) . "), $round->{fault}";

	my ($output, $messages) = hit($round);
	if (my $expected = expected_end($round))
	{
		like($messages, $expected, "$title: the error");
		unlike($output, qr/"tables_modified"/, "$title: no result");
	}
	else
	{
		like($output, qr/"tables_modified": $operation->{count}\b/, "$title: done all the same");
		unlike($messages, qr/ERROR/, "$title: no error");
	}
	is($node->safe_psql('postgres', "SELECT count(*) FROM pg_stat_activity WHERE application_name = 'run' OR backend_type = 'datajoint_deploy worker'"),
		'0', "$title: nobody works on");
	is(shared_segments($node), $before, "$title: no shared memory");
	is($node->safe_psql('postgres', "SELECT count(*) FROM pg_locks WHERE locktype IN ('advisory', 'object')"), '0', "$title: no lock");
	$left{ /(_cc\w{3})/ ? $1 : 'other' }++ for remove_invalid_indexes($title, $round, $messages);
	$node->safe_psql('postgres', 'DELETE FROM lab.' . table_name($round->{number}) . ' WHERE value >= 1000');
	is($node->safe_psql('postgres', q{
		SELECT count(bt_index_check(c.oid, true)) FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid
		JOIN pg_class t ON t.oid = i.indrelid
		WHERE c.relkind = 'i' AND 'lab'::regnamespace IN (t.relnamespace,
			(SELECT o.relnamespace FROM pg_class o WHERE o.reltoastrelid = t.oid))}), $tables * $indexes_of_table, "$title: all indexes are sound");

	my $counts = identity_counts();
	is($counts->{d} + $counts->{f}, $tables + 1, "$title: every table has one of the two identities");
	if ($name eq 'rollout' && $round->{fault} eq 'cancel the caller')
	{
		my ($done, $of) = $messages =~ /DETAIL:  (\d+) of (\d+) statements are done/;
		is("$counts->{$goal} of " . ($tables + 1), "$done of $of", "$title: as many as it says");
	}
	run_again($title, $round);
}
note "$left{$_} indexes $_ were left" for sort keys %left;
is(scalar(grep { $left{$_} } qw(_ccnew _ccold)), 2, 'rebuilds were cut short before and after the indexes change places') if $rounds >= 20;

done_testing();
