# What the tests of check_cdc share: a server with a schema that every consumer is content with, the
# report's rows, and checks that are provoked, mended and counted.
package Cdc;

use strict;
use warnings FATAL => 'all';

use Deploy;
use Exporter 'import';
use FindBin;
use IPC::Run ();
use PostgreSQL::Test::Utils;
use Test::More;

our @EXPORT = qw(@consumers new_scene rows_of keys_of note_severities provoke mark_provoked compare_sql check_sources is_sql account_for);

my $root = "$FindBin::RealBin/../..";

# The checks that have had their turn.
my %provoked;
our @consumers = qw(any lakehouse_sync debezium clickpipes postgres);

# For each check the severities that the report has shown, a letter for each consumer.
my %shown;

# A server whose schema lab has two tables that are as every consumer wants them.
sub new_scene
{
	my ($name, %settings) = @_;
	my $node = new_server(
		$name,
		allows_streaming => 1,
		autovacuum => 'off',
		checkpoint_timeout => '1d',
		max_wal_size => '1GB',
		max_locks_per_transaction => 256,
		max_prepared_transactions => 5,
		max_replication_slots => 10,
		max_wal_senders => 10,
		max_slot_wal_keep_size => '1GB',
		wal_sender_timeout => '5min',
		%settings);
	$node->safe_psql('postgres', q{
		CREATE ROLE consumer REPLICATION;
		CREATE SCHEMA lab;
		GRANT USAGE ON SCHEMA lab TO consumer;
		CREATE TABLE lab.session (id int PRIMARY KEY, what varchar(9));
		CREATE TABLE lab.trial (id int PRIMARY KEY, session int REFERENCES lab.session);
		GRANT SELECT ON ALL TABLES IN SCHEMA lab TO consumer;
		CREATE PUBLICATION cdc FOR TABLE lab.session, lab.trial WITH (publish_via_partition_root);
		ALTER TABLE lab.session REPLICA IDENTITY FULL;
		ALTER TABLE lab.trial REPLICA IDENTITY FULL});
	return $node;
}

