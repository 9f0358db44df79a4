-- Where members were last seen: degrees times ten million.
CREATE TABLE IF NOT EXISTS org_position (
    userid VARCHAR(64) PRIMARY KEY NOT NULL,
    lat_e7 BIGINT NOT NULL,
    lng_e7 BIGINT NOT NULL,
    map_system VARCHAR(12) NOT NULL,
    seen_at BIGINT NOT NULL
);
