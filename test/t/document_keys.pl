# Each key of the environment document makes the round trip, at each level where it may stand: what
# is applied is described, undone, and brought back by the description. The server says which keys
# it accepts; for each there is a document in test/keys/LEVEL-KEY.json about the schema "lab" below,
# so that a key without one, or that describe does not know, is noticed.
use strict;
use warnings FATAL => 'all';

use FindBin;
use lib "$FindBin::RealBin/lib";
use Deploy;
use JSON::PP;
use Test::More;

my $json = JSON::PP->new->canonical->allow_nonref;
my $node = new_server('main', autovacuum => 'off', wal_level => 'logical');
$node->safe_psql('postgres', q(
	CREATE ROLE reader;
	CREATE ROLE creator;
	CREATE SCHEMA lab;
	CREATE TABLE lab.session (id int PRIMARY KEY, note text);
	CREATE TABLE lab.trial (id int CONSTRAINT trial_pkey PRIMARY KEY, code int NOT NULL, CONSTRAINT trial_code UNIQUE (code));
	CREATE TABLE lab.counted (id serial PRIMARY KEY);
	CREATE TABLE lab.nokey (id int);
	CREATE TABLE lab."~log" (id int PRIMARY KEY);
	CREATE TABLE lab.scan (id int PRIMARY KEY) PARTITION BY RANGE (id);
	CREATE TABLE lab.scan_1 PARTITION OF lab.scan FOR VALUES FROM (0) TO (10);
	CREATE VIEW lab.good AS SELECT * FROM lab.session;
	CREATE PUBLICATION audit FOR TABLE lab.session, lab.trial, lab.counted WITH (publish = 'insert');
	ALTER TABLE lab.trial SET (autovacuum_vacuum_threshold = 70);
	GRANT INSERT ON lab.trial TO reader;
));

# All that a document may change, as far as it can be undone.
my $state = q(
	SELECT jsonb_pretty(jsonb_agg(fact ORDER BY fact::text COLLATE "C")) FROM (
		SELECT jsonb_build_array(c.oid::regclass, relreplident, i.indexrelid::regclass, c.reloptions, a.*)
		FROM pg_class c LEFT JOIN pg_index i ON indrelid = c.oid AND indisreplident
		LEFT JOIN aclexplode(coalesce(relacl, acldefault(CASE relkind WHEN 'S' THEN 's' ELSE 'r' END::"char", relowner))) a ON true
		WHERE relkind IN ('r', 'p', 'v', 'S', 't') AND c.oid >= 16384
		UNION ALL
		SELECT jsonb_build_array(nspname, a.*)
		FROM pg_namespace LEFT JOIN aclexplode(coalesce(nspacl, acldefault('n', nspowner))) a ON true WHERE nspname !~ '^pg_'
		UNION ALL
		SELECT jsonb_build_array(defaclrole, defaclobjtype, a.*) FROM pg_default_acl LEFT JOIN aclexplode(defaclacl) a ON true
		UNION ALL
		SELECT to_jsonb(p) - 'oid' FROM pg_publication p
		UNION ALL
		SELECT jsonb_build_array(pubname, prrelid::regclass, prqual, prattrs)
		FROM pg_publication_rel JOIN pg_publication p ON p.oid = prpubid) AS t(fact));

# An unknown key is refused with the nearest known one, or with all of them.
sub keys_at
{
	my ($document) = @_;
	my $refusal = error_of($node, "SELECT dj_deploy.apply('$document')");
	$refusal =~ /^HINT:  The keys there are (.*)\.$/m or die "no list of keys: $refusal";
	return grep { !/^(?:version|schemas|schema_patterns|tables)$/ } $1 =~ /"(\w+)"/g;
}

my %keys = (
	document => [ keys_at('{"version": 1, "0": 0}') ],
	schema   => [ keys_at('{"version": 1, "schemas": {"lab": {"0": 0}}}') ],
	table    => [ keys_at('{"version": 1, "schemas": {"lab": {"tables": {"session": {"0": 0}}}}}') ]);
