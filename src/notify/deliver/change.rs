//! Changes of cards that were sent. One code changes a card once, for as many copies as are named:
//! a code comes with the sending, and one with every press. So a claim by a press has two: one shows
//! all copies who took the task, the other gives the one who did his buttons; and each later press
//! has one for all copies.

use kernel::{Ctx, Result, TicketId, Timestamp};
use queue::{End, Job, Record};
use wecom::{ApiError, api::message as api, error::Class, message::CardUpdate};

use super::{Courier, Outcome, RECALL_LIFE, delayed_or_failed, failed, ids, parsed};
use crate::{
    message::{Message, State},
    outbox::{Look, UpdateJob},
    plan, sql,
};

/// A card as far as a job changes it.
struct Screen {
    card_no: i64,
    /// The copies in question.
    copies: Vec<Message>,
    /// Whether no other copy of the card lives.
    is_whole: bool,
}

/// What has been done so far and must be written down even if the rest fails.
#[derive(Default)]
struct Done {
    codes: Vec<String>,
    plans: Vec<(i64, i64)>,
}

impl Done {
    fn record(self, card_no: i64) -> Record {
        Box::new(move |conn, _ctx| {
            for code in &self.codes {
                sql::spend_code(conn, card_no, code)?;
            }
            sql::shown(conn, &self.plans)
        })
    }
}

impl Courier {
    /// Does a job of [`crate::TOPIC_UPDATE`].
    pub async fn update(self, ctx: Ctx, job: Job) -> Outcome {
        match self.try_update(&ctx, &job).await {
            Ok(outcome) => outcome,
            Err(error) => failed(error),
        }
    }

    async fn try_update(&self, ctx: &Ctx, job: &Job) -> Result<Outcome> {
        let UpdateJob { card_no, looks } = parsed(job)?;
        let planned: Vec<i64> =
            looks.iter().flat_map(|look| look.plans.iter().map(|(id, _plan_no)| *id)).collect();
        let (wanted, now) = (planned.clone(), ctx.now);
        let (copies, live, codes) = self
            .db
            .read(move |conn| {
                let copies = sql::find_all(conn, &wanted)?;
                let live = sql::live_copies(conn, card_no)?;
                Ok((copies, live, sql::codes(conn, card_no, now)?))
            })
            .await?;
        if !copies.iter().any(|copy| copy.state == State::Sent.word()) {
            return Ok((End::Ignored("消息未送达，无需更新".to_owned()), None));
        }
        let looks = still_wanted(looks, &copies);
        if looks.is_empty() {
            return Ok((End::Merged("已有更新的内容".to_owned()), None));
        }
        let is_whole = live.iter().all(|id| planned.contains(id));
        let screen = Screen { card_no, copies, is_whole };
        if !codes.is_empty() {
            return self.repaint(ctx.now, &screen, looks, codes).await;
        }
        match looks.iter().any(|look| look.must_arrive || look.must_vanish) {
            true => Ok(self.take_back(ctx.now, screen, &looks).await),
            false => Ok((End::Ignored("卡片已无按钮，保持原样".to_owned()), None)),
        }
    }

    /// Changes what there are codes for. The first look goes to all copies, so that those for whom
    /// no code is left show nothing that acts; if they are to act, they get a card of their own.
    async fn repaint(
        &self,
        now: Timestamp,
        screen: &Screen,
        looks: Vec<Look>,
        codes: Vec<String>,
    ) -> Result<Outcome> {
        let (mut codes, mut done, mut left) = (codes.into_iter(), Done::default(), Vec::new());
        for (at, look) in looks.into_iter().enumerate() {
            let Some(code) = codes.next() else {
                left.push(look);
                continue;
            };
            match self.show(screen, &look, &code, at == 0).await? {
                Ok(()) => done.plans.extend(look.plans),
                Err(error) if error.class == Class::Gone => {
                    done.codes.push(code);
                    let again = End::Later { at: now, why: error.to_string() };
                    return Ok((again, Some(done.record(screen.card_no))));
                }
                Err(error) => {
                    let (end, _none) = delayed_or_failed(error, now);
                    return Ok((end, Some(done.record(screen.card_no))));
                }
            }
            done.codes.push(code);
        }
        if left.is_empty() {
            return Ok((End::Done("已更新".to_owned()), Some(done.record(screen.card_no))));
        }
        let anew = self.anew(screen, left);
        let written = done.record(screen.card_no);
        let record: Record = Box::new(move |conn, ctx| {
            written(conn, ctx)?;
            anew(conn, ctx)
        });
        Ok((End::Done("已更新，处理人另发新卡片".to_owned()), Some(record)))
    }

