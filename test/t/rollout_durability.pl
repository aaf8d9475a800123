# rollout waits for the disk and the standby once, not for each statement; and yet what a result, an
# error or a message has said to be done is done when the server has crashed right afterwards. WAL
# that nobody has waited for stays in memory here, so a crash loses all of it. Each round ends a
# rollout in another way and crashes in another: ROUNDS makes more, RANDOM_SEED the same again.
use strict;
use warnings FATAL => 'all';

use FindBin;
use lib "$FindBin::RealBin/lib";
use Crashes;
use Deploy;
use List::Util qw(min shuffle);
use Rollout;
use Test::More;
use Time::HiRes qw(sleep);

my $seed = $ENV{RANDOM_SEED} || int(rand(2**31));
my $rounds = $ENV{ROUNDS} || 12;
srand $seed;
note "RANDOM_SEED=$seed ROUNDS=$rounds";
diag "RANDOM_SEED=$seed ROUNDS=$rounds" if $ENV{ROUNDS};

my $node = new_server('main',
	autovacuum => 'off', fsync => 'on', log_statement => 'none', restart_after_crash => 'on', shared_buffers => '32MB',
	wal_buffers => '8MB', wal_writer_delay => '10s', wal_writer_flush_after => '1GB');
my $tables = 30;
my @numbers = (0 .. $tables - 1);

# A statement of the session "run" stops while somebody holds its table's key.
$node->safe_psql('postgres', q{
	CREATE FUNCTION stop_statement() RETURNS event_trigger LANGUAGE plpgsql AS $$
	DECLARE key int := substring(object_identity FROM '\d+$') FROM pg_event_trigger_ddl_commands();
	BEGIN
		WHILE pg_catalog.current_setting('application_name') = 'run' AND NOT pg_catalog.pg_try_advisory_xact_lock_shared(key) LOOP
			PERFORM pg_catalog.pg_sleep(0.01);
		END LOOP;
	END $$;
	CREATE EVENT TRIGGER stop_statement ON ddl_command_end WHEN TAG IN ('ALTER TABLE') EXECUTE FUNCTION stop_statement();
	CREATE SCHEMA lab;
} . join '', map { "CREATE TABLE lab.t$_ (id int PRIMARY KEY);" } @numbers);

