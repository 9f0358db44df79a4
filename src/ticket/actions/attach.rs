//! 附件: a stored file, a place or a link joins the ticket.

use form::{Answers, Choice, Field, Form};
use kernel::{Error, FileId, Result};

use super::{Action, By, Case, Change};
use crate::{fact::Fact, policy::Scope, ticket::Attachment};

/// The most attachments of one ticket.
const MOST: usize = 200;

pub(crate) struct Attach;

impl Action for Attach {
    fn name(&self) -> &'static str {
        "attach"
    }

    fn label(&self) -> &'static str {
        "添加附件"
    }

    fn input(&self) -> Form {
        let kinds = ["image", "voice", "video", "file", "location", "link"];
        let kinds = kinds.map(|kind| Choice { value: kind.into(), label: kind.into() });
        let kind =
            Field { options: kinds.into(), ..Field::new("kind", "single_select", "种类", true) };
        Form {
            fields: vec![
                kind,
                Field::new("file", "text", "文件编号", false),
                Field::new("name", "text", "名称", true),
                Field::new("target", "textarea", "坐标或链接", false),
            ],
        }
    }

    fn by(&self) -> By {
        By::Anybody
    }

    fn files(&self, input: &Answers) -> Vec<(String, FileId)> {
        let id = input.get("file").and_then(serde_json::Value::as_str);
        let id = id.and_then(|id| id.parse().ok());
        id.map(|id| ("file".to_owned(), id)).into_iter().collect()
    }

    fn allows(&self, case: &Case<'_>) -> bool {
        Scope::of(&case.ctx.actor).covers(case.ticket)
    }

    fn apply(&self, case: &Case<'_>, input: &Answers) -> Result<Change> {
        let text =
            |key: &str| input.get(key).and_then(serde_json::Value::as_str).map(str::to_owned);
        let file = text("file").map(|id| {
            id.parse::<FileId>().map_err(|_not_a_number| {
                Error::field("file", "malformed", "文件编号须取自上传接口的应答")
            })
        });
        let (file, target) = (file.transpose()?, text("target"));
        if file.is_none() && target.is_none() {
            return Err(Error::field("file", "required", "请给出文件编号，或位置、链接的 target"));
        }
        if case.ticket.attachments.len() >= MOST {
            return Err(Error::field("file", "too_many", format!("一张工单最多 {MOST} 个附件")));
        }
        let attachment = Attachment {
            file,
            kind: text("kind").unwrap_or_default(),
            name: text("name").unwrap_or_default(),
            target,
            by: case.ctx.actor.clone(),
            at: case.ctx.now,
        };
        Ok(Change { facts: vec![Fact::Attached { attachment }], ..Change::default() })
    }
}
