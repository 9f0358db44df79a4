//! Where members were last seen, as their phones told.

use std::collections::BTreeMap;

use db::Conn;
use kernel::{Error, Result, Timestamp};
use serde::{Deserialize, Serialize};

use crate::{leave::known, sql};

/// How many of our units a degree has: a unit is about a centimetre.
const UNITS: f64 = 1e7;

/// A coordinate system.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum MapSystem {
    /// 火星坐标: maps in China, WeCom's included.
    Gcj02,
    /// What satellites tell.
    Wgs84,
}

/// Where somebody was, and when.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Seen {
    /// Latitude in degrees, north positive.
    pub lat: f64,
    /// Longitude in degrees, east positive.
    pub lng: f64,
    /// In which system.
    pub system: MapSystem,
    /// When he was there.
    pub at: Timestamp,
}

/// A member was seen. Older news than ours changes nothing.
///
/// # Errors
/// `member.not_found`; `field_invalid` for a place that is not on earth, or a time to come.
pub fn put_position(conn: &mut Conn, userid: &str, seen: &Seen, now: Timestamp) -> Result<()> {
    if !(-90.0..=90.0).contains(&seen.lat) {
        return Err(Error::field("lat", "out_of_range", "纬度须在 -90 到 90 之间"));
    }
    if !(-180.0..=180.0).contains(&seen.lng) {
        return Err(Error::field("lng", "out_of_range", "经度须在 -180 到 180 之间"));
    }
    let userid = known(conn, userid)?;
    // A phone's clock may be ahead of ours.
    let seen = Seen { at: seen.at.min(now), ..*seen };
    let before = positions(conn, std::slice::from_ref(&userid))?;
    match before.get(&userid) {
        Some(before) if before.at > seen.at => Ok(()),
        _ => sql::position::put(conn, &userid, &seen),
    }
}

/// Where these members were last seen.
///
/// # Errors
/// The database's.
pub fn positions(conn: &mut Conn, userids: &[String]) -> Result<BTreeMap<String, Seen>> {
    sql::position::by_userids(conn, userids)
}

#[expect(
    clippy::as_conversions,
    clippy::cast_possible_truncation,
    reason = "a degree on earth is far from the limits"
)]
pub(crate) fn units(degrees: f64) -> i64 {
    (degrees * UNITS).round() as i64
}

#[expect(
    clippy::as_conversions,
    clippy::cast_precision_loss,
    reason = "units of degrees on earth are exact in a float"
)]
pub(crate) fn degrees(units: i64) -> f64 {
    units as f64 / UNITS
}
