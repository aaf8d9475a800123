# Trials: something is done in a database, and the laws are asked about what was observed before and
# after. What is against a law is kept by law and kind, with how often it came and the first case in
# full.
package Laws::Trial;

use strict;
use warnings FATAL => 'all';

use JSON::PP;
use Laws qw(broken_writes consumer_harm dead_ends silences silent_values);
use Laws::Server;

# Remedies about the server, its roles and slots, which say nothing about publications.
my $not_tried = qr/ALTER SYSTEM|pg_terminate|ALTER ROLE|pg_drop_replication_slot|GRANT/;
# Warnings that say nothing about what arrives or fails.
my $other_warnings = qr/skipping|was empty|\bslot\b/;

my $json = JSON::PP->new->canonical->utf8->pretty(0);

# server: a Laws::Server; statements: those that make the database; title: where it comes from;
# change: the remedy of a row, or for sabotage another statement; trace: shows each step; found and
# done: where all is kept.
sub new
{
	my ($class, %trial) = @_;
	return bless { found => {}, done => {}, trace => sub { }, change => sub { $_[0]{remedy} }, %trial }, $class;
}

sub build { my ($self) = @_; $self->{server}->build(@{ $self->{statements} }); return }

sub keep
{
	my ($self, $law, $source, @found) = @_;
	for (@found)
	{
		my ($kind, $text) = @$_;
		$self->{trace}->("LAW $law: $text");
		my $entry = $self->{found}{$law}{"$source: $kind"} //= { count => 0, text => "$self->{title}: $source: $text" };
		$entry->{count}++;
	}
	return;
}

sub did { my ($self, $what) = @_; $self->{done}{$what}++; return }

# All remedies of a call, severity by severity, each alone or those of a severity in one transaction.
sub follow_remedies
{
	my ($self, $call, $is_together) = @_;
	my $server = $self->{server};
	my $before = $server->observe($call);
	for my $severity (qw(error warning info))
	{
		my $first = $before->{rows};
		my @rows = grep { $_->{severity} eq $severity && defined $_->{remedy} && $_->{remedy} !~ $not_tried } @$first;
		my @steps = $is_together && @rows ? (\@rows) : map { [$_] } @rows;
		my @ran;
		for my $step (@steps)
		{
			push @ran, @$step;
			$before = $self->take_step($call, $first, $before, \@ran, $step);
		}
	}
	return $before;
}

sub take_step
{
	my ($self, $call, $first, $before, $ran, $step) = @_;
	my $server = $self->{server};
	my @remedies = map { $self->{change}->($_) . ';' } @$step;
	my $source = join '+', sort keys %{ { map { $_->{check} => 1 } @$step } };
	$source = 'all of ' . $step->[0]{severity} if $source =~ /\+/;
	$self->{trace}->("$source: @remedies");
	my ($status, $messages) = $server->run(join("\n", @$step > 1 ? ('BEGIN;', @remedies, 'COMMIT;') : @remedies), stops => 1);
	$self->{trace}->($messages) if $messages;
	$self->did("remedy of $_->{check}") for @$step;
	my $after = $server->observe($call);
	$self->keep(3, $source, [ 'remedy fails', "@remedies: $messages" ]), return $after if $status != 0;
	my $what = join ' ', @remedies;
	my $with = sub { map { [ $_->[0], "$_->[1]\n  after $what" ] } @_ };
	$self->keep(1, $source, $with->(broken_writes($server->{tables}, $before, $after)));
	$self->keep(2, $source, $with->(consumer_harm($server->{tables}, $before, $after, is_told_by($messages))));
	$self->keep(3, $source, $with->(dead_ends($first, $before->{rows}, $after->{rows}, $ran, $step)));
	return $after;
}

# What the warnings say: of that publication, or of writes that will fail, and the table is named or
# not shown.
sub is_told_by
{
	my ($messages) = @_;
	my @warnings = $messages =~ /WARNING:  (.*)/g;
	return sub {
		my ($table, $publication) = @_;
		my $about = defined $publication ? qr/^(?!.*will fail).*publication "\Q$publication\E"/ : qr/will fail/;
		my $named = join '|', '\d+ more', quotemeta qq("$table->{plain}");
		return grep { /^\d+ more are not shown/ || (/$about/ && /$named/ && !/$other_warnings/) } @warnings;
	};
}

