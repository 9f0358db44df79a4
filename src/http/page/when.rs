//! When something will be, as one would say it.

use catalog::Published;
use kernel::{Timestamp, time};
use ticket::{Status, Ticket};

use super::story;

/// By when the customer can expect the step that is at work to be done.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Promise {
    /// Nothing is promised.
    None,
    /// Until then; the step's public name.
    By(Timestamp, Option<String>),
    /// That time has passed.
    Late,
}

/// What is promised now: the earliest deadline of the steps that the customer knows of.
pub(super) fn promise(ticket: &Ticket, template: &Published, now: Timestamp) -> Promise {
    // While he is asked something, the clock stands still.
    let waits = |step: &str| ticket.flow.run(step).is_some_and(|run| run.asked.is_some());
    let is_his = |step: &str| story::knows(template, step) && !waits(step);
    let open = ticket.open_tasks().filter(|task| is_his(&task.step));
    let deadline = open.filter_map(|task| Some((task.due_at?, task.step.as_str()))).min();
    match deadline.filter(|_any| ticket.status == Status::Open) {
        None => Promise::None,
        Some((due, _step)) if due <= now => Promise::Late,
        Some((due, step)) => {
            let name = template.flow.step(step).and_then(|step| step.public_name.clone());
            Promise::By(due, name)
        }
    }
}

/// `今天 18:00`, `明天 09:30`, `11月26日 10:00`.
pub(super) fn said(at: Timestamp, now: Timestamp, zone_minutes: i64) -> String {
    let local = at.local(zone_minutes);
    let (date, clock) = local.split_once(' ').unwrap_or((&local, ""));
    let day = |at: Timestamp| at.plus(zone_minutes * time::MINUTE).0.div_euclid(time::DAY);
    let named = match day(at) - day(now) {
        0 => "今天".to_owned(),
        1 => "明天".to_owned(),
        2 => "后天".to_owned(),
        _ => {
            let mut parts = date.split('-').skip(1).map(|part| part.trim_start_matches('0'));
            let (month, day) = (parts.next().unwrap_or_default(), parts.next().unwrap_or_default());
            format!("{month}月{day}日")
        }
    };
    format!("{named} {clock}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_said_by_the_day_that_the_customer_is_in() {
        // Monday 2026-11-23 09:00 in Shanghai.
        let now = Timestamp::from_seconds(1_795_395_600);
        let says = |hours: i64| said(now.plus(hours * time::HOUR), now, 480);
        assert_eq!(says(9), "今天 18:00");
        assert_eq!(says(15), "明天 00:00");
        assert_eq!(says(48), "后天 09:00");
        assert_eq!(says(24 * 8), "12月1日 09:00");
    }
}
