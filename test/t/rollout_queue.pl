# rollout beside others: it never stands in a lock queue, so whoever comes later for a busy table
# does not wait for it; what becomes free is done. (The isolation tester takes a session that sleeps
# between two tries for one that works.)
use strict;
use warnings FATAL => 'all';

use FindBin;
use lib "$FindBin::RealBin/lib";
use Deploy;
use Rollout;
use Test::More;

my $node = new_server('main', autovacuum => 'off', max_prepared_transactions => 2, wal_level => 'logical');
$node->safe_psql('postgres', q{
	CREATE ROLE regress_reader;

	-- Reads the table again and again, in a transaction each time, until a rollout has tried it in five more rounds, each of
	-- which is a transaction of its own; fails where it has to wait longer.
	CREATE PROCEDURE look(at_most text) LANGUAGE plpgsql AS $$
	DECLARE
		round timestamptz;
		last_round timestamptz := now();
		rounds int := 0;
	BEGIN
		PERFORM set_config('lock_timeout', at_most, false);
		WHILE rounds < 6 LOOP
			PERFORM id FROM lab.a;
			COMMIT;
			SELECT xact_start INTO round FROM pg_stat_activity WHERE application_name = 'rollout 1';
			IF round <> last_round THEN
				rounds := rounds + 1;
				last_round := round;
			END IF;
			COMMIT;
			PERFORM pg_sleep(0.01);
		END LOOP;
	END $$;
});

my $full = "dj_deploy.set_replica_identity('lab')";
my $holder = $node->background_psql('postgres');

