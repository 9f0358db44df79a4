-- Who looks at a ticket now. Rows live for seconds and are replaced, not kept.
CREATE TABLE IF NOT EXISTS ticket_presence (
    ticket_id BIGINT NOT NULL,
    userid VARCHAR(64) NOT NULL,
    is_editing INTEGER NOT NULL,
    seen_at BIGINT NOT NULL,
    PRIMARY KEY (ticket_id, userid)
);
CREATE INDEX ticket_presence_by_time ON ticket_presence (seen_at);