    async fn show(
        &self,
        screen: &Screen,
        look: &Look,
        code: &str,
        is_first: bool,
    ) -> Result<std::result::Result<(), ApiError>> {
        let (agent_id, card) = (self.desk.agent_id, look.card.clone());
        let request = match is_first && screen.is_whole {
            true => CardUpdate::replace_all(agent_id, code, card),
            false => {
                let is_meant = |copy: &&Message| look.plans.iter().any(|(id, _no)| *id == copy.id);
                let copies = screen.copies.iter().filter(is_meant);
                let userids = copies.map(|copy| copy.userid.clone()).collect();
                CardUpdate::replace(userids, agent_id, code, card)
            }
        };
        let request = request.render()?;
        let answer = api::update_template_card(&self.client, &self.desk.app, &request).await;
        Ok(match answer {
            // Our own earlier try, whose answer was lost, used the code.
            Err(error) if error.errcode == 42022 => Ok(()),
            other => other.map(|_updated| ()),
        })
    }

    /// New cards for those whose copies cannot be changed, if they are to act.
    fn anew(&self, screen: &Screen, left: Vec<Look>) -> Record {
        let desk = self.desk.clone();
        let ticket = screen.copies.iter().find_map(|copy| copy.ticket_id);
        let of = |must_arrive: bool| -> Vec<i64> {
            let looks = left.iter().filter(|look| look.must_arrive == must_arrive);
            looks.flat_map(|look| look.plans.iter().map(|(id, _no)| *id)).collect()
        };
        let (acting, grey) = (of(true), of(false));
        Box::new(move |conn, ctx| {
            sql::note(conn, &grey, "卡片暂时无法更新，点击后才会更新")?;
            sql::note(conn, &acting, "卡片暂时无法更新，已另发新卡片")?;
            sql::retire(conn, &acting)?;
            match ticket {
                Some(ticket) if !acting.is_empty() => {
                    plan::hand_out(conn, ctx, &desk, TicketId(ticket))
                }
                _ => Ok(()),
            }
        })
    }

    /// A card without codes: it is taken back, and sent anew to those who must have it. One that is
    /// too old even for that, or that others still need, stays on the screen; a press on it brings
    /// a fresh code, and then it is changed after all.
    async fn take_back(&self, now: Timestamp, screen: Screen, looks: &[Look]) -> Outcome {
        let newest = screen.copies.iter().find(|copy| copy.msgid.is_some());
        let sent_at = Timestamp(newest.and_then(|copy| copy.sent_at).unwrap_or_default());
        let can_be = screen.is_whole && now.since(sent_at) < RECALL_LIFE;
        let msgid = newest.and_then(|copy| copy.msgid.as_deref()).filter(|_msgid| can_be);
        let is_taken_back = match msgid {
            None => false,
            Some(msgid) => match api::recall(&self.client, &self.desk.app, msgid).await {
                Ok(()) => true,
                Err(error) if matches!(error.class, Class::Gone | Class::AlreadyDone) => false,
                Err(error) => return delayed_or_failed(error, now),
            },
        };
        if !is_taken_back {
            let record = self.anew(&screen, looks.to_vec());
            return (End::Done("旧卡片已过期".to_owned()), Some(record));
        }
        let desk = self.desk.clone();
        let ticket = screen.copies.iter().find_map(|copy| copy.ticket_id);
        let must_arrive = looks.iter().any(|look| look.must_arrive);
        let record: Record = Box::new(move |conn, ctx| {
            let all = ids(&screen.copies);
            sql::ended(conn, &all, State::Recalled, "已撤回旧卡片")?;
            sql::retire(conn, &all)?;
            match ticket {
                Some(ticket) if must_arrive => plan::hand_out(conn, ctx, &desk, TicketId(ticket)),
                _ => Ok(()),
            }
        });
        (End::Done("旧卡片无法更新，已撤回".to_owned()), Some(record))
    }
}

/// What is still to be shown: neither overtaken by a newer plan, nor on the screen already.
fn still_wanted(looks: Vec<Look>, copies: &[Message]) -> Vec<Look> {
    let is_wanted = |(id, plan_no): &(i64, i64)| {
        let copy = copies.iter().find(|copy| copy.id == *id);
        copy.is_some_and(|copy| {
            copy.state == State::Sent.word() && copy.plan_no == *plan_no && copy.shown_no < *plan_no
        })
    };
    let wanted = looks
        .into_iter()
        .map(|look| Look { plans: look.plans.into_iter().filter(is_wanted).collect(), ..look });
    wanted.filter(|look| !look.plans.is_empty()).collect()
}
