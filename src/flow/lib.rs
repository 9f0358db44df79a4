//! The flow engine. It takes what is, what happened, what the caller knows and the hour, and says
//! what is now and what must be done. It reads no clock, no database and no network, and it cannot
//! fail half-way.

pub mod assign;
pub mod calendar;
mod check;
mod definition;
mod event;
mod mention;
mod plan;
mod refit;
mod simulate;
mod state;
mod step;

pub use check::{CHILDREN_MAX, DEPTH_MAX, KEY_MAX, MINUTES_MAX, Problem, REPEATS_MAX, STEPS_MAX};
pub use definition::{
    Action, Assign, Branch, Cc, ChildMode, ChildTicket, FieldRight, Flow, IfNobody, Kind, Lane,
    Limit, Message, Mode, OnReject, Overdue, Pace, Parallel, Rank, Repeat, Row, Rung, Sections,
    Sign, Step, Subtickets, Verb, Wait, Work,
};
pub use event::{
    Closed, Effect, Event, Facts, Found, Logged, Notice, Outcome, Place, Refused, Trouble,
};
pub use mention::Mentions;
pub use refit::refit;
pub use simulate::{EVENTS_MAX, Passed, Say, Stop, Walk, simulate};
pub use state::{
    Asked, LaneState, Returned, Slot, SlotState, State, StepRun, StepState, Timer, TimerKind,
};
pub use step::{earlier, may, start, step};
