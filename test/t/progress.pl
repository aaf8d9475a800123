# A run says every five seconds how far it is, and no more often: a short one says nothing.
use strict;
use warnings FATAL => 'all';

use FindBin;
use lib "$FindBin::RealBin/lib";
use Deploy;
use Test::More;

my $node = new_server('main');
$node->safe_psql('postgres', 'CREATE SCHEMA lab; ' . join '', map { "CREATE TABLE lab.t$_ (id int PRIMARY KEY);" } 1 .. 3);
# However long it takes here.
my ($output, $messages) = ('', '');
$node->psql('postgres', "\\timing on\n" . full_run('lab'), stdout => \$output, stderr => \$messages);
my ($milliseconds) = $output =~ /^Time: ([\d.]+) ms/m;
cmp_ok(scalar(() = without_summary($messages) =~ /NOTICE/g), '<=', int($milliseconds / 5000), 'a short run says nothing');

# More than five seconds for each of the first two tables, so that a message is due before the second and before the third.
$node->safe_psql('postgres', q{
	CREATE FUNCTION take_time() RETURNS event_trigger LANGUAGE plpgsql AS $$ BEGIN PERFORM pg_sleep(5.1) FROM pg_event_trigger_ddl_commands() WHERE object_identity <> 'lab.t3'; END $$;
	CREATE EVENT TRIGGER take_time ON ddl_command_end WHEN TAG IN ('ALTER TABLE') EXECUTE FUNCTION take_time();
});
my $status = $node->psql('postgres', full_run('lab'), stderr => \my $long);
is($status, 0, 'the long run succeeds');
is(join(', ', $long =~ /NOTICE:  (\d of \d statements done)$/mg), '1 of 3 statements done, 2 of 3 statements done', 'the long run says how far it is');

done_testing();
