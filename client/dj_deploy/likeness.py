"""Whether the copy of a catalog is like the server's: what plans and reports rest on, by names. What a
dump lost, or a program could not load, would else be planned for as if it were not there.
"""

from dj_deploy.failure import MOST_NAMED, Failure, listed

# What a plan would be wrong without, and what it would only be incomplete without.
NEEDED = {"table", "column", "index", "parent", "publication", "membership"}

# Kind, schema and table that it is about, and the text that must be the same. Privilege MAINTAIN is 17's.
FACTS = """
WITH relation AS (
    SELECT c.*, n.nspname
    FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
    WHERE c.relkind IN ('r', 'p') AND c.relpersistence <> 't'
      AND n.nspname !~ '^pg_' AND n.nspname NOT IN ('information_schema', 'dj_deploy')
      AND NOT EXISTS (SELECT FROM pg_depend d
                      WHERE d.classid = 'pg_class'::regclass AND d.objid = c.oid AND d.deptype = 'e')
)
SELECT 'table', nspname::text, relname::text,
       concat_ws(' ', relkind, relpersistence, relreplident, relispartition, relowner::regrole,
                 ARRAY(SELECT unnest(reloptions) ORDER BY 1))
FROM relation
UNION ALL
SELECT 'column', r.nspname, r.relname,
       concat_ws(' ', quote_ident(a.attname), format_type(a.atttypid, a.atttypmod), a.attgenerated, a.attnotnull,
                 a.attstorage)
FROM pg_attribute a JOIN relation r ON r.oid = a.attrelid WHERE a.attnum > 0 AND NOT a.attisdropped
UNION ALL
SELECT 'index', r.nspname, r.relname,
       concat_ws(' ', quote_ident(c.relname), i.indisprimary, i.indimmediate, i.indisreplident, i.indpred IS NULL,
                 ARRAY(SELECT a.attname FROM unnest(i.indkey) WITH ORDINALITY k(number, place)
                       LEFT JOIN pg_attribute a ON a.attrelid = r.oid AND a.attnum = k.number ORDER BY k.place))
FROM pg_index i JOIN relation r ON r.oid = i.indrelid JOIN pg_class c ON c.oid = i.indexrelid
WHERE i.indisunique AND (i.indisvalid OR i.indisreplident)
UNION ALL
SELECT 'parent', r.nspname, r.relname, concat_ws(' ', p.nspname, p.relname, h.inhdetachpending)
FROM pg_inherits h JOIN relation r ON r.oid = h.inhrelid JOIN relation p ON p.oid = h.inhparent
UNION ALL
SELECT 'membership', r.nspname, r.relname,
       concat_ws(' ', quote_ident(p.pubname), m.prqual IS NULL,
                 ARRAY(SELECT a.attname FROM pg_attribute a
                       WHERE a.attrelid = r.oid AND a.attnum = ANY (m.prattrs) ORDER BY 1))
FROM pg_publication_rel m JOIN relation r ON r.oid = m.prrelid JOIN pg_publication p ON p.oid = m.prpubid
UNION ALL
SELECT 'membership', n.nspname, NULL, quote_ident(p.pubname)
FROM pg_publication_namespace m JOIN pg_namespace n ON n.oid = m.pnnspid JOIN pg_publication p ON p.oid = m.pnpubid
UNION ALL
SELECT 'publication', NULL, NULL,
       concat_ws(' ', quote_ident(pubname), pubowner::regrole, puballtables, pubinsert, pubupdate, pubdelete,
                 pubtruncate, pubviaroot)
FROM pg_publication
UNION ALL
SELECT 'privilege', r.nspname, r.relname,
       concat_ws(' ', COALESCE(a.grantee::regrole::text, 'public'), a.privilege_type, a.is_grantable)
FROM relation r, aclexplode(r.relacl) a WHERE a.privilege_type <> 'MAINTAIN'
UNION ALL
SELECT 'schema', n.nspname, NULL,
       concat_ws(' ', n.nspowner::regrole, a.grantee::regrole, a.privilege_type, a.is_grantable)
FROM pg_namespace n LEFT JOIN aclexplode(n.nspacl) a ON true
WHERE n.nspname !~ '^pg_' AND n.nspname NOT IN ('information_schema', 'dj_deploy', 'public')
  AND NOT EXISTS (SELECT FROM pg_depend d
                  WHERE d.classid = 'pg_namespace'::regclass AND d.objid = n.oid AND d.deptype = 'e')
UNION ALL
SELECT 'role', NULL, NULL, concat_ws(' ', quote_ident(rolname), rolsuper, rolinherit) FROM pg_roles
WHERE rolname !~ '^pg_'
UNION ALL
SELECT 'member', NULL, NULL, concat_ws(' ', roleid::regrole, member::regrole) FROM pg_auth_members
"""


def require_likeness(facts_of_server, facts_of_copy, unreadable, complaints, warn):
    """unreadable: the schemas, and tables with their schemas, that were left out."""

    def is_read(fact):
        _, schema, table, _ = fact
        return (schema, None) not in unreadable and (schema, table) not in unreadable

    missing = sorted(set(filter(is_read, facts_of_server)) - set(facts_of_copy), key=str)
    needed = [fact for fact in missing if fact[0] in NEEDED]
    if needed:
        raise Failure(f"could not copy {named(needed)}", "\n".join(complaints[:MOST_NAMED]))
    if missing:
        warn(f"could not copy, and so is not planned for: {named(missing)}")


def named(facts):
    return listed([name_of(*fact) for fact in facts])


def name_of(kind, schema, table, text):
    where = ".".join(filter(None, [schema, table]))
    return " ".join(filter(None, [kind, where and f'"{where}"', "" if kind == "table" else f"({text})"]))
