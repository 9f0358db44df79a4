-- Whose turn it was last: of each step that goes round, and when each member was last given work.
CREATE TABLE IF NOT EXISTS ticket_turn (
    turn VARCHAR(191) PRIMARY KEY NOT NULL,
    userid VARCHAR(64) NOT NULL,
    at BIGINT NOT NULL,
    version BIGINT NOT NULL
);
