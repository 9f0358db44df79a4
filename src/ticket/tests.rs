//! The one door under random hands: whatever a crowd does to a ticket, its log gives its snapshot,
//! nobody is trapped, and the to-do lists agree with the ticket.

#[path = "../org/test_db.rs"]
mod test_db;
mod ways;

use std::sync::Arc;

use catalog::Catalog;
use db::Conn;
use flow::calendar::{Calendar, WorkTime};
use kernel::{Actor, Ctx, Kind, Limit, TicketId, time};
use proptest::prelude::*;
use serde_json::{Map, Value, json};

use crate::{
    ACTIONS, Command, New, Setup, Status, Ticket, ToDo, act, check_replay, create, effect, events,
    get, ring, to_do,
};

const CROWD: [&str; 4] = ["li", "wang", "zhao", "stranger"];

fn work_time() -> Arc<WorkTime> {
    Arc::new(Calendar::office(480).compile().unwrap())
}

fn vips() -> Arc<[String]> {
    Arc::new(["VIP".to_owned()])
}

fn setup() -> Setup {
    Setup {
        catalog: Catalog::built_in().unwrap(),
        zone_minutes: 480,
        work_time: work_time(),
        vip_tags: vips(),
    }
}

/// The general request with another flow.
fn setup_with(steps: Value) -> Setup {
    let general = Catalog::built_in().unwrap().newest(catalog::GENERAL).unwrap();
    let flow = serde_json::from_value(json!({ "steps": steps })).unwrap();
    let template = catalog::Template { flow, ..catalog::Template::clone(&general) };
    let part = catalog::Template { key: "part".into(), ..catalog::Template::clone(&general) };
    Setup {
        catalog: Catalog::of(vec![template, part]).unwrap(),
        zone_minutes: 480,
        work_time: work_time(),
        vip_tags: vips(),
    }
}

/// A step that makes work: a task, or an approval when `more` says so.
fn work(key: &str, who: &[&str], more: Value) -> Value {
    let mut step = json!({
        "key": key, "name": key, "if_nobody": { "do": "hold" },
        "assign": { "by": "people", "userids": who },
    });
    step.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    step
}

/// A contract: everything that a flow can do with people and time.
fn contract() -> Value {
    let lead = json!({ "by": "people", "userids": ["wang"] });
    json!([
        work("draft", &["li", "wang"], json!({ "limit": { "minutes": 10, "remind": [4],
            "repeat": { "minutes": 3, "most": 2 }, "escalate": [{ "minutes": 2, "to": lead }] } })),
        { "key": "both", "name": "both", "type": "parallel", "lanes": [
            { "steps": [work("law", &["li", "wang"], json!({ "type": "approval",
                "sign": { "mode": "all" }, "on_reject": { "do": "to_step", "key": "draft" },
                "limit": { "minutes": 9, "overdue": { "do": "pass" } } }))] },
            { "steps": [work("stock", &["zhao"], json!({}))] },
        ] },
        work("boss", &["li", "wang", "zhao"], json!({ "type": "approval",
            "sign": { "mode": "vote", "share": 50 }, "on_reject": { "do": "to_starter" } })),
    ])
}

fn object(value: Value) -> Map<String, Value> {
    value.as_object().cloned().unwrap()
}

/// Three who can handle, and one who is in no group.
fn people(conn: &mut Conn, ctx: &Ctx) {
    for userid in CROWD {
        let patch = org::mirror::MemberPatch {
            name: Some(format!("{userid} 先生")),
            status: Some(org::MemberStatus::Active),
            visible: Some(true),
            ..org::mirror::MemberPatch::new(userid)
        };
        org::mirror::upsert_member(conn, ctx, &patch, ctx.now).unwrap();
    }
    let members = CROWD.iter().take(3).map(|one| (*one).to_owned()).collect();
    let group = org::Group { key: "handlers".into(), name: "服务台".into(), members };
    org::set_group(conn, ctx, &group).unwrap();
}

fn raise(conn: &mut Conn, ctx: &Ctx, by: &str, title: &str) -> kernel::Result<Ticket> {
    raise_in(conn, ctx, &setup(), (by, title))
}

fn raise_in(
    conn: &mut Conn,
    ctx: &Ctx,
    setup: &Setup,
    (by, title): (&str, &str),
) -> kernel::Result<Ticket> {
    let form = object(json!({ "title": title }));
    let new = New {
        template: catalog::GENERAL,
        source: "api",
        form: &form,
        customer: None,
        chat_id: None,
        tags: Vec::new(),
    };
    create(conn, &ctx.with_actor(Actor::member(by)), setup, &new)
}

