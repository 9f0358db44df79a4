//! The flow engine. It takes what is, what happened and who could do what comes next, and says
//! what is now and what must be done. It reads no clock, no database and no network, and it cannot
//! fail half-way.

pub mod assign;
pub mod calendar;
mod definition;
mod step;

pub use definition::{Assign, Flow, Problem, Step};
pub use step::{Effect, Event, Facts, Refused, State, StepRun, StepState, start, step};
