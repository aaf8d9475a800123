# Random databases: the statements that make one. The server refuses some of them; what is left is a
# database as good as any.
package Laws::Database;

use strict;
use warnings FATAL => 'all';

use Exporter 'import';

our @EXPORT_OK = qw(statements_of random_document pick chance);

sub pick { return $_[ int rand @_ ] }
sub chance { return rand() < $_[0] }
sub quoted { return join '.', map { '"' . s/"/""/gr . '"' } @_ }

my @odd_names = ('~log', '~~jobs', 'a"b', "it's", 'Camel Case', 'select', 'x.y', '%s', '#lookup', 'session__part', '--');

# The statements; what they make is kept in $self: schemas, tables ({schema, name, columns, …}) and
# publications.
sub statements_of
{
	my ($version) = @_;
	my $self = bless { version => $version, statements => [], tables => [], publications => [], number => 0,
		odd_names => [@odd_names] };
	$self->{schemas} = [ 'lab', 'arch', chance(0.3) ? ('Odd "one"') : () ];
	$self->make('CREATE SCHEMA ' . quoted($_)) for @{ $self->{schemas} };
	$self->make_table for 1 .. 2 + int rand 3;
	$self->make_tree(chance(0.3) ? 3 : 1 + int rand 2) for 1 .. int rand 3;
	$self->make_heirs for 1 .. int rand 2.5;
	$self->identify($_) for @{ $self->{tables} };
	$self->make_publication for 1 .. 1 + int rand 3.3;
	return $self;
}

sub make { my ($self, $statement) = @_; push @{ $self->{statements} }, $statement; return }

sub new_name
{
	my ($self) = @_;
	my $number = ++$self->{number};
	return "t$number" if !chance(0.25) || !@{ $self->{odd_names} };
	return splice @{ $self->{odd_names} }, int rand @{ $self->{odd_names} }, 1;
}

sub new_table
{
	my ($self, %options) = @_;
	my $table = { schema => pick(@{ $self->{schemas} }), name => $self->new_name, %options };
	push @{ $self->{tables} }, $table;
	return $table;
}

sub name_of { my ($table) = @_; return quoted(@$table{qw(schema name)}) }

# Columns beside the numbers id, d and e, by which rows are told apart and partitioned.
sub random_columns
{
	my ($self) = @_;
	my %types = (note => 'text', code => 'varchar(10)', big => 'varchar(4000)', doc => 'json', data => 'jsonb', place => 'point',
		raw => 'bytea', at => 'timestamptz', uid => 'uuid', num => 'numeric', 'Odd "col"' => 'int');
	my @names = grep { chance(0.22) } sort keys %types;
	my @columns = map { quoted($_) . " $types{$_}" } @names;
	if (chance(0.25))
	{
		my $kind = $self->{version} >= 18 && chance(0.5) ? 'VIRTUAL' : 'STORED';
		push @columns, "twice int GENERATED ALWAYS AS (id * 2) $kind";
		push @names, 'twice';
	}
	return ([ 'id', 'd', 'e', @names ], join ', ', 'id int NOT NULL, d int NOT NULL, e int NOT NULL', @columns);
}

sub make_table
{
	my ($self) = @_;
	my $table = $self->new_table;
	($table->{columns}, my $definition) = $self->random_columns;
	my $kind = chance(0.1) ? 'UNLOGGED TABLE' : 'TABLE';
	$self->make("CREATE $kind " . name_of($table) . " ($definition)");
	$self->give_keys($table, 'id');
	return $table;
}

# A primary key, none, or one that does not identify rows; sometimes a unique index beside it.
sub give_keys
{
	my ($self, $table, $columns) = @_;
	my $name = name_of($table);
	my $key = pick(("PRIMARY KEY ($columns)") x 5, ("PRIMARY KEY ($columns) DEFERRABLE"), ('') x 3);
	$self->make("ALTER TABLE $name ADD $key") if $key;
	if (chance(0.35))
	{
		my $other = chance(0.2) && grep({ $_ eq 'twice' } @{ $table->{columns} }) ? 'twice' : $columns;
		$self->make("CREATE UNIQUE INDEX " . quoted("u$self->{number}") . " ON $name ($other)");
		$table->{index} = quoted("u$self->{number}");
	}
	return;
}

# A partitioned table with partitions on some levels, each by another column.
sub make_tree
{
	my ($self, $levels) = @_;
	my @by = @{ pick([qw(id d e)], [qw(d e id)], [qw(e id d)], [qw(d id e)]) }[ 0 .. $levels - 1 ];
	my $root = $self->new_table(is_root => 1);
	($root->{columns}, my $definition) = $self->random_columns;
	my $strategy = pick(qw(RANGE LIST));
	$self->make('CREATE TABLE ' . name_of($root) . " ($definition) PARTITION BY $strategy ($by[0])");
	my @key = sort keys %{ { map { $_ => 1 } 'id', @by } };
	$self->give_keys($root, join ', ', @key) if chance(0.7);
	$self->make_partitions($root, $strategy, $definition, @by);
	return;
}

sub make_partitions
{
	my ($self, $parent, $strategy, $definition, @by) = @_;
	shift @by;
	my @bounds = $strategy eq 'RANGE' ? ('FROM (0) TO (100)', 'FROM (100) TO (200)') : ('IN (1, 61)', 'IN (2)');
	for my $bound (map { "FOR VALUES $_" } @bounds[ 0 .. int rand 2 ])
	{
		my $partition = $self->new_table(parent => $parent, columns => $parent->{columns});
		$partition->{schema} = $parent->{schema} if chance(0.6);
		my $next = @by ? pick(qw(RANGE LIST)) : undef;
		my $kind = !$next && chance(0.06) ? 'UNLOGGED TABLE' : 'TABLE';
		my $below = $next ? " PARTITION BY $next ($by[0])" : '';
		if (chance(0.8))
		{
			$self->make("CREATE $kind " . name_of($partition) . ' PARTITION OF ' . name_of($parent) . " $bound$below");
		}
		else
		{
			$self->make("CREATE $kind " . name_of($partition) . " ($definition)$below");
			$self->make('ALTER TABLE ' . name_of($parent) . ' ATTACH PARTITION ' . name_of($partition) . " $bound");
		}
		$self->give_keys($partition, 'id, d, e') if chance(0.25);
		$self->make_partitions($partition, $next, $definition, @by) if $next;
	}
	return;
}

# A table with children, near and far.
sub make_heirs
{
	my ($self) = @_;
	my $parent = $self->make_table;
	for (1 .. 1 + int rand 2)
	{
		my $child = $self->new_table(columns => [ @{ $parent->{columns} }, 'more' ]);
		$self->make('CREATE TABLE ' . name_of($child) . ' (more int) INHERITS (' . name_of($parent) . ')');
		$self->give_keys($child, 'id');
		$parent = $child if chance(0.3);
	}
	return;
}

sub identify
{
	my ($self, $table) = @_;
	my $name = name_of($table);
	my $identity = pick(('DEFAULT') x 4, ('FULL') x 3, 'NOTHING', ('INDEX') x 2);
	if ($identity eq 'INDEX')
	{
		return if !$table->{index};
		$self->make("ALTER TABLE $name REPLICA IDENTITY USING INDEX $table->{index}");
		$self->make('DROP INDEX ' . quoted($table->{schema}) . ".$table->{index}") if chance(0.3);
		return;
	}
	$self->make("ALTER TABLE $name REPLICA IDENTITY $identity") if $identity ne 'DEFAULT';
	return;
}

sub make_publication
{
	my ($self) = @_;
	my $name = pick(qw(cdc feed odd"pub), 'Pub 1');
	my $via_root = pick(qw(true false));
	my $publish = chance(0.6) ? '' : ", publish = '" . pick('insert', 'insert, update', 'insert, delete, truncate', 'update, delete',
		'insert, update, delete', '', 'truncate') . "'";
	my $generated = $self->{version} >= 18 && chance(0.3) ? ', publish_generated_columns = stored' : '';
	my $scope = $self->random_scope;
	$self->make('CREATE PUBLICATION ' . quoted($name)
		. "$scope WITH (publish_via_partition_root = $via_root$publish$generated)");
	push @{ $self->{publications} }, $name;
	return if $scope;
	$self->list($name, $_) for @{ $self->{tables} };
	return;
}

sub random_scope
{
	my ($self) = @_;
	return ' FOR TABLES IN SCHEMA ' . quoted(pick(@{ $self->{schemas} })) if chance(0.15);
	return '' if !chance(0.17);
	return ' FOR ALL TABLES' if $self->{version} < 19 || chance(0.4);
	return ' FOR ALL TABLES EXCEPT (TABLE ' . name_of(pick(@{ $self->{tables} })) . ')';
}

# Lists a table, mostly those that are no partitions, some with columns or a filter of their own.
sub list
{
	my ($self, $publication, $table) = @_;
	return if !chance($table->{parent} ? 0.3 : 0.75);
	my $columns = '';
	if (chance(0.15))
	{
		my @listed = grep { chance(0.6) || ($_ eq 'id' && chance(0.7)) } @{ $table->{columns} };
		$columns = ' (' . join(', ', map { quoted($_) } @listed) . ')' if @listed;
	}
	my $filter = !chance(0.15) ? '' : ' WHERE (' . pick('id > 50', 'id < 50', 'd > 50 OR d = 2', 'e < 50', 'id > 50 AND d > 0') . ')';
	my $only = chance(0.3) ? 'ONLY ' : '';
	$self->make('ALTER PUBLICATION ' . quoted($publication) . ' ADD TABLE ' . $only . name_of($table) . "$columns$filter");
	return;
}

# A small environment document about what is there, as a structure for JSON.
sub random_document
{
	my ($self) = @_;
	my (%publications, %schemas);
	my @names = (@{ $self->{publications} }, 'fresh');
	for my $name (grep { chance(0.6) } @names)
	{
		my %options;
		$options{publish} = pick([qw(insert update delete)], [qw(insert update delete truncate)], ['insert'], [qw(insert delete)])
		  if chance(0.3);
		$options{publish_via_partition_root} = pick(\1, \0) if chance(0.4);
		$publications{$name} = \%options;
	}
	for my $schema (grep { chance(0.6) } @{ $self->{schemas} })
	{
		$schemas{$schema}{replica_identity} = pick(qw(full full default nothing)) if chance(0.6);
		$schemas{$schema}{publications} = [ grep { chance(0.6) } @names ] if chance(0.5);
	}
	for my $table (grep { chance(0.15) } @{ $self->{tables} })
	{
		my $said = $schemas{ $table->{schema} }{tables}{ $table->{name} } = {};
		$said->{replica_identity} = pick(qw(full default)) if chance(0.6);
		$said->{publications} = [ grep { chance(0.5) } @names ] if chance(0.4);
	}
	return { version => 1, publications => \%publications, schemas => \%schemas };
}

1;
