# A run that is cancelled, timed out or terminated between two tables: 57014 or 57P01, and nothing applied.
use strict;
use warnings FATAL => 'all';

use FindBin;
use lib "$FindBin::RealBin/lib";
use Deploy;
use Test::More;

my $node = new_server('main');
$node->safe_psql('postgres', 'CREATE SCHEMA lab; ' . join '', map { "CREATE TABLE lab.t$_ (id int PRIMARY KEY);" } 1 .. 6);
my $untouched = 't1:d t2:d t3:d t4:d t5:d t6:d';

# An event trigger counts the statements in a sequence, which no rollback turns back, and stops at
# the third while somebody holds its key.
$node->safe_psql('postgres', q{
	CREATE SEQUENCE altered;
	CREATE FUNCTION count_altered() RETURNS event_trigger LANGUAGE plpgsql AS
		$$ BEGIN IF nextval('public.altered') = 3 THEN PERFORM pg_advisory_xact_lock_shared(3); END IF; END $$;
	CREATE EVENT TRIGGER count_altered ON ddl_command_end WHEN TAG IN ('ALTER TABLE')
		EXECUTE FUNCTION count_altered();
});

# Starts a run that has changed t1, t2 and t3 and goes no further; interrupts it, or waits for its
# settings to do so; expects the SQLSTATE.
sub interrupted_run
{
	my ($title, $sqlstate, $interrupt, $settings) = @_;
	$node->safe_psql('postgres', "SELECT setval('altered', 1, false)");
	my $holder = $node->background_psql('postgres');
	$holder->query_safe('SELECT pg_advisory_lock(3)');

	my $run = $node->background_psql('postgres', on_error_stop => 0);
	$run->query_safe("\\set VERBOSITY sqlstate\nSET application_name = 'run'; SET dj_deploy.lock_timeout = 0; $settings");
	$run->{stdin} .= full_run('lab') . ";\n";
	$run->{run}->pump_nb;
	$interrupt->(wait_until_blocked($node, 'run')) if $interrupt;
	$run->{run}->pump until $run->{stderr} =~ /(ERROR|FATAL):  \w{5}/ || $run->{timeout}->is_expired;
	like($run->{stderr}, qr/(ERROR|FATAL):  $sqlstate/, "$title: $sqlstate");

	is($node->safe_psql('postgres', 'SELECT last_value FROM altered'), '3', "$title: three tables were changed")
	  if $interrupt;
	is(identities($node, 'lab'), $untouched, "$title: nothing applied");
	is($node->safe_psql('postgres', q{
		SELECT count(*) FROM pg_locks WHERE mode = 'AccessExclusiveLock' AND relation::regclass::text LIKE 'lab.%'}),
		'0', "$title: no lock left");
	$holder->quit;
	return $run;
}

sub still_usable
{
	my ($title, $run) = @_;
	$run->{stderr} = '';
	is($run->query('SELECT 1'), '1', "$title: the session goes on");
	$run->quit;
	return;
}

my $signal = sub { my $function = shift; return sub { $node->safe_psql('postgres', "SELECT $function($_[0])") } };

still_usable('cancel', interrupted_run('cancel', '57014', $signal->('pg_cancel_backend'), ''));
still_usable('statement_timeout', interrupted_run('statement_timeout', '57014', undef, "SET statement_timeout = '1s'"));
my $terminated = interrupted_run('terminate', '57P01', $signal->('pg_terminate_backend'), '');
$terminated->{run}->finish;

# With nothing in its way the same run passes.
$node->safe_psql('postgres', full_run('lab'));
is(identities($node, 'lab'), $untouched =~ s/:d/:f/gr, 'uninterrupted: all applied');

done_testing();
