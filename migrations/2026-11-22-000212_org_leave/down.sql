DROP TABLE org_leave;
