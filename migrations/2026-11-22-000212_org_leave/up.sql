-- Leaves: who is away from when until when, and who stands in for him.
CREATE TABLE IF NOT EXISTS org_leave (
    id BIGINT PRIMARY KEY NOT NULL,
    userid VARCHAR(64) NOT NULL,
    from_at BIGINT NOT NULL,
    until_at BIGINT NOT NULL,
    backup VARCHAR(64),
    reason VARCHAR(255) NOT NULL,
    created_at BIGINT NOT NULL
);
CREATE INDEX org_leave_by_user ON org_leave (userid, until_at);
