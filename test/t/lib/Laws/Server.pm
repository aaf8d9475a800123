# A server in which the test of the laws makes databases, tries writes and reads what arrives. All
# that it knows of publications it gets from the output plugin.
package Laws::Server;

use strict;
use warnings FATAL => 'all';

use Deploy;
use FindBin;
use JSON::PP;
use Laws::Decoder qw(decode_changes);
use PostgreSQL::Test::Utils;

my $json = JSON::PP->new->canonical->utf8;

# Those that grow with each database, as nothing else vacuums them.
my @catalogs = map { "pg_$_" } qw(attrdef attribute class constraint depend description index inherits namespace partitioned_table
	publication publication_namespace publication_rel shdepend statistic type);

# node, version; of the database that was built: tables (laws.tables()), schemas, publications, and
# refused, what the server had to say. sabotage: what is done to the rows of check_cdc before
# anybody looks at them.
sub new
{
	my ($class) = @_;
	my $node = new_server(
		'laws', allows_streaming => 'logical', wal_level => 'logical',
		autovacuum => 'off', jit => 'off', log_statement => 'none', log_min_messages => 'panic',
		checkpoint_timeout => '1d', max_wal_size => '4GB', max_replication_slots => 20, max_wal_senders => 10,
		max_slot_wal_keep_size => '4GB', wal_sender_timeout => '5min');
	my $self = bless { node => $node, tables => [] }, $class;
	$node->safe_psql('postgres', slurp_file("$FindBin::RealBin/../property/laws.sql"));
	$self->{version} = int($node->safe_psql('postgres', 'SHOW server_version_num') / 10000);
	return $self;
}

# Status and messages of a script; its output line by line, decoded where it is JSON. psql goes on
# after errors unless it is to stop.
sub run
{
	my ($self, $script, %options) = @_;
	my ($status, $output, $messages) = $self->{node}->psql('postgres', $script, on_error_stop => $options{stops} // 0);
	$messages =~ s/^psql:<stdin>:\d+: //mg;
	return ($status, $messages, map { /^[\[{]/ ? $json->decode($_) : $_ } split /\n/, $output);
}

# Another database: what the server refuses of the statements is not there.
sub build
{
	my ($self, @statements) = @_;
	my ($status, $messages, @output) = $self->run(join "\n",
		'SET client_min_messages = error;', 'CALL laws.clear();', 'VACUUM ' . join(', ', @catalogs) . ';',
		map({ "$_;" } @statements), 'SELECT laws.tables();',
		q{SELECT jsonb_build_array('publication', pubname) FROM pg_publication ORDER BY pubname;},
		q{SELECT jsonb_build_array('schema', s) FROM laws.schemas() s;});
	$self->{tables} = [];
	$self->{$_} = [] for qw(publications schemas);
	for my $line (grep { ref } @output)
	{
		my $is_named = @$line == 2 && !ref $line->[0];
		$is_named ? push(@{ $self->{"$line->[0]s"} }, $line->[1]) : ($self->{tables} = $line);
	}
	$self->{refused} = $messages;
	return;
}

# Tries all writes and reads all slots. Returns writes, the errors or ''; got, what arrived in which
# publication; view, what the server lists as published; and rows, those of check_cdc if a call is
# given.
sub observe
{
	my ($self, $call) = @_;
	my ($status, $messages, @output) = $self->run(join "\n",
		'SET client_min_messages = error;',
		'SELECT laws.make_slots();',
		'CALL laws.write(' . literal($json->encode($self->{tables})) . ');',
		q{SELECT format('SELECT ''change'', encode(%L, ''hex''), xid, encode(data, ''hex'') '
			'FROM pg_logical_slot_get_binary_changes(%L, NULL, NULL, ''proto_version'', ''1'', ''publication_names'', %L)',
			convert_to(pubname, 'UTF8'), laws.slot_of(pubname), quote_ident(pubname)) FROM pg_publication ORDER BY pubname \gexec},
		q{SELECT jsonb_build_array('view', pubname, format('%I.%I', schemaname, tablename), rowfilter IS NOT NULL, attnames)
			FROM pg_publication_tables WHERE schemaname IN (SELECT laws.schemas());},
		$call ? report_of($call) : '');
	my %seen = (writes => {}, got => {}, view => {}, rows => []);
	die "no writes were tried: $messages" if !grep { ref && (!@$_ || ref $_->[0]) } @output;
	my (%change_of, %messages_of);
	$self->take_line(\%seen, \%change_of, $_) for grep { ref } @output;
	for (grep { /^change\|/ } @output)
	{
		my ($kind, $publication, $xid, $message) = split /\|/;
		utf8::decode($publication = pack 'H*', $publication);
		push @{ $messages_of{$publication} }, [ $xid, $message ];
	}
	$self->take_arrivals(\%seen, \%change_of, $_, @{ $messages_of{$_} }) for keys %messages_of;
	$seen{rows} = $self->{sabotage}->($seen{rows}) if $self->{sabotage};
	return \%seen;
}

sub take_line
{
	my ($self, $seen, $change_of, $line) = @_;
	my ($kind, @values) = @$line;
	if (ref $kind)
	{
		for my $write (@$line)
		{
			$seen->{writes}{ $write->{table} }{ $write->{operation} }{ $write->{row} } = $write->{error} // '';
			$change_of->{ $write->{xid} } = $write if $write->{xid};
		}
	}
	elsif ($kind eq 'view')
	{
		$seen->{view}{ $values[0] }{ $values[1] } = { has_filter => $values[2], columns => $values[3] };
	}
	elsif ($kind eq 'row')
	{
		my %row;
		@row{qw(severity check object finding remedy)} = @values;
		push @{ $seen->{rows} }, \%row;
	}
	return;
}

# The transaction of a row tells which write it comes from, whatever is left of the row.
sub take_arrivals
{
	my ($self, $seen, $change_of, $publication, @messages) = @_;
	for my $change (decode_changes(@messages))
	{
		my $write = $change_of->{ $change->{xid} } or next;
		$seen->{got}{$publication}{ $write->{table} }{ $write->{operation} }{ $write->{row} } = {
			as => join('.', @{ $change->{relation} }), columns => $change->{columns}, kept => $change->{kept} };
	}
	return;
}

# The rows of a call alone.
sub rows_of
{
	my ($self, $call) = @_;
	my ($status, $messages, @output) = $self->run(report_of($call));
	die "check_cdc: $messages" if $messages =~ /ERROR/;
	my %seen = (rows => []);
	$self->take_line(\%seen, {}, $_) for grep { ref } @output;
	return $self->{sabotage} ? $self->{sabotage}->($seen{rows}) : $seen{rows};
}

sub report_of
{
	my ($call) = @_;
	return q{SELECT jsonb_build_array('row', severity, check_name, COALESCE(object, concat_ws('.', quote_ident(schema_name), quote_ident(table_name))), finding, remedy) FROM dj_deploy.check_cdc(}
	  . join(', ', map { literal($_) } @$call{qw(schema publication consumer)}) . ');';
}

sub literal
{
	my ($text) = @_;
	return 'NULL' if !defined $text;
	return 'ARRAY[' . join(', ', map { literal($_) } @$text) . ']' if ref $text;
	return ($text =~ /\\/ ? 'E' : '') . "'" . $text =~ s/(['\\])/$1$1/gr . "'";
}

1;
