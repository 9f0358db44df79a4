-- Customer groups, mirrored from WeCom.
CREATE TABLE IF NOT EXISTS customer_chat_group (
    id BIGINT PRIMARY KEY NOT NULL,
    chat_id VARCHAR(64) NOT NULL,
    search VARCHAR(255) NOT NULL,
    owner VARCHAR(64) NOT NULL,
    is_dismissed INTEGER NOT NULL,
    shadow MEDIUMTEXT NOT NULL,
    settled_at BIGINT NOT NULL,
    version BIGINT NOT NULL,
    updated_at BIGINT NOT NULL,
    CONSTRAINT customer_chat_group_chat UNIQUE (chat_id)
);
CREATE INDEX customer_chat_group_by_settled ON customer_chat_group (settled_at);
