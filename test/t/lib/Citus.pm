# A cluster of Citus for the TAP tests: a coordinator and two workers, which reach each other by their Unix sockets.
package Citus;

use strict;
use warnings FATAL => 'all';

use Deploy;
use Exporter 'import';
use PostgreSQL::Test::Utils;
use Test::More;
use Time::HiRes qw(time);

our @EXPORT = qw(new_cluster add_tables identities_of_shards set_identity shard_on hold_shard seconds_of all_nodes_agree $quiet);

our $quiet = 'SET client_min_messages = warning';

# The coordinator and the workers, with these settings besides. Ends the test where the server has no Citus.
sub new_cluster
{
	my (%more) = @_;
	my $libraries = `pg_config --pkglibdir`;
	chomp $libraries;
	plan skip_all => 'no Citus' unless -e "$libraries/citus.so";

	my %settings = (
		shared_preload_libraries => 'citus',
		wal_level => 'logical',
		max_prepared_transactions => 100,
		max_worker_processes => 20,
		'citus.shard_count' => 8,
		'citus.enable_statistics_collection' => 'off',
		'citus.recover_2pc_interval' => '1s',
		%more);
	my ($coordinator, @workers) = map { new_server($_, %settings) } qw(coordinator one two);
	for my $node ($coordinator, @workers)
	{
		$node->append_conf('postgresql.conf', "citus.local_hostname = '" . $node->host . "'");
		$node->reload;
		$node->safe_psql('postgres', 'CREATE EXTENSION citus');
		# Later versions have columnar tables in an extension of its own.
		$node->safe_psql('postgres', 'SET client_min_messages = warning; CREATE EXTENSION IF NOT EXISTS citus_columnar')
		  if $node->safe_psql('postgres', q(SELECT 1 FROM pg_available_extensions WHERE name = 'citus_columnar'));
	}
	$coordinator->safe_psql('postgres', join '; ', map { sprintf "SELECT citus_$_->[0]('%s', %d)", $_->[1]->host, $_->[1]->port }
		  ['set_coordinator_host', $coordinator], map { [ 'add_node', $_ ] } @workers);
	return ($coordinator, @workers);
}

# A distributed table comes before a reference table that another distributed table references.
sub add_tables
{
	my ($coordinator) = @_;
	$coordinator->safe_psql('postgres', q{
		CREATE SCHEMA lab;
		CREATE TABLE lab.a (id int PRIMARY KEY, note text);
		CREATE TABLE lab.local (id int PRIMARY KEY);
		CREATE TABLE lab.ref (id int PRIMARY KEY);
		CREATE TABLE lab.z (id int PRIMARY KEY, ref int REFERENCES lab.ref);
		SELECT create_distributed_table('lab.a', 'id'), create_reference_table('lab.ref');
		SELECT create_distributed_table('lab.z', 'id');
		INSERT INTO lab.a SELECT id, repeat('note', 10) FROM generate_series(1, 2000) AS id});
	return;
}

# The identities of all shards of the tables, each once.
sub identities_of_shards
{
	my ($coordinator, $tables) = @_;
	$tables //= 'lab.a,lab.ref,lab.z';
	return $coordinator->safe_psql('postgres', qq{
		SELECT string_agg(DISTINCT result, '') FROM unnest('{$tables}'::regclass[]) AS tables (name)
		CROSS JOIN LATERAL run_command_on_shards(name, \$\$SELECT relreplident FROM pg_class WHERE oid = '%s'::regclass\$\$)});
}

sub set_identity { return "SELECT dj_deploy.set_replica_identity('lab', '$_[0]', dry_run => false)" }

# The first shard of the table that the worker has, without its schema.
sub shard_on
{
	my ($worker, $table) = @_;
	return $worker->safe_psql('postgres', qq{
		SELECT split_part(shard_name('$table'::regclass, min(shardid)), '.', 2)
		FROM pg_dist_shard JOIN pg_dist_placement USING (shardid) JOIN pg_dist_local_group USING (groupid)
		WHERE logicalrelid = '$table'::regclass});
}

# A session of the worker that holds a lock on a shard of lab.a until it ends.
sub hold_shard
{
	my ($worker, $mode) = @_;
	my $shard = shard_on($worker, 'lab.a');
	my $holder = $worker->background_psql('postgres');
	$holder->query_safe("SET application_name = 'reader'; SET citus.enable_manual_changes_to_shards = on; BEGIN");
	$holder->query_safe("LOCK TABLE lab.$shard IN " . ($mode // 'ACCESS SHARE') . ' MODE');
	return $holder;
}

sub seconds_of
{
	my ($step) = @_;
	my $start = time;
	$step->();
	return time - $start;
}

# Whether each table, and each of its shards on each node, has the same identity, and nothing prepared is left; what they have.
sub all_nodes_agree
{
	my ($coordinator, $tables, @nodes) = @_;
	$_->poll_query_until('postgres', 'SELECT count(*) = 0 FROM pg_prepared_xacts') or die 'a prepared transaction stays' for @nodes;
	return $coordinator->safe_psql('postgres', qq{
		SELECT string_agg(format('%s:%s', name, kinds), ' ' ORDER BY name::text) FROM (
			SELECT name, string_agg(DISTINCT result, '') AS kinds
			FROM unnest('{$tables}'::regclass[]) AS tables (name)
			CROSS JOIN LATERAL (
				SELECT result FROM run_command_on_shards(name, \$\$SELECT relreplident FROM pg_class WHERE oid = '%s'::regclass\$\$)
				UNION ALL SELECT relreplident::text FROM pg_class WHERE oid = name) AS all_of (result)
			GROUP BY name) AS each_table});
}

1;
