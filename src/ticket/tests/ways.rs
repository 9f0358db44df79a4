//! One ticket each, from its beginning to where a verb leads it.

use super::*;
use crate::timeline;

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
        assert_eq!(wrong, "to:not_an_option");
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
        let boss = org::Profile { roles: vec!["boss".into()], ..org::Profile::default() };
        org::put_profile(conn, &ctx, "zhao", &boss).unwrap();
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
            (json!({ "by": "role", "key": "boss" }), "zhao"),
            (json!({ "by": "role", "key": "nobody" }), ""),
            (json!({ "by": "duty", "roster": "none" }), ""),
        ] {
            let setup = setup_with(json!([work("a", &[], json!({ "assign": rule }))]));
            let ticket = raise_in(conn, &ctx, &setup, ("stranger", "wang")).unwrap();
            let work: Vec<_> = at_work(&ticket).iter().map(|one| one.replace("a ", "")).collect();
            assert_eq!(work.join(" "), who, "{rule}");
        }
    });
}
