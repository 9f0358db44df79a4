//! The courier: takes a message or a change of a card to WeCom, and writes down what came of it.
//! Runs outside of any transaction; what it records is part of the transaction that ends the job.
//! A message may be sent a second time only when the answer to the first was lost, and then with
//! the same bytes, so that WeCom's duplicate check and its unique task_ids keep it single.

use std::sync::Arc;

use db::Db;
use kernel::{Ctx, Error, Micros, Result, TicketId, Timestamp, time};
use queue::{End, Job, Record};
use wecom::{
    ApiError, Client,
    api::message as api,
    error::Class,
    message::{Body, CardUpdate},
};

use crate::{
    Desk, budget,
    click::CODE_LIFE,
    message::{Kind, Message, State},
    outbox::{self, SendJob, UpdateJob},
    plan,
    sql::{self, NewMessage},
};

/// How long after sending a message can be taken back, by WeCom's word.
const RECALL_LIFE: Micros = 24 * time::HOUR;
/// From how many waiting notices on they are merged into one.
const DIGEST_FROM: usize = 3;
/// The lines of a digest.
const DIGEST_LINES: usize = 20;

/// How a job ended, and what is to be written then.
type Outcome = (End, Option<Record>);

/// Takes messages to WeCom.
#[derive(Clone)]
pub struct Courier {
    /// Where messages are kept.
    pub db: Db,
    /// WeCom.
    pub client: Arc<Client>,
    /// What messages are made with.
    pub desk: Arc<Desk>,
}

fn failed(error: Error) -> Outcome {
    (End::Failed(error), None)
}

fn parsed<T: serde::de::DeserializeOwned>(job: &Job) -> Result<T> {
    serde_json::from_str(&job.body)
        .map_err(|error| Error::bug("a message job cannot be read").caused_by(error))
}

impl Courier {
    /// Does a job of [`crate::TOPIC_SEND`].
    pub async fn send(self, ctx: Ctx, job: Job) -> Outcome {
        match self.try_send(&ctx, &job).await {
            Ok(outcome) => outcome,
            Err(error) => failed(error),
        }
    }

    async fn try_send(&self, ctx: &Ctx, job: &Job) -> Result<Outcome> {
        let send: SendJob = parsed(job)?;
        let id = send.message;
        let found = self.db.read(move |conn| sql::find_message(conn, id)).await?;
        let Some(message) = found else {
            return Ok((End::Ignored("没有这条消息".to_owned()), None));
        };
        if message.state != State::Queued.word() {
            return Ok((End::Merged(message.reason.unwrap_or(message.state)), None));
        }
        let is_grey = message.face != "claimable" && message.face != "mine";
        if send.is_overtaken_by_plan && message.plan_no > 1 && is_grey {
            return Ok(merged(id, "发送前已失效"));
        }
        if let Some(digest) = self.digest(&message).await? {
            return Ok(digest);
        }
        let (desk, userid, now) = (self.desk.clone(), message.userid.clone(), ctx.now);
        let room = self
            .db
            .write(move |conn| budget::admit(conn, &desk.limits, &desk.app, &userid, now))
            .await?;
        if let Some(at) = room {
            let record: Record = Box::new(move |conn, _ctx| sql::delayed(conn, id));
            let why = "已达企业微信的发送频率上限，稍后自动发送".to_owned();
            return Ok((End::Later { at, why }, Some(record)));
        }
        let answer = api::send(&self.client, &self.desk.app, &send.request).await;
        Ok(answered(&message, answer, ctx.now))
    }

    /// Notices that had to wait are told together, once there are several: nothing is dropped.
    async fn digest(&self, message: &Message) -> Result<Option<Outcome>> {
        if message.kind() != Kind::Notice || !message.is_delayed {
            return Ok(None);
        }
        let userid = message.userid.clone();
        let waiting = self.db.read(move |conn| sql::waiting_notices(conn, &userid)).await?;
        if waiting.len() < DIGEST_FROM {
            return Ok(None);
        }
        let lines = waiting
            .iter()
            .take(DIGEST_LINES)
            .map(|one| format!("· {}", kernel::text::cut_chars(&one.title.replace('\n', " "), 60)));
        let mut words = format!("您有 {} 条工单进展：\n", waiting.len());
        words.push_str(&lines.collect::<Vec<_>>().join("\n"));
        if waiting.len() > DIGEST_LINES {
            words.push_str("\n…");
        }
        let (desk, userid) = (self.desk.clone(), message.userid.clone());
        let record: Record = Box::new(move |conn, ctx| {
            for one in &waiting {
                sql::ended(conn, one.id, State::Merged, "已合并到汇总消息")?;
            }
            let new = NewMessage {
                id: ctx.id(),
                kind: Kind::Reply,
                ticket_id: None,
                task_id: None,
                draft_id: None,
                userid: &userid,
                title: &words,
                face: "digest",
            };
            outbox::send(conn, ctx, &desk, &new, Body::text(&words))
        });
        Ok(Some((End::Merged("已合并到汇总消息".to_owned()), Some(record))))
    }

    /// Does a job of [`crate::TOPIC_UPDATE`].
    pub async fn update(self, ctx: Ctx, job: Job) -> Outcome {
        match self.try_update(&ctx, &job).await {
            Ok(outcome) => outcome,
            Err(error) => failed(error),
        }
    }

