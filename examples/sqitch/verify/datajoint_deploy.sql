-- Verify lab:datajoint_deploy on pg

SELECT dj_deploy.describe('lab');
