-- What a sender wrote before he said which ticket it belongs to.
CREATE TABLE IF NOT EXISTS ticket_draft (
    id BIGINT PRIMARY KEY NOT NULL,
    userid VARCHAR(64) NOT NULL,
    kind VARCHAR(12) NOT NULL,
    body MEDIUMTEXT NOT NULL,
    state VARCHAR(12) NOT NULL,
    created_at BIGINT NOT NULL
);
CREATE INDEX ticket_draft_by_user ON ticket_draft (userid, kind, state, id);
