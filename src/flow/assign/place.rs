//! Places on earth. Phones tell WGS-84; Chinese maps, WeCom's included, show GCJ-02, which within
//! China lies some hundred metres beside it. Comparing the two unconverted sends the wrong engineer.

use std::f64::consts::PI;

use serde::{Deserialize, Serialize};

/// A coordinate system.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum System {
    /// 火星坐标: maps in China.
    Gcj02,
    /// What satellites tell.
    Wgs84,
}

/// A place.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Point {
    /// Latitude in degrees, north positive.
    pub lat: f64,
    /// Longitude in degrees, east positive.
    pub lng: f64,
    /// In which system.
    pub system: System,
}

/// The ellipsoid that GCJ-02 is computed on (Krasovsky 1940): its half axis in metres, and its
/// eccentricity squared.
const AXIS: f64 = 6_378_245.0;
const ECCENTRICITY: f64 = 0.006_693_421_622_965_943;
/// The mean radius of the earth in metres.
const RADIUS: f64 = 6_371_008.8;
/// Each round of the inverse leaves less than a hundredth of the error.
const ROUNDS: usize = 6;

impl Point {
    /// The same place in the other system or in its own.
    #[must_use]
    pub fn to(self, system: System) -> Self {
        let (lat, lng) = match (self.system, system) {
            (System::Wgs84, System::Gcj02) => shifted(self.lat, self.lng),
            (System::Gcj02, System::Wgs84) => unshifted(self.lat, self.lng),
            (System::Wgs84, System::Wgs84) | (System::Gcj02, System::Gcj02) => (self.lat, self.lng),
        };
        Self { lat, lng, system }
    }
}

/// The great-circle distance in metres, whatever system each is told in.
pub fn metres_between(a: Point, b: Point) -> f64 {
    let (a, b) = (a.to(System::Wgs84), b.to(System::Wgs84));
    let half_chord = |degrees: f64| (degrees.to_radians() / 2.0).sin().powi(2);
    let cosines = a.lat.to_radians().cos() * b.lat.to_radians().cos();
    let chord = half_chord(b.lat - a.lat) + cosines * half_chord(b.lng - a.lng);
    2.0 * RADIUS * chord.sqrt().min(1.0).asin()
}

/// The rectangle in which maps are shifted.
fn is_shifted(lat: f64, lng: f64) -> bool {
    (0.8293..=55.8271).contains(&lat) && (72.004..=137.8347).contains(&lng)
}

fn shifted(lat: f64, lng: f64) -> (f64, f64) {
    if !is_shifted(lat, lng) {
        return (lat, lng);
    }
    let (x, y) = (lng - 105.0, lat - 35.0);
    let phi = lat.to_radians();
    let magic = 1.0 - ECCENTRICITY * phi.sin().powi(2);
    let north = AXIS * (1.0 - ECCENTRICITY) / (magic * magic.sqrt());
    let east = AXIS / magic.sqrt() * phi.cos();
    (lat + (wave_lat(x, y) / north).to_degrees(), lng + (wave_lng(x, y) / east).to_degrees())
}

/// The shift has no inverse in closed form: what it is too far is taken back until nothing is left.
fn unshifted(lat: f64, lng: f64) -> (f64, f64) {
    let (mut north, mut east) = (lat, lng);
    for _ in 0..ROUNDS {
        let (there_lat, there_lng) = shifted(north, east);
        north -= there_lat - lat;
        east -= there_lng - lng;
    }
    (north, east)
}

fn wave(x: f64) -> f64 {
    (20.0 * (6.0 * x * PI).sin() + 20.0 * (2.0 * x * PI).sin()) * 2.0 / 3.0
}

