DROP TABLE org_session;
