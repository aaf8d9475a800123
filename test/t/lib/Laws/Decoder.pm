# What the output plugin pgoutput writes, protocol version 1, as far as the test of the laws needs
# it: which rows of which relation arrive, with which columns. The protocol: "Logical Replication
# Message Formats" in PostgreSQL's documentation.
package Laws::Decoder;

use strict;
use warnings FATAL => 'all';

use Exporter 'import';

our @EXPORT_OK = qw(decode_changes);

my %operation_of = (I => 'insert', U => 'update', D => 'delete');

# Takes what one call has read from a slot, as [transaction id, message in hexadecimal digits].
# Returns for each row that arrived xid, operation, relation ([schema, name]), columns, and kept:
# the columns whose value is "as it was" and is not there.
sub decode_changes
{
	my (@messages) = @_;
	my (%relations, @changes);
	for (@messages)
	{
		my ($xid, $hex) = @$_;
		my $message = pack 'H*', $hex;
		my $kind = substr $message, 0, 1, '';
		read_relation(\%relations, $message) if $kind eq 'R';
		next if !$operation_of{$kind};
		my $relation = $relations{ unpack 'N', substr $message, 0, 4, '' } or die "a row of an unknown relation";
		push @changes, { xid => $xid, operation => $operation_of{$kind}, relation => $relation->{name},
			columns => $relation->{columns}, kept => kept_columns($relation, $message) };
	}
	return @changes;
}

sub read_relation
{
	my ($relations, $message) = @_;
	my ($id, $schema, $name, $identity, $count, $rest) = unpack 'N Z* Z* a1 n a*', $message;
	my @columns;
	for (1 .. $count)
	{
		(my ($flags, $column, $type, $modifier), $rest) = unpack 'C Z* N N a*', $rest;
		utf8::decode($column);
		push @columns, $column;
	}
	utf8::decode($_) for $schema, $name;
	$relations->{$id} = { name => [ $schema, $name ], columns => \@columns };
	return;
}

# Of an old and a new row, a column is missing that neither has.
sub kept_columns
{
	my ($relation, $message) = @_;
	my %has;
	while (length $message)
	{
		my ($which, $count) = unpack 'a1 n', substr $message, 0, 3, '';
		for my $column (@{ $relation->{columns} }[0 .. $count - 1])
		{
			my $state = substr $message, 0, 1, '';
			$has{$column} = 1 if $state eq 't' || ($state eq 'n' && $which eq 'N');
			$has{$column} //= 0 if $state eq 'u';
			my $length = $state eq 't' ? unpack 'N', substr $message, 0, 4, '' : 0;
			substr $message, 0, $length, '';
		}
	}
	return [ grep { defined $has{$_} && !$has{$_} } @{ $relation->{columns} } ];
}

1;
