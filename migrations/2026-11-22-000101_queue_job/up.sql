-- One durable queue: what came in (inbox), what must go out (outbox), work and timers.
CREATE TABLE IF NOT EXISTS queue_job (
    id BIGINT PRIMARY KEY NOT NULL,
    topic VARCHAR(48) NOT NULL,
    once_key VARCHAR(191),
    order_key VARCHAR(191),
    state VARCHAR(12) NOT NULL,
    due_at BIGINT NOT NULL,
    attempts INTEGER NOT NULL,
    lease_token BIGINT NOT NULL,
    lease_until BIGINT NOT NULL,
    body MEDIUMTEXT NOT NULL,
    outcome VARCHAR(1000),
    created_at BIGINT NOT NULL,
    finished_at BIGINT,
    CONSTRAINT queue_job_once UNIQUE (once_key)
);
CREATE INDEX queue_job_by_due ON queue_job (state, due_at, id);
CREATE INDEX queue_job_by_order ON queue_job (order_key, state, id);
