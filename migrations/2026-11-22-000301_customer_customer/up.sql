-- Customers, mirrored from WeCom. `shadow` holds what is known with its stamps, the other columns
-- are read off it for queries.
CREATE TABLE IF NOT EXISTS customer_customer (
    id BIGINT PRIMARY KEY NOT NULL,
    external_userid VARCHAR(128) NOT NULL,
    unionid VARCHAR(64) NOT NULL,
    search VARCHAR(1000) NOT NULL,
    phone VARCHAR(32) NOT NULL,
    is_lost INTEGER NOT NULL,
    shadow MEDIUMTEXT NOT NULL,
    listed_at BIGINT NOT NULL,
    version BIGINT NOT NULL,
    updated_at BIGINT NOT NULL,
    CONSTRAINT customer_customer_external UNIQUE (external_userid)
);
CREATE INDEX customer_customer_by_unionid ON customer_customer (unionid);
CREATE INDEX customer_customer_by_phone ON customer_customer (phone, id);
CREATE INDEX customer_customer_by_listed ON customer_customer (listed_at);
