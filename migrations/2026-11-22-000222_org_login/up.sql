-- Logins that have begun: the state that WeCom brings back, whose browser it was given to, and where
-- that browser wanted to go. A state is good once.
CREATE TABLE IF NOT EXISTS org_login (
    state_sha256 VARCHAR(64) PRIMARY KEY NOT NULL,
    browser_sha256 VARCHAR(64) NOT NULL,
    next_path VARCHAR(2048) NOT NULL,
    client VARCHAR(16) NOT NULL,
    attempt INTEGER NOT NULL,
    created_at BIGINT NOT NULL,
    used_at BIGINT
);
CREATE INDEX org_login_by_age ON org_login (created_at);
