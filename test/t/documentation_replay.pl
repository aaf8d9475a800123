# What README.md and docs/ print is what psql prints: the sessions in fenced blocks, whose statements
# begin with "=> ", are run page by page, each page in a database of its own with the pipeline. Lines
# of the page must be in the output, in their order; "…" stands for anything. The width of columns,
# times, and numbers of four digits and more may differ. A block that cannot be run says so in the
# line before it: <!-- not replayed: why -->.
use strict;
use warnings FATAL => 'all';
use utf8;

use FindBin;
use lib "$FindBin::RealBin/lib";
use Deploy;
use File::Find;
use IPC::Run;
use PostgreSQL::Test::Utils;
use Test::More;

my $root = "$FindBin::RealBin/../..";
plan skip_all => 'README.md and docs are not here' unless -e "$root/README.md" && -d "$root/docs";

my $node = new_server('main', allows_streaming => 'logical');
$node->safe_psql('postgres', 'DROP EXTENSION datajoint_deploy');
$node->safe_psql('postgres', 'CREATE DATABASE pipeline');
load_pipeline($node, 'pipeline');

# What is there before the first session of a page, as a script for psql; elsewhere the extension.
my $extension = 'CREATE EXTENSION datajoint_deploy;';
my %before = (
	'README.md' => '',
	'docs/start.md' => '',
	'docs/environment.md' => $extension . q{
		CREATE PUBLICATION cdc WITH (publish_via_partition_root = true);
		SELECT '{"version": 1, "publications": {"cdc": {}},
			"schemas": {"lab": {"tables": {"subject": {"replica_identity": "full", "publications": ["cdc"]}}}}}' AS environment \gset
	},
	'docs/schemas.md' => $extension . q{
		SELECT dj_deploy.set_replica_identity('{analysis,behavior,ephys,lab}'::text[], dry_run => false);
		SELECT dj_deploy.set_publication_membership('{analysis,behavior,ephys,lab}'::text[], 'cdc', dry_run => false);
		ALTER TABLE ephys.probe REPLICA IDENTITY DEFAULT;
	},
	'docs/set_autovacuum.md' => $extension . q{
		ALTER TABLE lab.session SET (autovacuum_analyze_threshold = 100);
	},
	'docs/set_grants.md' => $extension . q{
		CREATE ROLE analyst;
		CREATE ROLE pipeline;
		ALTER SCHEMA analysis OWNER TO pipeline;
		SELECT format('ALTER TABLE %s OWNER TO pipeline', oid::regclass)
		FROM pg_class WHERE relnamespace = 'analysis'::regnamespace AND relkind = 'r' \gexec
		CREATE TABLE lab.scratch (id int);
		ALTER TABLE lab.scratch OWNER TO analyst;
		CREATE FUNCTION lab.score(integer) RETURNS int LANGUAGE sql RETURN 1;
		GRANT EXECUTE ON FUNCTION lab.score TO analyst;
	},
	'docs/tables.md' => $extension . q{
		SELECT dj_deploy.set_replica_identity('analysis', dry_run => false);
		SELECT dj_deploy.set_publication_membership('analysis', 'cdc', dry_run => false);
		SELECT dj_deploy.set_autovacuum('analysis', '{"autovacuum_vacuum_insert_scale_factor": 0.05}', dry_run => false);
		ANALYZE;
	});

my @pages;
find({ no_chdir => 1, wanted => sub { push @pages, $_ if /\.md$/ } }, "$root/docs");
my $replayed = 0;
for my $page ("$root/README.md", sort @pages)
{
	my $name = $page =~ s{^\Q$root\E/}{}r;
	my @statements = statements_of(slurp_utf8($page));
	next unless @statements;
	$replayed++;
	replay($name, @statements);
}
cmp_ok($replayed, '>', 5, "pages were replayed ($replayed)");

sub slurp_utf8
{
	my $text = slurp_file($_[0]);
	utf8::decode($text);
	return $text;
}

