-- Access tokens of WeCom, shared by the replicas; who may fetch the next one; bans after a wrong
-- secret.
CREATE TABLE IF NOT EXISTS org_wecom_token (
    slug VARCHAR(191) PRIMARY KEY NOT NULL,
    secret_token VARCHAR(1024) NOT NULL,
    expires_at BIGINT NOT NULL,
    lease_holder BIGINT NOT NULL,
    lease_until BIGINT NOT NULL,
    banned_until BIGINT NOT NULL,
    ban_reason VARCHAR(500) NOT NULL
);
