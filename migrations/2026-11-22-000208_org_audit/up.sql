-- Who did what to the house itself. Append-only.
CREATE TABLE IF NOT EXISTS org_audit (
    id BIGINT PRIMARY KEY NOT NULL,
    what VARCHAR(64) NOT NULL,
    subject VARCHAR(191) NOT NULL,
    actor VARCHAR(512) NOT NULL,
    detail MEDIUMTEXT NOT NULL,
    trace VARCHAR(64) NOT NULL,
    created_at BIGINT NOT NULL
);
CREATE INDEX org_audit_by_subject ON org_audit (subject, id);
