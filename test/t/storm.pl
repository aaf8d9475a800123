# Ten sessions at once: six call all operations on the same schemas, three change tables,
# partitions, roles and publications, one vacuums and reindexes by hand. Whatever their order: no
# internal error, no crash, no deadlock between our own runs, nothing left that is not named, and
# afterwards each operation succeeds and finds nothing left to do. A round is a fixed number of
# statements, drawn beforehand. STORM_ROUNDS and RANDOM_SEED choose others; STORM_MINUTES goes on
# with rounds until so many minutes are over.
use strict;
use warnings FATAL => 'all';

use FindBin;
use lib "$FindBin::RealBin/lib";
use Deploy;
use PostgreSQL::Test::Utils;
use Test::More;
use Workers;

my $seed = $ENV{RANDOM_SEED} || int(rand(2**31));
my $rounds = $ENV{STORM_ROUNDS} || 3;
my $minutes = $ENV{STORM_MINUTES} || 0;
my $statements = 24;    # of each session in a round
my %sessions = (ours => 6, ddl => 3, maintenance => 1);
srand $seed;
diag "RANDOM_SEED=$seed STORM_ROUNDS=$rounds STORM_MINUTES=$minutes";

# With the server's own deadlock_timeout of a second, a circle of waiting sessions is found before
# any of them gives up.
my $node = new_server('storm',
	autovacuum => 'off', 'dj_deploy.lock_timeout' => '5s', dynamic_shared_memory_type => 'mmap',
	log_statement => 'none', max_connections => 40, max_worker_processes => 40, restart_after_crash => 'on',
	track_activity_query_size => 8192, wal_level => 'logical');
my $segments = shared_segments($node);
my $started = $node->safe_psql('postgres', 'SELECT pg_postmaster_start_time()');
my $scripts = PostgreSQL::Test::Utils::tempdir();
my @schemas = qw(storm_a storm_b);

sub any { return $_[ rand @_ ] }

# Of each schema four tables with a foreign key, and a tree of partitions whose names do not come in
# the order of their making.
sub make_objects
{
	my $sql = q{
		SET client_min_messages = error;
		DROP SCHEMA IF EXISTS storm_a, storm_b, storm_new CASCADE;
		DROP PUBLICATION IF EXISTS storm_cdc, storm_more, storm_temporary, storm_renamed;
		DROP ROLE IF EXISTS storm_reader, storm_writer, storm_temporary, storm_renamed;
		CREATE ROLE storm_reader; CREATE ROLE storm_writer;
		CREATE PUBLICATION storm_cdc; CREATE PUBLICATION storm_more WITH (publish_via_partition_root);
	};
	for my $schema (@schemas)
	{
		$sql .= "CREATE SCHEMA $schema;"
		  . join('', map { "CREATE TABLE $schema.t$_ (id int PRIMARY KEY, value int, note text); CREATE INDEX t${_}_value ON $schema.t$_ (abs(value));" } 1 .. 4)
		  . "ALTER TABLE $schema.t1 ADD FOREIGN KEY (value) REFERENCES $schema.t3;"
		  . "CREATE TABLE $schema.p (id int PRIMARY KEY, value int, note text) PARTITION BY RANGE (id);"
		  . "CREATE TABLE $schema.p_3 PARTITION OF $schema.p FOR VALUES FROM (300) TO (400);"
		  . "CREATE TABLE $schema.p_1 PARTITION OF $schema.p FOR VALUES FROM (100) TO (200);"
		  . "CREATE TABLE $schema.a_2 PARTITION OF $schema.p FOR VALUES FROM (200) TO (300) PARTITION BY RANGE (id);"
		  . "CREATE TABLE $schema.a_2_1 PARTITION OF $schema.a_2 FOR VALUES FROM (200) TO (250);"
		  . join('', map { "INSERT INTO $schema.t$_ SELECT i, NULL, 'x' FROM generate_series(1, 200) i;" } 1 .. 4)
		  . "INSERT INTO $schema.p SELECT i, i, 'x' FROM generate_series(100, 199) i;";
	}
	$node->safe_psql('postgres', $sql);
	return;
}

# Schemas in whatever order, also twice.
sub several { return "ARRAY['" . join("', '", any(@schemas), any(@schemas)) . "']" }

sub target
{
	my $schema = any(@schemas);
	return any(("'$schema'") x 4, several(), ("'$schema." . any(qw(t1 t3 p p_1 a_2)) . "'::regclass") x 2, "'storm_new'");
}

