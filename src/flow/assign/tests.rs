use std::collections::{BTreeMap, BTreeSet};

use kernel::{
    Timestamp,
    time::{HOUR, MINUTE},
};
use proptest::prelude::*;
use serde_json::{Value, json};

use super::{
    Decision, Department, Directory, Facts, Leave, MapRow, Outcome, Person, Plan, Point, Position,
    Standing, System, Ticket, metres_between,
};
use crate::Assign;

/// A company in memory, and what was answered.
#[derive(Clone, Debug, Default)]
struct Book {
    people: BTreeMap<String, Person>,
    departments: BTreeMap<i64, Department>,
    groups: BTreeMap<String, Vec<String>>,
    on_duty: BTreeMap<String, Vec<String>>,
    answers: BTreeMap<String, Vec<String>>,
    customer_owner: Option<String>,
    place: Option<Point>,
    is_vip: bool,
    ticket: Ticket,
}

impl Book {
    fn facts(&self) -> Facts<'_> {
        Facts::new(NOW, 480, self.ticket.clone(), self)
    }

    fn answers(&mut self, field: &str, words: &[&str]) {
        self.answers.insert(field.to_owned(), words.iter().map(|one| (*one).to_owned()).collect());
    }
}

fn listed(map: &BTreeMap<String, Vec<String>>, key: &str) -> Vec<String> {
    map.get(key).cloned().unwrap_or_default()
}

impl Directory for Book {
    fn people(&self, userids: &[String], with_figures: bool) -> Vec<Person> {
        let found = userids.iter().filter_map(|userid| self.people.get(userid)).cloned();
        let plain = |one: Person| match with_figures {
            true => one,
            false => Person { open_tasks: 0, last_assigned_at: None, position: None, ..one },
        };
        found.map(plain).collect()
    }

    fn current(&self, userids: Vec<String>) -> Vec<String> {
        userids.into_iter().map(|userid| userid.to_lowercase()).collect()
    }

    fn department(&self, id: i64) -> Option<Department> {
        self.departments.get(&id).cloned()
    }

    fn members(&self, department: i64, with_below: bool) -> Vec<String> {
        let is_below = |own: i64| {
            let mut own = Some(own);
            while let Some(id) = own.filter(|id| *id != department) {
                own = self.departments[&id].parent;
            }
            own.is_some()
        };
        let is_in = |own: &i64| *own == department || with_below && is_below(*own);
        let people = self.people.values().filter(|person| person.departments.iter().any(is_in));
        people.map(|person| person.userid.clone()).collect()
    }

    fn role(&self, key: &str) -> Vec<String> {
        let has = |person: &&Person| person.roles.iter().any(|role| role == key);
        self.people.values().filter(has).map(|person| person.userid.clone()).collect()
    }

    fn group(&self, key: &str) -> Vec<String> {
        listed(&self.groups, key)
    }

    fn on_duty(&self, roster: &str) -> Vec<String> {
        listed(&self.on_duty, roster)
    }

    fn answer(&self, field: &str) -> Vec<String> {
        listed(&self.answers, field)
    }

    fn place(&self, _field: &str) -> Option<Point> {
        self.place
    }

    fn customer_owner(&self) -> Option<String> {
        self.customer_owner.clone()
    }

    fn is_vip(&self) -> bool {
        self.is_vip
    }
}

const NOW: Timestamp = Timestamp(1_790_000_000_000_000);

fn never(_: &Value) -> Result<bool, String> {
    Ok(false)
}

fn plan(text: Value) -> Plan {
    let plan: Plan = serde_json::from_value(text).unwrap();
    assert_eq!(plan.problems("assign"), []);
    plan
}

/// Four engineers of one group: 李雷 busy, 韩梅 idle, 王强 on leave, 赵敏 gone.
fn facts() -> Book {
    let people = [("li", "李雷", 5), ("han", "韩梅", 1), ("wang", "王强", 0), ("zhao", "赵敏", 0)];
    let people = people.map(|(userid, name, open_tasks)| {
        (
            userid.to_owned(),
            Person { open_tasks, departments: vec![3], ..Person::new(userid, name) },
        )
    });
    let mut facts = Book {
        people: people.into(),
        groups: [("repair".to_owned(), ["li", "han", "wang", "zhao"].map(str::to_owned).into())]
            .into(),
        ..Book::default()
    };
    person(&mut facts, "wang").leave =
        Some(Leave { until: Some(NOW.plus(24 * HOUR)), backup: Some("li".into()) });
    person(&mut facts, "zhao").standing = Standing::Left;
    facts
}

