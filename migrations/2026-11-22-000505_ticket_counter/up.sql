-- The last number of each day, and of each day of a serial number field.
CREATE TABLE IF NOT EXISTS ticket_counter (
    counter VARCHAR(191) PRIMARY KEY NOT NULL,
    last_no BIGINT NOT NULL
);