# Starts a rollout while the holder's transaction has done something, waits until table b is done
# and the rollout knows that table a is busy, calls back, ends the transaction, and waits for the
# rollout.
sub rollout_beside
{
	my ($title, %given) = @_;
	$node->safe_psql('postgres', q{
		SET client_min_messages = error;
		DROP SCHEMA IF EXISTS lab CASCADE;
		CREATE SCHEMA lab;
		CREATE TABLE lab.a (id int PRIMARY KEY);
		CREATE TABLE lab.b (id int PRIMARY KEY);
	} . ($given{setup} // ''));
	$holder->query_safe("SET client_min_messages = error; BEGIN; $given{holder}");
	my @deploys = map { start_session($node, "rollout $_") } 1 .. $given{rollouts} // 1;
	start_rollout($_, rollout_of($given{plan} // $full)) for @deploys;
	wait_for_identities($node, 'lab', $given{until} // 'b:f');
	$given{meanwhile}->() if $given{meanwhile};
	is(identities($node, 'lab'), $given{before} // 'a:d b:f', "$title: the others are done meanwhile");
	$holder->query_safe($given{end} // 'COMMIT');
	for my $deploy (@deploys)
	{
		my ($output, $messages, $milliseconds) = finish_rollout($deploy);
		is(join('', sort split /^/, without_progress($messages, $milliseconds)), $given{messages} // '', "$title: no complaint");
		like($output, $given{result} // qr/"tables_modified": 2/, "$title: the result");
		$deploy->quit;
	}
	is(identities($node, 'lab'), $given{after} // 'a:f b:f', "$title: afterwards") unless $given{is_gone};
	return;
}

sub look
{
	my ($at_most) = @_;
	my ($status, $output, $errors) = $node->psql('postgres', "CALL look('$at_most')");
	is($errors, '', "others read the table at once all the while ($at_most)");
	return;
}

sub privileges
{
	return $node->safe_psql('postgres', q{
		SELECT string_agg(privilege, ' ') FROM unnest('{SELECT,INSERT}'::text[]) privilege
		WHERE has_table_privilege('regress_reader', 'lab.a', privilege)});
}

# Not even a millisecond in a queue, and no lock on the table but the reader's.
my $locks = q{SELECT string_agg(DISTINCT mode, ' ') FROM pg_locks WHERE relation = 'lab.a'::regclass};
rollout_beside('a long transaction has read',
	holder => 'SELECT id FROM lab.a',
	result => qr/^\{"ddl": \["ALTER TABLE \\"lab\\"\.\\"b\\" REPLICA IDENTITY FULL", "ALTER TABLE \\"lab\\"\.\\"a\\" REPLICA/,
	meanwhile => sub {
		look('1ms');
		is($node->safe_psql('postgres', $locks), 'AccessShareLock', 'no lock but that of the long transaction');
	});
# The plan is made for both: whoever plans a moment later may find table b done.
rollout_beside('two at once', rollouts => 2, holder => 'SELECT id FROM lab.a', meanwhile => sub { look('1ms') },
	plan => q{'["ALTER TABLE lab.a REPLICA IDENTITY FULL", "ALTER TABLE lab.b REPLICA IDENTITY FULL"]'});
rollout_beside('a migration that is taken back', holder => 'ALTER TABLE lab.a RENAME TO renamed', end => 'ROLLBACK');

# A publication publishes less when all before it is done, and only then a table can do with less of
# an identity.
rollout_beside('what waits for a publication that waits', setup => 'CREATE PUBLICATION cdc FOR TABLE lab.a, lab.b',
	holder => 'LOCK TABLE lab.a IN SHARE UPDATE EXCLUSIVE MODE', meanwhile => sub { look('1ms') }, until => 'b:[fn]', after => 'a:d b:n',
	messages => qq{WARNING:  01000: changes of table "lab.a" will no longer reach consumers of publication "cdc"\n}
	  . qq{WARNING:  01000: some operations, rows or columns of table "lab.b" will no longer reach consumers of publication "cdc"\n},
	result => qr/"ALTER PUBLICATION cdc SET \(publish = 'insert'\)", "ALTER TABLE lab\.b REPLICA IDENTITY NOTHING"\]/,
	plan => q{'["ALTER TABLE lab.b REPLICA IDENTITY FULL", "ALTER PUBLICATION cdc DROP TABLE lab.a",
		"ALTER PUBLICATION cdc SET (publish = ''insert'')", "ALTER TABLE lab.b REPLICA IDENTITY NOTHING"]'});
$node->safe_psql('postgres', 'DROP PUBLICATION cdc');

# An uncommitted GRANT is a changed row of pg_class, without a lock on the table. The rollout looks
# for it first, and takes no lock for nothing: readers do not wait for a millisecond. A statement
# that began would also take a transaction id, which can be counted; so would the lock, for standbys.
sub look_at_all
{
	my $next = 'SELECT pg_snapshot_xmax(pg_current_snapshot())';
	wait_until_asleep($node, 'rollout 1');
	my $before = $node->safe_psql('postgres', $next);
	look('1ms');
	is($node->safe_psql('postgres', $next), $before, 'no statement is begun meanwhile');
	return;
}
rollout_beside('an uncommitted GRANT', holder => 'GRANT INSERT ON lab.a TO regress_reader', meanwhile => \&look_at_all);
is(privileges(), 'INSERT', 'the GRANT is there');
rollout_beside('a GRANT that is taken back', holder => 'GRANT INSERT ON lab.a TO regress_reader', end => 'ROLLBACK');
rollout_beside('a GRANT that is committed in between, and a plan of grants', meanwhile => \&look_at_all,
	holder => 'GRANT INSERT ON lab.a TO regress_reader', after => 'a:d b:f',
	plan => q{'["GRANT SELECT ON TABLE lab.a TO regress_reader", "ALTER TABLE lab.b REPLICA IDENTITY FULL"]'});
is(privileges(), 'SELECT INSERT', 'both GRANTs are there');
rollout_beside('a GRANT beside storage parameters', meanwhile => \&look_at_all, after => 'a:d b:f',
	holder => 'GRANT INSERT ON lab.a TO regress_reader',
	plan => q{'["ALTER TABLE lab.a SET (autovacuum_enabled = false)", "ALTER TABLE lab.b REPLICA IDENTITY FULL"]'});
rollout_beside('a row that somebody has locked', meanwhile => \&look_at_all,
	holder => q{SELECT FROM pg_class WHERE oid = 'lab.a'::regclass FOR UPDATE});
rollout_beside('an ALTER INDEX of the identity', meanwhile => \&look_at_all, after => 'a:i b:f',
	holder => 'ALTER INDEX lab.a_pkey SET (fillfactor = 90)',
	plan => q{'["ALTER TABLE lab.a REPLICA IDENTITY USING INDEX a_pkey", "ALTER TABLE lab.b REPLICA IDENTITY FULL"]'});

# What a GRANT keeps from nobody does not wait for it: another column's privileges, a publication;
# nor does anything wait for who only wants the row to stay.
$node->safe_psql('postgres', 'DROP SCHEMA lab CASCADE; CREATE SCHEMA lab; CREATE TABLE lab.a (id int PRIMARY KEY); CREATE PUBLICATION cdc');
my %beside = (
	'GRANT INSERT ON lab.a TO regress_reader' => '"GRANT SELECT (id) ON TABLE lab.a TO regress_reader", "ALTER PUBLICATION cdc ADD TABLE lab.a"',
	q{SELECT FROM pg_class WHERE oid = 'lab.a'::regclass FOR KEY SHARE} => '"ALTER TABLE lab.a REPLICA IDENTITY FULL"',
);
for my $change (sort keys %beside)
{
	$holder->query_safe("BEGIN; $change");
	my (undef, $messages) = output_of($node, rollout_of("'[$beside{$change}]'", '0'));
	is($messages, '', "beside $change");
	$holder->query_safe('ROLLBACK');
}
$node->safe_psql('postgres', 'DROP PUBLICATION cdc');

# Statements about one table keep their order, whether the table is locked or its row.
my $last_full = q{'["ALTER TABLE lab.a REPLICA IDENTITY NOTHING", "ALTER TABLE lab.b REPLICA IDENTITY FULL",
	"ALTER TABLE lab.a REPLICA IDENTITY FULL"]'};
rollout_beside('order of a locked table', plan => $last_full, holder => 'SELECT id FROM lab.a');
rollout_beside('order of a locked row', plan => $last_full, holder => 'GRANT INSERT ON lab.a TO regress_reader');
rollout_beside('order of privileges', holder => 'GRANT INSERT ON lab.a TO regress_reader', after => 'a:d b:f',
	plan => q{'["REVOKE ALL ON TABLE lab.a FROM regress_reader", "ALTER TABLE lab.b REPLICA IDENTITY FULL",
		"GRANT SELECT ON TABLE lab.a TO regress_reader"]'});
is(privileges(), 'SELECT', 'order of privileges: REVOKE came first');

# Renamed, replaced or dropped meanwhile: the name decides, and what has none any more is skipped.
my $one = qr/"tables_analyzed": 2, "tables_modified": 1\}/;
my $skipped = qq{NOTICE:  00000: table "lab.a" does not exist, skipping\n};
rollout_beside('renamed', holder => 'ALTER TABLE lab.a RENAME TO renamed', result => $one, messages => $skipped,
	after => 'b:f renamed:d');
rollout_beside('replaced', holder => 'ALTER TABLE lab.a RENAME TO former; CREATE TABLE lab.a (id int)', after => 'a:f b:f former:d');
rollout_beside('dropped', holder => 'DROP TABLE lab.a', result => $one, messages => $skipped, after => 'b:f');
rollout_beside('dropped with its schema', holder => 'DROP SCHEMA lab CASCADE', is_gone => 1, until => 'b:d', before => 'a:d b:d',
	result => qr/"ddl": \[\], "tables_analyzed": 2, "tables_modified": 0\}/,
	messages => $skipped . $skipped =~ s/lab\.a/lab.b/r,
	meanwhile => sub { wait_until_asleep($node, 'rollout 1') });

# Somebody who changes the same rows of the catalog again and again: "tuple concurrently updated"
# reaches nobody.
$node->safe_psql('postgres', 'DROP SCHEMA IF EXISTS lab CASCADE; CREATE SCHEMA lab; CREATE TABLE lab.a (id int); CREATE TABLE lab.b (id int)');
my $granting = start_session($node, 'granting');
start_rollout($granting, q{DO $$
	BEGIN
		FOR number IN 1..300 LOOP
			GRANT INSERT ON lab.a, lab.b TO regress_reader;
			PERFORM pg_sleep(0.004);
			COMMIT;
			REVOKE INSERT ON lab.a, lab.b FROM regress_reader;
			COMMIT;
		END LOOP;
	END $$});
my ($output, $messages) = output_of($node, join '; ',
	map { rollout_of("dj_deploy.set_replica_identity('lab', '$_')") } ('full', 'default') x 20);
is($messages =~ s/^NOTICE:  00000: \d of 2 statements done.*\n(DETAIL:  Tables that are locked: .*\n)?//mgr, '', 'beside one who grants and revokes: no complaint');
is(scalar(() = $output =~ /"tables_modified": 2/g), 40, 'beside one who grants and revokes: all done');
finish_rollout($granting);
$granting->quit;

# The dry run lists what is locked at the moment, by whom; an only reader of what needs no more is
# not in the way.
$node->safe_psql('postgres', q{BEGIN; INSERT INTO lab.b VALUES (1); PREPARE TRANSACTION 'prepared'});
$holder->query_safe(q{SET application_name = 'holder'; BEGIN; SELECT id FROM lab.a});
($output, $messages) = output_of($node, "CALL dj_deploy.rollout($full)");
like($messages, qr/^NOTICE:  00000: table "lab.a" is locked at the moment\nDETAIL:  Blocked by process \d+ \(role "\S+", application "holder", transaction open for \d\d:\d\d:\d\d\)\.\n/m,
	'the dry run names a holder');
like($messages, qr/^NOTICE:  00000: table "lab.b" is locked at the moment\nDETAIL:  Blocked by prepared transaction 'prepared' of role/m,
	'and a prepared transaction');
like($output, qr/"tables_analyzed": 2, "tables_modified": 0/, 'and is a dry run');
($output, $messages) = output_of($node, q{CALL dj_deploy.rollout(dj_deploy.set_autovacuum('lab', '{"autovacuum_enabled": true}'))});
unlike($messages, qr/lab.a/, 'who only reads hinders no storage parameter');
my $twice = '["ALTER TABLE lab.a REPLICA IDENTITY FULL", "ALTER TABLE lab.a REPLICA IDENTITY DEFAULT"]';
($output, $messages) = output_of($node, "CALL dj_deploy.rollout('$twice')");
is(scalar(() = $messages =~ /table "lab.a" is locked at the moment/g), 1, 'a locked table is told once, however many statements are about it');
$holder->query_safe('COMMIT');
$node->safe_psql('postgres', q{ROLLBACK PREPARED 'prepared'});

# Who holds only the TOAST table is in the way of storage parameters, and is named.
$node->safe_psql('postgres', 'CREATE TABLE lab.noted (id int, note text)');
$holder->query_safe(q{BEGIN; DO $$ BEGIN EXECUTE format('REINDEX TABLE %s',
	(SELECT reltoastrelid::regclass FROM pg_class WHERE oid = 'lab.noted'::regclass)); END $$});
($output, $messages) = output_of($node, rollout_of(q{dj_deploy.set_autovacuum('lab.noted'::regclass, '{"autovacuum_enabled": true}')}, '0'));
like($messages, qr/^ERROR:  55P03: .*\nDETAIL:  ALTER TABLE "lab"\."noted" SET .*: Blocked by process \d+ \(.*application "holder"/m,
	'who holds the TOAST table is named');
$holder->query_safe('COMMIT');
$holder->quit;

done_testing();