fn person<'f>(facts: &'f mut Book, userid: &str) -> &'f mut Person {
    facts.people.get_mut(userid).unwrap()
}

fn of_group(strategy: Value) -> Plan {
    plan(json!({"rule": {"by": "group", "key": "repair"}, "pick": {"strategy": strategy}}))
}

/// A strategy by its bare name.
fn named(name: &str) -> Value {
    match name {
        "nearest" => json!({"nearest": {"field": "place"}}),
        "skill_match" => json!({"skill_match": {"fields": ["skills"]}}),
        plain => json!(plain),
    }
}

fn decide(plan: &Plan, facts: &Book) -> Decision {
    assign(plan, facts, None, &never)
}

fn assign(
    plan: &Plan,
    facts: &Book,
    cursor: Option<&str>,
    holds: &dyn Fn(&Value) -> Result<bool, String>,
) -> Decision {
    super::assign((&plan.rule, &plan.pick), &facts.facts(), cursor, holds)
}

fn responsibility_map(rule: &Assign, facts: &Book) -> Vec<MapRow> {
    super::responsibility_map(rule, &facts.facts())
}

#[test]
fn the_record_tells_who_was_considered_who_dropped_out_and_how_the_choice_was_made() {
    let decision = decide(&of_group(json!("least_loaded")), &facts());
    assert_eq!(decision.people(), ["han"]);
    assert_eq!(decision.available, ["li", "han"]);
    assert_eq!(
        decision.lines,
        [
            "规则「处理组 repair」找到 4 人：李雷（li）、韩梅（han）、王强（wang）、赵敏（zhao）",
            "王强（wang）请假至 2026-09-22 22:13，由备选处理人 李雷（li） 接替",
            "赵敏（zhao）已离职，不参与",
            "方式：最空闲优先。李雷（li） 5 件待办，韩梅（han） 1 件待办",
            "结果：派给 韩梅（han）",
        ]
    );
    let text = serde_json::to_value(&decision).unwrap();
    assert_eq!(text["outcome"], "chosen");
    assert_eq!(serde_json::from_value::<Decision>(text).unwrap(), decision);
}

#[test]
fn all_get_it_and_a_pool_waits_for_a_claim() {
    let facts = facts();
    let all = decide(&of_group(json!("all")), &facts);
    assert_eq!(
        all.outcome,
        Outcome::Chosen { people: vec!["li".into(), "han".into()], is_pool: false }
    );
    let pool = decide(&of_group(json!("claim_pool")), &facts);
    assert_eq!(
        pool.outcome,
        Outcome::Chosen { people: vec!["li".into(), "han".into()], is_pool: true }
    );
}

#[test]
fn when_nobody_is_left_the_reasons_say_why() {
    let mut facts = facts();
    person(&mut facts, "wang").leave = Some(Leave { until: None, backup: Some("han".into()) });
    person(&mut facts, "han").leave = Some(Leave { until: None, backup: Some("wang".into()) });
    person(&mut facts, "li").standing = Standing::Disabled;
    let decision = decide(&of_group(json!("round_robin")), &facts);
    let Outcome::Nobody { reasons } = &decision.outcome else { panic!("{decision:?}") };
    assert_eq!(
        reasons,
        &[
            "李雷（li）已被禁用，不参与",
            "王强（wang）请假，备选处理人又轮到 韩梅（han），无人接替",
            "韩梅（han）请假，备选处理人又轮到 王强（wang），无人接替",
            "赵敏（zhao）已离职，不参与",
        ]
    );
    assert!(decision.people().is_empty() && decision.cursor.is_none());
    let empty = plan(json!({"rule": {"by": "customer_owner"}, "pick": {"strategy": "all"}}));
    let Outcome::Nobody { reasons } = decide(&empty, &facts).outcome else { panic!() };
    assert_eq!(reasons, ["规则「客户的负责人」没有找到任何人"]);
}

