//! Asking in the conversation for what a command still needs, one question after the other: the
//! command is tried, and what it refuses as missing or wrong is asked for until it is taken. So
//! whatever a form demands, no card and no menu ends in a refusal that nobody can mend.

use std::sync::Arc;

use catalog::{Published, Template};
use form::{Access, Field, Reader, Source};
use kernel::{Error, FieldError, FileId, Kind, Result, TaskId, TicketId, text};
use notify::{Clicked, Press, Question};
use queue::End;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};
use ticket::Ticket;

use super::{Case, done};

/// The fewest characters of a business's name by which it can be called.
const NAME_MIN: usize = 2;
/// The most options that a question can offer; one with more is answered in words.
const OPTIONS_MAX: usize = 20;
/// What ends a conversation.
const ENOUGH: [&str; 3] = ["取消", "算了", "不用了"];

/// A command that is being completed.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct Talk {
    goal: Goal,
    /// The dialog's own answers.
    input: Map<String, Value>,
    /// The answers to the ticket's form.
    form: Map<String, Value>,
    /// What was asked last: `form.phone`, or `note` of the dialog.
    asked: String,
}

/// What is to be done.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Goal {
    Raise { template: String, source: String },
    Act { ticket: TicketId, task: Option<TaskId>, verb: String },
}

impl Talk {
    /// A new ticket of that template.
    pub(super) fn raise(template: &str, source: &str, form: Map<String, Value>) -> Self {
        let goal = Goal::Raise { template: template.to_owned(), source: source.to_owned() };
        Self { goal, input: Map::new(), form, asked: String::new() }
    }

    /// An action on a ticket.
    pub(super) fn act(
        ticket: TicketId,
        task: Option<TaskId>,
        verb: String,
        input: Map<String, Value>,
    ) -> Self {
        let goal = Goal::Act { ticket, task, verb };
        Self { goal, input, form: Map::new(), asked: String::new() }
    }

    /// The same, waiting for the answer to this.
    pub(super) fn asking(self, path: &str) -> Self {
        Self { asked: path.to_owned(), ..self }
    }

    /// Another file for a question that was answered with one already; false when it was not.
    fn add(&mut self, path: &str, file: FileId) -> bool {
        let answer = match path.strip_prefix("form.") {
            Some(key) => self.form.get_mut(key),
            None => self.input.get_mut(path),
        };
        let Some(answer) = answer.and_then(Value::as_array_mut) else { return false };
        answer.push(json!(file));
        true
    }

    fn put(&mut self, value: Value) {
        match self.asked.strip_prefix("form.") {
            Some(key) => self.form.insert(key.to_owned(), value),
            None => self.input.insert(self.asked.clone(), value),
        };
    }

    fn forget(&mut self, path: &str) {
        match path.strip_prefix("form.") {
            Some(key) => self.form.remove(key),
            None => self.input.remove(path),
        };
    }
}

/// What a field's error is about: `form.address.region` is about `form.address`.
fn asked_by(error: &FieldError) -> String {
    let (head, rest) = match error.path.strip_prefix("form.") {
        Some(rest) => ("form.", rest),
        None => ("", error.path.as_str()),
    };
    let key = rest.split(['.', '[']).next().unwrap_or(rest);
    format!("{head}{key}")
}

/// Whether a member can answer it in a conversation.
fn can_be_asked(field: &Field) -> bool {
    let kind = form::kind_of(&field.kind);
    ["location", "images", "attachments"].contains(&field.kind.as_str())
        || kind.is_some_and(|kind| kind.read(field, "", &Reader::default()).is_some())
}

/// The options of a question, if it has few enough to be shown.
fn options(field: &Field) -> Vec<(String, String)> {
    match field.kind.as_str() {
        "switch" => [("是", "是"), ("否", "否")].map(|(id, text)| (id.into(), text.into())).into(),
        _ if field.options.len() > OPTIONS_MAX => Vec::new(),
        _ => field.options.iter().map(|one| (one.value.clone(), one.label.to_string())).collect(),
    }
}

/// How an answer in words is to look.
fn hint(field: &Field) -> &str {
    match field.kind.as_str() {
        _ if !field.help.is_empty() => &field.help,
        "money" => "金额，单位元，例如 1280.50",
        "number" => "数字",
        "rating" => "分数，例如 5",
        "date" => "日期，例如 2026-11-23",
        "datetime" => "时间，例如 2026-11-23 15:00",
        "address" => "地区之间用空格隔开，例如 广东省 广州市 天河区 体育西路 1 号",
        "member" => "同事的姓名",
        "location" => "请发送位置",
        "images" => "请发送一张图片",
        "attachments" => "请发送一个文件或图片",
        _ => "",
    }
}

