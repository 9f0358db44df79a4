DROP TABLE org_login;
