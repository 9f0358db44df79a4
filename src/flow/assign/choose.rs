//! How somebody is chosen from those who are left.

use std::cmp::{Ordering, Reverse};

use kernel::time::MINUTE;

use super::{Facts, Person, Record, Strategy, metres_between, once};

/// What was chosen.
#[derive(Debug, Default)]
pub(super) struct Choice {
    pub(super) people: Vec<String>,
    pub(super) is_pool: bool,
    pub(super) cursor: Option<String>,
}

impl Choice {
    fn one(person: &Person) -> Self {
        Self { people: vec![person.userid.clone()], ..Self::default() }
    }
}

pub(super) fn choose(
    strategy: &Strategy,
    able: &[&Person],
    facts: &Facts,
    cursor: Option<&str>,
    record: &mut Record,
) -> Choice {
    let everybody = || once(able.iter().map(|person| person.userid.as_str()));
    if able.is_empty() {
        return Choice::default();
    }
    match strategy {
        Strategy::All => Choice { people: everybody(), ..Choice::default() },
        Strategy::ClaimPool => Choice { people: everybody(), is_pool: true, cursor: None },
        Strategy::RoundRobin => round_robin(able, facts, cursor, record),
        Strategy::LeastLoaded => least_loaded(able, facts, record),
        Strategy::Nearest { fresh_minutes } => nearest(able, facts, *fresh_minutes, record),
        Strategy::SkillMatch => skill_match(able, facts, record),
    }
}

/// The next userid after the last one, in the order of userids, so that people may come and go.
fn round_robin(
    able: &[&Person],
    facts: &Facts,
    cursor: Option<&str>,
    record: &mut Record,
) -> Choice {
    let first = able.iter().min_by_key(|person| &person.userid);
    let after =
        able.iter().filter(|person| cursor.is_some_and(|last| person.userid.as_str() > last));
    let Some(next) = after.min_by_key(|person| &person.userid).or(first) else {
        return Choice::default();
    };
    record.say(match cursor {
        Some(last) => format!("方式：轮流，上一位是 {}", facts.name(last)),
        None => "方式：轮流，从头开始".to_owned(),
    });
    Choice { cursor: Some(next.userid.clone()), ..Choice::one(next) }
}

fn least_loaded(able: &[&Person], facts: &Facts, record: &mut Record) -> Choice {
    let loads = listed(able, facts, |person| format!("{} 件待办", person.open_tasks));
    record.say(format!("方式：最空闲优先。{loads}"));
    best(able, facts, |a, b| a.open_tasks.cmp(&b.open_tasks), record)
}

fn nearest(able: &[&Person], facts: &Facts, fresh_minutes: u32, record: &mut Record) -> Choice {
    let Some(goal) = facts.ticket.point else {
        record.say("方式：就近，但工单没有位置，改按最空闲优先");
        return least_loaded(able, facts, record);
    };
    let limit = i64::from(fresh_minutes) * MINUTE;
    let mut located = Vec::new();
    for person in able {
        let name = facts.name(&person.userid);
        match person.position.map(|position| (position, facts.age(position.at))) {
            Some((position, age)) if age <= limit => {
                located.push((*person, metres_between(position.point, goal)));
            }
            Some((_, age)) => {
                let minutes = age / MINUTE;
                record.say(format!(
                    "{name}的位置是 {minutes} 分钟前的，超过 {fresh_minutes} 分钟，不参与就近"
                ));
            }
            None => record.say(format!("{name}没有位置，不参与就近")),
        }
    }
    if located.is_empty() {
        record.say("方式：就近，但没有人的位置是新的，改按最空闲优先");
        return least_loaded(able, facts, record);
    }
    let near: Vec<&Person> = located.iter().map(|(person, _)| *person).collect();
    let metres = |person: &Person| {
        let found = located.iter().find(|(one, _)| one.userid == person.userid);
        found.map_or(f64::MAX, |(_, metres)| *metres)
    };
    let listing = listed(&near, facts, |person| format!("{:.0} 米", metres(person)));
    record.say(format!("方式：就近。{listing}"));
    best(&near, facts, |a, b| metres(a).total_cmp(&metres(b)), record)
}

fn skill_match(able: &[&Person], facts: &Facts, record: &mut Record) -> Choice {
    let needed = &facts.ticket.skills;
    let matches =
        |person: &Person| needed.iter().filter(|skill| person.skills.contains(skill)).count();
    if needed.is_empty() {
        record.say("方式：技能匹配，但工单没有技能要求，改按最空闲优先");
        return least_loaded(able, facts, record);
    }
    let skills = needed.join("、");
    if able.iter().all(|person| matches(person) == 0) {
        record.say(format!("方式：技能匹配，但没有人具备「{skills}」中的任何一项，改按最空闲优先"));
        return least_loaded(able, facts, record);
    }
    let listing = listed(able, facts, |person| format!("{} 项", matches(person)));
    record.say(format!("方式：技能匹配「{skills}」。{listing}"));
    best(able, facts, |a, b| Reverse(matches(a)).cmp(&Reverse(matches(b))), record)
}

/// The first by an order, and where that leaves several, by the fixed tie rule.
fn best(
    able: &[&Person],
    facts: &Facts,
    order: impl Fn(&Person, &Person) -> Ordering,
    record: &mut Record,
) -> Choice {
    let rule = |a: &Person, b: &Person| order(a, b).then_with(|| tie(a, b));
    let Some(first) = able.iter().min_by(|a, b| rule(a, b)) else { return Choice::default() };
    let equal = able.iter().filter(|one| order(one, first) == Ordering::Equal);
    let equal: Vec<_> = equal.map(|one| one.userid.as_str()).collect();
    if equal.len() > 1 {
        let names = facts.names(&equal);
        record.say(format!("并列：{names}。依次比较：待办少者、最久未派单者、账号在前者"));
    }
    Choice::one(first)
}

/// Who was never given work comes first.
fn tie(a: &Person, b: &Person) -> Ordering {
    let key = |person: &Person| (person.open_tasks, person.last_assigned_at);
    key(a).cmp(&key(b)).then_with(|| a.userid.cmp(&b.userid))
}

/// How many people a line of figures lists.
const LISTED_MAX: usize = 10;

fn listed(people: &[&Person], facts: &Facts, figure: impl Fn(&Person) -> String) -> String {
    let some = people.iter().take(LISTED_MAX);
    let some = some.map(|person| format!("{} {}", facts.name(&person.userid), figure(person)));
    let some = some.collect::<Vec<_>>().join("，");
    if people.len() > LISTED_MAX { format!("{some}，等 {} 人", people.len()) } else { some }
}