/// The answers that a few words give: the title, or else the first question that words can answer.
fn about(template: &Template, words: &str) -> Map<String, Value> {
    let mut form = Map::new();
    let line = text::first_line(words, 100);
    let of =
        |key: &str| template.form.field(key).is_some_and(|field| field.kind.starts_with("text"));
    let is_open =
        |field: &&Field| field.required && field.kind.starts_with("text") && !is_hidden(field);
    let first = template.form.fields.iter().find(is_open).map(|field| field.key.as_str());
    let Some(key) = Some("title").filter(|key| of(key)).or(first) else { return form };
    if line != words && of("description") {
        form.insert("description".to_owned(), json!(text::cut_chars(words, 5_000)));
    }
    if !line.is_empty() {
        form.insert(key.to_owned(), json!(line));
    }
    form
}

fn is_hidden(field: &Field) -> bool {
    field.access.get("create").or(field.access.get("*")) == Some(&Access::Hidden)
}

/// Whether all that a new ticket of it must say can be said in a conversation.
fn can_be_raised(template: &Template) -> bool {
    let is_asked = |field: &&Field| {
        let is_input =
            form::kind_of(&field.kind).is_some_and(|kind| kind.source() == Source::Input);
        is_input && field.required && field.default.is_none() && !is_hidden(field)
    };
    template.form.fields.iter().filter(is_asked).all(can_be_asked)
}

