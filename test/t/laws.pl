# The four laws of what is said and done about publications, in random databases: writes are really
# tried, and what arrives is really read from slots, before and after each remedy of check_cdc, each
# call and each apply. The server alone decides.
#  1. No write that worked fails.
#  2. What arrived still arrives, under the same name; what a filter or list kept in stays in; or there is a WARNING.
#  3. A remedy ends its finding, and no error comes that has no remedy.
#  4. What does not arrive has a finding.
# PROPERTY_SEED and PROPERTY_DATABASES choose other databases; PROPERTY_DATABASE runs that one alone
# and shows each step.
use strict;
use warnings FATAL => 'all';

use FindBin;
use lib "$FindBin::RealBin/lib";
use Laws::Cases qw(@cases @sabotages made_up);
use Laws::Database qw(statements_of random_document pick chance);
use Laws::Server;
use Laws::Trial;
use List::Util qw(min);
use Test::More;

my @laws = ('writes', 'consumers', 'no dead ends', 'nothing silent');
my @consumers = qw(any lakehouse_sync debezium clickpipes postgres);
my $seed = $ENV{PROPERTY_SEED} || int(rand(2**31));
my $count = $ENV{PROPERTY_DATABASES} || 30;
my $batch = 10;
note "PROPERTY_SEED=$seed PROPERTY_DATABASES=$count";

local $ENV{PGCLIENTENCODING} = 'UTF8';
local $ENV{LC_MESSAGES} = 'C';
my $server = Laws::Server->new;
my %done;

# One database: its remedies, a direct call, a document. Each begins with what the database was made as.
sub try_database
{
	my ($number, $found, $trace) = @_;
	srand $seed * 1000 + $number;
	my $database = statements_of($server->{version});
	my $trial = Laws::Trial->new(
		server => $server, statements => $database->{statements}, found => $found, done => \%done,
		title => "PROPERTY_SEED=$seed PROPERTY_DATABASE=$number", $trace ? (trace => $trace) : ());
	$trace->(join ";\n", @{ $database->{statements} }, '') if $trace;
	$trial->build;
	$trace->("refused: $server->{refused}") if $trace;
	$trial->listen;
	follow($trial, $database, 2 * $number + $_) for 0, 1;
	set_identities($trial, $database);
	set_members($trial, $database);
	$trial->apply_and_undo($database->random_document, chance(0.4));
	return;
}

# Consumers, with and without a publication, take turns, and so do remedies one by one and together.
sub follow
{
	my ($trial, $database, $turn) = @_;
	my $schema = chance(0.3) ? $server->{schemas} : pick(@{ $server->{schemas} });
	my $publication = $turn % 3 && @{ $server->{publications} } ? pick(@{ $server->{publications} }) : undef;
	my $call = { schema => $schema, publication => $publication, consumer => $consumers[ $turn % @consumers ] };
	$trial->follow_remedies($call, chance(0.4));
	$trial->build;
	return;
}

sub set_identities
{
	my ($trial, $database) = @_;
	my $schema = Laws::Server::literal(pick(@{ $database->{schemas} }));
	my $mode = pick(qw(full full default));
	$trial->call_directly("set_replica_identity $mode", "SELECT dj_deploy.set_replica_identity($schema, '$mode', dry_run => false)");
	$trial->build;
	return;
}

# Who takes a schema out has asked for that.
sub set_members
{
	my ($trial, $database) = @_;
	my $schema = pick(@{ $database->{schemas} });
	my $publication = pick(@{ $database->{publications} }, 'fresh');
	my $member = pick(qw(true true false));
	my $names = join ', ', map { Laws::Server::literal($_) } $schema, $publication;
	$trial->call_directly("set_publication_membership $member",
		"SELECT dj_deploy.set_publication_membership($names, member => $member, dry_run => false)",
		sub { $member eq 'false' && $_[0] eq $publication && grep { $_->{schema} eq $schema } $_[1], @{ $_[1]{ancestors} } });
	$trial->build;
	return;
}

# One verdict for each law, with at most ten kinds of failures.
sub judge
{
	my ($title, $found) = @_;
	for my $law (1 .. 4)
	{
		my $kinds = $found->{$law} // {};
		is(scalar keys %$kinds, 0, "law $law, $laws[ $law - 1 ]: $title");
		my @kinds = sort keys %$kinds;
		diag "law $law, $kinds->{$_}{count} times $_:\n  $kinds->{$_}{text}" for @kinds[ 0 .. min($#kinds, 9) ];
		diag 'and ' . (@kinds - 10) . ' more kinds' if @kinds > 10;
	}
	return;
}

sub split_statements { return grep { /\S/ } split /;/, $_[0] }

sub calls_of { return map { my %call; @call{qw(schema publication consumer)} = @$_; \%call } @{ $_[0] } }

if (my $number = $ENV{PROPERTY_DATABASE})
{
	my %found;
	try_database($number, \%found, sub { diag @_ });
	judge("seed $seed, database $number", \%found);
	done_testing();
	exit;
}

for (grep { $server->{version} >= ($_->{needs} // 0) } @cases)
{
	my %case = %$_;
	my $trial = Laws::Trial->new(server => $server, statements => [ split_statements($case{statements}) ], title => $case{title});
	$trial->build;
	is($server->{refused}, '', "$case{title}: the database is made");
	$trial->listen;
	for my $call (calls_of($case{calls} // []))
	{
		$trial->build, $trial->follow_remedies($call, $_) for 0, 1;
	}
	for my $statement (@{ $case{direct} // [] })
	{
		$trial->build;
		$trial->call_directly('direct call', $statement);
		$trial->listen;
	}
	judge($case{title}, $trial->{found});
}

for (my $first = 1; $first <= $count; $first += $batch)
{
	my $last = min($first + $batch - 1, $count);
	my %found;
	try_database($_, \%found) for $first .. $last;
	judge("seed $seed, databases $first to $last", \%found);
}
note "$done{$_} times $_" for sort keys %done;

# And the test notices what is against each law.
for my $sabotage (@sabotages)
{
	local $server->{sabotage} = $sabotage->{law} == 4 ? sub { [] } : $sabotage->{rows} ? $sabotage->{rows}->() : \&made_up;
	my $trial = Laws::Trial->new(server => $server, statements => [ split_statements($sabotage->{statements}) ], title => 'sabotage',
		change => sub { $sabotage->{remedy} });
	$trial->build;
	$sabotage->{law} == 4 ? $trial->listen
	  : $trial->follow_remedies({ schema => 'lab', publication => 'cdc', consumer => 'lakehouse_sync' }, 0);
	my @kinds = grep { /$sabotage->{noticed}/ } keys %{ $trial->{found}{ $sabotage->{law} } // {} };
	cmp_ok(scalar @kinds, '>', 0, "sabotage is noticed: law $sabotage->{law}, " . ($sabotage->{remedy} // 'nothing is said'))
	  or diag explain $trial->{found};
}

done_testing();
