//! The one door: how many steps of flows a second, each in a transaction of its own with log,
//! snapshot, tasks, to-do lists and job; and the same statements, written by hand with bodies of
//! the same size, as the floor.

use std::{
    sync::Arc,
    thread,
    time::{Duration, Instant},
};

use anyhow::{Result, anyhow, ensure};
use catalog::Catalog;
use db::{Conn, Db, OrDb as _, Settings};
use diesel::{RunQueryDsl as _, sql_query, sql_types::Text};
use flow::calendar::Calendar;
use kernel::{Actor, Clock, Ctx, Ids, ReplicaNo, TicketId};
use serde_json::{Map, Value, json};
use ticket::{Command, New, Setup};

use crate::{
    Size, Subject,
    figures::{median, number, ratio},
    proc::Folder,
    report::Report,
    store::Base,
};

/// Commands at a time.
const HANDS: usize = 16;
const STEPS: usize = 30;

/// A flow of so many tasks, each given to one person.
fn setup() -> Result<Setup> {
    let step = |n: usize| {
        json!({ "key": format!("s{n}"), "name": "办理", "if_nobody": { "do": "hold" },
            "assign": { "by": "people", "userids": ["li"] }, "pick": { "strategy": "all" } })
    };
    let steps: Vec<_> = (0..STEPS).map(step).collect();
    let template = json!({ "key": "bench", "name": "基准", "form": { "fields": [
        { "key": "title", "kind": "text", "label": "标题", "required": true }] },
        "flow": { "steps": steps } });
    let work_time = Calendar::office(480).compile().map_err(|wrong| anyhow!("{wrong:?}"))?;
    Ok(Setup {
        catalog: Catalog::of(vec![serde_json::from_value(template)?])?,
        zone_minutes: 480,
        work_time: Arc::new(work_time),
        vip_tags: Arc::new([]),
    })
}

/// A migrated database with the one who does everything.
fn desk(base: &Base) -> Result<(Db, Ctx)> {
    let settings = Settings::parse(base.url())?;
    let db = Db::new(settings);
    db::migrate(&db, &Clock::System, 1)?;
    let replica = ReplicaNo::new(1).ok_or_else(|| anyhow!("no replica"))?;
    let ctx = Ctx {
        now: Clock::System.now(),
        actor: Actor::System,
        ids: Ids::new(replica),
        trace: "bench".to_owned(),
    };
    let li = org::mirror::MemberPatch {
        name: Some("李雷".to_owned()),
        status: Some(org::MemberStatus::Active),
        visible: Some(true),
        ..org::mirror::MemberPatch::new("li")
    };
    db.write_here(|conn| org::mirror::upsert_member(conn, &ctx, &li, ctx.now))?;
    Ok((db, ctx))
}

/// Tickets at their first step.
fn tickets(db: &Db, ctx: &Ctx, setup: &Setup, many: usize) -> Result<Vec<TicketId>> {
    let form: Map<String, Value> =
        [("title".to_owned(), json!("空调不制冷"))].into_iter().collect();
    let new = New {
        template: "bench",
        source: "api",
        form: &form,
        customer: None,
        chat_id: None,
        tags: Vec::new(),
    };
    let raise = |_n| Ok(db.write_here(|conn| ticket::create(conn, ctx, setup, &new))?.id);
    (0..many).map(raise).collect()
}

/// Lets all hands do their share at once; the transactions a second.
fn race(shares: Vec<Vec<TicketId>>, work: &(dyn Fn(TicketId) -> Result<()> + Sync)) -> Result<f64> {
    let many: usize = shares.iter().map(Vec::len).sum();
    let began = Instant::now();
    thread::scope(|scope| {
        let hands: Vec<_> = shares
            .into_iter()
            .map(|share| scope.spawn(move || share.into_iter().try_for_each(work)))
            .collect();
        hands
            .into_iter()
            .try_for_each(|hand| hand.join().map_err(|_panic| anyhow!("a hand fell"))?)
    })?;
    ensure!(many > 0, "nothing to do");
    Ok(number(many) / began.elapsed().max(Duration::from_micros(1)).as_secs_f64())
}

fn shares(ids: &[TicketId]) -> Vec<Vec<TicketId>> {
    ids.chunks(ids.len().div_ceil(HANDS).max(1)).map(<[TicketId]>::to_vec).collect()
}