#[test]
fn a_crowd_fills_no_record() {
    let mut facts = Book::default();
    for number in 0..3_000 {
        let userid = format!("u{number:04}");
        let leave = (number % 2 == 0).then(Leave::default);
        facts.people.insert(userid.clone(), Person { leave, ..Person::new(&userid, "") });
        facts.groups.entry("repair".into()).or_default().push(userid);
    }
    facts.place = Some(Point { lat: 31.2, lng: 121.4, system: System::Gcj02 });
    let decision = decide(&of_group(named("nearest")), &facts);
    assert_eq!(decision.people(), ["u0001"]);
    assert_eq!(decision.available.len(), 1_500);
    assert_eq!(decision.lines[1], "u0000请假，没有设置备选处理人");
    assert_eq!(decision.lines[101], "方式：就近，但没有人的位置是新的，改按最空闲优先");
    let end = ["（关于其他人的 2900 行从略）", "结果：派给 u0001"];
    assert_eq!(decision.lines[104..], end);
    assert!(decision.lines.iter().all(|line| line.chars().count() < 400));
}

#[test]
fn a_backup_of_a_backup_takes_over_and_one_without_ends_the_chain() {
    let mut facts = facts();
    person(&mut facts, "li").leave = Some(Leave { until: None, backup: Some("han".into()) });
    let wang =
        plan(json!({"rule": {"by": "people", "userids": ["wang"]}, "pick": {"strategy": "all"}}));
    assert_eq!(decide(&wang, &facts).people(), ["han"]);
    person(&mut facts, "li").leave = Some(Leave::default());
    let Outcome::Nobody { reasons } = decide(&wang, &facts).outcome else { panic!() };
    assert_eq!(reasons, ["李雷（li）请假，没有设置备选处理人"]);
    person(&mut facts, "li").leave = Some(Leave { until: None, backup: Some("ghost".into()) });
    let Outcome::Nobody { reasons } = decide(&wang, &facts).outcome else { panic!() };
    assert_eq!(reasons, ["ghost不在通讯录可见范围内，不参与"]);
}

#[test]
fn every_rule_finds_its_people() {
    let mut facts = facts();
    facts.departments = [
        (1, Department { name: "总部".into(), parent: None, leads: vec!["boss".into()] }),
        (2, Department { name: "华东".into(), parent: Some(1), leads: vec![] }),
        (3, Department { name: "上海".into(), parent: Some(2), leads: vec!["li".into()] }),
    ]
    .into();
    facts.people.insert("boss".into(), Person::new("boss", "老板"));
    person(&mut facts, "boss").departments = vec![1];
    person(&mut facts, "han").roles = vec!["quality".into()];
    facts.on_duty.insert("night".into(), vec!["han".into()]);
    facts.ticket = Ticket {
        starter: Some("li".into()),
        handlers: vec!["han".into(), "li".into()],
        chosen: vec!["li".into()],
    };
    facts.answers("inspector", &["han", "han"]);
    facts.customer_owner = Some("boss".into());
    let cases: [(Value, &[&str]); 16] = [
        (json!({"by": "people", "userids": ["li", "han", "li"]}), &["li", "han"]),
        (json!({"by": "role", "key": "quality"}), &["han"]),
        (json!({"by": "department", "id": 1}), &["boss"]),
        (json!({"by": "department", "id": 2, "with_below": true}), &["han", "li"]),
        (json!({"by": "department_lead", "id": 3}), &["li"]),
        (json!({"by": "department_lead", "id": 3, "level": 1}), &["boss"]),
        (json!({"by": "department_lead"}), &["li"]),
        (json!({"by": "department_lead", "id": 3, "level": 2}), &[]),
        (json!({"by": "starter"}), &["li"]),
        (json!({"by": "starter_lead"}), &["boss"]),
        (json!({"by": "starter_lead", "level": 1}), &[]),
        (json!({"by": "supervisor"}), &["li", "boss"]),
        (json!({"by": "chosen"}), &["li"]),
        (json!({"by": "field", "key": "inspector"}), &["han"]),
        (json!({"by": "customer_owner"}), &["boss"]),
        (json!({"by": "duty", "roster": "night"}), &["han"]),
    ];
    for (rule, expected) in cases {
        let plan = plan(json!({"rule": rule, "pick": {"strategy": "all"}}));
        assert_eq!(decide(&plan, &facts).people(), expected, "{rule}");
        let text = serde_json::to_value(&plan.rule).unwrap();
        assert_eq!(serde_json::from_value::<Assign>(text).unwrap(), plan.rule);
    }
}

