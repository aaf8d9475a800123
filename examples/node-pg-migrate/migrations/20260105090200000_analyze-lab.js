// A call that commits as it goes.
exports.up = (pgm) => {
  pgm.noTransaction();
  pgm.sql(`CALL dj_deploy.vacuum_analyze('lab', dry_run => false)`);
};

exports.down = () => {};
