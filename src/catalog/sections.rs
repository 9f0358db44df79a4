//! 分工填写: several teams fill in one form, each the section that is its own. The flow's block says
//! that and no more; its lanes, and who sees what there, follow from the form's sections.

use std::collections::BTreeMap;

use flow::{Assign, Flow, Kind, Lane, Sections, Step, Work};
use form::{Access, Field, Form};

const CREATE: &str = "create";
const OTHER: &str = "*";

/// Makes the lanes of each such block, one for each owned section, and the permissions that belong
/// to them. What the template says itself stays; a second time changes nothing.
pub(crate) fn share_out(form: &mut Form, flow: &mut Flow) {
    let parts = parts_of(form);
    let mut blocks = Vec::new();
    each_block(&mut flow.steps, &mut |key, sections, lanes| {
        *lanes = parts.iter().filter_map(|part| part.lane(key, sections)).collect();
        blocks.push(key.to_owned());
    });
    for block in &blocks {
        permit(form, block, &parts);
    }
}

/// The owner of a section, if it has one and his rule can be read.
pub(crate) fn owner_of(field: &Field) -> Option<Result<Assign, serde_json::Error>> {
    let rule = field.owner.clone().filter(|_rule| field.is_section())?;
    Some(serde_json::from_value(rule))
}

/// Whether a flow has a block in which sections are filled in by their owners.
pub(crate) fn is_shared(flow: &Flow) -> bool {
    let is_it =
        |step: &&Step| matches!(&step.kind, Kind::Parallel(block) if block.sections.is_some());
    flow.all().iter().any(is_it)
}

/// A section of the form.
struct Part {
    key: String,
    name: String,
    show: Option<serde_json::Value>,
    owner: Option<Assign>,
}

impl Part {
    fn step(&self, block: &str) -> String {
        format!("{block}_{}", self.key)
    }

    fn lane(&self, block: &str, with: &Sections) -> Option<Lane> {
        let work = Work {
            if_nobody: with.if_nobody.clone(),
            limit: with.limit.clone(),
            ..Work::of(self.owner.clone()?)
        };
        let step = Step {
            key: self.step(block),
            name: self.name.clone(),
            public_name: None,
            when: self.show.clone(),
            notify: None,
            settle: None,
            kind: Kind::Task(Box::new(work)),
        };
        Some(Lane { name: self.name.clone(), when: None, steps: vec![step] })
    }
}

fn parts_of(form: &Form) -> Vec<Part> {
    let heads = form.fields.iter().filter(|field| field.is_section());
    heads
        .map(|head| Part {
            key: head.key.clone(),
            name: if head.label.trim().is_empty() { &head.key } else { &*head.label }.to_owned(),
            show: head.rules.show.clone(),
            owner: owner_of(head).and_then(Result::ok),
        })
        .collect()
}

fn each_block(steps: &mut [Step], make: &mut dyn FnMut(&str, &Sections, &mut Vec<Lane>)) {
    for step in steps {
        if let Kind::Parallel(block) = &mut step.kind
            && let Some(sections) = &block.sections
        {
            make(&step.key, sections, &mut block.lanes);
            continue;
        }
        step.lanes_mut().for_each(|lane| each_block(lane, make));
    }
}

/// Each owner fills in his section and sees none of the others'; who comes later reads them all.
/// At the creation they are not asked.
fn permit(form: &mut Form, block: &str, parts: &[Part]) {
    let mut section: Option<&Part> = None;
    let mut was_shared = false;
    for field in &mut form.fields {
        let is_head = field.is_section();
        if is_head {
            section = parts.iter().find(|part| part.key == field.key);
            was_shared = section.is_some_and(|own| field.access.contains_key(&own.step(block)));
        }
        let Some(own) = section else { continue };
        if own.owner.is_none() {
            if was_shared {
                withdraw(&mut field.access, block, parts);
            }
            continue;
        }
        // A field speaks for itself at every step as soon as it says something for all of them.
        if !is_head && !field.access.contains_key(OTHER) {
            continue;
        }
        for part in parts.iter().filter(|part| part.owner.is_some()) {
            let right = if part.key == own.key { Access::Edit } else { Access::Hidden };
            field.access.entry(part.step(block)).or_insert(right);
        }
        if is_head {
            field.access.entry(CREATE.to_owned()).or_insert(Access::Hidden);
        }
    }
}

/// A section that has no owner any more is everybody's again.
fn withdraw(access: &mut BTreeMap<String, Access>, block: &str, parts: &[Part]) {
    access.retain(|step, right| {
        let is_ours = parts.iter().any(|part| part.step(block) == *step);
        !is_ours && (step != CREATE || *right != Access::Hidden)
    });
}
