-- What may become an order of a customer (商机). `body` is the whole record, the other columns are read off it.
CREATE TABLE IF NOT EXISTS customer_opportunity (
    id BIGINT PRIMARY KEY NOT NULL,
    external_key VARCHAR(64) NOT NULL,
    external_userid VARCHAR(128) NOT NULL,
    search VARCHAR(500) NOT NULL,
    happened_at BIGINT NOT NULL,
    body MEDIUMTEXT NOT NULL,
    updated_at BIGINT NOT NULL,
    CONSTRAINT customer_opportunity_key UNIQUE (external_key)
);
CREATE INDEX customer_opportunity_by_customer ON customer_opportunity (external_userid, happened_at, id);
CREATE INDEX customer_opportunity_by_time ON customer_opportunity (happened_at, id);
