//! Cards in words: what each face looks like at WeCom.

use std::collections::BTreeMap;

use db::Conn;
use kernel::{Actor, Ctx, Result, text};
use ticket::{Status, Task, Ticket};
use wecom::card::{
    ActionMenu, Button, ButtonInteraction, ButtonSelection, Card, CardAction, ChoiceOption,
    Emphasis, HorizontalContent, MainTitle, MenuEntry, Source, TextNotice,
};

use crate::{
    Desk,
    face::{StarterFace, TaskFace},
    links::STAFF,
    message::wecom_task_id,
};

/// The most colleagues that a card offers for a transfer: what a drop-down list may have.
const TRANSFER_MAX: usize = 10;
/// Why something is not approved, for who says so on a card, where nothing can be written.
const REASONS: [&str; 5] = ["资料不全", "不符合规定", "金额有误", "暂缓办理", "其他，另行沟通"];

/// Names of the people a card speaks of.
pub(crate) struct Names(BTreeMap<String, String>);

impl Names {
    /// The names of everybody who has to do with a ticket.
    pub(crate) fn of(conn: &mut Conn, ticket: &Ticket) -> Result<Self> {
        let tasks = ticket.tasks.iter();
        let people = tasks
            .flat_map(|task| task.owner.iter().chain(task.handlers.iter().take(TRANSFER_MAX + 1)));
        let mut people: Vec<String> = people.cloned().collect();
        people.extend(ticket.creator.userid().map(str::to_owned));
        people.sort_unstable();
        people.dedup();
        Self::find(conn, &people)
    }

    /// The names of these people.
    pub(crate) fn find(conn: &mut Conn, people: &[String]) -> Result<Self> {
        let members = org::members_by_ids(conn, people)?;
        Ok(Self(members.into_iter().map(|(userid, member)| (userid, member.name)).collect()))
    }

    /// These names and no others.
    #[cfg(test)]
    pub(crate) fn for_tests(names: BTreeMap<String, String>) -> Self {
        Self(names)
    }

    /// A member's name; his userid when we do not know him.
    pub(crate) fn get(&self, userid: &str) -> String {
        self.0.get(userid).cloned().unwrap_or_else(|| userid.to_owned())
    }

    fn actor(&self, actor: &Actor) -> String {
        match actor {
            Actor::Member { userid } => self.get(userid),
            Actor::Token { name } => name.clone(),
            Actor::Customer { .. } => "客户".to_owned(),
            Actor::System => "系统".to_owned(),
        }
    }
}

/// What every card of a ticket is made with.
pub(crate) struct Painter<'a> {
    pub(crate) ctx: &'a Ctx,
    pub(crate) desk: &'a Desk,
    pub(crate) ticket: &'a Ticket,
    pub(crate) names: &'a Names,
}

