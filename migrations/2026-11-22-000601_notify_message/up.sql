-- Every message to a member: cards that live, replies and notices.
CREATE TABLE IF NOT EXISTS notify_message (
    id BIGINT PRIMARY KEY NOT NULL,
    card_no BIGINT NOT NULL,
    kind VARCHAR(12) NOT NULL,
    ticket_id BIGINT,
    task_id BIGINT,
    draft_id BIGINT,
    userid VARCHAR(64) NOT NULL,
    title VARCHAR(255) NOT NULL,
    face VARCHAR(191) NOT NULL,
    plan_no BIGINT NOT NULL,
    shown_no BIGINT NOT NULL,
    is_live BOOLEAN NOT NULL,
    live_key VARCHAR(191),
    is_delayed BOOLEAN NOT NULL,
    state VARCHAR(12) NOT NULL,
    reason VARCHAR(500),
    msgid VARCHAR(191),
    created_at BIGINT NOT NULL,
    sent_at BIGINT,
    CONSTRAINT notify_message_live UNIQUE (live_key)
);
CREATE INDEX notify_message_by_ticket ON notify_message (ticket_id, is_live, id);
CREATE INDEX notify_message_by_user ON notify_message (userid, state, id);
CREATE INDEX notify_message_by_card ON notify_message (card_no, userid);
