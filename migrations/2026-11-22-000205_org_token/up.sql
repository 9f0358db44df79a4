-- API tokens; only their SHA-256 is kept.
CREATE TABLE IF NOT EXISTS org_token (
    id BIGINT PRIMARY KEY NOT NULL,
    name VARCHAR(64) NOT NULL,
    secret_sha256 VARCHAR(64) NOT NULL,
    scopes VARCHAR(255) NOT NULL,
    created_by VARCHAR(512) NOT NULL,
    created_at BIGINT NOT NULL,
    last_used_at BIGINT,
    revoked_at BIGINT,
    CONSTRAINT org_token_secret UNIQUE (secret_sha256)
);