# Each publication for each schema, and for all of them: what does not arrive has a finding.
sub listen
{
	my ($self) = @_;
	my $server = $self->{server};
	my $seen = $server->observe;
	for my $schema (@{ $server->{schemas} }, $server->{schemas})
	{
		for my $publication (@{ $server->{publications} })
		{
			my $call = { schema => $schema, publication => $publication, consumer => 'any' };
			$self->did('publication judged');
			$self->keep(4, 'check_cdc', silences($server->{tables}, { %$seen, rows => $server->rows_of($call) }, $call));
			$call->{consumer} = ++$self->{listened} % 2 ? 'debezium' : 'clickpipes';
			$self->keep(4, 'check_cdc', silent_values($server->{tables}, { %$seen, rows => $server->rows_of($call) }, $call));
		}
	}
	return;
}

# A statement that is not a remedy. It is refused, or warns, or does no harm.
sub call_directly
{
	my ($self, $source, $statement, $is_asked) = @_;
	my $server = $self->{server};
	my $before = $server->observe;
	my ($status, $messages) = $server->run("$statement;", stops => 1);
	$self->{trace}->("$statement\n$messages");
	my ($refusal) = map { s/".*"/…/r } $messages =~ /ERROR:  (.*)/;
	$self->did($status == 0 ? $source : "$source: refused: $refusal");
	return if $status != 0;
	my $after = $server->observe;
	my $with = sub { map { [ $_->[0], "$_->[1]\n  after $statement" ] } @_ };
	my $is_told = is_told_by($messages);
	$self->keep(1, $source, $with->(broken_writes($server->{tables}, $before, $after, $is_told)));
	$self->keep(2, $source, $with->(consumer_harm($server->{tables}, $before, $after, $is_told, $is_asked)));
	return $before;
}

# apply, at once or as a plan in rollout, and then its undo, after which all is as it was.
sub apply_and_undo
{
	my ($self, $document, $is_plan) = @_;
	my $server = $self->{server};
	my $text = $json->encode($document);
	my $name = Laws::Server::literal($text);
	my ($plan) = grep { ref } ($server->run("SELECT dj_deploy.apply($name);"))[ 2 .. 2 ];
	my ($before) = $self->call_directly($is_plan ? 'apply in rollout' : 'apply',
		$is_plan ? "CALL dj_deploy.rollout(dj_deploy.apply($name), dry_run => false)" : "SELECT dj_deploy.apply($name, false)",
		sub { is_asked_for($document, @_) });
	return if !$before || !@{ $plan->{changes} };
	my @undo = map { $_->{undo} } reverse @{ $plan->{changes} };
	my ($status, $messages) = $server->run(
		'CALL dj_deploy.rollout(' . Laws::Server::literal($json->encode(\@undo)) . ', dry_run => false);', stops => 1);
	$self->{trace}->("undo: $messages");
	$self->did('undo');
	my $after = $server->observe;
	my $what = "\n  after apply($text) and its undo " . $json->encode(\@undo);
	$self->keep(3, 'undo', [ 'undo fails', "$messages$what" ]) if $status != 0;
	$self->keep(1, 'undo', map { [ $_->[0], "$_->[1]$what" ] } broken_writes($server->{tables}, $before, $after));
	$self->keep(2, 'undo', map { [ $_->[0], "$_->[1]$what" ] } consumer_harm($server->{tables}, $before, $after));
	return;
}

# Whether the document says in so many words that an operation or a schema is not published any longer.
sub is_asked_for
{
	my ($document, $publication, $table, $operation) = @_;
	my $publish = ($document->{publications}{$publication} // {})->{publish};
	return 1 if $publish && !grep { $_ eq $operation } @$publish;
	for my $place (grep { $_ } $table, @{ $table->{ancestors} })
	{
		my $schema = $document->{schemas}{ $place->{schema} } or next;
		my ($name) = substr $place->{plain}, length("$place->{schema}.");
		for my $said (grep { $_ && $_->{publications} } $schema, $schema->{tables}{$name})
		{
			return 1 if !grep { $_ eq $publication } @{ $said->{publications} };
		}
	}
	return 0;
}

1;
