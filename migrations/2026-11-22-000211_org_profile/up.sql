-- What assignment knows of a member beside what WeCom tells: roles, skills, regions.
CREATE TABLE IF NOT EXISTS org_profile (
    userid VARCHAR(64) PRIMARY KEY NOT NULL,
    roles TEXT NOT NULL,
    body TEXT NOT NULL,
    updated_at BIGINT NOT NULL
);
