-- Departments, mirrored from WeCom under its own ids. A forest: the app may not see the root.
CREATE TABLE IF NOT EXISTS org_department (
    id BIGINT PRIMARY KEY NOT NULL,
    is_removed INTEGER NOT NULL,
    shadow MEDIUMTEXT NOT NULL,
    settled_at BIGINT NOT NULL,
    version BIGINT NOT NULL,
    updated_at BIGINT NOT NULL
);
CREATE INDEX org_department_by_settled ON org_department (settled_at);
