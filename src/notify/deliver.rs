//! The courier: takes a message or a change of a card to WeCom, and writes down what came of it.
//! Runs outside of any transaction; what it records is part of the transaction that ends the job.
//! A message may be sent a second time only when the answer to the first was lost, and then with
//! the same bytes, so that WeCom's duplicate check and its unique task_ids keep it single.

use std::sync::Arc;

use db::Db;
use kernel::{Ctx, Error, Micros, Result, TicketId, Timestamp, time};
use queue::{End, Job, Record};
use wecom::{ApiError, Client, api::message as api, error::Class};

use crate::{
    Desk, budget,
    click::CODE_LIFE,
    digest,
    message::{Kind, Message, State},
    outbox::SendJob,
    plan, sql,
};

mod change;

/// How long after sending a message can be taken back, by WeCom's word.
const RECALL_LIFE: Micros = 24 * time::HOUR;

/// Whether a message may go now.
enum Turn {
    /// To these members.
    Go(Vec<Message>),
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

fn ids<'a>(messages: impl IntoIterator<Item = &'a Message>) -> Vec<i64> {
    messages.into_iter().map(|message| message.id).collect()
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
        let all = send.messages.clone();
        let found = self.db.read(move |conn| sql::find_all(conn, &all)).await?;
        let Some(first) = found.first().cloned() else {
            return Ok((End::Ignored("没有这条消息".to_owned()), None));
        };
        let mut unsent: Vec<_> = found.into_iter().filter(Message::is_to_be_sent).collect();
        if unsent.is_empty() {
            return Ok((End::Merged(first.reason.unwrap_or(first.state)), None));
        }
        // What may be on a screen already is sent to its end, to the same receivers, so that it is
        // the same request, and can be changed there.
        let is_fresh = !unsent.iter().any(Message::may_have_arrived);
        let mut overtaken = Vec::new();
        if is_fresh {
            let is_over = |one: &mut Message| send.is_overtaken_by_plan && one.is_overtaken();
            overtaken = ids(&unsent.extract_if(.., is_over).collect::<Vec<_>>());
            if unsent.is_empty() {
                return Ok(merged(overtaken, "发送前已失效"));
            }
            if self.is_for_digest(&first).await? {
                let (desk, userid) = (self.desk.clone(), first.userid.clone());
                let record: Record =
                    Box::new(move |conn, ctx| digest::tell(conn, ctx, &desk, &userid));
                return Ok((End::Merged(digest::MERGED.to_owned()), Some(record)));
            }
        } else {
            unsent.retain(Message::may_have_arrived);
        }
        match self.turn(ctx, unsent, overtaken, is_fresh).await? {
            Turn::Over => Ok((End::Merged(digest::MERGED.to_owned()), None)),
            Turn::Wait(at) => {
                let record: Record = Box::new(move |conn, _ctx| sql::delayed(conn, &send.messages));
                let why = "已达企业微信的发送频率上限，稍后自动发送".to_owned();
                Ok((End::Later { at, why }, Some(record)))
            }
            Turn::Go(messages) => {
                let mut request = send.request;
                let userids: Vec<_> = messages.iter().map(|one| one.userid.as_str()).collect();
                request.touser = userids.join("|");
                let answer = api::send(&self.client, &self.desk.app, &request.render()?).await;
                Ok(self.answered(messages, answer, ctx.now))
            }
        }
    }

    /// Who gets it now. Those of several receivers whom the limits forbid it get a card of their
    /// own later, so that nobody waits for them.
    async fn turn(
        &self,
        ctx: &Ctx,
        unsent: Vec<Message>,
        overtaken: Vec<i64>,
        is_fresh: bool,
    ) -> Result<Turn> {
        let (desk, ctx) = (self.desk.clone(), ctx.clone());
        let turn = self.db.write(move |conn| {
            if !overtaken.is_empty() {
                sql::ended(conn, &overtaken, State::Merged, "发送前已失效")?;
            }
            let (mut going, mut waiting, mut over) = (Vec::new(), Vec::new(), 0);
            let mut until: Option<Timestamp> = None;
            for message in &unsent {
                let free = match is_fresh {
                    true => budget::admit(conn, &desk.limits, &desk.app, &message.userid, ctx.now)?,
                    // It was counted when it went the first time.
                    false => None,
                };
                match free {
                    Some(at) => {
                        waiting.push(message);
                        until = Some(until.map_or(at, |known| known.min(at)));
                    }
                    None if sql::begin(conn, message.id)? => going.push(message.clone()),
                    None => over += 1,
                }
            }
            match (until, waiting.first().and_then(|message| message.ticket_id)) {
                (Some(at), _) if going.is_empty() && over == 0 => return Ok(Turn::Wait(at)),
                (Some(_at), Some(ticket)) => {
                    let waiting = ids(waiting);
                    sql::ended(conn, &waiting, State::Merged, "已达发送频率上限，另行发送")?;
                    sql::retire(conn, &waiting)?;
                    plan::hand_out(conn, &ctx, &desk, TicketId(ticket))?;
                }
                _ => {}
            }
            Ok(if going.is_empty() { Turn::Over } else { Turn::Go(going) })
        });
        turn.await
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

    /// What follows from WeCom's answer to a message.
    fn answered(
        &self,
        messages: Vec<Message>,
        answer: Result<api::Sent, ApiError>,
        now: Timestamp,
    ) -> Outcome {
        let all = ids(&messages);
        match answer {
            Ok(sent) => self.delivered(messages, sent, now),
            // The task_id is this card's alone: an earlier try, whose answer was lost, was taken.
            Err(error) if error.errcode == 42014 => {
                let record: Record = Box::new(move |conn, _ctx| sql::sent(conn, &all, None, now));
                (End::Done("此前已送达".to_owned()), Some(record))
            }
            Err(error) if error.is_transient() || error.class == Class::Config => {
                let is_unsent = !error.outcome_unknown;
                let (end, _none) = delayed_or_failed(error, now);
                let back: Record = Box::new(move |conn, _ctx| sql::put_back(conn, &all));
                (end, is_unsent.then_some(back))
            }
            Err(error) => refused(all, error.to_string()),
        }
    }

    fn delivered(&self, messages: Vec<Message>, sent: api::Sent, now: Timestamp) -> Outcome {
        let is_unreached = |message: &&Message| {
            let mut unreached = sent.invalid_users.iter().chain(&sent.unlicensed_users);
            unreached.any(|userid| userid.eq_ignore_ascii_case(&message.userid))
        };
        let (unreached, reached): (Vec<_>, Vec<_>) = messages.iter().partition(is_unreached);
        let (unreached, reached) = (ids(unreached), ids(reached));
        let (card_no, ticket) = match messages.first() {
            Some(first) if !reached.is_empty() => (first.card_no, first.ticket_id),
            _ => {
                let why = "企业微信：该成员不可达（不在可见范围或没有许可）";
                return refused(unreached, why.to_owned());
            }
        };
        let desk = self.desk.clone();
        let record: Record = Box::new(move |conn, ctx| {
            sql::sent(conn, &reached, sent.msgid.as_deref(), now)?;
            if let Some(code) = sent.response_code.as_deref().filter(|code| !code.is_empty()) {
                sql::add_code(conn, ctx, card_no, code, now.plus(CODE_LIFE))?;
            }
            match ticket {
                // They are tried once more by themselves: an operator then sees a failure that he
                // can repeat when they are back.
                Some(ticket) if !unreached.is_empty() => {
                    sql::ended(conn, &unreached, State::Merged, "成员不可达，另行发送")?;
                    sql::retire(conn, &unreached)?;
                    plan::hand_out(conn, ctx, &desk, TicketId(ticket))
                }
                _ => Ok(()),
            }
        });
        (End::Done("已发送".to_owned()), Some(record))
    }
}

fn merged(ids: Vec<i64>, why: &'static str) -> Outcome {
    let record: Record = Box::new(move |conn, _ctx| sql::ended(conn, &ids, State::Merged, why));
    (End::Merged(why.to_owned()), Some(record))
}

fn refused(ids: Vec<i64>, why: String) -> Outcome {
    let reason = why.clone();
    let record: Record = Box::new(move |conn, _ctx| sql::ended(conn, &ids, State::Failed, &reason));
    let error = Error::new(kernel::Kind::Invalid, "wecom.refused", why);
    (End::Failed(error), Some(record))
}

fn delayed_or_failed(error: ApiError, now: Timestamp) -> Outcome {
    match error.class {
        Class::Limit { wait } => (End::Later { at: now.plus(wait), why: error.to_string() }, None),
        _ => failed(error.into()),
    }
}
