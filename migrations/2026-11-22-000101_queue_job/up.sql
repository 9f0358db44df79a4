-- One durable queue: what came in (inbox), what must go out (outbox), work and timers.
-- "turn" is the place among the jobs of one order_key: the id, moved forward to the due time.
CREATE TABLE IF NOT EXISTS queue_job (
    id BIGINT PRIMARY KEY NOT NULL,
    topic VARCHAR(48) NOT NULL,
    once_key VARCHAR(191),
    order_key VARCHAR(191),
    turn BIGINT NOT NULL,
    state VARCHAR(12) NOT NULL DEFAULT 'pending',
    due_at BIGINT NOT NULL,
    attempts INTEGER NOT NULL DEFAULT 0,
    losses INTEGER NOT NULL DEFAULT 0,
    lease_token BIGINT NOT NULL DEFAULT 0,
    lease_until BIGINT NOT NULL DEFAULT 0,
    body MEDIUMTEXT NOT NULL,
    outcome VARCHAR(1000),
    created_at BIGINT NOT NULL,
    finished_at BIGINT,
    CONSTRAINT queue_job_once UNIQUE (once_key)
);
CREATE INDEX queue_job_by_due ON queue_job (state, topic, due_at, id);
CREATE INDEX queue_job_by_order ON queue_job (order_key, state, turn);
