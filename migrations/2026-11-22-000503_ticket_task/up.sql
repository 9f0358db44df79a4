-- One piece of work at one step, in one round.
CREATE TABLE IF NOT EXISTS ticket_task (
    id BIGINT PRIMARY KEY NOT NULL,
    ticket_id BIGINT NOT NULL,
    step VARCHAR(64) NOT NULL,
    round INTEGER NOT NULL,
    state VARCHAR(12) NOT NULL,
    owner VARCHAR(64),
    opened_at BIGINT NOT NULL,
    closed_at BIGINT
);
CREATE INDEX ticket_task_by_ticket ON ticket_task (ticket_id, id);
