-- Members of staff, mirrored from WeCom. `shadow` holds every field with the stamp of its last
-- change, the other columns are read off it for queries. Nobody is deleted: tickets refer to him.
CREATE TABLE IF NOT EXISTS org_member (
    id BIGINT PRIMARY KEY NOT NULL,
    userid VARCHAR(64) NOT NULL,
    search VARCHAR(255) NOT NULL,
    departments VARCHAR(2000) NOT NULL,
    status VARCHAR(12) NOT NULL,
    is_visible INTEGER NOT NULL,
    shadow MEDIUMTEXT NOT NULL,
    settled_at BIGINT NOT NULL,
    version BIGINT NOT NULL,
    updated_at BIGINT NOT NULL,
    CONSTRAINT org_member_userid UNIQUE (userid)
);
CREATE INDEX org_member_by_status ON org_member (status, is_visible, id);
CREATE INDEX org_member_by_settled ON org_member (settled_at);
