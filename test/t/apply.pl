# apply beside other sessions: a reviewed plan that is overtaken is refused, runs take turns, and
# rollout of its plan changes what a publication publishes only when the tables are ready for it.
use strict;
use warnings FATAL => 'all';

use FindBin;
use lib "$FindBin::RealBin/lib";
use Deploy;
use Rollout;
use IPC::Run ();
use Test::More;

my $node = new_server('main', wal_level => 'logical', autovacuum => 'off', 'dj_deploy.lock_timeout' => 0);
load_pipeline($node, 'postgres');
$node->safe_psql('postgres', 'CREATE ROLE analyst; CREATE ROLE pipeline; CREATE TABLE lab.nokey (note text)');
my $environment = q({"version": 1, "schema_patterns": {"*": {}}, "publications": {"cdc": {"publish": ["insert", "update", "delete"]}},
	"schemas": {"lab": {"replica_identity": "full", "publications": ["cdc"], "autovacuum": {"autovacuum_vacuum_scale_factor": 0.1},
	"grants": {"analyst": "read"}}}});
my $fingerprint = $node->safe_psql('postgres', "SELECT dj_deploy.apply('$environment') ->> 'fingerprint'");

# Another session changes a table between the review and the run, or while the run waits for it.
my $other = start_session($node, 'other');
my $deploy = start_session($node, 'deploy');
$other->query_safe("BEGIN; ALTER TABLE lab.subject SET (autovacuum_vacuum_scale_factor = 0.7)");
start_rollout($deploy, "SELECT dj_deploy.apply('$environment', false, '$fingerprint')");
wait_until_blocked($node, 'deploy');
$other->query_safe('COMMIT');
my (undef, $refusal) = finish_rollout($deploy);
like($refusal, qr/ERROR:  55000: the plan is not the one that was reviewed/, 'a plan that was overtaken while it waited is refused');
is($node->safe_psql('postgres', 'SELECT count(*) FROM pg_publication'), 0, 'with everything undone');
$node->safe_psql('postgres', 'ALTER TABLE lab.subject RESET (autovacuum_vacuum_scale_factor)');

# The same without a fingerprint: the run does what is to be done then.
$other->query_safe("BEGIN; ALTER TABLE lab.subject REPLICA IDENTITY FULL; ALTER TABLE lab.weighing RENAME TO weight");
start_rollout($deploy, "SELECT (SELECT count(*) FILTER (WHERE s ~ 'subject\" REPLICA') || ' ' || count(*) FILTER (WHERE s ~ '\"weight\"')
	FROM jsonb_array_elements_text(dj_deploy.apply('$environment', false) -> 'ddl') s)");
wait_until_blocked($node, 'deploy');
$other->query_safe('COMMIT');
my ($result, $messages) = finish_rollout($deploy);
is($messages, '', 'what others did meanwhile is no error');
is($result, '0 4', 'nor is it done again, and a table is changed under its new name');
is($node->safe_psql('postgres', "SELECT count(*) FROM dj_deploy.drift('$environment')"), 0, 'all is as declared');

# Runs of different documents take turns.
my $ephys = '"ephys": {"publications": ["cdc"], "replica_identity": "full", "grants": {"analyst": "read"}}';
my @documents = (
	qq({"version": 1, "publications": {"cdc": {"publish": ["insert", "update"]}}, "schemas": {$ephys, "lab": {"replica_identity": "full",
		"publications": ["cdc"], "grants": {"analyst": "read"}}}}),
	qq({"version": 1, "publications": {"cdc": {"publish": ["insert"]}}, "schemas": {$ephys, "lab": {"replica_identity": "nothing",
		"publications": ["cdc"], "grants": {"analyst": "none"}, "tables": {"nokey": {"publications": []}}}}}) =~ s/"full"/"default"/r);
