-- How often each entry code was opened and led to a ticket.
CREATE TABLE IF NOT EXISTS catalog_count (
    code VARCHAR(64) PRIMARY KEY NOT NULL,
    scans BIGINT NOT NULL,
    submits BIGINT NOT NULL,
    last_at BIGINT NOT NULL
);
