# What the TAP tests share: servers with the extension, the real pipeline, and short looks at the catalog.
package Deploy;

use strict;
use warnings FATAL => 'all';

use Exporter 'import';
use FindBin;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Time::HiRes qw(usleep);

our @EXPORT = qw(new_server load_pipeline pipeline_tables full_run identities extension_objects error_of without_summary
  wait_until_blocked wait_through_restart);

my $fixtures = "$FindBin::RealBin/../fixtures";

# Messages without the last one of each call, which says how much was shown or done; test/sql looks at that.
sub without_summary
{
	my ($messages) = @_;
	my $message = qr/NOTICE:  (?:00000: )?(?:dry run: \d|executed \d|nothing to do).*\n?/;
	return $messages =~ s/^(?:psql:\S*: )?$message(?:HINT:  To execute, .*\n?)?(?:LOCATION:.*\n?)?//mgr;
}

# A running server with the extension in database postgres. allows_streaming is for init(), the rest
# are settings.
sub new_server
{
	my ($name, %settings) = @_;
	my $streaming = delete $settings{allows_streaming};
	my $node = PostgreSQL::Test::Cluster->new($name);
	$node->init(allows_streaming => $streaming);
	$node->append_conf('postgresql.conf', "$_ = '$settings{$_}'") for sort keys %settings;
	$node->start;
	$node->safe_psql('postgres', 'CREATE EXTENSION datajoint_deploy');
	return $node;
}

# Loads the four schemas lab, behavior, ephys and analysis with their rows.
sub load_pipeline
{
	my ($node, $database) = @_;
	$node->command_ok(
		[ 'psql', '-XqAt', '-v', 'ON_ERROR_STOP=1', '-f', "$fixtures/pipeline.sql", '-d', $node->connstr($database) ],
		'load the pipeline');
	return;
}

# Its tables as "schema"."table", parents first.
sub pipeline_tables
{
	return map { /^([^.]+)\.(.+)$/ or die "unexpected line $_"; qq("$1"."$2") }
	  split /\n/, slurp_file("$fixtures/order.txt");
}

# The call that changes a schema; mode is 'full' unless given.
sub full_run
{
	my ($schema, $mode) = @_;
	$mode //= 'full';
	return "SELECT dj_deploy.set_replica_identity('$schema', '$mode', dry_run => false)";
}

# For example "a:d b:f", tables by name.
sub identities
{
	my ($node, $schema, $database) = @_;
	return $node->safe_psql($database // 'postgres', qq(
		SELECT string_agg(format('%s:%s', relname, relreplident), ' ' ORDER BY relname)
		FROM pg_class WHERE relnamespace = '$schema'::regnamespace AND relkind IN ('r', 'p')));
}

# Everything that the extension owns, as text that compares with that of another database.
sub extension_objects
{
	my ($node, $database) = @_;
	return $node->safe_psql($database, slurp_file("$fixtures/extension_objects.sql"));
}

# What psql says about the error: "ERROR:  42501: must be owner …", with detail and hint.
sub error_of
{
	my ($node, $sql, $database) = @_;
	my ($status, $output, $errors) = $node->psql($database // 'postgres', "\\set VERBOSITY verbose\n$sql");
	$errors =~ s/^psql:<stdin>:\d+: //mg;
	return $errors;
}

# Waits until a session with that application_name waits for a lock; returns its process id.
sub wait_until_blocked
{
	my ($node, $application) = @_;
	my $waiting = "FROM pg_stat_activity WHERE application_name = '$application' AND wait_event_type = 'Lock'";
	$node->poll_query_until('postgres', "SELECT count(*) = 1 $waiting") or die "$application does not wait";
	return $node->safe_psql('postgres', "SELECT pid $waiting");
}

# Waits until the query returns true, on a server that may be restarting: a psql that cannot connect
# may end before its query has been written to it, which poll_query_until() dies of.
sub wait_through_restart
{
	my ($node, $query) = @_;
	for (1 .. 1800)
	{
		my ($status, $answer) = eval { $node->psql('postgres', $query) };
		return if defined $status && $status == 0 && $answer eq 't';
		usleep(100_000);
	}
	die "waited in vain for $query";
}

1;
