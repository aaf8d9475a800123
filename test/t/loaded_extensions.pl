# With pg_stat_statements, auto_explain and, where it is installed, pgaudit loaded: same results,
# and they see ordinary statements.
use strict;
use warnings FATAL => 'all';

use FindBin;
use lib "$FindBin::RealBin/lib";
use Deploy;
use PostgreSQL::Test::Utils;
use Test::More;

my $node = new_server('main');
load_pipeline($node, 'postgres');
my @calls = (
	"SELECT dj_deploy.set_replica_identity('lab')",
	full_run('lab'),
	"SELECT dj_deploy.set_replica_identity('lab', 'full', dry_run => true, skip_unchanged => true)",
	"SELECT dj_deploy.set_replica_identity('lab.subject'::regclass, 'default', dry_run => false)",
	full_run('no such schema'),
	"SELECT dj_deploy.set_publication_membership('lab', 'cdc', dry_run => false)",
	"SELECT dj_deploy.set_publication_membership('lab', 'cdc', false, false)",
	q{SELECT dj_deploy.set_autovacuum('lab', '{"autovacuum_enabled": false}', false)},
	q{SELECT dj_deploy.set_autovacuum('lab', '{"autovacuum_enabled": null}', false)},
	"SELECT dj_deploy.set_grants('lab', 'public', 'write', false, true)",
	"SELECT dj_deploy.set_grants('lab', 'public', 'none', false, true)",
	"CALL dj_deploy.rollout(dj_deploy.set_replica_identity('lab'), false)",
	"CALL dj_deploy.vacuum_analyze('lab', false, 2)",
	"CALL dj_deploy.reindex('lab', false)",
	"SELECT dj_deploy.set_replica_identity('lab', 'nothing')",
);

# Each call's result or error, and the catalog afterwards; then everything back as DataJoint made it.
sub results
{
	my @results = map { ($node->psql('postgres', $_))[ 1, 2 ] } @calls;
	push @results, identities($node, 'lab');
	$node->safe_psql('postgres', full_run('lab', 'default') . '; DROP PUBLICATION cdc');
	return \@results;
}

my $plain = results();

chomp(my $libraries = $node->config_data('--pkglibdir'));
my $has_pgaudit = -e "$libraries/pgaudit.so";
my @loaded = ('pg_stat_statements', 'auto_explain', $has_pgaudit ? 'pgaudit' : ());
$node->append_conf('postgresql.conf', q{
	shared_preload_libraries = '} . join(',', @loaded) . q{'
	pg_stat_statements.track = all
	auto_explain.log_min_duration = 0
	auto_explain.log_analyze = on
	auto_explain.log_nested_statements = on
	pgaudit.log = 'ddl, misc'
});
$node->restart;
$node->safe_psql('postgres', 'CREATE EXTENSION pg_stat_statements');
my $log_start = -s $node->logfile;

is_deeply(results(), $plain, "same results with @loaded");

my $statement = 'ALTER TABLE "lab"."subject" REPLICA IDENTITY FULL';
is( $node->safe_psql('postgres', "SELECT calls FROM pg_stat_statements WHERE query = '$statement' AND NOT toplevel"),
	'2', 'pg_stat_statements counts the statement, of a function and of a rollout');
is( $node->safe_psql('postgres', q{SELECT calls FROM pg_stat_statements
	WHERE query = 'REINDEX TABLE CONCURRENTLY "lab"."subject"' AND toplevel}),
	'1', 'what a worker executes is a statement of its own');

is($node->safe_psql('postgres', q{SELECT string_agg(DISTINCT substring(query, 'dj_deploy\.\w+'), ' ' ORDER BY substring(query, 'dj_deploy\.\w+'))
	FROM pg_stat_statements WHERE toplevel AND query ~ '^(SELECT|CALL) dj_deploy\.'}),
	'dj_deploy.reindex dj_deploy.rollout dj_deploy.set_autovacuum dj_deploy.set_grants dj_deploy.set_publication_membership'
	  . ' dj_deploy.set_replica_identity dj_deploy.vacuum_analyze',
	'and counts the calls, as they were sent');
is($node->safe_psql('postgres', q{SELECT count(*) FROM pg_stat_statements WHERE query ~ '^dj_deploy\.'}),
	'0', 'which is not what pg_stat_activity shows meanwhile');

my $log = slurp_file($node->logfile, $log_start);
unlike($log, qr/(?:STATEMENT|statement|Query Text): +dj_deploy\./, 'nor does the log have that');
ok($log =~ /duration: .*\n\s*Query Text: SELECT dj_deploy\.set_replica_identity/, 'auto_explain logs the call');

SKIP:
{
	skip 'pgaudit is not installed', 2 if !$has_pgaudit;
	like(join("\n", $log =~ /AUDIT: (.*)/g),
		qr/^SESSION,\d+,\d+,DDL,ALTER TABLE,.*,"ALTER TABLE ""lab"".""subject"" REPLICA IDENTITY FULL"/m,
		'pgaudit records the statement');
	like(join("\n", $log =~ /AUDIT: (.*)/g),
		qr/^SESSION,\d+,\d+,(DDL|MISC),REINDEX,.*,"REINDEX TABLE CONCURRENTLY ""lab"".""subject"""/m, 'and that of a worker');
}

done_testing();
