# A run of more than five seconds says how far it is; a short one says nothing.
use strict;
use warnings FATAL => 'all';

use FindBin;
use lib "$FindBin::RealBin/lib";
use Deploy;
use Test::More;

my $node = new_server('main');
$node->safe_psql('postgres', 'CREATE SCHEMA lab; ' . join '', map { "CREATE TABLE lab.t$_ (id int PRIMARY KEY);" } 1 .. 3);
$node->psql('postgres', full_run('lab'), stderr => \my $short);
is($short, '', 'a short run says nothing');

# Three seconds a table, so that the message is due before the third.
$node->safe_psql('postgres', q{
	CREATE FUNCTION take_time() RETURNS event_trigger LANGUAGE plpgsql AS $$ BEGIN PERFORM pg_sleep(3); END $$;
	CREATE EVENT TRIGGER take_time ON ddl_command_end WHEN TAG IN ('ALTER TABLE') EXECUTE FUNCTION take_time();
});
my $status = $node->psql('postgres', full_run('lab'), stderr => \my $long);
is($status, 0, 'the long run succeeds');
like($long, qr/NOTICE:  2 of 3 statements done/, 'the long run says how far it is');

done_testing();
