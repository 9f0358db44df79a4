//! Where members were last seen.

use std::collections::BTreeMap;

use db::{Conn, OrDb as _, upsert};
use diesel::prelude::*;
use kernel::{Result, Timestamp};

use super::CHUNK;
use crate::{
    MapSystem, Seen,
    position::{degrees, units},
    schema::org_position as p,
};

fn word(system: MapSystem) -> &'static str {
    match system {
        MapSystem::Gcj02 => "gcj02",
        MapSystem::Wgs84 => "wgs84",
    }
}

pub(crate) fn by_userids(conn: &mut Conn, userids: &[String]) -> Result<BTreeMap<String, Seen>> {
    type Stored = (String, i64, i64, String, i64);
    let mut found = BTreeMap::new();
    for chunk in userids.chunks(CHUNK) {
        let rows = p::table.filter(p::userid.eq_any(chunk)).load::<Stored>(conn).or_db()?;
        for (userid, lat, lng, system, at) in rows {
            let system =
                if system == word(MapSystem::Wgs84) { MapSystem::Wgs84 } else { MapSystem::Gcj02 };
            let seen = Seen { lat: degrees(lat), lng: degrees(lng), system, at: Timestamp(at) };
            found.insert(userid, seen);
        }
    }
    Ok(found)
}

pub(crate) fn put(conn: &mut Conn, userid: &str, seen: &Seen) -> Result<()> {
    let changes = (
        p::lat_e7.eq(units(seen.lat)),
        p::lng_e7.eq(units(seen.lng)),
        p::map_system.eq(word(seen.system)),
        p::seen_at.eq(seen.at.0),
    );
    upsert!(conn, p::table, p::userid, (p::userid.eq(userid), changes), changes)
}

/// A member's userid changed; what the new one told counts.
pub(crate) fn rename(conn: &mut Conn, from: &str, to: &str) -> Result<()> {
    if p::table.find(to).count().get_result::<i64>(conn).or_db()? > 0 {
        return Ok(());
    }
    let row = diesel::update(p::table.find(from)).set(p::userid.eq(to));
    row.execute(conn).map(|_rows| ()).or_db()
}
