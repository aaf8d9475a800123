// node-postgres: see checks.txt. It prepares a statement on the server only where a query has a name.
const { Client } = require('pg');

let failed = false;

function check(title, shown) {
    failed ||= !shown;
    console.log(shown ? 'ok' : 'not ok', title);
}

const same = (a, b) => JSON.stringify(a) === JSON.stringify(b);
const identity = 'SELECT dj_deploy.set_replica_identity($1, $2, dry_run => $3, skip_unchanged => $4) AS result';

async function main() {
    const client = new Client();
    const notices = [];
    client.on('notice', ({ severity, code, message, detail, hint }) => severity === 'WARNING' && notices.push([severity, code, message, detail, hint]));
    await client.connect();

    const value = async (statement, ...parameters) => Object.values((await client.query(statement, parameters)).rows[0])[0];
    const refused = (statement, ...parameters) =>
        client.query(statement, parameters).then(() => { throw new Error(`not refused: ${statement}`); }, (error) => error);
    const numberFull = (schema) => value(
        "SELECT count(*)::int FROM pg_class WHERE relnamespace = $1::regnamespace AND relkind = 'r' AND relreplident = 'f'", schema);

    let plan = await value(identity, 'lab', 'full', true, false);
    check('dry run: the result decoded, nothing done', plan.tables_analyzed === 15 && plan.tables_modified === 0 &&
        plan.ddl.length === 15 && plan.ddl[0] === 'ALTER TABLE "lab"."#rig" REPLICA IDENTITY FULL' && await numberFull('lab') === 0);
    check('WARNING of a function: SQLSTATE, message, detail, hint', same(notices, [[
        'WARNING', '55000', 'UPDATE and DELETE on table "lab.subject" will fail with replica identity FULL',
        'Publication "partial" has a column list for the table, which replica identity FULL does not allow.',
        "Drop the column list, or set replica identity DEFAULT if the list covers the primary key."]]));
    let done = await value(identity, 'lab', 'full', false, false);
    check('run: the catalog has it', done.tables_modified === 15 && await numberFull('lab') === 15);
    done = await value('SELECT dj_deploy.set_replica_identity($1::regclass, $2, dry_run => $3)', 'lab.subject', 'default', false);
    check('one table as regclass', same(done.ddl, ['ALTER TABLE "lab"."subject" REPLICA IDENTITY DEFAULT']) &&
        await numberFull('lab') === 14);
    const first = await value(identity, 'lab', 'full', false, true);
    const second = await value(identity, 'lab', 'full', false, true);
    check('boolean parameters: skip_unchanged', first.tables_modified === 1 && second.tables_modified === 0 &&
        await numberFull('lab') === 15);

    const autovacuum = 'SELECT dj_deploy.set_autovacuum($1, $2, dry_run => $3)';
    const options = "SELECT reloptions FROM pg_class WHERE oid = 'lab.session'::regclass";
    await value(autovacuum, 'lab', { autovacuum_vacuum_insert_scale_factor: 0.05, autovacuum_enabled: true }, false);
    const was = await value(options);
    await value(autovacuum, 'lab', { autovacuum_vacuum_insert_scale_factor: null, autovacuum_enabled: null }, false);
    check('jsonb parameter: set_autovacuum sets and resets', await value(options) === null &&
        same(was.sort(), ['autovacuum_enabled=true', 'autovacuum_vacuum_insert_scale_factor=0.05']));

    const environment = await value('SELECT dj_deploy.describe(VARIADIC $1)', ['lab', 'ephys']);
    check('text[] parameter: describe VARIADIC', same(Object.keys(environment.schemas).sort(), ['ephys', 'lab']) &&
        environment.schemas.lab.replica_identity === 'full');
    const nothing = await value('SELECT dj_deploy.apply($1, dry_run => $2)', environment, true);
    environment.schemas.ephys.replica_identity = 'full';
    done = await value('SELECT dj_deploy.apply($1, dry_run => $2)', environment, false);
    check('jsonb there and back: apply of describe, then of a change', same(nothing.ddl, []) && done.tables_modified > 0 &&
        done.tables_modified === await numberFull('ephys') && done.changes.length === done.tables_modified);

    const { rows } = await client.query('SELECT * FROM dj_deploy.tables($1)', ['lab']);
    const session = rows.find((row) => row.table_name === 'session');
    check('rows of a report: text, text[], bigint, jsonb, null', rows.length === 16 && session.tier === 'manual' &&
        same(session.primary_key, ['subject_id', 'session']) && /^[1-9]\d*$/.test(session.bytes) && // a bigint is a string
        same(session.autovacuum, {}) && session.last_vacuum === null);

    const vacuumed = await value('CALL dj_deploy.vacuum_analyze($1, dry_run => $2)', 'behavior', false);
    check('CALL vacuum_analyze: its INOUT result', vacuumed.tables_modified > 0 && vacuumed.tables_modified === vacuumed.ddl.length &&
        await value("SELECT bool_and(reltuples >= 0) FROM pg_class WHERE relnamespace = 'behavior'::regnamespace AND relkind = 'r'"));
    const node = "SELECT pg_relation_filenode('lab.subject_pkey')";
    const before = await value(node);
    const rebuilt = await value('CALL dj_deploy.reindex($1::regclass, dry_run => $2)', 'lab.subject', false);
    check('CALL reindex: its INOUT result', same(rebuilt.ddl, ['REINDEX TABLE CONCURRENTLY "lab"."subject"']) &&
        await value(node) !== before);
    plan = await value(identity, 'behavior', 'full', true, false);
    done = await value('CALL dj_deploy.rollout($1, dry_run => $2)', plan, false);
    check('CALL rollout of a plan bound as jsonb', same(done.ddl, plan.ddl) && await numberFull('behavior') === 13);
    const undo = ['ALTER TABLE "behavior"."recording" REPLICA IDENTITY DEFAULT'];
    done = await value('CALL dj_deploy.rollout($1, dry_run => $2)', JSON.stringify(undo), true);
    check('an array as jsonb: JSON.stringify, else 22P02', same(done.ddl, undo) &&
        (await refused('CALL dj_deploy.rollout($1, dry_run => $2)', undo, true)).code === '22P02');
    const left = await value('CALL dj_deploy.reindex($1, dry_run => $2)', 'audit', false);
    check('WARNING of a procedure, and what it left out', left.skipped[0].table_name === 'entry' && same(
        notices.at(-1).slice(0, 3), ['WARNING', '01000', 'skipping "audit.entry": permission denied to maintain it']));

    let error = await refused(identity, 'lab', 'nothing', false, false);
    check('error 22023: a wrong mode', error.code === '22023' && error.message === "mode must be 'default' or 'full'; got 'nothing'" &&
        await value('SELECT 1') === 1);
    error = await refused(identity, 'lab.session', 'full', false, false);
    check('error 3F000: no such schema; text is never a table', error.code === '3F000' && error.message === 'schema "lab.session" does not exist' &&
        await value('SELECT 1') === 1);
    error = await refused(identity, 'audit', 'full', false, false);
    check('error 42501: a table of another owner, and nothing done', error.code === '42501' &&
        error.message === 'must be owner of table "audit.entry"' && await numberFull('audit') === 0);
    await client.query('BEGIN');
    error = await refused('CALL dj_deploy.vacuum_analyze($1, dry_run => $2)', 'lab', false);
    await client.query('ROLLBACK');
    check('error 25001: CALL in a transaction, with detail and hint', error.code === '25001' &&
        error.message === 'vacuum_analyze cannot run inside a transaction block' &&
        error.detail.startsWith('It commits as it goes') && error.hint.startsWith('Send it alone, outside of BEGIN and COMMIT'));
    await client.query('BEGIN');
    done = await value(identity, 'lab', 'default', false, false);
    const inside = await numberFull('lab');
    await client.query('ROLLBACK');
    check("a run is rolled back with the driver's transaction", done.tables_modified === 15 && inside === 0 &&
        await numberFull('lab') === 15);
    done = await value(identity, 'lab', 'default', false, true);
    check('the session works on after the errors', done.tables_modified === 15 && await numberFull('lab') === 0);
    await client.end();
    process.exitCode = failed ? 1 : 0;
}

main();
