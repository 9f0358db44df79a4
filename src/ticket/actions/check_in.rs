//! 签到: whoever works on the ticket says where he is. What a phone tells is kept as it told it, with
//! how exact it is; it never keeps anybody from working.

use flow::assign::{Point, System, metres_between};
use form::{Answers, Field, Form};
use kernel::{Error, FileId, Result};
use serde_json::Value;

use super::{Action, Case, Change, noted};
use crate::{
    fact::Fact,
    policy,
    ticket::{self, Status},
};

/// The most check-ins of one ticket, and photos of one.
const MOST: usize = 200;
const PHOTOS_MAX: usize = 9;

pub(crate) struct CheckIn;

impl Action for CheckIn {
    fn name(&self) -> &'static str {
        "check_in"
    }

    fn label(&self) -> &'static str {
        "签到"
    }

    fn input(&self) -> Form {
        let photos = Field::new("photos", "images", "现场照片", false);
        Form {
            fields: vec![
                Field::new("location", "location", "位置", true),
                Field { max: Some(PHOTOS_MAX), ..photos },
                Field::new("note", "textarea", "说明", false),
            ],
        }
    }

    fn files(&self, input: &Answers) -> Vec<(String, FileId)> {
        let photos = photos(input).enumerate();
        photos.map(|(at, id)| (format!("photos[{at}]"), id)).collect()
    }

    fn allows(&self, case: &Case<'_>) -> bool {
        case.ctx.actor.userid().is_some()
            && case.ticket.status == Status::Open
            && policy::is_handler(&case.ctx.actor, case.ticket)
    }

    fn apply(&self, case: &Case<'_>, input: &Answers) -> Result<Change> {
        case.member()?;
        if case.ticket.check_ins.len() >= MOST {
            let detail = format!("一张工单最多签到 {MOST} 次");
            return Err(Error::field("location", "too_many", detail));
        }
        let given = input.get("location").unwrap_or(&Value::Null);
        let Some(place) = point(given) else {
            return Err(Error::field("location", "required", "位置缺少 lat 或 lng"));
        };
        let site = case.form.form().fields.iter().find_map(|field| site(field, case.ticket));
        let distance_metres = site.map(|site| whole(metres_between(place, site)));
        let label = given.get("label").and_then(Value::as_str).unwrap_or_default();
        let check_in = ticket::CheckIn {
            by: case.ctx.actor.clone(),
            at: case.ctx.now,
            place,
            accuracy: given.get("accuracy").and_then(Value::as_f64),
            label: label.to_owned(),
            distance_metres,
            files: photos(input).collect(),
        };
        let mut facts = vec![Fact::CheckedIn { check_in }];
        facts.extend(noted(input));
        Ok(Change { facts, ..Change::default() })
    }
}

fn photos(input: &Answers) -> impl Iterator<Item = FileId> {
    let ids = input.get("photos").and_then(Value::as_array).into_iter().flatten();
    ids.filter_map(|id| id.as_str()?.parse().ok())
}

/// Where a ticket is about, if this field of its form says so.
fn site(field: &Field, ticket: &ticket::Ticket) -> Option<Point> {
    point(ticket.form.get(&field.key).filter(|_place| field.kind == "location")?)
}

fn point(place: &Value) -> Option<Point> {
    let system = match place.get("system").and_then(Value::as_str) {
        Some("wgs84") => System::Wgs84,
        _ => System::Gcj02,
    };
    let degrees = |name| place.get(name).and_then(Value::as_f64);
    Some(Point { lat: degrees("lat")?, lng: degrees("lng")?, system })
}

/// Metres without what comes after the point.
fn whole(metres: f64) -> u32 {
    // A distance on earth has at most eight digits.
    format!("{metres:.0}").parse().unwrap_or(u32::MAX)
}
