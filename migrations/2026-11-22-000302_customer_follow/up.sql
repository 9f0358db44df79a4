-- Which members a customer belongs to: read off the customer's shadow, for lists by member.
CREATE TABLE IF NOT EXISTS customer_follow (
    customer_id BIGINT NOT NULL,
    userid VARCHAR(64) NOT NULL,
    PRIMARY KEY (customer_id, userid)
);
CREATE INDEX customer_follow_by_userid ON customer_follow (userid, customer_id);
