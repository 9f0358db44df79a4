-- Stored files: the bytes lie in the file store under their SHA-256, once.
CREATE TABLE IF NOT EXISTS files_file (
    id BIGINT PRIMARY KEY NOT NULL,
    sha256 VARCHAR(64) NOT NULL,
    name VARCHAR(120) NOT NULL,
    mime VARCHAR(64) NOT NULL,
    size BIGINT NOT NULL,
    source_media_id VARCHAR(255),
    sent_by VARCHAR(64),
    created_at BIGINT NOT NULL,
    CONSTRAINT files_file_media UNIQUE (source_media_id)
);
CREATE INDEX files_file_by_sha256 ON files_file (sha256);
