-- Who is signed in with which browser; only the SHA-256 of what the browser holds is kept.
CREATE TABLE IF NOT EXISTS org_session (
    id BIGINT PRIMARY KEY NOT NULL,
    secret_sha256 VARCHAR(64) NOT NULL,
    userid VARCHAR(64) NOT NULL,
    csrf VARCHAR(64) NOT NULL,
    client VARCHAR(16) NOT NULL,
    created_at BIGINT NOT NULL,
    seen_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL,
    CONSTRAINT org_session_secret UNIQUE (secret_sha256)
);
CREATE INDEX org_session_by_userid ON org_session (userid);
CREATE INDEX org_session_by_end ON org_session (expires_at);
CREATE INDEX org_session_by_seen ON org_session (seen_at);
