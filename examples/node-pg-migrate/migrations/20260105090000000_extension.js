exports.up = (pgm) => {
  pgm.createExtension('datajoint_deploy');
};

exports.down = (pgm) => {
  pgm.dropExtension('datajoint_deploy');
};
