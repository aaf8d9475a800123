# What the owner of an index function can do while somebody with more rights maintains the table: no
# more than while the server's own REINDEX or ANALYZE runs. Modelled on what PostgreSQL tests of
# security-restricted operations.
use strict;
use warnings FATAL => 'all';

use FindBin;
use lib "$FindBin::RealBin/lib";
use Deploy;
use PostgreSQL::Test::Utils;
use Test::More;

my $node = new_server('main');
my $version = $node->safe_psql('postgres', 'SHOW server_version_num');
my $file = $node->basedir . '/stolen';

# evil.attack() tries each of evil.attacks and says what came of it: done, or the SQLSTATE.
$node->safe_psql('postgres', q{
	CREATE ROLE boss SUPERUSER LOGIN;
	CREATE ROLE evil LOGIN;
	CREATE ROLE friend;
	CREATE TABLE public.canary (id int);
	INSERT INTO public.canary VALUES (1);
	CREATE SCHEMA treasure;
	CREATE TABLE treasure.gold (id int PRIMARY KEY);
	CREATE SCHEMA evil AUTHORIZATION evil;
});
$node->safe_psql('postgres', q{
	CREATE TABLE evil.own (id int);
	CREATE TABLE evil.deferred (id int);
	CREATE FUNCTION evil.promote() RETURNS trigger LANGUAGE plpgsql AS $$
	BEGIN
		ALTER ROLE evil SUPERUSER;
		RETURN new;
	END $$;
	CREATE CONSTRAINT TRIGGER promote AFTER INSERT ON evil.deferred DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION evil.promote();
	CREATE TABLE evil.attacks (id int GENERATED ALWAYS AS IDENTITY, statement text);
	CREATE FUNCTION evil.call(statement text) RETURNS void LANGUAGE plpgsql AS $$
	DECLARE result jsonb;
	BEGIN
		EXECUTE statement INTO result;
	END $$;
	CREATE FUNCTION evil.try_all() RETURNS void LANGUAGE plpgsql AS $$
	DECLARE attack record;
	BEGIN
		FOR attack IN SELECT * FROM evil.attacks ORDER BY id LOOP
			BEGIN
				EXECUTE attack.statement;
				RAISE NOTICE 'attack %: done as %, %', attack.statement, current_user, session_user;
			EXCEPTION WHEN OTHERS THEN
				RAISE NOTICE 'attack %: % as %, %', attack.statement, SQLSTATE, current_user, session_user;
			END;
		END LOOP;
	END $$;
	CREATE FUNCTION evil.attack(id int) RETURNS int IMMUTABLE LANGUAGE plpgsql AS $$
	BEGIN
		PERFORM evil.try_all(); -- a volatile function may write
		RETURN id;
	END $$;
	CREATE TABLE evil.t (id int);
	INSERT INTO evil.t VALUES (1);
	CREATE INDEX t_attack ON evil.t (evil.attack(id));
	CREATE STATISTICS evil.t_attack ON (evil.attack(id)) FROM evil.t;
}, extra_params => [ '-U', 'evil' ]);

