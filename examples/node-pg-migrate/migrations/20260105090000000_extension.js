exports.up = (pgm) => {
  pgm.createExtension('datajoint_deploy', { ifNotExists: true });
};

exports.down = (pgm) => {
  pgm.dropExtension('datajoint_deploy');
};
