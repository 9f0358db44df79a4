-- Answers to commands that came with an idempotency key, kept for a day.
CREATE TABLE IF NOT EXISTS org_idempotency (
    id BIGINT PRIMARY KEY NOT NULL,
    scope VARCHAR(128) NOT NULL,
    request_key VARCHAR(128) NOT NULL,
    request_hash VARCHAR(64) NOT NULL,
    status INTEGER,
    body MEDIUMTEXT,
    created_at BIGINT NOT NULL,
    CONSTRAINT org_idempotency_key UNIQUE (scope, request_key)
);
CREATE INDEX org_idempotency_by_age ON org_idempotency (created_at);
