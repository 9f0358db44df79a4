DROP TABLE org_profile;
