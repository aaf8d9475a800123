# Two native subscribers of publications that set_publication_membership maintains: they receive
# exactly the user tables, partitions once, and what others decided about a publication stays as it
# is.
use strict;
use warnings FATAL => 'all';

use FindBin;
use lib "$FindBin::RealBin/lib";
use Deploy;
use Test::More;

# Room for many tables to be copied at once.
my %workers = (
	allows_streaming => 'logical', max_worker_processes => 16, max_logical_replication_workers => 12,
	max_sync_workers_per_subscription => 4, max_wal_senders => 20, max_replication_slots => 20);
my $publisher = new_server('publisher', %workers);
my $early = new_server('early', %workers);
my $late = new_server('late', %workers);

# What stands next to the pipeline: leaves here and in another schema, a second level, inheritance,
# a table without a key, a hidden and an unlogged one, and a partition of a tree that belongs to
# another schema.
my $rig = q{
	CREATE TABLE rig.device (id int PRIMARY KEY, name text);
	CREATE TABLE rig.camera (id int PRIMARY KEY, pixels int) INHERITS (rig.device);
	CREATE TABLE rig.event (at int, what text);
	CREATE TABLE rig.note (id int PRIMARY KEY, body text, secret text);
	CREATE TABLE rig."~log" (at int, what text);
	CREATE UNLOGGED TABLE rig.scratch (id int PRIMARY KEY);
};
my $archive = q{
	CREATE TABLE archive.measurement (id int PRIMARY KEY, kind text, secret text);
	CREATE TABLE archive.trace (at int) PARTITION BY RANGE (at);
};
my $partitions = q{
	CREATE TABLE rig.sample (at int, channel int, value text) PARTITION BY RANGE (at);
	CREATE TABLE rig.sample_1 PARTITION OF rig.sample FOR VALUES FROM (0) TO (10);
	CREATE TABLE archive.sample_2 PARTITION OF rig.sample FOR VALUES FROM (10) TO (20);
	CREATE TABLE rig.sample_3 PARTITION OF rig.sample FOR VALUES FROM (20) TO (30) PARTITION BY LIST (channel);
	CREATE TABLE rig.sample_3_1 PARTITION OF rig.sample_3 FOR VALUES IN (1);
	CREATE TABLE archive.sample_3_2 PARTITION OF rig.sample_3 DEFAULT;
	CREATE TABLE rig.trace_1 PARTITION OF archive.trace FOR VALUES FROM (0) TO (10);
};
my $rows = q{
	INSERT INTO rig.device VALUES (1, 'valve'), (2, 'wheel'), (3, 'lamp');
	INSERT INTO rig.camera VALUES (11, 'left', 640), (12, 'right', 1280);
	INSERT INTO rig.event VALUES (1, 'lick'), (2, 'reward'), (2, 'reward');
	INSERT INTO rig.note VALUES (1, 'one', 'a'), (2, 'two', 'b'), (3, 'three', 'c');
	INSERT INTO rig."~log" VALUES (1, 'hidden');
	INSERT INTO rig.scratch VALUES (1);
	INSERT INTO rig.sample VALUES (5, 1, 'e'), (15, 1, 'o'), (25, 1, 'y'), (26, 2, 'z'), (28, 3, 'zz'), (27, 9, 'noise');
	INSERT INTO archive.trace VALUES (1);
};

