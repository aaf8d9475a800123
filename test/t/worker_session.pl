# The caller's session in the workers of maintenance: its settings, however they were made, its
# users and what these may do, its timeouts, its encoding. What an index function sees in a worker
# must be what it sees in the caller's own REINDEX or ANALYZE.
use strict;
use warnings FATAL => 'all';

use FindBin;
use lib "$FindBin::RealBin/lib";
use Deploy;
use JSON::PP;
use PostgreSQL::Test::Utils;
use Test::More;

my $node = new_server('main');
my $version = $node->safe_psql('postgres', 'SHOW server_version_num');

# lab.tell() says all settings, and the users, as it sees them; REINDEX calls it for the index,
# ANALYZE for its statistics too.
$node->safe_psql('postgres', q{
	CREATE SCHEMA lab;
	CREATE FUNCTION lab.tell(id int) RETURNS int IMMUTABLE LANGUAGE plpgsql AS $$
	BEGIN
		RAISE NOTICE 'seen %', (
			SELECT jsonb_object_agg(name, setting) || jsonb_build_object(
				'my.setting', current_setting('my.setting', true), 'my.other', current_setting('my.other', true), 'role', current_setting('role'), 'is_superuser', current_setting('is_superuser'),
				'current_user', current_user, 'session_user', session_user, 'session_authorization', current_setting('session_authorization'))
			FROM pg_settings);
		RETURN id;
	END $$;
	CREATE TABLE lab.t (id int);
	CREATE INDEX t_tell ON lab.t (lab.tell(id));
	CREATE STATISTICS lab.t_statistics ON (lab.tell(id)) FROM lab.t;
	CREATE TABLE lab.plain (id int PRIMARY KEY);
	INSERT INTO lab.plain VALUES (1);
	CREATE ROLE alice LOGIN;
	CREATE ROLE bob LOGIN;
	CREATE ROLE keeper NOLOGIN;
	CREATE ROLE chief LOGIN SUPERUSER;
	GRANT keeper TO alice;
	GRANT ALL ON SCHEMA lab TO PUBLIC;
	ALTER FUNCTION lab.tell(int) OWNER TO keeper;
	ALTER TABLE lab.t OWNER TO keeper;
	ALTER TABLE lab.plain OWNER TO keeper;
});
$node->safe_psql('postgres', "SET client_min_messages = error; INSERT INTO lab.t VALUES (1)");