sub document
{
	my $writes = join ', ', map { qq("$_": {"allow_breaking_writes": true}) } qw(p t1 t2 t3);
	my %mode = map { $_ => any(qw(default full)) } @schemas;
	my $schemas = join ', ', map {
		qq("$_": {"tables": {$writes}, "replica_identity": "$mode{$_}", "publications": ["storm_cdc"], "grants": {"storm_reader": ") . any(qw(read write none))
		  . qq("}, "autovacuum": {"autovacuum_vacuum_threshold": ) . (50 + int rand 20) . '}}'
	} any([qw(storm_a)], [qw(storm_b)], [@schemas])->@*;
	return qq({"version": 1, "publications": {"storm_cdc": {}}, "schemas": {$schemas}});
}

my %ours = (
	set_replica_identity => sub { "SELECT dj_deploy.set_replica_identity(" . target() . ", '" . any(qw(full default)) . "', dry_run => false)" },
	set_publication_membership => sub {
		"SELECT dj_deploy.set_publication_membership(" . target() . ", '" . any(qw(storm_cdc storm_cdc storm_more storm_temporary))
		  . "', dry_run => false, member => " . any(qw(true true false)) . ')' },
	set_autovacuum => sub { "SELECT dj_deploy.set_autovacuum(" . target() . ", '{\"autovacuum_vacuum_threshold\": " . (50 + int rand 20) . "}', dry_run => false)" },
	set_grants => sub {
		"SELECT dj_deploy.set_grants(" . any(several(), map { "'$_'" } @schemas, 'storm_new') . ", '" . any(qw(storm_reader storm_writer storm_temporary)) . "', '" . any(qw(read write none)) . "', dry_run => false)" },
	apply          => sub { "SELECT dj_deploy.apply('" . document() . "', false)" },
	rollout        => sub { "CALL dj_deploy.rollout(dj_deploy.set_replica_identity(" . target() . ", '" . any(qw(full default)) . "'), dry_run => false, max_wait => '1 s')" },
	vacuum_analyze => sub { "CALL dj_deploy.vacuum_analyze(" . target() . ', dry_run => false, jobs => ' . (1 + int rand 3) . ')' },
	reindex        => sub { "CALL dj_deploy.reindex(" . target() . ', dry_run => false, concurrently => ' . any(qw(true true false)) . ', jobs => ' . (1 + int rand 3) . ')' },
);

# Each is one statement, which takes its locks in the server's order.
sub ddl
{
	my $schema = any(@schemas);
	my $number = int rand 3;
	my $table = "$schema.t" . (1 + int rand 4);
	return any(
		"CREATE INDEX extra_$number ON $schema.p (value)", "DROP INDEX $schema.extra_$number",
		"CREATE INDEX plain_$number ON $table (note)", "DROP INDEX $schema.plain_$number",
		"ALTER TABLE $schema.p ADD COLUMN extra_$number int", "ALTER TABLE $schema.p DROP COLUMN extra_$number",
		"CREATE TABLE $schema.p_new PARTITION OF $schema.p FOR VALUES FROM (400) TO (500)", "DROP TABLE $schema.p_new",
		"ALTER TABLE $schema.p DETACH PARTITION $schema.p_3", "ALTER TABLE $schema.p ATTACH PARTITION $schema.p_3 FOR VALUES FROM (300) TO (400)",
		"ALTER TABLE $schema.a_2 DETACH PARTITION $schema.a_2_1", "ALTER TABLE $schema.a_2 ATTACH PARTITION $schema.a_2_1 FOR VALUES FROM (200) TO (250)",
		"CREATE TABLE $schema.extra_$number (id int PRIMARY KEY)", "DROP TABLE $schema.extra_$number",
		"ALTER TABLE $schema.t4 RENAME TO t5", "ALTER TABLE $schema.t5 RENAME TO t4",
		"ALTER TABLE $table REPLICA IDENTITY FULL", "ALTER TABLE $table REPLICA IDENTITY DEFAULT", "GRANT SELECT ON $table TO storm_writer",
		"UPDATE $table SET note = 'y' WHERE id < 20", "UPDATE $table SET note = 'y' WHERE id < 20", "DELETE FROM $schema.p WHERE id = 101",
		"CREATE ROLE storm_temporary", "DROP ROLE storm_temporary", "ALTER ROLE storm_temporary RENAME TO storm_renamed", "DROP ROLE storm_renamed",
		"CREATE PUBLICATION storm_temporary", "DROP PUBLICATION storm_temporary", "ALTER PUBLICATION storm_temporary RENAME TO storm_renamed",
		"DROP PUBLICATION storm_renamed", "ALTER PUBLICATION storm_cdc ADD TABLE $table", "ALTER PUBLICATION storm_cdc DROP TABLE $table",
		"CREATE SCHEMA storm_new CREATE TABLE one (id int PRIMARY KEY)", "DROP SCHEMA storm_new CASCADE");
}

# Only of t2 does somebody else rebuild indexes concurrently, and may be cut short without a word of ours.
sub maintenance
{
	my $schema = any(@schemas);
	return any("VACUUM $schema.t" . (1 + int rand 4), "VACUUM (ANALYZE) $schema.p", "ANALYZE $schema.p", "VACUUM (FULL) $schema.t1", "REINDEX TABLE $schema.t3",
		"REINDEX TABLE $schema.p", "REINDEX TABLE CONCURRENTLY $schema.t2", "REINDEX INDEX CONCURRENTLY $schema.t2_value");
}

my %kinds = (
	ours        => sub { my ($at, $session) = @_; my @names = sort keys %ours; $ours{ $names[ ($at + $session) % @names ] }->() },
	ddl         => sub { ddl() . ' /* by hand, parents first */' },
	maintenance => sub { maintenance() . ' /* by hand */' },
);

# Starts a psql for each session's statements; returns what each has said, when all have ended.
sub run_sessions
{
	my ($round) = @_;
	my @running;
	for my $kind (sort keys %sessions)
	{
		for my $session (1 .. $sessions{$kind})
		{
			my @drawn = map { $kinds{$kind}->($_, $session) } 1 .. $statements;
			my $settings = "\\set VERBOSITY verbose\nSET application_name = '$kind $session'; SET client_min_messages = warning;"
			  . ($kind eq 'ours' ? '' : " SET lock_timeout = '5s';");
			my $file = "$scripts/$round.$kind.$session.sql";
			append_to_file($file, join "\n", $settings, map { "$_;" } @drawn, '');
			my ($output, $messages) = ('', '');
			push @running, { kind => $kind, statements => [ '', '', '', @drawn ], output => \$output, messages => \$messages,
				run => IPC::Run::start([ 'psql', '-XqAt', '-f', $file, '-d', $node->connstr('postgres') ], '>', \$output, '2>', \$messages) };
		}
	}
	$_->{run}->finish for @running;
	return @running;
}

# The deadlocks in the server's log since the position: the statements of each circle. A caller logs
# the error of its worker once more, without them.
sub deadlocks
{
	my ($position) = @_;
	my %circles;
	my $log = slurp_file($node->logfile, $position);
	while ($log =~ /ERROR:  deadlock detected\n[^\n]*DETAIL:  ([^\n]*\n(?:\t[^\n]*\n)*)/g)
	{
		my $detail = $1;
		my %statements = $detail =~ /^\tProcess (\d+): (.*)$/mg;
		$circles{$detail} = [ values %statements ] if %statements;
	}
	return values %circles;
}

# Each is a list of statements. Our own runs never meet in one, nor do our functions with statements
# that take their locks in the server's order. REINDEX CONCURRENTLY waits for everybody's snapshots,
# and what statements by hand do to each other is the server's own.
sub judge_deadlocks
{
	my ($title, @circles) = @_;
	my ($own, $ordered, $other) = ('', '', '');
	for my $circle (@circles)
	{
		my $shown = join "\n  beside ", sort @$circle;
		if (!grep { m{/\* by hand} } @$circle) { $own .= "$shown\n" }
		elsif (!grep { !m{/\* by hand} } @$circle) { $other .= "$shown\n" }
		elsif (!grep { !m{^SELECT dj_deploy\.|/\* by hand, parents first \*/} } @$circle) { $ordered .= "$shown\n" }
		else { $other .= "$shown\n" }
	}
	is($own, '', "$title: no deadlock between our own runs");
	is($ordered, '', "$title: no deadlock of our functions with who locks in the server's order");
	note "$title: other deadlocks with statements by hand:\n$other";
	return;
}

# What the server itself says of an invalid index, of which the run has told already.
my $passed_over = qr/^cannot reindex invalid index .* concurrently, skipping$/;

# What each session has said: SQLSTATEs and counts of them, by kind; internal errors of ours, and
# what else must not be.
sub judge_messages
{
	my ($title, @ended) = @_;
	my (%count, %example, @wrong);
	for my $session (@ended)
	{
		my $is_ours = $session->{kind} eq 'ours';
		while (${ $session->{messages} } =~ /^psql:[^\n]*?:(\d+): (ERROR|FATAL|PANIC|WARNING):  (\w{5}): ([^\n]*)/mg)
		{
			my ($line, $level, $sqlstate, $message) = ($1, $2, $3, $4);
			$count{"$session->{kind} $level $sqlstate"}++;
			$example{"$session->{kind} $level $sqlstate"} //= "$message <- $session->{statements}[$line]";
			push @wrong, "$level $sqlstate $message <- $session->{statements}[$line]"
			  if $level =~ /FATAL|PANIC/ || ($is_ours && ($sqlstate =~ /^(XX|53|57|58|08)/ && $message !~ /$passed_over/ || $message =~ /lost connection/));
		}
		push @wrong, "the end of a session: " . ${ $session->{messages} } if ${ $session->{messages} } =~ /server closed|connection to server/;
	}
	note "$title: $count{$_} times $_, first $example{$_}" for sort keys %count;
	is(join("\n", @wrong), '', "$title: no internal error, no lost session");
	return;
}

sub nothing_is_left
{
	my ($title) = @_;
	is($node->safe_psql('postgres', 'SELECT pg_postmaster_start_time()'), $started, "$title: the server is the same");
	$node->poll_query_until('postgres', "SELECT count(*) = 0 FROM pg_stat_activity WHERE application_name ~ '^(ours|ddl|maintenance) '
		OR backend_type = 'datajoint_deploy worker'") or die "$title: somebody works on";
	is(scalar worker_processes($node), 0, "$title: no worker");
	is(shared_segments($node), $segments, "$title: no shared memory");
	is($node->safe_psql('postgres', q{SELECT count(*) FROM pg_locks WHERE pid <> pg_backend_pid()
		AND (locktype IN ('advisory', 'object') OR relation >= 16384)}), '0', "$title: no lock");
	return;
}

# An invalid index is named by whoever has left it, unless that was none of ours.
sub judge_indexes
{
	my ($title, @ended) = @_;
	my $said = join '', map { ${ $_->{messages} } } grep { $_->{kind} eq 'ours' } @ended;
	my %named = map { $_ => 1 } map { tr/"//dr } $said =~ /DROP INDEX (?:CONCURRENTLY )?("[^"]+"\."[^"]+")/g;
	my @left = split ' ', invalid_indexes($node);
	note "$title: invalid indexes: @left";
	my $by_hand = $node->safe_psql('postgres', q{SELECT string_agg(indexrelid::regclass::text, ' ') FROM pg_index JOIN pg_class t ON t.oid = indrelid
		WHERE NOT indisvalid AND (t.relkind = 'p' OR EXISTS (SELECT FROM pg_class WHERE relname = 't2' AND t.oid IN (oid, reltoastrelid)))});
	my %by_hand = map { $_ => 1 } split ' ', $by_hand;
	is(join(' ', grep { !$named{$_} && !$by_hand{$_} } @left), '', "$title: every invalid index is named");
	$node->safe_psql('postgres', "DROP INDEX $_") for grep { /_cc(new|old)\d*$/ } @left;
	return;
}

# Each operation once more, and then there is nothing to do.
sub judge_convergence
{
	my ($title) = @_;
	my $document = document();
	my %calls = map { $_ => [
		"set_publication_membership('$_', 'storm_cdc', dry_run => %s)", "set_autovacuum('$_', '{\"autovacuum_vacuum_threshold\": 77}', dry_run => %s)",
		"set_grants('$_', 'storm_reader', 'read', dry_run => %s)", "set_replica_identity('$_', 'full', %s, true)" ] } @schemas;
	for my $call (map({ @{ $calls{$_} } } @schemas), "apply('$document', %s)")
	{
		$node->safe_psql('postgres', 'SELECT dj_deploy.' . sprintf $call, 'false');
		like($node->safe_psql('postgres', 'SELECT dj_deploy.' . sprintf $call, 'true'), qr/"ddl": \[\]/, "$title: converged, $call");
	}
	for my $call (
		map { ("rollout(dj_deploy.set_replica_identity('$_', 'default'), false)", "vacuum_analyze('$_', false)", "reindex('$_', false)", "reindex('$_', false, false)") } @schemas)
	{
		my ($output, $errors) = ('', '');
		$node->psql('postgres', "CALL dj_deploy.$call", stdout => \$output, stderr => \$errors);
		# DEFAULT after FULL is told to the consumers of old rows.
		unlike($errors =~ s/^.*WARNING:  old rows of .*\n//mgr, qr/ERROR|WARNING/, "$title: $call succeeds");
		unlike($output, qr/"tables_modified": 0/, "$title: $call does something");
	}
	return;
}

sub storm
{
	my ($title) = @_;
	make_objects();
	my $position = -s $node->logfile;
	my @ended = run_sessions($title =~ s/\W/_/gr);
	judge_messages($title, @ended);
	judge_deadlocks($title, deadlocks($position));
	nothing_is_left($title);
	judge_indexes($title, @ended);
	judge_convergence($title);
	return;
}

my $begun = time;
my $count = 0;
storm('round ' . ++$count) while $count < $rounds || time - $begun < 60 * $minutes;
diag "$count rounds";
unlike(slurp_file($node->logfile), qr/was terminated by signal|PANIC:/, 'no crash');

done_testing();