fn at(ctx: &Ctx, minutes: i64) -> Ctx {
    Ctx { now: ctx.now.plus(minutes * time::MINUTE), ..ctx.clone() }
}

fn input(verb: &str, to: &str) -> Map<String, Value> {
    object(match verb {
        "transfer" | "delegate" | "release" => json!({ "to": to }),
        "cosign" if to == "zhao" => json!({ "to": to, "place": "before" }),
        "cosign" => json!({ "to": to }),
        "jump" => json!({ "to": "handle", "note": "重来" }),
        "comment" => json!({ "text": "说一句" }),
        "terminate" | "reject" | "return" | "suspend" => json!({ "note": "重复" }),
        "attach" => json!({ "kind": "link", "name": "手册", "target": "https://example.com" }),
        _ => json!({}),
    })
}

fn check(conn: &mut Conn, id: TicketId) {
    check_replay(conn, id).unwrap();
    let ticket = get(conn, id).unwrap();
    let log = events(conn, id).unwrap();
    let numbers: Vec<_> = log.iter().map(|event| event.seq).collect();
    assert_eq!(numbers, (1..=ticket.version).collect::<Vec<_>>(), "no gap in the log");
    assert_eq!(ticket.is_ended(), ticket.open_tasks().next().is_none(), "nobody is trapped");
    assert_eq!(ticket.is_ended(), ticket.closed_at.is_some());
    check_timers(conn, &ticket);
    for userid in CROWD {
        let lists = |conn: &mut Conn, which| {
            let page = to_do(conn, userid, which, None, Limit::default()).unwrap();
            page.items
                .iter()
                .filter(|row| row.ticket.id == id)
                .map(|row| row.task)
                .collect::<Vec<_>>()
        };
        let (mine, open) = (lists(conn, ToDo::Mine), lists(conn, ToDo::Claimable));
        let owned = ticket.open_tasks().filter(|task| task.owner.as_deref() == Some(userid));
        let free = ticket
            .open_tasks()
            .filter(|task| task.owner.is_none() && task.handlers.iter().any(|one| one == userid));
        assert_eq!(mine, owned.map(|task| task.id).collect::<Vec<_>>());
        assert_eq!(open, free.map(|task| task.id).collect::<Vec<_>>());
    }
}

/// The queue's timers of a ticket are the ticket's own.
fn check_timers(conn: &mut Conn, ticket: &Ticket) {
    let filter = queue::Filter {
        side: queue::Side::Work,
        state: None,
        topic: Some(crate::TOPIC_TIMER.to_owned()),
        cursor: None,
        limit: Limit::new(Some(200)).unwrap(),
    };
    let mine = format!("timer:{}:", ticket.id);
    let jobs = queue::list(conn, &filter).unwrap().items.into_iter();
    let mut jobs: Vec<_> =
        jobs.filter_map(|job| job.once_key).filter(|key| key.starts_with(&mine)).collect();
    let running = ticket.flow.timers.iter().filter(|timer| timer.left.is_none());
    let mut timers: Vec<_> = running.map(|timer| key_of(ticket.id, timer)).collect();
    jobs.sort();
    timers.sort();
    assert_eq!(jobs, timers);
}

fn key_of(id: TicketId, timer: &flow::Timer) -> String {
    effect::once_key(id, &timer.step, (timer.round, timer.kind), timer.due_at)
}

/// What the queue does when a timer's time has come.
fn fire(conn: &mut Conn, ctx: &Ctx, setup: &Setup, id: TicketId, timer: &flow::Timer) {
    let body = json!({ "ticket_id": id, "step": timer.step, "round": timer.round,
        "kind": timer.kind });
    assert_eq!(ring(conn, ctx, setup, &body.to_string()).unwrap(), None);
    assert!(queue::drop_timer(conn, &key_of(id, timer)).unwrap());
    assert!(ring(conn, ctx, setup, &body.to_string()).unwrap().is_some(), "a timer fires once");
}

