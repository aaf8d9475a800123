# Databases in which something was once against a law, and small ones for showing that the test
# notices what is.
package Laws::Cases;

use strict;
use warnings FATAL => 'all';

use Exporter 'import';

our @EXPORT_OK = qw(@cases @sabotages made_up);

# title; statements; calls of check_cdc (schema, publication, consumer) whose remedies are run;
# direct: statements that are run; needs:
# the least version. Rows of tables have 1 and 61 as numbers, where a partition takes them.
our @cases = (
	{ title => 'publish_via_partition_root renames what arrives',
		statements => q{
			CREATE SCHEMA lab;
			CREATE TABLE lab.ev (id int, d int, PRIMARY KEY (id, d)) PARTITION BY LIST (d);
			CREATE TABLE lab.ev1 PARTITION OF lab.ev FOR VALUES IN (1);
			CREATE PUBLICATION cdc FOR TABLE lab.ev},
		calls => [ [qw(lab cdc postgres)], [qw(lab cdc debezium)] ],
		direct => [ q{SELECT dj_deploy.apply(
			'{"version": 1, "publications": {"cdc": {"publish_via_partition_root": true}}, "schemas": {}}', false)} ] },
	{ title => 'more operations make writes of another schema fail',
		statements => q{
			CREATE SCHEMA a;
			CREATE SCHEMA b;
			CREATE TABLE a.t (i int PRIMARY KEY);
			CREATE TABLE b.u (i int);
			CREATE PUBLICATION p FOR ALL TABLES WITH (publish = 'insert, update')},
		calls => [ [qw(a p debezium)], [qw(a p any)] ] },
	{ title => 'FULL where rows cannot be compared',
		statements => q{
			CREATE SCHEMA lab;
			CREATE TABLE lab.spot (id int, place point);
			CREATE PUBLICATION cdc FOR TABLE lab.spot},
		calls => [ [qw(lab cdc postgres)], [qw(lab cdc any)] ] },
	{ title => 'rows that live in children elsewhere',
		statements => q{
			CREATE SCHEMA lab;
			CREATE SCHEMA arch;
			CREATE TABLE lab.m (id int PRIMARY KEY);
			CREATE TABLE arch.m1 (PRIMARY KEY (id)) INHERITS (lab.m);
			CREATE PUBLICATION cdc FOR TABLE ONLY lab.m},
		direct => [ q{SELECT dj_deploy.set_publication_membership('lab', 'cdc', dry_run => false)} ] },
	{ title => 'generated columns, column lists and row filters keep values in',
		statements => q{
			CREATE SCHEMA lab;
			CREATE TABLE lab.g (id int PRIMARY KEY, twice int GENERATED ALWAYS AS (id * 2) STORED);
			CREATE TABLE lab.l (id int PRIMARY KEY, note text);
			CREATE TABLE lab.f (id int PRIMARY KEY, note text);
			CREATE PUBLICATION cdc FOR TABLE lab.g, lab.l (id), lab.f WHERE (id > 50)} },
	{ title => 'long values that an update leaves as they are',
		statements => q{
			CREATE SCHEMA lab;
			CREATE TABLE lab.v (id int PRIMARY KEY, note text, code varchar(4000));
			CREATE TABLE lab.w (id int PRIMARY KEY, code varchar(4000));
			CREATE PUBLICATION cdc FOR TABLE lab.v, lab.w} },
	{ title => 'virtual generated columns keep values in', needs => 18,
		statements => q{
			CREATE SCHEMA lab;
			CREATE TABLE lab.v (id int PRIMARY KEY, twice int GENERATED ALWAYS AS (id * 2) VIRTUAL);
			CREATE PUBLICATION cdc FOR TABLE lab.v WITH (publish_generated_columns = stored)} },
	{ title => 'publish_via_partition_root makes a row filter void',
		statements => q{
			CREATE SCHEMA lab;
			CREATE TABLE lab.p (i int PRIMARY KEY) PARTITION BY RANGE (i);
			CREATE TABLE lab.p1 PARTITION OF lab.p FOR VALUES FROM (0) TO (100);
			CREATE PUBLICATION vr FOR TABLE lab.p, lab.p1 WHERE (i > 50)},
		calls => [ [qw(lab vr any)], [qw(lab vr postgres)] ] },
	{ title => 'publish_via_partition_root makes a column list void',
		statements => q{
			CREATE SCHEMA lab;
			CREATE TABLE lab.p (i int PRIMARY KEY, secret text) PARTITION BY RANGE (i);
			CREATE TABLE lab.p1 PARTITION OF lab.p FOR VALUES FROM (0) TO (100);
			CREATE PUBLICATION vr FOR TABLE lab.p, lab.p1 (i)},
		calls => [ [qw(lab vr any)], [qw(lab vr clickpipes)] ] },
	{ title => 'a unique index beside a primary key that is deferrable',
		statements => q{
			CREATE SCHEMA lab;
			CREATE TABLE lab.t (id int NOT NULL, PRIMARY KEY (id) DEFERRABLE);
			CREATE UNIQUE INDEX u ON lab.t (id);
			ALTER TABLE lab.t REPLICA IDENTITY FULL;
			CREATE PUBLICATION cdc FOR TABLE lab.t},
		calls => [ [qw(lab cdc postgres)], [qw(lab cdc any)] ] },
	{ title => 'a column list of a partition that is FULL',
		statements => q{
			CREATE SCHEMA lab;
			CREATE TABLE lab.p (id int NOT NULL, note text) PARTITION BY LIST (id);
			CREATE TABLE lab.p1 PARTITION OF lab.p FOR VALUES IN (1, 61);
			ALTER TABLE lab.p1 REPLICA IDENTITY FULL;
			CREATE PUBLICATION cdc FOR TABLE lab.p1 (note)},
		calls => [ [qw(lab cdc any)], [qw(lab cdc debezium)] ] },
	{ title => 'a column list of a table that is FULL',
		statements => q{
			CREATE SCHEMA lab;
			CREATE TABLE lab.t (id int NOT NULL, secret text);
			ALTER TABLE lab.t REPLICA IDENTITY FULL;
			CREATE PUBLICATION cdc FOR TABLE lab.t (id)},
		calls => [ [qw(lab cdc any)], [qw(lab cdc debezium)] ] },
	{ title => 'a partition that is published with all of its schema, beside its root',
		statements => q{
			CREATE SCHEMA lab;
			CREATE SCHEMA arch;
			CREATE TABLE lab.p (id int PRIMARY KEY) PARTITION BY LIST (id);
			CREATE TABLE arch.p1 PARTITION OF lab.p FOR VALUES IN (1, 61) PARTITION BY LIST (id);
			CREATE TABLE lab.p2 PARTITION OF arch.p1 DEFAULT;
			CREATE PUBLICATION cdc FOR TABLES IN SCHEMA arch, TABLE lab.p, arch.p1},
		calls => [ [qw(lab cdc any)] ] },
	{ title => 'a row filter beside all of the schema',
		statements => q{
			CREATE SCHEMA lab;
			CREATE TABLE lab.t (id int PRIMARY KEY);
			CREATE TABLE lab."~log" (id int PRIMARY KEY);
			CREATE PUBLICATION cdc FOR TABLES IN SCHEMA lab, TABLE lab.t WHERE (id > 50)},
		calls => [ [qw(lab cdc any)] ] },
	{ title => 'the root joins, and its partitions are published as a table between',
		statements => q{
			CREATE SCHEMA lab;
			CREATE TABLE lab.p (id int PRIMARY KEY) PARTITION BY LIST (id);
			CREATE TABLE lab.p1 PARTITION OF lab.p FOR VALUES IN (1, 61) PARTITION BY LIST (id);
			CREATE TABLE lab.p2 PARTITION OF lab.p1 DEFAULT;
			CREATE PUBLICATION cdc FOR TABLE lab.p1 WITH (publish_via_partition_root)},
		calls => [ [qw(lab cdc any)] ],
		direct => [ q{SELECT dj_deploy.set_publication_membership('lab', 'cdc', dry_run => false)} ] },
	{ title => 'more operations and more members together make writes fail',
		statements => q{
			CREATE SCHEMA lab;
			CREATE SCHEMA arch;
			CREATE TABLE lab.t (id int PRIMARY KEY);
			CREATE TABLE lab.p (id int PRIMARY KEY) PARTITION BY LIST (id);
			CREATE TABLE arch.p1 PARTITION OF lab.p FOR VALUES IN (1, 61);
			ALTER TABLE arch.p1 REPLICA IDENTITY NOTHING;
			CREATE PUBLICATION cdc FOR TABLE lab.t WITH (publish = 'insert')},
		calls => [ [qw(lab cdc any)], [qw(lab cdc debezium)] ] },
	{ title => 'two remedies that undo each other',
		statements => q{
			CREATE SCHEMA lab;
			CREATE TABLE lab.t (id int PRIMARY KEY);
			CREATE TABLE lab.p (id int PRIMARY KEY) PARTITION BY LIST (id);
			CREATE TABLE lab.p1 PARTITION OF lab.p FOR VALUES IN (1, 61);
			ALTER TABLE lab.p1 REPLICA IDENTITY FULL;
			ALTER TABLE lab.t REPLICA IDENTITY FULL;
			CREATE PUBLICATION cdc FOR TABLE lab.t, lab.p WITH (publish_via_partition_root)},
		calls => [ [qw(lab cdc lakehouse_sync)] ] },
	{ title => 'a schema joins, and its hidden table is taken out',
		statements => q{
			CREATE SCHEMA lab;
			CREATE TABLE lab.t (id int PRIMARY KEY);
			CREATE TABLE lab."~log" (id int PRIMARY KEY);
			CREATE PUBLICATION cdc FOR TABLE lab."~log"},
		calls => [ [qw(lab cdc debezium)] ] },
	{ title => 'a partition of a hidden table is listed alone',
		statements => q{
			CREATE SCHEMA lab;
			CREATE TABLE lab."~log" (id int PRIMARY KEY) PARTITION BY LIST (id);
			CREATE TABLE lab.p1 PARTITION OF lab."~log" FOR VALUES IN (1, 61);
			CREATE PUBLICATION cdc FOR TABLE lab.p1},
		calls => [ [qw(lab cdc any)] ],
		direct => [ q{SELECT dj_deploy.set_publication_membership('lab', 'cdc', dry_run => false)} ] },
	{ title => 'a hidden table is listed with columns, and its partition with all',
		statements => q{
			CREATE SCHEMA lab;
			CREATE TABLE lab."~log" (id int PRIMARY KEY, secret text) PARTITION BY LIST (id);
			CREATE TABLE lab.p1 PARTITION OF lab."~log" FOR VALUES IN (1, 61);
			CREATE PUBLICATION cdc FOR TABLE lab."~log" (id), lab.p1 WITH (publish_via_partition_root)},
		calls => [ [qw(lab cdc any)] ],
		direct => [ q{SELECT dj_deploy.set_publication_membership('lab', 'cdc', dry_run => false)} ] },
	{ title => 'undo of a publication that others use by now',
		statements => q{
			DROP TABLE IF EXISTS public.kept;
			CREATE SCHEMA lab;
			CREATE SCHEMA other;
			CREATE TABLE lab.t (id int PRIMARY KEY);
			CREATE TABLE other.u (id int PRIMARY KEY);
			CREATE TABLE public.kept AS SELECT dj_deploy.apply(
				'{"version": 1, "publications": {"cdc": {}}, "schemas": {"lab": {"publications": ["cdc"]}}}', false) AS result;
			ALTER PUBLICATION cdc ADD TABLE other.u},
		direct => [ q{SELECT jsonb_agg(c -> 'undo' ORDER BY n DESC) AS undo
			FROM public.kept, jsonb_array_elements(result -> 'changes') WITH ORDINALITY AS t(c, n) \gset
			CALL dj_deploy.rollout(:'undo', dry_run => false)} ] },
	{ title => 'a hidden table is taken out of a publication',
		statements => q{
			CREATE SCHEMA lab;
			CREATE TABLE lab.t (id int PRIMARY KEY);
			CREATE TABLE lab."~log" (id int PRIMARY KEY);
			CREATE PUBLICATION cdc FOR TABLE lab.t, lab."~log"},
		calls => [ [qw(lab cdc any)] ],
		direct => [ q{SELECT dj_deploy.set_publication_membership('lab', 'cdc', dry_run => false)} ] },
	{ title => 'the publication is empty, one table must stay out, and one is unlogged',
		statements => q{
			CREATE SCHEMA lab;
			CREATE TABLE lab.t (id int PRIMARY KEY);
			CREATE UNLOGGED TABLE lab.u (id int PRIMARY KEY);
			CREATE PUBLICATION cdc;
			CREATE PUBLICATION other FOR TABLE lab.t WHERE (id > 50) WITH (publish_via_partition_root)},
		calls => [ [qw(lab cdc any)], [qw(lab cdc debezium)] ] },
	{ title => 'a table joins a second publication, and neither publishes its generated columns', needs => 18,
		statements => q{
			CREATE SCHEMA lab;
			CREATE SCHEMA arch;
			CREATE TABLE arch.t1 (id int NOT NULL, data jsonb, twice int GENERATED ALWAYS AS (id * 2) STORED);
			CREATE TABLE arch.t2 (id int PRIMARY KEY);
			CREATE TABLE lab.p (id int PRIMARY KEY) PARTITION BY RANGE (id);
			CREATE TABLE lab.p1 PARTITION OF lab.p FOR VALUES FROM (0) TO (100);
			ALTER TABLE arch.t1 REPLICA IDENTITY NOTHING;
			CREATE PUBLICATION one FOR TABLE arch.t1, lab.p;
			CREATE PUBLICATION feed FOR TABLE lab.p, lab.p1 WITH (publish = 'insert')},
		calls => [ map { [ 'arch', 'feed', $_ ] } qw(any lakehouse_sync debezium clickpipes postgres) ] },
	{ title => 'FULL for a partition, whose root cannot have it because of another partition',
		statements => q{
			CREATE SCHEMA top;
			CREATE SCHEMA lab;
			CREATE TABLE top.p (id int NOT NULL, data text) PARTITION BY LIST (id);
			CREATE TABLE lab.a PARTITION OF top.p FOR VALUES IN (1, 61);
			CREATE TABLE lab.b PARTITION OF top.p FOR VALUES IN (2);
			ALTER TABLE top.p REPLICA IDENTITY NOTHING;
			CREATE PUBLICATION feed FOR TABLE top.p, lab.b (id) WHERE (id > 50) WITH (publish = 'insert, update, delete')},
		calls => [ map { [ 'top', 'feed', $_ ] } qw(lakehouse_sync any) ] },
	{ title => 'a publication of the usual name is there for a child elsewhere, and publishes less',
		statements => q{
			CREATE SCHEMA arch;
			CREATE SCHEMA lab;
			CREATE TABLE arch.t (id int PRIMARY KEY);
			CREATE TABLE lab.t () INHERITS (arch.t);
			CREATE PUBLICATION cdc FOR TABLE ONLY lab.t WITH (publish = 'insert')},
		calls => [ map { [ 'arch', undef, $_ ] } qw(any debezium) ] },
	{ title => 'FULL for a tree of partitions with a virtual column, where there was no key either', needs => 18,
		statements => q{
			CREATE SCHEMA lab;
			CREATE TABLE lab.p (id int NOT NULL, twice int GENERATED ALWAYS AS (id * 2) VIRTUAL) PARTITION BY RANGE (id);
			CREATE TABLE lab.p1 PARTITION OF lab.p FOR VALUES FROM (0) TO (50);
			CREATE TABLE lab.p2 PARTITION OF lab.p (PRIMARY KEY (id)) FOR VALUES FROM (50) TO (100);
			ALTER TABLE lab.p2 REPLICA IDENTITY FULL;
			CREATE PUBLICATION feed FOR TABLE lab.p1},
		calls => [ [qw(lab feed debezium)], [qw(lab feed any)] ] },
	{ title => 'FULL where writes fail already, and another publication has a list that goes with the key alone',
		statements => q{
			CREATE SCHEMA lab;
			CREATE TABLE lab.t (id int PRIMARY KEY, note text);
			CREATE TABLE lab.u (id int PRIMARY KEY, note text);
			CREATE PUBLICATION feed FOR TABLE lab.t (note), lab.u;
			CREATE PUBLICATION other FOR TABLE lab.t (id)},
		calls => [ map { [ 'lab', 'feed', $_ ] } qw(debezium clickpipes lakehouse_sync any) ] },
);

