//! The responsibility map of a template (权责地图): every step that is somebody's, under which
//! conditions it comes, and who answers for it as the organisation is now.

use std::collections::BTreeMap;

use catalog::Published;
use db::Conn;
use flow::{IfNobody, Kind, Lane, Step, assign::MapRow};
use form::Answers;
use kernel::{Ctx, Result};
use serde::Serialize;
use serde_json::Value;

use crate::{
    act::Setup,
    known::{About, Known},
    ticket::Priority,
};

/// The map.
#[derive(Clone, Debug, Serialize)]
pub struct Responsibility {
    /// The steps, in reading order.
    pub steps: Vec<Duty>,
    /// The names of everybody in it, by userid.
    pub names: BTreeMap<String, String>,
}

/// One step of it.
#[derive(Clone, Debug, Serialize)]
pub struct Duty {
    /// The step's key.
    pub step: String,
    /// What people call it.
    pub name: String,
    /// The names of the lanes that it lies in, outermost first.
    pub lanes: Vec<String>,
    /// The conditions under which it comes, outermost first; it always comes when there are none.
    pub when: Vec<Value>,
    /// Who answers for it, for every way through its rule.
    pub who: Vec<MapRow>,
    /// Who does when that is nobody.
    pub otherwise: Vec<MapRow>,
}

/// Draws the map. What only a ticket can tell, such as its starter, names nobody yet.
///
/// # Errors
/// The database's.
pub fn responsibility(
    conn: &mut Conn,
    ctx: &Ctx,
    setup: &Setup,
    template: &Published,
) -> Result<Responsibility> {
    let (form, creator) = (Answers::new(), kernel::Actor::System);
    let about = About {
        form: &form,
        creator: &creator,
        customer: None,
        priority: Priority::default(),
        source: "api",
        tags: &[],
        ticket: None,
    };
    let known = Known::new(conn, ctx.now, setup, about, template);
    let (lanes, when, steps) = (Vec::new(), Vec::new(), Vec::new());
    let mut drawn = Drawn { known: &known, lanes, when, steps };
    drawn.all(&template.flow.steps);
    let steps = drawn.steps;
    known.decided()?;
    let rows = steps.iter().flat_map(|step| step.who.iter().chain(&step.otherwise));
    let people: Vec<_> = rows.flat_map(|row| &row.people).collect();
    let members = org::members_by_ids(conn, &people)?;
    let names = members.into_iter().map(|(userid, member)| (userid, member.name)).collect();
    Ok(Responsibility { steps, names })
}

struct Drawn<'k, 'c> {
    known: &'k Known<'c>,
    lanes: Vec<String>,
    when: Vec<Value>,
    steps: Vec<Duty>,
}

impl Drawn<'_, '_> {
    fn all(&mut self, steps: &[Step]) {
        for step in steps {
            self.when.extend(step.when.clone());
            self.one(step);
            if step.when.is_some() {
                self.when.pop();
            }
        }
    }

    fn one(&mut self, step: &Step) {
        if let Some(work) = step.work() {
            let otherwise = match &work.if_nobody {
                Some(IfNobody::Assign { to }) => self.known.map(to),
                _ => Vec::new(),
            };
            self.steps.push(Duty {
                step: step.key.clone(),
                name: step.name.clone(),
                lanes: self.lanes.clone(),
                when: self.when.clone(),
                who: self.known.map(&work.assign),
                otherwise,
            });
        }
        let (lanes, default): (&[Lane], _) = match &step.kind {
            Kind::Branch(block) => (&block.cases, &block.default),
            Kind::Parallel(block) => (&block.lanes, &block.default),
            _ => return,
        };
        for lane in lanes {
            self.lane(&lane.name, lane.when.as_ref(), &lane.steps);
        }
        if let Some(steps) = default {
            self.lane("其余情况", None, steps);
        }
    }

    fn lane(&mut self, name: &str, when: Option<&Value>, steps: &[Step]) {
        self.lanes.push(name.to_owned());
        self.when.extend(when.cloned());
        self.all(steps);
        if when.is_some() {
            self.when.pop();
        }
        self.lanes.pop();
    }
}