# The statements of a page's sessions: {text, line, shown}.
sub statements_of
{
	my ($text) = @_;
	my ($line, $is_fenced, $is_excused) = (0, 0, 0);
	my (@statements, $statement);    # the one whose lines come
	for (split /\n/, $text)
	{
		$line++;
		if (/^\s*```/)
		{
			$is_fenced = !$is_fenced;
			$statement = undef;
		}
		elsif (!$is_fenced)
		{
			$is_excused = /^<!-- not replayed: .+ -->$/ if /\S/;
		}
		elsif (!$is_excused && s/^=> //)
		{
			$statement = { text => $_, line => $line, shown => [], is_complete => is_complete($_) };
			push @statements, $statement;
		}
		elsif ($statement && !$statement->{is_complete})
		{
			$statement->{text} .= "\n$_";
			$statement->{is_complete} = is_complete($_);
		}
		elsif ($statement)
		{
			push @{ $statement->{shown} }, { text => $_, line => $line };
		}
	}
	return @statements;
}

sub is_complete { return $_[0] =~ /;\s*$|\\\w+\s*$|^\\/ ? 1 : 0 }

# Runs a page in one psql, with a mark between two statements.
sub replay
{
	my ($name, @statements) = @_;
	$node->safe_psql('postgres', 'CREATE DATABASE page TEMPLATE pipeline');
	my $script = ($before{$name} // $extension) . "\n" . join '', map { "\\echo \@mark\n\\warn \@mark\n$_->{text}\n" } @statements;
	utf8::encode($script);
	IPC::Run::run([ 'psql', '-X', '-f', '-', '-d', $node->connstr('page') ], '<', \$script, '>', \my $output, '2>', \my $messages);
	utf8::decode($_) for $output, $messages;
	$messages =~ s/^psql:<stdin>:\d+: //mg;
	my @outputs = split /^\@mark\n/m, $output, -1;
	my @messages = split /^\@mark\n/m, $messages, -1;
	is(scalar @outputs, @statements + 1, "$name: all statements are run");
	unlike($messages[0], qr/^ERROR/m, "$name: what is there before");
	for my $number (1 .. @statements)
	{
		my $statement = $statements[ $number - 1 ];
		my $printed = ($messages[$number] // '') . ($outputs[$number] // '');
		my $missing = missing_line($printed, @{ $statement->{shown} });
		$missing //= { line => $statement->{line}, text => 'an error' }
		  if $printed =~ /^ERROR: /m && !grep { $_->{text} =~ /^ERROR: / } @{ $statement->{shown} };
		ok(!$missing, bytes("$name:$statement->{line}: " . substr($statement->{text}, 0, 60) =~ s/\n/ /gr))
		  or diag(bytes("line $missing->{line}: $missing->{text}\nis not what psql prints:\n$printed"));
	}
	$node->safe_psql('postgres', 'DROP DATABASE page');
	$node->safe_psql('postgres', 'DROP ROLE IF EXISTS analyst, pipeline');
	return;
}

sub bytes
{
	my ($text) = @_;
	utf8::encode($text);
	return $text;
}

# The first line of the page that is not in the output, from where the one before it was found.
sub missing_line
{
	my ($printed, @shown) = @_;
	$printed = plain($printed);
	my $from = 0;
	for my $line (@shown)
	{
		my $text = plain($line->{text});
		next if $text =~ /^(…)?$/;
		my $pattern = join '.*?', map { quotemeta } split /…/, $text, -1;
		pos($printed) = $from;
		return $line unless $printed =~ /$pattern/gs;
		$from = pos $printed;
	}
	return undef;
}

sub plain
{
	my ($text) = @_;
	$text =~ s/\d{4}-\d\d-\d\d \d\d:\d\d:\d\d(?:\.\d+)?(?:[+-]\d\d)?/<time>/g;
	$text =~ s/\b\d\d:\d\d:\d\d(?:\.\d+)?/<time>/g;
	$text =~ s/\d{4,}/<number>/g;
	$text =~ s/-{2,}/--/g;
	$text =~ s/\s+/ /g;
	$text =~ s/^ | $//g;
	return $text;
}

$node->stop;
done_testing();
