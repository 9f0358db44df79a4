-- Handling groups of the configuration.
CREATE TABLE IF NOT EXISTS org_handling_group (
    slug VARCHAR(64) PRIMARY KEY NOT NULL,
    name VARCHAR(128) NOT NULL,
    members MEDIUMTEXT NOT NULL,
    updated_at BIGINT NOT NULL
);
