//! What is worked out without input or output: one step of a long flow, the check of a long form,
//! the linter on a template as large as anybody's.

use std::{hint::black_box, time::Instant};

use anyhow::{Context as _, Result, ensure};
use catalog::{Published, Template};
use flow::{Assign, Event, Facts, Found, Step};
use form::Context;
use kernel::Timestamp;
use serde_json::{Map, Value, json};

use crate::{Size, figures::median_of, report::Report};

const STEPS: usize = 30;
const FIELDS: usize = 100;
const LINT_STEPS: usize = 100;
const LINT_FIELDS: usize = 200;

/// Everybody whom a rule names can work, and every condition holds.
struct World;

impl Facts for World {
    fn candidates(&self, _step: &Step, rule: &Assign, _chosen: &[String]) -> Found {
        match rule {
            Assign::People { userids } => Found::pool(userids.clone()),
            _ => Found::default(),
        }
    }

    fn holds(&self, _rule: &Value) -> bool {
        true
    }
}

/// A template with rules at every third field and step.
fn template(fields: usize, steps: usize) -> Result<Template> {
    let rule = |n: usize| json!({ ">": [{ "var": format!("f{}", n - n % 3) }, 3] });
    let field = |n: usize| match n % 3 {
        0 => json!({ "key": format!("f{n}"), "kind": "number", "label": "数量", "required": true }),
        1 => json!({ "key": format!("f{n}"), "kind": "text", "label": "说明", "required": true,
            "rules": { "show": rule(n) } }),
        _ => json!({ "key": format!("f{n}"), "kind": "single_select", "label": "选项", "options": [
            { "value": "a", "label": "甲" }, { "value": "b", "label": "乙" }] }),
    };
    let step = |n: usize| {
        let mut step = json!({ "key": format!("s{n}"), "name": "办理", "if_nobody": { "do": "hold" },
            "assign": { "by": "people", "userids": ["li"] },
            "limit": { "minutes": 60, "remind": [10], "overdue": { "do": "pass" } } });
        if n.is_multiple_of(3)
            && let Some(step) = step.as_object_mut()
        {
            step.insert("when".to_owned(), rule(n % fields));
        }
        step
    };
    let fields: Vec<_> = (0..fields).map(field).collect();
    let steps: Vec<_> = (0..steps).map(step).collect();
    let template = json!({ "key": "bench", "name": "基准", "form": { "fields": fields },
        "flow": { "steps": steps } });
    Ok(serde_json::from_value(template)?)
}

/// Answers to all of its fields.
fn answers(fields: usize) -> Map<String, Value> {
    let answer = |n: usize| {
        let value = match n % 3 {
            0 => json!(n + 4),
            1 => json!("三楼会议室的空调不制冷，面板显示 E5"),
            _ => json!("b"),
        };
        (format!("f{n}"), value)
    };
    (0..fields).map(answer).collect()
}

/// Measures all three.
pub(crate) fn measure(size: Size, report: &mut Report) -> Result<()> {
    let ready = Published::new(template(FIELDS, STEPS)?)?;
    let rounds = |work: &mut dyn FnMut() -> Result<f64>| -> Result<f64> {
        let all: Result<Vec<f64>> = (0..size.pure_rounds).map(|_round| work()).collect();
        Ok(median_of(&all?, |micros| *micros))
    };
    let step = rounds(&mut || walk(&ready))?;
    report.add("flow.step", step, format!("{step:.1} µs"));
    let given = answers(FIELDS);
    let context = Context::default();
    let check = rounds(&mut || {
        let began = Instant::now();
        let found = black_box(ready.compiled().check(black_box(&given), &context));
        let micros = micros(began);
        ensure!(found.is_ok_and(|answers| answers.len() == FIELDS), "the answers are refused");
        Ok(micros)
    })?;
    report.add("form.check", check, format!("{check:.0} µs"));
    let large = template(LINT_FIELDS, LINT_STEPS)?;
    let lint = rounds(&mut || {
        let began = Instant::now();
        let problems = black_box(black_box(&large).problems());
        let micros = micros(began);
        ensure!(problems.is_empty(), "the template is refused: {problems:?}");
        Ok(micros / 1000.0)
    })?;
    report.add("template.lint", lint, format!("{lint:.1} ms"));
    Ok(())
}

/// The microseconds of one step, over the whole way of a ticket.
fn walk(template: &Published) -> Result<f64> {
    let now = Timestamp(0);
    let (mut state, _effects) = flow::start(&template.flow, &World, now);
    let began = Instant::now();
    let mut many = 0_u32;
    while let Some(run) = state.steps.iter().find(|run| run.is_active()) {
        let done =
            Event::Complete { step: run.key.clone(), by: "li".to_owned(), choose: Vec::new() };
        let moved = flow::step(&template.flow, &state, &done, &World, now);
        (state, _) = moved.ok().context("a step was refused")?;
        many += 1;
    }
    ensure!(state.is_ended && many == u32::try_from(STEPS)?, "{many} steps were gone");
    Ok(micros(began) / f64::from(many))
}

fn micros(began: Instant) -> f64 {
    began.elapsed().as_secs_f64() * 1e6
}