my @attacks = (
	'RESET ROLE', 'SET ROLE boss', 'SET LOCAL ROLE NONE', 'SET ROLE NONE', 'SET SESSION AUTHORIZATION boss', 'RESET SESSION AUTHORIZATION',
	'SET SESSION AUTHORIZATION DEFAULT', 'SET SESSION AUTHORIZATION evil',
	"SELECT set_config('role', 'boss', false)", "SELECT set_config('role', 'none', true)", "SELECT set_config('session_authorization', 'boss', false)",
	"UPDATE pg_settings SET setting = 'on' WHERE name = 'zero_damaged_pages'", 'GRANT boss TO evil', 'ALTER ROLE evil SUPERUSER', 'ALTER ROLE boss RENAME TO boss2',
	'CREATE ROLE evil2 SUPERUSER', 'CREATE TEMPORARY TABLE t (id int)', 'INSERT INTO evil.deferred VALUES (1)',
	'SELECT * FROM public.canary', 'INSERT INTO public.canary VALUES (2)', 'GRANT ALL ON public.canary TO evil', 'DROP TABLE public.canary',
	'ALTER TABLE evil.t OWNER TO boss', 'CREATE EVENT TRIGGER evil ON ddl_command_end EXECUTE FUNCTION evil.promote()',
	"SELECT dj_deploy.set_replica_identity('treasure')", "SELECT dj_deploy.set_replica_identity('treasure', dry_run => false)",
	"SELECT dj_deploy.set_publication_membership('treasure', 'evil', dry_run => false)",
	"SELECT dj_deploy.set_autovacuum('treasure', '{\"autovacuum_enabled\": false}', dry_run => false)",
	"SELECT dj_deploy.set_grants('treasure', 'evil', 'all', dry_run => false)", "SELECT dj_deploy.set_grants('evil', 'evil', 'read')",
	"SELECT evil.call('CALL dj_deploy.vacuum_analyze(''treasure'', false)')", "SELECT evil.call('CALL dj_deploy.vacuum_analyze(''treasure'')')",
	"SELECT evil.call('CALL dj_deploy.reindex(''treasure'', false)')", "SELECT evil.call('CALL dj_deploy.reindex(''treasure'')')",
	q{SELECT evil.call('CALL dj_deploy.rollout(''["GRANT ALL ON SCHEMA treasure TO evil"]'', false)')}, q{SELECT evil.call('CALL dj_deploy.rollout(''[]'')')},
	"SELECT lo_export(lo_from_bytea(0, 'x'), '$file')", "COPY public.canary TO '$file'", "COPY public.canary TO PROGRAM 'cat > $file'",
	"SELECT pg_read_file('postgresql.conf')", 'SELECT pg_reload_conf()', "ALTER SYSTEM SET work_mem = '1GB'", "LOAD 'auto_explain'",
	'SET session_replication_role = replica', 'SET dynamic_library_path = \'/tmp\'', "SET session_preload_libraries = 'auto_explain'",
	"CREATE FUNCTION evil.worker() RETURNS int LANGUAGE c AS 'datajoint_deploy', 'dj_deploy_worker_main'",
	"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = 'boss'", "SELECT pg_cancel_backend(pid) FROM pg_stat_activity WHERE usename = 'boss'",
	'DECLARE held CURSOR WITH HOLD FOR SELECT 1', 'LISTEN evil', 'COMMIT', 'ROLLBACK', 'PREPARE TRANSACTION \'evil\'', 'VACUUM evil.own', 'DISCARD ALL');
my %succeeds = map { $_ => 1 } 'INSERT INTO evil.own VALUES (1)';
$node->safe_psql('postgres', join '', map { 'INSERT INTO evil.attacks (statement) VALUES ($attack$' . $_ . '$attack$);' } @attacks, keys %succeeds);

# All that may not change.
my $state = q{
	SELECT string_agg(part, E'\n') FROM (
		SELECT 'role ' || string_agg((to_jsonb(r) - 'rolpassword')::text, E'\n' ORDER BY oid) FROM pg_authid r
		UNION ALL SELECT 'member ' || string_agg(m::text, ' ' ORDER BY roleid, member) FROM pg_auth_members m
		UNION ALL SELECT 'setting ' || string_agg(s::text, ' ' ORDER BY s::text) FROM pg_db_role_setting s
		UNION ALL SELECT 'schema ' || string_agg(n::text, ' ' ORDER BY oid) FROM pg_namespace n WHERE nspname !~ '^pg_(toast_)?temp'
		UNION ALL SELECT 'class ' || string_agg(format('%s %s %s %s %s', relname, relowner, relreplident, relacl, reloptions), E'\n' ORDER BY relnamespace, relname)
			FROM pg_class WHERE relnamespace::regnamespace::text IN ('evil', 'treasure', 'public')
		UNION ALL SELECT 'function ' || string_agg(format('%s %s %s %s', proname, proowner, prosecdef, proacl), E'\n' ORDER BY oid)
			FROM pg_proc WHERE oid >= 16384
		UNION ALL SELECT 'publication ' || count(*) FROM pg_publication
		UNION ALL SELECT 'event trigger ' || count(*) FROM pg_event_trigger
		UNION ALL SELECT 'large object ' || count(*) FROM pg_largeobject_metadata
		UNION ALL SELECT 'default privilege ' || count(*) FROM pg_default_acl
		UNION ALL SELECT 'deferred ' || count(*) FROM evil.deferred
		UNION ALL SELECT 'canary ' || string_agg(id::text, ' ') FROM public.canary
		UNION ALL SELECT 'prepared ' || count(*) FROM pg_prepared_xacts) parts (part)};
