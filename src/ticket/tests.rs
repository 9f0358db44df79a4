//! The one door under random hands: whatever a crowd does to a ticket, its log gives its snapshot,
//! nobody is trapped, and the to-do lists agree with the ticket.

#[path = "../org/test_db.rs"]
mod test_db;

use catalog::Catalog;
use db::Conn;
use kernel::{Actor, Ctx, Kind, Limit, TicketId, time};
use proptest::prelude::*;
use serde_json::{Map, Value, json};

use crate::{
    ACTIONS, Command, New, Setup, Status, Ticket, ToDo, act, check_replay, create, effect, events,
    get, ring, timeline, to_do,
};

const CROWD: [&str; 4] = ["li", "wang", "zhao", "stranger"];

fn setup() -> Setup {
    Setup { catalog: Catalog::built_in().unwrap(), zone_minutes: 480 }
}

/// The general request with another flow.
fn setup_with(steps: Value) -> Setup {
    let general = Catalog::built_in().unwrap().newest(catalog::GENERAL).unwrap();
    let flow = serde_json::from_value(json!({ "steps": steps })).unwrap();
    let template = catalog::Template { flow, ..catalog::Template::clone(&general) };
    let part = catalog::Template { key: "part".into(), ..catalog::Template::clone(&general) };
    Setup { catalog: Catalog::of(vec![template, part]).unwrap(), zone_minutes: 480 }
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

/// A ticket under the hands of people who do what they should.
struct Way<'a> {
    conn: &'a mut Conn,
    ctx: Ctx,
    setup: Setup,
    id: TicketId,
}

impl<'a> Way<'a> {
    fn begin(conn: &'a mut Conn, steps: Value) -> Self {
        let ctx = test_db::ctx(1_795_395_600_000_000);
        people(conn, &ctx);
        let setup = setup_with(steps);
        let id = raise_in(conn, &ctx, &setup, ("stranger", "合同")).unwrap().id;
        Self { conn, ctx, setup, id }
    }

    fn tries(&mut self, by: &str, verb: &str, input: Value) -> kernel::Result<Ticket> {
        self.ctx.now = self.ctx.now.plus(time::MINUTE);
        let input = object(input);
        let ctx = self.ctx.with_actor(Actor::member(by));
        act(self.conn, &ctx, &self.setup, self.id, &Command::new(verb, &input))
    }

    #[track_caller]
    fn does(&mut self, by: &str, verb: &str, input: Value) -> Ticket {
        let ticket = self.tries(by, verb, input).unwrap();
        check(self.conn, self.id);
        ticket
    }

    #[track_caller]
    fn refuses(&mut self, by: &str, verb: &str, input: Value) -> String {
        let error = self.tries(by, verb, input).unwrap_err();
        match error.fields().first() {
            Some(field) => format!("{}:{}", field.path, field.code),
            None => error.code().to_owned(),
        }
    }
}

fn at_work(ticket: &Ticket) -> Vec<String> {
    let who = |task: &crate::Task| task.owner.clone().unwrap_or_else(|| task.handlers.join("/"));
    ticket.open_tasks().map(|task| format!("{} {}", task.step, who(task))).collect()
}

