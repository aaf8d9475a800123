# The four laws, about what Laws::Server has observed before and after something was done. Each
# function returns what is against its law, as [what kind of thing, the whole text].
package Laws;

use strict;
use warnings FATAL => 'all';

use Exporter 'import';

our @EXPORT_OK = qw(broken_writes consumer_harm dead_ends silences silent_values);

my @operations = qw(insert update delete);

# Law 1: no write that worked fails, but for tables for which is_told($table) says that there was a WARNING.
sub broken_writes
{
	my ($tables, $before, $after, $is_told) = @_;
	my @found;
	for my $table (map { $_->{name} } grep { !$is_told || !$is_told->($_) } @$tables)
	{
		my ($old, $new) = map { $_->{writes}{$table} } $before, $after;
		my @broken = grep { worked($old, $_) && !worked($new, $_) } @operations;
		push @found, [ 'writes fail', "$table: @broken: " . join '', grep { $_ } values %{ $new->{ $broken[0] } } ] if @broken;
	}
	return @found;
}

sub worked
{
	my ($writes, $operation) = @_;
	return !grep { $_ ne '' } values %{ $writes->{$operation} };
}

# Law 2: what arrived still arrives, under its name and with its columns, and no row or column
# arrives that a filter or list kept in. is_told($table, $publication): whether there was a WARNING;
# is_asked($publication, $table, $operation): whether it was asked for that it stops.
sub consumer_harm
{
	my ($tables, $before, $after, $is_told, $is_asked) = @_;
	my @found;
	for my $publication (sort keys %{ { %{ $before->{got} }, %{ $before->{view} } } })
	{
		for my $table (grep { !$is_told || !$is_told->($_, $publication) } @$tables)
		{
			my $old = $before->{got}{$publication}{ $table->{name} } // {};
			my $new = $after->{got}{$publication}{ $table->{name} } // {};
			my %losses = losses($old, $new, $after->{writes}{ $table->{name} },
				sub { $is_asked && $is_asked->($publication, $table, $_[0]) });
			my %exposures = %$old ? exposures($table, $old, $new)
			  : unseen_exposures($table, $new, map { $_->{view}{$publication} } $before, $after);
			push @found, map { [ $_->[0], "publication $publication, $table->{name}: $_->[1]" ] }
			  grouped(%losses), grouped(%exposures);
		}
	}
	return @found;
}

