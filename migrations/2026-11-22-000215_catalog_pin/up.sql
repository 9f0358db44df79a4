-- Which templates a member keeps at the top.
CREATE TABLE IF NOT EXISTS catalog_pin (
    userid VARCHAR(64) NOT NULL,
    template_key VARCHAR(64) NOT NULL,
    created_at BIGINT NOT NULL,
    PRIMARY KEY (userid, template_key)
);
