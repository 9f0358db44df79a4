DROP TABLE org_token;
