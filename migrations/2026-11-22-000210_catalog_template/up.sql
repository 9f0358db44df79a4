-- Templates: drafts and published versions. What was published never changes but for its state. The
-- source is what was written; in the body, what is shared is written out.
CREATE TABLE IF NOT EXISTS catalog_template (
    id BIGINT PRIMARY KEY NOT NULL,
    template_key VARCHAR(64) NOT NULL,
    version BIGINT NOT NULL,
    state VARCHAR(12) NOT NULL,
    name VARCHAR(255) NOT NULL,
    body MEDIUMTEXT NOT NULL,
    source MEDIUMTEXT NOT NULL,
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL,
    CONSTRAINT catalog_template_version UNIQUE (template_key, version)
);
CREATE INDEX catalog_template_by_state ON catalog_template (state, template_key);