#[test]
fn the_chain_of_leads_follows_direct_leaders_first_and_never_turns_back() {
    let mut facts = facts();
    person(&mut facts, "han").leaders = vec!["li".into()];
    person(&mut facts, "li").leaders = vec!["wang".into()];
    person(&mut facts, "wang").leaders = vec!["han".into()];
    person(&mut facts, "wang").leave = None;
    facts.ticket.starter = Some("han".into());
    for (level, expected) in [(0, &["li"][..]), (1, &["wang"]), (2, &[]), (19, &[])] {
        let rule = json!({"by": "starter_lead", "level": level});
        let plan = plan(json!({"rule": rule, "pick": {"strategy": "all"}}));
        assert_eq!(decide(&plan, &facts).people(), expected, "level {level}");
    }
}

#[test]
fn the_first_row_that_matches_wins_and_the_miss_path_is_told() {
    let table = plan(json!({
        "rule": {
            "by": "table",
            "rows": [
                {"name": "华东", "when": {"region": "east"}, "assign": {"by": "people", "userids": ["li"]}},
                {"when": {"region": "any"}, "assign": {"by": "people", "userids": ["han"]}},
                {"when": {"broken": 1}, "assign": {"by": "starter"}},
            ],
            "otherwise": {"by": "group", "key": "repair"},
        },
        "pick": {"strategy": "all"},
    }));
    let facts = facts();
    let with = |regions: &'static [&str]| {
        let holds = move |when: &Value| match when.get("region").and_then(Value::as_str) {
            Some(region) => Ok(regions.contains(&region)),
            None => Err("未知的条件".to_owned()),
        };
        assign(&table, &facts, None, &holds)
    };
    assert_eq!(with(&["any", "east"]).people(), ["li"]);
    assert_eq!(with(&["any"]).lines[0], "规则表：第 2 行的条件符合");
    let missed = with(&[]);
    assert_eq!(missed.people(), ["li", "han"]);
    assert_eq!(
        missed.lines[..2],
        [
            "规则表：第 3 行的条件无法判断，跳过：未知的条件",
            "规则表：3 行条件都不符合，按「其余情况」"
        ]
    );
    let map = responsibility_map(&table.rule, &facts);
    let rows: Vec<_> = map.iter().map(|row| (row.path[0].as_str(), row.people.len())).collect();
    assert_eq!(rows, [("华东", 1), ("", 1), ("", 0), ("其余情况", 4)]);
    assert_eq!(map[0].when, [json!({"region": "east"})]);
}