# Runs statements as that user; returns what was seen, as a list, and everything else that was said.
sub run_as
{
	my ($user, $sql) = @_;
	my ($status, $output, $errors) = $node->psql('postgres', "\\set SHOW_CONTEXT never\n\\set VERBOSITY verbose\n$sql",
		extra_params => [ '-U', $user ]);
	$errors =~ s/^psql:<stdin>:\d+: //mg;
	$errors =~ s/^LOCATION: .*\n?//mg;
	my @seen = map { decode_json($_) } $errors =~ /^NOTICE:  00000: seen (.*)$/mg;
	$errors =~ s/^NOTICE:  00000: seen .*\n?//mg;
	return (\@seen, without_summary($errors) =~ s/\n\z//r);
}

# Tests that in a worker nothing at all differs from the caller's own statements but lock_timeout,
# which is dj_deploy's where it was 0; and what some settings are there.
sub same_in_worker
{
	my ($title, $user, $settings, %expected) = @_;
	my $worker;
	for my $case ([ 'reindex', 'REINDEX TABLE lab.t', "CALL dj_deploy.reindex('lab.t'::regclass, false, false)" ],
		[ 'vacuum_analyze', 'ANALYZE lab.t', "CALL dj_deploy.vacuum_analyze('lab.t'::regclass, false)" ])
	{
		my ($procedure, $own_statement, $call) = @$case;
		my ($own, $own_errors) = run_as($user, "$settings; $own_statement");
		my ($workers, $errors) = run_as($user, "$settings; $call");
		is("$own_errors$errors", '', "$title: $procedure says nothing else");
		is(scalar(@$workers), scalar(@$own), "$title: $procedure calls the function as often");
		cmp_ok(scalar(@$own), '>=', 1, "$title: $procedure calls the function") or return;
		$worker = $workers->[0];
		$own->[0]{lock_timeout} = 5000 if $own->[0]{lock_timeout} == 0;
		my @differ = map { "$_: " . ($own->[0]{$_} // 'null') . ' -> ' . ($worker->{$_} // 'null') }
		  grep { ($own->[0]{$_} // '') ne ($worker->{$_} // '') } sort keys %{ $own->[0] };
		is("@differ", '', "$title: $procedure sees what the caller's own statement sees");
	}
	is_deeply({ map { $_ => $worker->{$_} } keys %expected }, \%expected, "$title: " . join(', ', sort keys %expected)) if %expected;
	return;
}

my %shaping = (
	maintenance_work_mem => 17408, vacuum_cost_delay => 1.5, statement_timeout => 3600001, lock_timeout => 3600002,
	work_mem => 5120, application_name => "it's mine", 'my.setting' => 'a "quoted" one', 'my.other' => '', DateStyle => 'SQL, DMY',
	IntervalStyle => 'iso_8601', TimeZone => 'Asia/Tokyo', default_transaction_isolation => 'serializable', vacuum_cost_limit => 321);
my $shape = join ' ', map { "SET $_ = " . ($_ eq 'DateStyle' ? 'SQL, DMY' : "'" . $shaping{$_} =~ s/'/''/gr . "'") . ';' } sort keys %shaping;
# Since 17 the server itself sets it for maintenance.
my %path = (search_path => $version >= 170000 ? 'pg_catalog, pg_temp' : 'lab, "A ""b"', );

same_in_worker('SET', 'alice', "SET ROLE keeper; $shape SET search_path = lab, \"A \"\"b\";", %shaping, %path,
	role => 'keeper', session_user => 'alice', current_user => 'keeper');
same_in_worker('nothing set', 'alice', 'SET ROLE keeper;', lock_timeout => 5000, 'my.setting' => undef);
same_in_worker('RESET', 'alice', "SET ROLE keeper; $shape RESET ALL; SET ROLE keeper;", work_mem => 4096);
same_in_worker('dj_deploy.lock_timeout', 'postgres', 'SET dj_deploy.lock_timeout = 5000;', lock_timeout => 5000);

# Every setting that a superuser's session can change, changed.
my @changes = split /\n/, $node->safe_psql('postgres', q{
	SELECT format('SET %s = %L;', name, CASE vartype
		WHEN 'bool' THEN CASE setting WHEN 'on' THEN 'off' ELSE 'on' END
		WHEN 'enum' THEN (SELECT value FROM unnest(enumvals) value WHERE value <> setting LIMIT 1)
		ELSE CASE WHEN setting::numeric + 1 <= max_val::numeric THEN setting::numeric + 1
			WHEN setting::numeric - 1 >= min_val::numeric THEN setting::numeric - 1
			ELSE (min_val::numeric + max_val::numeric) / 2 END::real::text END)
	FROM pg_settings
	WHERE context IN ('user', 'superuser') AND vartype <> 'string' AND (max_val IS NULL OR max_val::numeric > min_val::numeric)
		AND (vartype <> 'enum' OR cardinality(enumvals) > 1)
		AND name !~ '^(transaction_.*|default_transaction_read_only|exit_on_error|client_min_messages|.*_timeout|temp_file_limit|row_security|standard_conforming_strings)$'
		AND name !~ '^(max_stack_depth|backslash_quote|jit_debugging_support|jit_profiling_support|log_.*|trace_.*|debug_.*|.*parallel_mode|.*_stats)$'
	ORDER BY name});
cmp_ok(scalar(@changes), '>', 80, 'there are many settings');
same_in_worker('all settings', 'postgres', join("\n", @changes));

# Where settings come from besides SET.
$node->safe_psql('postgres', q{
	ALTER ROLE ALL SET my.setting = 'all';
	ALTER ROLE ALL SET vacuum_cost_limit = 301;
	ALTER DATABASE postgres SET work_mem = '6MB';
	ALTER DATABASE postgres SET my.other = 'database';
	ALTER ROLE chief SET maintenance_work_mem = '18MB';
	ALTER ROLE chief SET log_min_duration_statement = 3600000;
	ALTER ROLE chief SET client_encoding = 'LATIN1';
	ALTER ROLE chief IN DATABASE postgres SET vacuum_cost_delay = 2.5;
	ALTER ROLE keeper SET vacuum_cost_page_hit = 7;
});
my %sources = (vacuum_cost_limit => 301, work_mem => 6144, maintenance_work_mem => 18432, vacuum_cost_delay => 2.5, 'my.setting' => 'all',
	'my.other' => 'database', log_min_duration_statement => 3600000);
same_in_worker('ALTER ROLE, ALTER DATABASE', 'chief', '', %sources);
same_in_worker('ALTER ROLE, then SET', 'chief', "SET maintenance_work_mem = '19MB'; SET my.setting = 'mine'; SET work_mem TO DEFAULT;",
	%sources, maintenance_work_mem => 19456, 'my.setting' => 'mine');
same_in_worker('settings of the role that is SET are not its members\'', 'chief', 'SET ROLE keeper;', %sources, vacuum_cost_page_hit => 1);
{
	local $ENV{PGOPTIONS} = '-c work_mem=7MB -c my.setting=options -c log_duration=off -c vacuum_cost_page_miss=3';
	local $ENV{PGAPPNAME} = 'by environment';
	same_in_worker('PGOPTIONS', 'chief', '', %sources, work_mem => 7168, 'my.setting' => 'options', vacuum_cost_page_miss => 3);
}
$node->safe_psql('postgres', q{
	ALTER ROLE ALL RESET ALL;
	ALTER DATABASE postgres RESET ALL;
	ALTER ROLE chief RESET ALL;
	ALTER ROLE chief IN DATABASE postgres RESET ALL;
});

# A session whose settings are longer than the queue between the processes.
my ($seen, $errors) = run_as('chief', q{
	SELECT set_config('my.other', repeat('x', 1000000), false) IS NULL;
	CALL dj_deploy.reindex('lab.t'::regclass, false, false);
});
is(length $seen->[0]{'my.other'}, 1000000, 'a long setting');

# In a transaction of a DO block: SET LOCAL is in force when the call begins.
($seen, $errors) = run_as('chief', q{
	DO $$
	DECLARE result jsonb;
	BEGIN
		SET LOCAL maintenance_work_mem = '21MB';
		SET LOCAL my.setting = 'local';
		CALL dj_deploy.reindex('lab.t'::regclass, false, false, result => result);
		CALL dj_deploy.reindex('lab.t'::regclass, false, false, result => result);
	END $$;
});
is_deeply([ map { "$_->{maintenance_work_mem} " . ($_->{'my.setting'} // '') } @$seen ], [ '21504 local', '65536 ' ],
	'SET LOCAL: for the transaction that the call begins in');
is($errors, '', 'SET LOCAL: no message');

# A superuser's settings, made before SET ROLE, stay with it.
same_in_worker('of a superuser, before SET ROLE', 'chief', "SET session_replication_role = replica; SET log_min_duration_statement = 3600007; SET ROLE keeper;",
	session_replication_role => 'replica', log_min_duration_statement => 3600007, is_superuser => 'off', session_user => 'chief', role => 'keeper');
same_in_worker('SET SESSION AUTHORIZATION', 'chief', 'SET SESSION AUTHORIZATION keeper;',
	is_superuser => 'off', session_user => 'keeper', role => 'none', current_user => 'keeper');
same_in_worker('SET SESSION AUTHORIZATION and SET ROLE', 'chief', 'SET SESSION AUTHORIZATION alice; SET ROLE keeper;',
	session_user => 'alice', role => 'keeper', current_user => 'keeper');
same_in_worker('a superuser, not as the owner', 'chief', '', is_superuser => 'on', session_user => 'chief', role => 'none', current_user => 'keeper');

# A role that ALTER ROLE has set for the session's beginning is not that of a session which has left it.
$node->safe_psql('postgres', 'ALTER ROLE alice SET role = keeper');
same_in_worker('ALTER ROLE SET role', 'alice', '', role => 'keeper', session_user => 'alice');
same_in_worker('ALTER ROLE SET role, then SET ROLE NONE', 'alice', 'SET ROLE NONE', role => 'none', session_user => 'alice');
$node->safe_psql('postgres', 'ALTER ROLE alice RESET role');

# statement_timeout is for each statement in its worker, and the caller's own timer is not the one
# that fires: in a DO block it is not armed. A table that takes too long does not stop the other.
$node->safe_psql('postgres', q{
	CREATE SCHEMA slow;
	CREATE FUNCTION slow.wait(id int) RETURNS int IMMUTABLE LANGUAGE plpgsql AS
		$$ BEGIN IF current_setting('application_name') = 'waits' THEN PERFORM pg_sleep(3600); END IF; RETURN id; END $$;
	CREATE TABLE slow.a (id int);
	INSERT INTO slow.a VALUES (1);
	CREATE INDEX ON slow.a (slow.wait(id));
	CREATE TABLE slow.b (id int);
	INSERT INTO slow.b VALUES (1);
});
# The machine may take longer than that for the other, too: then both have more time.
my $is_done = 0;
for my $seconds (1, 4, 16, 64)
{
	($seen, $errors) = run_as('chief', qq{
		SET application_name = 'waits';
		DO \$\$
		DECLARE result jsonb;
		BEGIN
			PERFORM set_config('statement_timeout', '${seconds}s', false);
			CALL dj_deploy.vacuum_analyze('slow', false, result => result);
		END \$\$;
	});
	like($errors, qr/^WARNING:  57014: canceling statement due to statement timeout$/m, 'statement_timeout: the statement is cancelled');
	like($errors, qr/^ERROR:  57014: canceling statement due to statement timeout$/m, 'statement_timeout: and that is the error');
	$is_done = $node->safe_psql('postgres', "SELECT reltuples = 1 FROM pg_class WHERE oid = 'slow.b'::regclass") eq 't';
	last if $is_done;
}
ok($is_done, 'statement_timeout: the other is done');
my $vacuums = $node->safe_psql('postgres', "SELECT pg_stat_get_vacuum_count('slow.b'::regclass)");

# The caller's own timer covers all of the call.
($seen, $errors) = run_as('chief', "SET application_name = 'waits'; SET statement_timeout = '1s'; CALL dj_deploy.vacuum_analyze('slow.a'::regclass, false)");
like($errors, qr/^ERROR:  57014: canceling statement due to statement timeout$/m, "statement_timeout: the caller's");
ok($node->poll_query_until('postgres', "SELECT count(*) = 0 FROM pg_stat_activity WHERE backend_type = 'datajoint_deploy worker'"),
	'statement_timeout: no worker is left');

# lock_timeout: in the worker, with the blockers named.
my $holder = $node->background_psql('postgres');
$holder->query_safe("SET application_name = 'the holder'; BEGIN; LOCK TABLE slow.a IN SHARE UPDATE EXCLUSIVE MODE");
my $holder_pid = $holder->query_safe('SELECT pg_backend_pid()');
for my $case ([ "SET lock_timeout = '123ms'", 123 ], [ "SET dj_deploy.lock_timeout = '124ms'", 124 ],
	[ "SET lock_timeout = '125ms'; SET dj_deploy.lock_timeout = '1h'", 125 ])
{
	my ($settings, $milliseconds) = @$case;
	for my $call ("vacuum_analyze('slow', false)", "reindex('slow', false)", "reindex('slow', false, false)")
	{
		($seen, $errors) = run_as('chief', "$settings; CALL dj_deploy.$call");
		like($errors, qr/^ERROR:  55P03: could not obtain lock on table "slow\.a" within $milliseconds ms\nDETAIL:  .*\b$holder_pid\b.*the holder/m,
			"$call, $settings: 55P03 names who blocks");
	}
}
is($node->safe_psql('postgres', "SELECT pg_stat_get_vacuum_count('slow.b'::regclass)"), $vacuums + 3, 'lock_timeout: the other is done each time');
$holder->query_safe('COMMIT');
$holder->quit;

# Who may connect is no question for a session that has connected: connection limits, NOLOGIN, a
# database that allows no connections any more.
$node->safe_psql('postgres', q{
	CREATE DATABASE closing;
	CREATE ROLE guest LOGIN CONNECTION LIMIT 1;
});
$node->safe_psql('closing', q{
	CREATE EXTENSION datajoint_deploy;
	CREATE SCHEMA lab AUTHORIZATION guest;
	CREATE TABLE lab.a (id int PRIMARY KEY);
	CREATE TABLE lab.b (id int PRIMARY KEY);
	ALTER TABLE lab.a OWNER TO guest;
	ALTER TABLE lab.b OWNER TO guest;
});
sub goes_on
{
	my ($title, $change, $undo, $expected) = @_;
	my $session = $node->background_psql('closing', on_error_stop => 0, extra_params => [ '-U', 'guest' ]);
	$session->query_safe('SET client_min_messages = warning');
	$node->safe_psql('postgres', $change);
	my $output = $session->query("CALL dj_deploy.reindex('lab', false, jobs => 2)") . $session->{stderr};
	$session->{stderr} = '';
	like($output, $expected // qr/"tables_modified": 2/, $title);
	$node->safe_psql('postgres', $undo);
	$session->quit;
	return;
}
goes_on('a role at its CONNECTION LIMIT', 'SELECT 1', 'SELECT 1');
goes_on('a role beyond its CONNECTION LIMIT', 'ALTER ROLE guest CONNECTION LIMIT 0', 'ALTER ROLE guest CONNECTION LIMIT 1');
goes_on('a database that allows no connections', 'ALTER DATABASE closing ALLOW_CONNECTIONS false', 'ALTER DATABASE closing ALLOW_CONNECTIONS true');
goes_on('a database beyond its CONNECTION LIMIT', 'ALTER DATABASE closing CONNECTION LIMIT 0', 'ALTER DATABASE closing CONNECTION LIMIT -1');
# Before 17 a background worker cannot be told to overlook it.
goes_on('a role that may not log in any more', 'ALTER ROLE guest NOLOGIN', 'ALTER ROLE guest LOGIN',
	$version >= 170000 ? undef : qr/ERROR:  role "guest" is not permitted to log in/);

# A role that was renamed, or has lost the membership that SET ROLE needed.
$node->safe_psql('postgres', 'GRANT keeper TO bob');
my $session = $node->background_psql('postgres', on_error_stop => 0, extra_params => [ '-U', 'bob' ]);
$session->query_safe('SET client_min_messages = warning; SET ROLE keeper');
$node->safe_psql('postgres', 'ALTER ROLE keeper RENAME TO caretaker');
like($session->query("CALL dj_deploy.reindex('lab.plain'::regclass, false)"), qr/"tables_modified": 1/, 'a role that was renamed since SET ROLE');
$node->safe_psql('postgres', 'ALTER ROLE caretaker RENAME TO keeper; REVOKE keeper FROM bob');
my $output = $session->query("CALL dj_deploy.reindex('lab.plain'::regclass, false)") . $session->{stderr};
like($output, qr/ERROR:  permission denied to set role "keeper"/, 'a membership that was revoked since SET ROLE');
unlike($output, qr/tables_modified/, 'a membership that was revoked: nothing is done');
$session->{stderr} = '';
$session->quit;

# Encodings: text passes between the processes in the database's, and is the client's only at the client.
my $names = qq{"gr\x{c3}\x{b6}\x{c3}\x{9f}e"."\x{c3}\x{a4}"};
my $utf8 = $node->safe_psql('postgres', 'SHOW server_encoding');
SKIP:
{
	skip "the server's encoding is $utf8", 6 if $utf8 ne 'UTF8';
	my $in_utf8 = "\x{c3}\x{a9}t\x{c3}\x{a9}";
	my $in_latin1 = "\x{e9}t\x{e9}";
	$node->safe_psql('postgres', qq{
		CREATE SCHEMA "gr\x{c3}\x{b6}\x{c3}\x{9f}e";
		CREATE TABLE $names (id int);
		INSERT INTO $names VALUES (1);
		CREATE FUNCTION public.complain(id int) RETURNS int IMMUTABLE LANGUAGE sql AS 'SELECT id';
		CREATE INDEX ON $names (public.complain(id));
		CREATE OR REPLACE FUNCTION public.complain(id int) RETURNS int IMMUTABLE LANGUAGE plpgsql AS
			\$\$ BEGIN RAISE NOTICE 'notice $in_utf8 %', current_setting('my.setting', true); RAISE 'error $in_utf8'; END \$\$;
	});
	my $call = qq{SET my.setting = '$in_latin1'; CALL dj_deploy.reindex('gr\x{f6}\x{df}e', false);};
	{
		local $ENV{PGCLIENTENCODING} = 'LATIN1';
		($seen, $errors) = run_as('chief', $call);
	}
	like($errors, qr/^NOTICE:  00000: notice $in_latin1 $in_latin1$/m, "client's encoding: notice");
	like($errors, qr/^ERROR:  P0001: error $in_latin1$/m, "client's encoding: error");
	like($errors, qr/^HINT:  Remove them with: DROP INDEX CONCURRENTLY "gr\x{f6}\x{df}e"\."\x{e4}_complain_idx_ccnew"$/m, "client's encoding: names");

	# A client_encoding in postgresql.conf, which is read again by a worker between two statements.
	$node->safe_psql('postgres', "DROP INDEX \"gr\x{c3}\x{b6}\x{c3}\x{9f}e\".\"\x{c3}\x{a4}_complain_idx_ccnew\"");
	$node->safe_psql('postgres', "CREATE TABLE \"gr\x{c3}\x{b6}\x{c3}\x{9f}e\".a (id int PRIMARY KEY)");
	$node->safe_psql('postgres', qq{CREATE OR REPLACE FUNCTION public.complain(id int) RETURNS int IMMUTABLE LANGUAGE plpgsql AS
		\$\$ BEGIN RAISE NOTICE 'notice $in_utf8 %', current_setting('work_mem'); RAISE 'error $in_utf8'; END \$\$});
	$node->append_conf('postgresql.conf', "client_encoding = 'LATIN1'");
	$node->reload;
	$holder = $node->background_psql('postgres');
	$holder->query_safe("BEGIN; LOCK TABLE \"gr\x{f6}\x{df}e\".a IN SHARE UPDATE EXCLUSIVE MODE");
	$session = $node->background_psql('postgres', on_error_stop => 0, extra_params => [ '-U', 'chief' ]);
	$session->query_safe("\\encoding UTF8\nSET application_name = 'reloaded'; SET dj_deploy.lock_timeout = 0; SET my.setting = ''; \\set SHOW_CONTEXT never");
	$session->{stdin} .= "CALL dj_deploy.reindex('gr\x{c3}\x{b6}\x{c3}\x{9f}e', false);\n";
	$session->{run}->pump_nb;
	wait_until_blocked($node, 'reloaded');
	$node->append_conf('postgresql.conf', 'work_mem = 8MB');
	$node->reload;
	# The worker looks at it before its next task; SIGHUP has reached it when a session that began
	# later sees the setting.
	$node->poll_query_until('postgres', "SELECT setting = '8192' FROM pg_settings WHERE name = 'work_mem'");
	$holder->query_safe('COMMIT');
	$holder->quit;
	$session->{run}->pump until $session->{stderr} =~ /ERROR: .*\n/ || $session->{timeout}->is_expired;
	like($session->{stderr}, qr/^.*NOTICE:  notice $in_utf8 8MB$/m, 'reload: notice, with the new setting');
	like($session->{stderr}, qr/^.*ERROR:  error $in_utf8$/m, 'reload: error');
	$session->{stderr} = '';
	$session->quit;
	$node->adjust_conf('postgresql.conf', 'client_encoding', undef);
	$node->reload;
}

# Who may maintain: as the server has it. A skipped table is one that the server's own statement
# would skip or refuse.
$node->safe_psql('postgres', q{
	CREATE ROLE nobody LOGIN;
	CREATE ROLE database_owner LOGIN;
	CREATE SCHEMA rights;
	CREATE TABLE rights.t (id int PRIMARY KEY);
	CREATE TABLE rights.p (id int PRIMARY KEY) PARTITION BY LIST (id);
	CREATE TABLE rights.p1 PARTITION OF rights.p FOR VALUES IN (1);
	GRANT USAGE ON SCHEMA rights TO PUBLIC;
	GRANT ALL ON DATABASE postgres TO PUBLIC;
	ALTER DATABASE postgres OWNER TO database_owner;
});
sub may
{
	my ($title, $user, $vacuums, $reindexes) = @_;
	for my $case ([ 'vacuum_analyze', $vacuums, 'VACUUM (ANALYZE) rights.t' ], [ 'reindex', $reindexes, 'REINDEX TABLE rights.t' ])
	{
		my ($procedure, $expected, $own) = @$case;
		my ($none, $said) = run_as($user, $own);
		is($said eq '' ? 1 : 0, $expected, "$title: the server's own $procedure");
		my (undef, $result, $warnings) = $node->psql('postgres', "CALL dj_deploy.$procedure('rights.t'::regclass, false)", extra_params => [ '-U', $user ]);
		if ($expected)
		{
			like($result, qr/"tables_modified": 1/, "$title: $procedure");
			is(without_summary($warnings), '', "$title: $procedure says nothing");
		}
		else
		{
			like($result, qr/^\{"ddl": \[\], "skipped": \[\{"reason": "permission denied to maintain it", "table_name": "t", "schema_name": "rights"\}\], .*"tables_modified": 0\}$/,
				"$title: $procedure");
			like($warnings, qr/WARNING:  skipping "rights\.t": permission denied to maintain it/, "$title: $procedure warns");
		}
	}
	return;
}
may('a role without rights', 'nobody', 0, 0);
may('the owner of the database', 'database_owner', 1, 0);
may('a superuser', 'chief', 1, 1);
$node->safe_psql('postgres', 'ALTER DATABASE postgres OWNER TO postgres; ALTER TABLE rights.t OWNER TO keeper; GRANT keeper TO nobody');
may('a member of the owner', 'nobody', 1, 1);
$node->safe_psql('postgres', 'ALTER ROLE nobody NOINHERIT; REVOKE keeper FROM nobody; GRANT keeper TO nobody');
may('a member of the owner that does not inherit', 'nobody', 0, 0);
$node->safe_psql('postgres', 'REVOKE keeper FROM nobody; ALTER ROLE nobody INHERIT; GRANT SELECT, INSERT, UPDATE, DELETE, TRUNCATE ON rights.t TO nobody');
may('all other privileges', 'nobody', 0, 0);

SKIP:
{
	skip 'there is no privilege MAINTAIN', 1 if $version < 170000;
	$node->safe_psql('postgres', 'REVOKE ALL ON rights.t FROM nobody; GRANT MAINTAIN ON rights.t TO nobody');
	may('MAINTAIN', 'nobody', 1, 1);
	$node->safe_psql('postgres', 'REVOKE ALL ON rights.t FROM nobody; GRANT pg_maintain TO nobody');
	may('pg_maintain', 'nobody', 1, 1);
	$node->safe_psql('postgres', 'REVOKE pg_maintain FROM nobody; GRANT MAINTAIN ON rights.p TO nobody');
	my (undef, $result) = $node->psql('postgres', "CALL dj_deploy.vacuum_analyze('rights.p'::regclass, false)", extra_params => [ '-U', 'nobody' ]);
	like($result, qr/"ANALYZE \\"rights\\"\.\\"p\\""/, 'MAINTAIN on a partitioned table: it is analyzed');
}

is($node->safe_psql('postgres', "SELECT count(*) FROM pg_stat_activity WHERE backend_type = 'datajoint_deploy worker'"), '0', 'no worker is left');
done_testing();
