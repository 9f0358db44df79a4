-- Which tickets are alike, as a trigger of their template compares them, and which ticket that raised.
CREATE TABLE IF NOT EXISTS ticket_alike (
    alike_key VARCHAR(64) NOT NULL,
    ticket_id BIGINT NOT NULL,
    created_at BIGINT NOT NULL,
    raised BIGINT,
    PRIMARY KEY (alike_key, ticket_id)
);
CREATE INDEX ticket_alike_by_time ON ticket_alike (alike_key, created_at);
