DROP TABLE org_member;
