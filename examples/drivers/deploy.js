// node-postgres
const { Client } = require('pg');

const call = `SELECT dj_deploy.set_replica_identity($1, 'full', dry_run => $2, skip_unchanged => true) AS result`;
const print = (m) => console.log(`${m.severity} ${m.code}: ${m.message}\n${m.hint ?? ''}`); // a warning, or an error

async function main(schema) {
    const client = new Client(); // PGHOST, PGPORT, PGUSER, PGDATABASE
    client.on('notice', print);
    await client.connect();
    try {
        const plan = (await client.query(call, [schema, true])).rows[0].result; // an object
        console.log(plan.ddl.join('\n'));
        let done = (await client.query(call, [schema, false])).rows[0].result;
        console.log(`${done.tables_modified} of ${done.tables_analyzed} tables modified`);
        done = (await client.query('CALL dj_deploy.vacuum_analyze($1, dry_run => false)', [schema])).rows[0].result;
        console.log(`${done.tables_modified} statements of vacuum_analyze`);
    } catch (error) {
        print(error);
        process.exitCode = 1;
    } finally {
        await client.end();
    }
}

main(process.argv[2]);
