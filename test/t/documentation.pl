# Every call that README.md, docs/ and examples/ show is one that the extension has: a signature
# stands in the catalog word for word, a call with placeholders resolves to one function, and any
# other call runs as it is printed.
use strict;
use warnings FATAL => 'all';

use FindBin;
use lib "$FindBin::RealBin/lib";
use Deploy;
use File::Find;
use PostgreSQL::Test::Utils;
use Test::More;

my $root = "$FindBin::RealBin/../..";
plan skip_all => 'README.md and docs are not here' unless -e "$root/README.md" && -d "$root/docs";

my $node = new_server('main', max_locks_per_transaction => 256, wal_level => 'logical');
load_pipeline($node, 'postgres');
# What the pages talk about besides the pipeline.
$node->safe_psql('postgres', q{
	CREATE ROLE analyst;
	CREATE ROLE debezium;
	CREATE ROLE reader;
	CREATE ROLE writer;
	CREATE PUBLICATION cdc;
	CREATE SCHEMA big;
	CREATE SCHEMA behaviour;
	CREATE TABLE lab.note (id int PRIMARY KEY);
	CREATE TABLE lab.dewar (id int PRIMARY KEY);
});

my %names = map { $_ => 1 } split /\n/, $node->safe_psql('postgres', q{SELECT DISTINCT proname FROM pg_proc WHERE pronamespace = 'dj_deploy'::regnamespace});
my $name = join '|', sort keys %names;

my @pages;
find({ no_chdir => 1, wanted => sub { push @pages, $_ if /\.(?:md|sql)$/ && !m{/node_modules/} } }, "$root/docs", "$root/examples");
# What stands for a value: of a driver, of psql, a variable.
my $placeholder = qr/\$\d+|%s|\?|(?<!:):'?\w+'?(?=[,)\s]|::)|(?<=\()(?:name|plan|environment|result)(?=[,)]|::)|(?<=result => )r\b/;

my %shown;    # text of a call => the first page that has it
for my $page ("$root/README.md", sort @pages)
{
	my $text = slurp_file($page);
	my $short = $page =~ s{^\Q$root\E/}{}r;
	$shown{$_} //= $short for calls_in($text);
}

# The calls in a page, from their name to the closing parenthesis. Without the schema's name it is
# one of ours only where it is not one of Python's or of the page's prose: in SQL, or as a
# signature.
sub calls_in
{
	my ($text) = @_;
	$text =~ s/^--rollback //mg;
	my @calls;
	while ($text =~ /((?:CALL |SELECT )?)(dj_deploy\.|(?<![\w.]))($name)(?=\()/g)
	{
		my ($command, $schema, $called, $start) = ($1, $2, $3, pos $text);
		my $end = closing($text, $start) // next;
		my $arguments = substr $text, $start + 1, $end - $start - 1;
		next unless $schema || $command || $arguments =~ /^(?:schema|target|schemas|VARIADIC|environment|plan)\b.*\btext|jsonb\b/;
		$arguments =~ s/\s+/ /g;
		push @calls, ($command eq 'CALL ' ? $command : '') . "dj_deploy.$called($arguments)";
	}
	return @calls;
}

# Where the parenthesis at this place is closed; undef where it is not, or where the text is cut short.
sub closing
{
	my ($text, $place) = @_;
	my ($depth, $is_quoted) = (0, 0);
	for (; $place < length $text; $place++)
	{
		my $letter = substr $text, $place, 1;
		$is_quoted = !$is_quoted if $letter eq "'";
		next if $is_quoted;
		$depth++ if $letter eq '(';
		return $place if $letter eq ')' && --$depth == 0;
	}
	return undef;
}

sub is_signature { return $_[0] =~ /\bDEFAULT\b|\((?:schema|schemas|target|VARIADIC)\b(?! =>)|\((?:environment|plan|result) jsonb/ }

# "schema | schemas | target, mode text" is one signature for each of them.
sub signatures_of
{
	my ($call) = @_;
	my ($called, $targets, $rest) = $call =~ /dj_deploy\.(\w+)\(((?:\w+(?: \w+(?:\[\])?)?)(?: \| \w+(?: \w+(?:\[\])?)?)+)(.*)\)$/
	  or return $call =~ s/^CALL //r =~ s/^dj_deploy\.//r;
	my %type = (schema => 'text', schemas => 'text[]', target => 'regclass');
	return map { my ($target) = /^(\w+)/; "$called($target $type{$target}$rest)" } split / \| /, $targets;
}

# As the catalog prints it, without what pages leave out: IN, quotes, casts of defaults, the INOUT
# argument at the end.
sub plain
{
	my ($signature) = @_;
	$signature =~ s/\bIN (?!OUT)//g;
	$signature =~ s/"//g;
	$signature =~ s/::\w+//g;
	$signature =~ s/, INOUT result jsonb DEFAULT NULL//;
	$signature =~ s/^(\w+\()schema,/$1schema text,/;
	$signature =~ s/'00:10:00'/'10 min'/;
	$signature =~ s/\s+/ /g;
	return $signature;
}

my %signatures = map { plain($_) => 1 } split /\n/, $node->safe_psql('postgres', q{
	SELECT proname || '(' || pg_get_function_arguments(oid) || ')' FROM pg_proc WHERE pronamespace = 'dj_deploy'::regnamespace});

my $run = 0;
for my $call (sort keys %shown)
{
	my $page = $shown{$call};
	my $is_procedure = $call =~ /^CALL |dj_deploy\.(?:rollout|reindex|vacuum_analyze)\(/;
	if (is_signature($call))
	{
		ok($signatures{ plain($_) }, "$page: signature $_") for signatures_of($call);
	}
	elsif ($call =~ /…|\$\{|"%|\((?:text|character|regclass)\b|\(\?, \?, \?, \?\)/)
	{
		next;    # a part is left out or stands for another text, or the page shows what is refused
	}
	elsif ($call =~ /$placeholder/)
	{
		is(resolve($call, $is_procedure), '', "$page: resolves: $call");
	}
	else
	{
		my $statement = $is_procedure ? ($call =~ s/^(?!CALL )/CALL /r) : "SELECT * FROM $call";
		my ($status, $output, $messages) = $node->psql('postgres', $statement);
		ok($status == 0, "$page: runs: $call") or diag($messages);
		$run++;
	}
}
cmp_ok($run, '>', 30, "calls were run ($run)");

# What the server says to a call whose placeholders are of no known type; nothing when there is one
# function for it.
sub resolve
{
	my ($call, $is_procedure) = @_;
	my $number = 0;
	$call =~ s/$placeholder/'$' . ++$number/ge;
	my $statement = $is_procedure ? ($call =~ s/^(?!CALL )/CALL /r) : "SELECT $call";
	# PREPARE takes no CALL; with NULLs it resolves to the same procedure, which refuses them.
	if ($is_procedure)
	{
		$statement =~ s/\$\d+/NULL/g;
		my ($status, $output, $messages) = $node->psql('postgres', $statement);
		return $status == 0 || $messages =~ /must not be null/ ? '' : $messages;
	}
	my ($status, $output, $messages) = $node->psql('postgres', "PREPARE call AS $statement");
	return $status == 0 ? '' : $messages;
}

$node->stop;
done_testing();