/// Measures it.
pub(crate) fn measure(size: Size, subject: &Subject, report: &mut Report) -> Result<()> {
    let folder = Folder::new("door")?;
    let ours = Base::fresh(subject.server.as_deref(), folder.path(), "door")?;
    let bare = Base::fresh(subject.server.as_deref(), folder.path(), "bare")?;
    let setup = setup()?;
    let (db, ctx) = desk(&ours)?;
    let (bare_db, bare_ctx) = desk(&bare)?;
    let ids = tickets(&db, &ctx, &setup, size.tickets)?;
    let bare_ids = tickets(&bare_db, &bare_ctx, &setup, size.tickets)?;
    let member = ctx.with_actor(Actor::member("li"));
    let none = Map::new();
    let act = |id: TicketId| -> Result<()> {
        let ctx = Ctx { now: Clock::System.now(), ..member.clone() };
        let done = Command::new("complete", &none);
        db.write_here(|conn| ticket::act(conn, &ctx, &setup, id, &done))?;
        Ok(())
    };
    let snapshot = db.write_here(|conn| snapshot(conn, ids.first().copied()))?;
    let floor = |id: TicketId| -> Result<()> {
        Ok(bare_db.write_here(|conn| by_hand(conn, &bare_ctx, id, &snapshot))?)
    };
    let (mut steps, mut floors) = (Vec::new(), Vec::new());
    // In turns, so that a noise meets both. A ticket is left before its last step.
    for _round in 0..size.door_rounds.min(STEPS - 1) {
        steps.push(race(shares(&ids), &act)?);
        floors.push(race(shares(&bare_ids), &floor)?);
    }
    let (rate, floor) = (median(&steps), median(&floors));
    report.add("door", ratio(rate, floor), format!("{:.2} ({rate:.0} : {floor:.0})", rate / floor));
    Ok(())
}

#[derive(diesel::QueryableByName)]
struct Found {
    #[diesel(sql_type = Text)]
    snapshot: String,
}

fn snapshot(conn: &mut Conn, id: Option<TicketId>) -> kernel::Result<String> {
    let id = id.map_or(0, |id| id.0);
    let sql = format!("SELECT snapshot FROM ticket_ticket WHERE id = {id}");
    sql_query(sql).get_result::<Found>(conn).or_db().map(|found| found.snapshot)
}

/// What the door asks of the database for one step, without deciding anything.
fn by_hand(conn: &mut Conn, ctx: &Ctx, id: TicketId, body: &str) -> kernel::Result<()> {
    let (id, now, task) = (id.0, Clock::System.now().0, ctx.id());
    let mut run = |sql: String| sql_query(sql).execute(conn).map(|_rows| ()).or_db();
    run(format!("SELECT snapshot FROM ticket_ticket WHERE id = {id}"))?;
    run("SELECT shadow FROM org_member WHERE userid IN ('li')".to_owned())?;
    run(format!("SELECT id FROM org_leave WHERE userid IN ('li') AND until_at > {now}"))?;
    run(format!(
        "UPDATE ticket_ticket SET snapshot = '{body}', updated_at = {now} WHERE id = {id}"
    ))?;
    run(format!(
        "INSERT INTO ticket_event (ticket_id, seq, verb, actor, at, trace, facts) \
         VALUES ({id}, {task}, 'complete', '{{}}', {now}, 'bench', '{body}')"
    ))?;
    run(format!(
        "INSERT INTO ticket_task (id, ticket_id, step, round, state, opened_at) \
         VALUES ({task}, {id}, 's1', 1, 'open', {now})"
    ))?;
    run(format!(
        "INSERT INTO ticket_handler (task_id, userid, ticket_id, state) \
         VALUES ({task}, 'li', {id}, 'claimable')"
    ))?;
    for column in ["owner = 'li'", "state = 'done'", "closed_at = 1"] {
        run(format!("UPDATE ticket_task SET {column} WHERE id = {task}"))?;
    }
    for state in ["taken", "owned", "closed"] {
        run(format!("UPDATE ticket_handler SET state = '{state}' WHERE task_id = {task}"))?;
    }
    run(format!(
        "INSERT INTO queue_job (id, topic, once_key, order_key, turn, due_at, body, created_at) \
         VALUES ({task}, 'ticket.event', 'b:{task}', 'ticket:{id}', {task}, {now}, '{{}}', {now})"
    ))
}
