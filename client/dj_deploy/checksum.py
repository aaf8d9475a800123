"""What a plan rests on: a digest of the rows of a server's catalog that say how tables, publications,
roles and privileges are, to be compared with the same server's later. Rows of other users' tables
count, too: a plan may depend on who references whom.
"""

# What VACUUM, ANALYZE, TRUNCATE and the like write into pg_class is no matter of a plan.
CHECKSUM = """
WITH relation AS (
    SELECT c.*
    FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
    WHERE c.relpersistence <> 't' AND n.nspname !~ '^pg_(toast|temp)' AND c.oid >= 16384
), fact(kind, text) AS (
    SELECT 'class', (to_jsonb(c) - '{relpages,reltuples,relallvisible,relallfrozen,relfilenode,relfrozenxid,
                                     relminmxid,relhasindex,relhastriggers,relhassubclass}'::text[])::text
    FROM relation c
    UNION ALL SELECT 'column', concat_ws(' ', a.attrelid, a.attnum, a.attname, a.atttypid, a.attgenerated,
                                         a.attnotnull, a.attstorage, a.attacl)
    FROM pg_attribute a JOIN relation c ON c.oid = a.attrelid WHERE a.attnum > 0 AND NOT a.attisdropped
    UNION ALL SELECT 'index', (to_jsonb(i) - 'indcheckxmin')::text
    FROM pg_index i JOIN relation c ON c.oid = i.indrelid
    UNION ALL SELECT 'reference', concat_ws(' ', k.conrelid, k.confrelid)
    FROM pg_constraint k WHERE k.contype = 'f'
    UNION ALL SELECT 'inherits', to_jsonb(h)::text FROM pg_inherits h
    UNION ALL SELECT 'namespace', to_jsonb(n)::text FROM pg_namespace n WHERE n.nspname !~ '^pg_(toast|temp)'
    UNION ALL SELECT 'publication', to_jsonb(p)::text FROM pg_publication p
    UNION ALL SELECT 'publication_rel', to_jsonb(r)::text FROM pg_publication_rel r
    UNION ALL SELECT 'publication_namespace', to_jsonb(s)::text FROM pg_publication_namespace s
    UNION ALL SELECT 'default_acl', to_jsonb(d)::text FROM pg_default_acl d
    UNION ALL SELECT 'role', concat_ws(' ', r.oid, r.rolname, r.rolsuper, r.rolinherit) FROM pg_roles r
    UNION ALL SELECT 'member', concat_ws(' ', m.roleid, m.member) FROM pg_auth_members m
    UNION ALL SELECT 'extension', concat_ws(' ', d.objid, d.refobjid) FROM pg_depend d
    WHERE d.classid = 'pg_class'::regclass AND d.refclassid = 'pg_extension'::regclass AND d.deptype = 'e'
)
SELECT md5(COALESCE(string_agg(kind || ' ' || text, E'\\n' ORDER BY kind COLLATE "C", text COLLATE "C"), ''))
FROM fact"""
