# Random sequences of the four operations on random schemas: after each call the whole catalog is as
# the oracle expects it, the preview was the text that ran, and a second call plans nothing. See
# test/property/sequence.sql. PROPERTY_SEED and PROPERTY_SEQUENCES choose other sequences;
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
my @operations = qw(set_autovacuum set_grants set_publication_membership set_replica_identity);
note "PROPERTY_SEED=$seed PROPERTY_SEQUENCES=$count";

local $ENV{PGCLIENTENCODING} = 'UTF8';
my $node = new_server('main', autovacuum => 'off', jit => 'off', log_statement => 'none', log_min_messages => 'panic');
$node->safe_psql('postgres', "CREATE DATABASE property ENCODING 'UTF8' LOCALE 'C' TEMPLATE template0");
load('property', 'pools', 'catalog', 'generator', 'oracle', @operations, 'sequence');

sub load
{
	my @files = map { "$FindBin::RealBin/../property/$_.sql" } @_;
	$node->command_ok([ 'psql', '-XqAt', '-v', 'ON_ERROR_STOP=1', '-d', $node->connstr('property'), map { ('-f', $_) } @files ],
		"load @_");
	$node->safe_psql('property', 'SELECT property.count_rows()');
	return;
}

# What property.sequence() returns for each of the numbers, after what the server had to say. The
# rows that a sequence leaves behind are dead, but catalogs grow until they are vacuumed.
sub run_sequences
{
	my ($settings, @numbers) = @_;
	my ($status, $output, $notices) = $node->psql('property', join "\n",
		'SET client_min_messages = error;', 'VACUUM;', $settings, map { "SELECT property.sequence($seed, $_);" } @numbers);
	my @results = map { decode_json($_) } split /\n/, $output;
	die "sequences $numbers[0] to $numbers[-1] end with status $status: $notices" if $status != 0 || @results != @numbers;
	return ($notices, @results);
}

sub report
{
	my ($number, $result) = @_;
	my $text = join "\n", "PROPERTY_SEED=$seed PROPERTY_SEQUENCE=$number shows all of it",
	  $result->{call} // 'before the first call', $result->{failure};
	utf8::encode($text);
	diag $text;
	return;
}

if (my $number = $ENV{PROPERTY_SEQUENCE})
{
	my ($notices, $result) = run_sequences('SET client_min_messages = notice; SET property.trace = on;', $number);
	diag $notices =~ s/^psql:<stdin>:\d+: NOTICE:  //mgr;
	report($number, $result) if $result->{failure};
	ok(!$result->{failure}, "seed $seed, sequence $number");
	done_testing();
	exit;
}

my %seen;
for (my $first = 1; $first <= $count; $first += $batch)
{
	my $last = $first + $batch - 1 < $count ? $first + $batch - 1 : $count;
	my ($notices, @results) = run_sequences('', $first .. $last);
	my @failed = grep { $results[$_]{failure} } 0 .. $#results;
	is(scalar @failed, 0, "seed $seed, sequences $first to $last");
	report($first + $_, $results[$_]) for grep { defined } @failed[0 .. 2];
	for my $result (grep { !$_->{failure} } @results)
	{
		$seen{$_} += $result->{$_} for keys %$result;
	}
}

# Each operation came to each end.
note "$seen{$_} times $_" for sort keys %seen;
SKIP:
{
	skip 'too few sequences to see everything', 1 if $count < 500;
	my @ends = map { my $operation = $_; map { "$operation $_" } 'changed', 'changed, by a role', 'settled', 'refused', 'dry', 'of one table' }
	  @operations;
	push @ends, map { "$_ changed, skipped" } qw(set_publication_membership set_grants);
	is(join('; ', grep { !$seen{$_} } @ends), '', 'everything occurs');
}

# And a sequence notices whatever else happens.
load('sabotage');
$seed = 1;
my %trace = (
	made    => qr/^after the run\npg_description /,
	changed => qr/^after the run\n.*odd_name/s,
	removed => qr/^catalogs that lack rows.*pg_description/s);
for my $sabotage (sort keys %trace)
{
	my ($notices, @results) = run_sequences("SET property.sabotage = '$sabotage';", 1 .. 40);
	my @noticed = grep { $_->{failure} && $_->{failure} =~ $trace{$sabotage} } @results;
	my %by = map { $_->{call} =~ /dj_deploy\.(\w+)/ ? ($1 => 1) : () } @noticed;
	is(join(' ', sort keys %by), "@operations", "sabotage is noticed: row $sabotage");
}

done_testing();
