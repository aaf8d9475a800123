# Whatever operations there are, the others know of them: the catalog names them, and each one's
# plan goes to rollout, with its undo where it has one; blockers names each for just the locks that
# keep its own run waiting. A new operation is looked at without a word here, unless it takes an
# argument for which neither %values nor %values_of_type has a value.
use strict;
use warnings FATAL => 'all';

use FindBin;
use lib "$FindBin::RealBin/lib";
use Deploy;
use JSON::PP;
use Test::More;

my %values = (
	schema => q{'house'},
	target => q{'house.session'},
	schemas => q{'{house}'},
	mode => q{'full'},
	publication => q{'house_cdc'},
	parameters => q{'{"autovacuum_enabled": false}'},
	role => q{'house_reader'},
	access => q{'read'},
	environment => q{'{"version": 1, "publications": {"house_cdc": {"publish": ["insert"]}}, "schemas": {"house": {
		"replica_identity": "full", "publications": ["house_cdc"], "autovacuum": {"vacuum_truncate": false},
		"grants": {"house_reader": {"access": "write", "future_tables": true}}}}}'});
my %values_of_type = (boolean => 'true', integer => '50');

my @modes = ('ACCESS SHARE', 'ROW SHARE', 'ROW EXCLUSIVE', 'SHARE UPDATE EXCLUSIVE', 'SHARE', 'SHARE ROW EXCLUSIVE', 'EXCLUSIVE',
	'ACCESS EXCLUSIVE');
# The modes that each one conflicts with, as the server's documentation has it.
my %conflicts = (
	'ACCESS SHARE' => [7], 'ROW SHARE' => [ 6, 7 ], 'ROW EXCLUSIVE' => [ 4 .. 7 ], 'SHARE UPDATE EXCLUSIVE' => [ 3 .. 7 ],
	'SHARE' => [ 2, 3, 5 .. 7 ], 'SHARE ROW EXCLUSIVE' => [ 2 .. 7 ], 'EXCLUSIVE' => [ 1 .. 7 ], 'ACCESS EXCLUSIVE' => [ 0 .. 7 ]);

my $node = new_server('main', wal_level => 'logical');
$node->safe_psql('postgres', 'CREATE ROLE house_reader');

sub start_anew
{
	$node->safe_psql('postgres', q{
		SET client_min_messages = error;
		DROP SCHEMA IF EXISTS house CASCADE;
		DROP PUBLICATION IF EXISTS house_cdc;
		CREATE SCHEMA house;
		CREATE TABLE house.session (id int PRIMARY KEY, note text);
		CREATE MATERIALIZED VIEW house.summary AS SELECT 1 AS one;
		CREATE INDEX ON house.summary (one);
	});
	return;
}

# Each form of what has a dry_run, but for what takes the plan of another.
sub forms
{
	my $forms = $node->safe_psql('postgres', q{
		SELECT coalesce(jsonb_agg(form ORDER BY form ->> 'signature'), '[]') FROM (
			SELECT jsonb_build_object('name', proname, 'signature', p.oid::regprocedure, 'is_procedure', prokind = 'p', 'arguments',
				jsonb_agg(jsonb_build_object('name', proargnames[n], 'type', format_type(proargtypes[n - 1], NULL),
					'is_needed', n <= pronargs - pronargdefaults) ORDER BY n))
			FROM pg_proc p, generate_series(1, pronargs) n
			WHERE pronamespace = 'dj_deploy'::regnamespace AND 'dry_run' = ANY (proargnames) AND NOT 'plan' = ANY (proargnames)
			GROUP BY p.oid) AS forms(form)});
	return @{ decode_json($forms) };
}

# The call of a form; dry_run is given.
sub call
{
	my ($form, $dry_run) = @_;
	my @arguments = map { "$_->{name} => " . value($form, $_) } grep { $_->{is_needed} && $_->{name} ne 'dry_run' } @{ $form->{arguments} };
	my $call = "dj_deploy.$form->{name}(" . join(', ', @arguments, "dry_run => $dry_run") . ')';
	return $form->{is_procedure} ? "CALL $call" : "SELECT $call";
}

