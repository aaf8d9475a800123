# A hot standby: the dry run shows the same statements as on the primary, a change is refused with 25006,
# and what a run on the primary has changed arrives.
use strict;
use warnings FATAL => 'all';

use FindBin;
use lib "$FindBin::RealBin/lib";
use Deploy;
use PostgreSQL::Test::Cluster;
use Test::More;

my $primary = new_server('primary', allows_streaming => 1);
load_pipeline($primary, 'postgres');
$primary->backup('base');
my $standby = PostgreSQL::Test::Cluster->new('standby');
$standby->init_from_backup($primary, 'base', has_streaming => 1);
$standby->start;
$primary->wait_for_catchup($standby);

my %dry_runs = (
	"set_replica_identity('lab')" => qr/REPLICA IDENTITY FULL/,
	"set_publication_membership('lab', 'cdc')" => qr/ADD TABLE/,
	q{set_autovacuum('lab', '{"autovacuum_enabled": false}')} => qr/autovacuum_enabled = false/,
	"set_grants('lab', 'public', 'read', future_tables => true)" => qr/GRANT SELECT/,
	q{apply('{"version": 1, "schemas": {"lab": {"replica_identity": "full", "publications": ["cdc"], "grants": {"public": "read"}}}}')} => qr/ADD TABLE/,
);
for my $dry_run (sort keys %dry_runs)
{
	my $shown = $standby->safe_psql('postgres', "SELECT dj_deploy.$dry_run");
	like($shown, $dry_runs{$dry_run}, "the standby shows a plan: $dry_run");
	is($shown, $primary->safe_psql('postgres', "SELECT dj_deploy.$dry_run"), 'it is the plan of the primary');
	like(error_of($standby, 'SELECT dj_deploy.' . $dry_run =~ s/\)$/, dry_run => false)/r), qr/ERROR:  25006: /, 'a run is refused');
}

# Reports say the same; rows are what the last ANALYZE found, because statistics are each server's own.
$primary->safe_psql('postgres', 'ANALYZE');
$primary->wait_for_catchup($standby);
for my $schema ('lab', 'ephys')
{
	my $tables = "SELECT schema_name, table_name, tier, primary_key, replica_identity, bytes, toast_bytes, live_rows FROM dj_deploy.tables('$schema')";
	is($standby->safe_psql('postgres', $tables), $primary->safe_psql('postgres', $tables), "the standby shows the tables of $schema");
}
my $schemas = 'SELECT * FROM dj_deploy.schemas()';
like($standby->safe_psql('postgres', $schemas), qr/^lab\|\w+\|t\|15\|1\|0\|\d{6}\|default\|/m, 'the standby shows the schemas');
is($standby->safe_psql('postgres', $schemas), $primary->safe_psql('postgres', $schemas), 'as the primary does');
my $reader = $standby->background_psql('postgres');
$reader->query_safe('BEGIN; SELECT count(*) FROM lab.subject');
is($standby->safe_psql('postgres', q{SELECT schema_name, table_name, mode, state FROM dj_deploy.blockers('lab') WHERE table_name = 'subject'}),
	'lab|subject|AccessShareLock|idle in transaction', 'blockers lists a reader of the standby');
$reader->quit;

for my $call ("SELECT dj_deploy.describe('lab', 'ephys')", q{SELECT * FROM dj_deploy.drift('{"version": 1, "schemas": {"lab": {"replica_identity": "full"}}}')})
{
	my $shown = $standby->safe_psql('postgres', $call);
	like($shown, qr/replica_identity/, "the standby answers: $call");
	is($shown, $primary->safe_psql('postgres', $call), 'as the primary does');
}

my $before = identities($primary, 'lab');
for my $mode ('full', 'default')
{
	like(error_of($standby, full_run('lab', $mode)), qr/ERROR:  25006: /, "a change to $mode is refused");
}
like(
	error_of($standby, "SELECT dj_deploy.set_replica_identity('lab.subject'::regclass, dry_run => false)"),
	qr/ERROR:  25006: /, 'a change of one table is refused');

$primary->safe_psql('postgres', full_run('lab'));
$primary->wait_for_catchup($standby);
isnt(identities($standby, 'lab'), $before, 'the run on the primary has arrived');
is(identities($standby, 'lab'), identities($primary, 'lab'), 'as it is on the primary');
is( $standby->safe_psql('postgres', "SELECT dj_deploy.set_replica_identity('lab', 'full', dry_run => true, skip_unchanged => true)->'ddl'"),
	'[]', 'nothing is left to do, says the standby');

done_testing();
