DROP TABLE org_position;
