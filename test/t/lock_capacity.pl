# More tables than the shared lock table is sized for: said before the first of them is changed.
# Exactly as many pass, and the hint's remedy takes any number.
use strict;
use warnings FATAL => 'all';

use FindBin;
use lib "$FindBin::RealBin/lib";
use Deploy;
use Test::More;

my $node = new_server('main',
	max_locks_per_transaction => 10, max_connections => 5, max_worker_processes => 0, autovacuum_max_workers => 1);

# Counts ALTERs in a sequence, which no rollback turns back.
$node->safe_psql('postgres', q{
	CREATE SCHEMA big;
	CREATE SEQUENCE altered;
	CREATE FUNCTION count_altered() RETURNS event_trigger LANGUAGE plpgsql AS
		$$ BEGIN PERFORM nextval('public.altered'); END $$;
	CREATE EVENT TRIGGER count_altered ON ddl_command_start WHEN TAG IN ('ALTER TABLE')
		EXECUTE FUNCTION count_altered();
});

# One transaction each, because creating tables takes locks, too. TOAST and indexes must not count.
sub grow_to
{
	my ($tables) = @_;
	$node->safe_psql('postgres', qq{
		SELECT format('CREATE TABLE big.t%s (id int PRIMARY KEY, note text UNIQUE)', number)
		FROM generate_series((SELECT count(*) + 1 FROM pg_class WHERE relnamespace = 'big'::regnamespace AND relkind = 'r'),
		                     $tables) AS number \\gexec
	});
	return;
}

sub altered { return $node->safe_psql('postgres', 'SELECT CASE WHEN is_called THEN last_value ELSE 0 END FROM altered') }

sub full_tables
{
	return $node->safe_psql('postgres',
		"SELECT count(*) FROM pg_class WHERE relnamespace = 'big'::regnamespace AND relkind = 'r' AND relreplident = 'f'");
}

grow_to(400);
my $refusal = qr/cannot change (\d+) tables in one transaction: the lock table is sized for (\d+)/;
my $error = error_of($node, full_run('big'));
like($error, qr/^ERROR:  53400: $refusal\nHINT:  .*rollout.* max_locks_per_transaction/m, 'refused with a hint');
my ($tables, $capacity) = $error =~ $refusal;
is($tables, 400, 'it says how many there are');
is(altered(), 0, 'before the first ALTER');

my $dry_run = "SELECT jsonb_array_length(dj_deploy.set_replica_identity('big')->'ddl')";
my ($status, $output, $warning) = $node->psql('postgres', $dry_run);
is($output, 400, 'the dry run shows all statements');
like($warning, qr/WARNING:  $refusal/, 'and warns');

# The remedy.
$node->safe_psql('postgres', "SELECT jsonb_array_elements_text(dj_deploy.set_replica_identity('big')->'ddl') \\gexec");
is(full_tables(), 400, 'one transaction each, all tables are changed');

# Nothing to change needs no locks.
my $converged = 'dry_run => false, skip_unchanged => true';
is($node->safe_psql('postgres', "SELECT dj_deploy.set_replica_identity('big', 'full', $converged)->'ddl'"), '[]', 'already there: not refused');

# At the limit.
$node->safe_psql('postgres', 'SELECT format($$DROP TABLE big.t%s$$, number) FROM generate_series(1, 400) AS number \gexec');
grow_to($capacity);
$node->safe_psql('postgres', full_run('big'));
is(full_tables(), $capacity, "exactly $capacity tables pass");
grow_to($capacity + 1);
like(error_of($node, full_run('big', 'default')), qr/^ERROR:  53400: /m, 'one more is refused');
is(full_tables(), $capacity, 'and nothing is changed');

# Storage parameters lock the TOAST table, too, so that half as many tables pass.
sub shrink_to
{
	my ($count) = @_;
	$node->safe_psql('postgres', qq{
		SELECT format('DROP TABLE %s', oid::regclass) FROM pg_class WHERE relnamespace = 'big'::regnamespace AND relkind = 'r'
		ORDER BY oid OFFSET $count \\gexec
	});
	return;
}
my $half = int($capacity / 2);
my $tune = q{SELECT dj_deploy.set_autovacuum('big', '{"autovacuum_vacuum_threshold": 60}', dry_run => false) -> 'tables_modified'};
shrink_to($half + 1);
$error = error_of($node, $tune);
my $more = $half + 1;
like($error, qr/^ERROR:  53400: cannot change $more tables in one transaction: the lock table is sized for $capacity$/m, 'TOAST tables count');
my $locks = 2 * $more;
like($error, qr/^DETAIL:  With their TOAST tables they take $locks locks\.$/m, 'which is said');
shrink_to($half);
is($node->safe_psql('postgres', $tune), $half, 'as many as there is room for pass');

# A statement for each table, and another one for the same table, is a table.
my $both = qq({"version": 1, "schemas": {"big": {"replica_identity": "default", "autovacuum": {"autovacuum_vacuum_threshold": 70}}}});
is($node->safe_psql('postgres', "SELECT dj_deploy.apply('$both', false) -> 'tables_modified'"), $half, 'two statements for a table lock it once');

# Chunks, which an extension keeps in a schema of its own, count with their table.
$node->safe_psql('postgres', qq{
	CREATE SCHEMA hyper;
	CREATE SCHEMA kept;
	ALTER EXTENSION plpgsql ADD SCHEMA kept;
	CREATE TABLE hyper.event (id int PRIMARY KEY);
	SELECT format('CREATE TABLE kept.chunk_%s (PRIMARY KEY (id)) INHERITS (hyper.event)', number) FROM generate_series(2, $capacity) AS number \\gexec
});
is($node->safe_psql('postgres', full_run('hyper') . "-> 'tables_modified'"), 1, 'a table with as many chunks as there is room for passes');
$node->safe_psql('postgres', 'CREATE TABLE kept.chunk_1 (PRIMARY KEY (id)) INHERITS (hyper.event)');
$error = error_of($node, full_run('hyper'));
$more = $capacity + 1;
like($error, qr/^ERROR:  53400: cannot change 1 table in one transaction: the lock table is sized for $capacity$/m, 'and is refused with one more');
like($error, qr/^DETAIL:  With chunks and TOAST tables that is $more locks\.$/m, 'which is said');

# Prepared transactions have their part of the lock table.
$node->append_conf('postgresql.conf', 'max_prepared_transactions = 7');
$node->restart;
my $version = $node->safe_psql('postgres', 'SHOW server_version_num') / 10000;
grow_to($capacity + 71);
my ($greater) = error_of($node, full_run('big')) =~ /sized for (\d+)/;
is($greater - $capacity, 7 * ($version >= 18 ? 9 : 10), 'seven prepared transactions make room for their locks');

done_testing();
