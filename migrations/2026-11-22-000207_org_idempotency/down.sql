DROP TABLE org_idempotency;
