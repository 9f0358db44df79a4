-- The key that signs progress links; made once, by the first replica.
CREATE TABLE IF NOT EXISTS notify_key (
    id BIGINT PRIMARY KEY NOT NULL,
    secret_key VARCHAR(64) NOT NULL
);
