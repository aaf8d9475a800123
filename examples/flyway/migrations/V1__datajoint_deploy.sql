CREATE EXTENSION datajoint_deploy;
