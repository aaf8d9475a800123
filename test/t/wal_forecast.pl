# What wal_forecast says that FULL costs is what it costs: for each workload two tables that are
# alike, one with identity DEFAULT and one FULL, the same statements on both, and the difference of
# the WAL that was written. And what it says where it knows less: to a role that may not read, after
# a crash, on a standby.
use strict;
use warnings FATAL => 'all';

use FindBin;
use lib "$FindBin::RealBin/lib";
use Deploy;
use PostgreSQL::Test::Cluster;
use Test::More;

# The share of the measured difference by which the forecast may be off.
my $tolerance = 0.25;

# Nothing but the statements writes WAL here, and no page is written whole.
my $node = new_server('main',
	allows_streaming => 1, wal_level => 'logical', autovacuum => 'off', full_page_writes => 'off', checkpoint_timeout => '1d', max_wal_size => '8GB');
$node->safe_psql('postgres', 'CREATE ROLE stranger');
my %schemas = (by_default => 'DEFAULT', by_full => 'FULL');

# So many bytes that do not compress.
$node->safe_psql('postgres', q{
	CREATE FUNCTION noise(bytes integer) RETURNS bytea LANGUAGE sql SET search_path = pg_catalog RETURN (
		SELECT substr(string_agg(decode(md5(random()::text), 'hex'), ''), 1, bytes)
		FROM generate_series(1, bytes / 16 + 1));
});