my @loops = map {
	my $calls = join ";\n", ("SELECT jsonb_array_length(dj_deploy.apply('$_', false) -> 'ddl')") x 8;
	my %loop = (output => '', errors => '');
	$loop{run} = IPC::Run::start([ 'psql', '-XqAt', '-d', $node->connstr('postgres') ], '<', \$calls, '>', \$loop{output}, '2>', \$loop{errors});
	\%loop
} @documents;
$_->{run}->finish for @loops;
unlike($_->{errors}, qr/ERROR/, 'runs of different documents at once end well') for @loops;
is(scalar(() = $_->{output} =~ /^\d+$/mg), 8, 'all of them') for @loops;
my @drifts = map { $node->safe_psql('postgres', "SELECT count(*) FROM dj_deploy.drift('$_')") } @documents;
ok($drifts[0] == 0 || $drifts[1] == 0, "one of them was the last (@drifts)");

# A publication begins to publish updates only when the last table can be told apart.
my $quiet = q({"version": 1, "publications": {"cdc": {"publish": ["insert"]}}, "schemas": {"lab": {"replica_identity": "default", "publications": ["cdc"]}}});
$node->safe_psql('postgres', "SELECT dj_deploy.apply('$quiet', false)");
$other->query_safe('BEGIN; SELECT count(*) FROM lab.nokey');
start_rollout($deploy, rollout_of("dj_deploy.apply('$environment')"));
wait_until_asleep($node, 'deploy');
is($node->safe_psql('postgres', "SELECT pubupdate FROM pg_publication"), 'f', 'while a table is busy its publication stays as it is');
$node->safe_psql('postgres', "INSERT INTO lab.nokey VALUES ('a'); UPDATE lab.nokey SET note = 'b'");
$other->query_safe('COMMIT');
(undef, $messages) = finish_rollout($deploy);
is($messages =~ s/^NOTICE:.*\n(DETAIL:.*\n)?//mgr, '', 'the rollout ends well');
is($node->safe_psql('postgres', "SELECT pubupdate FROM pg_publication"), 't', 'and then it publishes updates');
$node->safe_psql('postgres', "UPDATE lab.nokey SET note = 'c'");
is($node->safe_psql('postgres', "SELECT count(*) FROM dj_deploy.drift('$environment')"), 0, 'all is as declared');
# A plan half done makes no write fail: what depends on a statement that is in the way waits for it.
$node->safe_psql('postgres', q{
	CREATE TABLE lab.log (note text PRIMARY KEY) PARTITION BY LIST (note); CREATE TABLE lab.log_a PARTITION OF lab.log FOR VALUES IN ('a');
	CREATE TABLE lab.whole (note text) PARTITION BY LIST (note); CREATE TABLE lab.whole_a PARTITION OF lab.whole FOR VALUES IN ('a');
	ALTER TABLE lab.whole REPLICA IDENTITY FULL; ALTER TABLE lab.whole_a REPLICA IDENTITY FULL;
	CREATE TABLE lab.bare (note text); CREATE TABLE lab.parent (id int PRIMARY KEY); CREATE TABLE lab.child () INHERITS (lab.parent);
	ALTER PUBLICATION cdc ADD TABLE lab.whole; CREATE PUBLICATION narrow FOR TABLE lab.log (note) WITH (publish_via_partition_root)});
my $to_insert = q(ALTER PUBLICATION cdc SET (publish = 'insert'));
my $is_member = q(EXISTS (SELECT FROM pg_publication_tables WHERE tablename = '%s'));
my $identity_of = q((SELECT relreplident FROM pg_class WHERE oid = 'lab.%s'::regclass));
my $hold_cdc = 'ALTER PUBLICATION cdc SET (publish_via_partition_root)';
for my $case (
	[ 'less identity, for the publication', $hold_cdc, [ $to_insert, 'ALTER TABLE lab.nokey REPLICA IDENTITY DEFAULT' ], sprintf($identity_of, 'nokey'), qw(f d) ],
	[ 'FULL, for the publication', $hold_cdc, [ $to_insert, 'ALTER TABLE lab.bare REPLICA IDENTITY FULL' ], sprintf($identity_of, 'bare'), qw(d f) ],
	[ 'a table that joins, for the publication', $hold_cdc, [ $to_insert, 'ALTER PUBLICATION cdc ADD TABLE lab.parent' ], sprintf($is_member, 'parent'), qw(f t) ],
	[ 'less identity, for the table above it', 'LOCK TABLE ONLY lab.whole IN ACCESS EXCLUSIVE MODE',
		[ 'ALTER PUBLICATION cdc DROP TABLE lab.whole', 'ALTER TABLE lab.whole_a REPLICA IDENTITY DEFAULT' ], sprintf($identity_of, 'whole_a'), qw(f d) ],
	[ 'what becomes of the table above it, not for that', 'LOCK TABLE ONLY lab.whole IN ACCESS EXCLUSIVE MODE',
		[ 'ALTER TABLE lab.whole REPLICA IDENTITY DEFAULT', 'ALTER TABLE lab.whole_a REPLICA IDENTITY NOTHING' ], sprintf($identity_of, 'whole_a'), qw(n n) ],
	[ 'FULL, for the table above it, whose list goes', 'LOCK TABLE ONLY lab.log IN SHARE UPDATE EXCLUSIVE MODE',
		[ 'ALTER PUBLICATION narrow DROP TABLE lab.log', 'ALTER TABLE lab.log_a REPLICA IDENTITY FULL' ], sprintf($identity_of, 'log_a'), qw(d f) ],
	[ 'a table that joins, for what inherits from it', 'SELECT count(*) FROM lab.child',
		[ 'ALTER TABLE lab.child REPLICA IDENTITY FULL', 'ALTER PUBLICATION narrow ADD TABLE lab.parent' ], sprintf($is_member, q(child' AND pubname = 'narrow)), qw(f t) ])
{
	my ($title, $hold, $statements, $state, $before, $after) = @$case;
	$node->safe_psql('postgres', "ALTER PUBLICATION cdc SET (publish = 'insert, update, delete')");
	my $plan = "'[" . join(', ', map { '"' . s/'/''/gr . '"' } @$statements) . "]'::jsonb";
	$other->query_safe("BEGIN; $hold");
	start_rollout($deploy, rollout_of($plan));
	wait_until_asleep($node, 'deploy');
	is($node->safe_psql('postgres', "SELECT $state"), $before, "$title: it waits");
	$other->query_safe('COMMIT');
	(undef, $messages) = finish_rollout($deploy);
	unlike($messages, qr/ERROR/, "$title: then the rollout ends well");
	is($node->safe_psql('postgres', "SELECT $state"), $after, "$title: with all done");
}
$node->safe_psql('postgres', q{ALTER TABLE lab.nokey REPLICA IDENTITY FULL});
like(error_of($node, q(CALL dj_deploy.rollout('["ALTER PUBLICATION missing SET (publish = ''insert'')", "ALTER TABLE lab.nokey REPLICA IDENTITY DEFAULT"]', dry_run => false))),
	qr/ALTER TABLE lab.nokey REPLICA IDENTITY DEFAULT: An earlier statement failed that this one depends on/, 'what depends on one that failed fails, too');
like(error_of($node, q(CALL dj_deploy.rollout('["ALTER PUBLICATION missing ADD TABLE lab.bare", "ALTER PUBLICATION cdc SET (publish = ''insert'')",
	"ALTER TABLE lab.nokey REPLICA IDENTITY DEFAULT"]', dry_run => false))),
	qr/ALTER TABLE lab.nokey REPLICA IDENTITY DEFAULT: An earlier statement failed that this one depends on/, 'also on one that fails with another');
like(error_of($node, q(CALL dj_deploy.rollout('["ALTER PUBLICATION missing SET (publish = ''insert'')", "ALTER PUBLICATION narrow ADD TABLE lab.bare"]', dry_run => false))),
	qr/ALTER PUBLICATION narrow ADD TABLE lab.bare: An earlier statement failed that this one depends on/, 'also a table that joins');
$node->safe_psql('postgres', q{ALTER PUBLICATION narrow ADD TABLE lab.log (note); ALTER TABLE lab.log_a REPLICA IDENTITY DEFAULT});
like(error_of($node, q(CALL dj_deploy.rollout('["ALTER PUBLICATION narrow ADD TABLE lab.log", "ALTER TABLE lab.log_a REPLICA IDENTITY FULL"]', dry_run => false))),
	qr/ALTER TABLE lab.log_a REPLICA IDENTITY FULL: An earlier statement failed that this one depends on/, 'also of the table above it');
$_->quit for $other, $deploy;

done_testing();
