//! Who of the people able to work is preferred.

use super::{Facts, Narrow, Person, Record};

pub(super) fn narrow<'f>(
    narrows: &[Narrow],
    mut able: Vec<&'f Person>,
    facts: &Facts,
    record: &mut Record,
) -> Vec<&'f Person> {
    for narrow in narrows {
        let Some((what, must, fits)) = test(narrow, facts) else { continue };
        let (kept, dropped): (Vec<&Person>, Vec<&Person>) =
            able.iter().partition(|person| fits(person));
        if dropped.is_empty() {
            continue;
        }
        if kept.is_empty() && !must {
            record.say(format!("没有人{what}，不按此筛选"));
            continue;
        }
        let dropped: Vec<_> = dropped.iter().map(|person| person.userid.as_str()).collect();
        let names = facts.names(&dropped);
        record.drop_out(format!("只留{what}的人，未留下：{names}"));
        able = kept;
    }
    able
}

type Fits<'a> = Box<dyn Fn(&Person) -> bool + 'a>;

/// What is asked, whether it must be, and how it is seen; nothing where the ticket does not ask.
fn test<'a>(narrow: &'a Narrow, facts: &'a Facts) -> Option<(String, bool, Fits<'a>)> {
    let ticket = &facts.ticket;
    match narrow {
        Narrow::Region { must } => {
            let region = ticket.region.as_deref().filter(|region| !region.is_empty())?;
            Some((format!("服务「{region}」"), *must, Box::new(move |one| one.covers(region))))
        }
        Narrow::Vip { must } => {
            ticket.is_vip.then(|| ("服务重要客户".to_owned(), *must, fits(|one| one.serves_vip)))
        }
        Narrow::Skill { must } => (!ticket.skills.is_empty()).then(|| {
            let what = format!("具备技能「{}」", ticket.skills.join("、"));
            let has_all = fits(|one| ticket.skills.iter().all(|skill| one.skills.contains(skill)));
            (what, *must, has_all)
        }),
        Narrow::Duty { roster, must } => {
            let on_duty = facts.on_duty.get(roster).map(Vec::as_slice).unwrap_or_default();
            let what = format!("在值班表 {roster} 当班");
            Some((what, *must, fits(move |one| on_duty.contains(&one.userid))))
        }
    }
}

fn fits<'a>(test: impl Fn(&Person) -> bool + 'a) -> Fits<'a> {
    Box::new(test)
}
