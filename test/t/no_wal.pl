# A dry run, and a run that finds nothing to do, write no WAL, take no transaction id and no lock on
# user tables.
use strict;
use warnings FATAL => 'all';

use FindBin;
use lib "$FindBin::RealBin/lib";
use Deploy;
use Test::More;

# Quiet: nothing but our own session writes WAL here.
my $node = new_server('main', autovacuum => 'off', checkpoint_timeout => '1d', bgwriter_lru_maxpages => 0);
load_pipeline($node, 'postgres');
my @documents = map { qq('{"version": 1, "publications": {"cdc": {}}, "schemas": {"$_": {"replica_identity": "full", "publications": ["cdc"], )
	  . qq("autovacuum": {"autovacuum_vacuum_scale_factor": 0.1}, "grants": {"reader": {"access": "read", "future_tables": true}}}}}') } 'lab', 'ephys';
my @parameters = map { qq('{"autovacuum_vacuum_scale_factor": $_, "toast.autovacuum_enabled": true}') } '0.1', '0.2';
# For each operation a run, the call that then is a dry run, the one that finds nothing to do, and
# one that changes.
my %calls = (
	# What the others have changed in their runs, and last of all something new.
	apply => [
		"$documents[0], false", $documents[1], "$documents[0], false", $documents[0] =~ s/0\.1/0.3/r . ', false' ],
	set_replica_identity => [
		"'lab', dry_run => false", "'lab'", "'lab', 'full', false, true", "'lab', 'default', false" ],
	set_publication_membership => [
		"'lab', 'cdc', dry_run => false", "'ephys', 'cdc'", "'lab', 'cdc', dry_run => false", "'lab', 'cdc', false, false" ],
	set_autovacuum => [
		"'lab', $parameters[0], false", "'ephys', $parameters[0]", "'lab', $parameters[0], false", "'lab', $parameters[1], false" ],
	set_grants => [
		"'lab', 'reader', 'read', false, true", "'lab', 'reader', 'all', true, true", "'lab', 'reader', 'read', false, true",
		"'lab', 'reader', 'write', false, true" ],
);
$node->safe_psql('postgres', 'CREATE ROLE reader');
$node->safe_psql('postgres', "SELECT dj_deploy.$_($calls{$_}[0])") for reverse sort keys %calls;
# Reading may prune a page or set hint bits, and both can write WAL; VACUUM leaves nothing of the kind to do.
$node->safe_psql('postgres', 'VACUUM');
$node->safe_psql('postgres', 'CHECKPOINT');

# Transaction id and locks; WAL in bytes by the server's position and in records by the backend's own counter.
sub traces
{
	my ($call) = @_;
	my $output = $node->safe_psql('postgres', qq{
		SELECT pg_current_wal_insert_lsn() AS before \\gset
		BEGIN;
		EXPLAIN (ANALYZE, WAL, FORMAT JSON) SELECT dj_deploy.$call;
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
for my $operation (sort keys %calls)
{
	my (undef, $dry_run, $converged) = @{ $calls{$operation} };
	is_deeply(traces("$operation($dry_run)"), $none, "$operation: a dry run leaves no trace");
	is_deeply(traces("$operation($converged)"), $none, "$operation: nor does a run that finds nothing to do");
}

# So that all this can fail. PostgreSQL writes nothing for an identity that is there already, but it locks.
cmp_ok(traces("set_replica_identity($calls{set_replica_identity}[0])")->{locks}, '>', 0, 'a repeated run takes locks');
for my $operation (sort keys %calls)
{
	my $changed = traces("$operation($calls{$operation}[3])");
	cmp_ok($changed->{$_}, '>', 0, "$operation: a run that changes something leaves its trace: $_") for sort keys %$none;
}

done_testing();