#[test]
fn a_contract_is_approved_rejected_and_approved_again() {
    test_db::on_each_database("approve", |_db, conn| {
        let mut way = Way::begin(conn, contract());
        assert_eq!(way.refuses("li", "approve", json!({})), "ticket.action_not_allowed");
        let ticket = way.does("li", "complete", json!({}));
        assert_eq!(at_work(&ticket), ["law li", "law wang", "stock zhao"]);
        way.does("li", "approve", json!({ "note": "条款没问题" }));
        assert_eq!(way.refuses("wang", "reject", json!({})), "note:required");
        let ticket = way.does("wang", "reject", json!({ "note": "金额不对" }));
        // Back to who drafted it; both lanes are closed.
        assert_eq!(at_work(&ticket), ["draft li"]);
        way.does("li", "complete", json!({}));
        way.does("zhao", "complete", json!({}));
        way.does("li", "approve", json!({}));
        let ticket = way.does("wang", "approve", json!({}));
        assert_eq!(at_work(&ticket), ["boss li", "boss wang", "boss zhao"]);
        way.does("zhao", "reject", json!({ "note": "再想想" }));
        way.does("li", "approve", json!({}));
        let ticket = way.does("wang", "approve", json!({}));
        assert_eq!(ticket.status, Status::Closed);
        assert_eq!(way.refuses("zhao", "approve", json!({})), "ticket.ended");
        let log = events(way.conn, way.id).unwrap();
        let lines = timeline(&log, &std::collections::BTreeMap::new());
        assert!(lines.iter().any(|line| line.text == "wang 驳回：金额不对"), "{lines:?}");
    });
}

#[test]
fn who_is_to_amend_does_it_and_it_is_asked_anew() {
    test_db::on_each_database("amend", |_db, conn| {
        let reject = json!({ "type": "approval", "on_reject": { "do": "to_starter" } });
        let mut way = Way::begin(conn, json!([work("a", &["li"], reject)]));
        let ticket = way.does("li", "reject", json!({ "note": "缺照片" }));
        assert_eq!(at_work(&ticket), ["a stranger"]);
        let ticket = way.does("stranger", "complete", json!({}));
        assert_eq!((at_work(&ticket), ticket.flow.steps[0].round), (vec!["a li".to_owned()], 3));
    });
}

#[test]
fn a_ticket_is_returned_and_sent_straight_back() {
    test_db::on_each_database("return", |_db, conn| {
        let none = json!({});
        let steps = json!([
            work("a", &["li", "wang"], none.clone()),
            work("b", &["zhao"], none.clone()),
            work("c", &["wang"], none.clone()),
        ]);
        let mut way = Way::begin(conn, steps);
        let why = json!({ "note": "少了附件" });
        assert_eq!(way.refuses("li", "return", why.clone()), "ticket.action_not_allowed");
        way.does("li", "complete", none.clone());
        way.does("zhao", "complete", none.clone());
        let wrong = way.refuses("wang", "return", json!({ "to": "c", "note": "x" }));
        assert_eq!(wrong, "to:not_on_the_way");
        let ticket = way.does("wang", "return", json!({ "to": "a", "note": "少了附件" }));
        assert_eq!(at_work(&ticket), ["a li"]);
        let ticket = way.does("li", "resubmit", none.clone());
        assert_eq!(at_work(&ticket), ["c wang"]);
        // Without a target it is the step before.
        let ticket = way.does("wang", "return", why);
        assert_eq!(at_work(&ticket), ["b zhao"]);
    });
}

#[test]
fn work_is_delegated_cosigned_and_recalled() {
    test_db::on_each_database("cosign", |_db, conn| {
        let none = json!({});
        let steps =
            json!([work("a", &["li"], none.clone()), work("b", &["zhao", "wang"], none.clone())]);
        let mut way = Way::begin(conn, steps);
        assert_eq!(way.refuses("li", "delegate", json!({ "to": "nobody" })), "to:unknown_member");
        let ticket = way.does("li", "delegate", json!({ "to": "wang" }));
        assert_eq!(at_work(&ticket), ["a wang"]);
        let ticket = way.does("wang", "complete", none.clone());
        assert_eq!(at_work(&ticket), ["a li"]);
        let ticket = way.does("li", "cosign", json!({ "to": "zhao" }));
        assert_eq!(at_work(&ticket), ["a li", "a zhao"]);
        assert_eq!(way.refuses("li", "cosign", json!({ "to": "zhao" })), "to:same_handler");
        assert_eq!(way.refuses("li", "release", json!({ "to": "wang" })), "to:not_a_signer");
        let ticket = way.does("li", "release", json!({ "to": "zhao" }));
        assert_eq!(at_work(&ticket), ["a li"]);
        way.does("li", "complete", none.clone());
        let ticket = way.does("li", "recall", none.clone());
        assert_eq!(at_work(&ticket), ["a li"]);
        way.does("li", "complete", none.clone());
        way.does("wang", "claim", none.clone());
        assert_eq!(way.refuses("li", "recall", none), "ticket.step_closed");
    });
}

