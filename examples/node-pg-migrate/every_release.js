// What node-pg-migrate has no means for: it runs a migration once, this runs after each `node-pg-migrate up`.
const { Client } = require('pg');
const environment = require('./environment.json');

async function main() {
  const client = new Client();
  client.on('notice', ({ severity, message }) => console.warn(`${severity}: ${message}`));
  await client.connect();
  try {
    const { rows } = await client.query('SELECT dj_deploy.apply($1, dry_run => false) AS result', [environment]);
    console.log(['applied:', ...rows[0].result.ddl].join('\n'));
  } finally {
    await client.end();
  }
}

main().catch((error) => {
  console.error([error.message, error.detail, error.hint].filter(Boolean).join('\n'));
  process.exitCode = 1;
});
