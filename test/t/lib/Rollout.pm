# What the tests of rollout share: one that runs in the background, and waiting for what it has done.
package Rollout;

use strict;
use warnings FATAL => 'all';

use Deploy;
use Exporter 'import';
use PostgreSQL::Test::Utils;

our @EXPORT = qw(rollout_of start_session start_rollout finish_rollout without_progress wait_for_identities wait_until_asleep output_of);

# The call that executes a plan, which is an expression.
sub rollout_of
{
	my ($plan, $max_wait) = @_;
	return "CALL dj_deploy.rollout($plan, false, '" . ($max_wait // '3 min') . "')";
}

# A session that shows SQLSTATEs and goes on after an error.
sub start_session
{
	my ($node, $name, $settings) = @_;
	my $session = $node->background_psql('postgres', on_error_stop => 0);
	$session->query_safe("\\set VERBOSITY verbose\nSET application_name = '$name'; " . ($settings // ''));
	return $session;
}

# Sends a statement and does not wait for it. \timing tells how long it has taken.
sub start_rollout
{
	my ($session, $statement) = @_;
	$session->{stdin} .= "\\timing on\n$statement;\n\\timing off\n\\echo finished\n\\warn finished\n";
	$session->{run}->pump_nb;
	return;
}

# Waits for its end. Returns its output, its messages and its milliseconds; the session goes on.
sub finish_rollout
{
	my ($session) = @_;
	$session->{run}->pump
	  until ($session->{stdout} =~ /^finished\n/m && $session->{stderr} =~ /^finished\n/m) || $session->{timeout}->is_expired;
	die 'the rollout does not end' if $session->{timeout}->is_expired;
	my ($output, $messages) = @{$session}{qw(stdout stderr)};
	$session->{stdout} = $session->{stderr} = '';
	$messages =~ s/^psql:<stdin>:\d+: //mg;
	s/^finished\n//m for $output, $messages;
	$messages =~ s/^LOCATION:.*\n//mg;
	my ($milliseconds) = $output =~ s/^Time: ([\d.]+) ms.*\n?//m ? $1 : undef;
	return ($output =~ s/\n\z//r, without_summary($messages), $milliseconds);
}

# Messages without those that say how far the rollout is: one may come for each five seconds that it
# took, and load makes it take some.
sub without_progress
{
	my ($messages, $milliseconds) = @_;
	for (1 .. $milliseconds / 5000)
	{
		$messages =~ s/^NOTICE:  00000: \d+ of \d+ statements done.*\n(DETAIL:  Tables that are locked: .*\n)?//m;
	}
	return $messages;
}

# The same at once, in a session of its own.
sub output_of
{
	my ($node, $statement, $settings) = @_;
	my $session = start_session($node, 'rollout', $settings);
	start_rollout($session, $statement);
	my @result = finish_rollout($session);
	$session->quit;
	return @result;
}

# Until the identities of the schema's tables, as Deploy::identities() has them, match.
sub wait_for_identities
{
	my ($node, $schema, $pattern) = @_;
	$node->poll_query_until('postgres', qq(
		SELECT string_agg(format('%s:%s', relname, relreplident), ' ' ORDER BY relname) ~ '$pattern'
		FROM pg_class WHERE relnamespace = '$schema'::regnamespace AND relkind IN ('r', 'p')))
	  or die "no rollout comes so far: $pattern";
	return;
}

# Until a session of that name sleeps between two rounds; returns its process id.
sub wait_until_asleep
{
	my ($node, $application) = @_;
	my $asleep = "FROM pg_stat_activity WHERE application_name = '$application' AND wait_event_type = 'Extension'";
	$node->poll_query_until('postgres', "SELECT count(*) = 1 $asleep") or die "$application does not sleep";
	return $node->safe_psql('postgres', "SELECT pid FROM pg_stat_activity WHERE application_name = '$application'");
}

1;