# Below, the names of what is published: through the roots, or leaf by leaf.
my @roots = qw(rig.camera rig.device rig.event rig.note rig.sample);
my @leaves = qw(archive.sample_2 archive.sample_3_2 rig.camera rig.device rig.event rig.note rig.sample_1 rig.sample_3_1);
my @pipeline = pipeline_tables();
my %pipeline = map { my $schema = $_; $schema => [ grep { /^"$schema"/ } @pipeline ] } qw(lab behavior ephys analysis);
sub plain { return map { tr/"//dr } @_ }
sub lines { return join "\n", sort @_ }

load_pipeline($_, 'postgres') for $publisher, $early, $late;
$_->safe_psql('postgres', "CREATE SCHEMA rig; CREATE SCHEMA archive; $rig $archive") for $publisher, $early, $late;
$_->safe_psql('postgres', $partitions) for $publisher, $early;
$publisher->safe_psql('postgres', "$rows INSERT INTO archive.measurement VALUES (1, 'p', 'a'), (2, 'q', 'b'), (3, 'r', 'c')");
my @hidden = split /\n/, $publisher->safe_psql('postgres',
	q{SELECT format('"%s"."%s"', nspname, relname) FROM pg_class JOIN pg_namespace n ON n.oid = relnamespace
	  WHERE relkind = 'r' AND relname LIKE '~%' AND nspname <> 'rig' ORDER BY 1});
cmp_ok(scalar @hidden, '>', 8, 'the pipeline has hidden tables');

# The subscribers start empty. One has no keys and no partitions: a row that arrives twice is there twice.
$_->safe_psql('postgres', 'TRUNCATE ' . join ', ', @pipeline, @hidden) for $early, $late;
$late->safe_psql('postgres', q{
	CREATE TABLE rig.sample (at int, channel int, value text);
	DO $$
	DECLARE
		key record;
	BEGIN
		FOR key IN SELECT conrelid::regclass AS relation, conname FROM pg_constraint
		           WHERE contype = 'p' AND conrelid > 16383 AND conrelid <> 'rig.note'::regclass
		LOOP
			EXECUTE format('ALTER TABLE %s DROP CONSTRAINT %I CASCADE', key.relation, key.conname);
		END LOOP;
	END $$;
});

sub membership
{
	my ($schema, $publication, $more) = @_;
	return "SELECT dj_deploy.set_publication_membership('$schema', '$publication'" . ($more // '') . ')';
}

sub set_identity
{
	my ($table, $mode) = @_;
	return "SELECT dj_deploy.set_replica_identity('$table'::regclass, '$mode', dry_run => false)";
}

# Runs what the dry run shows, and nothing is left to do; returns the statements and the messages.
sub converge
{
	my ($schema, $publication, $more) = @_;
	$more //= '';
	my $title = "$schema in $publication$more";
	my $preview = $publisher->safe_psql('postgres', membership($schema, $publication, $more) . q{->>'ddl'});
	my ($status, $ddl, $messages) =
	  $publisher->psql('postgres', membership($schema, $publication, "$more, dry_run => false") . q{->>'ddl'});
	die "$title: $messages" if $status;
	is($ddl, $preview, "$title: run as shown");
	is($publisher->safe_psql('postgres', membership($schema, $publication, $more) . q{->'ddl'}), '[]', "$title: nothing is left");
	return ($ddl, $messages);
}

# Names by lines. A publication's members, what that makes it publish, and what a subscription takes.
sub members
{
	my ($publication) = @_;
	return lines split /\n/, $publisher->safe_psql('postgres', qq(
		SELECT format('%s.%s', nspname, relname) FROM pg_publication_rel r JOIN pg_publication p ON p.oid = prpubid
		JOIN pg_class c ON c.oid = prrelid JOIN pg_namespace n ON n.oid = relnamespace WHERE pubname = '$publication'));
}

sub published
{
	my ($publication) = @_;
	return lines split /\n/, $publisher->safe_psql('postgres',
		"SELECT format('%s.%s', schemaname, tablename) FROM pg_publication_tables WHERE pubname = '$publication'");
}

sub subscribed
{
	my ($node, $subscription) = @_;
	return lines split /\n/, $node->safe_psql('postgres', qq(
		SELECT format('%s.%s', nspname, relname) FROM pg_subscription_rel JOIN pg_subscription s ON s.oid = srsubid
		JOIN pg_class c ON c.oid = srrelid JOIN pg_namespace n ON n.oid = relnamespace WHERE subname = '$subscription'));
}

# The tables of which the publication's output plugin has sent rows since the last time. Its
# messages begin with a letter and an OID: R is followed by the schema and the table of that number,
# I, U and D are rows of it.
sub sent
{
	my ($publication) = @_;
	my $messages = $publisher->safe_psql('postgres', qq{
		SELECT encode(data, 'hex') FROM pg_logical_slot_get_binary_changes('look_at_$publication', NULL, NULL,
			'proto_version', '1', 'publication_names', '$publication')});
	my (%name, %sent);
	for my $message (map { pack 'H*', $_ } split /\n/, $messages)
	{
		my ($kind, $table, $rest) = unpack 'A N a*', $message;
		$name{$table} = join '.', unpack 'Z* Z*', $rest if $kind eq 'R';
		$sent{ $name{$table} } = 1 if $kind =~ /[IUD]/;
	}
	return lines keys %sent;
}

sub look_at
{
	my ($publication) = @_;
	$publisher->safe_psql('postgres', "SELECT pg_create_logical_replication_slot('look_at_$publication', 'pgoutput')");
	return;
}

sub subscribe
{
	my ($node, $subscription, $publication) = @_;
	my $connection = $publisher->connstr . ' dbname=postgres';
	$node->safe_psql('postgres', "CREATE SUBSCRIPTION $subscription CONNECTION '$connection' PUBLICATION $publication");
	$node->wait_for_subscription_sync($publisher, $subscription);
	return;
}

sub refresh
{
	my ($node, $subscription) = @_;
	$node->safe_psql('postgres', "ALTER SUBSCRIPTION $subscription REFRESH PUBLICATION");
	$node->wait_for_subscription_sync($publisher, $subscription);
	return;
}

# Compares lines; says which are there too few and too many, however many there are.
sub is_same
{
	my ($got, $expected, $title) = @_;
	my %surplus;
	$surplus{$_}++ for split /\n/, $got;
	$surplus{$_}-- for split /\n/, $expected;
	my @differences = map { sprintf '%+d: %.200s', $surplus{$_}, $_ } grep { $surplus{$_} } sort keys %surplus;
	splice @differences, 20 if @differences > 20;
	return is(join("\n", @differences), '', $title);
}

# A partitioned table's rows are those of its leaves, a parent's are its own.
sub own_rows { return $_[0] eq 'rig.sample' ? $_[0] : "ONLY $_[0]" }

# Rows with the names of their tables.
sub contents
{
	my ($node, @tables) = @_;
	my $query = join ' UNION ALL ', map { "SELECT '$_', t::text FROM " . own_rows($_) . ' t' } @tables;
	return lines split /\n/, $node->safe_psql('postgres', $query);
}

# The publication made by hand, with decisions of others and with members that do not belong.
$publisher->safe_psql('postgres', q{
	CREATE PUBLICATION everything FOR TABLE
		archive.measurement (id, kind) WHERE (id > 1),
		rig.note (id, body) WHERE (id > 1),
		archive.sample_3_2 WHERE (channel < 9),
		rig.sample_1, archive.sample_2, rig."~log", lab."~lineage"});
my $decided = q{
	SELECT r.oid, prrelid, prpubid, prattrs::text, prqual::text FROM pg_publication_rel r
	WHERE prrelid IN ('archive.measurement'::regclass, to_regclass('rig.note'), to_regclass('archive.sample_3_2'))
	AND prpubid = (SELECT oid FROM pg_publication WHERE pubname = 'everything') ORDER BY r.oid};
my $decisions = $publisher->safe_psql('postgres', $decided);
is(scalar(my @three = split /\n/, $decisions), 3, 'a column list and row filters');
subscribe($early, 'everything', 'everything');
my $lineage = $publisher->safe_psql('postgres', 'SELECT count(*) FROM lab."~lineage"');
is($early->safe_psql('postgres', 'SELECT count(*) FROM lab."~lineage"'), $lineage, 'before: a hidden table travels');
look_at('everything');
$publisher->safe_psql('postgres', q{INSERT INTO lab."~lineage" VALUES ('a', 'b', 'c'); INSERT INTO rig.device VALUES (4, 'fan')});
$publisher->wait_for_catchup('everything');
is(sent('everything'), 'lab.~lineage', 'before: so do its new rows, and no row of a user table');

# The calls.
$publisher->safe_psql('postgres', full_run($_)) for qw(lab behavior ephys analysis rig);
$publisher->safe_psql('postgres', set_identity('rig.note', 'default')); # all that its column list allows
converge($_, 'everything') for 'lab', 'analysis';
my ($ddl, $messages) = converge('rig', 'everything');
like($messages, qr/WARNING:  .*"rig"?\."?scratch".* unlogged/, 'the unlogged table is warned of');
is($publisher->safe_psql('postgres', sprintf q{
		SELECT string_agg(name, ' ' ORDER BY name)
		FROM jsonb_array_elements((%s)->'skipped') AS entry, concat_ws('.', entry->>'schema_name', entry->>'table_name') AS name}, membership('rig', 'everything')),
	'archive.sample_3_2 rig.scratch', 'skipped: a partition with a row filter of its own, the unlogged table');

converge($_, 'cdc') for qw(lab behavior ephys analysis);
converge('rig', 'rig');

is($publisher->safe_psql('postgres', $decided), $decisions, 'column list and row filters are there, byte for byte');
is($publisher->safe_psql('postgres', 'SELECT pubname, pubviaroot FROM pg_publication ORDER BY 1'),
	"cdc|t\neverything|f\nrig|t", 'a new publication publishes through the root, an old one as before');
my @in_everything = (plain(map { @$_ } @pipeline{qw(lab analysis)}), 'archive.measurement');
is_same(members('everything'), lines(@in_everything, @roots, 'archive.sample_3_2'), 'members of the old publication');
is_same(members('cdc'), lines(plain(@pipeline)), 'members of the new one: the pipeline');
is_same(members('rig'), lines(@roots), 'members of another new one: no partition, not hidden, not unlogged');
is_same(published('everything'), lines(@in_everything, @leaves), 'the old one publishes each leaf once');
is_same(published('cdc'), members('cdc'), 'the new one publishes its members');
is_same(published('rig'), members('rig'), 'and so does the other');

# The early subscriber learns of it, the late one comes.
refresh($early, 'everything');
subscribe($late, 'cdc', 'cdc');
subscribe($late, 'rig', 'rig');
is_same(subscribed($early, 'everything'), published('everything'), 'the early subscriber takes what is published');
is_same(subscribed($late, 'cdc'), published('cdc'), 'the late one takes the pipeline');
is_same(subscribed($late, 'rig'), published('rig'), 'and the rest');

# On the publisher, what the early subscriber should have of tables with a column list or a row filter.
sub filtered_contents
{
	return lines(
		contents($publisher, @{ $pipeline{lab} }, @{ $pipeline{analysis} }, grep { !/note|sample/ } @roots),
		split /\n/, $publisher->safe_psql('postgres', q{
			SELECT 'rig.note', (id, body, NULL)::text FROM rig.note WHERE id > 1 UNION ALL
			SELECT 'archive.measurement', (id, kind, NULL)::text FROM archive.measurement WHERE id > 1 UNION ALL
			SELECT 'rig.sample', t::text FROM rig.sample t WHERE tableoid <> 'archive.sample_3_2'::regclass OR channel < 9}));
}

sub same_contents
{
	my ($title) = @_;
	$publisher->wait_for_catchup($_) for qw(everything cdc rig);
	my $expected = contents($publisher, @pipeline, @roots);
	is_same(contents($late, @pipeline, @roots), $expected, "$title: the late subscriber has every row once");
	is_same(contents($early, @{ $pipeline{lab} }, @{ $pipeline{analysis} }, @roots, 'archive.measurement'),
		filtered_contents(), "$title: the early one as well, but for what others left out");
	is_same(contents($late, @hidden, 'rig."~log"', 'rig.scratch', 'archive.measurement'), '', "$title: and nothing else");
	is($early->safe_psql('postgres', 'SELECT (SELECT count(*) FROM lab."~lineage"), (SELECT count(*) FROM rig."~log")'),
		$lineage + 1 . '|1', "$title: no more hidden rows");
	is_same(contents($early, 'rig.scratch', 'rig.trace_1', @{ $pipeline{ephys} }, grep { !/^"lab"/ } @hidden), '',
		"$title: the early one has nothing else either");
	return $expected;
}

my $copied = same_contents('copied');
sub sent_as_expected
{
	my ($title) = @_;
	is_same(sent('everything'), lines(@in_everything, @leaves), "$title: sent to the early subscriber");
	is_same(sent('cdc'), lines(plain(@pipeline)), "$title: sent to the late one");
	is_same(sent('rig'), lines(@roots), "$title: sent through the root");
	return;
}

# Inserts, updates and deletes, also in all that must not travel.
sent('everything');
look_at($_) for 'cdc', 'rig';
$publisher->safe_psql('postgres', q{
	UPDATE lab.experimenter SET username = username || '2'; -- part of other primary keys: cascades
	UPDATE lab.session SET note = note || ' (checked)';
	UPDATE ephys._recording SET _job_version = 'again'; -- next to an unchanged TOASTed column
	UPDATE analysis.__psth SET _job_version = 'again';
	UPDATE lab."~lineage" SET lineage = lineage || '+';
	UPDATE rig.device SET name = name || '+'; -- also its child
	UPDATE rig.event SET what = 'lick 2' WHERE at = 1;
	UPDATE rig.note SET body = body || '+', secret = secret || '+';
	UPDATE rig.sample SET value = value || '+';
	UPDATE rig.sample SET at = 16 WHERE at = 5; -- from one leaf to another
	UPDATE rig.sample SET at = 6 WHERE at = 26; -- from the second level to the first
	UPDATE rig."~log" SET what = what || '+';
	UPDATE rig.scratch SET id = 2;
	UPDATE archive.trace SET at = 2;
	UPDATE archive.measurement SET kind = kind || '+', secret = secret || '+';
});
my $updated = same_contents('updated');
isnt($updated, $copied, 'there were updates');

my @written = (@pipeline, @hidden, @roots, 'rig."~log"', 'archive.measurement');
my @saved = map { "saved.t$_" } 0 .. $#written;
$publisher->safe_psql('postgres', 'CREATE SCHEMA saved; '
	. join('', map { "CREATE TABLE $saved[$_] AS SELECT * FROM " . own_rows($written[$_]) . ';' } 0 .. $#written)
	. join('', map { "DELETE FROM $_;" } reverse @written));
is_same(same_contents('deleted'), '', 'everything was deleted');
sent_as_expected('deleted');

$publisher->safe_psql('postgres', join '', map { "INSERT INTO $written[$_] SELECT * FROM $saved[$_];" } 0 .. $#written);
is_same(same_contents('inserted'), $updated, 'everything was inserted again');
sent_as_expected('inserted');

# A new table joins on the next call; a new partition belongs to its root.
$_->safe_psql('postgres', 'CREATE TABLE rig.lens (id int PRIMARY KEY, focus int)') for $publisher, $early, $late;
$_->safe_psql('postgres', 'CREATE TABLE rig.sample_4 PARTITION OF rig.sample FOR VALUES FROM (30) TO (40)')
  for $publisher, $early;
$publisher->safe_psql('postgres', q{INSERT INTO rig.lens VALUES (1, 50); INSERT INTO rig.sample VALUES (31, 1, 'new')});
refresh($late, 'rig');
$publisher->wait_for_catchup('rig');
is($late->safe_psql('postgres', 'SELECT count(*) FROM rig.lens'), '0', 'a new table is not there by itself');
is($late->safe_psql('postgres', 'SELECT value FROM rig.sample WHERE at = 31'), 'new', 'rows of a new partition are');
$publisher->safe_psql('postgres', set_identity($_, 'full')) for 'rig.lens', 'rig.sample_4';
for my $publication ('rig', 'everything')
{
	($ddl) = converge('rig', $publication);
	is($ddl, qq(["ALTER PUBLICATION \\"$publication\\" ADD TABLE \\"rig\\".\\"lens\\""]), "the new table joins $publication");
}
refresh($late, 'rig');
refresh($early, 'everything');
push @roots, 'rig.lens';
push @leaves, 'rig.lens', 'rig.sample_4';
is_same(subscribed($late, 'rig'), lines(@roots), 'the late subscriber takes it');
is_same(subscribed($early, 'everything'), lines(@in_everything, @leaves), 'and the early one, and the new partition as well');
same_contents('new');
$publisher->safe_psql('postgres', q{
	INSERT INTO rig.lens VALUES (2, 85), (3, 35);
	UPDATE rig.lens SET focus = 51 WHERE id = 1;
	DELETE FROM rig.lens WHERE id = 2;
	UPDATE rig.sample SET value = 'newer' WHERE at = 31;
});
same_contents('new and written');
is(sent($_), $_ eq 'cdc' ? '' : lines('rig.lens', $_ eq 'rig' ? 'rig.sample' : 'rig.sample_4'), "new: sent of $_")
  for qw(everything cdc rig);

# A schema is taken out, the rest stays.
($ddl) = converge('lab', 'everything', ', member => false');
is(scalar(my @drops = $ddl =~ /DROP TABLE/g), scalar @{ $pipeline{lab} }, 'one statement for each table that is taken out');
@in_everything = grep { !/^lab\./ } @in_everything;
is_same(published('everything'), lines(@in_everything, @leaves), 'the others are published still');
is($publisher->safe_psql('postgres', $decided), $decisions, 'with column list and row filters, byte for byte');
is_same(published('cdc'), lines(plain(@pipeline)), 'another publication is left alone');
refresh($early, 'everything');
is_same(subscribed($early, 'everything'), lines(@in_everything, @leaves), 'the subscriber lets the schema go');
$publisher->safe_psql('postgres', q{UPDATE lab.session SET note = 'unseen'; UPDATE analysis.__psth SET _job_version = 'seen'});
$publisher->wait_for_catchup('everything');
is($early->safe_psql('postgres', q{SELECT count(*) FROM lab.session WHERE note = 'unseen'}), '0', 'its rows travel no more');
is_same(contents($early, @{ $pipeline{analysis} }), contents($publisher, @{ $pipeline{analysis} }), 'those of the others do');
is(sent('everything'), 'analysis.__psth', 'sent without the schema');

# DROP SCHEMA empties a publication, the next call refills it.
$publisher->safe_psql('postgres', 'DROP SCHEMA rig CASCADE');
is_same(members('rig'), '', 'DROP SCHEMA has emptied the publication');
refresh($late, 'rig');
is_same(subscribed($late, 'rig'), '', 'the subscriber has nothing left');
my $empty = qr/WARNING:  (01000: )?publication "rig" was empty/;
($ddl, $messages) = ($publisher->psql('postgres', membership('analysis', 'rig')))[ 1, 2 ];
like($messages, $empty, 'a dry run reports it');
like(error_of($publisher, membership('rig', 'rig', ', dry_run => false')), qr/ERROR:  3F000: /, 'there is nothing to refill it with');
$publisher->safe_psql('postgres', 'CREATE SCHEMA rig');
like(error_of($publisher, membership('rig', 'rig', ', dry_run => false')), $empty, 'and a run on an empty schema reports it');
$publisher->safe_psql('postgres', "$rig $partitions $rows");
$publisher->safe_psql('postgres', full_run('rig'));
$late->safe_psql('postgres', 'TRUNCATE ' . join ', ', @roots);
pop @roots; # the lens is not there any more
like((converge('rig', 'rig'))[1], $empty, 'the run that refills it reports what it found');
is_same(members('rig'), lines(@roots), 'the schema is back, and so are its members');
unlike(error_of($publisher, membership('rig', 'rig')), $empty, 'nothing is reported any more');
refresh($late, 'rig');
is_same(subscribed($late, 'rig'), lines(@roots), 'the subscriber takes them');
$publisher->safe_psql('postgres', q{
	INSERT INTO rig.event VALUES (3, 'lick'); UPDATE rig.sample SET at = 16 WHERE at = 5; DELETE FROM rig.device});
$publisher->wait_for_catchup('rig');
is_same(contents($late, @roots), contents($publisher, @roots), 'and data flows again');
is($publisher->safe_psql('postgres', $decided) =~ tr/\n// + 1, 1, 'the other publication kept its member of another schema');

done_testing();
