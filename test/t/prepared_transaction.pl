# A prepared transaction holds the lock: 55P03 that names it, nothing applied. Ten are named and the
# rest is counted; those of another database are in nobody's way, even where tables have the same
# OIDs.
use strict;
use warnings FATAL => 'all';

use FindBin;
use lib "$FindBin::RealBin/lib";
use Deploy;
use Test::More;

my $node = new_server('main', max_prepared_transactions => 13, 'dj_deploy.lock_timeout' => '20ms');
my $user = $node->safe_psql('postgres', q{
	CREATE SCHEMA lab;
	CREATE TABLE lab.a (id int PRIMARY KEY);
	CREATE TABLE lab.b (id int PRIMARY KEY);
	BEGIN;
	INSERT INTO lab.b VALUES (1);
	PREPARE TRANSACTION 'it''s "mine"';
	SELECT current_user;
});

sub refused
{
	my ($when) = @_;
	my $error = error_of($node, full_run('lab'));
	like($error, qr/^ERROR:  55P03: could not obtain lock on table "lab.b" within 20 ms$/m, "$when: the table is named");
	like($error, qr/^DETAIL:  Blocked by prepared transaction 'it''s "mine"' of role "\Q$user\E", prepared \S.* ago\.$/m,
		"$when: the prepared transaction is named");
	is(identities($node, 'lab'), 'a:d b:d', "$when: nothing applied");
	return;
}

# A restart is what prepared transactions survive; the server numbers them differently afterwards.
refused('before a restart');
$node->restart;
refused('after a restart');

$node->safe_psql('postgres', q{COMMIT PREPARED 'it''s "mine"'});
$node->safe_psql('postgres', full_run('lab'));
is(identities($node, 'lab'), 'a:f b:f', 'done once it has ended');

# A database that is a copy has tables of the same OIDs.
$node->safe_psql('postgres', 'CREATE DATABASE copy TEMPLATE postgres');
$node->safe_psql('copy', q{BEGIN; LOCK TABLE lab.b IN ACCESS EXCLUSIVE MODE; SELECT 1; PREPARE TRANSACTION 'elsewhere'});
sub prepare
{
	$node->safe_psql('postgres', "BEGIN; SELECT id FROM lab.b; PREPARE TRANSACTION 'number $_'") for @_;
	return;
}

sub blockers_of_run
{
	my $error = error_of($node, full_run('lab', 'default'));
	my ($detail) = $error =~ /^DETAIL:  (.*?)^HINT:/ms or return $error;
	$detail =~ s/of role ".*?", prepared \S+ ago/AGO/g;
	return split /\n/, $detail;
}

my $names = q{SELECT count(*), count(*) FILTER (WHERE application ~ 'elsewhere') FROM dj_deploy.blockers('lab')};
is($node->safe_psql('postgres', $names), '0|0', 'blockers lists nothing of another database');
is($node->safe_psql('copy', $names), '1|1', 'which lists its own');
$node->safe_psql('postgres', full_run('lab'));
ok(1, 'nor is it in the way');

prepare(1 .. 10);
my @lines = blockers_of_run();
is(scalar @lines, 10, 'ten are named') or diag(@lines);
is_deeply([ grep { !/^Blocked by prepared transaction 'number \d+' AGO\.$/ } @lines ], [], 'and nobody else');
prepare(11);
@lines = blockers_of_run();
is(scalar @lines, 11, 'of eleven ten are named, too');
is($lines[10], 'And 1 more.', 'and one is counted');
prepare(12);
is((blockers_of_run())[10], 'And 2 more.', 'of twelve two');
is($node->safe_psql('postgres', $names), '12|0', 'the report lists them all');
like(error_of($node, "SET intervalstyle = 'postgres_verbose'; " . full_run('lab', 'default')), qr/, prepared \d\d:\d\d:\d\d ago\./,
	'times read alike in every session');

$node->safe_psql('postgres', "ROLLBACK PREPARED 'number $_'") for 1 .. 12;
$node->safe_psql('postgres', q{CREATE SCHEMA rig; CREATE TABLE rig.child () INHERITS (lab.a);
	BEGIN; LOCK TABLE rig.child; PREPARE TRANSACTION 'of a child'});
is($node->safe_psql('postgres', $names), '0|0', 'a table of another schema that inherits is none of the schema');
$node->safe_psql('postgres', q{ROLLBACK PREPARED 'of a child'});
$node->safe_psql('copy', "ROLLBACK PREPARED 'elsewhere'");
done_testing();