# Harm that must be noticed: by which law, as what, where, and what is done instead of each remedy.
# For law 4, and else beside the made-up finding, rows makes what becomes of the rows of the report.
my $plain = q{
	CREATE SCHEMA lab;
	CREATE TABLE lab.t (id int PRIMARY KEY, note text);
	CREATE PUBLICATION cdc FOR TABLE lab.t};
my $restricted = q{
	CREATE SCHEMA lab;
	CREATE TABLE lab.t (id int PRIMARY KEY, note text);
	CREATE PUBLICATION cdc FOR TABLE lab.t (id) WHERE (id > 50)};
my $hiding = q{
	CREATE SCHEMA lab;
	CREATE TABLE lab.t (id int PRIMARY KEY, note text);
	CREATE PUBLICATION cdc FOR TABLE lab.t WHERE (id > 500)};
my $partitioned = q{
	CREATE SCHEMA lab;
	CREATE TABLE lab.t (id int PRIMARY KEY, note text) PARTITION BY RANGE (id);
	CREATE TABLE lab.t1 PARTITION OF lab.t DEFAULT;
	CREATE PUBLICATION cdc FOR TABLE lab.t WITH (publish_via_partition_root)};
# A finding that is not there, whose remedy is then the harmful statement.
sub made_up
{
	my ($rows) = @_;
	return [ @$rows, { severity => 'error', check => 'made_up', object => 'lab', finding => '', remedy => 'SELECT 1' } ];
}

