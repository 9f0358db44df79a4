-- What the customer of a ticket wants to hear of it, and when; who has no row wants everything.
CREATE TABLE IF NOT EXISTS notify_preference (
    ticket_id BIGINT PRIMARY KEY NOT NULL,
    body TEXT NOT NULL,
    updated_at BIGINT NOT NULL
);
