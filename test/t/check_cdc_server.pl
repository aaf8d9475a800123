# check_cdc: each check of settings, slots, standbys, the role and the schema beside its tables is
# provoked for real, its row shown, its remedy run exactly as it is printed or what the finding says
# done by hand, and the row is gone and nothing else has come. At the end every such check of the
# source has had its turn.
use strict;
use warnings FATAL => 'all';

use FindBin;
use lib "$FindBin::RealBin/lib";
use Cdc;
use Deploy;
use IPC::Run;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;
use Time::HiRes qw(usleep);

my $node = new_scene('main', wal_level => 'logical', wal_receiver_status_interval => 1);
my $version = int($node->safe_psql('postgres', 'SHOW server_version_num') / 10000);
is(keys_of($node, consumer => $_), '', "nothing is wrong for $_") for @consumers, 'lakebase_cdf';

# --- settings

my $small = new_scene('small', wal_level => 'replica', max_wal_senders => 1, max_replication_slots => 1);
provoke($small, 'error wal_level wal_level', setup => '', after => 'restart',
	finding => qr/wal_level is replica/) if $version < 19;
provoke($small, 'error replication_slots_used_up max_replication_slots',
	setup => q{SELECT pg_create_physical_replication_slot('standby')}, after => 'restart', finding => qr/all 1 /);
provoke($small, 'warning replication_slots_low max_replication_slots', after => 'restart', finding => qr/^1 of 2 /,
	setup => sub { $small->append_conf('postgresql.auto.conf', 'max_replication_slots = 2'); $small->restart });
my $sender;
sub connect_sender { $sender = $small->background_psql('postgres', replication => 'database') }
provoke($small, 'error wal_senders_used_up max_wal_senders', setup => \&connect_sender, after => 'restart',
	wait => \&connect_sender, finding => qr/^1 of 1 /);
provoke($small, 'warning wal_senders_low max_wal_senders', after => 'restart', wait => \&connect_sender,
	finding => qr/^1 of 2 /,
	setup => sub { $small->append_conf('postgresql.auto.conf', 'max_wal_senders = 2'); $small->restart; connect_sender() });
provoke($small, 'error wal_senders_used_up max_wal_senders', after => 'restart', call => { consumer => 'clickpipes' },
	finding => qr/ClickPipes wants two/,
	setup => sub { $small->append_conf('postgresql.auto.conf', 'max_wal_senders = 1'); $small->restart });
$small->stop;

provoke($node, 'warning wal_sender_timeout wal_sender_timeout', call => { consumer => 'clickpipes' }, after => 'reload',
	setup => sub { $node->append_conf('postgresql.auto.conf', "wal_sender_timeout = '299999ms'"); $node->reload });
provoke($node, 'info slot_wal_unlimited max_slot_wal_keep_size', after => 'reload',
	setup => sub { $node->append_conf('postgresql.auto.conf', 'max_slot_wal_keep_size = -1'); $node->reload });
provoke($node, 'info slot_idle_timeout idle_replication_slot_timeout', after => 'reload',
	setup => sub { $node->append_conf('postgresql.auto.conf', "idle_replication_slot_timeout = '1d'"); $node->reload })
  if $version >= 18;

# --- slots

my $make_slot = q{SELECT pg_create_logical_replication_slot('idle', 'pgoutput')};
# A slot that is further behind than it may be.
sub switch_wal { $node->safe_psql('postgres', 'SELECT pg_logical_emit_message(false, $$$$, $$$$); SELECT pg_switch_wal()') for 1 .. 4 }
sub limit_slots { $node->append_conf('postgresql.auto.conf', "max_slot_wal_keep_size = '$_[0]'"); $node->reload }
$node->safe_psql('postgres', $make_slot . q{; SELECT pg_create_physical_replication_slot('standby', true)});
unlike(keys_of($node), qr/slot_inactive/, 'a slot that was read a moment ago is none that nobody reads');
provoke($node, 'warning slot_inactive idle', finding => qr/plugin pgoutput, database postgres.* beyond max_wal_size \(32MB\)/,
	setup => sub { $node->append_conf('postgresql.auto.conf', "max_wal_size = '32MB'"); $node->reload; switch_wal() },
	by_hand => q{SELECT pg_drop_replication_slot('idle'); ALTER SYSTEM SET max_wal_size = '1GB'; SELECT pg_reload_conf()});
$node->safe_psql('postgres', q{SELECT pg_drop_replication_slot('standby')});
provoke($node, 'warning slot_unreserved idle', after => 'reload', finding => qr/beyond max_slot_wal_keep_size \(1MB\)/,
	setup => sub { $node->safe_psql('postgres', $make_slot); limit_slots('1MB'); switch_wal() });
