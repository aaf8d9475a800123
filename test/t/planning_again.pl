# A run that has waited for a lock plans again when other sessions have changed meanwhile what a
# plan rests on, and not for what happens elsewhere all the time: in other databases, and to
# temporary tables.
use strict;
use warnings FATAL => 'all';

use FindBin;
use lib "$FindBin::RealBin/lib";
use Deploy;
use Test::More;
use Workers;

my $node = new_server('main', autovacuum => 'off');
$node->safe_psql('postgres', 'CREATE DATABASE elsewhere');
$node->safe_psql('postgres', q{
	CREATE ROLE regress_one;
	CREATE ROLE regress_two;
	CREATE SCHEMA lab;
	CREATE SCHEMA beside;
	CREATE TABLE lab.a (id int PRIMARY KEY);
	CREATE TABLE lab.b (id int PRIMARY KEY, parent int, note text);
	CREATE TABLE lab.c (id int PRIMARY KEY);
	CREATE TABLE lab.none ();
	CREATE TABLE beside.nothing ();
	CREATE TABLE beside.tree (id int PRIMARY KEY) PARTITION BY RANGE (id);
	CREATE TABLE beside.leaf (id int PRIMARY KEY);
	CREATE SEQUENCE lab.counter;
	CREATE PUBLICATION cdc;
});

# Those who have had a temporary table keep the schema for the next.
my $here = $node->background_psql('postgres');
my $elsewhere = $node->background_psql('elsewhere');
$_->query_safe('CREATE TEMPORARY TABLE first (id int)') for $here, $elsewhere;

# Returns how often a run plans again that waits for its first table while something happens.
sub count_plans
{
	my ($happens) = @_;
	$node->safe_psql('postgres', "SELECT dj_deploy.set_replica_identity('lab', 'default', dry_run => false)");
	my $holder = $node->background_psql('postgres');
	$holder->query_safe('BEGIN; LOCK TABLE lab.a IN ACCESS SHARE MODE');
	my $run = start_call($node, "SET client_min_messages = debug1;
		SELECT dj_deploy.set_replica_identity('lab', 'full', false, skip_unchanged => true)");
	wait_until_blocked($node, 'run');
	$happens->();
	$holder->query_safe('COMMIT');
	$holder->quit;
	my ($output, $messages) = finish_call($run);
	$run->quit;
	like($output, qr/"tables_modified": [1-9]/, 'the run is done');
	return scalar(() = $messages =~ /planning again/g);
}

my %elsewhere = (
	'nothing' => sub { },
	'temporary table in another database' =>
	  sub { $elsewhere->query_safe('CREATE TEMPORARY TABLE t (id int PRIMARY KEY, note text); DROP TABLE t') },
	'privilege on another database' => sub { $node->safe_psql('postgres', 'GRANT CREATE ON DATABASE elsewhere TO regress_one') },
	'table in another database' => sub { $elsewhere->query_safe('CREATE TABLE t (id int PRIMARY KEY, note text)') },
	'temporary table of another session' => sub { $here->query_safe('CREATE TEMPORARY TABLE t (id int PRIMARY KEY, note text)') },
	'temporary table that is gone' =>
	  sub { $here->query_safe('BEGIN; CREATE TEMPORARY TABLE u (id int PRIMARY KEY) ON COMMIT DROP; COMMIT; DROP TABLE t') },
	'many of them' =>
	  sub { $elsewhere->query_safe("CREATE TEMPORARY TABLE t$_ (id int PRIMARY KEY, note text)") for 1 .. 30 },
);
for my $what ('nothing', 'privilege on another database', 'temporary table in another database', 'table in another database',
	'temporary table of another session', 'temporary table that is gone', 'many of them')
{
	is(count_plans($elsewhere{$what}), 0, "$what: planned once");
}

for my $change (
	'CREATE TABLE lab.new (id int)',
	'ALTER TABLE lab.b ADD other int',
	'ALTER TABLE lab.b OWNER TO regress_one',
	'ALTER TABLE lab.b ADD FOREIGN KEY (parent) REFERENCES lab.c',
	'ALTER TABLE lab.b SET (fillfactor = 90)',
	'CREATE INDEX ON lab.b (note)',
	'DROP INDEX lab.b_note_idx',
	'GRANT SELECT ON lab.b TO regress_one',
	'GRANT UPDATE (note) ON lab.b TO regress_one',
	'ALTER SEQUENCE lab.counter OWNED BY lab.c.id',
	'ALTER TABLE beside.tree ATTACH PARTITION beside.leaf DEFAULT',
	'ALTER TABLE beside.tree DETACH PARTITION beside.leaf',
	'ALTER TABLE lab.none INHERIT beside.nothing',
	'ALTER EXTENSION datajoint_deploy ADD TABLE lab.c',
	'ALTER EXTENSION datajoint_deploy DROP TABLE lab.c',
	'DROP TABLE lab.new',
	'ALTER SCHEMA beside RENAME TO aside',
	'GRANT USAGE ON SCHEMA lab TO regress_one',
	'CREATE ROLE regress_three',
	'ALTER ROLE regress_three RENAME TO regress_four',
	'GRANT regress_one TO regress_two',
	'ALTER DEFAULT PRIVILEGES IN SCHEMA lab GRANT SELECT ON TABLES TO regress_one',
	'GRANT CREATE ON DATABASE postgres TO regress_one',
	'CREATE PUBLICATION other',
	"ALTER PUBLICATION other SET (publish = 'insert')",
	'ALTER PUBLICATION cdc ADD TABLE lab.b',
	'ALTER PUBLICATION cdc DROP TABLE lab.b',
	'ALTER PUBLICATION other ADD TABLES IN SCHEMA lab',
	'ALTER PUBLICATION other DROP TABLES IN SCHEMA lab')
{
	cmp_ok(count_plans(sub { $node->safe_psql('postgres', $change) }), '>=', 1, "$change: planned again");
}

# As many as are remembered one by one, and one more, are more than can be told apart.
isnt(count_plans(sub { $here->query_safe(join ';', map { "CREATE TEMPORARY TABLE m$_ (id int)" } 1 .. 65) }), 0,
	'too many changes: planned again');

$_->quit for $here, $elsewhere;
done_testing();
