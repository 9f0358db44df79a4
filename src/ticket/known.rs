//! What the flow engine asks about the world, answered from the rooms below while one event is
//! worked on. Each question is asked of the database once, so that equal questions get equal
//! answers; the first failure is kept and ends the command.

mod directory;

use std::{
    cell::{OnceCell, Ref, RefCell},
    collections::BTreeMap,
    sync::Arc,
};

use catalog::{FlowScope, Parts, Published};
use customer::Customer;
use db::Conn;
use flow::{
    Assign, Facts, Found, Pace, Rank, Step,
    assign::{self, Decision, MapRow, Outcome, Pick, Strategy, Surge},
    calendar::WorkTime,
};
use form::{
    Answers,
    rules::{Datum, Rule, Trap, Type},
};
use kernel::{Actor, Error, Micros, Result, Timestamp, time::MINUTE};
use org::Member;
use serde_json::Value;

use crate::{
    act::Setup,
    sql::{self, Turn},
    ticket::{Priority, Ticket},
};

/// What a ticket says that decides who works on it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct About<'t> {
    /// What was answered.
    pub(crate) form: &'t Answers,
    /// Who raised it.
    pub(crate) creator: &'t Actor,
    /// Whose it is.
    pub(crate) customer: Option<&'t str>,
    /// How urgent it is.
    pub(crate) priority: Priority,
    /// By which entry it came.
    pub(crate) source: &'t str,
    /// The words that group it.
    pub(crate) tags: &'t [String],
    /// The ticket, once it is one.
    pub(crate) ticket: Option<&'t Ticket>,
}

impl<'t> From<&'t Ticket> for About<'t> {
    fn from(ticket: &'t Ticket) -> Self {
        Self {
            form: &ticket.form,
            creator: &ticket.creator,
            customer: ticket.customer.as_deref(),
            priority: ticket.priority,
            source: &ticket.source,
            tags: &ticket.tags,
            ticket: Some(ticket),
        }
    }
}

/// Who was chosen for a step, and why.
#[derive(Debug)]
pub(crate) struct Decided {
    /// The step.
    pub(crate) step: String,
    /// The decision record.
    pub(crate) lines: Vec<String>,
    /// Whose turn it is now, where the step goes round.
    pub(crate) turn: Option<Turn>,
    /// Who was given it without being asked.
    pub(crate) given: Option<String>,
}

/// The facts of one command.
pub(crate) struct Known<'c> {
    conn: RefCell<&'c mut Conn>,
    setup: &'c Setup,
    now: Timestamp,
    about: About<'c>,
    template: &'c Published,
    parts: Arc<Parts>,
    members: RefCell<BTreeMap<String, Option<Member>>>,
    customer: OnceCell<Option<Customer>>,
    decided: RefCell<BTreeMap<String, Decided>>,
    failed: RefCell<Option<Error>>,
}

impl<'c> Known<'c> {
    pub(crate) fn new(
        conn: &'c mut Conn,
        now: Timestamp,
        setup: &'c Setup,
        about: About<'c>,
        template: &'c Published,
    ) -> Self {
        Self {
            conn: RefCell::new(conn),
            setup,
            now,
            about,
            template,
            parts: setup.catalog.parts(),
            members: RefCell::default(),
            customer: OnceCell::new(),
            decided: RefCell::default(),
            failed: RefCell::default(),
        }
    }

    /// Who was chosen for what on the way.
    ///
    /// # Errors
    /// The first question that could not be answered.
    pub(crate) fn decided(self) -> Result<BTreeMap<String, Decided>> {
        let decided = self.decided.into_inner();
        self.failed.into_inner().map_or(Ok(decided), Err)
    }

    fn ask<T: Default>(&self, question: impl FnOnce(&mut Conn) -> Result<T>) -> T {
        if self.failed.borrow().is_some() {
            return T::default();
        }
        question(&mut self.conn.borrow_mut()).unwrap_or_else(|error| {
            *self.failed.borrow_mut() = Some(error);
            T::default()
        })
    }

