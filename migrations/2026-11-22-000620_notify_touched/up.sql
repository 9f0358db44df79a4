-- The tickets that changed since the figures of those who work on them were looked at.
CREATE TABLE IF NOT EXISTS notify_touched (
    ticket_id BIGINT PRIMARY KEY NOT NULL
);
