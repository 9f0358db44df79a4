//! What the flow engine asks about the world, answered from the rooms below while one event is
//! worked on. Each question is asked of the database once, so that equal questions get equal
//! answers; the first failure is kept and ends the command.

use std::{
    cell::{Ref, RefCell},
    collections::BTreeMap,
};

use db::Conn;
use flow::{Assign, Facts, Found, Pace, Step, calendar::WorkTime};
use form::{
    Answers, Compiled,
    rules::{Rule, Type},
};
use kernel::{Actor, Error, Micros, Result, Timestamp};
use org::Member;
use serde_json::Value;

use crate::{act::Setup, ticket::Ticket};

/// How many levels up a chain of leads is followed.
const LEVELS_MAX: u8 = 20;

/// What a ticket says that decides who works on it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct About<'t> {
    /// What was answered.
    pub(crate) form: &'t Answers,
    /// Who raised it.
    pub(crate) creator: &'t Actor,
    /// Whose it is.
    pub(crate) customer: Option<&'t str>,
    /// The ticket, once it is one.
    pub(crate) ticket: Option<&'t Ticket>,
}

impl<'t> From<&'t Ticket> for About<'t> {
    fn from(ticket: &'t Ticket) -> Self {
        Self {
            form: &ticket.form,
            creator: &ticket.creator,
            customer: ticket.customer.as_deref(),
            ticket: Some(ticket),
        }
    }
}

/// The facts of one command.
pub(crate) struct Known<'c> {
    conn: RefCell<&'c mut Conn>,
    work_time: &'c WorkTime,
    about: About<'c>,
    form: &'c Compiled,
    members: RefCell<BTreeMap<String, Option<Member>>>,
    failed: RefCell<Option<Error>>,
}

impl<'c> Known<'c> {
    pub(crate) fn new(
        conn: &'c mut Conn,
        setup: &'c Setup,
        about: About<'c>,
        form: &'c Compiled,
    ) -> Self {
        let (members, failed) = (RefCell::default(), RefCell::default());
        let work_time = &*setup.work_time;
        Self { conn: RefCell::new(conn), work_time, about, form, members, failed }
    }

