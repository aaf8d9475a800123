# What the reports show beyond one server's ordinary sessions: a prepared transaction that blocks,
# tables of several files, and rows of a table after a crash.
use strict;
use warnings FATAL => 'all';

use FindBin;
use lib "$FindBin::RealBin/lib";
use Deploy;
use Test::More;

my $node = new_server('main', max_prepared_transactions => 2, autovacuum => 'off');
my $user = $node->safe_psql('postgres', q{
	CREATE ROLE nobody;
	CREATE SCHEMA lab;
	CREATE TABLE lab.a (id int PRIMARY KEY);
	CREATE TABLE lab.b (id int PRIMARY KEY, note text);
	INSERT INTO lab.b SELECT i, i FROM generate_series(1, 1000) i;
	SELECT current_user;
});

# Lengthens a file to so many bytes, without writing them.
sub grow
{
	my ($file, $bytes) = @_;
	open my $handle, '>>', $file or die "$file: $!";
	truncate $handle, $bytes or die "$file: $!";
	close $handle or die "$file: $!";
	return;
}

# blockers and tables never wait, so neither needs a lock_timeout.
$node->safe_psql('postgres', q{BEGIN; LOCK TABLE lab.a IN ACCESS EXCLUSIVE MODE; PREPARE TRANSACTION 'it''s "mine"'});
my $blockers = q{SELECT schema_name, table_name, pid, role, application, state, age >= '0', mode, granted FROM dj_deploy.blockers('lab')};
my $expected = qq(lab|a||$user|prepared transaction 'it''s "mine"'|prepared|t|AccessExclusiveLock|t);
is($node->safe_psql('postgres', $blockers), $expected, 'a prepared transaction is listed by its name');
is($node->safe_psql('postgres', "SET ROLE nobody; $blockers"), $expected, 'for anybody: what is prepared is no secret');
is($node->safe_psql('postgres', q{SELECT table_name, bytes > 0 FROM dj_deploy.tables('lab')}), "a|t\nb|t", 'tables shows the table that it has locked');
my $schemas = q{SELECT schema_name, tables, bytes = (SELECT sum(bytes) FROM dj_deploy.tables('lab')) FROM dj_deploy.schemas() WHERE tables > 0};
is($node->safe_psql('postgres', $schemas), 'lab|2|t', 'schemas counts it');
$node->restart;
is($node->safe_psql('postgres', $blockers), $expected, 'so it is after a restart');
is($node->safe_psql('postgres', q{SELECT table_name, bytes > 0 FROM dj_deploy.tables('lab')}), "a|t\nb|t", 'and tables shows the table');
$node->safe_psql('postgres', q{ROLLBACK PREPARED 'it''s "mine"'});
is($node->safe_psql('postgres', $blockers), '', 'nobody is left');

# A crash loses the statistics; what the last ANALYZE has found is kept.
my $rows = q{SELECT live_rows, last_analyze IS NULL FROM dj_deploy.tables('lab') WHERE table_name = 'b'};
$node->safe_psql('postgres', 'ANALYZE lab.b; INSERT INTO lab.b SELECT i, i FROM generate_series(1001, 1500) i; SELECT pg_stat_force_next_flush()');
is($node->safe_psql('postgres', $rows), '1500|f', 'rows as counted');
$node->stop('immediate');
$node->start;
is($node->safe_psql('postgres', $rows), '1000|t', 'rows as last analyzed, after a crash');

# Files grow as if the table had filled them: segments beyond the first, of the table and of another fork.
$node->safe_psql('postgres', 'VACUUM lab.b; CHECKPOINT');
my $path = $node->data_dir . '/' . $node->safe_psql('postgres', q{SELECT pg_relation_filepath('lab.b')});
my $sizes = q{SELECT bytes, (SELECT bytes FROM dj_deploy.schemas() WHERE schema_name = 'lab') - (SELECT bytes FROM dj_deploy.tables('lab') WHERE table_name = 'a'), pg_total_relation_size('lab.b') FROM dj_deploy.tables('lab') WHERE table_name = 'b'};
my $full = $node->safe_psql('postgres', q{SELECT pg_size_bytes(current_setting('segment_size'))});
$node->stop;
grow($path, $full);
grow("$path.1", $full);
grow("$path.2", 3 * 8192);
grow("${path}_fsm", $full);
grow("${path}_fsm.1", 8192);
$node->start;
my ($bytes, $of_schema, $of_server) = split /\|/, $node->safe_psql('postgres', $sizes);
cmp_ok($bytes, '>', 3 * $full, 'all segments of all forks count');
is($bytes, $of_server, 'as the server counts them');
is($of_schema, $of_server, 'in schemas, too');

done_testing();