/// Random members do random things at random hours, and the timers ring between them.
fn crowd(conn: &mut Conn, setup: &Setup, cases: u32) {
    let begin = test_db::ctx(1_795_395_600_000_000);
    people(conn, &begin);
    let mut runner = proptest::test_runner::TestRunner::new(ProptestConfig::with_cases(cases));
    let deed = (0..ACTIONS.len() + 4, 0..CROWD.len(), 0..CROWD.len());
    let walks = prop::collection::vec(deed, 1..30);
    let conn = std::cell::RefCell::new(conn);
    let result = runner.run(&walks, |walk| {
        let mut conn = conn.borrow_mut();
        let conn: &mut Conn = &mut conn;
        let id = raise_in(conn, &begin, setup, ("stranger", "空调坏了")).unwrap().id;
        let mut now = begin.now;
        for (verb, who, to) in walk {
            now = now.plus(time::MINUTE);
            let before = get(conn, id).unwrap();
            let ctx = Ctx { now, ..begin.clone() };
            let Some(verb) = ACTIONS.get(verb).map(|action| action.name()) else {
                let running = before.flow.timers.iter().filter(|timer| timer.left.is_none());
                if let Some(timer) = running.min_by_key(|timer| timer.due_at) {
                    now = now.max(timer.due_at);
                    fire(conn, &Ctx { now, ..ctx }, setup, id, timer);
                }
                check(conn, id);
                continue;
            };
            let actor = if verb == "jump" { Actor::System } else { Actor::member(CROWD[who]) };
            let ctx = ctx.with_actor(actor);
            let input = input(verb, CROWD[to]);
            if let Err(error) = act(conn, &ctx, setup, id, &Command::new(verb, &input)) {
                let kind = error.kind();
                assert!(
                    matches!(
                        kind,
                        Kind::Forbidden | Kind::Conflict | Kind::NotFound | Kind::Invalid
                    ),
                    "{verb} by {}: {error}",
                    CROWD[who]
                );
                assert!(!error.detail().is_empty());
                assert_eq!(get(conn, id).unwrap(), before, "a refusal changes nothing");
            }
            check(conn, id);
        }
        Ok(())
    });
    result.unwrap();
}

#[test]
fn a_crowd_can_do_anything_in_any_order_and_the_log_gives_the_snapshot() {
    test_db::on_sqlite("crowd", |_db, conn| crowd(conn, &setup(), 40));
}

#[test]
fn a_crowd_with_a_contract_can_do_no_harm_either() {
    test_db::on_sqlite("contract", |_db, conn| crowd(conn, &setup_with(contract()), 60));
}

#[test]
fn numbers_of_a_day_rise_without_a_gap_and_begin_anew_in_the_organisations_zone() {
    test_db::on_each_database("numbers", |_db, conn| {
        // 15:59 UTC is 23:59 in Shanghai.
        let evening = test_db::ctx(1_795_449_540_000_000);
        people(conn, &evening);
        let numbers: Vec<_> = [0, 0, 2]
            .iter()
            .map(|minutes| raise(conn, &at(&evening, *minutes), "li", "灯").unwrap().no)
            .collect();
        assert_eq!(numbers, ["GD-20261123-0001", "GD-20261123-0002", "GD-20261124-0001"]);
    });
}

#[test]
fn a_ticket_that_one_may_not_see_is_not_there() {
    test_db::on_each_database("unseen", |_db, conn| {
        let ctx = test_db::ctx(1_795_395_600_000_000);
        people(conn, &ctx);
        let id = raise(conn, &ctx, "li", "灯").unwrap().id;
        let stranger = ctx.with_actor(Actor::member("stranger"));
        let input = input("comment", "");
        let refused = act(conn, &stranger, &setup(), id, &Command::new("comment", &input));
        assert_eq!(refused.unwrap_err().kind(), Kind::NotFound);
    });
}

#[test]
fn an_older_rounds_button_acts_no_more() {
    test_db::on_each_database("round", |_db, conn| {
        let ctx = test_db::ctx(1_795_395_600_000_000);
        people(conn, &ctx);
        let ticket = raise(conn, &ctx, "stranger", "灯").unwrap();
        let old = ticket.tasks[0].id;
        let li = ctx.with_actor(Actor::member("li"));
        let to = input("transfer", "wang");
        act(conn, &li, &setup(), ticket.id, &Command::new("transfer", &to)).unwrap();
        let nothing = Map::new();
        let pressed = Command { on: Some(old), ..Command::new("complete", &nothing) };
        let refused = act(conn, &li, &setup(), ticket.id, &pressed).unwrap_err();
        assert_eq!(refused.code(), "ticket.step_closed");
        assert!(refused.detail().contains("已转给 wang 先生"), "{refused}");
        let wang = ctx.with_actor(Actor::member("wang"));
        let done =
            act(conn, &wang, &setup(), ticket.id, &Command::new("complete", &nothing)).unwrap();
        assert_eq!(done.status, Status::Closed);
    });
}
