//! The figures that members see on WeCom's workbench: what waits for each, what is late, what he
//! did today, what waits for his yes. They follow the tickets, at most once in ten seconds for the
//! whole house, and WeCom is told of a member only when his figures are others than it shows.

mod sql;

use std::{collections::BTreeMap, sync::Arc};

use db::{Conn, Db};
use kernel::{Ctx, Error, Micros, Result, TicketId, Timestamp, text, time};
use queue::{End, Job, Record};
use wecom::{
    ApiError, Client,
    api::workbench::{self, KeyFigure, MEMBERS_MAX},
    error::Class,
};

/// The job that brings the figures up to date.
pub const TOPIC_FIGURES: &str = "notify.figures";
/// The job that makes the app show figures at all.
pub const TOPIC_WORKBENCH: &str = "outbox.workbench";

/// How often the figures may follow.
const PACE: Micros = 10 * time::SECOND;
/// Tickets that are looked at in one transaction, and such transactions of one job.
const TICKETS_MAX: i64 = 500;
const ROUNDS_MAX: usize = 20;
/// One after the other, so that an older figure never comes after a newer one.
const ORDER: &str = "figures";
/// How many characters a key of a job may have, with room to spare.
const KEY_MAX: usize = 100;

/// Shows members their figures.
#[derive(Clone)]
pub struct Workbench {
    /// Where tickets are.
    pub db: Db,
    /// WeCom.
    pub client: Arc<Client>,
    /// The app that shows them.
    pub app: String,
    /// Where the pages are.
    pub public_url: String,
    /// Where a day begins, in minutes east of UTC.
    pub zone_minutes: i64,
}

/// A member's figures.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
struct Figures {
    /// What he has or could take.
    waiting: i64,
    /// What of it is late.
    overdue: i64,
    /// What he did today.
    done: i64,
    /// What of it asks for a yes or a no.
    approvals: i64,
}

impl Figures {
    /// As they are kept, to see whether they changed.
    fn word(self) -> String {
        let Self { waiting, overdue, done, approvals } = self;
        format!("{waiting},{overdue},{done},{approvals}")
    }

    /// As WeCom shows them, each with the page behind it.
    fn items(self, public_url: &str) -> Vec<KeyFigure> {
        let base = public_url.trim_end_matches('/');
        let rows = [
            ("待处理", self.waiting, ""),
            ("已超时", self.overdue, "?view=overdue"),
            ("今日完成", self.done, "?view=done"),
            ("待我确认", self.approvals, "?view=approvals"),
        ];
        let figure = |(key, data, view): (&str, i64, &str)| KeyFigure {
            key: key.to_owned(),
            data: data.to_string(),
            jump_url: format!("{base}/h5/workbench{view}"),
        };
        rows.map(figure).into()
    }
}

/// A ticket changed: the figures of those who work on it are to be looked at, all of them together
/// a little later.
///
/// # Errors
/// The database's.
pub fn touch(conn: &mut Conn, ctx: &Ctx, ticket: TicketId) -> Result<()> {
    sql::touch(conn, ticket)?;
    plan(conn, ctx, slot_after(ctx.now))
}

/// The end of the slot of ten seconds in which this moment is.
fn slot_after(now: Timestamp) -> Timestamp {
    Timestamp((now.0.div_euclid(PACE) + 1) * PACE)
}

/// Has the figures looked at, once at this moment.
fn plan(conn: &mut Conn, ctx: &Ctx, at: Timestamp) -> Result<()> {
    let once = format!("figures:{}", at.0);
    let job = queue::New {
        topic: TOPIC_FIGURES,
        body: "{}".to_owned(),
        order_key: Some(ORDER),
        once_key: Some(&once),
        due_at: at,
    };
    queue::put(conn, ctx, job).map(|_put| ())
}

