# What a change data capture tool sees in the WAL: the key before a run, the whole old row after it.
use strict;
use warnings FATAL => 'all';

use FindBin;
use lib "$FindBin::RealBin/lib";
use Deploy;
use Test::More;

my $node = new_server('main', allows_streaming => 'logical');
load_pipeline($node, 'postgres');
$node->safe_psql('postgres', "SELECT pg_create_logical_replication_slot('cdc', 'test_decoding')");

# Runs the statement and returns what the slot makes of the rows it wrote.
sub decode
{
	my ($write) = @_;
	$node->safe_psql('postgres', $write);
	return $node->safe_psql('postgres', q{
		SELECT data FROM pg_logical_slot_get_changes('cdc', NULL, NULL, 'include-xids', 'false', 'skip-empty-xacts', 'true')
		WHERE data LIKE 'table %'});
}

# The columns that test_decoding names in a part of its output, such as: id[integer]:1 note[text]:'a'.
sub columns_in
{
	my ($text) = @_;
	$text =~ s/'(?:[^']|'')*'/''/g;
	return join ' ', sort($text =~ /(\w+)\[/g);
}

sub old_row { return $_[0] =~ /old-key: (.*) new-tuple:/ ? $1 : '' }

# What catalog and row say it should be. test_decoding leaves out columns of an old row that are NULL.
sub key_columns
{
	my ($table) = @_;
	return $node->safe_psql('postgres', qq{
		SELECT string_agg(attname, ' ' ORDER BY attname COLLATE "C")
		FROM pg_index JOIN pg_attribute ON attrelid = indrelid AND attnum = ANY (indkey)
		WHERE indrelid = '$table'::regclass AND indisprimary});
}

sub filled_columns
{
	my ($table, $condition) = @_;
	return $node->safe_psql('postgres', qq{
		SELECT string_agg(key, ' ' ORDER BY key COLLATE "C")
		FROM $table t, jsonb_each(to_jsonb(t)) WHERE $condition AND value <> 'null'});
}

# Before: the replica identity that DataJoint's tables have.
my $weighings = 'lab.weighing';
my $weighing = "ctid = (SELECT min(ctid) FROM $weighings)";
my $keys = key_columns($weighings);
is(columns_in(decode("DELETE FROM $weighings WHERE $weighing")), $keys, 'before: DELETE carries the key');

my $recordings = 'ephys._recording';
my $key = key_columns($recordings) =~ tr/ /,/r;
my $recording = "($key) = (SELECT $key FROM $recordings ORDER BY $key LIMIT 1)";
my $update = "UPDATE $recordings SET _job_version = _job_version || '+' WHERE $recording";
my $toasted = $node->safe_psql('postgres', "SELECT lfp FROM $recordings WHERE $recording");
sub carries { return index($_[0], "lfp[bytea]:'$toasted'") >= 0 }
cmp_ok(length $toasted, '>', 4000, 'the column is stored out of line');
my $decoded = decode($update);
ok($decoded =~ /lfp\[bytea\]:unchanged-toast-datum/, 'before: UPDATE does not carry the unchanged TOASTed column');
ok(!carries($decoded), 'nowhere');
is(old_row($decoded), '', 'nor an old row');

# After.
$node->safe_psql('postgres', full_run($_)) for 'lab', 'ephys';
my $filled = filled_columns($weighings, $weighing);
isnt($filled, $keys, 'there are columns besides the key');
is(columns_in(decode("DELETE FROM $weighings WHERE $weighing")), $filled, 'after: DELETE carries the whole row');

$filled = filled_columns($recordings, $recording);
$decoded = decode($update);
is(columns_in(old_row($decoded)), $filled, 'after: UPDATE carries the whole old row');
ok(carries(old_row($decoded)), 'with the unchanged TOASTed column');

# And back.
$node->safe_psql('postgres', full_run('lab', 'default'));
is(columns_in(decode("DELETE FROM $weighings WHERE $weighing")), $keys, 'default again: DELETE carries the key');

done_testing();
