# What documents and checks read of publications, and how many queries they plan, does not multiply:
# each row once, however many schemas and publications there are.
use strict;
use warnings FATAL => 'all';

use FindBin;
use lib "$FindBin::RealBin/lib";
use Deploy;
use Test::More;

my ($schemas, $tables, $publications) = (12, 5, 12);
my $node = new_server('main', autovacuum => 'off', wal_level => 'logical');

# In each schema a publication of its own holds all tables; others hold the tables of all schemas.
$node->safe_psql('postgres', qq{
	DO \$\$
	DECLARE
		tables text;
	BEGIN
		FOR s IN 1 .. $schemas LOOP
			EXECUTE format('CREATE SCHEMA s%s', s);
			FOR t IN 1 .. $tables LOOP
				EXECUTE format('CREATE TABLE s%s.t%s (id int PRIMARY KEY)', s, t);
			END LOOP;
			SELECT string_agg(format('s%s.t%s', s, t), ', ') INTO tables FROM generate_series(1, $tables) t;
			EXECUTE format('CREATE PUBLICATION own%s FOR TABLE %s', s, tables);
		END LOOP;
		SELECT string_agg(format('s%s.t%s', s, t), ', ') INTO tables
		FROM generate_series(1, $schemas) s, generate_series(1, $tables) t;
		FOR p IN 1 .. $publications LOOP
			EXECUTE format('CREATE PUBLICATION all%s FOR TABLE %s', p, tables);
		END LOOP;
	END \$\$});
my $members = $node->safe_psql('postgres', 'SELECT count(*) FROM pg_publication_rel');
my $names = join ', ', map { "'s$_'" } 1 .. $schemas;
my $document = $node->safe_psql('postgres', "SELECT dj_deploy.describe($names)");

# Rows of the catalogs of publications that the server has read so far.
sub rows_so_far
{
	return { map { split /\|/ } split /\n/, $node->safe_psql('postgres', q{
		SELECT relname, COALESCE(seq_tup_read, 0) + COALESCE(idx_tup_fetch, 0) FROM pg_stat_sys_tables
		WHERE schemaname = 'pg_catalog' AND relname IN ('pg_publication', 'pg_publication_rel', 'pg_publication_namespace')}) };
}

# Those that a call reads, and its result.
sub rows_read
{
	my ($call) = @_;
	my $before = rows_so_far();
	my $result = $node->safe_psql('postgres', "SELECT $call; SELECT pg_stat_force_next_flush()");
	my $after = rows_so_far();
	return ({ map { $_ => $after->{$_} - $before->{$_} } keys %$after }, $result);
}

# Whatever is read besides them is read a few times for each publication.
sub reads_once
{
	my ($call, $what, $times) = @_;
	my ($rows, $result) = rows_read($call);
	cmp_ok($rows->{pg_publication_rel}, '>', $members / 2, "$what: its memberships are counted");
	cmp_ok($rows->{pg_publication_rel}, '<=', $times * $members + 10 * $publications, "$what: each membership is read once");
	cmp_ok($rows->{pg_publication}, '<=', 4 * ($schemas + $publications), "$what: and each publication a few times");
	return $result;
}

is(reads_once("dj_deploy.describe($names)", 'describe', 1) =~ s/\n.*//sr, $document, 'describe: the same document again');
like(reads_once("dj_deploy.apply('$document')", 'apply that finds nothing to do', 1), qr/"tables_modified": 0/, 'apply: nothing to do');
my $without = $document =~ s/("publications": )\["own\d+"\]/$1\[]/gr =~ s/("publications": )\["all[^]]*\]/$1\[]/gr;
my $emptied = reads_once("dj_deploy.apply('$without')", 'apply that takes all tables out', 2);
is(() = $emptied =~ /DROP TABLE/g, 2 * $members, 'apply: a statement and a change for each membership');

# LOG messages that the server plans a query, without the planning of the call itself.
sub planned
{
	my ($first, $call) = @_;
	my ($status, $output, $messages) = $node->psql('postgres',
		"\\o /dev/null\n$first;\nSET log_planner_stats = on; SET client_min_messages = log;\n$call;", on_error_stop => 1);
	is($status, 0, $call =~ s/\W.*//sr . ' succeeds') or diag $messages;
	return (() = $messages =~ /PLANNER STATISTICS/g) - 1;
}

sub document_with
{
	my ($number) = @_;
	return sprintf q({"version": 1, "publications": {%s}, "schemas": {}}), join ', ', map { qq("new$_": {}) } 1 .. $number;
}
$node->safe_psql('postgres', q{SELECT pg_create_logical_replication_slot('behind', 'pgoutput'); CREATE TABLE public.later ()});
is(planned('SELECT 1', "SELECT dj_deploy.apply('@{[document_with(40)]}')"), planned('SELECT 1', "SELECT dj_deploy.apply('@{[document_with(4)]}')"),
	'apply: as many queries are planned for forty new publications as for four');

# What takes longer to plan than to execute is planned once a session, and again when the catalogs
# are no longer as they were.
my $check = q{SELECT * FROM dj_deploy.check_cdc('s1')};
cmp_ok(planned('SELECT 1', $check), '>', 1, 'check_cdc: the first call of a session plans');
is(planned($check, $check), 0, 'check_cdc: the next one does not');
cmp_ok(planned("$check; ANALYZE pg_catalog.pg_class", $check), '>', 0, 'check_cdc: it does when a catalog has been analyzed');
is($node->safe_psql('postgres', "SET client_min_messages = error; $check; $check"),
	$node->safe_psql('postgres', "SET client_min_messages = error; $check") =~ s/(.*)/$1\n$1/sr, 'check_cdc: and finds the same');

done_testing();
