-- When the last full sync of each mirror began: what it did not see is gone, even if an older event
-- about it arrives later.
CREATE TABLE IF NOT EXISTS org_sweep (
    mirror VARCHAR(32) PRIMARY KEY NOT NULL,
    swept_at BIGINT NOT NULL
);
