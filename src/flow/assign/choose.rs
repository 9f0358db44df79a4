//! How somebody is chosen from those who are left.

use std::{
    cmp::{Ordering, Reverse},
    rc::Rc,
};

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
    able: &[Rc<Person>],
    facts: &Facts<'_>,
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
        Strategy::Nearest { field, fresh_minutes } => {
            nearest(able, facts, (field, *fresh_minutes), record)
        }
        Strategy::SkillMatch { fields } => skill_match(able, facts, fields, record),
    }
}

/// The next userid after the last one, in the order of userids, so that people may come and go.
fn round_robin(
    able: &[Rc<Person>],
    facts: &Facts<'_>,
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

fn least_loaded(able: &[Rc<Person>], facts: &Facts<'_>, record: &mut Record) -> Choice {
    let ranked: Vec<_> = able.iter().map(|person| (person.open_tasks, &**person)).collect();
    let loads = listed(&ranked, facts, |tasks| format!("{tasks} 件待办"));
    record.say(format!("方式：最空闲优先。{loads}"));
    best(&ranked, facts, Ord::cmp, record)
}

fn nearest(
    able: &[Rc<Person>],
    facts: &Facts<'_>,
    (field, fresh_minutes): (&str, u32),
    record: &mut Record,
) -> Choice {
    let Some(goal) = facts.directory.place(field) else {
        record.say("方式：就近，但工单没有位置，改按最空闲优先");
        return least_loaded(able, facts, record);
    };
    let limit = i64::from(fresh_minutes) * MINUTE;
    let mut ranked = Vec::new();
    for person in able {
        let name = facts.name(&person.userid);
        match person.position.map(|position| (position, facts.age(position.at))) {
            Some((position, age)) if age <= limit => {
                ranked.push((metres_between(position.point, goal), &**person));
            }
            Some((_, age)) => {
                let minutes = age / MINUTE;
                record.say_of_one(format!(
                    "{name}的位置是 {minutes} 分钟前的，超过 {fresh_minutes} 分钟，不参与就近"
                ));
            }
            None => record.say_of_one(format!("{name}没有位置，不参与就近")),
        }
    }
    if ranked.is_empty() {
        record.say("方式：就近，但没有人的位置是新的，改按最空闲优先");
        return least_loaded(able, facts, record);
    }
    let distances = listed(&ranked, facts, |metres| format!("{metres:.0} 米"));
    record.say(format!("方式：就近。{distances}"));
    best(&ranked, facts, f64::total_cmp, record)
}

fn skill_match(
    able: &[Rc<Person>],
    facts: &Facts<'_>,
    fields: &[String],
    record: &mut Record,
) -> Choice {
    let needed = facts.needed(fields);
    if needed.is_empty() {
        record.say("方式：技能匹配，但工单没有技能要求，改按最空闲优先");
        return least_loaded(able, facts, record);
    }
    let matches =
        |person: &Person| needed.iter().filter(|skill| person.skills.contains(skill)).count();
    let ranked: Vec<_> = able.iter().map(|person| (Reverse(matches(person)), &**person)).collect();
    let skills = needed.join("、");
    if ranked.iter().all(|(Reverse(count), _)| *count == 0) {
        record.say(format!("方式：技能匹配，但没有人具备「{skills}」中的任何一项，改按最空闲优先"));
        return least_loaded(able, facts, record);
    }
    let counts = listed(&ranked, facts, |Reverse(count)| format!("{count} 项"));
    record.say(format!("方式：技能匹配「{skills}」。{counts}"));
    best(&ranked, facts, Ord::cmp, record)
}

/// The first by an order, and where that leaves several, by the fixed tie rule.
fn best<K>(
    ranked: &[(K, &Person)],
    facts: &Facts<'_>,
    order: impl Fn(&K, &K) -> Ordering,
    record: &mut Record,
) -> Choice {
    let first = ranked.iter().min_by(|a, b| order(&a.0, &b.0).then_with(|| tie(a.1, b.1)));
    let Some((key, first)) = first else { return Choice::default() };
    let equal = ranked.iter().filter(|one| order(&one.0, key) == Ordering::Equal);
    let equal: Vec<_> = equal.map(|(_, person)| person.userid.clone()).collect();
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

fn listed<K>(ranked: &[(K, &Person)], facts: &Facts<'_>, figure: impl Fn(&K) -> String) -> String {
    let some = ranked.iter().take(LISTED_MAX);
    let some = some.map(|(key, person)| format!("{} {}", facts.name(&person.userid), figure(key)));
    let some = some.collect::<Vec<_>>().join("，");
    if ranked.len() > LISTED_MAX { format!("{some}，等 {} 人", ranked.len()) } else { some }
}
