-- The devices of customers (设备).
CREATE TABLE IF NOT EXISTS customer_asset (
    id BIGINT PRIMARY KEY NOT NULL,
    external_key VARCHAR(64) NOT NULL,
    external_userid VARCHAR(128) NOT NULL,
    search VARCHAR(500) NOT NULL,
    happened_at BIGINT NOT NULL,
    body MEDIUMTEXT NOT NULL,
    updated_at BIGINT NOT NULL,
    CONSTRAINT customer_asset_key UNIQUE (external_key)
);
CREATE INDEX customer_asset_by_customer ON customer_asset (external_userid, happened_at, id);
CREATE INDEX customer_asset_by_time ON customer_asset (happened_at, id);