sub value
{
	my ($form, $argument) = @_;
	my $value = $values{ $argument->{name} } // $values_of_type{ $argument->{type} };
	return "$value\::$argument->{type}" if defined $value;
	BAIL_OUT("$form->{signature}: no value for $argument->{name}, to be given in \%values");
}

sub result_of
{
	my ($sql) = @_;
	return decode_json($node->safe_psql('postgres', "SET client_min_messages = error;\n$sql"));
}

# The statements that it shows, or has executed; or its error.
sub rollout
{
	my ($statements, $dry_run) = @_;
	my $plan = encode_json($statements) =~ s/'/''/gr;
	my ($status, $result, $errors) = $node->psql('postgres', "SET client_min_messages = error;\nCALL dj_deploy.rollout('$plan', $dry_run)",
		on_error_stop => 1);
	return $status == 0 ? decode_json($result)->{ddl} : $errors;
}

# The strongest lock that a run takes on the table.
sub lock_of_run
{
	my ($form) = @_;
	my %held = map { $_ => 1 } split /\n/, $node->safe_psql('postgres', 'SET client_min_messages = error; BEGIN; ' . call($form, 'false') .
		" \\g /dev/null\nSELECT mode FROM pg_locks WHERE relation = 'house.session'::regclass AND pid = pg_backend_pid()");
	return (grep { $held{ s/(\w+) ?/\u\L$1/gr . 'Lock' } } @modes)[-1] // 'none';
}

# What blockers says a lock on a relation keeps waiting, while another session has done that.
sub blocked_by
{
	my ($statement, $relation) = @_;
	my $holder = $node->background_psql('postgres', on_error_stop => 1);
	$holder->query_safe($_) for 'BEGIN', $statement;
	my $blocked = $node->safe_psql('postgres', "SELECT DISTINCT unnest(blocks) FROM dj_deploy.blockers('house') WHERE table_name = '$relation'");
	$holder->quit;
	return sort split /\n/, $blocked;
}

start_anew();
my @forms = forms();
my %about_tables = map { $_->{name} => 1 } grep { grep { $_->{name} =~ /^(?:schema|target|schemas)$/ } @{ $_->{arguments} } } @forms;
cmp_ok(keys %about_tables, '>=', 6, 'there are operations');
my %blocking;
for my $mode (@modes)
{
	push @{ $blocking{$_} }, $mode for blocked_by("LOCK TABLE house.session IN $mode MODE", 'session');
}
is_deeply([ sort keys %blocking ], [ sort keys %about_tables ], 'blockers names each of them, and no other');

for my $form (@forms)
{
	start_anew();
	my $name = $form->{signature};
	my $result = result_of(call($form, 'true'));
	my $planned = $result->{ddl};
	cmp_ok(@$planned, '>', 0, "$name plans something");
	if ($form->{is_procedure})
	{
		my $plan = encode_json($planned) =~ s/'/''/gr;
		like(error_of($node, "CALL dj_deploy.rollout('$plan')"), qr/ERROR:  22023: invalid plan: \$\[0\] is not a statement of the kinds/,
			"rollout leaves the plan of $name to others");
		next;
	}
	is_deeply(rollout($planned, 'true'), $planned, "rollout shows the plan of $name");
	my $lock = lock_of_run($form);
	is_deeply($blocking{ $form->{name} }, [ @modes[ @{ $conflicts{$lock} } ] ], "$name waits for what its lock conflicts with: $lock")
	  if $about_tables{ $form->{name} };
	is_deeply(rollout($planned, 'false'), $planned, "rollout executes the plan of $name");
	next if !$result->{changes};
	my @undo = map { $_->{undo} } reverse @{ $result->{changes} };
	is_deeply(rollout(\@undo, 'false'), \@undo, "rollout executes the undo of $name");
	is_deeply(result_of(call($form, 'true'))->{ddl}, $planned, "which brings back what there was before $name");
}

start_anew();
my %looks = map { $_->{name} => 1 } grep { $about_tables{ $_->{name} } && grep { /"summary"/ } @{ result_of(call($_, 'true'))->{ddl} } } @forms;
is_deeply([ blocked_by('REFRESH MATERIALIZED VIEW house.summary', 'summary') ], [ sort keys %looks ],
	'blockers names for a materialized view those that look at one');

done_testing();
