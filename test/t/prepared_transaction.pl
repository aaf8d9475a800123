# A prepared transaction holds the lock: 55P03 that names it, nothing applied.
use strict;
use warnings FATAL => 'all';

use FindBin;
use lib "$FindBin::RealBin/lib";
use Deploy;
use Test::More;

my $node = new_server('main', max_prepared_transactions => 2, 'dj_deploy.lock_timeout' => '20ms');
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

done_testing();
