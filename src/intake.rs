//! From WeCom's event to a command: one exhaustive match, the only file that knows all rooms'
//! verbs. Runs in the transaction that ends the callback's job, so that what follows from a
//! message happens with it or not at all.

mod talk;

use std::sync::Arc;

use catalog::Published;
use customer::mirror as customers;
use db::Conn;
use http::Raw;
use kernel::{Actor, Ctx, Error, FileId, Kind, Result, TicketId, Timestamp, text};
use notify::{Desk, Press};
use org::mirror as members;
use queue::{End, Job};
use serde_json::{Map, Value, json};
use wecom::{
    Message,
    event::{
        BotContent, BotMessage, CardClick, ChatChange, ChatWhat, ContactChange, CustomerChange,
        CustomerWhat, Event, PartyChange, UserChange,
    },
};

use crate::{
    media::{Media, TOPIC_MEDIA},
    mirror::{Fetch, TOPIC_FETCH},
};

use talk::Talk;

/// In how many rounds the work of somebody who leaves is handed over; each takes many tickets.
const HAND_OVERS_MAX: usize = 50;

/// What a callback may be turned into.
pub(crate) struct Reception {
    pub(crate) desk: Arc<Desk>,
}

/// The reception for one callback.
struct Case<'a> {
    conn: &'a mut Conn,
    ctx: &'a Ctx,
    desk: &'a Desk,
    /// The sender, folded; empty for events of the system.
    from: String,
    stamp: Timestamp,
    /// The card that was pressed: a refusal may come of its being stale.
    pressed: Option<notify::Message>,
}

impl Reception {
    /// Does a job of the callbacks' topic.
    pub(crate) fn receive(&self, conn: &mut Conn, ctx: &Ctx, job: &Job) -> Result<End> {
        let raw: Raw<'_> = serde_json::from_str(&job.body)
            .map_err(|error| Error::bug("a stored callback cannot be read").caused_by(error))?;
        let message = wecom::event::parse(raw.plain.as_bytes()).map_err(|error| {
            let detail = format!("回调内容无法解析：{error}");
            Error::new(Kind::Invalid, "callback.unreadable", detail)
        })?;
        let from = message.from_user.to_lowercase();
        let is_person = !from.is_empty() && from != "sys";
        let actor = if is_person { Actor::member(&from) } else { Actor::System };
        let ctx = ctx.with_actor(actor);
        let created = Timestamp::from_seconds(message.create_time);
        let stamp = members::event_stamp(created, job.created_at);
        let from = if is_person { from } else { String::new() };
        let case = Case { conn, ctx: &ctx, desk: &self.desk, from, stamp, pressed: None };
        if is_person { case.meet(message) } else { case.hear(message) }
    }
}

impl Reception {
    /// What a member was asked to send has come.
    pub(crate) fn handed(
        &self,
        conn: &mut Conn,
        ctx: &Ctx,
        (userid, asked): (&str, &str),
        file: FileId,
    ) -> Result<()> {
        let from = userid.to_owned();
        let mut case = Case { conn, ctx, desk: &self.desk, from, stamp: ctx.now, pressed: None };
        case.handed(asked, file)
    }
}

fn ignored(message: &Message) -> End {
    End::Ignored(message.event.kind())
}

fn done(what: impl Into<String>) -> Result<End> {
    Ok(End::Done(what.into()))
}