impl Case<'_> {
    /// The templates that tickets can be raised from in a conversation, the general one first.
    pub(super) fn offered(&mut self) -> Result<Vec<Arc<Published>>> {
        let mut all = self.desk.setup.catalog.list();
        all.retain(|one| can_be_raised(one));
        ticket::keep_visible(self.conn, &self.from, Some("menu"), &mut all)?;
        Ok(all)
    }

    /// `报修 空调不制冷`: the businesses that the first word names, and the words after it.
    pub(super) fn named<'w>(&mut self, words: &'w str) -> Result<(Vec<Arc<Published>>, &'w str)> {
        let is_gap = |c: char| c.is_whitespace() || "：:，,".contains(c);
        let (name, rest) = words.split_once(is_gap).unwrap_or((words, ""));
        if name.chars().count() < NAME_MIN {
            return Ok((Vec::new(), rest));
        }
        let mut found = self.desk.setup.catalog.list();
        let is_meant = |one: &Template| one.key != catalog::GENERAL && one.name.contains(name);
        found.retain(|one| is_meant(one) && can_be_raised(one));
        ticket::keep_visible(self.conn, &self.from, Some("app_message"), &mut found)?;
        if let Some(exact) = found.iter().find(|one| one.name == name).cloned() {
            found = vec![exact];
        }
        Ok((found, rest.trim()))
    }

    /// Begins a ticket of that template with these words.
    pub(super) fn begin(&mut self, template: &str, words: &str, source: &str) -> Result<End> {
        match self.desk.setup.catalog.find_newest(self.conn, template) {
            Ok(found) => self.go_on(Talk::raise(template, source, about(&found, words))),
            Err(error) => self.refused_or(error),
        }
    }

    /// The conversation that the sender's next words answer.
    pub(super) fn talk(&mut self) -> Result<Option<Talk>> {
        let body = ticket::draft::take_expectation(self.conn, self.ctx, &self.from)?;
        // What an older build kept is forgotten: the question can be asked again.
        Ok(body.and_then(|body| serde_json::from_str(&body).ok()))
    }

    /// The sender's words as the answer to what he was asked.
    pub(super) fn answered(&mut self, mut talk: Talk, words: &str) -> Result<End> {
        if ENOUGH.contains(&words) {
            self.say("已取消")?;
            return done("取消");
        }
        let template = match self.template(&talk) {
            Ok(template) => template,
            Err(error) => return self.refused_or(error),
        };
        if let (Goal::Raise { .. }, "form.title") = (&talk.goal, talk.asked.as_str()) {
            talk.form.extend(about(&template, words));
            return self.go_on(talk);
        }
        let field = match self.field(&talk) {
            Ok(field) => field,
            Err(error) => return self.refused_or(error),
        };
        let reader = Reader { zone_minutes: self.desk.setup.zone_minutes, ..Reader::default() };
        let kind = form::kind_of(&field.kind);
        let Some(value) = kind.and_then(|kind| kind.read(&field, words, &reader)) else {
            self.keep(&talk)?;
            self.say(&format!("{}：{}", field.label, hint(&field)))?;
            return done("再次询问");
        };
        talk.put(if field.kind == "member" { self.member(words, value)? } else { value });
        self.go_on(talk)
    }

    /// Options as the answer to a question; its card then shows them.
    pub(super) fn chosen(
        &mut self,
        mut talk: Talk,
        clicked: &Clicked,
        chosen: &[String],
    ) -> Result<End> {
        let field = match self.field(&talk) {
            Ok(field) => field,
            Err(error) => return self.refused_or(error),
        };
        let all = options(&field);
        let labels = chosen.iter().filter_map(|id| all.iter().find(|(value, _text)| value == id));
        let labels: Vec<_> = labels.map(|(_value, text)| text.as_str()).collect();
        notify::answered(self.conn, self.ctx, self.desk, clicked, &labels.join("、"))?;
        if field.kind == "multi_select" {
            talk.put(json!(chosen));
            return self.go_on(talk);
        }
        self.answered(talk, chosen.first().map_or("", String::as_str))
    }

    /// What a press on a question's card chose, where the card alone tells it.
    pub(super) fn chosen_words(&mut self, press: &Press) -> Result<Option<String>> {
        Ok(match press {
            Press::Act { .. } | Press::Answer { .. } => None,
            Press::Choose { ticket: Some(ticket), .. } => Some(ticket::get(self.conn, *ticket)?.no),
            Press::Choose { ticket: None, .. } => Some("新建工单".to_owned()),
            Press::Start { template, .. } => {
                let found = self.desk.setup.catalog.newest(template);
                Some(found.map_or_else(|_gone| template.clone(), |one| one.name.clone()))
            }
            Press::Expect { urgency: Some(urgency) } => {
                Some(ticket::Priority::of_urgency(Some(urgency)).label().to_owned())
            }
            Press::Expect { urgency: None } => Some("已取消".to_owned()),
        })
    }

    /// A place as the answer, where one was asked for.
    pub(super) fn placed(&mut self, place: &Value) -> Result<Option<End>> {
        let Some(mut talk) = self.talk()? else { return Ok(None) };
        let field = match self.field(&talk) {
            Ok(field) => field,
            Err(error) => return self.refused_or(error).map(Some),
        };
        if field.kind == "location" {
            talk.put(place.clone());
            return self.go_on(talk).map(Some);
        }
        self.keep(&talk).map(|_draft| None)
    }

    /// The question to which the sender was asked for something like this, if he still is.
    pub(super) fn waits_for(&mut self, media: &str) -> Result<Option<String>> {
        let Some(talk) = self.talk()? else { return Ok(None) };
        self.keep(&talk)?;
        let kind = self.field(&talk).map(|field| field.kind).unwrap_or_default();
        let fits = kind == "attachments" || kind == "images" && media == "image";
        Ok(fits.then_some(talk.asked))
    }

    /// A file as the answer to the question that was open when it was sent: several photos are sent
    /// at once, and each takes its time to be had. One that comes too late is kept and belongs to
    /// nothing.
    pub(super) fn handed(&mut self, asked: &str, file: FileId) -> Result<()> {
        let Some(mut talk) = self.talk()? else {
            return self.say("已收到，但没有等待它的业务，请重新办理");
        };
        if talk.asked == asked {
            talk.put(json!([file]));
            return self.go_on(talk).map(|_end| ());
        }
        if talk.add(asked, file) {
            return self.keep(&talk).map(|_draft| ());
        }
        self.say("已收到，但等待它的问题已经过去，请在需要时再发一次")
    }

    /// Waits for the answer.
    pub(super) fn keep(&mut self, talk: &Talk) -> Result<i64> {
        let body = serde_json::to_string(talk)
            .map_err(|error| Error::bug("a conversation cannot be written").caused_by(error))?;
        ticket::draft::expect(self.conn, self.ctx, &self.from, &body)
    }

    /// Colleagues are called by their names.
    fn member(&mut self, words: &str, otherwise: Value) -> Result<Value> {
        let all = org::visible_members(self.conn)?;
        let mut named = all.into_iter().filter(|member| member.name == words);
        Ok(match (named.next(), named.next()) {
            (Some(member), None) => json!(member.userid),
            _ => otherwise,
        })
    }

    fn attempt(&mut self, talk: &Talk) -> Result<Ticket> {
        let setup = &self.desk.setup;
        match &talk.goal {
            Goal::Raise { template, source } => {
                let new = ticket::New {
                    template,
                    source,
                    form: &talk.form,
                    customer: None,
                    chat_id: None,
                    tags: Vec::new(),
                };
                ticket::create(self.conn, self.ctx, setup, &new)
            }
            Goal::Act { ticket, task, verb } => {
                let mut input = talk.input.clone();
                if !talk.form.is_empty() {
                    input.insert("form".to_owned(), Value::Object(talk.form.clone()));
                }
                let command = ticket::Command { verb, input: &input, expects: None, on: *task };
                ticket::act(self.conn, self.ctx, setup, *ticket, &command)
            }
        }
    }

    /// Tries, and asks for what is missing. Says why when no answer can mend it.
    ///
    /// # Errors
    /// What may succeed a moment later is for the queue.
    pub(super) fn go_on(&mut self, talk: Talk) -> Result<End> {
        match self.attempt(&talk) {
            Ok(ticket) => done(match &talk.goal {
                Goal::Raise { .. } => format!("新建 {}", ticket.no),
                Goal::Act { verb, .. } => format!("{verb} {}", ticket.no),
            }),
            Err(error) => match error.fields().first().map(|one| (asked_by(one), one.clone())) {
                Some((path, wrong)) => self.ask(talk, &path, &wrong, &error),
                None => self.refused_or(error),
            },
        }
    }

    /// Says why it cannot be; what may succeed a moment later is for the queue.
    fn refused_or(&mut self, error: Error) -> Result<End> {
        match error.kind() {
            Kind::Busy | Kind::Upstream | Kind::Bug => Err(error),
            _ => self.refused(&error),
        }
    }

    fn refused(&mut self, error: &Error) -> Result<End> {
        self.say(error.detail())?;
        if let Some(message) = self.pressed.take() {
            notify::refresh(self.conn, self.ctx, self.desk, &message)?;
        }
        done(format!("被拒：{}", error.code()))
    }

    fn ask(&mut self, talk: Talk, path: &str, wrong: &FieldError, error: &Error) -> Result<End> {
        let was_asked = talk.asked == path;
        let mut talk = talk.asking(path);
        let Ok(field) = self.field(&talk) else { return self.refused(error) };
        if !can_be_asked(&field) {
            let words = format!("「{}」不能在对话里填写，请在工单页面填写后再提交", field.label);
            self.say(&words)?;
            return done(format!("{path} 须在页面填写"));
        }
        talk.forget(path);
        let draft = self.keep(&talk)?;
        let desc = match (was_asked || wrong.code != "required", self.business(&talk)?) {
            (true, _) => wrong.detail.clone(),
            (false, business) => business,
        };
        let options = options(&field);
        if options.is_empty() {
            let hint = hint(&field);
            let hint = if hint.is_empty() { String::new() } else { format!("（{hint}）") };
            self.say(&format!("{desc}\n请填写：{}{hint}\n不办了请发送「取消」", field.label))?;
        } else {
            let title = format!("请选择：{}", field.label);
            let is_multiple = field.kind == "multi_select";
            let question = Question { draft, title, desc, options, is_multiple };
            notify::ask(self.conn, self.ctx, self.desk, &self.from, &question)?;
        }
        done(format!("询问 {path}"))
    }

    /// What a question is asked for: `售后报修`, or `GD-… 上门维修 · 完成`.
    fn business(&mut self, talk: &Talk) -> Result<String> {
        match &talk.goal {
            Goal::Raise { .. } => Ok(format!("新建：{}", self.template(talk)?.name)),
            Goal::Act { ticket, verb, .. } => {
                let ticket = ticket::get(self.conn, *ticket)?;
                let verb = ticket::find_action(verb)?.label();
                Ok(format!("{verb} {} {}", ticket.no, text::cut_chars(&ticket.title, 30)))
            }
        }
    }

    fn template(&mut self, talk: &Talk) -> Result<Arc<Published>> {
        let catalog = &self.desk.setup.catalog;
        match &talk.goal {
            Goal::Raise { template, .. } => catalog.find_newest(self.conn, template),
            Goal::Act { ticket, .. } => {
                let template = ticket::get(self.conn, *ticket)?.template;
                catalog.find(self.conn, &template.key, template.version)
            }
        }
    }

    /// The field that was asked for.
    fn field(&mut self, talk: &Talk) -> Result<Field> {
        let found = match (&talk.goal, talk.asked.strip_prefix("form.")) {
            (_, Some(key)) => self.template(talk)?.form.field(key).cloned(),
            (Goal::Act { verb, .. }, None) => {
                ticket::find_action(verb)?.input().field(&talk.asked).cloned()
            }
            (Goal::Raise { .. }, None) => None,
        };
        found.ok_or_else(|| Error::field(talk.asked.clone(), "unknown_field", "没有这个字段"))
    }
}
