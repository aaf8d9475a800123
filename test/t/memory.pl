# A thousand calls in one session, successful or not, leave the backend as big as it was; and what a call
# takes does not grow with what it has done.
use strict;
use warnings FATAL => 'all';

use FindBin;
use lib "$FindBin::RealBin/lib";
use Deploy;
use List::Util qw(min);
use Test::More;

plan skip_all => 'AddressSanitizer keeps what was freed' if $ENV{ASAN_OPTIONS};

my $node = new_server('main', autovacuum => 'off', log_statement => 'none', log_min_messages => 'fatal',
	client_min_messages => 'error', max_prepared_transactions => 1);
load_pipeline($node, 'postgres');
$node->safe_psql('postgres', q{
	CREATE ROLE regress_other;
	CREATE SCHEMA broken;
	CREATE TABLE broken.a (id int PRIMARY KEY);
	CREATE TABLE broken.b (id int PRIMARY KEY);
	CREATE FUNCTION refuse_b() RETURNS event_trigger LANGUAGE plpgsql AS $$
	BEGIN
		IF EXISTS (SELECT FROM pg_event_trigger_ddl_commands() WHERE object_identity = 'broken.b') THEN
			RAISE 'not this one';
		END IF;
	END $$;
	CREATE EVENT TRIGGER refuse_b ON ddl_command_end WHEN TAG IN ('ALTER TABLE') EXECUTE FUNCTION refuse_b();
});

my $environment = q({"version": 1, "publications": {"cdc": {"publish": ["insert"]}}, "schemas": {"behavior": {"replica_identity": "full",
	"publications": ["cdc"], "autovacuum": {"autovacuum_enabled": true}, "grants": {"regress_other": "read"}}}});
my %calls = (
	'dry run'                => "dj_deploy.set_replica_identity('behavior')",
	'run'                    => "dj_deploy.set_replica_identity('lab', dry_run => false)",
	'converged run'          => "dj_deploy.set_replica_identity('ephys', 'default', false, true)",
	'error in the input'     => "dj_deploy.set_replica_identity('lab', 'nothing')",
	'error before the run'   => "dj_deploy.set_replica_identity('no such schema', dry_run => false)",
	'error in the run'       => "dj_deploy.set_replica_identity('broken', dry_run => false)",
	'publication, dry run'   => "dj_deploy.set_publication_membership('behavior', 'cdc')",
	'publication, converged' => "dj_deploy.set_publication_membership('lab', 'cdc', dry_run => false)",
	'publication, error'     => "dj_deploy.set_publication_membership('lab', 'every_table', dry_run => false)",
	'autovacuum, dry run'    => qq{dj_deploy.set_autovacuum('behavior', '{"autovacuum_enabled": true}')},
	'autovacuum, converged'  => qq{dj_deploy.set_autovacuum('lab', '{"autovacuum_enabled": "on"}', false)},
	'autovacuum, error'      => qq{dj_deploy.set_autovacuum('lab', '{"autovacuum_enabled": "off", "vacuum_truncate": "perhaps"}')},
	'autovacuum, error in the run' => qq{dj_deploy.set_autovacuum('broken', '{"autovacuum_enabled": false}', false)},
	'grants, dry run'        => "dj_deploy.set_grants('behavior', 'regress_other', 'write', future_tables => true)",
	'grants, converged'      => "dj_deploy.set_grants('lab', 'regress_other', 'read', false, true)",
	'grants, error'          => "dj_deploy.set_grants('lab', 'nobody', 'read', false, true)",
	'apply, dry run'         => qq{dj_deploy.apply('$environment')},
	'apply, converged'       => qq{dj_deploy.apply(dj_deploy.describe('lab'), false)},
	'apply, patterns'        => q{dj_deploy.apply('{"version": 1, "require_coverage": true, "schema_patterns": {"b*": {"replica_identity": "full"},
		"*r": {"tables": {"~log": {"replica_identity": "full", "grants": {"regress_other": "read"}}}}}}')},
	'apply, error'           => qq{dj_deploy.apply('{"version": 1, "schemas": {"lab": {"tables": {"nobody": {}}}}}')},
	'apply, error in the run' => qq{dj_deploy.apply('{"version": 1, "schemas": {"broken": {"replica_identity": "full"}}}', false)},
	'drift'                  => "(SELECT '{' || count(*) FROM dj_deploy.drift('$environment'))",
	'tables'                 => "(SELECT '{' || count(*) FROM dj_deploy.tables('behavior'))",
	'schemas'                => "(SELECT '{' || count(*) FROM dj_deploy.schemas())",
	'blockers'               => "(SELECT '{' || count(*) FROM dj_deploy.blockers('behavior'))",
	'error waiting for a lock' => "dj_deploy.set_replica_identity('analysis', dry_run => false)",
);

