//! The ticket: what it is, what can be done to it, what was done. Every change, whoever asks for
//! it, goes through [`act`] or [`create`] inside the caller's transaction; nothing here waits for
//! a network. Others hear of it by the job that each event leaves in the queue.

mod act;
mod actions;
mod answers;
mod create;
mod deed;
mod detail;
pub mod draft;
mod effect;
mod explain;
mod fact;
mod family;
mod known;
mod leave;
mod list;
pub mod live;
mod migrate;
mod names;
mod offer;
mod origin;
mod policy;
mod prefill;
pub mod presence;
mod question;
mod refer;
mod rehearse;
mod relation;
mod responsibility;
mod row;
mod schema;
mod similar;
mod sql;
mod survey;
mod ticket;
mod timeline;
mod todo;
mod trigger;
mod view;

pub use act::{Command, Setup, TOPIC_EVENT, act, check_replay};
pub use actions::{ACTIONS, Action, By, Case, Change, Fills, find as find_action};
pub use answers::files_of;
pub use create::{New, create};
pub use deed::{
    Request, Run, TOPIC_ACTION, TOPIC_WEBHOOK, action_ended, is_wanted, run as run_action,
};
pub use detail::{
    Button, Detail, FieldView, FillView, FormView, SectionView, Sla, SlaState, Tone, Waiting,
    detail,
};
pub use effect::{TOPIC_TIMER, ring};
pub use fact::{Created, Event, Fact, follow, replay};
pub use family::{TOPIC_FAMILY, hear};
pub use leave::hand_over;
pub use list::{Filter, list, open_of};
pub use migrate::{Migration, Move, runs_by};
pub use names::Names;
pub use offer::{Offered, keep_visible, offered};
pub use origin::{
    Origin, OriginCustomer, OriginGroup, OriginOwner, OriginPlace, last_contact_at, origin, tags_of,
};
pub use policy::{Scope, reads, seen_by};
pub use prefill::{From, Prefill, Wanted, prefill};
pub use question::{CUSTOMER_KINDS, Inquiry, Question, inquire};
pub use refer::{
    AssetView, Complaint, Related, Served, belonging_not_found, last_complaint, related, served,
    with_history,
};
pub use rehearse::{
    Compared, Rehearsal, Sample, Stop, Stuck, TICKETS_MAX, Verdict, rehearse, rehearse_last,
};
pub use relation::{Closeness, closeness, is_in, may_see_group, not_your_group, not_yours};
pub use responsibility::{Duty, Responsibility, responsibility};
pub use row::{CustomerName, Person, Row, StepName, TemplateName, row};
pub use similar::{Alike, Similar, similar};
pub use sql::{event, events, events_latest, find_by_no, get, ids_after, version_of};
pub use survey::{Survey, may_judge, survey};
pub use ticket::{
    Attachment, CheckIn, Child, Judgement, Link, Parent, Priority, Rating, SOURCES, Status, Task,
    TaskState, TemplateRef, Ticket,
};
pub use timeline::{
    DecisionView, EntryFile, EntryKind, TimelineEntry, for_customers, is_public, timeline,
};
pub use todo::{Counts, ToDo, TodoRow, counts, counts_of, done_since, people_of, to_do};
pub use trigger::{TOPIC_TRIGGER, forget, look};
pub use view::{AskedView, ChildView, Progress, StepView, TaskView, TicketView, allowed, view};

#[cfg(test)]
mod tests;
