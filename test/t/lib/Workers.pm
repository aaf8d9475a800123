# What the tests of maintenance share: tables whose statements stop where a test wants them, calls
# in the background, and a look at their workers, at what is left of them, and at what they did.
package Workers;

use strict;
use warnings FATAL => 'all';

use Deploy;
use Exporter 'import';
use Test::More;

our @EXPORT = qw(make_tables hold let_go wait_for start_call connect_call send_call finish_call call_ends analyzed invalid_indexes
  end_session waiting_worker server_processes worker_processes shared_segments);

my $workers = "FROM pg_stat_activity WHERE backend_type = 'datajoint_deploy worker'";

# Makes the schema anew with tables of five rows each, which were never analyzed. Given { a => 7 },
# a statement about table a stops in a call's worker while hold(7) lasts.
sub make_tables
{
	my ($node, $schema, $keys, %options) = @_;
	my $sql = qq{
		SET client_min_messages = warning;
		DROP SCHEMA IF EXISTS $schema CASCADE;
		CREATE SCHEMA $schema;
		CREATE OR REPLACE FUNCTION public.stop_here(value int, key int) RETURNS int IMMUTABLE LANGUAGE plpgsql AS \$\$
		BEGIN
			IF pg_catalog.current_setting('application_name') = 'run' THEN
				PERFORM pg_catalog.pg_advisory_xact_lock_shared(key);
			END IF;
			RETURN value;
		END \$\$;
	};
	for my $table (sort keys %$keys)
	{
		$sql .= "CREATE TABLE $schema.$table (id int PRIMARY KEY, value int); INSERT INTO $schema.$table SELECT i, i FROM generate_series(1, 5) i;";
		$sql .= "CREATE INDEX ${table}_value ON $schema.$table (public.stop_here(value, $keys->{$table}));" if $keys->{$table};
	}
	$node->safe_psql($options{database} // 'postgres', $sql);
	return;
}

# A session that stops workers at the key until let_go().
sub hold
{
	my ($node, $key, $database) = @_;
	my $holder = $node->background_psql($database // 'postgres');
	$holder->query_safe("SELECT pg_advisory_lock($key)");
	return $holder;
}

sub let_go
{
	my ($holder) = @_;
	$holder->quit;
	return;
}

# Waits until so many workers are in that state, for example "wait_event = 'advisory'".
sub wait_for
{
	my ($node, $count, $state) = @_;
	$state = defined $state ? "AND $state" : '';
	$node->poll_query_until('postgres', "SELECT count(*) = $count $workers $state")
	  or die "there are no $count workers $state: " . $node->safe_psql('postgres', "SELECT pid, state, wait_event, query $workers");
	return;
}

# The process id of the one worker that stops at a key.
sub waiting_worker
{
	my ($node) = @_;
	wait_for($node, 1, "wait_event = 'advisory'");
	return $node->safe_psql('postgres', "SELECT pid $workers AND wait_event = 'advisory'");
}

# Starts statements in a session of their own, whose process id is then in {pid}.
sub start_call
{
	my ($node, $sql, %options) = @_;
	return send_call(connect_call($node, %options), $sql);
}

# The two halves of it: a session, and the statements.
sub connect_call
{
	my ($node, %options) = @_;
	my $call = $node->background_psql($options{database} // 'postgres', on_error_stop => 0);
	$call->query_safe("\\set VERBOSITY verbose\n\\set SHOW_CONTEXT always\nSET application_name = 'run'; SET lock_timeout = '1h'");
	$call->query_safe($options{settings}) if $options{settings};
	$call->{pid} = $call->query_safe('SELECT pg_backend_pid()');
	return $call;
}

sub send_call
{
	my ($call, $sql) = @_;
	$call->{stdin} .= "$sql;\n\\echo finished\n\\warn finished\n";
	$call->{run}->pump_nb;
	return $call;
}

# Waits for the end of the statements, or of their session; returns output and messages.
sub finish_call
{
	my ($call) = @_;
	while (!($call->{stdout} =~ /^finished\n/m && $call->{stderr} =~ /^finished\n/m) && $call->{run}->pumpable)
	{
		die "no end: $call->{stdout} $call->{stderr}" if $call->{timeout}->is_expired;
		$call->{run}->pump;
	}
	my ($output, $messages) = map { s/^finished\n//mr } @$call{qw(stdout stderr)};
	$messages =~ s/^psql:<stdin>:\d+: //mg;
	return ($output, without_summary($messages));
}

# Ends a session that may have ended already, where quit() would write to nobody. Closing psql's
# input would not do: a server that was started meanwhile holds it open.
sub end_session
{
	my ($session) = @_;
	$session->{run}->signal('KILL');
	return $session->{run}->finish;
}

# Ends the call, whose last error must match, and whose session must go on unless it is lost.
# Returns its messages.
sub call_ends
{
	my ($title, $call, $expected, %options) = @_;
	local $Test::Builder::Level = $Test::Builder::Level + 1;
	my ($output, $messages) = finish_call($call);
	like($messages, $expected, "$title: error");
	if ($options{is_lost})
	{
		end_session($call);
	}
	else
	{
		@$call{qw(stdout stderr)} = ('', '');
		is($call->query('SELECT 1'), '1', "$title: the session goes on");
		$call->quit;
	}
	return $messages;
}

# Names of the schema's tables that have been analyzed since they were made.
sub analyzed
{
	my ($node, $schema) = @_;
	return $node->safe_psql('postgres', qq{
		SELECT string_agg(relname, ' ' ORDER BY relname) FROM pg_class
		WHERE relnamespace = '$schema'::regnamespace AND oid IN (SELECT starelid FROM pg_statistic)});
}

sub invalid_indexes
{
	my ($node) = @_;
	return $node->safe_psql('postgres', q{
		SELECT string_agg(indexrelid::regclass::text, ' ' ORDER BY indexrelid::regclass::text) FROM pg_index WHERE NOT indisvalid});
}

# Command lines of the server's processes, as the operating system sees them, whether or not the
# server knows them; each works in the data directory.
sub server_processes
{
	my ($node) = @_;
	my @found;
	for my $process (glob '/proc/[0-9]*')
	{
		next unless (readlink("$process/cwd") // '') eq $node->data_dir;
		open my $file, '<', "$process/cmdline" or next;
		push @found, <$file> // '';
	}
	return @found;
}

sub worker_processes { return grep { /datajoint_deploy worker/ } server_processes(@_) }

# How many segments of dynamic shared memory a server with dynamic_shared_memory_type = mmap has.
sub shared_segments
{
	my ($node) = @_;
	return scalar(my @files = glob $node->data_dir . '/pg_dynshmem/mmap.*');
}

1;
