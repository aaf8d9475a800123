# What a role may do is tried, not read from the catalog: on every kind of object, at every level,
# up and down, for a role, for one that inherits from it and for PUBLIC. Then what set_grants must
# leave alone, and who may call it.
use strict;
use warnings FATAL => 'all';

use FindBin;
use lib "$FindBin::RealBin/lib";
use Deploy;
use JSON::PP;
use PostgreSQL::Test::Utils;
use Test::More;

my $node = new_server('main');
my $version = $node->safe_psql('postgres', "SELECT current_setting('server_version_num')::int / 10000");
my $has_postgres_fdw =
  $node->safe_psql('postgres', "SELECT count(*) FROM pg_available_extensions WHERE name = 'postgres_fdw'");

# ---------------------------------------------------------------- tools

sub sql
{
	my ($sql, $database) = @_;
	return $node->safe_psql($database // 'postgres', $sql);
}

sub literal
{
	my ($text) = @_;
	return "E'" . ($text =~ s/([\\'])/\\$1/gr) . "'";
}

sub identifier
{
	my ($name) = @_;
	return '"' . ($name =~ s/"/""/gr) . '"';
}

# call('lab', 'reader', 'read', dry_run => 'false'): the call, not run yet.
sub call
{
	my ($schema, $role, $access, %rest) = @_;
	my @arguments = (literal($schema), literal($role), "'$access'", map { "$_ => $rest{$_}" } sort keys %rest);
	return 'SELECT dj_deploy.set_grants(' . join(', ', @arguments) . ')';
}

# The result of a call, and what it said besides the sum at the end.
sub result_of
{
	my ($call, $before) = @_;
	$before //= '';
	my ($status, $output, $errors) = $node->psql('postgres', "$before $call");
	$errors =~ s/^psql:<stdin>:\d+: //mg;
	$errors =~ s/^NOTICE:  (?:dry run: \d|executed \d|nothing to do for ).*\n?(?:HINT:  To execute, .*\n?)?//mg;
	chomp $errors;
	return ({ ddl => [], failed => $errors }, $errors) if $status != 0;
	return (decode_json($output), without_summary($errors) =~ s/\n\z//r);
}

# Who but the role may do what, and everything else that a GRANT or REVOKE could have changed. Not
# set by anybody (NULL) is the same as the built-in default.
sql(q{
	CREATE SCHEMA trial;
	GRANT USAGE, CREATE ON SCHEMA trial TO PUBLIC;

	CREATE FUNCTION trial.entries(acl aclitem[], without oid) RETURNS text LANGUAGE sql AS $$
		SELECT string_agg(item::text, ' ' ORDER BY position)
		FROM unnest(acl) WITH ORDINALITY AS entry(item, position)
		WHERE NOT EXISTS (SELECT FROM aclexplode(ARRAY[item]) WHERE grantee = without)
	$$;

	CREATE FUNCTION trial.others(without oid) RETURNS SETOF text LANGUAGE sql AS $$
		SELECT * FROM (
			SELECT format('relation %s %s %s', oid::regclass, relowner::regrole,
				trial.entries(coalesce(relacl,
					acldefault(CASE relkind WHEN 'S' THEN 's' ELSE 'r' END::"char", relowner)), without))
			FROM pg_class WHERE relkind NOT IN ('i', 'I', 't', 'c')
			UNION ALL
			SELECT format('column %s.%s %s', attrelid::regclass, attname, trial.entries(attacl, without))
			FROM pg_attribute WHERE attacl IS NOT NULL AND trial.entries(attacl, without) IS NOT NULL
			UNION ALL
			SELECT format('schema %s %s %s', nspname, nspowner::regrole,
				trial.entries(coalesce(nspacl, acldefault('n', nspowner)), without))
			FROM pg_namespace WHERE nspname NOT LIKE 'pg\_temp%'
			UNION ALL
			SELECT format('function %s %s', oid::regprocedure, proacl) FROM pg_proc
			UNION ALL
			SELECT format('type %s %s', oid::regtype, typacl) FROM pg_type WHERE typtype IN ('b', 'd', 'e', 'r')
			UNION ALL
			SELECT format('database %s %s', datname, datacl) FROM pg_database
			UNION ALL
			SELECT format('server %s %s', srvname, srvacl) FROM pg_foreign_server
			UNION ALL
			SELECT format('default %s %s %s %s', defaclrole::regrole, defaclnamespace, defaclobjtype,
				trial.entries(defaclacl, without))
			FROM pg_default_acl WHERE trial.entries(defaclacl, without) IS NOT NULL
			UNION ALL
			SELECT format('role %s', r) FROM pg_roles r
			UNION ALL
			SELECT format('member %s of %s', member::regrole, roleid::regrole) FROM pg_auth_members
		) AS fact(fact) ORDER BY fact
	$$;

	CREATE FUNCTION trial.oid_of(role text) RETURNS oid LANGUAGE sql AS
		$$ SELECT CASE role WHEN 'public' THEN 0 ELSE (SELECT oid FROM pg_roles WHERE rolname = role) END $$;

	-- What a role holds in a schema: "t: INSERT, SELECT*", the star being the grant option; columns as "t.c".
	CREATE FUNCTION trial.privileges(schema text, role text) RETURNS text LANGUAGE sql AS $$
		SELECT coalesce(string_agg(format('%s: %s', name, privileges), '; ' ORDER BY name), 'nothing')
		FROM (
			SELECT name, string_agg(privilege_type || CASE WHEN is_grantable THEN '*' ELSE '' END, ', '
				ORDER BY privilege_type COLLATE "C")
			FROM (
				SELECT relname::text COLLATE "C", relacl FROM pg_class WHERE relnamespace = schema::regnamespace
				UNION ALL
				SELECT format('%s.%s', relname, attname), attacl FROM pg_attribute JOIN pg_class c ON c.oid = attrelid
				WHERE relnamespace = schema::regnamespace
				UNION ALL
				SELECT format('(%s)', nspname), nspacl FROM pg_namespace WHERE nspname = schema
			) AS object(name, acl) CROSS JOIN aclexplode(acl)
			WHERE grantee = trial.oid_of(role)
			GROUP BY name
		) AS held(name, privileges)
	$$;

	-- Tries a statement as a role and undoes it: "+", "-" for lack of privilege, or what else was wrong.
	CREATE FUNCTION trial.outcome(role text, statement text) RETURNS text LANGUAGE plpgsql AS $$
	BEGIN
		PERFORM set_config('role', role, true);
		EXECUTE statement;
		RAISE EXCEPTION USING ERRCODE = 'ZZ000';
	EXCEPTION WHEN OTHERS THEN
		RETURN CASE SQLSTATE WHEN 'ZZ000' THEN '+' WHEN '42501' THEN '-' ELSE SQLSTATE || ': ' || SQLERRM END;
	END $$;

	CREATE FUNCTION trial.nothing() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NULL; END';
});

sub others
{
	my ($role) = @_;
	return [ split /\n/, sql("SELECT * FROM trial.others(trial.oid_of('$role'))") ];
}

sub privileges
{
	my ($schema, $role) = @_;
	return sql("SELECT trial.privileges('$schema', '$role')");
}

# Makes a call that must succeed: what the preview shows is what is run, nobody else is touched, and
# a second run has nothing to do, locks nothing of the schema and needs no transaction id. Returns
# the result and the messages.
sub set_grants
{
	my ($title, $schema, $role, $access, %rest) = @_;
	my $others = others($role);
	my ($preview, $preview_messages) = result_of(call($schema, $role, $access, %rest));
	my ($run, $messages) = result_of(call($schema, $role, $access, %rest, dry_run => 'false'));
	is($run->{failed} // '', '', "$title: succeeds");
	is_deeply($run->{ddl}, $preview->{ddl}, "$title: runs what the preview shows");
	my %tables = map { /^(?!ALTER DEFAULT).* ON TABLE (.*) (?:TO|FROM) / ? ($1 => 1) : () } @{ $run->{ddl} };
	is_deeply(
		[ $preview->{tables_modified}, $run->{tables_modified} ],
		[ 0, scalar keys %tables ],
		"$title: counts the tables that it modifies");
	is($messages, $preview_messages, "$title: and says the same");
	is_deeply(others($role), $others, "$title: nobody and nothing else is touched");

	my $again = call($schema, $role, $access, %rest, dry_run => 'false');
	is( sql(qq{
			BEGIN;
			$again -> 'ddl';
			SELECT pg_current_xact_id_if_assigned() IS NULL;
			SELECT count(*) FROM pg_locks JOIN pg_class c ON c.oid = relation
			WHERE pid = pg_backend_pid() AND relnamespace = '$schema'::regnamespace;
			COMMIT;
		}),
		"[]\nt\n0", "$title: a second run does nothing");
	return ($run, $messages);
}

sub skipped
{
	my ($result) = @_;
	return [ sort map { about($_) } @{ $result->{skipped} // [] } ];
}

# What an entry is about, quoted as in a statement.
sub about
{
	my ($entry) = @_;
	return $entry->{object} // join '.', map { '"' . s/"/""/gr . '"' } grep { defined } @$entry{qw(schema_name table_name)};
}

# ---------------------------------------------------------------- every kind of object

# The heir has USAGE on the schema through another role as well: else that alone would refuse
# everything at none, and whether the tables' privileges were revoked could not be seen.
sql(q{
	CREATE ROLE owner;
	CREATE ROLE other_owner;
	CREATE ROLE grantee;
	CREATE ROLE usher;
	CREATE ROLE heir IN ROLE grantee, usher;
	CREATE ROLE anybody;
	CREATE ROLE visitor IN ROLE usher;

	CREATE SCHEMA lab AUTHORIZATION owner;
	CREATE SCHEMA elsewhere AUTHORIZATION owner;
	GRANT USAGE ON SCHEMA elsewhere TO PUBLIC;
	SET ROLE owner;
	GRANT USAGE ON SCHEMA lab TO usher;
	GRANT USAGE, CREATE ON SCHEMA lab TO other_owner;
	CREATE TABLE lab.ordinary (id int PRIMARY KEY, v int);
	CREATE TABLE lab."~~hidden" (id int PRIMARY KEY, v int);
	CREATE UNLOGGED TABLE lab.unlogged (id int PRIMARY KEY, v int);
	CREATE TABLE lab.partitioned (id int PRIMARY KEY, v int) PARTITION BY RANGE (id);
	CREATE TABLE lab.partition PARTITION OF lab.partitioned FOR VALUES FROM (0) TO (10);
	CREATE TABLE elsewhere.partition PARTITION OF lab.partitioned FOR VALUES FROM (10) TO (20);
	CREATE TABLE elsewhere.partitioned (id int PRIMARY KEY, v int) PARTITION BY RANGE (id);
	CREATE TABLE lab.stray_partition PARTITION OF elsewhere.partitioned FOR VALUES FROM (0) TO (10);
	CREATE TABLE lab.parent (id int PRIMARY KEY, v int);
	CREATE TABLE lab.child (PRIMARY KEY (id)) INHERITS (lab.parent);
	CREATE VIEW lab.view AS SELECT * FROM lab.ordinary;
	CREATE MATERIALIZED VIEW lab.materialized AS SELECT * FROM lab.ordinary;
	CREATE SEQUENCE lab.sequence;
	CREATE TABLE lab.identity (id int GENERATED BY DEFAULT AS IDENTITY PRIMARY KEY, v int);
	CREATE TABLE lab.serial (id serial PRIMARY KEY, v int);
	CREATE TYPE lab.mood AS ENUM ('calm');
	REVOKE ALL ON TYPE lab.mood FROM PUBLIC;
	CREATE FUNCTION lab.closed() RETURNS int LANGUAGE sql AS 'SELECT 1';
	REVOKE ALL ON FUNCTION lab.closed() FROM PUBLIC;
	CREATE FUNCTION lab.open() RETURNS int LANGUAGE sql AS 'SELECT 1';
	CREATE TABLE lab.member (id int PRIMARY KEY, v int);
	SET ROLE other_owner;
	CREATE TABLE lab.other_owners (id int PRIMARY KEY, v int);
	RESET ROLE;
	ALTER EXTENSION datajoint_deploy ADD TABLE lab.member;

	CREATE TABLE trial.action (
		position int GENERATED ALWAYS AS IDENTITY,
		object text, action text, outcomes text[], statement text);
});

# Foreign tables of this same server, as a superuser without a password, which takes postgres_fdw's
# permission.
if ($has_postgres_fdw)
{
	my ($host, $port) = ($node->host, $node->port);
	sql(qq{
		CREATE EXTENSION postgres_fdw;
		CREATE SERVER loopback FOREIGN DATA WRAPPER postgres_fdw OPTIONS (host '$host', port '$port', dbname 'postgres');
		CREATE USER MAPPING FOR PUBLIC SERVER loopback
			OPTIONS (user '@{[ sql('SELECT current_user') ]}', password_required 'false');
		GRANT USAGE ON FOREIGN SERVER loopback TO owner;
		CREATE TABLE trial.remote (id int PRIMARY KEY, v int);
		SET ROLE owner;
		CREATE FOREIGN TABLE lab.remote (id int, v int) SERVER loopback OPTIONS (schema_name 'trial', table_name 'remote');
	});
}

my %statements = (
	SELECT => 'SELECT FROM %s',
	INSERT => 'INSERT INTO %s (id, v) VALUES (1, 1)',
	UPDATE => 'UPDATE %s SET v = 2',
	DELETE => 'DELETE FROM %s',
	TRUNCATE => 'TRUNCATE %s',
	REFERENCES => 'CREATE UNLOGGED TABLE trial.referring (id int REFERENCES %s)',
	TRIGGER => 'CREATE TRIGGER t BEFORE INSERT ON %s EXECUTE FUNCTION trial.nothing()',
	VIEW_TRIGGER => 'CREATE TRIGGER t INSTEAD OF INSERT ON %s FOR EACH ROW EXECUTE FUNCTION trial.nothing()',
	REINDEX => 'REINDEX TABLE %s',
	REFRESH => 'REFRESH MATERIALIZED VIEW %s',
	USE_DEFAULT => 'INSERT INTO %s (v) VALUES (1)',
	NEXTVAL => q{SELECT nextval('%s')},
	SETVAL => q{SELECT setval('%s', 1)},
	LAST_VALUE => 'SELECT last_value FROM %s',
	CREATE => 'CREATE TABLE %s.made ()',
	CREATE_VIEW => 'CREATE VIEW %s.made AS SELECT 1 AS one',
	DROP => 'DROP TABLE %s',
	CALL => 'SELECT %s()',
	USE_TYPE => 'CREATE TABLE trial.with_type (c %s)',
	GIVE => 'CREATE TABLE trial.with_acl AS SELECT relacl FROM pg_class; GRANT SELECT ON %s TO anybody',
);

# The trigger is one FOR EACH STATEMENT, because one FOR EACH ROW takes the privilege on the partitions, too.
# What is possible at none, read, write and all; m is MAINTAIN, which came with PostgreSQL 17.
my @expectations = (
	[ 'ordinary ~~hidden unlogged partition stray_partition parent child identity serial other_owners', <<'END' ],
		SELECT      - + + +
		INSERT      - - + +
		UPDATE      - - + +
		DELETE      - - + +
		TRUNCATE    - - - +
		REFERENCES  - - - +
		TRIGGER     - - - +
		REINDEX     - - - m
		DROP        - - - -
END
	[ 'partitioned', <<'END' ],
		SELECT      - + + +
		INSERT      - - + +
		UPDATE      - - + +
		DELETE      - - + +
		TRUNCATE    - - - +
		REFERENCES  - - - +
		TRIGGER     - - - +
		DROP        - - - -
END
	[ 'view', <<'END' ],
		SELECT       - + + +
		INSERT       - - + +
		UPDATE       - - + +
		DELETE       - - + +
		VIEW_TRIGGER - - - +
END
	[ 'materialized', <<'END' ],
		SELECT      - + + +
		REFRESH     - - - m
END
	[ 'remote', <<'END' ],
		SELECT      - + + +
		INSERT      - - + +
		UPDATE      - - + +
		DELETE      - - + +
		TRUNCATE    - - - +
		TRIGGER     - - - +
END
	[ 'sequence identity_id_seq serial_id_seq', <<'END' ],
		LAST_VALUE  - + + +
		NEXTVAL     - - + +
		SETVAL      - - - +
END
	[ 'identity serial', <<'END' ],
		USE_DEFAULT - - + +
END
	[ 'closed mood', <<'END' ],
		CALL        - - - -
		USE_TYPE    - - - -
END
	[ 'open', <<'END' ],
		CALL        + + + +
END
	[ 'member', <<'END' ],
		SELECT      - - - -
		INSERT      - - - -
END
	[ 'elsewhere.partition elsewhere.partitioned', <<'END' ],
		SELECT      - - - -
		INSERT      - - - -
END
	[ '', <<'END' ],
		CREATE      - - - +
		CREATE_VIEW - - - +
END
);

sub load_expectations
{
	my @rows;
	for my $expectation (@expectations)
	{
		my ($objects, $lines) = @$expectation;
		for my $object (split / /, $objects || 'lab')
		{
			next if $object eq 'remote' && !$has_postgres_fdw;
			my $name = $object =~ /\.|^lab$/ ? $object : qq(lab."$object");
			for my $line (split /\n/, $lines)
			{
				my ($action, @outcomes) = split ' ', $line;
				next if $action eq 'CALL' && $object eq 'mood' || $action eq 'USE_TYPE' && $object eq 'closed';
				s/m/$version >= 17 ? '+' : '-'/e for @outcomes;
				my $statement = sprintf $statements{$action}, $name;
				push @rows, "('$object', '$action', '{" . join(',', @outcomes) . "}', \$s\$$statement\$s\$)";
			}
		}
	}
	sql('INSERT INTO trial.action (object, action, outcomes, statement) VALUES ' . join ', ', @rows);
	return;
}
load_expectations();
cmp_ok(sql('SELECT count(*) FROM trial.action'), '>', 120, 'there is something to try');

# What a role can do that it should not, and the other way round.
my %levels = (none => 1, read => 2, write => 3, all => 4);

sub can_do_what_it_should
{
	my ($title, $actor, $access) = @_;
	is( sql(qq{
			SELECT string_agg(format('%s %s: %s', object, action, outcome), E'\\n' ORDER BY position)
			FROM trial.action CROSS JOIN LATERAL trial.outcome('$actor', statement) AS outcome
			WHERE outcome <> outcomes[$levels{$access}]
		}),
		'', "$title: $actor can do what it should, and nothing else");
	return;
}

# Without USAGE on the schema nothing works, whatever the tables say.
sub can_do_nothing
{
	my ($title, $actor) = @_;
	is( sql(qq{
			SELECT string_agg(format('%s %s: %s', object, action, outcome), E'\\n' ORDER BY position)
			FROM trial.action CROSS JOIN LATERAL trial.outcome('$actor', statement) AS outcome WHERE outcome <> '-'
		}),
		'', "$title: $actor can do nothing");
	return;
}

# Every level is reached from a lower and from a higher one.
sub walk
{
	my ($role, $actor, $actor_with_usage) = @_;
	my $relations = sql(q{
		SELECT count(*) FROM pg_class WHERE relnamespace = 'lab'::regnamespace
		AND relkind IN ('r', 'p', 'v', 'm', 'f') AND relname <> 'member'
	});
	can_do_nothing("$role before", $actor);
	can_do_what_it_should("$role before", $actor_with_usage, 'none');
	for my $access (qw(none read write all write read none all read all none write none))
	{
		my ($result) = set_grants("$role $access", 'lab', $role, $access);
		can_do_what_it_should("$role $access", $actor_with_usage, $access);
		if ($access eq 'none')
		{
			can_do_nothing("$role $access", $actor);
		}
		else
		{
			can_do_what_it_should("$role $access", $actor, $access);
		}
		ok(!exists $result->{skipped}, "$role $access: nothing is skipped");
		is($result->{tables_analyzed}, $relations, "$role $access: counts what it looks at");
	}
	is(privileges('lab', $role), 'nothing', "$role: nothing is left");
	return;
}
walk('grantee', 'grantee', 'heir');
walk('public', 'anybody', 'visitor');

# The owner is the grantor, also where a superuser calls: so the owner can take it back.
sql(call('lab', 'grantee', 'all', dry_run => 'false'));
is( sql(q{
		SELECT count(*) FROM pg_class, aclexplode(relacl)
		WHERE relnamespace = 'lab'::regnamespace AND grantee = 'grantee'::regrole AND grantor <> relowner
	}),
	'0', 'everything was granted by the owner');
sql(call('lab', 'grantee', 'none', dry_run => 'false'));

# ---------------------------------------------------------------- what was there before

# Excess of every sort goes: privileges, grant options, columns.
sql(q{
	CREATE ROLE friend;
	CREATE SCHEMA mess AUTHORIZATION owner;
	SET ROLE owner;
	GRANT USAGE ON SCHEMA mess TO grantee WITH GRANT OPTION;
	GRANT CREATE ON SCHEMA mess TO grantee;
	CREATE TABLE mess.columns (id int, v int, w int);
	GRANT UPDATE (v), INSERT (v) ON mess.columns TO grantee;
	GRANT UPDATE (w) ON mess.columns TO friend;
	CREATE TABLE mess.excess (id int);
	GRANT SELECT, TRUNCATE, REFERENCES ON mess.excess TO grantee;
	GRANT SELECT, TRUNCATE ON mess.excess TO friend WITH GRANT OPTION;
	CREATE TABLE mess.options (id int);
	GRANT SELECT, INSERT ON mess.options TO grantee WITH GRANT OPTION;
	CREATE TABLE mess.column_options (id int, v int);
	GRANT SELECT (id), REFERENCES (v) ON mess.column_options TO grantee WITH GRANT OPTION;
	CREATE VIEW mess.view AS SELECT * FROM mess.columns;
	GRANT INSERT (id) ON mess.view TO grantee;
	CREATE SEQUENCE mess.sequence;
	GRANT ALL ON SEQUENCE mess.sequence TO grantee WITH GRANT OPTION;
});
my $read_tables = join '; ', map { "$_: SELECT" } qw(column_options columns excess options sequence view);
set_grants('excess read', 'mess', 'grantee', 'read');
is(privileges('mess', 'grantee') =~ s/column_options\.id: SELECT; //r, "(mess): USAGE; $read_tables",
	'read: nothing beyond is left');
is(sql(q{SELECT has_column_privilege('grantee', 'mess.column_options', 'id', 'SELECT WITH GRANT OPTION')}),
	'f', 'read: no grant option on a column either');

sql(q{SET ROLE owner; GRANT UPDATE (v) ON mess.columns TO grantee; GRANT SELECT (id) ON mess.excess TO grantee});
set_grants('columns none', 'mess', 'grantee', 'none');
is(privileges('mess', 'grantee'), 'nothing', 'none: nothing is left, of columns either');
is( privileges('mess', 'friend'),
	'columns.w: UPDATE; excess: SELECT*, TRUNCATE*',
	'the other role has what it had');

# The preview is made of whole statements, each for itself.
my ($plan) = result_of(call('mess', 'grantee', 'write'));
sql("SET ROLE owner; $_") for @{ $plan->{ddl} };
my ($nothing) = result_of(call('mess', 'grantee', 'write'));
is_deeply($nothing->{ddl}, [], 'by hand: nothing is left to do');
set_grants('by hand none', 'mess', 'grantee', 'none');

# PUBLIC is nobody in particular, and what it holds is not what a role holds.
sql(q{SET ROLE owner; GRANT SELECT, INSERT ON mess.excess TO PUBLIC; GRANT USAGE ON SCHEMA mess TO PUBLIC});
set_grants('beside PUBLIC', 'mess', 'grantee', 'read');
is(privileges('mess', 'grantee') =~ s/column_options\.id: SELECT; //r, "(mess): USAGE; $read_tables",
	'a role gets its own privileges although PUBLIC has them');
set_grants('beside PUBLIC', 'mess', 'grantee', 'none');
is(privileges('mess', 'public'), '(mess): USAGE; excess: INSERT, SELECT', 'and PUBLIC keeps its own');
set_grants('PUBLIC none', 'mess', 'public', 'none');
is(privileges('mess', 'public'), 'nothing', 'PUBLIC loses them in a call of its own');

# Somebody else's grant is not the owner's to take back; it is said and stays. What is wanted need
# not be granted twice.
sql(q{
	CREATE ROLE middleman;
	CREATE SCHEMA foreign_grants AUTHORIZATION owner;
	SET ROLE owner;
	GRANT USAGE ON SCHEMA foreign_grants TO middleman;
	CREATE TABLE foreign_grants.given (id int);
	GRANT ALL ON foreign_grants.given TO middleman WITH GRANT OPTION;
	CREATE TABLE foreign_grants.given_column (id int, v int);
	GRANT UPDATE (v) ON foreign_grants.given_column TO middleman WITH GRANT OPTION;
	CREATE TABLE foreign_grants.given_option (id int);
	GRANT SELECT ON foreign_grants.given_option TO middleman WITH GRANT OPTION;
	CREATE TABLE foreign_grants.given_twice (id int);
	GRANT SELECT, INSERT ON foreign_grants.given_twice TO middleman WITH GRANT OPTION;
	GRANT INSERT ON foreign_grants.given_twice TO grantee;
	CREATE TABLE foreign_grants.given_wanted (id int);
	GRANT SELECT ON foreign_grants.given_wanted TO middleman WITH GRANT OPTION;
	CREATE TABLE foreign_grants.plain (id int);
	GRANT ALL ON foreign_grants.plain TO grantee;
	CREATE SEQUENCE foreign_grants.sequence;
	GRANT USAGE ON SEQUENCE foreign_grants.sequence TO middleman WITH GRANT OPTION;
	SET ROLE middleman;
	GRANT INSERT ON foreign_grants.given TO grantee;
	GRANT UPDATE (v) ON foreign_grants.given_column TO grantee;
	GRANT SELECT ON foreign_grants.given_option TO grantee WITH GRANT OPTION;
	GRANT INSERT ON foreign_grants.given_twice TO grantee;
	GRANT SELECT ON foreign_grants.given_wanted TO grantee;
	GRANT USAGE ON SEQUENCE foreign_grants.sequence TO grantee;
});
my $given_by = q{
	SELECT string_agg(format('%s: %s by %s', name, privilege_type || CASE WHEN is_grantable THEN '*' ELSE '' END, grantor::regrole),
		'; ' ORDER BY name, privilege_type, grantor::regrole::text)
	FROM (
		SELECT relname::text COLLATE "C", relacl FROM pg_class WHERE relnamespace = 'foreign_grants'::regnamespace
		UNION ALL
		SELECT relname || '.' || attname, attacl FROM pg_attribute JOIN pg_class c ON c.oid = attrelid
		WHERE relnamespace = 'foreign_grants'::regnamespace
	) AS object(name, acl) CROSS JOIN aclexplode(acl)
	WHERE grantee = 'grantee'::regrole};
my ($result, $messages) = set_grants('somebody else\'s grant', 'foreign_grants', 'grantee', 'read');
my @stuck = map { qq("foreign_grants"."$_") } qw(given given_column given_option given_twice sequence);
is_deeply(skipped($result), \@stuck, 'somebody else\'s grant: what is beyond is skipped');
is_deeply(
	[ map { qq("foreign_grants"."$_") } sort $messages =~ /^WARNING:  skipping "foreign_grants\.(\w+)": role "middleman" granted /mg ],
	\@stuck, 'with a warning that names whose it is');
is( sql($given_by),
	join('; ',
		'given: INSERT by middleman', 'given: SELECT by owner', 'given_column: SELECT by owner',
		'given_column.v: UPDATE by middleman', 'given_option: SELECT* by middleman', 'given_twice: INSERT by middleman',
		'given_twice: SELECT by owner', 'given_wanted: SELECT by middleman', 'plain: SELECT by owner',
		'sequence: SELECT by owner', 'sequence: USAGE by middleman'),
	'it is still there, the rest is as asked');
($result) = set_grants('somebody else\'s grant none', 'foreign_grants', 'grantee', 'none');
is( sql($given_by),
	join('; ',
		'given: INSERT by middleman', 'given_column.v: UPDATE by middleman', 'given_option: SELECT* by middleman',
		'given_twice: INSERT by middleman', 'given_wanted: SELECT by middleman', 'sequence: USAGE by middleman'),
	'at none only that is left');
is(scalar @{ skipped($result) }, 6, 'and all of that is reported');
sql(q{
	SET ROLE owner;
	REVOKE ALL ON ALL TABLES IN SCHEMA foreign_grants FROM middleman CASCADE;
	REVOKE ALL ON ALL SEQUENCES IN SCHEMA foreign_grants FROM middleman CASCADE;
});
($result) = set_grants('once it is gone', 'foreign_grants', 'grantee', 'read');
ok(!exists $result->{skipped}, 'once it is gone nothing is skipped');
unlike(sql($given_by), qr/middleman|INSERT|UPDATE|\*/, 'and all is as asked');

# What a role passed on would go with it, and that is others' property.
sql(q{
	CREATE SCHEMA passed AUTHORIZATION owner;
	SET ROLE owner;
	GRANT USAGE ON SCHEMA passed TO PUBLIC;
	CREATE TABLE passed.on (id int);
	GRANT SELECT, INSERT ON passed.on TO grantee WITH GRANT OPTION;
	CREATE TABLE passed.column (id int, v int);
	GRANT UPDATE (id, v), SELECT (v) ON passed.column TO grantee WITH GRANT OPTION;
	CREATE TABLE passed.plain (id int);
	GRANT INSERT ON passed.plain TO grantee;
	SET ROLE grantee;
	GRANT INSERT ON passed.on TO friend;
	GRANT UPDATE (v) ON passed.column TO friend;
});
($result, $messages) = set_grants('passed on', 'passed', 'grantee', 'none');
is_deeply(skipped($result), [ '"passed"."column"', '"passed"."on"' ], 'what was passed on is skipped');
like($messages, qr/^WARNING:  skipping "passed\.on": the role has passed on INSERT/m, 'with a warning');
is(privileges('passed', 'friend'), 'column.v: UPDATE; on: INSERT', 'whom it was passed on to keeps it');
like(privileges('passed', 'grantee'), qr/^(column\.id: UPDATE\*; )?column\.v: UPDATE\*; on: INSERT\*$/,
	'so does who passed it on; the rest is gone');
sql(q{SET ROLE grantee; REVOKE INSERT ON passed.on FROM friend; REVOKE UPDATE (v) ON passed.column FROM friend});
set_grants('taken back', 'passed', 'grantee', 'none');
is(privileges('passed', 'grantee'), 'nothing', 'once it is taken back everything goes');

# A schema's privilege that was passed on.
sql(q{
	SET ROLE owner;
	GRANT USAGE ON SCHEMA passed TO grantee WITH GRANT OPTION;
	GRANT SELECT ON passed.plain TO grantee;
	SET ROLE grantee;
	GRANT USAGE ON SCHEMA passed TO friend;
});
($result, $messages) = set_grants('schema passed on', 'passed', 'grantee', 'none');
is(privileges('passed', 'friend'), '(passed): USAGE', 'a schema that was passed on: stays with both');
is(privileges('passed', 'grantee'), '(passed): USAGE*', 'and the rest is done');
like($messages, qr/^WARNING: .*"passed"/m, 'with a warning');
sql('REVOKE USAGE ON SCHEMA passed FROM grantee CASCADE');

# What the role owns is its own, at every level.
sql(q{
	CREATE SCHEMA own_table AUTHORIZATION owner;
	GRANT USAGE, CREATE ON SCHEMA own_table TO grantee;
	SET ROLE grantee;
	CREATE TABLE own_table.mine (id int PRIMARY KEY);
	CREATE SEQUENCE own_table.my_sequence;
	REVOKE DELETE ON own_table.mine FROM grantee;
	RESET ROLE;
	SET ROLE owner;
	CREATE TABLE own_table.not_mine (id int PRIMARY KEY);
});
my $own = sql(q{SELECT relacl FROM pg_class WHERE relname = 'mine'});
for my $access (qw(none read write all none))
{
	set_grants("owner $access", 'own_table', 'grantee', $access);
	is(sql(q{SELECT relacl FROM pg_class WHERE relname = 'mine'}), $own, "own table, $access: as it was");
	is(sql(q{SELECT relacl IS NULL FROM pg_class WHERE relname = 'my_sequence'}), 't', "own sequence, $access: as it was");
}
sql(q{CREATE SCHEMA own_schema AUTHORIZATION grantee; CREATE TABLE own_schema.not_mine (id int)});
set_grants('schema owner read', 'own_schema', 'grantee', 'read');
is( sql(q{SELECT nspacl IS NULL AND has_schema_privilege('grantee', oid, 'CREATE') FROM pg_namespace WHERE nspname = 'own_schema'}),
	't', 'own schema: as it was');

# ---------------------------------------------------------------- names

sql(q{
	CREATE SCHEMA names;
	CREATE TABLE names."a""b; DROP TABLE names.canary" (id int);
	CREATE TABLE names.canary (id int);
});
my @names = (
	'a"b', q(a'b), 'a\\b', "a\tb", ' a ', 'a.b', '%', '%s%n%I', 'x; DROP TABLE names.canary--', '/*', '$$', '#lookup', '~log',
	'PUBLIC', 'Public', '"public"', 'select', 'current_user', 'session_user', 'CURRENT_ROLE', 'ALL', 'None', 'U&"\\0041"', '007',
	'x' x 63, '"' x 63, "\x01\x7f", 'a=r/b');
push @names, "a\nb", "a\rb" if $version < 19; # which knows no such roles
for my $name (@names)
{
	my $title = 'role ' . encode_json([$name]);
	my $quoted = identifier($name);
	sql("CREATE ROLE $quoted");
	my $granted = qq{
		SELECT string_agg(DISTINCT coalesce(rolname, 'everybody') || ':' || privilege_type, ' ')
		FROM pg_class CROSS JOIN aclexplode(relacl) LEFT JOIN pg_roles r ON r.oid = grantee
		WHERE relnamespace = 'names'::regnamespace AND grantee <> relowner};
	my ($preview) = result_of(call('names', $name, 'read'));
	is_deeply(
		$preview->{ddl},
		[
			qq(GRANT USAGE ON SCHEMA "names" TO $quoted),
			map { qq(GRANT SELECT ON TABLE "names".$_ TO $quoted) } '"a""b; DROP TABLE names.canary"', '"canary"'
		],
		"$title: preview");
	my ($run) = result_of(call('names', $name, 'read', dry_run => 'false'));
	is_deeply($run->{ddl}, $preview->{ddl}, "$title: run");
	is(sql($granted), "$name:SELECT", "$title: exactly that role");
	($run) = result_of(call('names', $name, 'none', dry_run => 'false'));
	is(scalar @{ $run->{ddl} }, 3, "$title: taken back");
	is(sql($granted), '', "$title: nobody has anything");
	sql("DROP ROLE $quoted") unless $name eq 'PUBLIC';
}

# An owner and a schema of such names.
my $odd = q(a"b'; DROP TABLE names.canary -- %s%n);
my $odd_quoted = identifier($odd);
sql(qq{
	CREATE ROLE $odd_quoted;
	CREATE SCHEMA $odd_quoted AUTHORIZATION $odd_quoted;
	SET ROLE $odd_quoted;
	CREATE TABLE $odd_quoted.$odd_quoted (id int);
	CREATE SEQUENCE $odd_quoted."%n";
});
my $odd_call = call($odd, 'grantee', 'read', dry_run => 'false', future_tables => 'true');
my $odd_defaults = "ALTER DEFAULT PRIVILEGES FOR ROLE $odd_quoted IN SCHEMA $odd_quoted";
($result) = result_of($odd_call);
is_deeply(
	$result->{ddl},
	[
		qq(GRANT USAGE ON SCHEMA $odd_quoted TO "grantee"),
		qq($odd_defaults GRANT SELECT ON TABLES TO "grantee"),
		qq($odd_defaults GRANT SELECT ON SEQUENCES TO "grantee"),
		qq(GRANT SELECT ON SEQUENCE $odd_quoted."%n" TO "grantee"),
		qq(GRANT SELECT ON TABLE $odd_quoted.$odd_quoted TO "grantee"),
	],
	'owner, schema, table and sequence of odd names');
($result) = result_of($odd_call);
is_deeply($result->{ddl}, [], 'and it is done');

# A role named "PUBLIC" and everybody are two.
sql(call('names', 'PUBLIC', 'write', dry_run => 'false'));
set_grants('PUBLIC is not "PUBLIC"', 'names', 'public', 'read');
my $columns = 'a"b; DROP TABLE names.canary';
is(privileges('names', 'public'), "(names): USAGE; $columns: SELECT; canary: SELECT", 'everybody reads');
is( privileges('names', 'PUBLIC'),
	join('; ', '(names): USAGE', map { "$_: DELETE, INSERT, SELECT, UPDATE" } $columns, 'canary'),
	'the role writes');
my ($public) = result_of(call('names', 'public', 'none'));
is($public->{ddl}[0], 'REVOKE USAGE ON SCHEMA "names" FROM PUBLIC', 'PUBLIC is written without quotes');

like(error_of($node, call('names', $_, 'read')), qr/^ERROR:  42704: role "\Q$_\E" does not exist/, "there is no role $_")
  for 'Grantee', 'grantee ', 'GRANTEE', 'public ', 'current_user';

# ---------------------------------------------------------------- who may call

sql(q{
	CREATE ROLE some_owner;
	CREATE SCHEMA shared AUTHORIZATION some_owner;
	GRANT USAGE, CREATE ON SCHEMA shared TO other_owner;
	SET ROLE some_owner;
	CREATE TABLE shared.a (id int);
	CREATE TABLE shared.b (id int);
	SET ROLE other_owner;
	CREATE TABLE shared.c (id int);
	CREATE SEQUENCE shared.d;
	CREATE VIEW shared.e AS SELECT 1 AS one;
});
my $as_some_owner = 'SET SESSION AUTHORIZATION some_owner;';
my $shared = others('grantee');
my $error = error_of($node, $as_some_owner . call('shared', 'grantee', 'read', dry_run => 'false'));
like($error, qr/^ERROR:  42501: must be owner of .*"shared\.c".*"shared\.d".*"shared\.e"/, 'owner of some: names the others');
unlike($error, qr/shared\.[ab]"/, 'and not its own');
is(privileges('shared', 'grantee'), 'nothing', 'owner of some: nothing is applied');
my ($dry, $warnings) = result_of(call('shared', 'grantee', 'read'), $as_some_owner);
is(scalar @{ $dry->{ddl} }, 6, 'owner of some: the dry run shows everything');
like($warnings, qr/^WARNING:  must be owner of .*"shared\.c".*"shared\.d".*"shared\.e"/m, 'and warns');

is_deeply(others('grantee'), $shared, 'nobody and nothing else is touched');

# With all tables of one's own a GRANT ON SCHEMA would give nothing, and PostgreSQL would only warn.
sql(q{
	CREATE SCHEMA half AUTHORIZATION some_owner;
	GRANT USAGE, CREATE ON SCHEMA half TO other_owner;
	SET ROLE other_owner;
	CREATE TABLE half.c (id int);
});
my $as_other_owner = 'SET SESSION AUTHORIZATION other_owner;';
$error = error_of($node, $as_other_owner . call('half', 'grantee', 'read', dry_run => 'false'));
like($error, qr/^ERROR:  42501: must be owner of schema "half"/, 'owner of all tables but not of the schema: refused');
is(privileges('half', 'grantee'), 'nothing', 'and nothing is applied');
($dry, $warnings) = result_of(call('half', 'grantee', 'read'), $as_other_owner);
like($warnings, qr/^WARNING:  must be owner of schema "half"/m, 'the dry run warns');
sql('GRANT USAGE ON SCHEMA half TO grantee');
($result) = result_of(call('half', 'grantee', 'read', dry_run => 'false'), $as_other_owner);
is_deeply($result->{ddl}, ['GRANT SELECT ON TABLE "half"."c" TO "grantee"'], 'once the schema is as asked it is not needed');

# Needed is ownership of what is to change, and of nothing else.
sql(q{SET ROLE other_owner; GRANT SELECT ON shared.c, shared.d, shared.e TO grantee});
my ($mine) = result_of(call('shared', 'grantee', 'read', dry_run => 'false'), $as_some_owner);
is(scalar @{ $mine->{ddl} // [] }, 3, 'what is there already needs no ownership');
is(privileges('shared', 'grantee'), '(shared): USAGE; ' . join('; ', map { "$_: SELECT" } 'a' .. 'e'), 'and all is as asked');

# The owner of a database, no superuser: installs the extension, owns through a role or by itself.
sql('CREATE ROLE dba; CREATE ROLE team; GRANT team TO dba; CREATE DATABASE dba OWNER dba');
my $as_dba = 'SET SESSION AUTHORIZATION dba;';
sql(qq{
	$as_dba
	CREATE EXTENSION datajoint_deploy;
	CREATE SCHEMA lab;
	GRANT USAGE, CREATE ON SCHEMA lab TO team;
	CREATE TABLE lab.own (id int);
	SET ROLE team;
	CREATE TABLE lab.team (id int);
	RESET ROLE;
}, 'dba');
my $dba_ddl = sql("$as_dba " . call('lab', 'grantee', 'write', dry_run => 'false', future_tables => 'true') . "-> 'ddl'", 'dba');
is(scalar @{ decode_json($dba_ddl) }, 7, 'the owner of a database: everything is granted');
is( sql(q{
		SELECT string_agg(format('%s by %s', relname, grantor::regrole), ', ' ORDER BY relname, privilege_type)
		FROM pg_class, aclexplode(relacl)
		WHERE relnamespace = 'lab'::regnamespace AND grantee = 'grantee'::regrole AND privilege_type = 'SELECT'
	}, 'dba'),
	'own by dba, team by team', 'in the owner\'s name');
sql("$as_dba " . call('lab', 'grantee', 'none', dry_run => 'false', future_tables => 'true'), 'dba');
is( sql(q{
		SELECT count(*) FROM pg_shdepend JOIN pg_database d ON d.oid = dbid
		WHERE refobjid = 'grantee'::regrole AND datname = 'dba'
	}),
	'0', 'and taken back without a trace');

# ---------------------------------------------------------------- tables to come

# Owners are a and b; c and d may create but own no table, of which c has default privileges; the
# grantee is its own owner.
sql(q{
	CREATE ROLE a;
	CREATE ROLE b;
	CREATE ROLE c;
	CREATE ROLE d;
	CREATE ROLE future_grantee;
	CREATE SCHEMA future AUTHORIZATION a;
	SET ROLE a;
	GRANT USAGE, CREATE ON SCHEMA future TO b, c, d, future_grantee;
	CREATE TABLE future.a_old (id int PRIMARY KEY);
	SET ROLE b;
	CREATE TABLE future.b_old (id int) PARTITION BY LIST (id);
	ALTER DEFAULT PRIVILEGES IN SCHEMA future GRANT ALL ON TABLES TO future_grantee WITH GRANT OPTION;
	ALTER DEFAULT PRIVILEGES IN SCHEMA future GRANT UPDATE ON SEQUENCES TO future_grantee;
	ALTER DEFAULT PRIVILEGES IN SCHEMA future GRANT INSERT ON TABLES TO friend WITH GRANT OPTION;
	ALTER DEFAULT PRIVILEGES GRANT SELECT ON TABLES TO friend;
	ALTER DEFAULT PRIVILEGES REVOKE EXECUTE ON FUNCTIONS FROM PUBLIC;
	ALTER DEFAULT PRIVILEGES IN SCHEMA future GRANT USAGE ON TYPES TO future_grantee;
	SET ROLE c;
	CREATE VIEW future.c_view AS SELECT 1 AS one;
	ALTER DEFAULT PRIVILEGES IN SCHEMA future GRANT SELECT ON TABLES TO future_grantee;
	SET ROLE d;
	CREATE SEQUENCE future.d_old;
	SET ROLE future_grantee;
	CREATE TABLE future.own (id int);
});

# What the grantee holds on what owners make from now on: "SELECT/SELECT" is a table's and a sequence's.
my $made = 0;

sub on_new
{
	my ($owner) = @_;
	$made++;
	my $held = sql(qq{
		BEGIN;
		SET ROLE $owner;
		CREATE TABLE future.${owner}_$made (id int);
		CREATE SEQUENCE future.${owner}_s$made;
		COMMIT;
		RESET ROLE;
		SELECT (SELECT string_agg(privilege_type || CASE WHEN is_grantable THEN '*' ELSE '' END, ' ' ORDER BY privilege_type)
				FROM aclexplode(relacl) WHERE grantee = 'future_grantee'::regrole)
		FROM pg_class WHERE relname IN ('${owner}_$made', '${owner}_s$made') ORDER BY relkind DESC;
		DROP TABLE future.${owner}_$made;
		DROP SEQUENCE future.${owner}_s$made;
	});
	return join '/', map { $_ || '-' } (split(/\n/, $held, -1), '')[ 0, 1 ];
}

sub defaults
{
	return sql(q{
		SELECT string_agg(format('%s %s: %s', defaclrole::regrole, defaclobjtype, privileges), '; '
			ORDER BY defaclrole::regrole::text, defaclobjtype)
		FROM pg_default_acl CROSS JOIN LATERAL (
			SELECT string_agg(privilege_type || CASE WHEN is_grantable THEN '*' ELSE '' END, ' ' ORDER BY privilege_type)
			FROM aclexplode(defaclacl) WHERE grantee = 'future_grantee'::regrole
		) AS held(privileges)
		WHERE defaclnamespace = 'future'::regnamespace AND privileges IS NOT NULL
	});
}

my $untouched = 'b T: USAGE';
my ($future) = set_grants('future read', 'future', 'future_grantee', 'read', future_tables => 'true');
is_deeply(
	[ map { /^(ALTER DEFAULT .*) IN SCHEMA "future" (.*)/ && $1 !~ /"b"/ ? "$1: $2" : () } @{ $future->{ddl} } ],
	[ map { qq(ALTER DEFAULT PRIVILEGES FOR ROLE $_ TO "future_grantee") }
		'"a": GRANT SELECT ON TABLES', '"a": GRANT SELECT ON SEQUENCES', '"c": GRANT SELECT ON SEQUENCES' ],
	'future read: of a, of b and of c, and of nobody else');
is( defaults(), 'a S: SELECT; a r: SELECT; b S: SELECT; b T: USAGE; b r: SELECT; c S: SELECT; c r: SELECT',
	'future read: exactly');
is(on_new('a'), 'SELECT/SELECT', 'future read: a new table and sequence of a');
is(on_new('b'), 'SELECT/SELECT', 'future read: of b');
is(on_new('c'), 'SELECT/SELECT', 'future read: of c, who owned no table');
is(on_new('d'), '-/-', 'future read: nothing is known of d');

# By doing: made afterwards, by another owner, in a hidden table, tried as the role.
sql(q{
	SET ROLE b;
	CREATE TABLE future."~~jobs" (id int PRIMARY KEY, v int);
	CREATE TABLE future.part PARTITION OF future.b_old DEFAULT;
});

sub tried
{
	my ($actor) = @_;
	return join '', map { sql("SELECT trial.outcome('$actor', \$s\$$_\$s\$)") }
	  'SELECT FROM future."~~jobs"', 'INSERT INTO future."~~jobs" VALUES (1)', 'UPDATE future."~~jobs" SET v = 1',
	  'DELETE FROM future."~~jobs"', 'TRUNCATE future."~~jobs"', 'SELECT FROM future.part';
}
is(tried('future_grantee'), '+----+', 'future read: the role reads what was made afterwards');
set_grants('future read again', 'future', 'future_grantee', 'read', future_tables => 'true');

set_grants('future write', 'future', 'future_grantee', 'write', future_tables => 'true');
is(on_new('a'), 'DELETE INSERT SELECT UPDATE/SELECT USAGE', 'future write: a new table and sequence');

# Without future_tables default privileges are not looked at.
set_grants('read now, write later', 'future', 'future_grantee', 'read');
is(tried('future_grantee'), '+----+', 'future_tables false: read what there is');
is(on_new('a'), 'DELETE INSERT SELECT UPDATE/SELECT USAGE', 'future_tables false: what is to come stays as it was');

set_grants('future all', 'future', 'future_grantee', 'all', future_tables => 'true');
my $maintain = $version >= 17 ? 'MAINTAIN ' : '';
is(on_new('b'), "DELETE INSERT ${maintain}REFERENCES SELECT TRIGGER TRUNCATE UPDATE/SELECT UPDATE USAGE", 'future all');
is(tried('future_grantee'), '++++++', 'future all: what there is');
set_grants('future read from all', 'future', 'future_grantee', 'read', future_tables => 'true');
is(on_new('b'), 'SELECT/SELECT', 'future read from all');
set_grants('future none', 'future', 'future_grantee', 'none', future_tables => 'true');
is(defaults(), $untouched, 'future none: nothing is left');
is(on_new('a'), '-/-', 'future none: a new table and sequence');
is(tried('future_grantee'), '------', 'future none: what there is');

# For everybody.
set_grants('future PUBLIC', 'future', 'public', 'read', future_tables => 'true');
sql('SET ROLE a; CREATE TABLE future.for_all (id int)');
is(sql(q{SELECT trial.outcome('anybody', 'SELECT FROM future.for_all')}),
	'+', 'future PUBLIC: everybody reads what was made afterwards');
set_grants('future PUBLIC none', 'future', 'public', 'none', future_tables => 'true');

# The owner's default privileges for all schemas are no business of one schema's.
sql('SET ROLE a; ALTER DEFAULT PRIVILEGES GRANT INSERT ON TABLES TO future_grantee');
my $read_global = q{SELECT defaclacl FROM pg_default_acl WHERE defaclnamespace = 0 AND defaclrole = 'a'::regrole};
my $global = sql($read_global);
set_grants('future beside global', 'future', 'future_grantee', 'read', future_tables => 'true');
is(sql($read_global), $global, 'default privileges of all schemas are as they were');
sql('SET ROLE a; ALTER DEFAULT PRIVILEGES REVOKE INSERT ON TABLES FROM future_grantee');
set_grants('future none again', 'future', 'future_grantee', 'none', future_tables => 'true');

# It takes membership in each owner. The role reads b's only table already, so that nothing but the
# membership is missing.
sql(q{
	CREATE ROLE deployer IN ROLE a;
	CREATE ROLE deployers IN ROLE a, b;
	ALTER TABLE future.b_old OWNER TO a;
	ALTER TABLE future.part OWNER TO a;
	ALTER SEQUENCE future.d_old OWNER TO a;
	ALTER VIEW future.c_view OWNER TO a;
	GRANT SELECT ON future."~~jobs" TO future_grantee;
});
my $as_deployer = 'SET SESSION AUTHORIZATION deployer;';
$error = error_of($node, $as_deployer . call('future', 'future_grantee', 'read', future_tables => 'true', dry_run => 'false'));
like($error, qr/^ERROR:  42501: .*"b"/, 'future_tables: refused, naming the owner that the caller is no member of');
unlike($error, qr/"a"/, 'and not the other');
is(defaults(), $untouched, 'nothing is applied');
($dry, $warnings) = result_of(call('future', 'future_grantee', 'read', future_tables => 'true'), $as_deployer);
like($warnings, qr/^WARNING: .*"b"/m, 'the dry run warns');
ok((grep { /FOR ROLE "b"/ } @{ $dry->{ddl} }), 'and shows it');
my ($without) = result_of(call('future', 'future_grantee', 'read', dry_run => 'false'), $as_deployer);
ok(!$without->{failed}, 'without future_tables it is not needed') or diag($without->{failed});
my ($members) = result_of(call('future', 'future_grantee', 'read', future_tables => 'true', dry_run => 'false'),
	'SET SESSION AUTHORIZATION deployers;');
ok(!$members->{failed}, 'a member of all of them may') or diag($members->{failed});
is(on_new('b'), 'SELECT/SELECT', 'and it works');

# Nobody owns a table: the owner of the schema will. Nobody else is known: said, because new tables
# will not be covered.
sql('CREATE SCHEMA empty AUTHORIZATION a');
my ($empty, $notice) = set_grants('no table', 'empty', 'grantee', 'read', future_tables => 'true');
is(scalar(grep { /^ALTER DEFAULT PRIVILEGES FOR ROLE "a" / } @{ $empty->{ddl} }), 2, 'no table: the schema\'s owner makes some');
is($notice, '', 'no table: no notice');
(undef, $notice) = set_grants('no creator', 'empty', 'a', 'read', future_tables => 'true');
like($notice, qr/^NOTICE:  no other role owns schema "empty" or a table in it$/m, 'no creator: a notice');

# A role that is to go: what keeps it is named, and when that is gone so is the role.
($result, $notice) = set_grants('farewell', 'future', 'future_grantee', 'none');
like($notice, qr/^NOTICE:  role "future_grantee" cannot be dropped yet/m, 'farewell: a notice');
$error = error_of($node, 'DROP ROLE future_grantee');
like($error, qr/^ERROR:  2BP01/, 'farewell: it cannot be dropped indeed');
for my $reason (qr/^(?:DETAIL:  )?owner of table future\.own$/m,
	qr/^(?:DETAIL:  )?privileges for default privileges for role b in schema future on types$/m)
{
	like($notice, $reason, 'farewell: names it');
}
sql(q{DROP TABLE future.own; SET ROLE b; ALTER DEFAULT PRIVILEGES IN SCHEMA future REVOKE USAGE ON TYPES FROM future_grantee});
(undef, $notice) = set_grants('farewell again', 'future', 'future_grantee', 'none');
is($notice, '', 'farewell: nothing is left');
is($node->psql('postgres', 'DROP ROLE future_grantee'), 0, 'farewell: and it is dropped');

# What it has in another database is not in the schema, though the copy of a function has the same
# number there. With this many grants it is looked for from the side of the role.
my @many = map { "many_$_" } 1 .. 12;
sql(join ';', map { "CREATE ROLE $_" } @many);
sql(q{
	CREATE ROLE copied;
	CREATE SCHEMA copied;
	CREATE TABLE copied.t (id int);
	CREATE FUNCTION copied.f() RETURNS int LANGUAGE sql AS 'SELECT 1';
	GRANT EXECUTE ON FUNCTION copied.f() TO copied;
	GRANT UPDATE (id) ON copied.t TO copied;
	GRANT SELECT ON copied.t TO } . join ', ', @many);
(undef, $notice) = set_grants('not copied yet', 'copied', 'copied', 'none');
like($notice, qr/^(?:DETAIL:  )?privileges for function copied\.f\(\)$/m, 'not copied yet: names the function');
is(privileges('copied', 'copied'), 'nothing', 'not copied yet: what it held in a column is gone');
sql('CREATE DATABASE copy TEMPLATE postgres', 'template1');
sql('REVOKE EXECUTE ON FUNCTION copied.f() FROM copied');
(undef, $notice) = set_grants('copied', 'copied', 'copied', 'none');
is($notice, '', 'copied: nothing here is left');
sql('DROP DATABASE copy', 'template1');

# The same of a role that has more elsewhere than is worth reading; what the next role has is not its own.
sql(q{
	CREATE ROLE crowded;
	CREATE ROLE after_crowded;
	CREATE SCHEMA beside_copied;
	DO $$
	BEGIN
		FOR number IN 1..30 LOOP
			EXECUTE format('CREATE TABLE beside_copied.t%s (id int); GRANT SELECT ON beside_copied.t%1$s TO crowded', number);
		END LOOP;
	END $$;
	GRANT EXECUTE ON FUNCTION copied.f() TO crowded, after_crowded;
	GRANT UPDATE (id) ON copied.t TO crowded;
	CREATE TYPE copied.kind AS ENUM ();
	GRANT USAGE ON TYPE copied.kind TO after_crowded});
(undef, $notice) = set_grants('crowded', 'copied', 'crowded', 'none');
like($notice, qr/^(?:DETAIL:  )?privileges for function copied\.f\(\)$/m, 'crowded: names the function');
unlike($notice, qr/kind/, 'crowded: and nothing else');
is(privileges('copied', 'crowded'), 'nothing', 'crowded: what it held in a column is gone');
sql('DROP SCHEMA copied, beside_copied CASCADE; DROP ROLE copied, crowded, after_crowded, ' . join ', ', @many);

# However many default privileges there are, those of other schemas are not those of all schemas;
# PUBLIC has some of these.
sql(q{
	CREATE ROLE maker;
	CREATE ROLE made_for;
	CREATE ROLE filler;
	CREATE SCHEMA made AUTHORIZATION maker;
	CREATE SCHEMA made_first;
	ALTER DEFAULT PRIVILEGES FOR ROLE maker IN SCHEMA made_first GRANT INSERT ON TABLES TO made_for;
	ALTER DEFAULT PRIVILEGES FOR ROLE maker GRANT DELETE ON TABLES TO made_for, PUBLIC;
	DO $$
	BEGIN
		FOR number IN 1..200 LOOP
			EXECUTE format('CREATE SCHEMA made_%s; ALTER DEFAULT PRIVILEGES FOR ROLE maker IN SCHEMA made_%1$s GRANT SELECT ON TABLES TO filler', number);
		END LOOP;
	END $$});
for my $role ('made_for', 'public')
{
	my ($made) = set_grants("made for $role", 'made', $role, 'read', future_tables => 'true');
	my @reasons = map { $_->{reason} } @{ $made->{skipped} };
	is(scalar @reasons, 1, "made for $role: one is skipped");
	like($reasons[0], qr/^default privileges of role "maker" without IN SCHEMA grant DELETE on tables to /, "made for $role: what all schemas have");
}
sql(q{
	DO $$
	BEGIN
		FOR number IN 1..200 LOOP
			EXECUTE format('DROP SCHEMA made_%s', number);
		END LOOP;
	END $$;
	DROP SCHEMA made, made_first;
	DROP OWNED BY maker, made_for;
	DROP ROLE maker, made_for, filler});

# ---------------------------------------------------------------- one table

# Called by a role that owns the tables and nothing else. What the release may do is tried, with the
# schema's access and with the exceptions from it.
sql(q{
	CREATE ROLE releaser;
	CREATE ROLE release;
	CREATE SCHEMA one AUTHORIZATION releaser;
	SET ROLE releaser;
	CREATE TABLE one.migration (id serial PRIMARY KEY, v int);
	CREATE TABLE one.result (id serial PRIMARY KEY, v int);
	CREATE TABLE one.day (day int) PARTITION BY LIST (day);
	CREATE TABLE one.day_1 PARTITION OF one.day FOR VALUES IN (1);
	CREATE VIEW one.seen AS SELECT * FROM one.result;
});
my $as_releaser = 'SET SESSION AUTHORIZATION releaser;';

sub set_table
{
	my ($table, $access) = @_;
	my $call = "SELECT dj_deploy.set_grants('one.$table'::regclass, 'release', '$access', %s)";
	my $others = others('release');
	my ($preview) = result_of(sprintf($call, 'true'), $as_releaser);
	my ($run, $messages) = result_of(sprintf($call, 'false'), $as_releaser);
	is($run->{failed} // '', '', "one $table, $access: succeeds");
	is_deeply($run->{ddl}, $preview->{ddl}, "one $table, $access: runs what the preview shows");
	is_deeply(others('release'), $others, "one $table, $access: nobody and nothing else is touched");
	my ($again) = result_of(sprintf($call, 'false'), $as_releaser);
	is_deeply($again->{ddl}, [], "one $table, $access: a second run does nothing");
	return $messages;
}

sub tried_in_one
{
	return join '', map { sql("SELECT trial.outcome('release', \$s\$$_\$s\$)") }
	  'SELECT FROM one.migration', 'INSERT INTO one.migration (v) VALUES (1)', "SELECT nextval('one.migration_id_seq')",
	  'INSERT INTO one.result (v) VALUES (1)', 'SELECT FROM one.day', 'SELECT FROM one.day_1', 'SELECT FROM one.seen';
}
like(set_table('result', 'write'), qr/^NOTICE:  role "release" has no USAGE on schema "one"$/m, 'one: it cannot be used yet');
is(tried_in_one(), '-' x 7, 'one: indeed');
result_of(call('one', 'release', 'write', dry_run => 'false'), $as_releaser);
is(tried_in_one(), '+++++++', 'one: a schema to write into');
is(set_table('migration', 'read'), '', 'one: nothing is said of USAGE that the role has');
is(tried_in_one(), '+--++++', 'one: of which one table is only read');
set_table('day', 'none');
set_table('seen', 'none');
is(tried_in_one(), '+--+---', 'one: neither a partitioned table is, nor its partitions, nor a view');
set_table('day_1', 'read');
is(tried_in_one(), '+--+-+-', 'one: but a partition');
set_table($_, 'none') for qw(migration result day);
sql('SET ROLE releaser; REVOKE USAGE ON SCHEMA one FROM release');
is($node->psql('postgres', 'DROP ROLE release'), 0, 'one: after none of each the role can be dropped');

# ---------------------------------------------------------------- all at once

# Several runs for each of some roles, and others' GRANTs that take turns with them: nobody gets an error.
sql(q{
	CREATE SCHEMA storm;
	CREATE TABLE storm.a (id int);
	CREATE TABLE storm.b (id int);
} . join '', map { "CREATE ROLE storm_$_;" } 1 .. 3);
my $directory = PostgreSQL::Test::Utils::tempdir();
append_to_file("$directory/run.sql", q{
	\set role random(1, 3)
	\set access random(1, 4)
	SELECT dj_deploy.set_grants('storm', 'storm_' || :role, (ARRAY['none', 'read', 'write', 'all'])[:access],
		future_tables => true, dry_run => false);
});
append_to_file("$directory/others.sql", q{
	\set role random(1, 3)
	\set statement random(1, 4)
	DO $$
	BEGIN
		EXECUTE (ARRAY[
			'GRANT CREATE ON SCHEMA storm TO storm_:role',
			'GRANT INSERT ON storm.b TO storm_:role',
			'ALTER DEFAULT PRIVILEGES IN SCHEMA storm GRANT INSERT ON TABLES TO storm_:role',
			'ALTER DEFAULT PRIVILEGES IN SCHEMA storm REVOKE ALL ON TABLES FROM storm_:role'
		])[:statement];
	EXCEPTION WHEN OTHERS THEN NULL;
	END $$;
});
$node->command_ok(
	[
		'pgbench', '--no-vacuum', '--client=8', '--jobs=2', '--transactions=1000',
		'--file', "$directory/run.sql\@1", '--file', "$directory/others.sql\@1", 'postgres'
	],
	'eight sessions at once: no run fails');
for my $role (map { "storm_$_" } 1 .. 3)
{
	sql(call('storm', $role, 'none', future_tables => 'true', dry_run => 'false'));
	is(privileges('storm', $role), 'nothing', "$role: then everything can be taken back");
}

done_testing();
