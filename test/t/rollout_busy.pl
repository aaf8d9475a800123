# rollout over 50 tables that eight pgbench clients read and write, while a long transaction has
# read one of them: the other 49 are done meanwhile, that one afterwards, and no client waits. A
# PL/pgSQL loop over the same tables, for contrast. Prints the slowest statement of the clients;
# ROLLOUT_BUSY_SECONDS is how long the transaction takes (8).
use strict;
use warnings FATAL => 'all';

use FindBin;
use lib "$FindBin::RealBin/lib";
use Deploy;
use List::Util qw(max);
use PostgreSQL::Test::Utils;
use Rollout;
use Test::More;
use Time::HiRes qw(sleep time);

my $seconds = $ENV{ROLLOUT_BUSY_SECONDS} // 8;
my @tables = map { sprintf 't%02d', $_ } 1 .. 50;
my $busy = 't25';

my $node = new_server('main', log_statement => 'none');
$node->safe_psql('postgres', 'CREATE SCHEMA lab; ' . join '', map { qq(
	CREATE TABLE lab.$_ (id int PRIMARY KEY, number int);
	INSERT INTO lab.$_ SELECT id, 0 FROM generate_series(1, 100) id;
) } @tables);

# A script for each statement, so that the log tells the table: number / 2 is its index.
my $scripts = PostgreSQL::Test::Utils::tempdir;
my @script_files;
for my $table (@tables)
{
	for my $statement ("SELECT number FROM lab.$table WHERE id = :id", "UPDATE lab.$table SET number = number + 1 WHERE id = :id")
	{
		my $file = "$scripts/" . @script_files . '.sql';
		append_to_file($file, "\\set id random(1, 100)\n$statement;\n");
		push @script_files, $file;
	}
}

my $holder = $node->background_psql('postgres');
my $deploy = start_session($node, 'deploy');
my %slowest;