# Keys "operation row" of the same kind become one.
sub grouped
{
	my (%changes) = @_;
	my %keys_of;
	push @{ $keys_of{ $changes{$_} } }, $_ for sort keys %changes;
	return map { [ $_ =~ s/:.*//sr, "$_ (" . join(', ', @{ $keys_of{$_} }) . ')' ] } sort keys %keys_of;
}

sub losses
{
	my ($old, $new, $writes, $is_asked) = @_;
	my %losses;
	for my $operation (grep { !$is_asked->($_) && worked($writes, $_) } sort keys %$old)
	{
		for my $row (sort keys %{ $old->{$operation} })
		{
			my ($was, $is) = ($old->{$operation}{$row}, $new->{$operation}{$row});
			my %has = map { $_ => 1 } $is ? @{ $is->{columns} } : ();
			my @missing = grep { !$has{$_} } @{ $was->{columns} };
			$losses{"$operation $row"} = !$is ? 'no longer arrives'
			  : $is->{as} ne $was->{as} ? "arrives under another name: $is->{as} instead of $was->{as}"
			  : @missing ? "columns no longer arrive: @missing" : next;
		}
	}
	return %losses;
}

# Compared over all operations: one that was not published before may arrive, but only the rows and
# columns of the others.
sub exposures
{
	my ($table, $old, $new) = @_;
	my %exposures;
	my ($old_rows, $new_rows) = map { rows_arrived($_) } $old, $new;
	my ($old_columns, $new_columns) = map { columns_arrived($_) } $old, $new;
	$exposures{$_} = 'row arrives that was kept in' for grep { !$old_rows->{$_} } keys %$new_rows;
	my %is_generated = map { $_ => 1 } @{ $table->{generated} };
	my @columns = grep { !$old_columns->{$_} && !$is_generated{$_} } sort keys %$new_columns;
	$exposures{columns} = "columns arrive that were kept in: @columns" if @columns;
	return %exposures;
}

# Where nothing has arrived, what the server lists tells what would have. What is listed of an
# inheritance parent is not about its children.
sub unseen_exposures
{
	my ($table, $new, $old_view, $new_view) = @_;
	my @names = map { $_->{name} } $table, $table->{is_partition} ? @{ $table->{ancestors} } : ();
	my ($was) = map { $old_view->{$_} // () } @names;
	my ($is) = map { $new_view->{$_} // () } @names;
	return if !%$new || !$was;
	my %exposures;
	$exposures{filter} = 'row arrives that was kept in: the filter is gone' if $was->{has_filter} && !($is && $is->{has_filter});
	my %listed = map { $_ => 1 } @{ $was->{columns} // [] }, @{ $table->{generated} };
	my @columns = grep { !$listed{$_} } sort keys %{ columns_arrived($new) };
	$exposures{columns} = "columns arrive that were kept in: @columns" if @columns && $was->{columns};
	return %exposures;
}

sub rows_arrived { my ($got) = @_; return { map { map { $_ => 1 } keys %$_ } values %$got } }

sub columns_arrived { my ($got) = @_; return { map { map { map { $_ => 1 } @{ $_->{columns} } } values %$_ } values %$got } }

# Law 3: the findings whose remedies ran are gone, and do not come back with another remedy; and
# there is no new error without a remedy. $ran and $step are the rows whose remedies have run so
# far, and last, of those that were there at first.
sub dead_ends
{
	my ($first, $before, $after, $ran, $step) = @_;
	my @found;
	my %is_new = map { key_of($_) => 1 } @$step;
	for my $key (sort keys %{ { map { key_of($_) => 1 } @$ran } })
	{
		my @mended = grep { key_of($_) eq $key } @$ran;
		my ($at_first, $had, $has) =
		  map { scalar grep { key_of($_) eq $key && may_be_among($_, @$step > 1, @mended) } @$_ } $first, $before, $after;
		my $kind = $is_new{$key} ? 'stays' : 'comes back';
		push @found, [ $key =~ s/ .*/ $kind/r, "$key $kind" ]
		  if $has > $at_first - @mended && ($is_new{$key} || $had <= $at_first - @mended);
	}
	# Slots are the test's own.
	for my $row (grep { $_->{severity} eq 'error' && !defined $_->{remedy} && $_->{check} !~ /^slot_/ } @$after)
	{
		next if grep { $_->{check} eq $row->{check} && ($_->{object} eq $row->{object} || is_about_many($_)) && cause_of($_) eq cause_of($row) }
		  @$before;
		push @found, [ "$row->{check} comes", "new error without a remedy: $row->{check} $row->{object}: $row->{finding}" ];
	}
	return @found;
}

sub key_of { my ($row) = @_; return "$row->{check} $row->{object}" }

# The publication that writes fail because of now.
sub cause_of { my ($row) = @_; return $row->{finding} =~ /fail now:.*?publication ("(?:[^"]|"")+"|\w+)/ ? $1 : '' }

# The names in "2 of 9 tables (lab.a, lab.b): …", and whether they are all.
sub names_in
{
	my ($row) = @_;
	my ($count, $names) = $row->{finding} =~ /^(\d+) of \d+ tables \((.*?)(?: and \d+ more)?\):/ or return 0;
	my @names = split /, /, $names;
	return ($count == @names, @names);
}

sub names_all { my ($row) = @_; return (names_in($row))[0] }

# Rows about many tables are of one check and schema; these are not about the same where they name
# others. Some that a row does not name may be the same; after several remedies at once nobody can
# tell, and each of them is tried alone, too.
sub may_be_among
{
	my ($row, $is_together, @others) = @_;
	my ($is_whole, @named) = names_in($row);
	return 1 if !@named || (!$is_whole && !$is_together);
	my %named = map { $_ => 1 } @named;
	return grep { my (undef, @names) = names_in($_); !@names || grep { $named{$_} } @names } @others;
}

sub names_column
{
	my ($row, $column) = @_;
	return 1 if is_about_many($row) || $row->{finding} =~ /\b\d+ (?:more|others|columns)\b/;
	return grep { index($row->{finding}, $_) >= 0 } $column, $column =~ s/"/""/gr;
}

sub is_about_many { my ($row) = @_; return $row->{finding} =~ /^(?:all )?\d+ (?:of \d+ )?tables/ }

# Findings that say nothing about changes that do not arrive.
my $other_findings = qr/^(?:identity_|no_primary_key|full_without|partition_(?:differs|without)|partitioned_table|write_
	|large_|toast_|row_comparison|unsupported|hidden_|member_|role_|slot_|wal_|replication_|long_|prepared_|activity_
	|publication_(?:owner|truncate|via_root|all_tables|whole_schema|other_schemas)|sum$)/x;

# Law 4: what of the schema's user tables, their partitions and children does not arrive in the
# publication has a finding.
sub silences
{
	my ($tables, $seen, $call) = @_;
	my @found;
	my @rows = grep { $_->{check} !~ $other_findings } @{ $seen->{rows} };
	my $is_whole = grep { $_->{check} =~ /^(?:publication_(?:missing|empty)|wal_level)$/ } @rows;
	my $has_operations = grep { $_->{check} eq 'publication_operations' } @rows;
	for my $table (grep { belongs_to($_, $call->{schema}) && !$is_whole } @$tables)
	{
		my @named = grep { names($_, $table) } @rows;
		my $got = $seen->{got}{ $call->{publication} }{ $table->{name} } // {};
		my @expected = grep { worked($seen->{writes}{ $table->{name} }, $_) } @operations;
		my @missing = grep { !$got->{$_} } @expected;
		my @filtered = grep { $got->{$_} && keys %{ $got->{$_} } < 2 } @expected;
		my $has_columns = columns_arrived($got);
		my @columns = grep { %$got && !$has_columns->{$_} } @{ $table->{columns} }, @{ $table->{generated} };
		@columns = grep { my $column = $_; !grep { names_column($_, $column) } @named } @columns;
		# One finding about the publication's operations is about all that it publishes.
		my $is_told = @named || ($has_operations && (%$got || is_listed($seen, $call, $table)));
		my @said = (
			@missing && !$is_told ? [ "no @missing", "@missing do not arrive" ] : (),
			@filtered && !@named ? [ 'filtered', "rows are filtered (@filtered)" ] : (),
			@columns ? [ kind_of_columns($table, @columns), "columns do not arrive: @columns" ] : ());
		my $where = "publication $call->{publication}, schema " . Laws::Server::literal($call->{schema});
		push @found, map { [ "silent: $_->[0]", "$where: nothing tells that of $table->{name} $_->[1]" ] } @said;
	}
	return @found;
}

# Law 4 for consumers that take "as it was" for a value: the columns that an UPDATE leaves out so
# have a finding.
sub silent_values
{
	my ($tables, $seen, $call) = @_;
	my @found;
	for my $table (grep { belongs_to($_, $call->{schema}) } @$tables)
	{
		my $updates = $seen->{got}{ $call->{publication} }{ $table->{name} }{update} // {};
		my @kept = sort keys %{ { map { map { $_ => 1 } @{ $_->{kept} } } values %$updates } };
		next if !@kept || grep { $_->{check} =~ /toast/ && names($_, $table) } @{ $seen->{rows} };
		push @found, [ 'silent: values out of line',
			"publication $call->{publication}, $call->{consumer}: nothing tells that updates of $table->{name} come without @kept" ];
	}
	return @found;
}

sub kind_of_columns
{
	my ($table, @columns) = @_;
	my %is_generated = map { $_ => 1 } @{ $table->{generated} };
	return (grep { !$is_generated{$_} } @columns) ? 'column left out' : 'generated column';
}

sub is_listed
{
	my ($seen, $call, $table) = @_;
	return grep { $seen->{view}{ $call->{publication} }{ $_->{name} } } $table, @{ $table->{ancestors} };
}

sub belongs_to
{
	my ($table, $schema) = @_;
	return 0 if $table->{is_hidden};
	return grep { belongs_to($table, $_) } @$schema if ref $schema;
	return $table->{root_schema} eq $schema if $table->{is_partition};
	return grep { $_->{schema} eq $schema && $_->{name} !~ /\."~/ } $table, @{ $table->{ancestors} };
}

# A finding names a table where it has its name or that of a table above it, or is about more tables
# than it names.
sub names
{
	my ($row, $table) = @_;
	my $text = "$row->{object} $row->{finding}";
	return 1 if is_about_many($row) && !names_all($row);
	return grep { my $one = $_; grep { $text =~ /(?<![\w.])\Q$_\E(?!\w)/ } @$one{qw(name plain)} } $table, @{ $table->{ancestors} };
}

1;