# An error that nobody can mend comes with the remedy: it is not there when the report is first read.
sub comes_later
{
	my $reads = 0;
	return sub {
		my $rows = made_up(@_);
		return $reads++ ? [ @$rows, { severity => 'error', check => 'later', object => 'lab', finding => '' } ] : $rows;
	};
}

our @sabotages = (
	{ law => 1, noticed => qr/writes fail/, statements => $plain, remedy => 'ALTER TABLE lab.t REPLICA IDENTITY NOTHING' },
	{ law => 2, noticed => qr/no longer arrives/, statements => $plain, remedy => 'ALTER PUBLICATION cdc DROP TABLE lab.t' },
	{ law => 2, noticed => qr/no longer arrives/, statements => $plain,
		remedy => q{ALTER PUBLICATION cdc SET (publish = 'insert, delete')} },
	{ law => 2, noticed => qr/no longer arrives/, statements => $plain,
		remedy => 'ALTER PUBLICATION cdc SET TABLE lab.t WHERE (id > 50)' },
	{ law => 2, noticed => qr/no longer arrives/, statements => $plain,
		remedy => q{DO $$BEGIN RAISE WARNING 'skipping'; ALTER PUBLICATION cdc DROP TABLE lab.t; END$$} },
	{ law => 2, noticed => qr/columns no longer arrive/, statements => $plain,
		remedy => 'ALTER PUBLICATION cdc SET TABLE lab.t (id)' },
	{ law => 2, noticed => qr/another name/, statements => $partitioned,
		remedy => 'ALTER PUBLICATION cdc SET (publish_via_partition_root = false)' },
	{ law => 2, noticed => qr/row arrives/, statements => $restricted,
		remedy => 'ALTER PUBLICATION cdc SET TABLE lab.t (id)' },
	{ law => 2, noticed => qr/columns arrive/, statements => $restricted,
		remedy => 'ALTER PUBLICATION cdc SET TABLE lab.t WHERE (id > 50)' },
	{ law => 2, noticed => qr/row arrives/, statements => $hiding, remedy => 'ALTER PUBLICATION cdc SET TABLE lab.t' },
	{ law => 3, noticed => qr/stays/, statements => $plain, remedy => 'SELECT 1' },
	{ law => 3, noticed => qr/remedy fails/, statements => $plain, remedy => 'SELECT 1 / 0' },
	{ law => 3, noticed => qr/later comes/, statements => $plain, remedy => 'SELECT 1', rows => \&comes_later },
	{ law => 4, noticed => qr/no insert update delete/, statements => "$plain; CREATE TABLE lab.u (id int PRIMARY KEY)" },
	{ law => 4, noticed => qr/no update/, statements => "$plain; ALTER PUBLICATION cdc SET (publish = 'insert, delete')" },
	{ law => 4, noticed => qr/filtered/, statements => $restricted },
	{ law => 4, noticed => qr/column left out/, statements => $restricted },
	{ law => 4, noticed => qr/generated column/,
		statements => "$plain; ALTER TABLE lab.t ADD twice int GENERATED ALWAYS AS (id * 2) STORED" },
);

1;