my $before = $node->safe_psql('postgres', $state);

sub run_as
{
	my ($user, $sql) = @_;
	my ($status, $output, $errors) = $node->psql('postgres', "\\set SHOW_CONTEXT never\n$sql", extra_params => [ '-U', $user ]);
	$errors =~ s/^psql:<stdin>:\d+: //mg;
	return ($errors, $output);
}

# Each attack as it ended, by statement; the same one is tried for the index and for the statistics.
sub outcomes
{
	my ($errors) = @_;
	return [ sort $errors =~ /^NOTICE:  attack (.*)$/mg ];
}

my %ways = (
	'a superuser' => '', 'a superuser, SET ROLE to the owner' => 'SET ROLE evil;',
	'a superuser, SET SESSION AUTHORIZATION to the owner' => 'SET SESSION AUTHORIZATION evil;',
	'a superuser, SET ROLE to another superuser' => 'SET ROLE postgres;');
for my $way (sort keys %ways)
{
	for my $case ([ 'vacuum_analyze', "vacuum_analyze('evil', false)", 'ANALYZE evil.t' ], [ 'reindex', "reindex('evil', false)", 'REINDEX TABLE CONCURRENTLY evil.t' ],
		[ 'reindex, not concurrently', "reindex('evil.t'::regclass, false, false)", 'REINDEX TABLE evil.t' ])
	{
		my ($title, $call, $own) = ("$way: $case->[0]", @$case[ 1, 2 ]);
		my ($own_errors) = run_as('boss', "$ways{$way}; $own");
		my ($errors, $result) = run_as('boss', "$ways{$way}; CALL dj_deploy.$call");
		my $outcomes = outcomes($errors);
		is_deeply($outcomes, outcomes($own_errors), "$title: each attack ends as in $own");
		like($result, qr/"tables_modified": [1-9]/, "$title: it is done all the same");
		my ($done, $failed) = (0, 0);
		for my $outcome (@$outcomes)
		{
			my ($statement, $end, $user) = $outcome =~ /^(.*): (done|\w{5}) as (\w+), \w+$/ or die $outcome;
			my $is_done = $end eq 'done' ? 1 : 0;
			diag("$title: $outcome") if $is_done != ($succeeds{$statement} // 0) || $user ne 'evil';
			$done++ if $is_done && $succeeds{$statement};
			$failed++ if !$is_done && $user eq 'evil';
		}
		my $times = ($done + $failed) / (@attacks + 1);
		cmp_ok($times, '>=', 1, "$title: the attacks took place");
		is($failed, $times * @attacks, "$title: all fail, as the owner");
		is($done, $times, "$title: what the owner may do, it may");
		like(join("\n", @$outcomes), qr/^\QSELECT evil.call('CALL dj_deploy.reindex(''treasure'')'): 42501\E/m, "$title: dj_deploy is 42501 even for a dry run");
		is($node->safe_psql('postgres', $state), $before, "$title: nothing has changed");
		ok(!-e $file, "$title: no file");
	}
}
my ($errors, $result) = run_as('evil', 'SELECT * FROM public.canary');
like($errors, qr/permission denied for table canary/, 'the attacker has gained nothing');

# What a function sets does not last until the worker's next table.
$node->safe_psql('postgres', 'CREATE SCHEMA lasting AUTHORIZATION evil');
($errors) = run_as('evil', q{
	CREATE FUNCTION lasting.change(id int) RETURNS int IMMUTABLE LANGUAGE plpgsql AS $$
	BEGIN
		PERFORM set_config('search_path', 'lasting', false), set_config('my.setting', 'evil', false), set_config('statement_timeout', '1', false),
			set_config('default_transaction_read_only', 'on', false), set_config('lock_timeout', '1', false), set_config('work_mem', '64', false),
			set_config('application_name', 'evil', false), set_config('client_min_messages', 'error', false);
		RETURN id;
	END $$;
	CREATE FUNCTION lasting.tell(id int) RETURNS int IMMUTABLE LANGUAGE plpgsql AS $$
	BEGIN
		RAISE NOTICE 'seen % % % % % %', current_setting('my.setting', true), current_setting('statement_timeout'),
			current_setting('default_transaction_read_only'), current_setting('lock_timeout'), current_setting('work_mem'), current_setting('application_name');
		RETURN id;
	END $$;
	CREATE TABLE lasting.a (id int);
	CREATE INDEX ON lasting.a (lasting.change(id));
	CREATE TABLE lasting.b (id int);
	CREATE INDEX ON lasting.b (lasting.tell(id));
	BEGIN;
	INSERT INTO lasting.b VALUES (1);
	INSERT INTO lasting.a VALUES (1);
	COMMIT;
});
for my $call ("vacuum_analyze('lasting', false)", "reindex('lasting', false)", "reindex('lasting', false, false)")
{
	($errors) = run_as('boss', "SET my.setting = 'mine'; SET application_name = 'boss'; CALL dj_deploy.$call");
	unlike($errors, qr/ERROR/, "$call: settings of a function harm nobody");
	like($errors, qr/seen /, "$call: the next table is done");
	unlike($errors, qr/seen (?!mine 0 off (0|5s) 4MB boss$)/m, "$call: and sees none of them");
}

# Names in the extension's own queries are pg_catalog's, whatever the caller's search_path says: in
# the caller, and in a worker that looks for blockers or for what is left behind.
$node->safe_psql('postgres', 'CREATE SCHEMA trap AUTHORIZATION evil');
($errors) = run_as('evil', q{
	CREATE FUNCTION trap.spring() RETURNS boolean LANGUAGE plpgsql AS $$
	BEGIN
		RAISE WARNING 'sprung as %', current_user;
		ALTER ROLE evil SUPERUSER;
		RETURN true;
	END $$;
	DO $$
	DECLARE
		pair text[];
		name text;
	BEGIN
		FOREACH pair SLICE 1 IN ARRAY ARRAY[['text', 'text'], ['name', 'text'], ['name', 'name'], ['oid', 'oid'], ['integer', 'integer'],
			['"char"', '"char"'], ['bigint', 'bigint'], ['smallint', 'smallint'], ['boolean', 'boolean'], ['regclass', 'oid'], ['oid', 'regclass']] LOOP
			EXECUTE format('CREATE FUNCTION trap.spring(%s, %s) RETURNS boolean LANGUAGE sql AS ''SELECT trap.spring()''', pair[1], pair[2]);
			FOREACH name IN ARRAY ARRAY['=', '<>', '<', '>', '~', '!~', '~~'] LOOP
				EXECUTE format('CREATE OPERATOR trap.%s (LEFTARG = %s, RIGHTARG = %s, FUNCTION = trap.spring)', name, pair[1], pair[2]);
			END LOOP;
		END LOOP;
		FOREACH name IN ARRAY ARRAY['pg_class', 'pg_index', 'pg_namespace', 'pg_settings', 'pg_locks', 'pg_stat_activity', 'pg_inherits'] LOOP
			EXECUTE format('CREATE VIEW trap.%I AS SELECT trap.spring() AS oid', name);
			EXECUTE format('GRANT SELECT ON trap.%I TO PUBLIC', name);
		END LOOP;
	END $$;
	CREATE FUNCTION trap.judge(id int) RETURNS int IMMUTABLE LANGUAGE sql AS 'SELECT id';
	CREATE TABLE trap.a (id int);
	INSERT INTO trap.a VALUES (1);
	CREATE INDEX ON trap.a (trap.judge(id));
	CREATE TABLE trap.b (id int PRIMARY KEY);
	CREATE TABLE trap.p (id int) PARTITION BY LIST (id);
	CREATE TABLE trap.p1 PARTITION OF trap.p DEFAULT;
	CREATE OR REPLACE FUNCTION trap.judge(id int) RETURNS int IMMUTABLE LANGUAGE plpgsql AS $$ BEGIN RAISE 'judged'; END $$;
	GRANT ALL ON SCHEMA trap TO PUBLIC;
});
unlike($errors, qr/ERROR/, 'the trap is set');
($errors) = run_as('boss', 'SET search_path = trap, pg_catalog; SELECT 1 = 1');
like($errors, qr/sprung as boss/, 'the trap works on those who walk into it');
$node->safe_psql('postgres', 'ALTER ROLE evil NOSUPERUSER');
my $holder = $node->background_psql('postgres');
$holder->query_safe('BEGIN; LOCK TABLE trap.b IN SHARE UPDATE EXCLUSIVE MODE');
for my $call ("vacuum_analyze('trap')", "vacuum_analyze('trap', false, 2)", "reindex('trap', false, jobs => 2)", "reindex('trap', false, false)")
{
	($errors) = run_as('boss', "SET search_path = trap, pg_catalog, pg_temp; SET dj_deploy.lock_timeout = '100ms'; CALL dj_deploy.$call");
	unlike($errors, qr/sprung/, "search_path, $call: nothing of the trap is touched");
	like($errors, qr/within 100 ms.*judged|judged.*within 100 ms/s, "search_path, $call: although there were blockers and failures to report") if $call =~ /false/;
}
is($node->safe_psql('postgres', "SELECT rolsuper FROM pg_roles WHERE rolname = 'evil'"), 'f', 'search_path: nothing gained');
$holder->query_safe('COMMIT');
$holder->quit;

# Custom settings. An ordinary role sets a name that means nothing in its session, but in the
# worker, which loads a library that was not preloaded when the session began.
my $session = $node->background_psql('postgres', on_error_stop => 0, extra_params => [ '-U', 'evil' ]);
$session->query(q{
	SET auto_explain.log_analyze = on;
	SET auto_explain.log_min_duration = 0;
	SET auto_explain.log_nested_statements = on;
	CREATE FUNCTION trap.explain(id int) RETURNS int IMMUTABLE LANGUAGE plpgsql AS $$
	BEGIN
		RAISE NOTICE 'seen % %', current_setting('auto_explain.log_analyze', true), current_setting('auto_explain.log_min_duration', true);
		RETURN id;
	END $$;
	CREATE TABLE trap.explained (id int);
	INSERT INTO trap.explained VALUES (1);
	CREATE INDEX ON trap.explained (trap.explain(id));
});
$session->{stderr} = '';
$session->query(q{CALL dj_deploy.reindex('trap.explained'::regclass, false)});
like($session->{stderr}, qr/seen on 0/, 'custom settings: as in the session while they mean nothing');
$node->safe_psql('postgres', "ALTER DATABASE postgres SET session_preload_libraries = 'auto_explain'");
$session->{stderr} = '';
$session->query(q{CALL dj_deploy.reindex('trap.explained'::regclass, false)});
like($session->{stderr}, qr/WARNING:  permission denied to set parameter "auto_explain\.log_analyze"/, 'custom settings: no right to set what has become a parameter');
like($session->{stderr}, qr/seen off -1/, 'custom settings: and it is not set');
unlike($session->{stderr}, qr/ERROR/, 'custom settings: the statement is executed');

# A superuser's session may.
($errors) = run_as('boss', q{SET auto_explain.log_analyze = on; SET auto_explain.log_min_duration = 3600000; SET ROLE evil; CALL dj_deploy.reindex('trap.explained'::regclass, false)});
like($errors, qr/seen on 1h/, "custom settings: a superuser's are kept after SET ROLE");
unlike($errors, qr/WARNING|ERROR/, "custom settings: a superuser's need no warning");
$node->safe_psql('postgres', 'ALTER DATABASE postgres RESET session_preload_libraries');

# Libraries that an ordinary role asks for in its session are not loaded.
$session->{stderr} = '';
$session->query(q{SET local_preload_libraries = 'auto_explain'; CALL dj_deploy.reindex('trap.explained'::regclass, false)});
like($session->{stderr}, qr/seen on 0/, 'local_preload_libraries: nothing is loaded');
unlike($session->{stderr}, qr/ERROR|WARNING/, 'local_preload_libraries: nothing is said');
like($session->query('SET session_preload_libraries = \'auto_explain\'') . $session->{stderr}, qr/permission denied to set parameter "session_preload_libraries"/,
	'session_preload_libraries: not in its own session either');

# A right to set a parameter that was granted for the session's own value.
$node->safe_psql('postgres', 'GRANT SET ON PARAMETER log_min_duration_statement TO evil');
$session->{stderr} = '';
$session->query_safe('SET log_min_duration_statement = 3600003');
$node->safe_psql('postgres', 'REVOKE SET ON PARAMETER log_min_duration_statement FROM evil');
$session->query(q{CREATE OR REPLACE FUNCTION trap.explain(id int) RETURNS int IMMUTABLE LANGUAGE plpgsql AS
	$$ BEGIN RAISE NOTICE 'seen % %', current_setting('log_min_duration_statement'), current_setting('session_replication_role'); RETURN id; END $$});
$session->{stderr} = '';
$session->query(q{SET session_replication_role = replica; CALL dj_deploy.reindex('trap.explained'::regclass, false)});
like($session->{stderr}, qr/permission denied to set parameter "session_replication_role"/, 'a parameter without the right to it is refused');
like($session->{stderr}, qr/seen 3600003ms origin/, 'what the session has, its worker has, and no more');
$session->{stderr} = '';
$session->quit;

# Errors that pretend to be something else are a statement's failure, however long they are.
$node->safe_psql('postgres', 'CREATE SCHEMA liar AUTHORIZATION evil');
run_as('evil', q{
	CREATE FUNCTION liar.lie(id int) RETURNS int IMMUTABLE LANGUAGE sql AS 'SELECT id';
	CREATE TABLE liar.a (id int);
	INSERT INTO liar.a VALUES (1);
	CREATE INDEX ON liar.a (liar.lie(id));
	CREATE TABLE liar.b (id int PRIMARY KEY);
	CREATE TABLE liar.c (id int PRIMARY KEY);
});
for my $lie ('57P01', '57014', '40001', '40P01', '55P03', '01000', 'XX000')
{
	run_as('evil', "CREATE OR REPLACE FUNCTION liar.lie(id int) RETURNS int IMMUTABLE LANGUAGE plpgsql AS \$\$ BEGIN RAISE 'terminating' USING ERRCODE = '$lie'; END \$\$");
	my $count = $node->safe_psql('postgres', "SELECT pg_stat_get_vacuum_count('liar.c'::regclass)");
	($errors) = run_as('boss', "\\set VERBOSITY verbose\nCALL dj_deploy.vacuum_analyze('liar', false)");
	like($errors, qr/^ERROR:  $lie: terminating$/m, "an error that says it is $lie: is the run's error");
	is($node->safe_psql('postgres', "SELECT pg_stat_get_vacuum_count('liar.c'::regclass)"), $count + 1, "an error that says it is $lie: the others are done");
}
run_as('evil', q{CREATE OR REPLACE FUNCTION liar.lie(id int) RETURNS int IMMUTABLE LANGUAGE plpgsql AS $$
	BEGIN
		FOR number IN 1 .. 2000 LOOP RAISE NOTICE 'notice % %', number, repeat('x', 1000); END LOOP;
		RAISE '%', repeat('y', 1000000) USING DETAIL = repeat('z', 1000000);
	END $$});
($errors) = run_as('boss', "CALL dj_deploy.vacuum_analyze('liar', false, 2)");
is(scalar(() = $errors =~ /^NOTICE:  notice \d+ x{1000}$/mg), 2000, 'many notices arrive');
like($errors, qr/^ERROR:  (??{'y' x 30000})/m, 'a long error arrives');
is(length(($errors =~ /^ERROR:  (y*)$/m)[0]), 1000000, 'whole');
($errors) = run_as('boss', "SET client_min_messages = debug5; CALL dj_deploy.vacuum_analyze('liar.b'::regclass, false, 2)");
unlike($errors, qr/ERROR/, 'messages of all levels arrive');

is($node->safe_psql('postgres', "SELECT count(*) FROM pg_stat_activity WHERE backend_type = 'datajoint_deploy worker'"), '0', 'no worker is left');
done_testing();