    fn member(&self, userid: &str) -> Option<Ref<'_, Member>> {
        if !self.members.borrow().contains_key(userid) {
            let found = self.ask(|conn| org::find_member(conn, userid));
            self.members.borrow_mut().insert(userid.to_owned(), found);
        }
        Ref::filter_map(self.members.borrow(), |all| all.get(userid)?.as_ref()).ok()
    }

    fn customer(&self) -> Option<&Customer> {
        let look = || {
            let id = self.about.customer?;
            self.ask(|conn| customer::find_by_external(conn, id))
        };
        self.customer.get_or_init(look).as_ref()
    }

    /// The hours that count for this template.
    fn work_time(&self) -> &WorkTime {
        let named = self.template.calendar.as_ref().and_then(|key| self.parts.calendars.get(key));
        named.map_or(&self.setup.work_time, |(_calendar, work_time)| work_time)
    }

    fn surge(&self, at: Timestamp) -> Option<&Surge> {
        assign::active(self.parts.surges.values(), &self.template.key, at, self.work_time())
    }

    /// The ticket's side of a decision.
    fn side(&self, chosen: &[String]) -> assign::Ticket {
        let mut handlers = Vec::new();
        for task in self.about.ticket.into_iter().flat_map(Ticket::open_tasks) {
            match &task.owner {
                Some(owner) => handlers.push(owner.clone()),
                None => handlers.extend(task.handlers.iter().cloned()),
            }
        }
        let starter = self.about.creator.userid().map(str::to_owned);
        assign::Ticket { starter, handlers, chosen: chosen.to_vec() }
    }

    /// Who answers for what by a rule, whichever way it goes.
    pub(crate) fn map(&self, rule: &Assign) -> Vec<MapRow> {
        let facts = assign::Facts::new(self.now, self.setup.zone_minutes, self.side(&[]), self);
        assign::responsibility_map(rule, &facts)
    }

    /// Who it is by a rule; keeps the record.
    fn decide(&self, step: &Step, (rule, pick): (&Assign, &Pick), chosen: &[String]) -> Decision {
        let goes_round = pick.strategy == Some(Strategy::RoundRobin);
        let key = format!("{}/{}", self.template.key, step.key);
        let turn = goes_round.then(|| self.ask(|conn| sql::turn(conn, &key))).flatten();
        let cursor = turn.as_ref().map(|turn| turn.userid.as_str());
        let facts = assign::Facts::new(self.now, self.setup.zone_minutes, self.side(chosen), self);
        let decision = assign::assign((rule, pick), &facts, cursor, &|rule| self.judge(rule));
        let version = turn.map_or(0, |turn| turn.version);
        let next = decision.cursor.clone().map(|userid| Turn { key, userid, version });
        let is_picked = !matches!(pick.strategy, None | Some(Strategy::All | Strategy::ClaimPool));
        let given = decision.people().first().filter(|_one| is_picked).cloned();
        let mut all = self.decided.borrow_mut();
        let new = || Decided { step: step.key.clone(), lines: Vec::new(), turn: None, given: None };
        // A rule that finds nobody is followed by another: the record tells of both.
        let decided = all.entry(step.key.clone()).or_insert_with(new);
        decided.lines.extend(decision.lines.iter().cloned());
        decided.turn = next.or(decided.turn.take());
        decided.given = given.or(decided.given.take());
        drop(all);
        decision
    }

    /// Whether a rule holds, or why that cannot be said.
    fn judge(&self, rule: &Value) -> std::result::Result<bool, String> {
        if let Value::Bool(constant) = rule {
            return Ok(*constant);
        }
        let form = self.template.compiled();
        let read = Rule::parse_as(rule, &FlowScope(form), Type::Bool);
        let rule = read.map_err(|fault| fault.detail)?;
        let answers = form.facts(self.about.form);
        rule.holds(&Values { known: self, answers: &answers })
            .map_err(|_trap| "算不出来".to_owned())
    }
}

/// The values of a condition's variables: answers, and what is about the ticket.
struct Values<'v, 'c> {
    known: &'v Known<'c>,
    answers: &'v dyn form::rules::Facts,
}

impl form::rules::Facts for Values<'_, '_> {
    fn get(&self, id: usize) -> std::result::Result<Datum<'_>, Trap> {
        let about = &self.known.about;
        Ok(match catalog::About::of(id) {
            None => return self.answers.get(id),
            Some(catalog::About::Source) => Datum::Text(about.source),
            Some(catalog::About::Tags) => {
                Datum::List(about.tags.iter().map(|tag| Datum::Text(tag)).collect())
            }
            Some(catalog::About::Priority) => Datum::Text(about.priority.word()),
            Some(catalog::About::CustomerTags) => {
                let follows = self.known.customer().map(|one| one.follows.as_slice());
                let tags = follows.unwrap_or_default().iter().flat_map(|one| &one.tags);
                Datum::List(tags.map(|tag| Datum::Text(tag)).collect())
            }
        })
    }
}

impl Facts for Known<'_> {
    fn candidates(&self, step: &Step, rule: &Assign, chosen: &[String]) -> Found {
        let own = step.work().filter(|work| work.assign == *rule);
        let surge = own.and_then(|_work| self.surge(self.now)?.plans.get(&step.key));
        let plain = Pick::default();
        let plan = match (surge, own) {
            (Some(plan), _) => (&plan.rule, &plan.pick),
            (None, Some(work)) => (rule, &work.pick),
            (None, None) => (rule, &plain),
        };
        match self.decide(step, plan, chosen).outcome {
            Outcome::Chosen { people, is_pool } => Found { people, is_given: !is_pool },
            Outcome::Nobody { .. } => Found::default(),
        }
    }

    /// What cannot be decided does not hold: the flow then goes the way that is for that.
    fn holds(&self, rule: &Value) -> bool {
        self.judge(rule).unwrap_or(false)
    }

    fn rank(&self) -> Rank {
        self.about.priority.flow_rank()
    }

    fn due(&self, pace: Pace, from: Timestamp, span: Micros) -> Timestamp {
        let plain = from.plus(span);
        match pace {
            Pace::Calendar => plain,
            // Nothing is worked for three years on: better early than never.
            Pace::Working => self.work_time().add_span(from, span).unwrap_or(plain),
        }
    }

    fn earlier(&self, at: Timestamp) -> Micros {
        self.surge(at).map_or(0, |surge| Micros::from(surge.remind_earlier_minutes) * MINUTE)
    }

    fn left(&self, pace: Pace, from: Timestamp, due: Timestamp) -> Micros {
        match pace {
            Pace::Calendar => due.since(from),
            Pace::Working => self.work_time().working_between(from, due),
        }
    }

    fn can_work(&self, userid: &str) -> bool {
        let is_able = |member: Ref<'_, Member>| {
            member.userid == userid && member.status == org::MemberStatus::Active && member.visible
        };
        self.member(userid).is_some_and(is_able)
    }
}