#[test]
fn a_suspended_ticket_rests_and_its_clock_stands_still() {
    test_db::on_each_database("suspend", |_db, conn| {
        let none = json!({});
        let limit = json!({ "limit": { "minutes": 10, "overdue": { "do": "end" } } });
        let mut way = Way::begin(conn, json!([work("a", &["li"], limit)]));
        assert_eq!(way.refuses("li", "resume", none.clone()), "ticket.action_not_allowed");
        let ticket = way.does("li", "suspend", json!({ "note": "等零件" }));
        assert_eq!(ticket.status, Status::Suspended);
        for verb in ["complete", "claim", "suspend"] {
            let input = json!({ "note": "再等" });
            assert_eq!(way.refuses("li", verb, input), "ticket.suspended", "{verb}");
        }
        way.ctx.now = way.ctx.now.plus(time::DAY);
        // Who raised it may let it go on, too.
        let ticket = way.does("stranger", "resume", none);
        assert_eq!(ticket.status, Status::Open);
        let [timer] = ticket.flow.timers.as_slice() else { panic!("one deadline") };
        // One minute went by before it rested, and one in the refusal before that.
        assert_eq!(timer.due_at.since(way.ctx.now), 8 * time::MINUTE);
        let ctx = Ctx { now: timer.due_at, ..way.ctx.clone() };
        fire(way.conn, &ctx, &way.setup, way.id, timer);
        check(way.conn, way.id);
        assert_eq!(get(way.conn, way.id).unwrap().status, Status::Cancelled);
    });
}

#[test]
fn only_who_speaks_for_the_house_moves_a_ticket_anywhere() {
    test_db::on_each_database("jump", |_db, conn| {
        let none = json!({});
        let steps = json!([work("a", &["li"], none.clone()), work("b", &["zhao"], none)]);
        let mut way = Way::begin(conn, steps);
        let to = |step: &str| json!({ "to": step, "note": "客户急" });
        assert_eq!(way.refuses("li", "jump", to("b")), "ticket.action_not_allowed");
        let ctx = way.ctx.with_actor(Actor::System);
        let wrong = object(to("x"));
        let jump = |way: &mut Way<'_>, input| {
            act(way.conn, &ctx, &way.setup, way.id, &Command::new("jump", input))
        };
        let refused = jump(&mut way, &wrong).unwrap_err();
        assert_eq!(refused.fields()[0].code, "unknown_step");
        let ticket = jump(&mut way, &object(to("b"))).unwrap();
        assert_eq!(at_work(&ticket), ["b zhao"]);
    });
}

/// Hears all news between parents and children, and those that follow from them.
fn hear_all(way: &mut Way<'_>, heard: &mut std::collections::BTreeSet<kernel::JobId>) {
    for _ in 0..10 {
        let filter = queue::Filter {
            side: queue::Side::Work,
            state: None,
            topic: Some(crate::TOPIC_FAMILY.to_owned()),
            cursor: None,
            limit: Limit::new(Some(200)).unwrap(),
        };
        let jobs = queue::list(way.conn, &filter).unwrap().items;
        let new: Vec<_> =
            jobs.into_iter().rev().map(|job| job.id).filter(|id| heard.insert(*id)).collect();
        if new.is_empty() {
            return;
        }
        for id in new {
            let body = queue::get(way.conn, id).unwrap().body.unwrap();
            crate::hear(way.conn, &way.ctx, &way.setup, &body).unwrap();
            // A job may run again; its news is no news then.
            crate::hear(way.conn, &way.ctx, &way.setup, &body).unwrap();
        }
    }
    panic!("news without end");
}

