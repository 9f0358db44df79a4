-- What lets a sent card be changed, once each: one code comes with the sending, one with every press.
CREATE TABLE IF NOT EXISTS notify_code (
    id BIGINT PRIMARY KEY NOT NULL,
    card_no BIGINT NOT NULL,
    code VARCHAR(191) NOT NULL,
    until_at BIGINT NOT NULL
);
CREATE INDEX notify_code_by_card ON notify_code (card_no, id);
CREATE INDEX notify_code_by_until ON notify_code (until_at);
