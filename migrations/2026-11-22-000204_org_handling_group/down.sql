DROP TABLE org_handling_group;
