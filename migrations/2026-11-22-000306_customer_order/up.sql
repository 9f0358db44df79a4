-- What a customer bought (订单).
CREATE TABLE IF NOT EXISTS customer_order (
    id BIGINT PRIMARY KEY NOT NULL,
    external_key VARCHAR(64) NOT NULL,
    external_userid VARCHAR(128) NOT NULL,
    search VARCHAR(500) NOT NULL,
    happened_at BIGINT NOT NULL,
    body MEDIUMTEXT NOT NULL,
    updated_at BIGINT NOT NULL,
    CONSTRAINT customer_order_key UNIQUE (external_key)
);
CREATE INDEX customer_order_by_customer ON customer_order (external_userid, happened_at, id);
CREATE INDEX customer_order_by_time ON customer_order (happened_at, id);