#[test]
fn region_importance_skill_and_duty_narrow_and_give_way_unless_they_must_not() {
    let mut facts = facts();
    person(&mut facts, "li").regions = vec!["华东/上海".into()];
    person(&mut facts, "han").skills = vec!["空调".into()];
    facts.answers("region", &["华东", "上海", "浦东"]);
    let narrowed = |narrow: Value| {
        plan(json!({
            "rule": {"by": "group", "key": "repair"}, "pick": {"narrow": [narrow], "strategy": "all"},
        }))
    };
    let region = narrowed(json!({"keep": "region", "field": "region"}));
    assert_eq!(decide(&region, &facts).people(), ["li"]);
    facts.answers("region", &["华东", "上海滩"]);
    assert_eq!(decide(&region, &facts).people(), ["li", "han"], "no part of that region");
    let must =
        decide(&narrowed(json!({"keep": "region", "field": "region", "must": true})), &facts);
    let Outcome::Nobody { reasons } = must.outcome else { panic!() };
    assert!(
        reasons
            .contains(&"只留服务「华东/上海滩」的人，未留下：李雷（li）、韩梅（han）".to_owned())
    );
    facts.answers("skills", &["空调"]);
    assert_eq!(
        decide(&narrowed(json!({"keep": "skill", "fields": ["skills"]})), &facts).people(),
        ["han"]
    );
    facts.answers("skills", &["空调", "电路"]);
    let skill = decide(&narrowed(json!({"keep": "skill", "fields": ["skills"]})), &facts);
    assert_eq!(skill.people(), ["li", "han"], "nobody can do all of it");
    facts.answers("skills", &["空调"]);
    facts.on_duty.insert("day".into(), vec!["li".into()]);
    let duty = narrowed(json!({"keep": "duty", "roster": "day"}));
    assert_eq!(decide(&duty, &facts).people(), ["li"]);
    let vip = narrowed(json!({"keep": "vip", "must": true}));
    assert_eq!(decide(&vip, &facts).people(), ["li", "han"], "the customer is none");
    facts.is_vip = true;
    person(&mut facts, "han").serves_vip = true;
    assert_eq!(decide(&vip, &facts).people(), ["han"]);
}

#[test]
fn the_nearest_fresh_position_wins_whatever_system_it_is_told_in() {
    let mut facts = facts();
    let goal = Point { lat: 31.2304, lng: 121.4737, system: System::Gcj02 };
    facts.place = Some(goal);
    let position = |point, minutes: i64| Some(Position { point, at: NOW.plus(-minutes * MINUTE) });
    // The same place by satellite: some hundred metres off if taken for a map's coordinates.
    person(&mut facts, "li").position = position(goal.to(System::Wgs84), 14);
    person(&mut facts, "han").position = position(Point { lat: 31.2324, ..goal }, 1);
    let nearest = of_group(json!({"nearest": {"field": "place", "fresh_minutes": 15}}));
    let decision = decide(&nearest, &facts);
    assert_eq!(decision.people(), ["li"]);
    assert!(decision.lines.contains(&"方式：就近。李雷（li） 0 米，韩梅（han） 222 米".to_owned()));

    person(&mut facts, "li").position = position(goal, 16);
    let decision = decide(&nearest, &facts);
    assert_eq!(decision.people(), ["han"]);
    let stale = "李雷（li）的位置是 16 分钟前的，超过 15 分钟，不参与就近";
    assert!(decision.lines.iter().any(|line| line == stale));

    person(&mut facts, "han").position = None;
    person(&mut facts, "han").open_tasks = 9;
    let decision = decide(&nearest, &facts);
    assert_eq!(decision.people(), ["li"], "falls back to the least loaded");
    assert!(decision.lines.iter().any(|line| line.contains("没有人的位置是新的")));
    facts.place = None;
    assert_eq!(decide(&nearest, &facts).people(), ["li"]);
}

#[test]
fn skills_count_and_the_tie_rule_is_fixed() {
    let mut facts = facts();
    facts.answers("skills", &["空调", "电路"]);
    person(&mut facts, "li").skills = vec!["空调".into(), "电路".into(), "电梯".into()];
    person(&mut facts, "han").skills = vec!["空调".into()];
    let skill = of_group(named("skill_match"));
    assert_eq!(decide(&skill, &facts).people(), ["li"]);
    person(&mut facts, "han").skills.push("电路".into());
    let decision = decide(&skill, &facts);
    assert_eq!(decision.people(), ["han"], "as able, and less busy");
    assert!(decision.lines.iter().any(|line| line.starts_with("并列：李雷（li）、韩梅（han）")));
    person(&mut facts, "han").open_tasks = 5;
    person(&mut facts, "han").last_assigned_at = Some(NOW);
    assert_eq!(decide(&skill, &facts).people(), ["li"], "never given work before");
    person(&mut facts, "li").last_assigned_at = Some(NOW);
    assert_eq!(decide(&skill, &facts).people(), ["han"], "the lesser userid");
    facts.answers("skills", &["焊接"]);
    assert_eq!(decide(&skill, &facts).people(), ["han"], "nobody can: the least loaded");
}

