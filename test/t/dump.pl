# pg_dump and pg_restore, also in parallel: same identities, same extension, and what somebody granted on it.
use strict;
use warnings FATAL => 'all';

use FindBin;
use lib "$FindBin::RealBin/lib";
use Deploy;
use PostgreSQL::Test::Utils;
use Test::More;

my $node = new_server('main');
load_pipeline($node, 'postgres');
$node->safe_psql('postgres', full_run('ephys') . ';' . full_run('lab') . q{;
	ALTER TABLE behavior.training REPLICA IDENTITY NOTHING;
	CREATE ROLE regress_deployer;
	REVOKE ALL ON FUNCTION dj_deploy.set_replica_identity(text, text, boolean, boolean) FROM PUBLIC;
	GRANT EXECUTE ON FUNCTION dj_deploy.set_replica_identity(text, text, boolean, boolean) TO regress_deployer;
});

# Everything that the extension owns, its rights, and the replica identity of every table.
my $objects = q{
	SELECT 'extension', extname, extversion FROM pg_extension WHERE extname = 'datajoint_deploy'
	UNION ALL
	SELECT 'member', type, identity
	FROM pg_depend, pg_identify_object(classid, objid, objsubid)
	WHERE deptype = 'e' AND refobjid = (SELECT oid FROM pg_extension WHERE extname = 'datajoint_deploy')
	UNION ALL
	SELECT 'function', oid::regprocedure::text, concat_ws(' ', obj_description(oid), proacl)
	FROM pg_proc WHERE pronamespace = 'dj_deploy'::regnamespace
	UNION ALL
	SELECT 'schema', nspname, nspacl::text FROM pg_namespace WHERE nspname = 'dj_deploy'
	UNION ALL
	SELECT 'table', oid::regclass::text, format('%s', relreplident) FROM pg_class WHERE relkind = 'r' AND oid >= 16384
	ORDER BY 1, 2, 3
};
my $original = $node->safe_psql('postgres', $objects);
like($original, qr/^table\|lab\.subject\|f$/m, 'there is something to keep');
like($original, qr/regress_deployer=X/, 'and a right');

my $directory = PostgreSQL::Test::Utils::tempdir();
my %ways = (
	'custom format'          => [ [ '-Fc', '-f', "$directory/custom" ], [], 'custom' ],
	'directory, in parallel' => [ [ '-Fd', '-j4', '-f', "$directory/parallel" ], ['-j4'], 'parallel' ],
);
for my $title (sort keys %ways)
{
	my ($dump, $restore, $name) = @{ $ways{$title} };
	$node->safe_psql('postgres', "CREATE DATABASE $name TEMPLATE template0");
	$node->command_ok([ 'pg_dump', @$dump, $node->connstr('postgres') ], "$title: dump");
	$node->command_ok([ 'pg_restore', '-e', @$restore, '-d', $node->connstr($name), "$directory/$name" ], "$title: restore");
	is($node->safe_psql($name, $objects), $original, "$title: same objects");
	is($node->safe_psql($name, "SELECT dj_deploy.set_replica_identity('ephys', dry_run => false, skip_unchanged => true)->'ddl'"),
		'[]', "$title: it works there and finds nothing to do");
}

done_testing();
