-- What happened to each ticket, append-only: replaying it gives the snapshot.
CREATE TABLE IF NOT EXISTS ticket_event (
    ticket_id BIGINT NOT NULL,
    seq BIGINT NOT NULL,
    verb VARCHAR(32) NOT NULL,
    actor VARCHAR(255) NOT NULL,
    at BIGINT NOT NULL,
    trace VARCHAR(64) NOT NULL,
    facts MEDIUMTEXT NOT NULL,
    PRIMARY KEY (ticket_id, seq)
);
