//! The order in which a form is worked out, and the refusal of fields that depend on themselves.

use super::{Slot, Variables};
use crate::{answer::Problem, rules::Rule, template::Form};

#[derive(Clone, Copy, PartialEq, Eq)]
enum Mark {
    New,
    Open,
    Done,
}

struct Walk<'f> {
    form: &'f Form,
    needs: Vec<Vec<usize>>,
    marks: Vec<Mark>,
    /// From the field where the walk began to where it is.
    trail: Vec<usize>,
    order: Vec<usize>,
}

/// The entries, each after those on which its presence and its answer depend, otherwise as they
/// stand in the form.
pub(super) fn order(form: &Form, slots: &[Slot], vars: &Variables) -> Result<Vec<usize>, Problem> {
    let needs = slots.iter().map(|slot| needs(slot, vars)).collect();
    let marks = vec![Mark::New; slots.len()];
    let mut walk = Walk { form, needs, marks, trail: Vec::new(), order: Vec::new() };
    for at in 0..slots.len() {
        walk.visit(at)?;
    }
    Ok(walk.order)
}

/// What must be worked out before: what it takes to be required or to filter options is looked at
/// when every answer is there.
fn needs(slot: &Slot, vars: &Variables) -> Vec<usize> {
    let sets = slot.set.iter().flat_map(|(when, to)| when.iter().chain([to]));
    let rules = slot.show.iter().chain(&slot.formula).chain(sets);
    let mut needs: Vec<_> =
        rules.flat_map(Rule::vars).filter_map(|id| vars.slot(*id)).chain(slot.section).collect();
    needs.sort_unstable();
    needs.dedup();
    needs
}

impl Walk<'_> {
    fn visit(&mut self, at: usize) -> Result<(), Problem> {
        match self.marks.get(at) {
            Some(Mark::New) => {}
            Some(Mark::Open) => return Err(self.cycle(at)),
            Some(Mark::Done) | None => return Ok(()),
        }
        self.mark(at, Mark::Open);
        self.trail.push(at);
        let needs = self.needs.get_mut(at).map(std::mem::take).unwrap_or_default();
        for need in needs {
            self.visit(need)?;
        }
        self.trail.pop();
        self.mark(at, Mark::Done);
        self.order.push(at);
        Ok(())
    }

    fn mark(&mut self, at: usize, mark: Mark) {
        if let Some(place) = self.marks.get_mut(at) {
            *place = mark;
        }
    }

    fn cycle(&self, at: usize) -> Problem {
        let start = self.trail.iter().position(|one| *one == at).unwrap_or_default();
        let cycle = self.trail.iter().skip(start).chain([&at]);
        let names: Vec<_> = cycle
            .filter_map(|one| self.form.fields.get(*one))
            .map(|field| field.key.as_str())
            .collect();
        let detail = format!("{} 互相依赖，请去掉其中一条规则或公式", names.join(" → "));
        Problem::new(format!("fields[{at}]"), "cycle", detail)
    }
}