fn parts(mode: &str, template: &str) -> Value {
    let part = json!({ "template": template, "title": "备料" });
    json!([
        { "key": "parts", "name": "备料", "type": "subtickets", "mode": mode,
            "tickets": vec![part; 12] },
        work("close", &["li"], json!({})),
    ])
}

#[test]
fn a_ticket_of_twelve_parts_waits_for_all_of_them() {
    test_db::on_each_database("parts", |_db, conn| {
        let mut heard = std::collections::BTreeSet::new();
        let mut way = Way::begin(conn, parts("all", "part"));
        hear_all(&mut way, &mut heard);
        let parent = get(way.conn, way.id).unwrap();
        assert_eq!(parent.children.len(), 12);
        for (n, child) in parent.children.iter().enumerate() {
            assert_eq!(at_work(&get(way.conn, way.id).unwrap()), Vec::<String>::new());
            let (of, input) = (get(way.conn, child.ticket).unwrap().parent.unwrap(), Map::new());
            assert_eq!((of.ticket, of.child), (parent.id, n));
            let li = way.ctx.with_actor(Actor::member("li"));
            let done = Command::new("complete", &input);
            act(way.conn, &li, &way.setup, child.ticket, &done).unwrap();
            hear_all(&mut way, &mut heard);
            check_replay(way.conn, child.ticket).unwrap();
            let run = get(way.conn, way.id).unwrap().flow.run("parts").unwrap().progress();
            assert_eq!(run, (n + 1, 12));
        }
        check(way.conn, way.id);
        assert_eq!(at_work(&get(way.conn, way.id).unwrap()), ["close li"]);
    });
}

#[test]
fn the_first_part_that_is_done_calls_the_others_off() {
    test_db::on_each_database("first_part", |_db, conn| {
        let mut heard = std::collections::BTreeSet::new();
        let mut way = Way::begin(conn, parts("any", "part"));
        hear_all(&mut way, &mut heard);
        let parent = get(way.conn, way.id).unwrap();
        let li = way.ctx.with_actor(Actor::member("li"));
        let (input, first) = (Map::new(), parent.children[4].ticket);
        act(way.conn, &li, &way.setup, first, &Command::new("complete", &input)).unwrap();
        hear_all(&mut way, &mut heard);
        assert_eq!(at_work(&get(way.conn, way.id).unwrap()), ["close li"]);
        for child in &parent.children {
            let status = get(way.conn, child.ticket).unwrap().status;
            let is_first = child.ticket == first;
            assert_eq!(status, if is_first { Status::Closed } else { Status::Cancelled });
        }
    });
}

#[test]
fn parts_that_cannot_be_raised_are_an_alarm_and_not_a_trap() {
    test_db::on_each_database("no_parts", |_db, conn| {
        // A template that is not there, and one that raises itself without end.
        for template in ["nowhere", catalog::GENERAL] {
            let mut heard = std::collections::BTreeSet::new();
            let mut steps = parts("all", template);
            steps[0]["tickets"].as_array_mut().unwrap().truncate(1);
            let mut way = Way::begin(conn, steps);
            hear_all(&mut way, &mut heard);
            let mut ticket = get(way.conn, way.id).unwrap();
            for _ in 0..10 {
                let Some(child) = ticket.children.first() else { break };
                ticket = get(way.conn, child.ticket).unwrap();
            }
            let run = ticket.flow.run("parts").unwrap();
            assert_eq!(run.state, flow::StepState::Held, "{template}");
            check_replay(way.conn, ticket.id).unwrap();
        }
    });
}