provoke($node, 'error slot_lost idle',
	setup => sub { limit_slots('1MB'); switch_wal(); $node->safe_psql('postgres', 'CHECKPOINT') });
limit_slots('1GB');

# An active slot that is far behind: a subscription has it, whose worker does not come to confirm.
$node->safe_psql('postgres', $make_slot);
$node->safe_psql('postgres', 'CREATE DATABASE reader');
my $connection = $node->connstr('postgres') =~ s/'/''/gr;
$node->safe_psql('reader', "CREATE SUBSCRIPTION idle CONNECTION '$connection' PUBLICATION cdc WITH (connect = false, slot_name = 'idle');
	ALTER SUBSCRIPTION idle ENABLE");
$node->poll_query_until('postgres', 'SELECT bool_and(active) FROM pg_replication_slots') or die 'nobody reads';
my $worker = $node->safe_psql('postgres', q{SELECT pid FROM pg_stat_subscription WHERE subname = 'idle'});
provoke($node, 'warning slot_active_behind idle', finding => qr/has not confirmed the last \d+ MB, and it keeps \d+ MB of WAL/,
	setup => sub { kill 'STOP', $worker; switch_wal() for 1, 2 },
	by_hand => sub {
		kill 'CONT', $worker;
		for (1 .. 300)
		{
			$node->safe_psql('postgres', 'SELECT pg_logical_emit_message(false, $$$$, $$$$); CHECKPOINT');
			last if keys_of($node) eq '';
			usleep(100_000);
		}
	});
kill 'CONT', $worker; # whatever has failed
$node->safe_psql('reader', 'ALTER SUBSCRIPTION idle DISABLE; ALTER SUBSCRIPTION idle SET (slot_name = NONE); DROP SUBSCRIPTION idle');
$node->safe_psql('postgres', 'DROP DATABASE reader');
$node->poll_query_until('postgres', 'SELECT NOT bool_or(active) FROM pg_replication_slots') or die 'still read';
$node->safe_psql('postgres', q{SELECT pg_drop_replication_slot('idle')});

# A slot that is made waits for transactions, however young.
my ($holder, $maker) = map { $node->background_psql('postgres') } 1, 2;
sub make_waiting
{
	$maker->query_until(qr/making/, "\\echo making\n$make_slot;\n");
	$node->poll_query_until('postgres', q{SELECT count(*) = 1 FROM pg_locks WHERE locktype = 'transactionid' AND NOT granted})
	  or die 'nothing waits';
	return;
}
sub made
{
	$maker->query_safe('SELECT 1');
	$node->safe_psql('postgres', q{SELECT pg_drop_replication_slot('idle')});
	return;
}
my $holds = $holder->query_safe('BEGIN; SELECT pg_current_xact_id(); SELECT pg_backend_pid()') =~ /(\d+)\s*\z/ ? $1 : die;
provoke($node, 'warning slot_waits idle', setup => \&make_waiting,
	finding => qr/waits for a transaction to end: that of process $holds, role .*, which SELECT pg_terminate_backend\($holds\) would end\. /,
	by_hand => sub { $node->safe_psql('postgres', "SELECT pg_terminate_backend($holds)"); made() });
eval { $holder->quit };
$node->safe_psql('postgres', q{BEGIN; CREATE TABLE public.prepared (id int); PREPARE TRANSACTION 'it''s'});
provoke($node, 'warning slot_waits idle', setup => \&make_waiting,
	finding => qr/waits for a transaction to end: prepared transaction 'it''s' of role /,
	by_hand => sub { $node->safe_psql('postgres', q{ROLLBACK PREPARED 'it''s'}); made() });
$maker->quit;

# --- slots and their publication

my $publish = 'CREATE PUBLICATION cdc FOR TABLE lab.session, lab.trial WITH (publish_via_partition_root)';
my $read = q{SELECT count(*) FROM pg_logical_slot_get_binary_changes('idle', NULL, NULL, 'proto_version', '1', 'publication_names', 'cdc')};
my $write = 'INSERT INTO lab.session SELECT COALESCE(max(id), 0) + 1 FROM lab.session';
my $renew = q{SELECT pg_drop_replication_slot('idle');} . $make_slot;
my $drop_slot = q{SELECT pg_drop_replication_slot('idle')};
provoke($node, 'warning slot_before_publication idle',
	finding => $version < 18 ? qr/reads it then fails for ever: "publication does not exist"/ : qr/reads it then misses these changes/,
	setup => sub {
		$node->safe_psql('postgres', $_) for 'DROP PUBLICATION cdc', $make_slot, $write, $publish, $write;
		like(error_of($node, $read), qr/42704: publication "cdc" does not exist/, 'decoding fails') for 1 .. 2 * ($version < 18);
		my $peek = $read =~ s/get_binary/peek_binary/r =~ s/count\(\*\)/count(*) FILTER (WHERE get_byte(data, 0) = ascii('I'))/r;
		is($node->safe_psql('postgres', $peek), 1, 'one of two rows arrives') if $version >= 18;
	},
	by_hand => $renew,
	cleanup => sub {
		$node->safe_psql('postgres', $write);
		is(error_of($node, $read), '', 'the new slot is read');
		$node->safe_psql('postgres', $drop_slot);
	});
# Where nothing was written in between, reading goes on, and the row goes.
provoke($node, 'warning slot_before_publication idle',
	setup => sub { $node->safe_psql('postgres', $_) for 'DROP PUBLICATION cdc', $make_slot, $publish, $write },
	by_hand => sub { $node->safe_psql('postgres', $_) for $read, 'CHECKPOINT', $write, $read, 'CHECKPOINT', $write, $read },
	cleanup => $drop_slot);
# A publication that is altered has been there before; and a new slot has nothing to read from
# before, though it takes over the catalog_xmin of one that has.
$node->safe_psql('postgres', $make_slot . q{; ALTER PUBLICATION cdc SET (publish = 'insert');
	ALTER PUBLICATION cdc SET (publish = 'insert, update, delete, truncate')});
is(keys_of($node), '', 'a publication that is altered is none that is made');
$node->safe_psql('postgres', $_) for 'DROP PUBLICATION cdc', $publish, $write, 'CHECKPOINT',
  q{SELECT pg_create_logical_replication_slot('fresh', 'pgoutput')};
is($node->safe_psql('postgres', 'SELECT count(DISTINCT catalog_xmin::text) FROM pg_replication_slots'), 1, 'the new slot has an old catalog_xmin');
is(keys_of($node), 'warning slot_before_publication idle', 'but only the old one is told');
$node->safe_psql('postgres', q{SELECT pg_drop_replication_slot(slot_name) FROM pg_replication_slots});

# --- transactions

my $writer = $node->background_psql('postgres');
my $ended = sub { $node->poll_query_until('postgres',
	q{SELECT count(*) = 0 FROM pg_stat_activity WHERE application_name = 'writer'}) };
$writer->query_safe(q{SET application_name = 'writer'; BEGIN; SELECT pg_current_xact_id()});
my $unseen = 'info activity_unseen pg_stat_activity';
like(keys_of($node, role => 'consumer'), qr/^$unseen$/m, 'activity of others is not visible to everyone');
unlike(keys_of($node), qr/activity_unseen/, 'but to the superuser');
compare_sql($node, 'activity_unseen', role => 'consumer');
my ($seeing) = grep { $_->{key} eq $unseen } rows_of($node, role => 'consumer');
$node->safe_psql('postgres', $seeing->{remedy});
is(keys_of($node, role => 'consumer'), "info publication_owner cdc", 'the remedy makes it so');
mark_provoked('activity_unseen');
$node->safe_psql('postgres', 'REVOKE pg_read_all_stats FROM consumer');

# Time passes in transactions.
my $pass_time = q{
	CREATE TABLE public.busy (id int);
	DO $$BEGIN FOR number IN 1 .. 100000 LOOP BEGIN
		INSERT INTO public.busy VALUES (1); EXCEPTION WHEN division_by_zero THEN END; END LOOP; END$$;
	DROP TABLE public.busy};
provoke($node, 'warning long_transaction ' . $node->safe_psql('postgres', 'SELECT quote_ident(CURRENT_USER)'),
	setup => $pass_time,
	wait => $ended, finding => qr/ others have begun since/);
eval { $writer->quit };

provoke($node, q{warning prepared_transaction 'it''s'}, cleanup => '',
	setup => q{BEGIN; CREATE TABLE public.prepared (id int); PREPARE TRANSACTION 'it''s';} . $pass_time);
$node->safe_psql('postgres', 'CREATE DATABASE elsewhere');
$node->safe_psql('elsewhere', q{BEGIN; CREATE TABLE prepared (id int); PREPARE TRANSACTION 'there'});
unlike(keys_of($node), qr/prepared_transaction/, 'a prepared transaction that is young is none of them');
$node->safe_psql('postgres', $pass_time);
my ($there) = rows_of($node);
is($there->{remedy}, undef, 'a prepared transaction of another database cannot be ended from here');
like($there->{finding}, qr/in database elsewhere/, 'and it says where');
$node->safe_psql('elsewhere', q{ROLLBACK PREPARED 'there'});

# --- the role

my %as_consumer = (call => { role => 'consumer' });
provoke($node, 'warning role_replication consumer', %as_consumer, setup => 'ALTER ROLE consumer NOREPLICATION',
	cleanup => '', remedy => 'ALTER ROLE consumer REPLICATION');
provoke($node, 'warning role_replication consumer', %as_consumer, remedy => 'GRANT rds_replication TO consumer',
	setup => 'ALTER ROLE consumer NOREPLICATION; CREATE ROLE rds_replication',
	cleanup => 'DROP ROLE rds_replication; ALTER ROLE consumer REPLICATION');
provoke($node, 'error role_usage lab', %as_consumer, setup => 'REVOKE USAGE ON SCHEMA lab FROM consumer', cleanup => '');
provoke($node, 'error role_select lab.trial', %as_consumer, setup => 'REVOKE SELECT ON lab.trial FROM consumer', cleanup => '');
provoke($node, 'error role_select lab', %as_consumer, cleanup => '', finding => qr/^all 2 tables: /,
	setup => 'REVOKE SELECT ON ALL TABLES IN SCHEMA lab FROM consumer');
provoke($node, 'warning role_row_security lab.trial', %as_consumer, setup => 'ALTER TABLE lab.trial ENABLE ROW LEVEL SECURITY',
	cleanup => 'ALTER ROLE consumer NOBYPASSRLS; ALTER TABLE lab.trial DISABLE ROW LEVEL SECURITY');
my @many = map { "lab.t$_" } 1 .. 5;
my $many = join ';', map { "CREATE TABLE $_ (id int PRIMARY KEY); ALTER TABLE $_ REPLICA IDENTITY FULL" } @many;
$many .= '; ALTER PUBLICATION cdc ADD TABLE ' . join(', ', @many) . ';';
my $drop_many = 'DROP TABLE ' . join ', ', @many;
provoke($node, 'error role_select lab', %as_consumer, setup => $many, cleanup => $drop_many,
	finding => qr/^role consumer has no SELECT on 5 of 7 tables \(lab\.t1, lab\.t2, lab\.t3 and 2 more\): /,
	remedy => 'GRANT SELECT ON ' . join(', ', @many) . ' TO consumer');
my $secure = join ';', map { "ALTER TABLE $_ ENABLE ROW LEVEL SECURITY" } @many;
provoke($node, 'warning role_row_security lab', %as_consumer, setup => "$many $secure; GRANT SELECT ON ALL TABLES IN SCHEMA lab TO consumer",
	finding => qr/^row security applies to role consumer on 5 of 7 tables \(lab\.t1, lab\.t2, lab\.t3 and 2 more\): /,
	cleanup => "ALTER ROLE consumer NOBYPASSRLS; $drop_many");
my ($on, $off) = map { my $word = $_; join ';', map { "ALTER TABLE lab.$_ $word ROW LEVEL SECURITY" } qw(session trial) } qw(ENABLE DISABLE);
provoke($node, 'warning role_row_security lab', %as_consumer, setup => $on, finding => qr/^row security applies to role consumer on all 2 tables: /,
	cleanup => "ALTER ROLE consumer NOBYPASSRLS; $off");

# --- the schema beside its tables

provoke($node, 'info sequence_not_copied lab', call => { consumer => 'postgres' },
	setup => join('', map { "CREATE SEQUENCE lab.s$_;" } 1 .. 5)
	  . 'CREATE SEQUENCE lab."~s"; CREATE SEQUENCE lab.member; ALTER EXTENSION datajoint_deploy ADD SEQUENCE lab.member',
	by_hand => 'DROP SEQUENCE lab.s1, lab.s2, lab.s3, lab.s4, lab.s5',
	cleanup => 'ALTER EXTENSION datajoint_deploy DROP SEQUENCE lab.member; DROP SEQUENCE lab.member, lab."~s"',
	finding => qr/^5 sequences, whose values do not arrive: lab\.s1, lab\.s2, lab\.s3 and 2 more\. Before .*, set them there with setval\(\)/);
if ($version >= 19)
{
	$node->safe_psql('postgres', 'CREATE SEQUENCE lab.s; CREATE PUBLICATION sequences FOR ALL SEQUENCES');
	unlike(keys_of($node, consumer => 'postgres', publication => 'sequences'), qr/sequence_not_copied/, 'sequences that are published');
	$node->safe_psql('postgres', 'DROP PUBLICATION sequences; DROP SEQUENCE lab.s');
}

# As if pglogical and Citus were there: what the checks look at is one row of a catalog, and one catalog.
my $as_system = 'SET allow_system_table_mods = on;';
my $with_keys = join ';', map { "ALTER TABLE lab.$_ REPLICA IDENTITY DEFAULT" } qw(session trial);
provoke($node, 'warning pglogical_full lab', call => { consumer => $_ }, by_hand => $with_keys,
	finding => qr/^replica identity is FULL, .*: lab\.session, lab\.trial\. /, appears => ['info identity_not_full lab'],
	setup => "$as_system INSERT INTO pg_extension SELECT 1, 'pglogical', extowner, extnamespace, false, '2' FROM pg_extension LIMIT 1",
	cleanup => "$as_system DELETE FROM pg_extension WHERE oid = 1;" . $with_keys =~ s/DEFAULT/FULL/gr) for qw(any postgres);
provoke($node, 'error citus_cdc lab.trial', after => 'restart', finding => qr/^Citus keeps the rows of lab\.trial in shards .* Takes a restart\.$/,
	setup => sub {
		$node->safe_psql('postgres', "$as_system CREATE TABLE pg_catalog.pg_dist_partition (logicalrelid regclass); CREATE TABLE public.far (id int);"
			. q{INSERT INTO pg_dist_partition VALUES ('lab.trial'), ('public.far')});
		$node->append_conf('postgresql.conf', 'citus.enable_change_data_capture = off');
		$node->reload;
	},
	cleanup => "$as_system DROP TABLE pg_catalog.pg_dist_partition, public.far");

# --- standbys

my @left_out;
if ($version >= 17)
{
	provoke($node, 'info slot_failover idle', setup => qq{$make_slot; SELECT pg_create_physical_replication_slot('standby')},
		by_hand => q{SELECT pg_drop_replication_slot('idle'); SELECT pg_create_logical_replication_slot('idle', 'pgoutput', failover => true)},
		cleanup => q{SELECT pg_drop_replication_slot(slot_name) FROM pg_replication_slots});
	$node->safe_psql('postgres', q{SELECT pg_create_physical_replication_slot(n) FROM unnest('{gone,standby}'::text[]) n});
	provoke($node, 'error standby_slot_missing synchronized_standby_slots', after => 'reload', finding => qr/^no physical slot is called gone: /,
		remedy => q{ALTER SYSTEM SET synchronized_standby_slots = 'standby'},
		setup => sub {
			$node->append_conf('postgresql.conf', q{synchronized_standby_slots = 'gone, standby'});
			$node->reload;
			$node->safe_psql('postgres', q{SELECT pg_drop_replication_slot('gone')});
		});
	$node->safe_psql('postgres', q{ALTER SYSTEM SET synchronized_standby_slots = ''; SELECT pg_reload_conf()});
	$node->safe_psql('postgres', q{SELECT pg_drop_replication_slot('standby')});
}
else
{
	push @left_out, qw(slot_failover standby_feedback standby_slot_missing);
}
$node->backup('base');
my $standby = PostgreSQL::Test::Cluster->new('standby');
$standby->init_from_backup($node, 'base', has_streaming => 1);
$standby->start;
if ($version >= 17)
{
	provoke($standby, 'warning standby_feedback hot_standby_feedback', after => 'reload',
		setup => sub { $standby->append_conf('postgresql.conf', 'sync_replication_slots = on'); $standby->reload });
}
if ($version < 16)
{
	provoke($standby, 'error standby_no_slots pg_is_in_recovery', setup => '', by_hand => sub { $standby->promote });
}
else
{
	unlike(keys_of($standby), qr/standby_no_slots/, 'from 16 on a standby makes logical slots');
	push @left_out, 'standby_no_slots';
}
$standby->stop;

# --- each check of the source

push @left_out, 'slot_idle_timeout' if $version < 18;
push @left_out, 'wal_level' if $version >= 19;
account_for([ grep { is_sql($_) } check_sources() ], @left_out);

# A check that is no query has its reason, and one that is not there, too.
for my $case ([ 'no_primary_key', qr/^no_primary_key is not one query but C\+\+: src\/checks\/\w+\.cpp$/ ], [ 'none', qr/^there is no check none$/ ])
{
	IPC::Run::run [ "$FindBin::RealBin/../../script/check-sql", $case->[0], 'lab' ], '>', \my $output, '2>', \my $errors;
	is($? >> 8, 1, "script/check-sql refuses $case->[0]");
	like($errors, $case->[1], 'and says why');
}

$node->stop;
done_testing();
