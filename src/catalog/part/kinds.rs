//! The kinds of what templates share.

use std::{collections::BTreeMap, sync::Arc};

use flow::{
    Assign,
    assign::{Roster, Surge},
    calendar::{Calendar, Problem},
};
use form::Field;
use kernel::{Error, FieldError, Result};

use super::{Condition, Part, Parts};
use crate::{Use, weave};

/// Where parts of a kind are kept that need nothing but themselves.
macro_rules! kept_in {
    ($shelf:ident) => {
        fn all(parts: &Parts) -> BTreeMap<&str, &Self> {
            parts.$shelf.iter().map(|(key, one)| (key.as_str(), one)).collect()
        }

        fn put(self, parts: &mut Parts) -> Result<()> {
            parts.$shelf.insert(self.key.clone(), self);
            Ok(())
        }
    };
}

impl Part for Calendar {
    const KIND: &'static str = "calendar";
    const LABEL: &'static str = "日历";
    const UNKNOWN: &'static str = "unknown_calendar";

    fn key(&self) -> &str {
        &self.key
    }

    fn name(&self) -> &str {
        &self.name
    }

    fn faults(&self) -> Vec<FieldError> {
        self.problems().into_iter().map(told).collect()
    }

    fn all(parts: &Parts) -> BTreeMap<&str, &Self> {
        parts.calendars.iter().map(|(key, (one, _time))| (key.as_str(), one)).collect()
    }

    fn put(self, parts: &mut Parts) -> Result<()> {
        let compiled = self.compile().map_err(|problems| {
            Error::invalid(problems.into_iter().map(told).collect::<Vec<_>>())
        })?;
        parts.calendars.insert(self.key.clone(), (self, Arc::new(compiled)));
        Ok(())
    }
}

impl Part for Roster {
    const KIND: &'static str = "roster";
    const LABEL: &'static str = "值班表";
    const UNKNOWN: &'static str = "unknown_roster";

    fn key(&self) -> &str {
        &self.key
    }

    fn name(&self) -> &str {
        &self.name
    }

    fn faults(&self) -> Vec<FieldError> {
        self.problems().into_iter().map(told).collect()
    }

    fn people(&self) -> Vec<(String, String)> {
        let shifts = self.shifts.iter().enumerate();
        let shifts = shifts.map(|(at, one)| (format!("shifts[{at}]"), &one.people));
        let overrides = self.overrides.iter().enumerate();
        let overrides = overrides.map(|(at, one)| (format!("overrides[{at}]"), &one.people));
        shifts
            .chain(overrides)
            .flat_map(|(place, people)| named(&format!("{place}.people"), people))
            .collect()
    }

    fn tidied(mut self) -> Self {
        self.shifts.iter_mut().for_each(|one| tidy(&mut one.people));
        self.overrides.iter_mut().for_each(|one| tidy(&mut one.people));
        self
    }

    kept_in!(rosters);
}

impl Part for Surge {
    const KIND: &'static str = "surge";
    const LABEL: &'static str = "应急模式";
    const UNKNOWN: &'static str = "unknown_surge";

    fn key(&self) -> &str {
        &self.key
    }

    fn name(&self) -> &str {
        &self.name
    }

    fn faults(&self) -> Vec<FieldError> {
        let own = self.problems().into_iter().map(told);
        let faults = self.plans.iter();
        let faults =
            faults.flat_map(|(step, plan)| weave::rule_faults(plan, &format!("plans.{step}")));
        own.chain(faults).collect()
    }

    fn people(&self) -> Vec<(String, String)> {
        let plans = self.plans.iter();
        plans
            .flat_map(|(step, plan)| people_of(&format!("plans.{step}.rule"), &plan.rule))
            .collect()
    }

    fn tidied(mut self) -> Self {
        self.plans.values_mut().for_each(|plan| tidy_rule(&mut plan.rule));
        self
    }

    fn uses(&self) -> Vec<Use> {
        let plans = self.plans.iter();
        plans.flat_map(|(step, plan)| weave::uses_in(plan, &format!("plans.{step}"))).collect()
    }

    kept_in!(surges);
}

impl Part for Field {
    const KIND: &'static str = "field";
    const LABEL: &'static str = "公用字段";
    const UNKNOWN: &'static str = "unknown_library_field";

    fn key(&self) -> &str {
        &self.key
    }

    fn name(&self) -> &str {
        &self.label
    }

    fn faults(&self) -> Vec<FieldError> {
        let told =
            |one: form::Problem| FieldError { path: one.path, code: one.code, detail: one.detail };
        self.problems().into_iter().map(told).collect()
    }

    kept_in!(fields);
}

impl Part for Condition {
    const KIND: &'static str = "condition";
    const LABEL: &'static str = "公用条件";
    const UNKNOWN: &'static str = "unknown_condition";

    fn key(&self) -> &str {
        &self.key
    }

    fn name(&self) -> &str {
        &self.name
    }

    fn faults(&self) -> Vec<FieldError> {
        if !self.rule.is_object() {
            let detail = "须是一条规则，如 {\"==\": [{\"var\": \"urgency\"}, \"high\"]}".to_owned();
            return vec![FieldError { path: "rule".to_owned(), code: "malformed", detail }];
        }
        weave::rule_fault(&self.rule, "rule").into_iter().collect()
    }

    kept_in!(conditions);
}

fn told(problem: Problem) -> FieldError {
    let detail = format!("{}，{}", problem.what, problem.mend);
    FieldError { path: problem.path, code: "not_usable", detail }
}

fn named(place: &str, people: &[String]) -> Vec<(String, String)> {
    let people = people.iter().enumerate();
    people.map(|(at, userid)| (format!("{place}[{at}]"), userid.clone())).collect()
}

/// The members that a rule names, wherever it nests.
fn people_of(place: &str, rule: &Assign) -> Vec<(String, String)> {
    match rule {
        Assign::People { userids } => named(&format!("{place}.userids"), userids),
        Assign::Table { rows, otherwise } => {
            let rows = rows.iter().enumerate();
            let rows = rows.flat_map(|(at, row)| {
                people_of(&format!("{place}.rows[{at}].assign"), &row.assign)
            });
            rows.chain(people_of(&format!("{place}.otherwise"), otherwise)).collect()
        }
        _ => Vec::new(),
    }
}

fn tidy(people: &mut [String]) {
    people.iter_mut().for_each(|userid| *userid = userid.trim().to_lowercase());
}

fn tidy_rule(rule: &mut Assign) {
    match rule {
        Assign::People { userids } => tidy(userids),
        Assign::Table { rows, otherwise } => {
            rows.iter_mut().for_each(|row| tidy_rule(&mut row.assign));
            tidy_rule(otherwise);
        }
        _ => {}
    }
}
