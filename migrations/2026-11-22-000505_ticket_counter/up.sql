-- The last number of each day.
CREATE TABLE IF NOT EXISTS ticket_counter (
    day VARCHAR(8) PRIMARY KEY NOT NULL,
    last_no BIGINT NOT NULL
);
