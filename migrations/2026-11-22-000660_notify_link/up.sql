-- How often the links to a ticket's progress page were revoked: older ones work no more.
CREATE TABLE IF NOT EXISTS notify_link (
    ticket_id BIGINT PRIMARY KEY NOT NULL,
    generation BIGINT NOT NULL,
    revoked_at BIGINT NOT NULL
);