impl Case<'_> {
    /// What a person did.
    fn meet(mut self, message: Message) -> Result<End> {
        match &message.event {
            Event::Text { content } => self.text(content, "app_message"),
            Event::Image(image) => self.media("image", &image.media_id, "图片.jpg"),
            Event::Voice(voice) => {
                let format = if voice.format.is_empty() { "amr" } else { &voice.format };
                self.media("voice", &voice.media_id, &format!("语音.{format}"))
            }
            Event::Video(video) => self.media("video", &video.media_id, "视频.mp4"),
            Event::File(file) => {
                let name = file.file_name.clone().unwrap_or_else(|| "文件".to_owned());
                self.media("file", &file.media_id, &name)
            }
            Event::Location(place) => self.place(place.latitude, place.longitude, &place.label),
            Event::LocationSelect(place) => {
                let name = if place.poi_name.is_empty() { &place.label } else { &place.poi_name };
                self.place(place.latitude, place.longitude, name)
            }
            Event::Link(link) => {
                let name = if link.title.is_empty() { &link.url } else { &link.title };
                self.attach("link", name, &link.url)
            }
            Event::Click { event_key } => self.menu(event_key),
            Event::CardClick(click) | Event::CardMenuClick(click) => self.press(click),
            Event::ScancodePush(code) | Event::ScancodeWaitmsg(code) => {
                self.text(&format!("扫码：{}", code.scan_result), "menu")
            }
            Event::Subscribe => {
                let userid = self.from.clone();
                self.fetch(&Fetch::Member { userid })
            }
            Event::Unsubscribe => {
                members::hide_member(self.conn, self.ctx, &self.from, self.stamp)?;
                done("成员已离开可见范围")
            }
            Event::Bot(bot) => self.bot(bot),
            _ => self.hear(message),
        }
    }

    /// What the platform tells, whoever it names.
    fn hear(mut self, message: Message) -> Result<End> {
        match &message.event {
            Event::ChangeContact(change) => self.contact(change),
            Event::ChangeExternalContact(change) => self.customer(change),
            Event::ChangeExternalChat(change) => self.group(change),
            Event::Unknown { .. } => Ok(End::Ignored(format!("未知类型 {}", message.event.kind()))),
            // Nothing of ours follows from these; they are kept in the inbox as they came.
            Event::Text { .. }
            | Event::Image(_)
            | Event::Voice(_)
            | Event::Video(_)
            | Event::File(_)
            | Event::Location(_)
            | Event::LocationSelect(_)
            | Event::Link(_)
            | Event::Click { .. }
            | Event::CardClick(_)
            | Event::CardMenuClick(_)
            | Event::ScancodePush(_)
            | Event::ScancodeWaitmsg(_)
            | Event::Subscribe
            | Event::Unsubscribe
            | Event::Bot(_)
            | Event::EnterAgent
            | Event::Position(_)
            | Event::BatchJobResult(_)
            | Event::View { .. }
            | Event::ViewMiniprogram { .. }
            | Event::PicSysphoto(_)
            | Event::PicPhotoOrAlbum(_)
            | Event::PicWeixin(_)
            | Event::OpenApprovalChange(_)
            | Event::SysApprovalChange(_)
            | Event::ShareAgentChange
            | Event::ShareChainChange
            | Event::InactiveAlert { .. }
            | Event::CloseInactiveAgent
            | Event::ReopenInactiveAgent
            | Event::LowActiveAlert { .. }
            | Event::LowActive
            | Event::ActiveRestored
            | Event::TaskcardClick { .. }
            | Event::SwitchWorkbenchMode { .. }
            | Event::ChangeExternalTag(_)
            | Event::KfMsgOrEvent { .. }
            | Event::KfAccountAuthChange { .. }
            | Event::ChangeAppAdmin
            | Event::UnlicensedNotify
            | Event::UploadMediaJobFinish { .. }
            | Event::LivingStatusChange { .. }
            | Event::MsgauditNotify
            | Event::CustomerAcquisition(_)
            | Event::AddSchedule(_)
            | Event::ModifySchedule(_)
            | Event::DeleteSchedule(_)
            | Event::ModifyCalendar { .. }
            | Event::DeleteCalendar { .. }
            | Event::ChangeChain
            | Event::AppEmailChange { .. }
            | Event::WedriveInsufficientCapacity => Ok(ignored(&message)),
        }
    }

    fn text(&mut self, content: &str, source: &str) -> Result<End> {
        let words = text::clean(content);
        if words.is_empty() {
            return Ok(End::Ignored("空消息".to_owned()));
        }
        if let Some(talk) = self.talk()? {
            return self.answered(talk, &words);
        }
        let (named, rest) = self.named(&words)?;
        match named.as_slice() {
            [] if ticket::open_of(self.conn, &self.from, 1)?.is_empty() => {
                self.begin(catalog::GENERAL, &words, source)
            }
            [] => {
                let draft = ticket::draft::keep(self.conn, self.ctx, &self.from, &words)?;
                notify::choose_ticket(self.conn, self.ctx, self.desk, &self.from, (draft, &words))?;
                done("询问归属")
            }
            [one] => self.begin(&one.key, rest, source),
            several => {
                let draft = ticket::draft::keep(self.conn, self.ctx, &self.from, rest)?;
                self.offer(several, Some(draft))
            }
        }
    }

    /// Asks which of these businesses it is.
    fn offer(&mut self, templates: &[Arc<Published>], draft: Option<i64>) -> Result<End> {
        let what = (templates, draft);
        notify::choose_template(self.conn, self.ctx, self.desk, &self.from, what)?;
        done("询问业务")
    }

    fn raise(&mut self, source: &str, form: &Map<String, Value>) -> Result<ticket::Ticket> {
        let new = ticket::New {
            template: catalog::GENERAL,
            source,
            form,
            customer: None,
            chat_id: None,
            tags: Vec::new(),
        };
        ticket::create(self.conn, self.ctx, &self.desk.setup, &new)
    }

    /// The ticket that something without words belongs to: the sender's newest open one, or one
    /// that is raised for it.
    fn target(&mut self, title: &str) -> Result<TicketId> {
        if let Some(open) = ticket::open_of(self.conn, &self.from, 1)?.first() {
            return Ok(open.id);
        }
        let mut form = Map::new();
        form.insert("title".to_owned(), json!(title));
        Ok(self.raise("app_message", &form)?.id)
    }

    fn media(&mut self, kind: &str, media_id: &str, name: &str) -> Result<End> {
        let asked = self.waits_for(kind)?;
        let ticket = match &asked {
            Some(_question) => None,
            None => Some(self.target(&format!("[{}]", name.split('.').next().unwrap_or(name)))?),
        };
        let media = Media {
            ticket,
            asked,
            userid: self.from.clone(),
            kind: kind.to_owned(),
            media_id: media_id.to_owned(),
            name: name.to_owned(),
        };
        let body = serde_json::to_string(&media)
            .map_err(|error| Error::bug("a media job cannot be written").caused_by(error))?;
        let whose = ticket.map_or_else(|| self.from.clone(), |ticket| ticket.to_string());
        let (order, once) = (format!("media:{whose}"), format!("media:{whose}:{media_id}"));
        let new = queue::New {
            topic: TOPIC_MEDIA,
            body,
            order_key: Some(&order),
            once_key: Some(&once),
            due_at: self.ctx.now,
        };
        queue::put(self.conn, self.ctx, new)?;
        done(format!("{name} 待下载"))
    }

    fn place(&mut self, lat: Option<f64>, lng: Option<f64>, label: &str) -> Result<End> {
        let (Some(lat), Some(lng)) = (lat, lng) else {
            return Ok(End::Ignored("位置没有坐标".to_owned()));
        };
        let name = if label.is_empty() { "位置" } else { label };
        let place = json!({"lat": lat, "lng": lng, "label": name});
        if let Some(end) = self.placed(&place)? {
            return Ok(end);
        }
        if ticket::open_of(self.conn, &self.from, 1)?.is_empty() {
            let mut form = Map::new();
            form.insert("title".to_owned(), json!(format!("[位置] {}", text::cut_chars(name, 80))));
            form.insert("location".to_owned(), place);
            let ticket = self.raise("app_message", &form)?;
            return done(format!("新建 {}", ticket.no));
        }
        self.attach("location", name, &format!("{lat},{lng}"))
    }

    fn attach(&mut self, kind: &str, name: &str, target: &str) -> Result<End> {
        let ticket = self.target(&text::cut_chars(name, 80))?;
        let mut input = Map::new();
        input.insert("kind".to_owned(), json!(kind));
        input.insert("name".to_owned(), json!(text::cut_chars(name, 150)));
        input.insert("target".to_owned(), json!(target));
        let command = ticket::Command::new("attach", &input);
        let ticket = ticket::act(self.conn, self.ctx, &self.desk.setup, ticket, &command)?;
        done(format!("已添加到 {}", ticket.no))
    }

    fn menu(&mut self, key: &str) -> Result<End> {
        match key {
            "new_ticket" => {
                let offered = self.offered()?;
                if offered.len() > 1 {
                    return self.offer(&offered, None);
                }
                notify::new_ticket(self.conn, self.ctx, self.desk, &self.from)?;
            }
            "my_tasks" => notify::my_tasks(self.conn, self.ctx, self.desk, &self.from)?,
            "my_tickets" => notify::my_tickets(self.conn, self.ctx, self.desk, &self.from)?,
            other => return Ok(End::Ignored(format!("菜单 {other} 不是本服务的"))),
        }
        done(format!("菜单 {key}"))
    }

    fn say(&mut self, words: &str) -> Result<()> {
        notify::reply(self.conn, self.ctx, self.desk, &self.from, words)
    }

    fn press(&mut self, click: &CardClick) -> Result<End> {
        let Some(clicked) = notify::find_pressed(self.conn, self.ctx, &self.from, click)? else {
            return Ok(End::Ignored("不是本服务的卡片".to_owned()));
        };
        if let Some(words) = self.chosen_words(&clicked.press)? {
            notify::answered(self.conn, self.ctx, self.desk, &clicked, &words)?;
        }
        match clicked.press {
            Press::Act { verb, .. } if verb == "none" => {
                self.say("这一步不能在卡片上办理，请点开卡片，在工单页面办理")?;
                done("卡片上没有动作")
            }
            Press::Act { ticket, task, verb, to, note } => {
                let mut input = Map::new();
                if let Some(note) = note.filter(|_note| verb == "reject") {
                    input.insert("note".to_owned(), json!(note));
                }
                if let Some(to) = to.filter(|_to| verb == "transfer") {
                    input.insert("to".to_owned(), json!(to));
                }
                self.pressed = Some(clicked.message);
                self.go_on(Talk::act(ticket, task, verb, input))
            }
            Press::Choose { draft, ticket } => self.choose(draft, ticket),
            Press::Start { template, draft: None } if template == catalog::GENERAL => {
                notify::new_ticket(self.conn, self.ctx, self.desk, &self.from)?;
                done("询问紧急程度")
            }
            Press::Start { template, draft } => {
                let words = match draft {
                    Some(draft) => ticket::draft::take(self.conn, draft, &self.from)?,
                    None => Some(String::new()),
                };
                match words {
                    Some(words) => self.begin(&template, &words, "app_message"),
                    None => self.too_late(),
                }
            }
            Press::Answer { draft, ref chosen } => {
                let body = ticket::draft::take(self.conn, draft, &self.from)?;
                match body.and_then(|body| serde_json::from_str(&body).ok()) {
                    Some(talk) => self.chosen(talk, &clicked, chosen),
                    None => self.too_late(),
                }
            }
            Press::Expect { urgency: Some(urgency) } => {
                let form = Map::from_iter([("urgency".to_owned(), json!(urgency))]);
                self.keep(&Talk::raise(catalog::GENERAL, "menu", form).asking("form.title"))?;
                self.say("好的，请发一句话说明问题，可以再补充图片或位置")?;
                done("等待新工单的内容")
            }
            Press::Expect { urgency: None } => {
                ticket::draft::drop_expectations(self.conn, &self.from)?;
                self.say("已取消")?;
                done("取消新建")
            }
        }
    }

    fn too_late(&mut self) -> Result<End> {
        self.say("这条消息已经处理过了")?;
        done("重复选择")
    }

    fn choose(&mut self, draft: i64, ticket: Option<TicketId>) -> Result<End> {
        let Some(words) = ticket::draft::take(self.conn, draft, &self.from)? else {
            return self.too_late();
        };
        let Some(ticket) = ticket else {
            return self.begin(catalog::GENERAL, &words, "app_message");
        };
        let mut input = Map::new();
        input.insert("text".to_owned(), json!(text::cut_chars(&words, 5_000)));
        let command = ticket::Command::new("comment", &input);
        let ticket = ticket::act(self.conn, self.ctx, &self.desk.setup, ticket, &command)?;
        self.say(&format!("已追加到 {}", ticket.no))?;
        done(format!("追加到 {}", ticket.no))
    }

    fn bot(&mut self, bot: &BotMessage) -> Result<End> {
        match &bot.content {
            BotContent::Text { content } | BotContent::Voice { content } => {
                // In groups the text begins with the bot's name.
                let words = match content.strip_prefix('@') {
                    Some(rest) => {
                        rest.split_once(char::is_whitespace).map_or("", |(_bot, said)| said)
                    }
                    None => content,
                };
                let words = text::clean(words);
                if words.is_empty() {
                    return Ok(End::Ignored("空消息".to_owned()));
                }
                let mut form = Map::new();
                form.insert("title".to_owned(), json!(text::first_line(&words, 100)));
                form.insert("description".to_owned(), json!(text::cut_chars(&words, 5_000)));
                let new = ticket::New {
                    template: catalog::GENERAL,
                    source: "bot",
                    form: &form,
                    customer: None,
                    chat_id: bot.chat_id.clone(),
                    tags: Vec::new(),
                };
                let ticket = ticket::create(self.conn, self.ctx, &self.desk.setup, &new)?;
                done(format!("新建 {}", ticket.no))
            }
            _ => Ok(End::Ignored("机器人消息没有文字".to_owned())),
        }
    }

    fn fetch(&mut self, fetch: &Fetch) -> Result<End> {
        let body = serde_json::to_string(fetch)
            .map_err(|error| Error::bug("a fetch job cannot be written").caused_by(error))?;
        let order = match fetch {
            Fetch::Member { userid } => format!("member:{userid}"),
            Fetch::Customer { external_userid } => format!("customer:{external_userid}"),
            Fetch::Group { chat_id } => format!("group:{chat_id}"),
        };
        let new = queue::New {
            topic: TOPIC_FETCH,
            body,
            order_key: Some(&order),
            once_key: None,
            due_at: self.ctx.now,
        };
        queue::put(self.conn, self.ctx, new)?;
        done("待同步")
    }

    /// Hands over the open work of a userid that is nobody's any more; says how many tickets.
    fn hand_over(&mut self, who: &str, to: Option<&str>) -> Result<usize> {
        let (who, mut moved) = (who.to_lowercase(), 0);
        for _round in 0..HAND_OVERS_MAX {
            match ticket::hand_over(self.conn, self.ctx, &self.desk.setup, &who, to)? {
                0 => break,
                some => moved += some,
            }
        }
        Ok(moved)
    }

    fn contact(&mut self, change: &ContactChange) -> Result<End> {
        let (conn, ctx, stamp) = (&mut *self.conn, self.ctx, self.stamp);
        match change {
            ContactChange::CreateUser(user) | ContactChange::UpdateUser(user) => {
                if let Some(new) = &user.new_user_id {
                    members::rename_member(conn, ctx, &user.user_id, new, stamp)?;
                }
                members::upsert_member(conn, ctx, &member_patch(user), stamp)?;
                if let Some(new) = &user.new_user_id {
                    self.hand_over(&user.user_id, Some(&new.to_lowercase()))?;
                }
                // New callback addresses are told ids only; the rest must be fetched.
                let userid = user.new_user_id.as_ref().unwrap_or(&user.user_id).to_lowercase();
                self.fetch(&Fetch::Member { userid })
            }
            ContactChange::DeleteUser { user_id } => {
                members::remove_member(conn, ctx, user_id, stamp)?;
                let moved = self.hand_over(user_id, None)?;
                done(format!("成员已离职，移交 {moved} 张工单"))
            }
            ContactChange::CreateParty(party) | ContactChange::UpdateParty(party) => {
                members::upsert_department(conn, ctx, &department_patch(party), stamp)?;
                done("部门已更新")
            }
            ContactChange::DeleteParty { id } => {
                members::remove_department(conn, ctx, *id, stamp)?;
                done("部门已删除")
            }
            ContactChange::UpdateTag(_) => Ok(End::Ignored("成员标签".to_owned())),
        }
    }

    fn customer(&mut self, change: &CustomerChange) -> Result<End> {
        let (conn, ctx, stamp) = (&mut *self.conn, self.ctx, self.stamp);
        let userid = change.user_id.to_lowercase();
        let pair = (change.external_user_id.as_str(), userid.as_str());
        match &change.what {
            CustomerWhat::Add { state, .. } | CustomerWhat::AddHalf { state, .. } => {
                let record = customers::FollowRecord {
                    userid: userid.clone(),
                    state: state.clone().unwrap_or_default(),
                    since: stamp,
                    ..customers::FollowRecord::default()
                };
                customers::put_follow(conn, ctx, pair.0, &record, stamp)?;
            }
            CustomerWhat::Edit { .. } => {}
            CustomerWhat::Delete { .. } => {
                customers::remove_follow(conn, ctx, pair, customers::EndedBy::Member, stamp)?;
                return done("客户关系已解除");
            }
            CustomerWhat::DeletedByCustomer => {
                customers::remove_follow(conn, ctx, pair, customers::EndedBy::Customer, stamp)?;
                return done("客户关系已解除");
            }
            CustomerWhat::TransferFail { .. } | CustomerWhat::AuditApproved { .. } => {
                return Ok(End::Ignored("客户事件".to_owned()));
            }
        }
        self.fetch(&Fetch::Customer { external_userid: change.external_user_id.clone() })
    }

    fn group(&mut self, change: &ChatChange) -> Result<End> {
        match change.what {
            ChatWhat::Create | ChatWhat::Update(_) => {
                self.fetch(&Fetch::Group { chat_id: change.chat_id.clone() })
            }
            ChatWhat::Dismiss => {
                customers::dismiss_group(self.conn, self.ctx, &change.chat_id, self.stamp)?;
                done("客户群已解散")
            }
        }
    }
}

fn member_patch(user: &UserChange) -> members::MemberPatch {
    let leads = user.department.iter().flatten().zip(user.is_leader_in_dept.iter().flatten());
    let leads: Vec<_> = leads.filter(|(_id, flag)| **flag == 1).map(|(id, _flag)| *id).collect();
    members::MemberPatch {
        userid: user.new_user_id.clone().unwrap_or_else(|| user.user_id.clone()),
        name: user.name.clone(),
        departments: user.department.clone(),
        is_leader_in: user.is_leader_in_dept.as_ref().map(|_flags| leads),
        main_department: user.main_department,
        leaders: user.direct_leader.clone(),
        position: user.position.clone(),
        avatar: user.avatar.clone(),
        mobile: user.mobile.clone(),
        status: user.status.map(org::MemberStatus::from_wecom),
        visible: None,
    }
}

fn department_patch(party: &PartyChange) -> members::DepartmentPatch {
    members::DepartmentPatch {
        id: party.id,
        name: party.name.clone(),
        parent: party.parent_id,
        order: party.order,
        leaders: None,
    }
}
