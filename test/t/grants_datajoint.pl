# A DataJoint client: with read it fetches and is refused the rest; with write it inserts and populates.
use strict;
use warnings FATAL => 'all';

use FindBin;
use lib "$FindBin::RealBin/lib";
use Deploy;
use PostgreSQL::Test::Utils;
use Test::More;

plan skip_all => 'DATAJOINT_PYTHON names no Python with DataJoint' if !$ENV{DATAJOINT_PYTHON};

# The pipeline belongs to a role that is nothing special, and which makes the calls.
my $node = new_server('main');
my @schemas = qw(lab behavior ephys analysis);
$node->safe_psql('postgres', q{
	CREATE ROLE pipeline LOGIN;
	CREATE ROLE reader LOGIN;
	CREATE ROLE writer LOGIN;
	GRANT CREATE ON DATABASE postgres TO pipeline;
});
{
	local $ENV{PGUSER} = 'pipeline';
	load_pipeline($node, 'postgres');
}

sub as_owner
{
	my ($sql) = @_;
	return $node->safe_psql('postgres', $sql, extra_params => [ '-U', 'pipeline' ]);
}

sub give
{
	my ($role, $access, $rest) = @_;
	as_owner(join '', map { "SELECT dj_deploy.set_grants('$_', '$role', '$access', dry_run => false$rest);" } @schemas);
	return;
}

# What client.py prints: "action: result" in a line each. What DataJoint says besides is shown when
# the test fails.
sub is_result
{
	my ($title, $role, @expected) = @_;
	my %environment = (
		DJ_BACKEND => 'postgresql',
		DJ_HOST => $node->host,
		DJ_PORT => $node->port,
		DJ_USER => $role,
		DJ_PASS => '',
		DJ_DATABASE_NAME => 'postgres',
		DJ_USE_TLS => 'false',
		DJ_IGNORE_CONFIG_FILE => 'true',
		DJ_LOG_LEVEL => 'ERROR',
		PYTHONDONTWRITEBYTECODE => 1,
	);
	local @ENV{ keys %environment } = values %environment;
	my @actions = map { /^(\w+): / or die "no action: $_"; $1 } @expected;
	my ($output, $errors) =
	  run_command([ $ENV{DATAJOINT_PYTHON}, "$FindBin::RealBin/../datajoint/client.py", @actions ]);
	is($output, join("\n", @expected), $title) or diag($errors);
	return;
}

# How many rows the user tables hold that DataJoint can fetch. A uuid says what it is in its column's comment.
sub fetchable
{
	my @tables = split /\n/, $node->safe_psql('postgres', q{
		SELECT c.oid::regclass FROM pg_class c JOIN pg_namespace n ON n.oid = relnamespace
		WHERE nspname IN ('lab', 'behavior', 'ephys', 'analysis') AND relkind = 'r' AND relname NOT LIKE '~%'
		AND NOT EXISTS (SELECT FROM pg_description WHERE objoid = c.oid AND objsubid > 0 AND description LIKE ':uuid:%')
	});
	my $rows = $node->safe_psql('postgres', 'SELECT ' . join ' + ', map { "(SELECT count(*) FROM $_)" } @tables);
	return "$rows rows of " . @tables . ' tables';
}

is_result('nothing is granted', 'reader', 'fetch: DataJointError', 'insert: DataJointError');

# Fetching takes USAGE on the schema and SELECT on the table; that of ~lineage makes joins compare
# origins, not names.
give('reader', 'read', '');
is_result(
	'read: fetches, and nothing else', 'reader',
	'fetch: ' . fetchable(),
	'blob: (200,) 20000',
	'insert: AccessError',
	'delete: AccessError',
	'declare: AccessError');

# DataJoint 2.3.5 finds primary keys in information_schema.table_constraints, which shows a table to
# those who have more than SELECT on it. REFERENCES is enough, and through another role it is out of
# set_grants' reach.
is_result(
	'read: DataJoint does not see the primary keys', 'reader',
	'keys: QuerySyntaxError',
	'use_module: QuerySyntaxError');
$node->safe_psql('postgres', 'CREATE ROLE sees_keys; GRANT sees_keys TO reader');
as_owner(join '', map { "GRANT REFERENCES ON ALL TABLES IN SCHEMA $_ TO sees_keys;" } @schemas);
give('reader', 'read', '');
is_result(
	'read and somebody else\'s REFERENCES: sees them, and still only fetches', 'reader',
	'fetch: ' . fetchable(),
	q(keys: ['subject_id', 'session'] 6 {'subject_id': 1, 'session': 1}),
	'use_module: 6',
	'insert: AccessError',
	'update: AccessError',
	'delete: AccessError',
	'compute: AccessError',
	'declare: AccessError');

# Who computes in one schema from what is in another needs the keys of both.
$node->safe_psql('postgres', 'CREATE ROLE computer LOGIN');
give('computer', 'read', '');
as_owner(q{SELECT dj_deploy.set_grants('behavior', 'computer', 'write', dry_run => false)});
is_result('write here, read upstream: no keys upstream', 'computer', 'progress: AssertionError');
$node->safe_psql('postgres', 'GRANT sees_keys TO computer');
is_result('write here, read and REFERENCES upstream: all keys', 'computer', 'progress: (0, 60)', 'compute: None');

# Jobs are kept in the hidden tables ~~video and so on. DataJoint declares them when somebody first
# asks for them, which takes CREATE.
give('writer', 'write', '');
is_result(
	'write: inserts and populates', 'writer',
	'fetch: ' . fetchable(),
	'insert: None',
	'update: None',
	'delete: 1',
	'use_module: 6',
	'enter_session: 10',
	'populate: [10, 1, 3, 1]');
is($node->safe_psql('postgres', q{SELECT status FROM behavior."~~video" WHERE (subject_id, session) = (1, 3)}),
	'success', 'write: the job is done');
is_result(
	'write: declares nothing, no job table either', 'writer',
	'declare: AccessError',
	'use_jobs: AccessError',
	'populate_with_jobs: AccessError');

# Two ways to a new job table: its owner makes it and calls again, or lets future tables come with privileges.
give('writer', 'write', ', future_tables => true');
is_result('the owner makes a job table', 'pipeline', 'use_jobs: 0');
is_result('write with future_tables: populates with it', 'writer', 'populate_with_jobs: 1 1');
is_result('read without: sees it after the next call only', 'reader', 'use_jobs: AccessError');
give('reader', 'read', '');
as_owner('GRANT REFERENCES ON ALL TABLES IN SCHEMA behavior TO sees_keys');
is_result('read: the next call brings the new table', 'reader', 'use_jobs: 1');

give('writer', 'read', '');
is_result('write taken back: fetches', 'writer', 'fetch: ' . fetchable(), 'insert: AccessError');
give('writer', 'none', '');
is_result('none: sees nothing', 'writer', 'fetch: DataJointError');

done_testing();