# Each: columns, rows, what is done before ANALYZE, and what is measured. The table is called t.
my @workloads = (
	{
		name => 'narrow updates',
		columns => 'id int PRIMARY KEY, value int NOT NULL, at timestamptz NOT NULL',
		rows => 'SELECT i, i, now() FROM generate_series(1, 10000) i',
		run => 'UPDATE t SET value = value + 1; UPDATE t SET value = value + 1 WHERE id % 3 = 0',
	},
	{
		name => 'blobs beside small columns',
		columns => 'id int PRIMARY KEY, status text, data bytea',
		rows => q{SELECT i, 'new', public.noise(1 << 20) FROM generate_series(1, 12) i},
		run => q{UPDATE t SET status = 'done'; UPDATE t SET status = 'old' WHERE id < 6},
	},
	{
		name => 'bulk deletes',
		columns => 'subject varchar(32), session int, trial int, outcome text, reaction float8, PRIMARY KEY (subject, session, trial)',
		rows => q{SELECT 'subject' || i % 50, i / 100, i, md5(i::text), random() FROM generate_series(1, 20000) i},
		run => 'DELETE FROM t WHERE trial <= 15000',
	},
	{
		name => 'mixed',
		columns => 'id bigint PRIMARY KEY, name text, size smallint, note varchar(200), data bytea',
		rows => q{SELECT i, 'name ' || i, i % 7, CASE WHEN i % 3 = 0 THEN repeat('n', i % 150) END,
			CASE WHEN i % 4 = 0 THEN public.noise(i * 10) END FROM generate_series(1, 3000) i},
		run => q{UPDATE t SET size = size + 1; DELETE FROM t WHERE id % 5 = 0; UPDATE t SET name = name || '+' WHERE id % 3 = 0;
			INSERT INTO t SELECT i, 'name ' || i, 1, NULL, CASE WHEN i % 4 = 0 THEN public.noise(i * 5) END FROM generate_series(3001, 3500) i},
	},
	{
		name => 'all rows deleted',
		columns => 'id int PRIMARY KEY, data bytea',
		rows => 'SELECT i, public.noise(20000) FROM generate_series(1, 500) i',
		run => 'DELETE FROM t',
	},
	{
		name => 'many nulls',
		columns => 'id int PRIMARY KEY, ' . join(', ', map { "v$_ " . qw(float8 text int)[ $_ % 3 ] } 1 .. 60),
		rows => 'SELECT i, ' . join(', ', map { "CASE WHEN i % 5 = $_ % 5 THEN " . qw(i::float8 i::text i)[ $_ % 3 ] . ' END' } 1 .. 60)
		  . ' FROM generate_series(1, 5000) i',
		run => 'UPDATE t SET v2 = v2 + 1; DELETE FROM t WHERE id % 2 = 0',
	},
	{
		name => 'compressible text',
		columns => 'id int PRIMARY KEY, note varchar(10000), status int',
		rows => q{SELECT i, repeat('all work and no play ' || i, 200 + i % 200), 0 FROM generate_series(1, 5000) i},
		run => 'UPDATE t SET status = 1; DELETE FROM t WHERE id <= 1000',
	},
	{
		name => 'compressed and out of line',
		columns => 'id int PRIMARY KEY, note text, status int',
		rows => q{SELECT i, (SELECT string_agg(md5(random()::text), '') FROM generate_series(1, 300 + i % 200)), 0 FROM generate_series(1, 800) i},
		run => 'UPDATE t SET status = 1',
	},
	{
		name => 'three blobs of 3 kB',
		columns => 'id int PRIMARY KEY, a bytea, b bytea, c bytea, status int',
		rows => 'SELECT i, public.noise(3000), public.noise(3000), public.noise(3000), 0 FROM generate_series(1, 800) i',
		run => 'UPDATE t SET status = 1; DELETE FROM t WHERE id <= 100',
	},
	{
		name => 'bloat in the TOAST table',
		columns => 'id int PRIMARY KEY, data bytea, status int',
		rows => 'SELECT i, public.noise(3000), 0 FROM generate_series(1, 1000) i',
		prepare => 'UPDATE t SET data = public.noise(3000); UPDATE t SET data = public.noise(3000)',
		vacuum => 1,
		run => 'UPDATE t SET status = 1',
	},
	{
		name => 'dead rows in the TOAST table',
		columns => 'id int PRIMARY KEY, data bytea, status int',
		rows => 'SELECT i, public.noise(3000), 0 FROM generate_series(1, 1000) i',
		prepare => 'UPDATE t SET data = public.noise(3000); UPDATE t SET data = public.noise(3000)',
		run => 'UPDATE t SET status = 1; DELETE FROM t WHERE id <= 500',
	},
	{
		name => 'small blobs, one chunk each',
		columns => 'id int PRIMARY KEY, a bytea, b bytea, c bytea, d bytea, status int',
		rows => 'SELECT i, public.noise(900), public.noise(900), public.noise(900), public.noise(900), 0 FROM generate_series(1, 2000) i',
		run => 'UPDATE t SET status = 1',
	},
	{
		name => 'numeric and json',
		columns => 'id int PRIMARY KEY, price numeric, parameters json, tags jsonb, ratio numeric(10,3)',
		rows => q{SELECT i, i * 3.14159, json_build_object('id', i, 'name', md5(i::text)), jsonb_build_object('tags', array[i, i + 1, i + 2]), i / 7.0
			FROM generate_series(1, 5000) i},
		run => 'UPDATE t SET ratio = ratio + 1; DELETE FROM t WHERE id <= 2000',
	},
	{
		name => 'dropped columns',
		columns => 'id int PRIMARY KEY, gone text, value int, also_gone float8, note text',
		rows => q{SELECT i, md5(i::text) || md5(i::text), i, i, 'note ' || i FROM generate_series(1, 8000) i},
		prepare => 'ALTER TABLE t DROP COLUMN gone, DROP COLUMN also_gone',
		run => 'UPDATE t SET value = value + 1',
	},
	{
		name => 'dropped columns, rows since',
		columns => 'id int PRIMARY KEY, gone text, value int, also_gone float8, note text',
		rows => q{SELECT i, md5(i::text), i, i, 'note ' || i FROM generate_series(1, 100) i},
		prepare => q{ALTER TABLE t DROP COLUMN gone, DROP COLUMN also_gone;
			INSERT INTO t SELECT i, i, 'note ' || i FROM generate_series(101, 8000) i},
		run => 'UPDATE t SET value = value + 1; DELETE FROM t WHERE id < 4000',
	},
	{
		name => 'a key of texts',
		columns => 'lab text, animal text, day date, note text, PRIMARY KEY (animal, lab, day)',
		rows => q{SELECT 'laboratory number ' || i % 5, md5(i::text), date '2024-01-01' + i % 900, repeat('x', i % 100) FROM generate_series(1, 10000) i},
		run => 'DELETE FROM t WHERE day < date \'2025-06-01\'',
	},
	{
		name => 'no primary key',
		columns => 'at timestamptz, message text',
		rows => q{SELECT now(), 'message ' || i FROM generate_series(1, 10000) i},
		run => 'UPDATE t SET at = now(); DELETE FROM t WHERE message < \'message 5\'',
	},
	{
		name => 'one small row at a time',
		columns => 'id int PRIMARY KEY, busy bool',
		rows => 'SELECT i, false FROM generate_series(1, 100) i',
		run => 'UPDATE t SET busy = NOT busy WHERE id = 7;' x 500,
		is_tiny => 1,
	},
	{
		name => 'never analyzed',
		columns => 'id int PRIMARY KEY, value text, state int',
		rows => q{SELECT i, md5(i::text) || md5(i::text), 0 FROM generate_series(1, 5000) i},
		is_new => 1,
		run => 'UPDATE t SET state = 1',
	},
);

# Makes the table in a schema; returns the WAL that the statements write, and the forecast of the
# cost, row_bytes, key_bytes and basis.
sub run_workload
{
	my ($schema, $workload) = @_;
	my $prepare = $workload->{prepare} // '';
	my $vacuum = $workload->{vacuum} ? 'VACUUM t' : '';
	my $analyze = $workload->{is_new} ? '' : 'ANALYZE t';
	my $reset = $prepare ? "SELECT pg_stat_reset_single_table_counters('t'::regclass)" : '';
	my $output = $node->safe_psql('postgres', qq{
		SET client_min_messages = warning;
		DROP SCHEMA IF EXISTS $schema CASCADE;
		CREATE SCHEMA $schema;
		SET search_path = $schema;
		CREATE TABLE t ($workload->{columns});
		ALTER TABLE t REPLICA IDENTITY $schemas{$schema};
		INSERT INTO t $workload->{rows};
		$prepare;
		SELECT pg_stat_force_next_flush();
		$reset;
		$vacuum;
		$analyze;
		SELECT pg_current_wal_insert_lsn() AS before \\gset
		BEGIN; $workload->{run}; COMMIT;
		SELECT pg_current_wal_insert_lsn() - :'before' AS written \\gset
		SELECT pg_stat_force_next_flush();
		SELECT :written, full_bytes - default_bytes, row_bytes, key_bytes, basis FROM dj_deploy.wal_forecast('$schema');
	});
	return split /\|/, (split /\n/, $output)[-1];
}