    async fn try_update(&self, ctx: &Ctx, job: &Job) -> Result<Outcome> {
        let update: UpdateJob = parsed(job)?;
        let id = update.message;
        let found = self.db.read(move |conn| sql::find_message(conn, id)).await?;
        let Some(message) = found.filter(|message| message.state == State::Sent.word()) else {
            return Ok((End::Ignored("消息未送达，无需更新".to_owned()), None));
        };
        if message.plan_no > update.plan_no {
            return Ok((End::Merged("已有更新的内容".to_owned()), None));
        }
        let code = message.code(ctx.now).map(str::to_owned);
        if code.is_none() && !update.must_arrive && !update.must_vanish {
            return Ok((End::Ignored("卡片已无按钮，保持原样".to_owned()), None));
        }
        let Some(code) = code else {
            return Ok(self.take_back(ctx, &message, &update).await);
        };
        let request = CardUpdate::replace(
            vec![message.userid.clone()],
            self.desk.agent_id,
            &code,
            update.card.clone(),
        );
        let answer =
            api::update_template_card(&self.client, &self.desk.app, &request.render()?).await;
        let spend: Record = {
            let code = code.clone();
            Box::new(move |conn, _ctx| sql::spend_code(conn, id, &code))
        };
        Ok(match answer {
            Ok(_updated) => (End::Done("已更新".to_owned()), Some(spend)),
            // Our own earlier try, whose answer was lost, used the code.
            Err(error) if error.errcode == 42022 => (End::Done("已更新".to_owned()), Some(spend)),
            Err(error) if error.class == Class::Gone => {
                let again = End::Later { at: ctx.now, why: error.to_string() };
                (again, Some(spend))
            }
            Err(error) => delayed_or_failed(error, ctx.now),
        })
    }

    /// A card that cannot be changed any more, for its code is spent: it is taken back, and sent
    /// anew if it has buttons that must reach the member.
    async fn take_back(&self, ctx: &Ctx, message: &Message, update: &UpdateJob) -> Outcome {
        let sent_at = Timestamp(message.sent_at.unwrap_or_default());
        let recent = ctx.now.since(sent_at) < RECALL_LIFE;
        if let (Some(msgid), true) = (&message.msgid, recent) {
            match api::recall(&self.client, &self.desk.app, msgid).await {
                Ok(()) => {}
                Err(error) if matches!(error.class, Class::Gone | Class::AlreadyDone) => {}
                Err(error) => return delayed_or_failed(error, ctx.now),
            }
        }
        let (desk, id, ticket) = (self.desk.clone(), message.id, message.ticket_id);
        let must_arrive = update.must_arrive;
        let record: Record = Box::new(move |conn, ctx| {
            let reason =
                if recent { "已撤回旧卡片" } else { "卡片已过期，无法更新" };
            sql::ended(conn, id, State::Recalled, reason)?;
            sql::retire(conn, id)?;
            match ticket {
                Some(ticket) if must_arrive => plan::hand_out(conn, ctx, &desk, TicketId(ticket)),
                _ => Ok(()),
            }
        });
        (End::Done("旧卡片无法更新，已撤回".to_owned()), Some(record))
    }
}

fn merged(id: i64, why: &'static str) -> Outcome {
    let record: Record = Box::new(move |conn, _ctx| sql::ended(conn, id, State::Merged, why));
    (End::Merged(why.to_owned()), Some(record))
}

/// What follows from WeCom's answer to a message.
fn answered(message: &Message, answer: Result<api::Sent, ApiError>, now: Timestamp) -> Outcome {
    let id = message.id;
    match answer {
        Ok(sent) => {
            let unreached = sent.invalid_users.iter().chain(&sent.unlicensed_users);
            if unreached.into_iter().any(|userid| userid.eq_ignore_ascii_case(&message.userid)) {
                return refused(id, "企业微信：该成员不可达（不在可见范围或没有许可）".to_owned());
            }
            let record: Record = Box::new(move |conn, _ctx| {
                let code = sent.response_code.as_deref();
                let until = now.plus(CODE_LIFE);
                sql::sent(conn, id, sent.msgid.as_deref(), code, (now, until))
            });
            (End::Done("已发送".to_owned()), Some(record))
        }
        // The task_id is this message's alone: an earlier try, whose answer was lost, was taken.
        Err(error) if error.errcode == 42014 => {
            let record: Record =
                Box::new(move |conn, _ctx| sql::sent(conn, id, None, None, (now, now)));
            (End::Done("此前已送达".to_owned()), Some(record))
        }
        Err(error) if error.is_transient() || error.class == Class::Config => {
            delayed_or_failed(error, now)
        }
        Err(error) => refused(id, error.to_string()),
    }
}

fn refused(id: i64, why: String) -> Outcome {
    let reason = why.clone();
    let record: Record = Box::new(move |conn, _ctx| sql::ended(conn, id, State::Failed, &reason));
    let error = Error::new(kernel::Kind::Invalid, "wecom.refused", why);
    (End::Failed(error), Some(record))
}

fn delayed_or_failed(error: ApiError, now: Timestamp) -> Outcome {
    match error.class {
        Class::Limit { wait } => (End::Later { at: now.plus(wait), why: error.to_string() }, None),
        _ => failed(error.into()),
    }
}
