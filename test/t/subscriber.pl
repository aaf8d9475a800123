# PostgreSQL's own logical replication: writes that failed or carried only the key replicate after a run.
use strict;
use warnings FATAL => 'all';

use FindBin;
use lib "$FindBin::RealBin/lib";
use Deploy;
use Test::More;

my $publisher = new_server('publisher', allows_streaming => 'logical');
my $subscriber = new_server('subscriber', allows_streaming => 'logical');

# Both sides start with the same rows, so that only what is written from now on has to travel.
for my $node ($publisher, $subscriber)
{
	load_pipeline($node, 'postgres');
	$node->safe_psql('postgres', q{
		CREATE SCHEMA monitor;
		CREATE TABLE monitor.event (at int, what text);
		INSERT INTO monitor.event VALUES (1, 'lick'), (2, 'reward'), (2, 'reward');
	});
}
$publisher->safe_psql('postgres',
	'CREATE PUBLICATION everything FOR TABLES IN SCHEMA monitor, lab, behavior, ephys, analysis');
my $connection = $publisher->connstr . ' dbname=postgres';
$subscriber->safe_psql('postgres',
	"CREATE SUBSCRIPTION everything CONNECTION '$connection' PUBLICATION everything WITH (copy_data = false)");

# A table without a primary key.
for my $write ("UPDATE monitor.event SET what = 'lick 2' WHERE at = 1", 'DELETE FROM monitor.event WHERE at = 1')
{
	my ($verb, $event) = $write =~ /^UPDATE/ ? ('update', 'updates') : ('delete from', 'deletes');
	like(
		error_of($publisher, $write),
		qr/ERROR:  55000: cannot $verb table "event" because it does not have a replica identity and publishes $event/,
		"before: cannot $verb");
}
$publisher->safe_psql('postgres', full_run('monitor'));
$publisher->safe_psql('postgres',
	"UPDATE monitor.event SET what = 'lick 2' WHERE at = 1; DELETE FROM monitor.event WHERE at = 2");
$publisher->wait_for_catchup('everything');
is($subscriber->safe_psql('postgres', 'SELECT * FROM monitor.event'), '1|lick 2', 'after: update and delete replicate');

# The pipeline, on tables whose primary key the subscriber does not have: only the whole old row
# finds its row there.
my @tables = pipeline_tables();
my $contents = join ' UNION ALL ', map { "SELECT $_->[0], '$_->[1]', t::text FROM $_->[1] t" }
  map { [ $_, $tables[$_] ] } 0 .. $#tables;
$contents .= ' ORDER BY 1, 3';

sub same_contents
{
	my ($title) = @_;
	$publisher->wait_for_catchup('everything');
	my $expected = $publisher->safe_psql('postgres', $contents);
	is($subscriber->safe_psql('postgres', $contents), $expected, $title);
	return $expected;
}

$publisher->safe_psql('postgres', full_run($_)) for 'lab', 'behavior', 'ephys', 'analysis';
$subscriber->safe_psql('postgres', q{
	DO $$
	DECLARE
		key record;
	BEGIN
		FOR key IN SELECT conrelid::regclass AS relation, conname FROM pg_constraint
		           WHERE contype = 'p' AND connamespace::regnamespace::text IN ('lab', 'behavior', 'ephys', 'analysis')
		LOOP
			EXECUTE format('ALTER TABLE %s DROP CONSTRAINT %I CASCADE', key.relation, key.conname);
		END LOOP;
	END $$;
});

my $before = same_contents('both sides start with the same rows');
$publisher->safe_psql('postgres', q{
	UPDATE lab.experimenter SET username = username || '2'; -- part of other primary keys: cascades
	UPDATE lab.session SET note = note || ' (checked)';
	UPDATE ephys._recording SET _job_version = 'again'; -- next to an unchanged TOASTed column
});
isnt(same_contents('updates replicate'), $before, 'there were updates');

$publisher->safe_psql('postgres', join '', map { "DELETE FROM $_;" } reverse @tables);
is(same_contents('deletes replicate'), '', 'everything was deleted');

done_testing();