#[test]
fn every_mistake_of_a_plan_has_its_place() {
    let plan: Plan = serde_json::from_value(json!({
        "rule": {"by": "table", "rows": [
            {"when": true, "assign": {"by": "people", "userids": []}},
            {"when": true, "assign": {"by": "starter_lead", "level": 20}},
            {"when": true, "assign": {"by": "table", "rows": [], "otherwise": {"by": "group", "key": ""}}},
        ], "otherwise": {"by": "field", "key": ""}},
        "pick": {
            "narrow": [{"keep": "duty", "roster": " "}],
            "strategy": {"nearest": {"field": "", "fresh_minutes": 0}},
        },
    }))
    .unwrap();
    let paths: Vec<_> = plan.problems("steps[0]").into_iter().map(|one| one.path).collect();
    assert_eq!(
        paths,
        [
            "steps[0].rule.rows[0].assign.userids",
            "steps[0].rule.rows[1].assign.level",
            "steps[0].rule.rows[2].assign.rows",
            "steps[0].rule.rows[2].assign.otherwise.key",
            "steps[0].rule.otherwise.key",
            "steps[0].pick.narrow[0].roster",
            "steps[0].pick.strategy.nearest.field",
            "steps[0].pick.strategy.nearest.fresh_minutes",
        ]
    );
    assert_eq!(plan.problems("steps[0]")[1].mend, "请填写 0（本级）到 19");
    let unknown = json!({"rule": {"by": "starter"}, "pick": {"strategy": "all"}, "colour": 1});
    assert!(serde_json::from_value::<Plan>(unknown).is_err());
}

#[test]
fn a_rule_table_has_at_most_five_hundred_rows() {
    let rows = |count| {
        let row = json!({"when": true, "assign": {"by": "starter"}});
        let rows = vec![row; count];
        let rule = json!({"by": "table", "rows": rows, "otherwise": {"by": "starter"}});
        serde_json::from_value::<Plan>(json!({"rule": rule})).unwrap().problems("a")
    };
    assert_eq!(rows(500), []);
    assert_eq!(rows(501)[0].path, "a.rule.rows");
}

#[test]
fn ten_figures_are_listed_and_more_are_counted() {
    let line = |count: u32| {
        let mut facts = Book::default();
        for number in 0..count {
            let userid = format!("u{number:02}");
            facts.people.insert(userid.clone(), Person::new(&userid, ""));
            facts.groups.entry("repair".into()).or_default().push(userid);
        }
        decide(&of_group(json!("least_loaded")), &facts).lines[1].clone()
    };
    assert!(line(10).ends_with("u09 0 件待办"));
    assert!(line(11).ends_with("u09 0 件待办，等 11 人"));
}

/// A company of people named a, b, c… with anything the engine looks at.
fn companies() -> impl Strategy<Value = Book> {
    let standing = prop_oneof![
        6 => Just(Standing::Active),
        1 => Just(Standing::Left),
        1 => Just(Standing::Disabled),
        1 => Just(Standing::Inactive),
    ];
    let leave = prop::option::weighted(0.4, prop::option::weighted(0.8, 0..8usize));
    let position = prop::option::of((31.0..31.5, 121.0..121.5, -5..40i64));
    let skills = prop::collection::vec(prop::sample::select(vec!["空调", "电路", "电梯"]), 0..3);
    let one = (standing, leave, position, skills, 0..4u32, prop::option::of(0..3i64));
    let people = prop::collection::vec(one, 1..8);
    people.prop_map(|people| {
        let userid = |index: usize| char::from(b'a' + u8::try_from(index).unwrap()).to_string();
        let mut facts = Book::default();
        facts.answers("skills", &["空调", "电路"]);
        facts.place = Some(Point { lat: 31.2, lng: 121.4, system: System::Gcj02 });
        for (index, (standing, leave, position, skills, open_tasks, last)) in
            people.into_iter().enumerate()
        {
            facts.groups.entry("repair".into()).or_default().push(userid(index));
            let position = position.map(|(lat, lng, minutes)| Position {
                point: Point { lat, lng, system: System::Wgs84 },
                at: NOW.plus(-minutes * MINUTE),
            });
            let person = Person {
                standing,
                leave: leave.map(|backup| Leave { until: None, backup: backup.map(userid) }),
                position,
                skills: skills.into_iter().map(str::to_owned).collect(),
                open_tasks,
                last_assigned_at: last.map(Timestamp),
                ..Person::new(&userid(index), "")
            };
            facts.people.insert(userid(index), person);
        }
        facts
    })
}