#[test]
fn who_is_chosen_gets_the_next_step() {
    test_db::on_each_database("next", |_db, conn| {
        let steps = json!([
            work("a", &["li"], json!({})),
            work("b", &[], json!({ "assign": { "by": "chosen" } })),
        ]);
        let mut way = Way::begin(conn, steps);
        let gone = way.refuses("li", "complete", json!({ "next": "nobody" }));
        assert_eq!(gone, "next:unknown_member");
        let ticket = way.does("li", "complete", json!({ "next": "zhao" }));
        assert_eq!(at_work(&ticket), ["b zhao"]);
    });
}

#[test]
fn the_work_of_who_leaves_goes_to_others() {
    test_db::on_each_database("leave", |_db, conn| {
        let steps = json!([work("a", &["li", "wang"], json!({})), work("b", &["zhao"], json!({}))]);
        let mut way = Way::begin(conn, steps);
        way.does("li", "claim", json!({}));
        let hand_over = |way: &mut Way<'_>, who, to| {
            let changed = crate::hand_over(way.conn, &way.ctx, &way.setup, who, to).unwrap();
            check(way.conn, way.id);
            (changed, at_work(&get(way.conn, way.id).unwrap()))
        };
        assert_eq!(hand_over(&mut way, "li", None), (1, vec!["a wang".to_owned()]));
        assert_eq!(hand_over(&mut way, "li", None), (0, vec!["a wang".to_owned()]));
        assert_eq!(hand_over(&mut way, "wang", Some("zhao")), (1, vec!["a zhao".to_owned()]));
    });
}

#[test]
fn the_organisation_says_who_leads_and_who_looks_after_a_customer() {
    test_db::on_each_database("rules", |_db, conn| {
        let ctx = test_db::ctx(1_795_395_600_000_000);
        people(conn, &ctx);
        let department = |id, parent, leaders: &[&str]| org::mirror::DepartmentPatch {
            id,
            name: Some("部".to_owned()),
            parent: Some(parent),
            leaders: Some(leaders.iter().map(|one| (*one).to_owned()).collect()),
            ..org::mirror::DepartmentPatch::default()
        };
        org::mirror::upsert_department(conn, &ctx, &department(1, 0, &["zhao"]), ctx.now).unwrap();
        org::mirror::upsert_department(conn, &ctx, &department(2, 1, &["wang"]), ctx.now).unwrap();
        let stranger = org::mirror::MemberPatch {
            main_department: Some(2),
            departments: Some(vec![2]),
            leaders: Some(vec!["li".to_owned()]),
            ..org::mirror::MemberPatch::new("stranger")
        };
        let later = ctx.now.plus(1);
        org::mirror::upsert_member(conn, &ctx, &stranger, later).unwrap();
        for (rule, who) in [
            (json!({ "by": "starter" }), "stranger"),
            (json!({ "by": "starter_lead" }), "li"),
            (json!({ "by": "department_lead" }), "wang"),
            (json!({ "by": "department_lead", "level": 1 }), "zhao"),
            (json!({ "by": "department_lead", "level": 2 }), ""),
            (json!({ "by": "department_lead", "id": 1 }), "zhao"),
            (json!({ "by": "department", "id": 2 }), "stranger"),
            (json!({ "by": "department", "id": 1, "with_below": true }), "stranger"),
            (json!({ "by": "group", "key": "handlers" }), "li/wang/zhao"),
            (json!({ "by": "field", "key": "title" }), "wang"),
            (
                json!({ "by": "table", "rows": [{ "when": false, "assign": { "by": "starter" } }],
                "otherwise": { "by": "starter_lead" } }),
                "li",
            ),
            (json!({ "by": "role", "key": "boss" }), ""),
        ] {
            let setup = setup_with(json!([work("a", &[], json!({ "assign": rule }))]));
            let ticket = raise_in(conn, &ctx, &setup, ("stranger", "wang")).unwrap();
            let work: Vec<_> = at_work(&ticket).iter().map(|one| one.replace("a ", "")).collect();
            assert_eq!(work.join(" "), who, "{rule}");
        }
    });
}
