DROP TABLE org_audit;