for my $workload (@workloads)
{
	my ($with_default) = run_workload('by_default', $workload);
	my ($with_full, @forecast) = run_workload('by_full', $workload);
	my $measured = $with_full - $with_default;
	note(sprintf '%-30s measured %9d, forecast %9d (%+.1f %%), row %d, key %d, by %s',
		$workload->{name}, $measured, $forecast[0], 100 * ($forecast[0] / $measured - 1), @forecast[ 1 .. 3 ]);
	cmp_ok(abs($forecast[0] - $measured), '<=', $tolerance * $measured, $workload->{name});

	# Who may not read the table has no statistics of its columns, and a single page tells nothing.
	my $stranger = $node->safe_psql('postgres', "SET ROLE stranger; SELECT full_bytes, basis FROM dj_deploy.wal_forecast('by_full')");
	if ($workload->{is_tiny})
	{
		is($stranger, '|unknown', 'a stranger is told nothing');
		next;
	}
	my ($full_bytes, $basis) = split /\|/, $stranger;
	my $known = $node->safe_psql('postgres', "SELECT full_bytes FROM dj_deploy.wal_forecast('by_full')");
	like($basis, qr/^(types|pages)$/, 'a stranger is told by types or pages');
	cmp_ok(abs(log($full_bytes / $known)), '<', log(2), 'and half to twice of what others are told');
}

# The mixed workload again, for what follows.
my ($mixed) = grep { $_->{name} eq 'mixed' } @workloads;
run_workload($_, $mixed) for sort keys %schemas;
my $report = q{SELECT updates, deletes, since IS NULL, row_bytes, key_bytes, default_bytes, full_bytes, basis FROM dj_deploy.wal_forecast('by_full')};
my $before = $node->safe_psql('postgres', $report);
like($before, qr/^\d+\|600\|f\|\d+\|14\|\d+\|\d+\|statistics$/, 'all is known');

# Of rows that are gone, and vacuumed, nobody knows what they had in the TOAST table.
$node->safe_psql('postgres', 'DELETE FROM by_default.t');
$node->safe_psql('postgres', 'VACUUM by_default.t');
like($node->safe_psql('postgres', $report =~ s/by_full/by_default/r), qr/\|f\|\|\d+\|\d*\|\|unknown$/, 'a table that is empty now');

# It waits for no lock, neither on the table nor on its TOAST table.
my $holder = $node->background_psql('postgres');
$holder->query_safe('BEGIN; LOCK TABLE by_full.t IN ACCESS EXCLUSIVE MODE');
is($node->safe_psql('postgres', "SET lock_timeout = '10s'; $report"), $before, 'a table that somebody has locked');
$holder->query_safe('TRUNCATE by_full.t');
is($node->safe_psql('postgres', "SET lock_timeout = '10s'; $report"), $before, 'and truncated, not committed');
$holder->query_safe('ROLLBACK');
$holder->quit;

# A standby counts no writes, but knows how long rows are.
$node->safe_psql('postgres', 'VACUUM by_full.t');
$node->backup('base');
my $standby = PostgreSQL::Test::Cluster->new('standby');
$standby->init_from_backup($node, 'base', has_streaming => 1);
$standby->start;
$node->wait_for_catchup($standby);
like($standby->safe_psql('postgres', $report), qr/^\|\|t\|\d+\|14\|\|\|statistics$/, 'a standby does not guess');
my $row_bytes = q{SELECT row_bytes FROM dj_deploy.wal_forecast('by_full')};
my ($here, $there) = map { $_->safe_psql('postgres', $row_bytes) } $node, $standby;
cmp_ok(abs($there - $here), '<=', 0.05 * $here, 'but says how long rows are');
$standby->stop;

# A crash loses what was counted, and with it since when; the length of rows is what it was.
$node->stop('immediate');
$node->start;
is($node->safe_psql('postgres', q{
	SELECT updates, deletes, since BETWEEN pg_postmaster_start_time() - interval '1 min' AND now(), full_bytes, full_bytes_per_day
	FROM dj_deploy.wal_forecast('by_full')}), '0|0|t|0|0', 'nothing was counted since the crash');
cmp_ok(abs($node->safe_psql('postgres', $row_bytes) - $here), '<=', 0.05 * $here, 'rows are as long as before');

done_testing();