/// Has the app show figures, once for each way in which it is set up, and looks at them at
/// midnight, for then nobody has done anything today.
///
/// # Errors
/// The database's.
pub fn set_up(
    conn: &mut Conn,
    ctx: &Ctx,
    (app, public_url): (&str, &str),
    zone: i64,
) -> Result<()> {
    let once = text::cut_bytes(&format!("workbench:{app}:{public_url}"), KEY_MAX);
    let job = queue::New {
        topic: TOPIC_WORKBENCH,
        body: "{}".to_owned(),
        order_key: Some(ORDER),
        once_key: Some(&once),
        due_at: ctx.now,
    };
    queue::put(conn, ctx, job)?;
    plan(conn, ctx, day_of(ctx.now, zone).1)
}

/// The day of a moment: its begin and the begin of the next.
fn day_of(now: Timestamp, zone_minutes: i64) -> (Timestamp, Timestamp) {
    let zone = zone_minutes * time::MINUTE;
    let began = (now.0 + zone).div_euclid(time::DAY) * time::DAY - zone;
    (Timestamp(began), Timestamp(began + time::DAY))
}

/// What was found out about members.
#[derive(Debug, Default)]
struct Found {
    /// Who is to be shown what.
    changed: BTreeMap<Figures, Vec<String>>,
    /// Whose figures are as they are shown, or who sees none.
    same: Vec<(String, String)>,
    /// Whether there may be more members to look at.
    is_cut: bool,
}

impl Workbench {
    /// Does a job of [`TOPIC_WORKBENCH`].
    pub async fn show(self, _ctx: Ctx, _job: Job) -> (End, Option<Record>) {
        let figures = Figures::default().items(&self.public_url);
        match workbench::set_template(&self.client, &self.app, &figures).await {
            Ok(()) => (End::Done("工作台已显示关键数据".to_owned()), None),
            Err(error) => (ended(error), None),
        }
    }

    /// Does a job of [`TOPIC_FIGURES`].
    pub async fn refresh(self, ctx: Ctx, _job: Job) -> (End, Option<Record>) {
        let found = match self.look(&ctx).await {
            Ok(found) => found,
            Err(error) => return (End::Failed(error), None),
        };
        let (began, midnight) = day_of(ctx.now, self.zone_minutes);
        let mut shown = found.same;
        let (mut refused, mut failed) = (0, None);
        for (figures, userids) in found.changed {
            match self.send(figures, userids).await {
                Ok(sent) => {
                    refused += sent.refused;
                    shown.extend(sent.shown);
                }
                Err(error) => {
                    failed = Some(error);
                    break;
                }
            }
        }
        let (many, is_cut) = (shown.len(), found.is_cut && failed.is_none());
        let record: Record = Box::new(move |conn, ctx| {
            sql::shown(conn, &shown, began)?;
            if is_cut {
                plan(conn, ctx, slot_after(ctx.now))?;
            }
            plan(conn, ctx, midnight)
        });
        let end = match failed {
            Some(error) => ended(error),
            None if refused > 0 => End::Done(format!("已更新 {many} 人，{refused} 人不可见")),
            None => End::Done(format!("已更新 {many} 人")),
        };
        (end, Some(record))
    }

