//! What a flow says about the form of its template.

use serde_json::Value;

use crate::definition::{Assign, Flow, IfNobody, Kind, Lane, Overdue, Step};

/// What a flow says about a form: whoever knows the form checks it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Mentions<'f> {
    /// Every rule, with its step's key.
    pub rules: Vec<(&'f str, &'f Value)>,
    /// Every field, with its step's key.
    pub fields: Vec<(&'f str, &'f str)>,
    /// Every duty roster, with its step's key.
    pub rosters: Vec<(&'f str, &'f str)>,
    /// Every group, with its step's key.
    pub groups: Vec<(&'f str, &'f str)>,
}

impl Flow {
    /// Every rule and every field of the form that it mentions.
    pub fn mentions(&self) -> Mentions<'_> {
        let mut all = Mentions::default();
        for step in self.all() {
            mention(step, &mut all);
        }
        all
    }
}

fn mention<'f>(step: &'f Step, all: &mut Mentions<'f>) {
    let key = step.key.as_str();
    all.rules.extend(step.when.as_ref().map(|rule| (key, rule)));
    match &step.kind {
        Kind::Task(work) | Kind::Approval(work) => {
            all.rules.extend(work.exit.as_ref().map(|rule| (key, rule)));
            all.fields.extend(work.fields.keys().map(|field| (key, field.as_str())));
            mention_assign(key, &work.assign, all);
            all.fields.extend(work.pick.fields().map(|field| (key, field)));
            all.rosters.extend(work.pick.rosters().map(|roster| (key, roster)));
            if let Some(IfNobody::Assign { to }) = &work.if_nobody {
                mention_assign(key, to, all);
            }
            if let Some(limit) = &work.limit {
                limit.escalate.iter().for_each(|rung| mention_assign(key, &rung.to, all));
                if let Some(Overdue::Transfer { to }) = &limit.overdue {
                    mention_assign(key, to, all);
                }
            }
        }
        Kind::Cc(cc) => mention_assign(key, &cc.to, all),
        Kind::Notify(message) => mention_assign(key, &message.to, all),
        Kind::Branch(branch) => mention_lanes(key, &branch.cases, all),
        Kind::Parallel(parallel) => mention_lanes(key, &parallel.lanes, all),
        Kind::Wait(_) | Kind::Action(_) | Kind::Subtickets(_) => {}
    }
}

fn mention_lanes<'f>(key: &'f str, lanes: &'f [Lane], all: &mut Mentions<'f>) {
    all.rules.extend(lanes.iter().filter_map(|lane| Some((key, lane.when.as_ref()?))));
}

fn mention_assign<'f>(key: &'f str, rule: &'f Assign, all: &mut Mentions<'f>) {
    match rule {
        Assign::Field { key: field } => all.fields.push((key, field)),
        Assign::Duty { roster } => all.rosters.push((key, roster)),
        Assign::Group { key: group } => all.groups.push((key, group)),
        Assign::Table { rows, otherwise } => {
            for row in rows {
                all.rules.push((key, &row.when));
                mention_assign(key, &row.assign, all);
            }
            mention_assign(key, otherwise, all);
        }
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{from_value, json};

    use super::*;

    #[test]
    fn a_flow_mentions_what_its_steps_narrow_by_and_whom_they_name() {
        let step = json!({ "key": "fix", "name": "维修",
            "assign": { "by": "group", "key": "repair" },
            "pick": { "strategy": "all", "narrow": [
                { "keep": "duty", "roster": "nights" },
                { "keep": "region", "field": "city" },
                { "keep": "skill", "fields": ["trade", "device"] },
            ] },
            "if_nobody": { "do": "assign", "to": { "by": "duty", "roster": "days" } } });
        let flow: Flow = from_value(json!({ "steps": [step] })).unwrap();
        let Mentions { rules, fields, rosters, groups } = flow.mentions();
        assert_eq!(rosters, [("fix", "nights"), ("fix", "days")]);
        assert_eq!(fields, [("fix", "city"), ("fix", "trade"), ("fix", "device")]);
        assert_eq!((groups, rules), (vec![("fix", "repair")], Vec::new()));
    }
}
