-- The snapshot of each ticket, with the columns that lists and rights are read from.
CREATE TABLE IF NOT EXISTS ticket_ticket (
    id BIGINT PRIMARY KEY NOT NULL,
    no VARCHAR(32) NOT NULL,
    title VARCHAR(255) NOT NULL,
    status VARCHAR(12) NOT NULL,
    priority INTEGER NOT NULL,
    source VARCHAR(32) NOT NULL,
    template_key VARCHAR(64) NOT NULL,
    customer VARCHAR(64),
    chat_id VARCHAR(64),
    creator VARCHAR(64),
    snapshot MEDIUMTEXT NOT NULL,
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL,
    closed_at BIGINT,
    version BIGINT NOT NULL,
    CONSTRAINT ticket_ticket_no UNIQUE (no)
);
CREATE INDEX ticket_ticket_by_update ON ticket_ticket (updated_at, id);
CREATE INDEX ticket_ticket_by_status ON ticket_ticket (status, updated_at, id);
CREATE INDEX ticket_ticket_by_creator ON ticket_ticket (creator, status, updated_at, id);
CREATE INDEX ticket_ticket_by_customer ON ticket_ticket (customer, updated_at, id);
CREATE INDEX ticket_ticket_by_template ON ticket_ticket (template_key, id);
