# A dry run, and a run with skip_unchanged that finds nothing to do, write no WAL, take no transaction id and no lock
# on user tables.
use strict;
use warnings FATAL => 'all';

use FindBin;
use lib "$FindBin::RealBin/lib";
use Deploy;
use Test::More;

# Quiet: nothing but our own session writes WAL here.
my $node = new_server('main', autovacuum => 'off', checkpoint_timeout => '1d', bgwriter_lru_maxpages => 0);
load_pipeline($node, 'postgres');
$node->safe_psql('postgres', full_run('lab'));
# Reading may prune a page or set hint bits, and both can write WAL; VACUUM leaves nothing of the kind to do.
$node->safe_psql('postgres', 'VACUUM');
$node->safe_psql('postgres', 'CHECKPOINT');

my $dry_run   = "dj_deploy.set_replica_identity('lab')";
my $converged = "dj_deploy.set_replica_identity('lab', dry_run => false, skip_unchanged => true)";
my $repeated  = "dj_deploy.set_replica_identity('lab', dry_run => false)";
my $changing  = "dj_deploy.set_replica_identity('lab', 'default', dry_run => false)";

# Transaction id and locks; WAL in bytes by the server's position and in records by the backend's own counter.
sub traces
{
	my ($call) = @_;
	my $output = $node->safe_psql('postgres', qq{
		SELECT pg_current_wal_insert_lsn() AS before \\gset
		BEGIN;
		EXPLAIN (ANALYZE, WAL, FORMAT JSON) SELECT $call;
		SELECT 'xid:' || (pg_current_xact_id_if_assigned() IS NOT NULL)::int;
		SELECT 'locks:' || count(*) FROM pg_locks
		WHERE pid = pg_backend_pid() AND relation IN (SELECT oid FROM pg_class WHERE relnamespace = 'lab'::regnamespace);
		COMMIT;
		SELECT 'bytes:' || pg_current_wal_insert_lsn() - :'before'::pg_lsn;
	});
	my %traces = map { split /:/ } $output =~ /^(\w+:\d+)$/mg;
	($traces{records}) = $output =~ /"WAL Records": (\d+)/;
	return \%traces;
}

my $none = { xid => 0, locks => 0, bytes => 0, records => 0 };
is_deeply(traces($dry_run), $none, 'a dry run leaves no trace');
is_deeply(traces($converged), $none, 'nor does a converged run with skip_unchanged');

# So that all this can fail. PostgreSQL writes nothing for an identity that is there already, but it locks.
cmp_ok(traces($repeated)->{locks}, '>', 0, 'a repeated run takes locks');
my $changed = traces($changing);
cmp_ok($changed->{$_}, '>', 0, "a run that changes something leaves its trace: $_") for sort keys %$none;

done_testing();
