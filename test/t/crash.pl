# A backend killed or a server lost in the middle of a run: nothing applied after the restart. Lost
# after the commit: all.
use strict;
use warnings FATAL => 'all';

use FindBin;
use lib "$FindBin::RealBin/lib";
use Deploy;
use Test::More;

my $node = new_server('main', restart_after_crash => 'on');
load_pipeline($node, 'postgres');
my $before = identities($node, 'lab');
my $after = $before =~ s/(?<=:)d/f/gr =~ s/(~\S*:)f/$1d/gr;
isnt($after, $before, 'a run would change something');

# Starts a run that waits in front of its last table; returns its process id and both sessions.
sub run_in_the_middle
{
	my $last = (grep { /^"lab"/ } pipeline_tables())[-1];
	my $holder = $node->background_psql('postgres');
	$holder->query_safe("BEGIN; LOCK TABLE $last IN ACCESS SHARE MODE");
	my $run = $node->background_psql('postgres');
	$run->query_safe("SET application_name = 'run'; SET dj_deploy.lock_timeout = 0");
	$run->{stdin} .= full_run('lab') . ";\n";
	$run->{run}->pump_nb;
	return (wait_until_blocked($node, 'run'), $holder, $run);
}

sub changed_in_progress
{
	my ($pid) = @_;
	return $node->safe_psql('postgres', qq(
		SELECT count(DISTINCT relation) FROM pg_locks
		WHERE pid = $pid AND granted AND mode = 'AccessExclusiveLock'
		  AND relation IN (SELECT oid FROM pg_class WHERE relnamespace = 'lab'::regnamespace)));
}

my %faults = (
	'kill -9 of the backend' => sub {
		kill 'KILL', $_[0];
		# Its entry stays until the server has been through crash recovery.
		wait_through_restart($node, "SELECT count(*) = 0 FROM pg_stat_activity WHERE application_name = 'run'");
	},
	'immediate shutdown' => sub { $node->stop('immediate'); $node->start },
);

for my $fault (sort keys %faults)
{
	my ($pid, $holder, $run) = run_in_the_middle();
	cmp_ok(changed_in_progress($pid), '>', 10, "$fault: most tables were changed already");
	$faults{$fault}->($pid);
	$holder->quit;
	$run->{run}->finish;
	is(identities($node, 'lab'), $before, "$fault: nothing applied");
}

$node->safe_psql('postgres', full_run('lab'));
$node->stop('immediate');
$node->start;
is(identities($node, 'lab'), $after, 'immediate shutdown after the commit: all applied');

done_testing();