$node->safe_psql('postgres', q{
	SELECT dj_deploy.set_publication_membership('lab', 'cdc', dry_run => false);
	SELECT dj_deploy.set_autovacuum('lab', '{"autovacuum_enabled": true}', false);
	SELECT dj_deploy.set_grants('lab', 'regress_other', 'read', false, true);
	CREATE PUBLICATION every_table FOR ALL TABLES;
});

$node->safe_psql('postgres', q{BEGIN; LOCK TABLE analysis.publication IN ACCESS SHARE MODE; PREPARE TRANSACTION 'holder'});

# Bytes in use in all memory contexts (what they hold in reserve grows in steps), and kilobytes that
# are the process's own.
my $size = q{
	SELECT 'size:', sum(used_bytes), (regexp_match(pg_read_file('/proc/self/status'), 'RssAnon:\s+(\d+)'))[1]
	FROM pg_backend_memory_contexts;
};
for my $title (sort keys %calls)
{
	# Caches, and what the C library keeps at hand, fill during the first calls. What it gives back
	# and takes again makes a step now and then; what grows, grows in both halves.
	my ($status, $output) = $node->psql('postgres',
		"SET dj_deploy.lock_timeout = 1;\n" . ("SELECT $calls{$title};\n" x 500 . $size) x 3,
		on_error_stop => 0);
	my @used = $output =~ /^size:\|(\d+)\|/mg;
	my @process = $output =~ /^size:\|\d+\|(\d+)$/mg;
	is(scalar @process, 3, "$title: measured");
	is($output =~ tr/{// > 0 || 0, $title =~ /error/ ? 0 : 1, "$title: as named");
	cmp_ok($used[2] - $used[0], '<', 32 * 1024, "$title: contexts stay (@used bytes)");
	cmp_ok(min($process[1] - $process[0], $process[2] - $process[1]), '<', 512, "$title: process stays (@process kB)");
}

# A plan of many tables leaves the server's caches as small as one of few.
sub bytes_of_caches
{
	my ($tables) = @_;
	$node->safe_psql('postgres', qq{
		CREATE SCHEMA many_$tables;
		SELECT format('CREATE TABLE many_$tables.t%s (id int PRIMARY KEY)', number) FROM generate_series(1, $tables) AS t (number) \\gexec
		CREATE TABLE plan_$tables AS SELECT dj_deploy.set_replica_identity('many_$tables') AS plan});
	return $node->safe_psql('postgres', qq{
		DO \$\$
		DECLARE
			kept jsonb;
			result jsonb;
		BEGIN
			SELECT plan INTO kept FROM plan_$tables;
			CALL dj_deploy.rollout(kept, result => result);
		END \$\$;
		SELECT total_bytes FROM pg_backend_memory_contexts WHERE name = 'CacheMemoryContext'});
}
my ($few, $many) = map { bytes_of_caches($_) } 1100, 5000;
cmp_ok($many, '<=', 2 * $few, "rollout: caches stay ($few and $many bytes)");

done_testing();
