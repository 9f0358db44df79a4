-- Where a customer group belongs: a campus, a store, a region; `body` holds the answers it brings.
CREATE TABLE IF NOT EXISTS customer_group_place (
    chat_id VARCHAR(64) PRIMARY KEY NOT NULL,
    body MEDIUMTEXT NOT NULL,
    updated_at BIGINT NOT NULL
);
