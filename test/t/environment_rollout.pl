# A plan of apply and its undo by rollout, statement by statement; and a copy that the server made
# of a database, stripped and brought back by its description. Whole catalogs are compared, in
# databases that have random contents.
use strict;
use warnings FATAL => 'all';

use Cwd qw(abs_path);
use FindBin;
use lib "$FindBin::RealBin/lib";
use Deploy;
use JSON::PP;
use Test::More;

my $seed = $ENV{PROPERTY_SEED} || 1;
my $count = 8;

local $ENV{PGCLIENTENCODING} = 'UTF8';
my $node = new_server('main', autovacuum => 'off', jit => 'off', wal_level => 'logical');
my @files = (qw(property pools catalog generator oracle set_autovacuum set_grants set_publication_membership set_replica_identity
	  sequence environment), map { "environment_$_" } qw(generator document patterns oracle writes apply copy undo committed));
$node->safe_psql('postgres', "CREATE DATABASE property ENCODING 'UTF8' LOCALE 'C' TEMPLATE template0");
$node->command_ok([ 'psql', '-XqAt', '-v', 'ON_ERROR_STOP=1', '-d', $node->connstr('property'),
		map { ('-f', "$FindBin::RealBin/../property/$_.sql") } @files ], 'load the generator');

# Runs SQL with the document as :'document'.
sub run_sql
{
	my ($database, $document, $sql) = @_;
	my ($status, $output, $errors) = $node->psql($database, "SET client_min_messages = error;\n$sql", on_error_stop => 1,
		extra_params => [ '-v', "document=$document" ]);
	die "$database: $sql: $errors" if $status != 0;
	return $output;
}

# Compares with facts that were kept, as the SQL function sees them.
sub is_like
{
	my ($database, $document, $kept, $seen_as, $title) = @_;
	my ($expected, $actual) = map { sprintf $seen_as, $_ } 'facts', 'property.whole_catalog()';
	is(run_sql($database, $document, "SELECT property.differences($expected, $actual) FROM property.kept WHERE name = '$kept'"),
		'', $title);
	return;
}

sub copy_database
{
	my ($from, $to) = @_;
	$node->safe_psql('postgres', "CREATE DATABASE $to TEMPLATE $from");
	return;
}

sub keep
{
	my ($database, $name) = @_;
	run_sql($database, '', "INSERT INTO property.kept VALUES ('$name', property.whole_catalog())");
	return;
}

my $file = abs_path($node->basedir) . '/facts';
my $seen = 0;
for my $number (1 .. $count)
{
	my ($original, $rolled, $copy) = map { "${_}_$number" } qw(original rolled copy);
	copy_database('property', $original);
	my $document = run_sql($original, '', "SELECT property.make_environment($seed, $number)");
	keep($original, 'before');
	copy_database($original, $rolled);

	# At once, and statement by statement.
	my $result = run_sql($original, $document, "SELECT dj_deploy.apply(:'document', false)");
	keep($original, 'applied');
	run_sql($original, '', "COPY (SELECT * FROM property.kept WHERE name = 'applied') TO '$file'");
	run_sql($rolled, $document, "SELECT dj_deploy.apply(:'document') AS plan \\gset\nCALL dj_deploy.rollout(:'plan', dry_run => false)");
	run_sql($rolled, '', "COPY property.kept FROM '$file'");
	is_like($rolled, '', 'applied', 'property.undoable(%s)', "database $number: rollout of the plan");
	$seen += @{ decode_json($result)->{changes} };

	run_sql($rolled, $result, <<'SQL');
SELECT property.undo_list(:'document'::jsonb -> 'changes') AS undo \gset
CALL dj_deploy.rollout(:'undo', dry_run => false)
SQL
	is_like($rolled, '', 'before', 'property.undoable(%s)', "database $number: rollout of the undo");

	# A copy of what was applied.
	my $description = run_sql($original, '', 'SELECT dj_deploy.describe(VARIADIC property.generated_schemas())');
	copy_database($original, $copy);
	run_sql($copy, $description, "SELECT property.strip(property.generated_schemas(), :'document')");
	run_sql($copy, $description, "SELECT dj_deploy.apply(:'document', false)");
	is_like($copy, $description, 'applied', "property.as_copied(%s, :'document')", "database $number: the copy");
}
cmp_ok($seen, '>=', 10 * $count, 'databases are changed');

done_testing();