# Runs pgbench while the long transaction is open and $work does what it does. $work is told the time at which
# the transaction may end.
sub beside_clients
{
	my ($title, $work) = @_;
	my ($output, $errors) = ('', '');
	my @pgbench = ('pgbench', '--no-vacuum', '--client=8', '--jobs=2', '--time=900', '--rate=2000', '--log',
		"--log-prefix=$scripts/$title", map { "--file=$_" } @script_files);
	my $clients = IPC::Run::start([ @pgbench, $node->connstr('postgres') . ' application_name=pgbench' ], '>', \$output, '2>', \$errors);
	wait_for("SELECT count(*) = 8 FROM pg_stat_activity WHERE application_name = 'pgbench'", 'pgbench does not start');
	wait_for_clients(@tables);
	$holder->query_safe("BEGIN; SELECT count(*) FROM lab.$busy");
	$work->(time + $seconds);
	wait_for_clients($busy);

	# As if its time were over.
	$clients->signal('ALRM');
	ok($clients->finish, "$title: pgbench ends well");
	is($errors =~ s/^pgbench \(.*\n//r, '', "$title: pgbench has nothing to complain about");
	like($output, qr/^number of failed transactions: 0 /m, "$title: no failed transaction");
	$slowest{$title} = slowest_statements($title);
	is(scalar keys %{ $slowest{$title} }, @tables, "$title: the clients were at all tables");
	return;
}

sub wait_for
{
	my ($condition, $complaint) = @_;
	$node->poll_query_until('postgres', $condition) or die $complaint;
	return;
}

# Until the clients have changed each of the tables once more.
sub wait_for_clients
{
	my @changed = @_;
	my $sums = join ' UNION ALL ', map { "SELECT '$_', sum(number) FROM lab.$_" } @changed;
	my %sum = map { split /\|/ } split /\n/, $node->safe_psql('postgres', $sums);
	my $higher = join ' AND ', map { "(SELECT sum(number) FROM lab.$_) > $sum{$_}" } @changed;
	wait_for("SELECT $higher", 'the clients do not change every table');
	return;
}

# Milliseconds of the slowest statement by table, without the time it was late for the rate.
sub slowest_statements
{
	my ($title) = @_;
	my %found;
	for my $line (map { split /\n/, slurp_file($_) } glob "$scripts/$title.*")
	{
		my ($client, $transaction, $microseconds, $script, $epoch, $fraction, $lag) = split / /, $line;
		my $table = $tables[ int($script / 2) ];
		$found{$table} = max($found{$table} // 0, ($microseconds - $lag) / 1000);
	}
	return \%found;
}

sub number_full
{
	return $node->safe_psql('postgres',
		"SELECT count(*) FROM pg_class WHERE relnamespace = 'lab'::regnamespace AND relkind = 'r' AND relreplident = 'f'");
}

sub sleep_until
{
	my ($until) = @_;
	sleep max(0, $until - time);
	return;
}

beside_clients('without', sub {
	sleep_until($_[0]);
	$holder->query_safe('COMMIT');
});

beside_clients('rollout', sub {
	my $start = time;
	start_rollout($deploy, rollout_of("dj_deploy.set_replica_identity('lab')", '10 min'));
	wait_for("SELECT count(*) = 49 FROM pg_class WHERE relnamespace = 'lab'::regnamespace AND relkind = 'r' AND relreplident = 'f'",
		'rollout does not come to 49 tables');
	diag(sprintf 'rollout: 49 tables done after %.1f s', time - $start);
	is($node->safe_psql('postgres', "SELECT relreplident FROM pg_class WHERE oid = 'lab.$busy'::regclass"), 'd',
		'rollout: all but the busy table are done while the long transaction is open');

	$deploy->{run}->pump until $deploy->{stderr} =~ /49 of 50 statements done, 1 waiting\n.*\n/ || $deploy->{timeout}->is_expired;
	like($deploy->{stderr}, qr/NOTICE:  00000: 49 of 50 statements done, 1 waiting\nDETAIL:  Tables that are locked: "lab.$busy"\.$/m,
		'rollout: it says what it waits for');
	wait_for_clients(@tables);
	pass('rollout: the clients change every table meanwhile');
	sleep_until($_[0]);
	is(number_full(), 49, 'rollout: the busy table is not done as long as the transaction is open');

	$holder->query_safe('COMMIT');
	my $end = time;
	my ($output) = finish_rollout($deploy);
	diag(sprintf 'rollout: the last one %.2f s after the end of the long transaction', time - $end);
	like($output, qr/REPLICA IDENTITY FULL"\], "tables_analyzed": 50, "tables_modified": 50\}$/, 'rollout: all done afterwards');
	like($output, qr/"ALTER TABLE \\"lab\\"\.\\"$busy\\" REPLICA IDENTITY FULL"\]/, 'rollout: the busy table came last');
	is(number_full(), 50, 'rollout: all tables are changed');
});

beside_clients('loop', sub {
	$deploy->query_safe(q{SET application_name = 'loop'});
	start_rollout($deploy, q{DO $$
		DECLARE name text;
		BEGIN
			FOR name IN SELECT oid::regclass FROM pg_class WHERE relnamespace = 'lab'::regnamespace AND relkind = 'r' ORDER BY relname LOOP
				EXECUTE 'ALTER TABLE ' || name || ' REPLICA IDENTITY DEFAULT';
			END LOOP;
		END $$});
	wait_until_blocked($node, 'loop');
	wait_for("SELECT count(*) = 8 FROM pg_stat_activity WHERE application_name = 'pgbench' AND wait_event_type = 'Lock'",
		'the loop does not stall the clients');
	pass('loop: all clients stand still behind it');
	sleep_until($_[0]);
	$holder->query_safe('COMMIT');
	finish_rollout($deploy);
	is(number_full(), 0, 'loop: all tables are changed');
});

# The numbers say as much about the machine, so nothing is asserted of them.
my @columns = qw(without rollout loop);
my $show = sub { sprintf '%-28s %9s %9s %9s', @_ };
my $show_numbers = sub { $show->(shift, map { sprintf '%.1f', $_ } @_) };
my @all = map { my $table = $_; [ map { $slowest{$_}{$table} } @columns ] } @tables;
my @middle = map { my $column = $_; (sort { $a <=> $b } map { $_->[$column] } @all)[ @all / 2 ] } 0 .. 2;
my @worst = map { my $column = $_; max(map { $_->[$column] } @all) } 0 .. 2;
diag("the clients' slowest statement in ms, beside a transaction of $seconds s");
diag($show->('', @columns));
diag($show_numbers->('median of the tables', @middle));
diag($show_numbers->('worst of the tables', @worst));
diag($show_numbers->("the busy table, $busy", map { $slowest{$_}{$busy} } @columns));
diag(sprintf 'most that rollout adds on a table: %.1f', max(map { $_->[1] - $_->[0] } @all));
note($show_numbers->($tables[$_], @{ $all[$_] })) for 0 .. $#tables;

done_testing();
