//! The courier: takes a message or a change of a card to WeCom, and writes down what came of it.
//! Runs outside of any transaction; what it records is part of the transaction that ends the job.
//! A message may be sent a second time only when the answer to the first was lost, and then with
//! the same bytes, so that WeCom's duplicate check and its unique task_ids keep it single.

use std::sync::Arc;

use db::Db;
use kernel::{Ctx, Error, Micros, Result, TicketId, Timestamp, time};
use queue::{End, Job, Record};
use wecom::{ApiError, Client, api::message as api, error::Class, message::CardUpdate};

use crate::{
    Desk, budget,
    click::CODE_LIFE,
    digest,
    message::{Kind, Message, State},
    outbox::{SendJob, UpdateJob},
    plan, sql,
};

/// How long after sending a message can be taken back, by WeCom's word.
const RECALL_LIFE: Micros = 24 * time::HOUR;

/// Whether a message may go now.
enum Turn {
    Go,
    Wait(Timestamp),
    Over,
}

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
        if !message.is_to_be_sent() {
            return Ok((End::Merged(message.reason.unwrap_or(message.state)), None));
        }
        let is_grey = message.face != "claimable" && message.face != "mine";
        // What may be on a screen already is sent to its end, so that it can be changed there.
        let is_fresh = !message.may_have_arrived();
        if send.is_overtaken_by_plan && message.plan_no > 1 && is_grey && is_fresh {
            return Ok(merged(id, "发送前已失效"));
        }
        if is_fresh && self.is_for_digest(&message).await? {
            let (desk, userid) = (self.desk.clone(), message.userid.clone());
            let record: Record = Box::new(move |conn, ctx| digest::tell(conn, ctx, &desk, &userid));
            return Ok((End::Merged(digest::MERGED.to_owned()), Some(record)));
        }
        let (desk, userid, now) = (self.desk.clone(), message.userid.clone(), ctx.now);
        let turn = self
            .db
            .write(move |conn| match budget::admit(conn, &desk.limits, &desk.app, &userid, now)? {
                Some(at) => Ok(Turn::Wait(at)),
                None if sql::begin(conn, id)? => Ok(Turn::Go),
                None => Ok(Turn::Over),
            })
            .await?;
        Ok(match turn {
            Turn::Over => (End::Merged(digest::MERGED.to_owned()), None),
            Turn::Wait(at) => {
                let record: Record = Box::new(move |conn, _ctx| sql::delayed(conn, id));
                let why = "已达企业微信的发送频率上限，稍后自动发送".to_owned();
                (End::Later { at, why }, Some(record))
            }
            Turn::Go => {
                let answer = api::send(&self.client, &self.desk.app, &send.request).await;
                answered(&message, answer, ctx.now)
            }
        })
    }

    /// Whether a notice had to wait and there are several by now: they are told together.
    async fn is_for_digest(&self, message: &Message) -> Result<bool> {
        if message.kind() != Kind::Notice || !message.is_delayed {
            return Ok(false);
        }
        let (userid, few) = (message.userid.clone(), digest::FROM);
        let few = i64::try_from(few).unwrap_or(i64::MAX);
        let waiting = self.db.read(move |conn| sql::waiting_notices(conn, &userid, few)).await?;
        Ok(waiting.len() >= digest::FROM)
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
    /// anew if it has buttons that must reach the member. One that is too old even for that stays
    /// on the screen; a press on it brings a fresh code, and then it is changed after all.
    async fn take_back(&self, ctx: &Ctx, message: &Message, update: &UpdateJob) -> Outcome {
        let sent_at = Timestamp(message.sent_at.unwrap_or_default());
        let is_recent = ctx.now.since(sent_at) < RECALL_LIFE;
        let is_taken_back = match message.msgid.as_deref().filter(|_msgid| is_recent) {
            None => false,
            Some(msgid) => match api::recall(&self.client, &self.desk.app, msgid).await {
                Ok(()) => true,
                Err(error) if matches!(error.class, Class::Gone | Class::AlreadyDone) => false,
                Err(error) => return delayed_or_failed(error, ctx.now),
            },
        };
        let (desk, id, ticket) = (self.desk.clone(), message.id, message.ticket_id);
        let must_arrive = update.must_arrive;
        let record: Record = Box::new(move |conn, ctx| {
            match is_taken_back {
                true => sql::ended(conn, id, State::Recalled, "已撤回旧卡片")?,
                false => sql::note(conn, id, "卡片已过期，点击后才会更新")?,
            }
            sql::retire(conn, id)?;
            match ticket {
                Some(ticket) if must_arrive => plan::hand_out(conn, ctx, &desk, TicketId(ticket)),
                _ => Ok(()),
            }
        });
        let done =
            if is_taken_back { "旧卡片无法更新，已撤回" } else { "旧卡片已过期" };
        (End::Done(done.to_owned()), Some(record))
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
            let is_unsent = !error.outcome_unknown;
            let (end, _none) = delayed_or_failed(error, now);
            let back: Record = Box::new(move |conn, _ctx| sql::put_back(conn, id));
            (end, is_unsent.then_some(back))
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
