//! Cards in words: what each face looks like at WeCom.

use std::collections::BTreeMap;

use db::Conn;
use flow::{TimerKind, Verb};
use form::{Access, Reader};
use kernel::{Actor, Ctx, Result, Timestamp, text};
use serde_json::Value;
use ticket::{Status, Task, TaskState, Ticket};
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
/// The longest userid.
const USERID_MAX: usize = 64;
/// The rows that a card may have.
const ROWS_MAX: usize = 6;
/// The buttons of a task that is somebody's: what it allows, its words, style and key.
const TASK: [(Verb, &str, i64, &str); 3] = [
    (Verb::Complete, "完成", 1, "complete"),
    (Verb::Transfer, "转办", 2, "transfer"),
    (Verb::Return, "退回", 2, "return"),
];
/// The same of an approval.
const APPROVAL: [(Verb, &str, i64, &str); 2] =
    [(Verb::Approve, "同意", 1, "approve"), (Verb::Reject, "驳回", 2, "reject")];
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
        // What a member field was answered stands among other short words; those name nobody.
        let words = ticket.form.values().filter_map(Value::as_str);
        let is_short = |word: &&str| word.len() <= USERID_MAX && word.is_ascii();
        people.extend(words.filter(is_short).map(str::to_owned));
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
        let (no, priority) = (&self.ticket.no, self.ticket.priority.label());
        let business = self.template().filter(|template| template.key != catalog::GENERAL);
        let business = business.map(|template| format!("{} · ", template.name)).unwrap_or_default();
        MainTitle::new(self.ticket.title.clone(), format!("{business}{no} · {priority}"))
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
        let text = self.answer("description").and_then(Value::as_str);
        text::cut_chars(text.unwrap_or_default(), 160)
    }

    /// The rows of a card; of a task's card the step and its deadline first.
    fn rows(&self, task: Option<&Task>) -> Vec<HorizontalContent> {
        let zone = self.desk.setup.zone_minutes;
        let mut rows = Vec::new();
        let step = task.and_then(|task| self.step_name(&task.step));
        rows.extend(step.map(|name| HorizontalContent::text("环节", name)));
        let due = task.filter(|task| task.state == TaskState::Open).and_then(|task| self.due(task));
        rows.extend(due.map(|due| HorizontalContent::text("截止", due.local(zone))));
        let raised = format!(
            "{} {}",
            self.names.actor(&self.ticket.creator),
            self.ticket.created_at.local(zone)
        );
        rows.push(HorizontalContent::text("提交", raised));
        if self.ticket.urged > 0 {
            rows.push(HorizontalContent::text("催办", format!("{} 次", self.ticket.urged)));
        }
        let many = self.ticket.attachments.len();
        let attached = (many > 0).then(|| HorizontalContent::text("附件", format!("{many} 个")));
        let room = ROWS_MAX.saturating_sub(rows.len() + attached.iter().len());
        rows.extend(self.answers(task).into_iter().take(room));
        rows.extend(attached);
        rows
    }

    /// A step's name, where the flow has more than one.
    fn step_name(&self, key: &str) -> Option<String> {
        let template = self.template()?;
        let is_one_of_many = template.flow.all().len() > 1;
        template.flow.step(key).filter(|_step| is_one_of_many).map(|step| step.name.clone())
    }

    /// Until when a task is to be done.
    fn due(&self, task: &Task) -> Option<Timestamp> {
        let is_its = |timer: &&flow::Timer| {
            timer.kind == TimerKind::Deadline
                && (timer.step.as_str(), timer.round) == (task.step.as_str(), task.round)
        };
        self.ticket.flow.timers.iter().find(is_its).map(|timer| timer.due_at)
    }

    /// What was answered, in words: what came to it on the way first, for that is what the next
    /// one must know, then what had to be answered, then the rest.
    fn answers(&self, task: Option<&Task>) -> Vec<HorizontalContent> {
        let Some(template) = self.template() else { return Vec::new() };
        let form = template.compiled();
        let context =
            form::Context { step: task.map(|task| task.step.as_str()), ..form::Context::default() };
        let mut seen = form.view(&self.ticket.form, &context);
        let is_shown = |key: &str| !["title", "description", "urgency"].contains(&key);
        seen.retain(|one| is_shown(&one.field.key) && self.answer(&one.field.key).is_some());
        seen.sort_by_key(|one| {
            let came_later = one.field.access.get("create") == Some(&Access::Hidden);
            (!came_later, !one.field.required)
        });
        let reader = Reader { zone_minutes: self.desk.setup.zone_minutes, ..Reader::default() };
        let row = |one: form::Seen<'_>| {
            let value = self.answer(&one.field.key)?;
            let kind = form::kind_of(&one.field.kind)?;
            let words = match (one.field.kind.as_str(), value.as_str()) {
                ("member", Some(userid)) => self.names.get(userid),
                _ => kind.words(one.field, value, &reader),
            };
            Some(HorizontalContent::text(&*one.field.label, text::first_line(&words, 30)))
        };
        seen.into_iter().filter_map(row).collect()
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
            horizontal_content_list: self.rows(Some(task)),
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

    /// The buttons that the step's work allows. A task that is the starter's to amend has one.
    fn buttons(&self, card: &mut ButtonInteraction, task: &Task, userid: &str, face: &TaskFace) {
        if self.is_revised(task) {
            card.button_list = vec![Button::press("重新提交", 1, "complete")];
            return;
        }
        // What one person alone decides, he need not claim first.
        let is_his_alone = self.is_approval(task) && task.handlers.len() == 1;
        if *face == TaskFace::Claimable && !is_his_alone {
            card.button_list = vec![Button::press("认领", 1, "claim")];
            return;
        }
        let template = self.template();
        let step = template.as_ref().and_then(|template| template.flow.step(&task.step));
        let allows = |verb| step.and_then(flow::Step::work).is_none_or(|work| work.allows(verb));
        let is_approval = self.is_approval(task);
        let verbs: &[_] = if is_approval { &APPROVAL } else { &TASK };
        let mut buttons: Vec<_> = verbs.iter().filter(|(verb, ..)| allows(*verb)).collect();
        let choice;
        if is_approval {
            let options = REASONS.map(|reason| ChoiceOption::new(reason, reason)).into();
            choice = allows(Verb::Reject).then_some(("note", "驳回原因", options));
        } else {
            let others = task.handlers.iter().filter(|other| *other != userid).take(TRANSFER_MAX);
            let options: Vec<_> = others
                .map(|other| ChoiceOption::new(other.clone(), self.names.get(other)))
                .collect();
            choice = Some(("to", "转给", options))
                .filter(|(_key, _title, options)| allows(Verb::Transfer) && !options.is_empty());
            let state = &self.ticket.flow;
            let way = template.as_ref().map(|one| flow::earlier(&one.flow, state, &task.step));
            buttons.retain(|(verb, ..)| match verb {
                Verb::Transfer => choice.is_some(),
                Verb::Return => way.as_ref().is_some_and(|way| !way.is_empty()),
                _ => true,
            });
        }
        // A card must have a button; this one says that its work is done elsewhere.
        card.button_list = match buttons.as_slice() {
            [] => vec![Button::press("打开工单页面办理", 3, "none")],
            some => {
                let press = |(_verb, text, style, key): &&(Verb, &str, i64, &str)| {
                    Button::press(*text, *style, *key)
                };
                some.iter().map(press).collect()
            }
        };
        card.button_selection = choice.map(|(key, title, option_list)| ButtonSelection {
            question_key: key.to_owned(),
            title: title.to_owned(),
            option_list,
            ..ButtonSelection::default()
        });
    }

    /// Whether the starter amends the ticket before it is asked anew.
    fn is_revised(&self, task: &Task) -> bool {
        self.ticket.flow.run(&task.step).is_some_and(|run| run.is_revising)
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
            StarterFace::Accepted { .. } | StarterFace::Working { .. } => {
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
            StarterFace::Accepted { at } => {
                let big = if *at == 0 { "已受理" } else { "处理中" };
                (big.to_owned(), self.waits_at(*at))
            }
            StarterFace::Working { by, at } => {
                let by = self.names.get(by);
                ("处理中".to_owned(), format!("{}{by} 正在处理", self.step_at(*at)))
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
            horizontal_content_list: self.rows(None),
            card_action: Some(CardAction::url(self.url(userid))),
            ..TextNotice::default()
        })
    }

    /// `上门维修：`, where the flow has more than one step.
    fn step_at(&self, at: usize) -> String {
        let run = self.ticket.flow.steps.get(at);
        let name = run.and_then(|run| self.step_name(&run.key));
        name.map(|name| format!("{name}：")).unwrap_or_default()
    }

    fn waits_at(&self, at: usize) -> String {
        let key = self.ticket.flow.steps.get(at).map(|run| run.key.as_str()).unwrap_or_default();
        let template = self.template();
        let step = template.as_ref().and_then(|template| template.flow.step(key));
        let what = if step.is_some_and(flow::Step::is_approval) { "审批" } else { "认领" };
        format!("{}等待{what}", self.step_at(at))
    }

    fn names_of_doers(&self) -> Option<String> {
        let done =
            self.ticket.tasks.iter().rev().find(|task| task.state == ticket::TaskState::Done)?;
        Some(format!("处理人 {}", self.names.get(done.owner.as_deref()?)))
    }
}