# The call's rows but for the last, which counts them, each as "severity check object", with finding
# and remedy.
sub rows_of
{
	my ($node, %call) = @_;
	my $arguments = join ', ', map { defined $_ ? "'" . s/'/''/gr . "'" : 'NULL' }
	  $call{schema} // 'lab', $call{publication}, $call{consumer} // 'any';
	my $role = defined $call{role} ? "SET ROLE $call{role};" : '';
	my $output = $node->safe_psql('postgres', qq{
		$role
		SELECT encode(convert_to(concat_ws(E'\\x02', severity, check_name,
			COALESCE(object, concat_ws('.', quote_ident(schema_name), quote_ident(table_name))), finding, COALESCE(remedy, E'\\x03'),
			COALESCE(object, concat(schema_name, '|', table_name))),
			'UTF8'), 'base64') || ';'
		FROM dj_deploy.check_cdc($arguments)});
	my @rows;
	for (split /;\s*/, $output)
	{
		my ($severity, $check, $object, $finding, $remedy, $about) = split /\x02/, pack 'H*', unpack 'H*', decode($_);
		next if $check eq 'sum';
		push @rows, {
			key => "$severity $check $object", check => $check, object => $object, about => $about, finding => $finding,
			remedy => $remedy eq "\x03" ? undef : $remedy };
	}
	return @rows;
}

sub decode
{
	require MIME::Base64;
	return MIME::Base64::decode_base64($_[0]);
}

sub keys_of
{
	return join "\n", map { $_->{key} } rows_of(@_);
}

# Keeps what the severities of all rows are, for every consumer. Lakehouse Sync has no publication
# but one that is named.
sub note_severities
{
	my ($node, %call) = @_;
	my $schema = $call{schema} // 'lab';
	my $role = defined $call{role} ? "SET ROLE $call{role};" : '';
	my $publication = $call{publication} ? "'" . $call{publication} =~ s/'/''/gr . "'" : 'NULL';
	my $output = $node->safe_psql('postgres', qq{
		$role
		SELECT DISTINCT n, severity, check_name FROM unnest('{@{[ join ',', @consumers ]}}'::text[]) WITH ORDINALITY AS c(consumer, n),
			unnest(ARRAY[$publication, CASE WHEN consumer = 'lakehouse_sync' THEN COALESCE($publication, 'cdc') END]) p,
			dj_deploy.check_cdc('$schema', p, consumer) WHERE check_name <> 'sum'});
	for (split /\n/, $output)
	{
		my ($number, $severity, $check) = split /\|/;
		$shown{$check} //= '-----';
		substr($shown{$check}, $number - 1, 1) = substr($severity, 0, 1);
	}
	return;
}

# script/check-sql prints a query that finds, as it stands, what the report finds, but for numbers,
# which may grow meanwhile.
sub compare_sql
{
	my ($node, $check, %call) = @_;
	my ($schema, $publication, $consumer) = @call{qw(schema publication consumer)};
	my ($query, $errors);
	IPC::Run::run [ "$root/script/check-sql", $check, $schema // 'lab', $publication // '', $consumer // 'any' ], '>', \$query, '2>', \$errors;
	my $role = defined $call{role} ? "SET ROLE $call{role};" : '';
	my @printed = split /\n/, $node->safe_psql('postgres', $role . $query);
	my @reported = map { join '|', $_->{about}, $_->{finding}, $_->{remedy} // '' } grep { $_->{check} eq $check } rows_of($node, %call);
	s/\d+/#/g for @printed, @reported;
	is_deeply(\@printed, \@reported, "$check: script/check-sql finds the same");
	cmp_ok(scalar @printed, '>', 0, 'which is something');
	return;
}

# Provokes a check ($expected is its row), runs the remedy, and cleans up: then it is as before.
#   setup, cleanup   statements            call       consumer, publication, schema, role
#   finding          what it must say      by_hand    what to do instead of a remedy, which is null
#   after            what makes a new setting count: 'reload' or 'restart'
#   remedy           what it must be               appears    rows that may come instead
sub provoke
{
	my ($node, $expected, %test) = @_;
	my %call = %{ $test{call} // {} };
	my $title = join ' ', $expected, map { "$_ $call{$_}" } sort keys %call;
	my ($check) = $expected =~ /^\w+ (\w+) /;
	$provoked{$check} = 1;

	my $before = keys_of($node, %call);
	my $is_there = defined $test{setup} && !ref $test{setup} && $test{setup} eq '';
	unlike($before, qr/^\Q$expected\E$/m, "$title: not before") if !$is_there;
	ref $test{setup} ? $test{setup}->() : $node->safe_psql('postgres', $test{setup});
	my @rows = rows_of($node, %call);
	note_severities($node, %call);
	my ($row) = grep { $_->{key} eq $expected } @rows;
	ok($row, "$title: found") or diag(join "\n", map { $_->{key} } @rows), return;
	like($row->{finding}, $test{finding}, "$title: what it says") if $test{finding};
	compare_sql($node, $check, %call) if is_sql(source_of($check));

	if (defined $test{by_hand})
	{
		is($row->{remedy}, undef, "$title: no statement helps");
		ref $test{by_hand} ? $test{by_hand}->() : $node->safe_psql('postgres', $test{by_hand});
	}
	else
	{
		is($row->{remedy}, $test{remedy}, "$title: the remedy") if defined $test{remedy};
		my ($status, $output, $errors) = $node->psql('postgres', $row->{remedy} // '');
		is($status, 0, "$title: the remedy runs") or diag($row->{remedy}, $errors);
		$test{after} eq 'reload' ? $node->reload : $node->restart if $test{after};
		$test{wait}->() if $test{wait};
	}
	my %known = map { $_->{key} => 1 } @rows;
	$known{$_} = 1 for @{ $test{appears} // [] };
	my @after = rows_of($node, %call);
	is(join("\n", grep { $_ eq $expected } map { $_->{key} } @after), '', "$title: gone");
	is(join("\n", grep { !$known{$_} } map { $_->{key} } @after), '', "$title: and nothing else has come");
	return if !defined $test{cleanup};
	ref $test{cleanup} ? $test{cleanup}->() : $node->safe_psql('postgres', $test{cleanup});
	is(keys_of($node, %call), $before, "$title: as before");
	return;
}

# A check that a test has provoked in its own way.
sub mark_provoked
{
	$provoked{$_} = 1 for @_;
	return;
}

# The files that have entries of checks.
sub check_sources
{
	return sort grep { entries_of($_) } glob "$root/src/checks/*.cpp";
}

# Whether the checks of the file are SQL, which script/check-sql prints.
sub is_sql
{
	return slurp_file($_[0]) =~ m{^#include "checks/server_facts\.hpp"$}m;
}

# Names and severities.
sub entries_of
{
	return slurp_file($_[0]) =~ /\{\.name = "(\w+)",\s*\.severities = "(.{5})"/g;
}

sub source_of
{
	my ($check) = @_;
	my ($file) = grep { my %entries = entries_of($_); $entries{$check} } check_sources();
	return $file // die "no source has the check $check";
}

# Each check of these files is documented, has been provoked, and has been shown to every consumer
# with its severity, but for those that this server cannot have.
sub account_for
{
	my ($files, @left_out) = @_;
	my %documented = slurp_file("$root/docs/cdc.md") =~ /^\| `(\w+)` \| ((?:\S+ ){5})\|/mg;
	s/\xE2\x80\x93/-/g, s/ //g for values %documented;
	my %all = map { entries_of($_) } check_sources();
	is(join(' ', sort grep { !$all{$_} } keys %documented), '', 'docs/cdc.md lists no check that is not there');
	my %severities = map { entries_of($_) } @$files;
	my %listed = map { $_ => $documented{$_} } grep { $documented{$_} } keys %severities;
	is_deeply(\%listed, \%severities, 'docs/cdc.md lists the checks with their severities');
	delete @severities{@left_out};
	cmp_ok(scalar keys %severities, '>', 15, 'the checks are found in the source');
	is(join(' ', sort grep { $severities{$_} } keys %provoked), join(' ', sort keys %severities), 'each has been provoked');
	my %seen = map { $_ => $shown{$_} } grep { $shown{$_} } keys %severities;
	delete @severities{ grep { !$seen{$_} } keys %severities };
	is_deeply(\%seen, \%severities, 'and the report has shown it with these severities, to every consumer');
	return;
}

1;