    /// # Errors
    /// The first question that could not be answered.
    pub(crate) fn check(self) -> Result<()> {
        self.failed.into_inner().map_or(Ok(()), Err)
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

    /// Remembers whom the organisation named, so that nobody is looked up twice.
    fn named(&self, members: Vec<Member>) -> Vec<String> {
        let mut known = self.members.borrow_mut();
        let name = |member: Member| {
            let userid = member.userid.clone();
            known.insert(userid.clone(), Some(member));
            userid
        };
        members.into_iter().map(name).collect()
    }

    fn group(&self, key: &str) -> Vec<String> {
        let members = self.ask(|conn| match org::find_group(conn, key)? {
            Some(_group) => org::group_members(conn, key),
            None => org::visible_members(conn),
        });
        self.named(members)
    }

    fn department(&self, id: i64, with_below: bool) -> Vec<String> {
        let all = self.ask(org::visible_members);
        let wanted = if with_below { self.below(id) } else { vec![id] };
        let is_in = |member: &Member| member.departments.iter().any(|one| wanted.contains(one));
        self.named(all.into_iter().filter(is_in).collect())
    }

    /// A department and all that stand below it.
    fn below(&self, id: i64) -> Vec<i64> {
        let all = self.ask(org::list_departments);
        let mut wanted = vec![id];
        // Each round goes one level down, and there are no more levels than departments.
        for _ in 0..all.len() {
            let is_new = |one: &&org::Department| {
                one.parent.is_some_and(|parent| wanted.contains(&parent))
                    && !wanted.contains(&one.id)
            };
            let more: Vec<_> = all.iter().filter(is_new).map(|one| one.id).collect();
            if more.is_empty() {
                break;
            }
            wanted.extend(more);
        }
        wanted
    }

    /// Who leads a department, or one that many levels above it.
    fn department_lead(&self, id: Option<i64>, level: u8) -> Vec<String> {
        let own = || {
            let userid = self.about.creator.userid()?;
            Some(self.member(userid)?.main_department).filter(|id| *id > 0)
        };
        let Some(mut id) = id.or_else(own) else { return Vec::new() };
        for _ in 0..level.min(LEVELS_MAX) {
            let above = self.ask(|conn| org::find_department(conn, id));
            match above.and_then(|one| one.parent) {
                Some(parent) => id = parent,
                None => return Vec::new(),
            }
        }
        let department = self.ask(|conn| org::find_department(conn, id));
        department.map(|one| one.leaders).unwrap_or_default()
    }

    /// Whom these people report to.
    fn leads(&self, of: &[String]) -> Vec<String> {
        let leads = of.iter().filter_map(|userid| Some(self.member(userid)?.leaders.clone()));
        leads.flatten().collect()
    }

    fn starter_lead(&self, level: u8) -> Vec<String> {
        let mut people: Vec<_> =
            self.about.creator.userid().map(str::to_owned).into_iter().collect();
        for _ in 0..=level.min(LEVELS_MAX) {
            people = self.leads(&people);
        }
        people
    }

    fn supervisor(&self) -> Vec<String> {
        let mut present = Vec::new();
        for task in self.about.ticket.into_iter().flat_map(Ticket::open_tasks) {
            match &task.owner {
                Some(owner) => present.push(owner.clone()),
                None => present.extend(task.handlers.iter().cloned()),
            }
        }
        self.leads(&present)
    }

    fn field(&self, key: &str) -> Vec<String> {
        let text = |value: &Value| value.as_str().map(str::to_owned);
        match self.about.form.get(key) {
            Some(Value::Array(all)) => all.iter().filter_map(text).collect(),
            Some(one) => text(one).into_iter().collect(),
            None => Vec::new(),
        }
    }

    fn customer_owner(&self) -> Vec<String> {
        let Some(id) = self.about.customer else { return Vec::new() };
        let customer = self.ask(|conn| customer::find_by_external(conn, id));
        let mut follows = customer.map(|one| one.follows).unwrap_or_default();
        follows.retain(|follow| !follow.is_lost);
        // Who serves him longest looks after him.
        follows.sort_by_key(|follow| follow.since);
        follows.into_iter().map(|follow| follow.userid).take(1).collect()
    }
}

impl Facts for Known<'_> {
    fn candidates(&self, _step: &Step, rule: &Assign, chosen: &[String]) -> Found {
        let given = |people| Found { people, is_given: true };
        match rule.plain(&|rule| self.holds(rule)) {
            Assign::Group { key } => Found::pool(self.group(key)),
            Assign::People { userids } => Found::pool(userids.clone()),
            Assign::Department { id, with_below } => Found::pool(self.department(*id, *with_below)),
            Assign::DepartmentLead { id, level } => given(self.department_lead(*id, *level)),
            Assign::Starter => {
                given(self.about.creator.userid().map(str::to_owned).into_iter().collect())
            }
            Assign::StarterLead { level } => given(self.starter_lead(*level)),
            Assign::Supervisor => given(self.supervisor()),
            Assign::Field { key } => given(self.field(key)),
            Assign::Chosen => given(chosen.to_vec()),
            Assign::CustomerOwner => given(self.customer_owner()),
            // A template that names a role or a roster is not published; of an old one: nobody.
            Assign::Role { .. } | Assign::Duty { .. } | Assign::Table { .. } => Found::default(),
        }
    }

    /// What cannot be decided does not hold: the flow then goes the way that is for that.
    fn holds(&self, rule: &Value) -> bool {
        if let Value::Bool(constant) = rule {
            return *constant;
        }
        let read = Rule::parse_as(rule, self.form.scope(), Type::Bool);
        let held = read.map(|rule| rule.holds(&self.form.facts(self.about.form)));
        matches!(held, Ok(Ok(true)))
    }

    fn due(&self, pace: Pace, from: Timestamp, span: Micros) -> Timestamp {
        let plain = from.plus(span);
        match pace {
            Pace::Calendar => plain,
            // Nothing is worked for three years on: better early than never.
            Pace::Working => self.work_time.add_span(from, span).unwrap_or(plain),
        }
    }

    fn left(&self, pace: Pace, from: Timestamp, due: Timestamp) -> Micros {
        match pace {
            Pace::Calendar => due.since(from),
            Pace::Working => self.work_time.working_between(from, due),
        }
    }

    fn can_work(&self, userid: &str) -> bool {
        let is_able = |member: Ref<'_, Member>| {
            member.userid == userid && member.status == org::MemberStatus::Active && member.visible
        };
        self.member(userid).is_some_and(is_able)
    }
}
