# Servers that are lost, and processes of theirs.
package Crashes;

use strict;
use warnings FATAL => 'all';

use Deploy;
use Exporter 'import';
use Time::HiRes qw(usleep);
use Workers qw(server_processes);

our @EXPORT = qw(waits_for kill_process kill_server);

sub waits_for
{
	my ($what, $condition) = @_;
	for (1 .. 1800)
	{
		return if $condition->();
		usleep(100_000);
	}
	die "waited in vain for $what";
}

# Kills a backend and waits until the server has restarted: the entry of a process that was killed
# stays until then. $after is done right after the kill.
sub kill_process
{
	my ($node, $pid, $after) = @_;
	die "$pid is none of ours" unless (readlink("/proc/$pid/cwd") // '') eq $node->data_dir;
	kill 'KILL', $pid;
	$after->() if $after;
	wait_through_restart($node, "SELECT NOT EXISTS (SELECT FROM pg_stat_activity WHERE pid = $pid)");
	return;
}

# Kills the postmaster, waits until all others have noticed, and starts it again. $after is done
# right after the kill.
sub kill_server
{
	my ($node, $after) = @_;
	my $pid = $node->{_pid};
	$node->kill9;
	$after->() if $after;
	# It exists until somebody has asked for its status.
	waits_for('all of the server to end', sub { !kill(0, $pid) && !server_processes($node) });
	$node->start;
	return;
}

1;
