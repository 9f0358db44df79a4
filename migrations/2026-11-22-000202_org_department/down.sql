DROP TABLE org_department;
