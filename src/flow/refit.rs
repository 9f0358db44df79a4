//! Moves a running ticket to another version of its flow, or says which steps stand in the way.
//! What was done stays done; what is new comes when its turn does.

use std::{collections::BTreeMap, sync::Arc};

use crate::{
    definition::{Flow, Step},
    plan::{At, Plan},
    state::{State, StepRun},
};

/// The state of a ticket in a newer version of its flow. Nothing is opened or closed by it, so
/// that a preview is the same call.
///
/// # Errors
/// The keys of the steps at work that the other version has not, or has elsewhere.
pub fn refit(old: &Flow, new: &Flow, state: &State) -> Result<State, Vec<String>> {
    let (from, to) = (Plan::of(old), Plan::of(new));
    if !from.fits(state) {
        return Err(state.steps.iter().map(|run| run.key.clone()).collect());
    }
    let places: BTreeMap<&str, At> =
        to.nodes().enumerate().map(|(at, node)| (node.step.key.as_str(), at)).collect();
    let stays = |at: At, run: &StepRun| {
        places.get(run.key.as_str()).is_some_and(|&now| {
            let (before, after) = (from.node(at), to.node(now));
            // An open ticket stands in lanes, and those are told by their numbers.
            is_like(before.step, after.step)
                && before.lanes.len() == after.lanes.len()
                && way(&from, at) == way(&to, now)
        })
    };
    let runs = state.steps.iter().enumerate();
    let lost: Vec<_> = runs
        .filter(|(at, run)| run.is_active() && !stays(*at, run))
        .map(|(_at, run)| run.key.clone())
        .collect();
    if !lost.is_empty() {
        return Err(lost);
    }
    let run_of = |node: &Step| match state.steps.iter().find(|run| run.key == node.key) {
        Some(run) => Arc::clone(run),
        None => Arc::new(StepRun::new(&node.key)),
    };
    let steps = to.nodes().map(|node| run_of(node.step)).collect();
    let cut = state.cut.iter().filter(|key| places.contains_key(key.as_str())).cloned().collect();
    Ok(State { steps, cut, ..state.clone() })
}

/// Whether two steps do the same kind of thing.
fn is_like(a: &Step, b: &Step) -> bool {
    std::mem::discriminant(&a.kind) == std::mem::discriminant(&b.kind)
}

/// The blocks and lanes around a step.
fn way(plan: &Plan<'_>, at: At) -> Vec<(String, usize)> {
    plan.around(at).map(|(block, lane)| (plan.node(block).step.key.clone(), lane)).collect()
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use crate::step::tests::{Desk, a, flow, task};

    fn split(lanes: Value) -> Value {
        json!([
            task("a", &["li"]),
            a("p", "parallel", json!({ "lanes": lanes })),
            task("z", &["zhao"])
        ])
    }

    fn lane(steps: Value) -> Value {
        json!({ "steps": steps })
    }

    #[test]
    fn a_running_ticket_goes_on_in_the_new_version() {
        let lanes = json!([lane(json!([task("b", &["li"])])), lane(json!([task("c", &["wang"])]))]);
        let mut desk = Desk::open(split(lanes));
        desk.completes("li", "a").completes("wang", "c");
        // A step more in an open lane, a step more at the end, and none where it has been.
        let new = flow(split(json!([
            lane(json!([task("b", &["li"]), task("b2", &["sun"])])),
            lane(json!([task("c", &["wang"])])),
        ])));
        desk.state = refit(&desk.flow, &new, &desk.state).unwrap();
        desk.flow = new;
        assert_eq!(desk.work(), "b: li");
        desk.completes("li", "b").completes("sun", "b2").completes("zhao", "z");
        assert!(desk.state.is_ended);
    }

    #[test]
    fn the_same_version_changes_nothing() {
        let mut desk =
            Desk::open(split(json!([lane(json!([task("b", &["li"])])), lane(json!([]))])));
        desk.completes("li", "a");
        assert_eq!(refit(&desk.flow, &desk.flow, &desk.state), Ok(desk.state.clone()));
    }

    #[test]
    fn what_stands_in_the_way_is_named() {
        let two = json!([lane(json!([task("b", &["li"])])), lane(json!([task("c", &["wang"])]))]);
        let mut desk = Desk::open(split(two));
        desk.completes("li", "a");
        let names = |new: Value| refit(&desk.flow, &flow(new), &desk.state).unwrap_err();
        // Gone; in the other lane; another kind; a lane more.
        assert_eq!(
            names(split(json!([lane(json!([])), lane(json!([task("c", &["wang"])]))]))),
            ["b"]
        );
        let swapped =
            json!([lane(json!([task("c", &["wang"])])), lane(json!([task("b", &["li"])]))]);
        assert_eq!(names(split(swapped)), ["b", "c"]);
        let other = json!([
            lane(json!([a("b", "wait", json!({ "minutes": 1 }))])),
            lane(json!([task("c", &["wang"])]))
        ]);
        assert_eq!(names(split(other)), ["b"]);
        let three = json!([
            lane(json!([task("b", &["li"])])),
            lane(json!([task("c", &["wang"])])),
            lane(json!([task("d", &["sun"])]))
        ]);
        assert_eq!(names(split(three)), ["p"]);
        let other_flow = flow(json!([task("x", &["li"])]));
        assert_eq!(refit(&other_flow, &other_flow, &desk.state).unwrap_err().len(), 5);
    }
}
