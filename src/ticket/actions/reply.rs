//! 回复: the customer says something, and shows what he means.

use form::{Answers, Field, Form};
use kernel::{Actor, Error, FileId, Result};

use super::{Action, By, Case, Change, answer};
use crate::{fact::Fact, policy::Scope, ticket::Attachment};

/// The most photos of one reply, and the most attachments of one ticket.
const PHOTOS_MAX: usize = 9;
const MOST: usize = 200;

pub(crate) struct Reply;

impl Action for Reply {
    fn name(&self) -> &'static str {
        "reply"
    }

    fn label(&self) -> &'static str {
        "回复"
    }

    fn input(&self) -> Form {
        let text = Field { max: Some(2_000), ..Field::new("text", "textarea", "内容", false) };
        let photos =
            Field { max: Some(PHOTOS_MAX), ..Field::new("photos", "images", "照片", false) };
        Form { fields: vec![text, photos] }
    }

    fn by(&self) -> By {
        By::Customer
    }

    fn files(&self, input: &Answers) -> Vec<(String, FileId)> {
        let photos = photos(input).enumerate();
        photos.map(|(at, id)| (format!("photos[{at}]"), id)).collect()
    }

    fn allows(&self, case: &Case<'_>) -> bool {
        let is_customer = matches!(case.ctx.actor, Actor::Customer { .. });
        is_customer && Scope::of(&case.ctx.actor).covers(case.ticket)
    }

    fn apply(&self, case: &Case<'_>, input: &Answers) -> Result<Change> {
        let text = answer(input, "text").map(|text| Fact::Commented { text: text.to_owned() });
        let photos: Vec<_> = photos(input).collect();
        if text.is_none() && photos.is_empty() {
            return Err(Error::field("text", "required", "请写几句话，或选一张照片"));
        }
        if case.ticket.attachments.len() + photos.len() > MOST {
            return Err(Error::field("photos", "too_many", format!("一张工单最多 {MOST} 个附件")));
        }
        let attached = photos.into_iter().enumerate().map(|(at, file)| {
            let (by, at_now) = (case.ctx.actor.clone(), case.ctx.now);
            let name = format!("照片 {}", at + 1);
            let kind = "image".to_owned();
            let attachment =
                Attachment { file: Some(file), kind, name, target: None, by, at: at_now };
            Fact::Attached { attachment }
        });
        Ok(Change { facts: text.into_iter().chain(attached).collect(), ..Change::default() })
    }
}

fn photos(input: &Answers) -> impl Iterator<Item = FileId> {
    let photos = input.get("photos").and_then(serde_json::Value::as_array);
    photos.into_iter().flatten().filter_map(|id| id.as_str()?.parse().ok())
}
