//! Who of the people able to work is preferred.

use std::rc::Rc;

use super::{Facts, Narrow, Person, Record};

pub(super) fn narrow(
    narrows: &[Narrow],
    mut able: Vec<Rc<Person>>,
    facts: &Facts<'_>,
    record: &mut Record,
) -> Vec<Rc<Person>> {
    for narrow in narrows {
        let Some((what, must, fits)) = test(narrow, facts) else { continue };
        let (kept, dropped): (Vec<_>, Vec<_>) =
            able.iter().cloned().partition(|person| fits(person));
        if dropped.is_empty() {
            continue;
        }
        if kept.is_empty() && !must {
            record.say(format!("没有人{what}，不按此筛选"));
            continue;
        }
        let dropped: Vec<_> = dropped.iter().map(|person| person.userid.clone()).collect();
        let names = facts.names(&dropped);
        record.drop_out(format!("只留{what}的人，未留下：{names}"));
        able = kept;
    }
    able
}

type Fits = Box<dyn Fn(&Person) -> bool>;

/// What is asked, whether it must be, and how it is seen; nothing where the ticket does not ask.
fn test(narrow: &Narrow, facts: &Facts<'_>) -> Option<(String, bool, Fits)> {
    match narrow {
        Narrow::Region { field, must } => {
            let region = facts.directory.answer(field).join("/");
            let what = format!("服务「{region}」");
            (!region.is_empty()).then(|| (what, *must, fits(move |one| one.covers(&region))))
        }
        Narrow::Vip { must } => facts
            .directory
            .is_vip()
            .then(|| ("服务重要客户".to_owned(), *must, fits(|one| one.serves_vip))),
        Narrow::Skill { fields, must } => {
            let needed = facts.needed(fields);
            let what = format!("具备技能「{}」", needed.join("、"));
            let has_all = move |one: &Person| needed.iter().all(|skill| one.skills.contains(skill));
            (!facts.needed(fields).is_empty()).then(|| (what, *must, fits(has_all)))
        }
        Narrow::Duty { roster, must } => {
            let on_duty = facts.directory.on_duty(roster);
            let what = format!("在值班表 {roster} 当班");
            Some((what, *must, fits(move |one| on_duty.contains(&one.userid))))
        }
    }
}

fn fits(test: impl Fn(&Person) -> bool + 'static) -> Fits {
    Box::new(test)
}
