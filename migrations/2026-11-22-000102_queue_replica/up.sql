-- Which replica holds which number of the ids; the row is its heartbeat as well.
CREATE TABLE IF NOT EXISTS queue_replica (
    no BIGINT PRIMARY KEY NOT NULL,
    holder VARCHAR(64) NOT NULL,
    until_at BIGINT NOT NULL
);
