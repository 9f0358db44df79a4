DROP TABLE org_wecom_token;