/// Who can work of a group, told without the engine: everybody's chain of backups, at most as long
/// as there are people, leads to him.
fn able(facts: &Book) -> BTreeSet<String> {
    let ends = facts.groups["repair"].iter().filter_map(|userid| {
        let mut userid = userid;
        for _ in 0..=facts.people.len() {
            let person = facts.people.get(userid)?;
            match &person.leave {
                _ if person.standing != Standing::Active => return None,
                None => return Some(person.userid.clone()),
                Some(leave) => userid = leave.backup.as_ref()?,
            }
        }
        None
    });
    ends.collect()
}

proptest! {
    #[test]
    fn the_chosen_are_able_and_somebody_is_chosen_whenever_somebody_is(
        facts in companies(),
        pick in prop::sample::select(
            vec!["all", "claim_pool", "round_robin", "least_loaded", "nearest", "skill_match"]),
    ) {
        let plan = of_group(named(pick));
        let decision = decide(&plan, &facts);
        let able = able(&facts);
        let available: BTreeSet<_> = decision.available.iter().cloned().collect();
        prop_assert_eq!(&available, &able);
        prop_assert_eq!(available.len(), decision.available.len(), "each once");
        prop_assert!(decision.people().iter().all(|userid| able.contains(userid)));
        prop_assert_eq!(decision.people().is_empty(), able.is_empty());
        prop_assert!(matches!(pick, "all" | "claim_pool") || decision.people().len() <= 1);
        prop_assert_eq!(&decide(&plan, &facts), &decision, "the same facts, the same answer");
    }

    #[test]
    fn the_order_of_a_group_changes_no_choice_of_one(facts in companies()) {
        let mut turned = facts.clone();
        turned.groups.get_mut("repair").unwrap().reverse();
        for pick in ["round_robin", "least_loaded", "nearest", "skill_match"] {
            let plan = of_group(named(pick));
            let (one, other) = (decide(&plan, &facts), decide(&plan, &turned));
            prop_assert_eq!(one.people(), other.people());
        }
    }

    #[test]
    fn the_least_loaded_has_no_more_to_do_than_anybody(facts in companies()) {
        let decision = decide(&of_group(json!("least_loaded")), &facts);
        if let Some(chosen) = decision.people().first() {
            let fewest = decision.available.iter().map(|one| facts.people[one].open_tasks).min();
            prop_assert_eq!(Some(facts.people[chosen].open_tasks), fewest);
        }
    }

    #[test]
    fn nobody_with_a_fresh_position_is_nearer(facts in companies()) {
        let decision = decide(&of_group(named("nearest")), &facts);
        let goal = facts.place.unwrap();
        let metres = |userid: &String| {
            let position = facts.people[userid].position?;
            let is_fresh = NOW.since(position.at) <= 15 * MINUTE;
            is_fresh.then(|| metres_between(position.point, goal))
        };
        let nearest = decision.available.iter().filter_map(metres).min_by(f64::total_cmp);
        if let (Some(chosen), Some(nearest)) = (decision.people().first(), nearest) {
            prop_assert_eq!(metres(chosen), Some(nearest));
        }
    }

    #[test]
    fn round_robin_is_fair_over_many_runs(facts in companies(), rounds in 1..6usize) {
        let plan = of_group(json!("round_robin"));
        let able = able(&facts);
        let mut counts = BTreeMap::new();
        let mut cursor: Option<String> = None;
        for _ in 0..rounds * able.len() {
            let decision = assign(&plan, &facts, cursor.as_deref(), &never);
            prop_assert_eq!(decision.people(), decision.cursor.as_slice());
            cursor = decision.cursor;
            *counts.entry(cursor.clone().unwrap()).or_insert(0) += 1;
        }
        prop_assert!(counts.len() == able.len() && counts.values().all(|count| *count == rounds));
    }
}
