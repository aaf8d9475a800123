-- What check_cdc is measured against: a plain query of the facts that it rests on, for the tables
-- of schema :schema.
SELECT n.nspname, c.relname, c.relkind, c.relpersistence, c.relreplident, c.relispartition, t.relpages, i.*, r.*, a.*
FROM pg_class c
JOIN pg_namespace n ON n.oid = c.relnamespace
LEFT JOIN pg_class t ON t.oid = c.reltoastrelid
LEFT JOIN (SELECT indrelid, bool_or(indisprimary AND indisvalid AND indimmediate) AS has_key,
                  max(indexrelid) FILTER (WHERE indisreplident) AS identity_index
           FROM pg_index GROUP BY indrelid) i ON i.indrelid = c.oid
LEFT JOIN (SELECT prrelid, array_agg(prpubid) AS publications FROM pg_publication_rel GROUP BY prrelid) r ON r.prrelid = c.oid
LEFT JOIN (SELECT attrelid, string_agg(attname || ' ' || format_type(atttypid, NULL), ', ' ORDER BY attnum)
                  FILTER (WHERE atttypid NOT IN (16, 21, 23, 20, 700, 701, 1700, 25, 1043, 1042, 3802, 1082, 1114, 1184)) AS columns
           FROM pg_attribute WHERE attnum > 0 AND NOT attisdropped GROUP BY attrelid) a ON a.attrelid = c.oid
WHERE n.nspname = :'schema' AND c.relkind IN ('r', 'p')
ORDER BY c.relname;