is_deeply([ keys_at('{"version": 1, "schema_patterns": {"lab": {"0": 0}}}') ], $keys{schema}, 'a pattern has the keys of a schema');
cmp_ok(scalar @{ $keys{$_} }, '>', 1, "there are keys at the level of a $_") for sort keys %keys;

# A rule for the document, which is no state of the database.
my %is_rule = ('document-require_coverage' => 1);

for my $level (sort keys %keys)
{
	check($level, $_) for grep { !$is_rule{"$level-$_"} } @{ $keys{$level} };
}

my @files = map { m{([^/]+)[.]json$} } glob "$FindBin::RealBin/../keys/*.json";
is_deeply([ sort @files ], [ sort grep { !$is_rule{$_} } map { my $level = $_; map { "$level-$_" } @{ $keys{$level} } } keys %keys ],
	'each document is about a key');

sub check
{
	my ($level, $key) = @_;
	my $name = "$key of a $level";
	my $file = "$FindBin::RealBin/../keys/$level-$key.json";
	return fail("$name has a document in test/keys/") if !-e $file;
	my $document = $json->decode(scalar PostgreSQL::Test::Utils::slurp_file($file));
	ok(says($document, $level, $key), "$name: its document has it");

	$node->safe_psql('template1', 'CREATE DATABASE round TEMPLATE postgres');
	my $before = value($state);
	is_deeply(call('apply', value("SELECT dj_deploy.describe('lab')"), 'true')->{ddl}, [], "$name: at first all is as described");
	my $planned = call('apply', $json->encode($document), 'true');
	check_pattern($name, $document, $planned) if $level ne 'document';

	my $result = call('apply', $json->encode($document), 'false');
	cmp_ok(scalar @{ $result->{changes} }, '>', 0, "$name: there is something to do");
	is_deeply($result->{ddl}, $planned->{ddl}, "$name: the dry run shows it");
	is(drift($document), '[]', "$name: then nothing differs");
	my $described = value("SELECT dj_deploy.describe('lab')");
	ok(says($json->decode($described), $level, $key), "$name: describe says it") or diag $described;
	is_deeply(call('apply', $described, 'true')->{ddl}, [], "$name: what is described is so");

	value($_->{undo}) for reverse @{ $result->{changes} };
	is(value($state), $before, "$name: undo brings back what was");
	isnt(drift($document), '[]', "$name: so that it differs again");
	value("CALL dj_deploy.rollout(dj_deploy.apply(\$document\$$described\$document\$), dry_run => false)");
	is(drift($document), '[]', "$name: and the description brings it back, statement by statement");
	$node->safe_psql('template1', 'DROP DATABASE round');
	return;
}

# What is said of a schema may be said of a pattern.
sub check_pattern
{
	my ($name, $document, $planned) = @_;
	my %patterned = %$document;
	$patterned{schema_patterns} = { '?ab' => (delete $patterned{schemas})->{lab} };
	is_deeply(call('apply', $json->encode(\%patterned), 'true')->{changes}, $planned->{changes}, "$name: a pattern says the same");
	return;
}

sub says
{
	my ($document, $level, $key) = @_;
	my $schema = $document->{schemas}{lab};
	return exists $document->{$key} if $level eq 'document';
	return exists $schema->{$key} if $level eq 'schema';
	return grep { exists $_->{$key} } values %{ $schema->{tables} };
}

sub value
{
	my ($statement) = @_;
	return $node->safe_psql('round', $statement);
}

sub call
{
	my ($function, $document, $dry_run) = @_;
	return $json->decode(value("SELECT dj_deploy.$function(\$document\$$document\$document\$, $dry_run)"));
}

sub drift
{
	my ($document) = @_;
	return value('SELECT coalesce(jsonb_agg(d), $$[]$$) FROM dj_deploy.drift($document$' . $json->encode($document) . '$document$) d');
}

done_testing();
