-- Which tickets name which device, opportunity or order in their answers.
CREATE TABLE IF NOT EXISTS ticket_refer (
    what VARCHAR(12) NOT NULL,
    external_key VARCHAR(64) NOT NULL,
    ticket_id BIGINT NOT NULL,
    PRIMARY KEY (what, external_key, ticket_id)
);
CREATE INDEX ticket_refer_by_ticket ON ticket_refer (ticket_id);
