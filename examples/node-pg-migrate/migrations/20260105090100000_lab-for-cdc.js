// Schema lab becomes readable for change data capture.

// JSON goes into the text, between dollar quotes: the arguments of pgm.sql() are names, not values.
const setAutovacuum = (pgm, parameters) =>
  pgm.sql(`SELECT dj_deploy.set_autovacuum('lab', $json$${JSON.stringify(parameters)}$json$, dry_run => false)`);

exports.up = (pgm) => {
  pgm.sql(`SELECT dj_deploy.set_replica_identity('lab', 'full', dry_run => false, skip_unchanged => true)`);
  pgm.sql(`SELECT dj_deploy.set_publication_membership('lab', 'cdc', dry_run => false)`);
  setAutovacuum(pgm, { autovacuum_vacuum_insert_scale_factor: 0.05 });
};

exports.down = (pgm) => {
  pgm.sql(`SELECT dj_deploy.set_publication_membership('lab', 'cdc', member => false, dry_run => false)`);
  pgm.sql(`SELECT dj_deploy.set_replica_identity('lab', 'default', dry_run => false, skip_unchanged => true)`);
  setAutovacuum(pgm, { autovacuum_vacuum_insert_scale_factor: null });
};