impl Painter<'_> {
    pub(crate) fn source(desk: &Desk) -> Source {
        Source { desc: desk.name.clone(), desc_color: 1, ..Source::default() }
    }

    fn title(&self) -> MainTitle {
        let desc = format!("{} · {}", self.ticket.no, self.ticket.priority.label());
        MainTitle::new(self.ticket.title.clone(), desc)
    }

    fn url(&self, userid: &str) -> String {
        self.desk.links.url(self.ticket.id, userid, self.ctx.now)
    }

    /// An answer that everybody at work may see: one card is for them all.
    fn answer(&self, key: &str) -> Option<&serde_json::Value> {
        let (staff, template) = (Actor::member(STAFF), self.template()?);
        let is_seen = ticket::reads(&staff, self.ticket, &template, key);
        self.ticket.form.get(key).filter(|_value| is_seen)
    }

    fn description(&self) -> String {
        let text = self.answer("description").and_then(serde_json::Value::as_str);
        text::cut_chars(text.unwrap_or_default(), 160)
    }

    fn rows(&self) -> Vec<HorizontalContent> {
        let zone = self.desk.setup.zone_minutes;
        let mut rows = vec![
            HorizontalContent::text("提交人", self.names.actor(&self.ticket.creator)),
            HorizontalContent::text("提交时间", self.ticket.created_at.local(zone)),
        ];
        if let Some(place) = self.place() {
            rows.push(HorizontalContent::text("位置", place));
        }
        if !self.ticket.attachments.is_empty() {
            let many = format!("{} 个", self.ticket.attachments.len());
            rows.push(HorizontalContent::text("附件", many));
        }
        if self.ticket.urged > 0 {
            rows.push(HorizontalContent::text("催办", format!("{} 次", self.ticket.urged)));
        }
        rows
    }

    fn place(&self) -> Option<String> {
        let template = self.template()?;
        let field = template.form.fields.iter().find(|field| field.kind == "location")?;
        let value = self.answer(&field.key)?;
        let kind = form::FIELDS.iter().find(|kind| kind.name() == field.kind)?;
        Some(kind.in_words(field, value))
    }

    /// A task's card, for one member or for several who see the same.
    pub(crate) fn task(
        &self,
        card_no: i64,
        task: &Task,
        userids: &[&str],
        face: &TaskFace,
    ) -> Card {
        let viewer = match userids {
            [only] => only,
            _ => STAFF,
        };
        let mut card = ButtonInteraction {
            source: Some(Self::source(self.desk)),
            main_title: Some(self.title()),
            sub_title_text: self.description(),
            horizontal_content_list: self.rows(),
            card_action: Some(CardAction::url(self.url(viewer))),
            task_id: wecom_task_id(card_no),
            ..ButtonInteraction::default()
        };
        match self.grey(task, face) {
            Some(words) => {
                card.button_list = vec![Button::press(text::cut_chars(&words, 10), 3, "none")];
                card.replace_text = words;
            }
            None => self.buttons(&mut card, task, viewer, face),
        }
        Card::ButtonInteraction(card)
    }

    fn buttons(&self, card: &mut ButtonInteraction, task: &Task, userid: &str, face: &TaskFace) {
        if *face == TaskFace::Claimable {
            card.button_list = vec![Button::press("认领", 1, "claim")];
        } else if self.is_approval(task) {
            card.button_list =
                vec![Button::press("同意", 1, "approve"), Button::press("驳回", 2, "reject")];
            card.button_selection = Some(ButtonSelection {
                question_key: "note".to_owned(),
                title: "驳回原因".to_owned(),
                option_list: REASONS.map(|reason| ChoiceOption::new(reason, reason)).into(),
                ..ButtonSelection::default()
            });
        } else {
            card.button_list = vec![Button::press("完成", 1, "complete")];
            let others = task.handlers.iter().filter(|other| *other != userid).take(TRANSFER_MAX);
            let options: Vec<_> = others
                .map(|other| ChoiceOption::new(other.clone(), self.names.get(other)))
                .collect();
            if !options.is_empty() {
                card.button_list.push(Button::press("转办", 2, "transfer"));
                card.button_selection = Some(ButtonSelection {
                    question_key: "to".to_owned(),
                    title: "转给".to_owned(),
                    option_list: options,
                    ..ButtonSelection::default()
                });
            }
        }
    }

    fn template(&self) -> Option<std::sync::Arc<catalog::Published>> {
        let template = &self.ticket.template;
        self.desk.setup.catalog.get(&template.key, template.version).ok()
    }

    /// Whether a task asks for a yes or no.
    fn is_approval(&self, task: &Task) -> bool {
        let template = self.template();
        let step = template.as_ref().and_then(|template| template.flow.step(&task.step));
        step.is_some_and(flow::Step::is_approval)
    }

    /// The words of the one grey button of a face that acts no more.
    fn grey(&self, task: &Task, face: &TaskFace) -> Option<String> {
        let who = |userid: &Option<String>| userid.as_deref().map(|one| self.names.get(one));
        match face {
            TaskFace::Claimable | TaskFace::Mine => None,
            TaskFace::Taken { by } => Some(format!("已被 {} 认领", self.names.get(by))),
            TaskFace::Done { by } => {
                // The log tells yes from no; the card tells that it is decided.
                let done = if self.is_approval(task) { "已审批" } else { "已完成" };
                Some(who(by).map_or_else(|| done.to_owned(), |name| format!("{name} {done}")))
            }
            TaskFace::Moved { to } => Some(match who(to) {
                Some(name) => format!("已转给 {name}"),
                None => "已失效".to_owned(),
            }),
            TaskFace::Ended { status: Status::Closed } => Some("工单已完成".to_owned()),
            TaskFace::Ended { .. } => Some("工单已取消".to_owned()),
            TaskFace::Renewed => Some("见最新卡片".to_owned()),
        }
    }

    /// The card of the one who raised the ticket.
    pub(crate) fn starter(&self, card_no: i64, userid: &str, face: &StarterFace) -> Card {
        let entries: &[(&str, &str)] = match face {
            StarterFace::Accepted | StarterFace::Working { .. } => {
                &[("催办", "urge"), ("撤销工单", "withdraw")]
            }
            StarterFace::Ended { .. } => &[("重启工单", "reopen")],
            StarterFace::Renewed => &[],
        };
        let menu = (!entries.is_empty()).then(|| ActionMenu {
            desc: "更多操作".to_owned(),
            action_list: entries
                .iter()
                .map(|(text, key)| MenuEntry { text: (*text).to_owned(), key: (*key).to_owned() })
                .collect(),
        });
        let (big, small) = match face {
            StarterFace::Accepted => ("已受理".to_owned(), "等待认领".to_owned()),
            StarterFace::Working { by } => {
                ("处理中".to_owned(), format!("{} 正在处理", self.names.get(by)))
            }
            StarterFace::Ended { status, .. } => {
                (status.label().to_owned(), self.names_of_doers().unwrap_or_default())
            }
            StarterFace::Renewed => {
                (self.ticket.status.label().to_owned(), "进展见最新卡片".to_owned())
            }
        };
        Card::TextNotice(TextNotice {
            source: Some(Self::source(self.desk)),
            action_menu: menu,
            task_id: wecom_task_id(card_no),
            main_title: Some(self.title()),
            emphasis_content: Some(Emphasis { title: big, desc: small }),
            sub_title_text: self.description(),
            horizontal_content_list: self.rows(),
            card_action: Some(CardAction::url(self.url(userid))),
            ..TextNotice::default()
        })
    }

    fn names_of_doers(&self) -> Option<String> {
        let done =
            self.ticket.tasks.iter().rev().find(|task| task.state == ticket::TaskState::Done)?;
        Some(format!("处理人 {}", self.names.get(done.owner.as_deref()?)))
    }
}
