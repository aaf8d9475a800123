# check_cdc: each check of tables and publications is provoked, its row shown, its remedy run
# exactly as it is printed, and the row is gone and nothing else has come. At the end every such
# check of the source has had its turn. test/t/check_cdc_server.pl has those of the server.
use strict;
use warnings FATAL => 'all';

use FindBin;
use lib "$FindBin::RealBin/lib";
use Cdc;
use Deploy;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

my $node = new_scene('main', wal_level => 'logical');
my $version = int($node->safe_psql('postgres', 'SHOW server_version_num') / 10000);
is(keys_of($node, consumer => $_), '', "nothing is wrong for $_") for qw(any lakehouse_sync debezium clickpipes postgres);
is(keys_of($node, publication => 'cdc', consumer => 'PostgreS'), '', 'nor with the publication named');
is(keys_of($node, role => 'consumer'), "info publication_owner cdc", 'nor for the role of a consumer');

# --- the publication

my $join = 'ALTER PUBLICATION cdc ADD TABLE lab.session, lab.trial';
my $make = 'CREATE PUBLICATION cdc WITH (publish_via_partition_root); ' . $join;
provoke($node, 'error no_publication lab', setup => 'DROP PUBLICATION cdc', cleanup => '');
provoke($node, 'error publication_missing other', setup => '', call => { publication => 'other' });
provoke($node, q{error publication_missing "a""b'%"}, setup => '', call => { publication => q{a"b'%} });
$node->safe_psql('postgres', q{DROP PUBLICATION other, "a""b'%"});
provoke($node, 'error publication_empty cdc', call => { publication => 'cdc' }, cleanup => '',
	setup => 'ALTER PUBLICATION cdc DROP TABLE lab.session, lab.trial');
provoke($node, 'error publication_operations cdc', finding => qr/publish update, delete$/, cleanup => '',
	setup => q{ALTER PUBLICATION cdc SET (publish = 'insert, truncate')});
provoke($node, 'info publication_truncate cdc', setup => q{ALTER PUBLICATION cdc SET (publish = 'insert, update, delete')},
	cleanup => '');
# Both are wrong, and what the one mends the other leaves alone.
$node->safe_psql('postgres', q{ALTER PUBLICATION cdc SET (publish = 'insert')});
for my $round (1, 2)
{
	$node->safe_psql('postgres', $_->{remedy}) for
	  grep { $_->{check} =~ /^publication_(operations|truncate)$/ } rows_of($node, consumer => 'postgres');
	is($node->safe_psql('postgres', q{SELECT pubinsert AND pubupdate AND pubdelete FROM pg_publication}), 't',
		"after round $round insert, update and delete are published");
}
is(keys_of($node, consumer => 'postgres'), '', 'and in the end all is');
provoke($node, 'warning publication_via_root cdc',
	setup => q{ALTER PUBLICATION cdc SET (publish_via_partition_root = false);
		CREATE TABLE lab.sample (id int PRIMARY KEY) PARTITION BY RANGE (id);
		CREATE TABLE lab.sample_1 PARTITION OF lab.sample DEFAULT;
		ALTER TABLE lab.sample REPLICA IDENTITY FULL; ALTER TABLE lab.sample_1 REPLICA IDENTITY FULL;
		ALTER PUBLICATION cdc ADD TABLE lab.sample},
	by_hand => 'ALTER PUBLICATION cdc SET (publish_via_partition_root = true)',
	cleanup => 'DROP TABLE lab.sample', finding => qr/lab\.sample arrive.*Safely: stop writes/);
my ($owned) = rows_of($node, role => 'consumer');
is($owned->{key}, 'info publication_owner cdc', 'a publication of somebody else');
$node->safe_psql('postgres', 'GRANT CREATE ON DATABASE postgres TO consumer');
my $owner = $node->safe_psql('postgres', q{SELECT quote_ident(pg_get_userbyid(pubowner)) FROM pg_publication});
$node->safe_psql('postgres', $owned->{remedy});
is(keys_of($node, role => 'consumer'), '', 'after the remedy it is its own');
mark_provoked('publication_owner');
$node->safe_psql('postgres', "ALTER PUBLICATION cdc OWNER TO $owner; REVOKE CREATE ON DATABASE postgres FROM consumer");

my $hidden = 'CREATE TABLE lab."~log" (id int PRIMARY KEY);';
provoke($node, 'warning publication_all_tables cdc', finding => qr/publishes lab\."~log" too/,
	setup => "DROP PUBLICATION cdc; $hidden CREATE PUBLICATION cdc FOR ALL TABLES WITH (publish_via_partition_root)",
	by_hand => "DROP PUBLICATION cdc; $make", cleanup => 'DROP TABLE lab."~log"');
provoke($node, 'warning publication_whole_schema cdc', finding => qr/publishes lab\."~log" too/,
	setup => "DROP PUBLICATION cdc; $hidden CREATE PUBLICATION cdc FOR TABLES IN SCHEMA lab WITH (publish_via_partition_root)",
	by_hand => q{BEGIN; ALTER PUBLICATION cdc DROP TABLES IN SCHEMA lab;
		SELECT dj_deploy.set_publication_membership('lab', 'cdc', dry_run => false); COMMIT},
	cleanup => 'DROP TABLE lab."~log"');
is($node->safe_psql('postgres', q{SELECT string_agg(tablename, ' ' ORDER BY tablename) FROM pg_publication_tables}),
	'session trial', 'what the steps leave is published');
provoke($node, 'info publication_other_schemas cdc', finding => qr/: "Rig" \(1\), rig \(2\)\. /,
	by_hand => 'ALTER PUBLICATION cdc DROP TABLE rig.a, rig.b, "Rig"."c\'"',
	setup => q{CREATE SCHEMA rig; CREATE TABLE rig.a (id int PRIMARY KEY); CREATE TABLE rig.b (id int PRIMARY KEY);
		CREATE SCHEMA "Rig"; CREATE TABLE "Rig"."c'" (id int PRIMARY KEY);
		ALTER PUBLICATION cdc ADD TABLE rig.a, rig.b, "Rig"."c'"},
	cleanup => 'DROP SCHEMA rig, "Rig" CASCADE');

# --- which tables

my $extra = 'CREATE TABLE lab.extra (id int PRIMARY KEY); ALTER TABLE lab.extra REPLICA IDENTITY FULL;';
provoke($node, 'error not_member lab.extra', setup => $extra, cleanup => 'DROP TABLE lab.extra');
provoke($node, 'error not_member lab', call => { publication => 'rig' }, finding => qr/^all 2 tables: not published by publication rig$/,
	setup => q{CREATE TABLE public.rig (id int PRIMARY KEY); CREATE PUBLICATION rig FOR TABLE public.rig WITH (publish_via_partition_root)});
$node->safe_psql('postgres', 'DROP PUBLICATION rig; DROP TABLE public.rig');
provoke($node, 'warning member_hidden lab."~log"', setup => $hidden . 'ALTER PUBLICATION cdc ADD TABLE lab."~log"',
	by_hand => q{SELECT dj_deploy.set_publication_membership('lab."~log"'::regclass, 'cdc', member => false, dry_run => false)},
	finding => qr/To stop that: SELECT .*member => false/,
	cleanup => 'DROP TABLE lab."~log"');
provoke($node, 'warning member_extension lab.extra',
	setup => $extra . 'ALTER EXTENSION datajoint_deploy ADD TABLE lab.extra; ALTER PUBLICATION cdc ADD TABLE lab.extra',
	by_hand => 'ALTER PUBLICATION cdc DROP TABLE lab.extra',
	cleanup => 'ALTER EXTENSION datajoint_deploy DROP TABLE lab.extra; DROP TABLE lab.extra');
my $sample = q{
	CREATE TABLE lab.sample (id int PRIMARY KEY) PARTITION BY RANGE (id);
	CREATE TABLE lab.sample_1 PARTITION OF lab.sample DEFAULT;
	ALTER TABLE lab.sample REPLICA IDENTITY FULL; ALTER TABLE lab.sample_1 REPLICA IDENTITY FULL;
	ALTER PUBLICATION cdc ADD TABLE lab.sample;};
provoke($node, 'warning member_partition lab.sample_1', setup => "$sample ALTER PUBLICATION cdc ADD TABLE lab.sample_1",
	cleanup => 'DROP TABLE lab.sample');
provoke($node, 'warning member_partition lab.sample_1_1', cleanup => 'DROP TABLE lab.sample',
	setup => q{CREATE TABLE lab.sample (id int PRIMARY KEY) PARTITION BY RANGE (id);
		CREATE TABLE lab.sample_1 PARTITION OF lab.sample DEFAULT PARTITION BY RANGE (id);
		CREATE TABLE lab.sample_1_1 PARTITION OF lab.sample_1 DEFAULT;
		ALTER TABLE lab.sample REPLICA IDENTITY FULL; ALTER TABLE lab.sample_1_1 REPLICA IDENTITY FULL;
		ALTER PUBLICATION cdc ADD TABLE lab.sample_1, lab.sample_1_1});
provoke($node, 'warning unlogged_table lab.extra', cleanup => 'DROP TABLE lab.extra',
	setup => 'CREATE UNLOGGED TABLE lab.extra (id int PRIMARY KEY); ALTER TABLE lab.extra REPLICA IDENTITY FULL');
provoke($node, 'warning unlogged_table lab', cleanup => 'DROP TABLE lab.extra, lab.parent, lab.oldest CASCADE',
	finding => qr/^2 of 5 tables \(lab\.oldest, lab\.parent\): /,
	setup => q{CREATE UNLOGGED TABLE lab.oldest (id int PRIMARY KEY);
		CREATE UNLOGGED TABLE lab.parent (id int PRIMARY KEY REFERENCES lab.oldest, self int REFERENCES lab.parent);
		CREATE UNLOGGED TABLE lab.extra (id int PRIMARY KEY REFERENCES lab.parent, old int REFERENCES lab.oldest);
		ALTER TABLE lab.oldest REPLICA IDENTITY FULL; ALTER TABLE lab.parent REPLICA IDENTITY FULL;
		ALTER TABLE lab.extra REPLICA IDENTITY FULL});
$node->safe_psql('postgres', q{CREATE UNLOGGED TABLE lab.oldest (id int PRIMARY KEY);
	CREATE UNLOGGED TABLE lab.extra (id int PRIMARY KEY REFERENCES lab.oldest); ALTER TABLE lab.oldest SET SCHEMA public});
like((grep { $_->{check} eq 'unlogged_table' } rows_of($node))[0]{finding}, qr/ rewrites it after public\.oldest; /, 'one that references another after that');
$node->safe_psql('postgres', 'DROP TABLE lab.extra, public.oldest');
provoke($node, 'warning unlogged_table lab.sample_0', cleanup => 'DROP TABLE lab.sample',
	setup => "$sample CREATE UNLOGGED TABLE lab.sample_0 PARTITION OF lab.sample FOR VALUES FROM (0) TO (1); ALTER TABLE lab.sample_0 REPLICA IDENTITY FULL",
	finding => qr/^unlogged partition: /, remedy => 'ALTER TABLE lab.sample_0 SET LOGGED');
# A partitioned table that is unlogged: no publication takes it, and SET LOGGED does nothing. From
# 18 on there is none.
if ($version < 18)
{
	provoke($node, 'warning unlogged_table lab.sample', cleanup => 'DROP TABLE lab.sample', by_hand => $_,
		finding => qr/ where those are listed, and lab\.sample_1 and 1 more are not\. List its permanent partitions /,
		setup => sub {
			$node->safe_psql('postgres', q{CREATE UNLOGGED TABLE lab.sample (id int PRIMARY KEY) PARTITION BY RANGE (id);
				CREATE TABLE lab.sample_1 PARTITION OF lab.sample FOR VALUES FROM (0) TO (1);
				CREATE TABLE lab.sample_2 PARTITION OF lab.sample DEFAULT; ALTER TABLE lab.sample REPLICA IDENTITY FULL;
				ALTER TABLE lab.sample_1 REPLICA IDENTITY FULL; ALTER TABLE lab.sample_2 REPLICA IDENTITY FULL});
			like(error_of($node, 'ALTER TABLE lab.sample SET LOGGED; ALTER PUBLICATION cdc ADD TABLE lab.sample'),
				qr/cannot add relation "sample" to publication/, 'no publication takes it');
			$node->safe_psql('postgres', 'ALTER TABLE lab.sample SET LOGGED');
			is($node->safe_psql('postgres', q{SELECT relpersistence FROM pg_class WHERE oid = 'lab.sample'::regclass}), 'u',
				'SET LOGGED leaves it as it is');
		})
	  for 'ALTER PUBLICATION cdc ADD TABLE lab.sample_1, lab.sample_2',
	  q{CREATE TABLE lab.made (LIKE lab.sample INCLUDING ALL) PARTITION BY RANGE (id); ALTER TABLE lab.made REPLICA IDENTITY FULL;
		ALTER TABLE lab.sample DETACH PARTITION lab.sample_1; ALTER TABLE lab.sample DETACH PARTITION lab.sample_2;
		ALTER TABLE lab.made ATTACH PARTITION lab.sample_1 FOR VALUES FROM (0) TO (1); ALTER TABLE lab.made ATTACH PARTITION lab.sample_2 DEFAULT;
		DROP TABLE lab.sample; ALTER TABLE lab.made RENAME TO sample; ALTER PUBLICATION cdc ADD TABLE lab.sample};
}
provoke($node, 'warning foreign_partition lab.far', by_hand => 'DROP FOREIGN TABLE lab.far',
	setup => q{CREATE FOREIGN DATA WRAPPER far; CREATE SERVER far FOREIGN DATA WRAPPER far;
		CREATE TABLE lab.sample (id int) PARTITION BY RANGE (id); ALTER TABLE lab.sample REPLICA IDENTITY FULL;
		CREATE FOREIGN TABLE lab.far PARTITION OF lab.sample FOR VALUES FROM (0) TO (1) SERVER far},
	cleanup => 'DROP TABLE lab.sample; DROP FOREIGN DATA WRAPPER far CASCADE');
provoke($node, 'info foreign_table lab.far', by_hand => 'DROP FOREIGN TABLE lab.far',
	setup => 'CREATE FOREIGN DATA WRAPPER far; CREATE SERVER far FOREIGN DATA WRAPPER far; CREATE FOREIGN TABLE lab.far (id int) SERVER far',
	cleanup => 'DROP FOREIGN DATA WRAPPER far CASCADE');
# A schema of partitions of another schema's table, and one of nothing: none of their tables is to
# be published.
my $apart = q{CREATE TABLE apart.sample_1 (id int PRIMARY KEY); CREATE TABLE apart.sample_2 (id int PRIMARY KEY);
	CREATE TABLE lab.sample (id int PRIMARY KEY) PARTITION BY RANGE (id);
	ALTER TABLE lab.sample ATTACH PARTITION apart.sample_1 FOR VALUES FROM (0) TO (1);
	ALTER TABLE lab.sample ATTACH PARTITION apart.sample_2 FOR VALUES FROM (1) TO (2)};
$node->safe_psql('postgres', 'CREATE SCHEMA apart');
provoke($node, 'info partition_elsewhere lab.sample', call => { schema => 'apart' }, cleanup => 'DROP TABLE lab.sample',
	finding => qr/^apart\.sample_1 \(and 1 more\) belongs to it as a partition: .* dj_deploy\.check_cdc\('lab'\)$/,
	setup => sub {
		$node->safe_psql('postgres', $apart);
		is(keys_of($node, schema => 'apart'), 'info partition_elsewhere lab.sample', 'and it is all there is to say');
	},
	by_hand => 'ALTER TABLE lab.sample DETACH PARTITION apart.sample_1; DROP TABLE apart.sample_1, apart.sample_2');
for my $publication ('nothing', 'nowhere')
{
	$node->safe_psql('postgres', 'CREATE PUBLICATION nothing') if $publication eq 'nothing';
	my @rows = rows_of($node, schema => 'apart', publication => $publication);
	like($rows[0]{finding}, qr/, and the schema has none for it$/, "$publication: no table could be published");
	is(scalar(grep { defined $_->{remedy} } @rows), 0, 'so nothing is to be run');
}
is(keys_of($node, schema => 'apart'), '', 'an empty schema lacks no publication');
$node->safe_psql('postgres', 'DROP PUBLICATION nothing; DROP SCHEMA apart');
my %for_lakehouse = (call => { consumer => 'lakehouse_sync' });
provoke($node, 'error partitioned_table lab.sample', %for_lakehouse, setup => $sample,
	by_hand => 'CREATE SCHEMA apart; ALTER TABLE lab.sample SET SCHEMA apart; ALTER TABLE lab.sample_1 SET SCHEMA apart',
	cleanup => 'DROP TABLE apart.sample; DROP SCHEMA apart');
provoke($node, 'warning hidden_synced lab."~log"', %for_lakehouse, cleanup => 'DROP TABLE lab."~log"',
	by_hand => q{SELECT dj_deploy.set_replica_identity('lab."~log"'::regclass, 'default', dry_run => false)},
	setup => $hidden . 'ALTER TABLE lab."~log" REPLICA IDENTITY FULL');

# --- rows and columns that never arrive

$node->safe_psql('postgres', 'CREATE SCHEMA apart');
provoke($node, 'warning heir_not_member apart.heir', call => { consumer => $_ }, cleanup => 'DROP TABLE apart.heir',
	finding => qr/^rows of lab\.session that are stored here/,
	setup => 'CREATE TABLE apart.heir (PRIMARY KEY (id)) INHERITS (lab.session)') for qw(any postgres);
provoke($node, 'warning heir_not_member apart.heir', cleanup => 'DROP TABLE apart.heir, apart.middle', remedy => q{DO 'BEGIN PERFORM dj_deploy.set_replica_identity(''apart.heir''::regclass, ''full'', dry_run => false); PERFORM dj_deploy.set_publication_membership(''apart.heir''::regclass, ''cdc'', dry_run => false); END'},
	setup => 'CREATE TABLE apart.middle (PRIMARY KEY (id)) INHERITS (lab.session); CREATE TABLE apart.heir () INHERITS (apart.middle);
		ALTER PUBLICATION cdc ADD TABLE ONLY apart.middle');
$node->safe_psql('postgres', 'DROP SCHEMA apart');
provoke($node, 'info generated_not_published lab.extra', call => { publication => 'cdc', consumer => $_ },
	finding => qr/^generated columns \(sum\) never arrive from publication cdc: /, cleanup => 'DROP TABLE lab.extra',
	setup => 'CREATE TABLE lab.extra (id int PRIMARY KEY, sum int GENERATED ALWAYS AS (id + 1) STORED); ALTER PUBLICATION cdc ADD TABLE lab.extra',
	by_hand => 'ALTER TABLE lab.extra DROP COLUMN sum', appears => [ 'info identity_not_full lab.extra' ]) for @consumers;
provoke($node, 'info columns_not_listed lab.extra', finding => qr/^columns secret, "la ter" never arrive: /, cleanup => 'DROP TABLE lab.extra',
	setup => 'CREATE TABLE lab.extra (id int PRIMARY KEY, gone int, secret int); ALTER TABLE lab.extra DROP gone;
		ALTER PUBLICATION cdc ADD TABLE lab.extra (id); ALTER TABLE lab.extra ADD "la ter" text',
	by_hand => 'ALTER PUBLICATION cdc DROP TABLE lab.extra; ALTER PUBLICATION cdc ADD TABLE lab.extra',
	appears => [ 'info identity_not_full lab.extra' ]);
provoke($node, 'info rows_filtered lab.extra', finding => qr/: WHERE \(\(id > 1\)\)$/, cleanup => 'DROP TABLE lab.extra',
	setup => 'CREATE TABLE lab.extra (id int PRIMARY KEY); ALTER PUBLICATION cdc ADD TABLE lab.extra WHERE (id > 1)',
	by_hand => 'ALTER PUBLICATION cdc DROP TABLE lab.extra; ALTER PUBLICATION cdc ADD TABLE lab.extra',
	appears => [ 'info identity_not_full lab.extra' ]);
# A partition that is neither one nor a table by itself; where it is published by itself, or hidden,
# there is nothing to tell.
sub interrupt_detaching
{
	my ($partition) = @_;
	$node->safe_psql('postgres', qq{CREATE TABLE lab.sample (id int PRIMARY KEY) PARTITION BY RANGE (id);
		CREATE TABLE $partition PARTITION OF lab.sample FOR VALUES FROM (0) TO (1); CREATE TABLE lab.sample_2 PARTITION OF lab.sample FOR VALUES FROM (1) TO (2);
		ALTER PUBLICATION cdc ADD TABLE lab.sample});
	my $reader = $node->background_psql('postgres');
	$reader->query_safe('BEGIN; SELECT count(*) FROM lab.sample');
	like(error_of($node, qq(SET statement_timeout = '500ms'; ALTER TABLE lab.sample DETACH PARTITION $partition CONCURRENTLY)), qr/57014/, 'it is interrupted');
	$reader->quit;
	return;
}
provoke($node, 'warning partition_detaching lab.sample_1', cleanup => 'DROP TABLE lab.sample, lab.sample_1',
	setup => sub { interrupt_detaching('lab.sample_1') },
	appears => [ 'error not_member lab.sample_1', 'info identity_not_full lab' ]);
interrupt_detaching('lab.sample_1');
$node->safe_psql('postgres', 'ALTER PUBLICATION cdc ADD TABLE lab.sample_1');
unlike(keys_of($node), qr/partition_detaching/, 'not where it is published by itself');
$node->safe_psql('postgres', 'DROP TABLE lab.sample, lab.sample_1');
interrupt_detaching('lab."~sample_1"');
unlike(keys_of($node), qr/partition_detaching/, 'nor where it is hidden');
$node->safe_psql('postgres', 'DROP TABLE lab.sample, lab."~sample_1"');
# Two publications, and what comes of both: decoding fails where their columns differ.
my $both = q(SELECT count(*) FROM pg_logical_slot_get_binary_changes('both', NULL, NULL, 'proto_version', '1', 'publication_names', 'cdc,other'));
provoke($node, 'info publications_differ lab.extra', finding => qr/^publications cdc and other publish it with different columns: decoding fails/,
	cleanup => q(SELECT pg_drop_replication_slot('both'); DROP TABLE lab.extra; DROP PUBLICATION other),
	setup => sub {
		$node->safe_psql('postgres', q{CREATE TABLE lab.extra (id int PRIMARY KEY, b int); ALTER PUBLICATION cdc ADD TABLE lab.extra;
			CREATE PUBLICATION other FOR TABLE lab.extra (id); SELECT pg_create_logical_replication_slot('both', 'pgoutput'); INSERT INTO lab.extra VALUES (1)});
		like(error_of($node, $both), qr/cannot use different column lists for table "lab.extra" in different publications/, 'decoding fails');
	},
	by_hand => 'ALTER PUBLICATION other DROP TABLE lab.extra; ALTER PUBLICATION other ADD TABLE lab.extra (id, b)',
	appears => [ 'info identity_not_full lab.extra' ]);
provoke($node, 'info publications_differ lab.extra', finding => qr/with different row filters: /, cleanup => 'DROP TABLE lab.extra; DROP PUBLICATION other',
	setup => 'CREATE TABLE lab.extra (id int PRIMARY KEY); ALTER PUBLICATION cdc ADD TABLE lab.extra; CREATE PUBLICATION other FOR TABLE lab.extra WHERE (id > 1)',
	by_hand => 'DROP PUBLICATION other; CREATE PUBLICATION other FOR TABLE lab.extra', appears => [ 'info identity_not_full lab.extra' ]);
provoke($node, 'info publications_differ lab.extra', finding => qr/under different names: /, cleanup => 'DROP TABLE lab.extra',
	setup => q{CREATE TABLE lab.extra (id int PRIMARY KEY) PARTITION BY RANGE (id); CREATE TABLE lab.extra_1 PARTITION OF lab.extra DEFAULT;
		ALTER PUBLICATION cdc ADD TABLE lab.extra; CREATE PUBLICATION other FOR TABLE lab.extra},
	by_hand => 'DROP PUBLICATION other', appears => [ 'info identity_not_full lab.extra' ]);
# A partition of tomorrow: it fails as told, unless it is made in the order that is told.
provoke($node, 'warning partition_to_come lab.sample', finding => qr/published at once by cdc, .* nothing identifies its rows\./,
	cleanup => 'DROP TABLE lab.sample',
	setup => sub {
		$node->safe_psql('postgres', q{CREATE TABLE lab.sample (id int) PARTITION BY RANGE (id);
			CREATE TABLE lab.sample_1 PARTITION OF lab.sample FOR VALUES FROM (0) TO (1);
			ALTER TABLE lab.sample REPLICA IDENTITY FULL; ALTER TABLE lab.sample_1 REPLICA IDENTITY FULL; ALTER PUBLICATION cdc ADD TABLE lab.sample});
		like(error_of($node, 'CREATE TABLE lab.sample_2 PARTITION OF lab.sample FOR VALUES FROM (1) TO (2); INSERT INTO lab.sample VALUES (1); DELETE FROM lab.sample'),
			qr/55000: cannot delete from table "sample_2"/, 'it does fail');
		is(error_of($node, q{CREATE TABLE lab.sample_3 (LIKE lab.sample); ALTER TABLE lab.sample_3 REPLICA IDENTITY FULL;
			ALTER TABLE lab.sample ATTACH PARTITION lab.sample_3 FOR VALUES FROM (2) TO (3); INSERT INTO lab.sample VALUES (2); DELETE FROM lab.sample WHERE id = 2}),
			'', 'and does not in the order that is told');
	},
	by_hand => 'ALTER TABLE lab.sample ADD PRIMARY KEY (id)', appears => [ 'warning partition_differs lab.sample_2' ]);

# --- replica identity

sub extra
{
	my ($columns, $identity) = @_;
	return "CREATE TABLE lab.extra ($columns); ALTER PUBLICATION cdc ADD TABLE lab.extra;"
	  . ($identity ? "ALTER TABLE lab.extra REPLICA IDENTITY $identity;" : '');
}
my %drop = (cleanup => 'DROP TABLE lab.extra');
provoke($node, 'error no_primary_key lab.extra', %drop, setup => extra('id int'), call => { consumer => 'lakehouse_sync' },
	finding => qr/fail now, published by cdc$/);
provoke($node, 'error no_primary_key lab.extra', %drop, setup => 'CREATE TABLE lab.extra (id int)', call => { consumer => 'lakehouse_sync' },
	finding => qr/will fail once the table is published for updates or deletes$/);
provoke($node, 'error identity_nothing lab.extra', %drop, setup => extra('id int PRIMARY KEY', 'NOTHING'));
provoke($node, 'error identity_index_dropped lab.extra', %drop,
	setup => extra('id int PRIMARY KEY, code int NOT NULL') . 'CREATE UNIQUE INDEX code ON lab.extra (code);'
	  . 'ALTER TABLE lab.extra REPLICA IDENTITY USING INDEX code; DROP INDEX lab.code');
for my $case ([ 'any', 'info' ], [ 'lakehouse_sync', 'error' ], [ 'debezium', 'info' ])
{
	provoke($node, "$case->[1] identity_not_full lab.extra", %drop, setup => extra('id int PRIMARY KEY'),
		call => { consumer => $case->[0] });
}
provoke($node, 'error identity_not_full lab.extra', %for_lakehouse, %drop, finding => qr/writes would fail, because/,
	setup => 'CREATE TABLE lab.extra (id int PRIMARY KEY, secret int); ALTER PUBLICATION cdc ADD TABLE lab.extra (id)',
	by_hand => 'ALTER PUBLICATION cdc DROP TABLE lab.extra; ALTER TABLE lab.extra REPLICA IDENTITY FULL');
provoke($node, 'error identity_nothing lab.extra', %drop, finding => qr/ With FULL there would be write_column_list of lab\.extra\.$/,
	remedy => q{SELECT dj_deploy.set_replica_identity('lab.extra'::regclass, 'default', dry_run => false)},
	setup => 'CREATE TABLE lab.extra (id int PRIMARY KEY, secret int); ALTER TABLE lab.extra REPLICA IDENTITY NOTHING; ALTER PUBLICATION cdc ADD TABLE lab.extra (id)');
# Before 18 a generated column of the key is not sent, and nothing tells two rows apart that differ
# in it; FULL does.
sub deletes_told_apart
{
	$node->safe_psql('postgres', q{SELECT pg_create_logical_replication_slot('told', 'pgoutput');
		INSERT INTO lab.extra (id, code) VALUES (1, 1), (1, 2); DELETE FROM lab.extra});
	my $different = $node->safe_psql('postgres', q{SELECT count(DISTINCT data)
		FROM pg_logical_slot_get_binary_changes('told', NULL, NULL, 'proto_version', '1', 'publication_names', 'cdc')
		WHERE get_byte(data, 0) = ascii('D')});
	$node->safe_psql('postgres', q{SELECT pg_drop_replication_slot('told')});
	return $different;
}
if ($version < 18)
{
	my $twice = 'id int, code int, twice int GENERATED ALWAYS AS (2 * code) STORED';
	my $full = q{SELECT dj_deploy.set_replica_identity('lab.extra'::regclass, 'full', dry_run => false)};
	my $other = 'CREATE UNIQUE INDEX other ON lab.extra (id, code); ALTER TABLE lab.extra ALTER id SET NOT NULL, ALTER code SET NOT NULL,
		REPLICA IDENTITY USING INDEX other';
	for my $case ([ 'any', 'warning' ], [ 'debezium', 'warning' ], [ 'clickpipes', 'warning' ], [ 'postgres', 'error' ])
	{
		my ($consumer, $severity) = @$case;
		provoke($node, "$severity identity_generated lab.extra", call => { consumer => $consumer },
			finding => qr/^replica identity holds generated columns \(twice\), which are not published: UPDATE and DELETE /,
			setup => sub {
				$node->safe_psql('postgres', extra("$twice, PRIMARY KEY (id, twice)"));
				is(deletes_told_apart(), 1, 'two deleted rows look the same');
			},
			$consumer eq 'clickpipes' ? (by_hand => $other) : (remedy => $full),
			cleanup => sub {
				is(deletes_told_apart(), 2, 'and then they do not');
				$node->safe_psql('postgres', 'DROP TABLE lab.extra');
			});
	}
	provoke($node, 'warning identity_generated lab.extra', %drop, call => { consumer => 'clickpipes' }, remedy => $full,
		setup => extra("$twice NOT NULL, PRIMARY KEY (id, code)") . 'CREATE UNIQUE INDEX twice ON lab.extra (id, twice);
			ALTER TABLE lab.extra REPLICA IDENTITY USING INDEX twice');
	provoke($node, 'warning identity_generated lab.sample', cleanup => 'DROP TABLE lab.sample', remedy => $full =~ s/extra/sample/r,
		setup => "CREATE TABLE lab.sample ($twice, PRIMARY KEY (id, twice)) PARTITION BY RANGE (id);
			CREATE TABLE lab.sample_1 PARTITION OF lab.sample DEFAULT; ALTER PUBLICATION cdc ADD TABLE lab.sample");
	for my $without ('ALTER TABLE lab.extra REPLICA IDENTITY FULL', 'ALTER PUBLICATION cdc DROP TABLE lab.extra')
	{
		$node->safe_psql('postgres', extra("$twice, PRIMARY KEY (id, twice)") . $without);
		unlike(keys_of($node, consumer => 'postgres'), qr/identity_generated/, "not after $without");
		$node->safe_psql('postgres', 'DROP TABLE lab.extra');
	}
}
provoke($node, 'error identity_not_full lab', %for_lakehouse, finding => qr/^all 2 tables: replica identity is DEFAULT: Lakehouse Sync skips/,
	setup => 'ALTER TABLE lab.session REPLICA IDENTITY DEFAULT; ALTER TABLE lab.trial REPLICA IDENTITY DEFAULT', cleanup => '');
provoke($node, 'error partition_without_identity lab.sample_1', cleanup => 'DROP TABLE lab.sample',
	setup => "$sample ALTER TABLE lab.sample_1 REPLICA IDENTITY NOTHING", finding => qr/fail now, published by cdc$/);
provoke($node, 'error identity_nothing lab', finding => qr/ With FULL there would be write_column_list of /, cleanup => 'ALTER TABLE lab.session REPLICA IDENTITY FULL;
		ALTER TABLE lab.trial REPLICA IDENTITY FULL; ALTER PUBLICATION cdc SET TABLE lab.session, lab.trial',
	remedy => q{SELECT dj_deploy.set_replica_identity('lab', 'default', dry_run => false)},
	setup => 'ALTER TABLE lab.session REPLICA IDENTITY NOTHING; ALTER TABLE lab.trial REPLICA IDENTITY NOTHING;
		ALTER PUBLICATION cdc SET TABLE lab.session (id), lab.trial (id)');
provoke($node, 'warning partition_differs lab.sample_1', cleanup => 'DROP TABLE lab.sample',
	setup => "$sample ALTER TABLE lab.sample_1 REPLICA IDENTITY DEFAULT", finding => qr/is DEFAULT, that of lab\.sample is FULL/);
provoke($node, 'warning partition_differs lab.sample_1', cleanup => 'DROP TABLE lab.sample',
	setup => "$sample ALTER TABLE lab.sample REPLICA IDENTITY NOTHING");
# Partitions with primary keys of their own, which the root cannot have.
my $keys = q{CREATE TABLE lab.sample (id int, code int) PARTITION BY RANGE (id);
	CREATE TABLE lab.sample_1 (id int, code int PRIMARY KEY);
	ALTER TABLE lab.sample ATTACH PARTITION lab.sample_1 FOR VALUES FROM (0) TO (10); ALTER PUBLICATION cdc ADD TABLE lab.sample;};
provoke($node, 'warning partition_differs lab.sample_1', cleanup => 'DROP TABLE lab.sample', call => { consumer => 'postgres' }, appears => [ 'warning full_without_primary_key lab.sample' ],
	setup => sub {
		$node->safe_psql('postgres', $keys);
		is(error_of($node, 'UPDATE lab.sample SET code = 1; DELETE FROM lab.sample'), '', 'no write fails');
		unlike(keys_of($node, consumer => 'postgres'), qr/no_primary_key/, 'and so it is told');
		like(keys_of($node), qr/^info identity_not_full lab\.sample$/m, 'but not FULL');
		$node->safe_psql('postgres', 'ALTER PUBLICATION cdc SET (publish_via_partition_root = false)');
		unlike(keys_of($node, consumer => 'postgres'), qr/partition_differs/, 'the root lends no key to what is published as itself');
		$node->safe_psql('postgres', 'ALTER PUBLICATION cdc SET (publish_via_partition_root = true)');
	});
provoke($node, 'error no_primary_key lab.sample', cleanup => 'DROP TABLE lab.sample', appears => [ 'info full_without_primary_key lab.sample' ],
	finding => qr/, in partition lab\.sample_2 and 1 more: UPDATE and DELETE fail now, published by cdc$/,
	setup => "$keys CREATE TABLE lab.sample_2 PARTITION OF lab.sample FOR VALUES FROM (10) TO (20);
		CREATE TABLE lab.sample_3 PARTITION OF lab.sample FOR VALUES FROM (20) TO (30)");
for my $case ([ 'any', 'info' ], map { [ $_, 'warning' ] } qw(debezium clickpipes postgres))
{
	provoke($node, "$case->[1] full_without_primary_key lab.extra", %drop, call => { consumer => $case->[0] },
		setup => extra('id int NOT NULL', 'FULL') . 'CREATE UNIQUE INDEX ON lab.extra (id)');
}
provoke($node, 'warning full_without_primary_key lab.extra', call => { consumer => 'debezium' }, setup => extra('id int', 'FULL'),
	by_hand => 'ALTER TABLE lab.extra ADD PRIMARY KEY (id)', %drop);

for my $index ('(id DESC)', '(id NULLS FIRST)', '(what text_pattern_ops)', '(what COLLATE "C")', '(id, (id + 1))', '(id) WHERE id > 1')
{
	provoke($node, 'warning full_without_primary_key lab.extra', call => { consumer => 'debezium' }, %drop,
		setup => extra('id int NOT NULL, what varchar(9) COLLATE "POSIX" NOT NULL', 'FULL') . "CREATE UNIQUE INDEX ON lab.extra $index",
		by_hand => 'ALTER TABLE lab.extra ADD PRIMARY KEY (id)');
}

# A primary key makes its columns NOT NULL in what inherits, too; from 18 on they are, unless the
# constraint is not inherited.
my ($nullable, $mended) = $version < 18
	? (extra('id int NOT NULL', 'FULL') . 'CREATE TABLE public.middle () INHERITS (lab.extra); CREATE TABLE public.child () INHERITS (public.middle);
		ALTER TABLE public.child ALTER id DROP NOT NULL', '')
	: (extra('id int CONSTRAINT solid NOT NULL NO INHERIT', 'FULL'), 'ALTER TABLE lab.extra ALTER CONSTRAINT solid INHERIT;');
provoke($node, 'warning full_without_primary_key lab.extra', call => { consumer => 'debezium' }, cleanup => 'DROP TABLE lab.extra CASCADE',
	setup => "$nullable; CREATE UNIQUE INDEX ON lab.extra (id)", by_hand => "$mended ALTER TABLE lab.extra ADD PRIMARY KEY (id)");

# --- writes that fail: they do, and after the remedy they do not.

sub provoke_failing
{
	my ($expected, $setup, %test) = @_;
	my $write = 'UPDATE lab.extra SET code = 1; DELETE FROM lab.extra';
	$write =~ s/extra/sample/g if $expected =~ /sample/;
	my $dropped = $expected =~ /sample/ ? 'DROP TABLE lab.sample' : 'DROP TABLE lab.extra';
	my $listed = $expected =~ /sample/ ? 'lab.sample' : 'lab.extra';
	$test{by_hand} = "ALTER PUBLICATION cdc DROP TABLE $listed; ALTER PUBLICATION cdc ADD TABLE $listed"
	  if defined $test{by_hand};
	provoke($node, $expected, %test,
		setup => sub {
			$node->safe_psql('postgres', $setup);
			like(error_of($node, $write), qr/ERROR:  42P10: cannot (update|delete)/, "$expected: the writes fail");
		},
		cleanup => sub {
			is(error_of($node, $write), '', "$expected: after the remedy they do not");
			$node->safe_psql('postgres', $dropped);
		});
	return;
}
my $coded = 'id int PRIMARY KEY, code int NOT NULL, secret int';
provoke_failing('error write_column_list lab.extra',
	"CREATE TABLE lab.extra ($coded); ALTER TABLE lab.extra REPLICA IDENTITY FULL; ALTER PUBLICATION cdc ADD TABLE lab.extra (id, code)",
	finding => qr/without secret, which belongs to/);
provoke_failing('error write_column_list lab.extra',
	"CREATE TABLE lab.extra ($coded); ALTER TABLE lab.extra REPLICA IDENTITY FULL; ALTER PUBLICATION cdc ADD TABLE lab.extra (id, code)",
	call => { consumer => 'lakehouse_sync', publication => 'cdc' }, by_hand => '', finding => qr/for you to decide: /);
provoke_failing('error write_column_list lab.extra',
	"CREATE TABLE lab.extra ($coded); ALTER PUBLICATION cdc ADD TABLE lab.extra (code)", finding => qr/without id,/, by_hand => '',
	appears => [ 'info identity_not_full lab.extra' ]);
provoke_failing('error write_row_filter lab.extra',
	"CREATE TABLE lab.extra ($coded); ALTER PUBLICATION cdc ADD TABLE lab.extra WHERE (code > 1)");
my $tree = "CREATE TABLE lab.sample ($coded) PARTITION BY RANGE (id); CREATE TABLE lab.sample_1 PARTITION OF lab.sample DEFAULT;";
provoke_failing('error write_row_filter lab.sample', "$tree ALTER PUBLICATION cdc ADD TABLE lab.sample WHERE (code > 1)");
provoke_failing('error write_column_list lab.sample', "$tree ALTER PUBLICATION cdc ADD TABLE lab.sample (code)", by_hand => '',
	appears => [ 'info identity_not_full lab.sample' ]);
if ($version >= 18)
{
	provoke_failing('error write_generated_column lab.extra',
		extra("$coded, sum int GENERATED ALWAYS AS (id + code) STORED", 'FULL'), finding => qr/\(sum\)/);
	# Where cdc publishes stored ones, such a table joins as others do. One with a virtual one cannot.
	$node->safe_psql('postgres', 'ALTER PUBLICATION cdc SET (publish_generated_columns = stored)');
	my $summed = 'CREATE TABLE lab.extra (id int PRIMARY KEY, sum int GENERATED ALWAYS AS (id + 1)';
	my $full = 'ALTER TABLE lab.extra REPLICA IDENTITY FULL';
	provoke($node, 'error not_member lab.extra', cleanup => 'DROP TABLE lab.extra', setup => "$summed STORED); $full");
	provoke($node, 'error not_member lab.extra', cleanup => 'DROP TABLE lab.extra', setup => "$summed VIRTUAL); $full",
		finding => qr/ Once published, writes would fail, because generated columns of its replica identity are not published/,
		by_hand => 'ALTER TABLE lab.extra REPLICA IDENTITY DEFAULT; ALTER PUBLICATION cdc ADD TABLE lab.extra',
		appears => [ 'info generated_not_published lab.extra' ]);
	$node->safe_psql('postgres', 'ALTER PUBLICATION cdc SET (publish_generated_columns = none)');
	# Where nothing publishes a table, its generated columns make no difference, but for who runs
	# what comes before, too.
	for my $sum ('STORED', 'VIRTUAL')
	{
		$node->safe_psql('postgres', qq{CREATE SCHEMA gen; CREATE TABLE gen.plain (id int PRIMARY KEY);
			CREATE TABLE gen.sum (id int PRIMARY KEY, sum int GENERATED ALWAYS AS (id + 1) $sum)});
		my ($row) = grep { $_->{check} eq 'identity_not_full' } rows_of($node, schema => 'gen', consumer => 'lakehouse_sync');
		like($row->{finding}, qr/^all 2 tables: /, "$sum: one row about the schema");
		is($row->{remedy}, q{SELECT dj_deploy.set_replica_identity('gen', 'full', dry_run => false)}, 'and one remedy');
		my @rows = grep { $_->{check} eq 'identity_not_full' } rows_of($node, schema => 'gen');
		is(join(' ', map { $_->{object} . ($_->{remedy} ? '' : ' without') } @rows), 'gen.plain gen.sum without', 'for who publishes them first, one');
		$node->safe_psql('postgres', q{SELECT dj_deploy.set_replica_identity('gen', 'full', dry_run => false)});
		is(keys_of($node, schema => 'gen', consumer => 'lakehouse_sync'), '', "$sum: which is all it takes");
		is(error_of($node, 'UPDATE gen.sum SET id = 1'), '', 'and no write fails');
		$node->safe_psql('postgres', 'SET client_min_messages = error; DROP SCHEMA gen CASCADE');
	}
	provoke_failing('error write_generated_column lab.extra',
		extra("$coded, sum int GENERATED ALWAYS AS (id + code) VIRTUAL", 'FULL'));
}

provoke_failing('error write_column_list lab.extra',
	"CREATE TABLE lab.extra ($coded); ALTER TABLE lab.extra REPLICA IDENTITY FULL; ALTER PUBLICATION cdc ADD TABLE lab.extra (id, code, secret)",
	finding => qr/lists columns of lab\.extra, all of them, but FULL/);
# Two publications: what one of them needs, the other refuses.
provoke($node, 'error write_row_filter lab.extra', finding => qr/make that the identity\.$/, cleanup => 'DROP TABLE lab.extra; DROP PUBLICATION narrow',
	setup => "CREATE TABLE lab.extra ($coded); ALTER PUBLICATION cdc ADD TABLE lab.extra WHERE (code > 1); CREATE PUBLICATION narrow FOR TABLE lab.extra (id, code) WITH (publish_via_partition_root)",
	by_hand => 'CREATE UNIQUE INDEX code ON lab.extra (id, code); ALTER TABLE lab.extra REPLICA IDENTITY USING INDEX code');


# What is told to fail fails, and nothing else does: each identity in each kind of publication, as a
# table and as a tree of partitions.
$node->safe_psql('postgres', 'CREATE SCHEMA matrix; CREATE SCHEMA apart; CREATE SCHEMA alone');
my %forms = (
	none => undef, plain => '', key => '(id, code)', other => '(code, note)', all_columns => '(id, code, note, doc, blob)',
	filter => 'WHERE (id > 1)', reads_code => 'WHERE (code > 1)', reads_note => 'WHERE (note > 1)',
	both => '(id, code) WHERE (code > 1)', inserts => 'WHERE (note > 1)');
my %options = (inserts => q{publish = 'insert, truncate'});
my @writes;
my $script = '';
for my $form (sort keys %forms)
{
	for my $via_root ('true', 'false')
	{
		my $publication = "${form}_$via_root";
		my $options = join ', ', "publish_via_partition_root = $via_root", $options{$form} // ();
		$script .= "CREATE PUBLICATION $publication WITH ($options);";
		for my $identity ('DEFAULT', 'FULL', 'NOTHING', 'USING INDEX', 'dropped')
		{
			for my $key ('PRIMARY KEY', '')
			{
				for my $shape ('', 'PARTITION BY RANGE (id)')
				{
					my $table = 't' . scalar @writes;
					my $leaf = $shape ? "apart.$table" : "matrix.$table";
					$script .= "CREATE TABLE matrix.$table (id int NOT NULL $key, code int NOT NULL, note int, doc json, blob bytea) $shape;";
					$script .= "CREATE TABLE $leaf PARTITION OF matrix.$table DEFAULT;" if $shape;
					$script .= "CREATE UNIQUE INDEX ${table}_code ON $leaf (code);";
					$script .= "ALTER TABLE $leaf REPLICA IDENTITY "
					  . ($identity =~ /^[U\d]|dropped/ ? "USING INDEX ${table}_code" : $identity) . ';';
					$script .= "DROP INDEX " . ($leaf =~ s/\.t/.t/r) . "_code;" if $identity eq 'dropped';
					my $listed = $shape && $via_root eq 'false' && $forms{$form} ? $leaf : "matrix.$table";
					$script .= "ALTER PUBLICATION $publication ADD TABLE $listed $forms{$form};" if defined $forms{$form};
					push @writes, $table;
				}
			}
		}
	}
}
sub compare_writes
{
	my ($title, $least) = @_;
	my $fails = $node->safe_psql('postgres', q{
		CREATE FUNCTION pg_temp.fails(statement text) RETURNS boolean LANGUAGE plpgsql AS
		$$ BEGIN EXECUTE statement; RETURN false; EXCEPTION WHEN object_not_in_prerequisite_state OR invalid_column_reference THEN RETURN true; END $$;
		SELECT string_agg(relname, ' ' ORDER BY relname COLLATE "C") FROM pg_class c
		WHERE relnamespace = 'matrix'::regnamespace AND relkind IN ('r', 'p')
		AND pg_temp.fails(format('UPDATE %s SET note = 1', COALESCE((SELECT inhrelid FROM pg_inherits WHERE inhparent = c.oid), oid)::regclass))});
	# Rows about several tables name some of them: so each is asked about alone.
	my $told = $node->safe_psql('postgres', q{
		SET client_min_messages = error;
		CREATE FUNCTION pg_temp.told() RETURNS SETOF text LANGUAGE plpgsql AS $$
		DECLARE name text;
		BEGIN
			FOR name IN SELECT relname FROM pg_class WHERE relnamespace = 'matrix'::regnamespace AND relkind IN ('r', 'p') LOOP
				EXECUTE format('ALTER TABLE matrix.%I SET SCHEMA alone', name);
				IF EXISTS (SELECT FROM dj_deploy.check_cdc('alone') WHERE severity = 'error' AND finding ~ 'fail now') THEN
					RETURN NEXT name;
				END IF;
				EXECUTE format('ALTER TABLE alone.%I SET SCHEMA matrix', name);
			END LOOP;
		END $$;
		SELECT pg_temp.told()});
	my %told = map { $_ => 1 } split /\n/, $told;
	my @untold = grep { !$told{$_} } split / /, $fails;
	my %fails = map { $_ => 1 } split / /, $fails;
	is(join(' ', @untold), '', "$title: what fails is told");
	is(join(' ', grep { !$fails{$_} } sort keys %told), '', "$title: what is told fails");
	cmp_ok(scalar keys %told, '>', $least, "$title: " . keys(%told) . ' of ' . @writes . ' tables');
	return;
}
# After any one remedy, of whatever severity, no write fails that worked before.
sub run_each_remedy
{
	my ($title, $least) = @_;
	for my $consumer (qw(any lakehouse_sync debezium clickpipes postgres))
	{
		my $output = $node->safe_psql('postgres', qq{
			SET client_min_messages = error;
			CREATE FUNCTION pg_temp.failing(tables text[]) RETURNS text[] LANGUAGE plpgsql AS \$\$
			DECLARE
				name text;
				failing text[] := '{}';
			BEGIN
				FOREACH name IN ARRAY tables LOOP
					BEGIN
						EXECUTE format('UPDATE %s SET note = 1', name);
						EXECUTE format('DELETE FROM %s', name);
					EXCEPTION WHEN object_not_in_prerequisite_state OR invalid_column_reference THEN
						failing := failing || name;
					END;
				END LOOP;
				RETURN failing;
			END \$\$;
			DO \$\$
			DECLARE
				finding record;
				tables text[] := ARRAY(SELECT c.oid::regclass::text FROM pg_class c
					WHERE relnamespace IN ('matrix'::regnamespace, 'apart'::regnamespace) AND relkind = 'r');
				before text[] := pg_temp.failing(tables);
				broken text[];
				runs int := 0;
			BEGIN
				FOR finding IN SELECT * FROM dj_deploy.check_cdc('matrix', consumer => '$consumer')
					WHERE remedy ~ 'matrix|apart|PUBLICATION' LOOP
					BEGIN
						EXECUTE finding.remedy;
						broken := ARRAY(SELECT unnest(pg_temp.failing(CASE WHEN finding.table_name ~ '^t' THEN
							ARRAY(SELECT t FROM unnest(tables) t WHERE split_part(t, '.', 2) = finding.table_name)
							ELSE tables END)) EXCEPT SELECT unnest(before));
						RAISE division_by_zero;
					EXCEPTION WHEN division_by_zero THEN NULL;
					END;
					runs := runs + 1;
					IF broken <> '{}' THEN
						RAISE WARNING '% %: %', finding.check_name, finding.remedy, broken;
						PERFORM set_config('test.broken', concat_ws(', ', NULLIF(current_setting('test.broken', true), ''),
							concat_ws(' ', finding.check_name, finding.schema_name, finding.table_name, finding.object)), false);
					END IF;
				END LOOP;
				PERFORM set_config('test.runs', runs::text, false);
			END \$\$;
			SELECT current_setting('test.runs') || ' ' || COALESCE(current_setting('test.broken', true), '')});
		my ($runs, $broken) = $output =~ /^(\d+) (.*)/;
		is($broken, '', "$title, $consumer: no remedy makes a write fail");
		cmp_ok($runs, '>', $least, "$title, $consumer: of $runs");
	}
	return;
}
$node->safe_psql('postgres', $script);
compare_writes('each in a publication', 80);
run_each_remedy('each in a publication', 15);
$node->safe_psql('postgres', 'CREATE PUBLICATION matrix FOR TABLES IN SCHEMA matrix, alone WITH (publish_via_partition_root)');
compare_writes('all in one of the schema', 100);
$node->safe_psql('postgres', 'DROP PUBLICATION matrix; CREATE PUBLICATION matrix FOR ALL TABLES');
compare_writes('all in one FOR ALL TABLES', 100);
$node->safe_psql('postgres', 'DROP PUBLICATION matrix;' . join ';', map { "DROP PUBLICATION ${_}_true, ${_}_false" } keys %forms);
$node->safe_psql('postgres', 'SET client_min_messages = error; DROP SCHEMA matrix, apart, alone CASCADE');

# --- columns

# As if there were many large values, that no VACUUM has seen.
my $blobs = extra('id int PRIMARY KEY, blob bytea', 'FULL');
sub make_large
{
	my ($less) = @_;
	$node->safe_psql('postgres', $blobs);
	my $file = $node->safe_psql('postgres', q{SELECT pg_relation_filepath(reltoastrelid) FROM pg_class WHERE oid = 'lab.extra'::regclass});
	truncate $node->data_dir . "/$file", 256 * 1024 * 1024 - ($less // 0) or die "$file: $!";
	return;
}
make_large(8192);
for my $consumer (qw(any postgres))
{
	unlike(keys_of($node, consumer => $consumer), qr/large_values/, "a page less than 256 MB are no large values for $consumer");
}
like(keys_of($node, consumer => 'postgres'), qr/^info large_columns lab.extra$/m, 'but large columns');
$node->safe_psql('postgres', 'DROP TABLE lab.extra');
# A subscription whose table has no primary key would stop: DEFAULT is for whoever knows that it has.
provoke($node, 'warning large_values lab.extra', %drop, setup => \&make_large, call => { consumer => $_ },
	finding => qr/^256 MB out of line in blob, .* With DEFAULT old rows .* would no longer arrive whole, or with the same key, from publication cdc: /,
	by_hand => q{SELECT dj_deploy.set_replica_identity('lab.extra'::regclass, 'default', dry_run => false)}) for qw(any postgres);
provoke($node, 'warning large_values lab.extra', %drop, call => { consumer => 'postgres' },
	setup => sub { make_large(); $node->safe_psql('postgres', 'ALTER PUBLICATION cdc DROP TABLE lab.extra') },
	remedy => q{SELECT dj_deploy.set_replica_identity('lab.extra'::regclass, 'default', dry_run => false)});
provoke($node, 'warning large_values lab.extra', %drop, setup => \&make_large, call => { consumer => $_ },
	by_hand => 'ALTER TABLE lab.extra DROP COLUMN blob') for qw(lakehouse_sync debezium clickpipes);
provoke($node, 'info large_columns lab.extra', %drop, setup => $blobs, call => { consumer => 'postgres' },
	by_hand => q{SELECT dj_deploy.set_replica_identity('lab.extra'::regclass, 'default', dry_run => false)});
provoke($node, 'info large_columns lab.extra', %drop, call => { consumer => 'postgres' },
	setup => $blobs . 'ALTER PUBLICATION cdc DROP TABLE lab.extra',
	remedy => q{SELECT dj_deploy.set_replica_identity('lab.extra'::regclass, 'default', dry_run => false)});
provoke($node, 'info large_columns lab.extra', %drop, setup => $blobs, %for_lakehouse,
	by_hand => 'ALTER TABLE lab.extra DROP COLUMN blob');
provoke($node, 'warning toast_not_full lab.extra', %drop, setup => extra('id int PRIMARY KEY, "no te" text'),
	call => { consumer => $_ }, finding => qr/leaves "no te" as/) for qw(debezium clickpipes);
provoke($node, 'warning toast_not_full lab', call => { consumer => 'debezium' }, finding => qr/^all 2 tables: .* leaves a value that is stored out of line as/,
	setup => join(';', map { "ALTER TABLE lab.$_ ADD note text, REPLICA IDENTITY DEFAULT" } qw(session trial)),
	remedy => q{SELECT dj_deploy.set_replica_identity('lab', 'full', dry_run => false)},
	cleanup => 'ALTER TABLE lab.session DROP note; ALTER TABLE lab.trial DROP note');
provoke($node, "$_->[1] row_comparison lab.extra", %drop, setup => extra('id int, doc json, "d o" json', 'FULL'),
	call => { consumer => $_->[0] }, by_hand => 'ALTER TABLE lab.extra ALTER COLUMN doc TYPE jsonb, ALTER COLUMN "d o" TYPE jsonb',
	finding => qr/doc json, "d o" json cannot .* To convert: ALTER TABLE lab\.extra ALTER COLUMN doc TYPE jsonb, ALTER COLUMN "d o" TYPE jsonb; it rewrites/)
	for [ 'any', 'info' ], [ 'postgres', 'error' ];
provoke($node, 'error row_comparison lab.extra', %drop, setup => extra('id int, at point', 'FULL'),
	call => { consumer => 'postgres' }, by_hand => 'ALTER TABLE lab.extra DROP COLUMN at');
my %json = (
	composite => 'rig.doc', array => 'rig.doc[]', domain => 'rig.inner', nested => 'rig.outer', domains => 'rig.outer[]', row => 'rig.held');
for my $kind (sort keys %json)
{
	provoke($node, 'error row_comparison lab.extra', cleanup => 'DROP TABLE lab.extra; DROP SCHEMA rig CASCADE',
		call => { consumer => 'postgres' }, finding => qr/, and at \S+ cannot be compared/,
		setup => 'CREATE SCHEMA rig; CREATE TYPE rig.doc AS (number int, doc json); CREATE DOMAIN rig.inner AS json;'
		  . 'CREATE DOMAIN rig.outer AS rig.inner; CREATE TABLE rig.held (at rig.outer[]);' . extra("at $json{$kind}", 'FULL'),
		by_hand => 'ALTER TABLE lab.extra DROP COLUMN at');
}
$node->safe_psql('postgres', q{CREATE SCHEMA rig; CREATE TYPE rig.pair AS (a int, b text[]); CREATE TYPE rig.mood AS ENUM ('good');
	CREATE DOMAIN rig.moods AS rig.mood[]; CREATE TYPE rig.span AS RANGE (subtype = numeric);}
	. extra('a rig.pair, b rig.moods, c rig.span[], d varchar(9), e cidr, f oidvector, g regclass, h name[], i "char", j bit(3), k rig.mood', 'FULL'));
unlike(keys_of($node, consumer => 'postgres'), qr/row_comparison/, 'other types of types can be compared');
$node->safe_psql('postgres', 'SET client_min_messages = error; DROP TABLE lab.extra; DROP SCHEMA rig CASCADE');
my %convert = (by_hand => 'ALTER TABLE lab.extra ALTER COLUMN doc TYPE jsonb', finding => qr/ To convert: ALTER TABLE lab\.extra /);
provoke($node, 'info row_comparison_key lab.extra', %drop, %convert, setup => extra('id int PRIMARY KEY, doc json', 'FULL'),
	call => { consumer => $_ }) for qw(any postgres);
provoke($node, 'info row_comparison_key lab.extra', %drop, call => { consumer => 'postgres' },
	setup => extra('id int PRIMARY KEY, doc json', 'FULL') . 'ALTER PUBLICATION cdc DROP TABLE lab.extra',
	remedy => q{SELECT dj_deploy.set_replica_identity('lab.extra'::regclass, 'default', dry_run => false)});
provoke($node, 'warning unsupported_type lab.extra', %drop, %convert, %for_lakehouse,
	setup => extra('id int PRIMARY KEY, doc json', 'FULL'));
provoke($node, 'warning unsupported_type lab.extra', %drop, setup => extra('id uuid PRIMARY KEY, at time', 'FULL'),
	%for_lakehouse, finding => qr/: id uuid, at time without time zone \(/, by_hand => 'ALTER TABLE lab.extra ALTER at TYPE text, ALTER id TYPE text');
is(keys_of($node, consumer => $_), '', "at the end nothing is wrong for $_") for qw(any lakehouse_sync debezium clickpipes postgres);

# --- on a standby, and beside a lock on everything

$node->backup('base');
my $standby = PostgreSQL::Test::Cluster->new('standby');
$standby->init_from_backup($node, 'base', has_streaming => 1);
$standby->start;
$node->safe_psql('postgres', extra('id int, doc json, blob bytea') . "$sample CREATE UNLOGGED TABLE lab.unlogged (id int)");
$node->wait_for_catchup($standby);
for my $consumer (qw(any lakehouse_sync debezium clickpipes postgres))
{
	my @there = map { [ @{$_}{qw(key finding remedy)} ] } grep { $_->{check} !~ /^standby_/ } rows_of($standby, consumer => $consumer);
	is_deeply(\@there, [ map { [ @{$_}{qw(key finding remedy)} ] } rows_of($node, consumer => $consumer) ],
		"a standby tells the same for $consumer");
	cmp_ok(scalar @there, '>', 2, 'which is something');
}
$standby->stop;

my $unlocked = keys_of($node);
my $locker = $node->background_psql('postgres');
$locker->query_safe('BEGIN; LOCK TABLE lab.session, lab.extra, lab.sample, lab.unlogged');
my ($status, $output, $errors) = $node->psql('postgres', q{
	SET lock_timeout = '1ms';
	SELECT string_agg(concat_ws(' ', severity, check_name,
		COALESCE(object, concat_ws('.', quote_ident(schema_name), quote_ident(table_name)))), chr(10)) FROM dj_deploy.check_cdc('lab') WHERE check_name <> 'sum'});
is($errors, '', 'no lock is waited for');
is($output, $unlocked, 'and it tells the same');
$locker->quit;
$node->safe_psql('postgres', 'DROP TABLE lab.extra, lab.sample, lab.unlogged');

# --- each check of the source

account_for([ grep { !is_sql($_) } check_sources() ], $version < 18 ? 'write_generated_column' : 'identity_generated');

$node->stop;
done_testing();