sub statements
{
	my ($identity, %instead) = @_;
	return join ', ', map { $instead{$_} // qq("ALTER TABLE lab.t$_ REPLICA IDENTITY $identity") } @numbers;
}

sub plan_of { return "'[" . statements(@_) . "]'" }

# --- the disk, once in a while

# Files written to disk with all WAL so far; since 18 by kind of I/O.
sub syncs
{
	my $has_column = $node->safe_psql('postgres',
		q{SELECT count(*) FROM pg_attribute WHERE attrelid = 'pg_catalog.pg_stat_wal'::regclass AND attname = 'wal_sync'});
	return $node->safe_psql('postgres', $has_column ? 'SELECT wal_sync FROM pg_stat_wal' : q{SELECT sum(fsyncs) FROM pg_stat_io WHERE object = 'wal'});
}

# Of a session that runs the SQL and ends; what it counts is there when it is gone.
sub syncs_of
{
	my ($sql) = @_;
	my $before = syncs();
	my (undef, undef, $errors) = $node->psql('postgres', "SET client_min_messages = warning; $sql");
	is($errors, '', 'no complaint');
	$node->poll_query_until('postgres',
		q{SELECT count(*) = 0 FROM pg_stat_activity WHERE backend_type = 'client backend' AND pid <> pg_backend_pid()});
	return syncs() - $before;
}

my $statements = 20 * $tables;
my $long_plan = q{'[} . join(', ', map { statements($_ % 2 ? 'DEFAULT' : 'FULL') } 1 .. 20) . q{]'};
my $alone = syncs_of(join '; ', map { "ALTER TABLE lab.t0 REPLICA IDENTITY $_" } ('FULL', 'DEFAULT') x 10);
cmp_ok($alone, '>=', 20, "each statement of its own waits for the disk ($alone times for 20)");
my $start = time;
my $together = syncs_of(rollout_of($long_plan));
cmp_ok($together, '>', 0, 'a rollout waits for the disk');
# The server's WAL writer may add a few.
cmp_ok($together, '<', 20 + 2 * (time - $start), "but not for each of its $statements statements ($together times)");
# The WAL writer may come in between once in ten seconds, so not each time.
my $fewest = min(map { syncs_of("SET synchronous_commit = off; " . rollout_of($long_plan)) } 1 .. 3);
is($fewest, 0, 'with synchronous_commit = off it does not');

# What a trigger sets for the transaction of a statement.
for my $set (qw(off on))
{
	$node->safe_psql('postgres', qq{
		CREATE FUNCTION set_commit() RETURNS event_trigger LANGUAGE plpgsql AS \$\$
		BEGIN
			PERFORM set_config('synchronous_commit', '$set', true);
		END\$\$;
		CREATE EVENT TRIGGER set_commit ON ddl_command_start WHEN TAG IN ('ALTER TABLE') EXECUTE FUNCTION set_commit()});
	my $begun = time;
	my $syncs = syncs_of(rollout_of($long_plan));
	cmp_ok($syncs, '>', 0, "a trigger sets synchronous_commit to $set: a rollout waits for the disk");
	cmp_ok($syncs, '<', 20 + 2 * (time - $begun), 'but not for each statement');
	$node->safe_psql('postgres', 'DROP EVENT TRIGGER set_commit; DROP FUNCTION set_commit()');
}

is($node->safe_psql('postgres', 'SET client_min_messages = warning; ' . rollout_of(plan_of('FULL')) . q{; SHOW synchronous_commit}) =~ s/^\{.*\n//r,
	'on', 'the setting is what it was');
is($node->safe_psql('postgres', q{SET client_min_messages = warning; SET synchronous_commit = local; } . rollout_of(plan_of('DEFAULT'))
	  . q{; RESET synchronous_commit; SELECT setting, source FROM pg_settings WHERE name = 'synchronous_commit'}) =~ s/^\{.*\n//r,
	'on|default', 'and can be reset');

# --- crashes

# How a rollout comes to its end, or does not. Each is given the run, its control session and the
# number of a table, and returns how many statements were said to be done, and whether all of them
# come first.
my %ends = (
	'a result' => {
		until => sub { has_said($_[0], 'stdout', qr/"tables_modified": $tables\b/); return $tables },
	},
	'an error of a statement' => {
		instead => sub { qq("ALTER TABLE lab.t$_[0] REPLICA IDENTITY USING INDEX nowhere") },
		until => sub { has_said($_[0], 'stderr', qr/ERROR:  42704: /); return $tables - 1 },
	},
	'an error of a busy table' => {
		before => sub { $_[0]->query_safe("BEGIN; LOCK TABLE lab.t$_[1] IN ACCESS SHARE MODE") },
		until => sub { has_said($_[0], 'stderr', qr/ERROR:  55P03: /); return $tables - 1 },
		max_wait => '0',
	},
	'a cancel' => {
		before => sub { stop_at(@_) },
		until => sub { return hit_stopped('pg_cancel_backend', '57014', @_) },
	},
	'the end of the session' => {
		before => sub { stop_at(@_) },
		until => sub { return hit_stopped('pg_terminate_backend', '57P01', @_) },
	},
	'a message on the way' => {
		before => sub { stop_at(@_); stop_at($_[0], $_[1] + 1) },
		until => \&go_on_after_five_seconds,
	},
	'a message on what was done a moment ago' => {
		number => 0,
		before => sub { stop_at(@_); stop_at($_[0], $_[1] + 1) },
		until => \&go_on_after_five_seconds,
	},
	'a busy round' => {
		before => sub { $_[0]->query_safe("BEGIN; LOCK TABLE lab.t$_[1] IN ACCESS SHARE MODE") },
		until => sub { return has_said($_[0], 'stderr', qr/NOTICE:  00000: (\d+) of $tables statements done, 1 waiting/) },
	},
	'nothing' => {
		before => sub { stop_at(@_) },
		until => sub { wait_until_stopped(@_[ 1, 0, 2 ]); return 0 },
	},
);

my %crashes = (
	'kill -9 the server' => sub { kill_server($node) },
	'immediate shutdown' => sub { $node->stop('immediate'); $node->start },
	'kill -9 a backend'  => sub { kill_process($node, $_[0]) },
);

# As soon as the message is there; returns the number in it.
sub has_said
{
	my ($run, $stream, $pattern) = @_;
	$run->{run}->pump until $run->{$stream} =~ $pattern || $run->{timeout}->is_expired;
	$run->{$stream} =~ $pattern or die "no $pattern: $run->{stdout} $run->{stderr}";
	return $1;
}

sub stop_at { $_[0]->query_safe("SELECT pg_advisory_lock($_[1])"); return }

sub wait_until_stopped
{
	my ($control, $run, $number) = @_;
	for (1 .. 10 * $PostgreSQL::Test::Utils::timeout_default)
	{
		return if $control->query_safe("SELECT wait_event = 'PgSleep' FROM pg_stat_get_activity($run->{pid})") eq 't';
		sleep 0.1;
	}
	die "the rollout does not come to table $number";
}

# When a message is due.
sub go_on_after_five_seconds
{
	my ($run, $control, $number) = @_;
	wait_until_stopped($control, $run, $number);
	sleep 5;
	$control->query_safe("SELECT pg_advisory_unlock($number)");
	return has_said($run, 'stderr', qr/NOTICE:  00000: (\d+) of $tables statements done/);
}

sub hit_stopped
{
	my ($function, $sqlstate, $run, $control, $number) = @_;
	wait_until_stopped($control, $run, $number);
	$control->query_safe("SELECT $function($run->{pid})");
	my $count = has_said($run, 'stderr', qr/(?:ERROR|FATAL):  $sqlstate: .*\nDETAIL:  (\d+) of $tables statements are done and stay done\.$/m);
	is($count, $number, 'as many are done as there were before it stopped');
	return $count;
}

# As a word: f where the table has the identity, . where it has not.
sub done
{
	my ($identity) = @_;
	return join '', split /\n/, $node->safe_psql('postgres', qq{
		SELECT CASE relreplident WHEN '$identity' THEN 'f' ELSE '.' END FROM pg_class
		WHERE relnamespace = 'lab'::regnamespace AND relkind = 'r' ORDER BY substr(relname, 2)::int});
}

# Each way to end in its turn, in an order of its own each time.
my @drawn;
push @drawn, shuffle sort keys %ends while @drawn < $rounds;
my %identities = (f => 'FULL', n => 'NOTHING');
my ($goal, $count) = ('f', 0);
for my $end (@drawn[ 0 .. $rounds - 1 ])
{
	my $number = $ends{$end}{number} // 3 + int rand($tables - 6);
	my $crash = (sort keys %crashes)[ rand keys %crashes ];
	my $title = 'round ' . ++$count . ", $end, table $number, $crash";
	my $control = $node->background_psql('postgres');
	my $victim = $control->query_safe('SELECT pg_backend_pid()');
	$ends{$end}{before}->($control, $number) if $ends{$end}{before};
	my $run = start_session($node, 'run');
	$run->{pid} = $run->query_safe('SELECT pg_backend_pid()');
	my %instead = $ends{$end}{instead} ? ($number => $ends{$end}{instead}->($number)) : ();
	start_rollout($run, rollout_of(plan_of($identities{$goal}, %instead), $ends{$end}{max_wait}));
	my $said = $ends{$end}{until}->($run, $control, $number);
	$crashes{$crash}->($victim);
	for my $session ($run, $control)
	{
		$session->{run}->signal('KILL');
		$session->{run}->finish;
	}

	my $done = done($goal);
	cmp_ok($done =~ tr/f//, '>=', $said, "$title: what was said to be done is done ($said, $done)");
	unlike($done, qr/\..*\..*f/, "$title: in order, but for the table that was left out");
	$node->safe_psql('postgres', 'SET client_min_messages = warning; ' . rollout_of(plan_of($identities{$goal})));
	is(done($goal), 'f' x $tables, "$title: another rollout does all");
	$goal =~ tr/fn/nf/;
}

done_testing();
