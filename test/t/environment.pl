# Random databases and random environment documents: what is described needs nothing, what is
# applied stays, a copy becomes like its original, and what was done is undone. See
# test/property/environment.sql. PROPERTY_SEED and PROPERTY_SEQUENCES choose other sequences;
# PROPERTY_SEQUENCE runs that one alone and shows each statement.
use strict;
use warnings FATAL => 'all';

use FindBin;
use lib "$FindBin::RealBin/lib";
use Deploy;
use JSON::PP;
use Test::More;

my $seed = $ENV{PROPERTY_SEED} || int(rand(2**31));
my $count = $ENV{PROPERTY_SEQUENCES} || 500;
my $batch = 50;
note "PROPERTY_SEED=$seed PROPERTY_SEQUENCES=$count";

local $ENV{PGCLIENTENCODING} = 'UTF8';
my $node = new_server('main', autovacuum => 'off', jit => 'off', log_statement => 'none', log_min_messages => 'panic',
	wal_level => 'logical');
$node->safe_psql('postgres', "CREATE DATABASE property ENCODING 'UTF8' LOCALE 'C' TEMPLATE template0");
load('property', 'pools', 'catalog', 'generator', 'oracle', 'set_autovacuum', 'set_grants', 'set_publication_membership',
	'set_replica_identity', 'sequence', map { "environment$_" } '', qw(_generator _document _patterns _oracle _writes _apply _copy _undo));

sub load
{
	my @files = map { "$FindBin::RealBin/../property/$_.sql" } @_;
	$node->command_ok([ 'psql', '-XqAt', '-v', 'ON_ERROR_STOP=1', '-d', $node->connstr('property'), map { ('-f', $_) } @files ],
		"load @_");
	$node->safe_psql('property', 'SELECT property.count_rows()');
	return;
}

# What property.environment() returns for each of the numbers, after what the server had to say.
sub run_sequences
{
	my ($settings, @numbers) = @_;
	my ($status, $output, $messages) = $node->psql('property', join "\n",
		'SET client_min_messages = error;', 'VACUUM;', $settings, map { "SELECT property.environment($seed, $_);" } @numbers);
	my @results = map { decode_json($_) } split /\n/, $output;
	die "sequences $numbers[0] to $numbers[-1] end with status $status: $messages" if $status != 0 || @results != @numbers;
	my @unheard = unheard($messages);
	return ($messages, \@unheard, @results);
}

# Where the server should have said something else.
sub unheard
{
	my ($messages) = @_;
	my @unheard;
	my $start = qr/^psql:<stdin>:(\d+): /m;
	while ($messages =~ /${start}NOTICE:  property: listen\n(.*?)^psql:<stdin>:\d+: NOTICE:  property: heard (left out|warning|anything) (.*?)$/msg)
	{
		my ($line, $said, $what, $expected) = ($1, $2, $3, $4);
		my $left_out = () = $said =~ /${start}NOTICE:  .*? (?:is|are) left out/msg;
		my $warnings = () = $said =~ /${start}WARNING:  /msg;
		push @unheard, "line $line: expected to hear that $expected are left out:\n$said"
		  if $what eq 'left out' && $left_out != @{ decode_json($expected) };
		push @unheard, "line $line: expected a warning:\n$said" if $what eq 'warning' && $warnings == 0;
	}
	return @unheard;
}

sub report
{
	my ($number, $result) = @_;
	my $text = join "\n", "PROPERTY_SEED=$seed PROPERTY_SEQUENCE=$number shows all of it", $result->{failure};
	utf8::encode($text);
	diag $text;
	return;
}

if (my $number = $ENV{PROPERTY_SEQUENCE})
{
	my ($messages, $unheard, $result) = run_sequences('SET client_min_messages = notice; SET property.trace = on;', $number);
	diag $messages =~ s/^psql:<stdin>:\d+: NOTICE:  //mgr;
	report($number, $result) if $result->{failure};
	diag $_ for @$unheard;
	ok(!$result->{failure} && !@$unheard, "seed $seed, sequence $number");
	done_testing();
	exit;
}

my %seen;
for (my $first = 1; $first <= $count; $first += $batch)
{
	my $last = $first + $batch - 1 < $count ? $first + $batch - 1 : $count;
	my ($messages, $unheard, @results) = run_sequences('', $first .. $last);
	my @failed = grep { $results[$_]{failure} } 0 .. $#results;
	is(scalar @failed, 0, "seed $seed, sequences $first to $last");
	report($first + $_, $results[$_]) for grep { defined } @failed[0 .. 9];
	is(scalar @$unheard, 0, "seed $seed, messages of sequences $first to $last");
	diag $_ for grep { defined } @$unheard[0 .. 2];
	for my $result (grep { !$_->{failure} } @results)
	{
		$seen{$_} += $result->{$_} for keys %$result;
	}
}

note "$seen{$_} times $_" for sort keys %seen;
SKIP:
{
	skip 'too few sequences to see everything', 1 if $count < 500;
	my @all = ('what was described: settled', 'applied', 'applied: nothing', 'applied by a role', 'undone', 'writes broken',
		'copied: all', 'copied: all but what was left out', 'what was applied: settled', 'what was applied: skipped',
		(map { "refused: $_" } 'publication', 'rights', 'breaking writes', 'patterns'),
		(map { "said: $_" } 'pattern', 'pattern of several schemas', 'pattern under an entry', 'coverage', 'grants of a table'), 'not covered',
		'copied: grants of a table',
		(map { "changed: $_" } qw(autovacuum grants publication publications publish publish_via_partition_root replica_identity)),
		(map { "identity: $_" } qw(full default nothing index)),
		(map { "has: $_" } 'hidden table', 'unlogged table', 'partition in another schema',
			(map { "identity $_" } qw(d f n index), 'index dropped'), 'vacuum option', 'other option', 'toast option',
			'publication of all tables', 'publication of a schema', 'publication of some tables', 'publication not via the root',
			'column list', 'row filter', 'grant by another', 'grant option', 'grant to PUBLIC', 'column grant',
			'default privileges r', 'default privileges S', 'default privileges of who owns nothing'),
		'described: future tables', 'skipped: default privileges in all schemas');
	is(join('; ', grep { !$seen{$_} } @all), '', 'everything occurs');
}

# And a sequence notices whatever else happens.
load('sabotage', 'environment_sabotage');
$seed = 1;
my %trace = (
	made    => qr/^after the run\npg_description /,
	changed => qr/^after the run\n.*odd_name/s,
	removed => qr/^catalogs that lack rows.*pg_description/s,
	undo    => qr/^after the undo\n/,
	copy    => qr/^the copy\npg_description /,
	silence => qr/^nothing/,
	writes  => qr/^tables whose writes/);
for my $sabotage (sort keys %trace)
{
	my ($messages, $unheard, @results) = run_sequences("SET property.sabotage = '$sabotage';", 1 .. ($sabotage eq 'writes' ? 20 : 10));
	my @noticed = grep { $_->{failure} && $_->{failure} =~ $trace{$sabotage} } @results;
	@noticed = @$unheard if $sabotage eq 'silence';
	cmp_ok(scalar @noticed, '>', 0, "sabotage is noticed: $sabotage");
}

done_testing();
