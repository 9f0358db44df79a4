-- What templates share: calendars, rosters, surge modes, fields, conditions.
CREATE TABLE IF NOT EXISTS catalog_part (
    id BIGINT PRIMARY KEY NOT NULL,
    kind VARCHAR(16) NOT NULL,
    part_key VARCHAR(64) NOT NULL,
    name VARCHAR(255) NOT NULL,
    body MEDIUMTEXT NOT NULL,
    version BIGINT NOT NULL,
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL,
    CONSTRAINT catalog_part_key UNIQUE (kind, part_key)
);
