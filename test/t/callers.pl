# Called from everywhere: PL/pgSQL, prepared statements, SQL functions, and a server that is keen on
# parallel workers.
use strict;
use warnings FATAL => 'all';

use FindBin;
use lib "$FindBin::RealBin/lib";
use Deploy;
use Test::More;

my $node = new_server('main');
$node->safe_psql('postgres', q{
	CREATE SCHEMA lab;
	CREATE TABLE lab.a (id int PRIMARY KEY);
	CREATE TABLE lab.b (id int PRIMARY KEY);
});

# The end state that a way to call it must reach from the other one.
sub reaches
{
	my ($title, $state, $sql) = @_;
	isnt(identities($node, 'lab'), $state, "$title: not there before");
	my $output = $node->safe_psql('postgres', $sql);
	is(identities($node, 'lab'), $state, "$title: there afterwards");
	return $output;
}
my ($full, $default) = ('a:f b:f', 'a:d b:d');

reaches('PL/pgSQL', $full, q{
	DO $$
	BEGIN
		PERFORM dj_deploy.set_replica_identity(nspname::text, 'full', false) FROM pg_namespace WHERE nspname = 'lab';
	END $$;
});

reaches('SQL function', $default, q{
	CREATE FUNCTION deploy(text) RETURNS jsonb LANGUAGE sql AS
		$$ SELECT dj_deploy.set_replica_identity($1, 'default', false) $$;
	SELECT deploy('lab');
});

# More than five executions: a generic plan from the sixth on. The last one decides.
my $executions = join "\n", map { "EXECUTE deploy('lab', '" . ($_ % 2 ? 'default' : 'full') . "');" } 1 .. 10;
my $output = reaches('prepared statement', $full, qq{
	PREPARE deploy(text, text) AS SELECT dj_deploy.set_replica_identity(\$1, \$2, false)->'tables_modified';
	$executions
	SELECT 'generic plans: ' || generic_plans FROM pg_prepared_statements WHERE name = 'deploy';
});
is(scalar(() = $output =~ /^2$/mg), 10, 'prepared statement: every execution did it');
unlike($output, qr/generic plans: 0/, 'prepared statement: also with a generic plan');

# On a table, because a plan without one is never parallel anyway.
my $force = $node->safe_psql('postgres',
	"SELECT name FROM pg_settings WHERE name IN ('debug_parallel_query', 'force_parallel_mode')");
my $call = "SELECT dj_deploy.set_replica_identity(nspname::text, 'default', false) FROM pg_namespace WHERE nspname = 'lab'";
like($node->safe_psql('postgres', "SET $force = on; EXPLAIN (COSTS OFF) SELECT count(*) FROM lab.a"), qr/Gather/, "$force: the server is keen on workers");
unlike($node->safe_psql('postgres', "SET $force = on; EXPLAIN (COSTS OFF) $call"), qr/Gather/, "$force: but calls nothing there");
reaches($force, $default, "SET $force = on; $call");

done_testing();
