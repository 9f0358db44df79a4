//! The tree laid out flat in reading order, which is also the order of the runs in a state: a
//! step is a number, what is inside it follows it, and every question about the tree is short.

use std::ops::Range;

use crate::{
    definition::{Flow, Kind, Step},
    state::State,
};

/// The number of a step in reading order.
pub(crate) type At = usize;

pub(crate) struct Plan<'f> {
    nodes: Vec<Node<'f>>,
}

pub(crate) struct Node<'f> {
    /// The step.
    pub(crate) step: &'f Step,
    /// The block that it is in, and in which of its lanes.
    pub(crate) parent: Option<(At, usize)>,
    /// The step after it in the same lane.
    pub(crate) next: Option<At>,
    /// The first number after everything inside it.
    pub(crate) end: At,
    /// Where each of its lanes begins; none for an empty lane.
    pub(crate) lanes: Vec<Option<At>>,
}

impl<'f> Plan<'f> {
    pub(crate) fn of(flow: &'f Flow) -> Self {
        let mut plan = Self { nodes: Vec::with_capacity(flow.steps.len()) };
        plan.lay(&flow.steps, None);
        plan
    }

    /// Lays out a lane; says where it begins.
    fn lay(&mut self, steps: &'f [Step], parent: Option<(At, usize)>) -> Option<At> {
        let mut before: Option<At> = None;
        let mut first = None;
        for step in steps {
            let at = self.nodes.len();
            first = first.or(Some(at));
            self.nodes.push(Node { step, parent, next: None, end: at + 1, lanes: Vec::new() });
            if let Some(before) = before.and_then(|before| self.nodes.get_mut(before)) {
                before.next = Some(at);
            }
            let lanes: Vec<_> =
                step.lanes().enumerate().map(|(n, lane)| self.lay(lane, Some((at, n)))).collect();
            let end = self.nodes.len();
            if let Some(node) = self.nodes.get_mut(at) {
                (node.lanes, node.end) = (lanes, end);
            }
            before = Some(at);
        }
        first
    }

    pub(crate) fn len(&self) -> usize {
        self.nodes.len()
    }

    #[expect(clippy::indexing_slicing, reason = "only the plan itself makes these numbers")]
    pub(crate) fn node(&self, at: At) -> &Node<'f> {
        &self.nodes[at]
    }

    pub(crate) fn nodes(&self) -> impl Iterator<Item = &Node<'f>> {
        self.nodes.iter()
    }

    /// The step of that key.
    pub(crate) fn find(&self, key: &str) -> Option<At> {
        self.nodes.iter().position(|node| node.step.key == key)
    }

    /// Whether a state is one of this flow.
    pub(crate) fn fits(&self, state: &State) -> bool {
        self.nodes.len() == state.steps.len()
            && self.nodes.iter().zip(&state.steps).all(|(node, run)| node.step.key == run.key)
    }

    /// The blocks around a step with the lane that it is in, the innermost first.
    pub(crate) fn around(&self, at: At) -> impl Iterator<Item = (At, usize)> {
        std::iter::successors(self.node(at).parent, |&(block, _lane)| self.node(block).parent)
    }

    pub(crate) fn is_parallel(&self, at: At) -> bool {
        matches!(self.node(at).step.kind, Kind::Parallel(_))
    }

    /// Everything in one lane of a block.
    pub(crate) fn lane(&self, block: At, lane: usize) -> Range<At> {
        let node = self.node(block);
        let begin = node.lanes.get(lane).copied().flatten();
        let next = node.lanes.iter().skip(lane + 1).find_map(|lane| *lane);
        begin.map_or(block..block, |begin| begin..next.unwrap_or(node.end))
    }

    /// What a move to a step concerns: the innermost lane of a parallel block around it that
    /// `is_going` agrees to, or everything. Other lanes are never touched.
    pub(crate) fn scope(&self, at: At, is_going: impl Fn(At) -> bool) -> Range<At> {
        self.around(at)
            .find(|&(block, _lane)| self.is_parallel(block) && is_going(block))
            .map_or(0..self.len(), |(block, lane)| self.lane(block, lane))
    }
}
