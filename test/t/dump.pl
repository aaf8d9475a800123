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
	REVOKE ALL ON FUNCTION dj_deploy.set_replica_identity(text, text, boolean) FROM PUBLIC;
	GRANT EXECUTE ON FUNCTION dj_deploy.set_replica_identity(text, text, boolean) TO regress_deployer;
});

# Everything that the extension owns, its rights, and the replica identity of every table.
sub objects
{
	my ($database) = @_;
	my @schemas = qw(lab behavior ephys analysis);
	return join("\n", extension_objects($node, $database), map { "$_ " . identities($node, $_, $database) } @schemas);
}
my $original = objects('postgres');
like($original, qr/^lab .*\bsubject:f/m, 'there is something to keep');
like($original, qr/^privilege\|.*EXECUTE regress_deployer/m, 'and a right');

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
	is(objects($name), $original, "$title: same objects");
	is($node->safe_psql($name, "SELECT dj_deploy.set_replica_identity('ephys', 'full', dry_run => false, skip_unchanged => true)->'ddl'"),
		'[]', "$title: it works there and finds nothing to do");
}

done_testing();