fn wave_lat(x: f64, y: f64) -> f64 {
    let plain = -100.0 + 2.0 * x + 3.0 * y + 0.2 * y * y + 0.1 * x * y + 0.2 * x.abs().sqrt();
    let slow = (20.0 * (y * PI).sin() + 40.0 * (y / 3.0 * PI).sin()) * 2.0 / 3.0;
    let slower = (160.0 * (y / 12.0 * PI).sin() + 320.0 * (y * PI / 30.0).sin()) * 2.0 / 3.0;
    plain + wave(x) + slow + slower
}

fn wave_lng(x: f64, y: f64) -> f64 {
    let plain = 300.0 + x + 2.0 * y + 0.1 * x * x + 0.1 * x * y + 0.1 * x.abs().sqrt();
    let slow = (20.0 * (x * PI).sin() + 40.0 * (x / 3.0 * PI).sin()) * 2.0 / 3.0;
    let slower = (150.0 * (x / 12.0 * PI).sin() + 300.0 * (x / 30.0 * PI).sin()) * 2.0 / 3.0;
    plain + wave(x) + slow + slower
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn wgs(lat: f64, lng: f64) -> Point {
        Point { lat, lng, system: System::Wgs84 }
    }

    #[test]
    fn the_bund_is_where_the_map_shows_it() {
        // The published example of the transformation, in Shanghai.
        let shown = wgs(31.1774276, 121.5272106).to(System::Gcj02);
        assert!((shown.lat - 31.175_303_983_6).abs() < 1e-6, "{shown:?}");
        assert!((shown.lng - 121.531_541_859_2).abs() < 1e-6, "{shown:?}");
        let apart =
            metres_between(wgs(31.1774276, 121.5272106), Point { system: System::Wgs84, ..shown });
        assert!((400.0..600.0).contains(&apart), "{apart}");
        assert!(metres_between(wgs(31.1774276, 121.5272106), shown) < 0.01);
    }

    #[test]
    fn distances_are_those_of_the_globe() {
        for (a, b, kilometres) in [
            (wgs(39.9042, 116.4074), wgs(31.2304, 121.4737), 1067.3),
            (wgs(0.0, 0.0), wgs(0.0, 180.0), 20_015.1),
            (wgs(48.8566, 2.3522), wgs(51.5074, -0.1278), 343.6),
        ] {
            let metres = metres_between(a, b);
            assert!((metres / 1000.0 - kilometres).abs() < 0.5, "{metres}");
        }
        assert!(metres_between(wgs(31.2, 121.4), wgs(31.2, 121.4)) < 1e-6);
    }

    proptest! {
        #[test]
        fn there_and_back_is_less_than_a_metre_within_china(lat in 18.0..54.0, lng in 73.5..135.5) {
            let here = wgs(lat, lng);
            let back = here.to(System::Gcj02).to(System::Wgs84);
            prop_assert!(metres_between(here, back) < 1.0);
            let shown = Point { system: System::Gcj02, ..here };
            let again = shown.to(System::Wgs84).to(System::Gcj02);
            prop_assert!((again.lat - lat).abs() < 1e-6 && (again.lng - lng).abs() < 1e-6);
        }

        #[test]
        fn outside_china_nothing_is_shifted(lat in -80.0..80.0, lng in -180.0..72.0) {
            let here = wgs(lat, lng);
            let shown = here.to(System::Gcj02);
            prop_assert_eq!((shown.lat, shown.lng), (lat, lng));
            let back = shown.to(System::Wgs84);
            prop_assert_eq!((back.lat, back.lng), (lat, lng));
        }

        #[test]
        fn a_distance_is_the_same_both_ways_and_no_detour_is_shorter(
            a in (-80.0..80.0, -180.0..180.0), b in (-80.0..80.0, -180.0..180.0),
            c in (-80.0..80.0, -180.0..180.0),
        ) {
            let (a, b, c) = (wgs(a.0, a.1), wgs(b.0, b.1), wgs(c.0, c.1));
            prop_assert!((metres_between(a, b) - metres_between(b, a)).abs() < 1e-3);
            prop_assert!(metres_between(a, b) <= metres_between(a, c) + metres_between(c, b) + 1e-3);
        }
    }
}