    /// Whose figures are to be shown anew.
    async fn look(&self, ctx: &Ctx) -> Result<Found> {
        let (began, _midnight) = day_of(ctx.now, self.zone_minutes);
        for _ in 0..ROUNDS_MAX {
            let more = self.db.write(|conn| {
                let tickets = sql::touched(conn, TICKETS_MAX)?;
                // First: a change that comes now waits for this row, and is counted after it.
                sql::forget(conn, &tickets)?;
                let people = ticket::people_of(conn, &tickets)?;
                sql::want(conn, &people)?;
                Ok(i64::try_from(tickets.len()).unwrap_or(TICKETS_MAX) == TICKETS_MAX)
            });
            if !more.await? {
                break;
            }
        }
        let (now, zone) = (ctx.now, self.zone_minutes);
        let found = self.db.read(move |conn| {
            let most = i64::try_from(MEMBERS_MAX).unwrap_or(i64::MAX);
            let wanted = sql::wanted(conn, began, most)?;
            let userids: Vec<_> = wanted.iter().map(|(userid, _shown)| userid.as_str()).collect();
            let members = org::members_by_ids(conn, &userids)?;
            let mut counts = ticket::counts_of(conn, &userids, now, zone)?;
            let mut found = Found { is_cut: wanted.len() == MEMBERS_MAX, ..Found::default() };
            for (userid, shown) in &wanted {
                let sees = |member: &org::Member| {
                    member.visible && member.status == org::MemberStatus::Active
                };
                if !members.get(userid).is_some_and(sees) {
                    found.same.push((userid.clone(), shown.clone()));
                    continue;
                }
                let counts = counts.remove(userid.as_str()).unwrap_or_default();
                let figures = Figures {
                    waiting: counts.mine + counts.claimable,
                    overdue: counts.overdue,
                    done: ticket::done_since(conn, userid, began)?,
                    approvals: counts.approvals,
                };
                if figures.word() == *shown {
                    found.same.push((userid.clone(), shown.clone()));
                } else {
                    found.changed.entry(figures).or_default().push(userid.clone());
                }
            }
            Ok(found)
        });
        found.await
    }

    /// Shows members these figures. WeCom refuses all of a call for one whom the app does not see
    /// any more, so what is refused is halved until that one stands alone.
    async fn send(
        &self,
        figures: Figures,
        userids: Vec<String>,
    ) -> std::result::Result<Sent, ApiError> {
        let items = figures.items(&self.public_url);
        let mut sent = Sent::default();
        let mut left: Vec<Vec<String>> = userids.chunks(MEMBERS_MAX).map(<[_]>::to_vec).collect();
        while let Some(some) = left.pop() {
            let answer = workbench::batch_set_data(&self.client, &self.app, &some, &items).await;
            match answer {
                Ok(()) => {
                    sent.shown.extend(some.into_iter().map(|userid| (userid, figures.word())));
                }
                Err(error) if !matches!(error.class, Class::Gone | Class::Data) => {
                    return Err(error);
                }
                Err(_one_of_them) if some.len() > 1 => {
                    let (one, other) = some.split_at(some.len() / 2);
                    left.extend([other.to_vec(), one.to_vec()]);
                }
                Err(_refused) => {
                    sent.refused += 1;
                    sent.shown.extend(some.into_iter().map(|userid| (userid, figures.word())));
                }
            }
        }
        Ok(sent)
    }
}

/// What was sent.
#[derive(Debug, Default)]
struct Sent {
    shown: Vec<(String, String)>,
    refused: usize,
}

/// How a call that failed ends its job. What an administrator must mend is told, and tried again
/// with the next change instead of in a row of its own.
fn ended(error: ApiError) -> End {
    match error.class {
        Class::Config => {
            let error = Error::from(error);
            tracing::warn!(%error, "the workbench shows no figures");
            End::Ignored(error.detail().to_owned())
        }
        _ => End::Failed(error.into()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_day_begins_where_the_organisation_is() {
        // 2026-11-22T18:00:00Z is two in the morning of the next day in Shanghai.
        let now = Timestamp::from_seconds(1_795_370_400);
        let (began, next) = day_of(now, 480);
        assert_eq!(
            (began.to_string(), next.since(began)),
            ("2026-11-22T16:00:00.000000Z".into(), time::DAY)
        );
    }

    #[test]
    fn changes_of_ten_seconds_are_shown_together() {
        let at = |second: i64| slot_after(Timestamp::from_seconds(second)).seconds();
        assert_eq!([at(100), at(101), at(109), at(110)], [110, 110, 110, 120]);
    }

    #[test]
    fn figures_fit_the_workbench() {
        let items = Figures { waiting: 3, ..Figures::default() }.items("https://d.example.com/");
        assert_eq!(items.len(), workbench::ITEMS_MAX);
        assert_eq!(items[0].jump_url, "https://d.example.com/h5/workbench");
        assert_eq!((&*items[0].key, &*items[0].data), ("待处理", "3"));
    }
}
