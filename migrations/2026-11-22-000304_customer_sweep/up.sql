-- When the last full sync of each mirror began.
CREATE TABLE IF NOT EXISTS customer_sweep (
    mirror VARCHAR(32) PRIMARY KEY NOT NULL,
    swept_at BIGINT NOT NULL
);
