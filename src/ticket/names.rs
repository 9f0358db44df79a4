//! The names of the people in tickets, looked up once for all tickets of a page.

use std::collections::{BTreeMap, BTreeSet};

use db::Conn;
use form::{Compiled, Referred};
use kernel::{Actor, Result};

use crate::ticket::Ticket;

/// What people are called.
#[derive(Clone, Debug, Default)]
pub struct Names {
    members: BTreeMap<String, String>,
    customers: BTreeMap<String, String>,
    departments: BTreeMap<String, String>,
}

impl Names {
    /// The names that lists of these tickets show.
    ///
    /// # Errors
    /// The database's.
    pub fn in_rows<'t>(
        conn: &mut Conn,
        tickets: impl IntoIterator<Item = &'t Ticket>,
    ) -> Result<Self> {
        let (mut userids, mut customers) = (BTreeSet::new(), BTreeSet::new());
        for ticket in tickets {
            userids.extend(crate::row::at_work(ticket).take(crate::row::HANDLERS_MAX));
            customers.extend(ticket.customer.as_deref());
        }
        Self::find(conn, userids, customers)
    }

    /// The names of everybody in a ticket and in its answers.
    ///
    /// # Errors
    /// The database's.
    pub fn in_ticket(conn: &mut Conn, ticket: &Ticket, form: &Compiled) -> Result<Self> {
        let mut userids: BTreeSet<&str> = ticket.creator.userid().into_iter().collect();
        for task in &ticket.tasks {
            userids.extend(task.owner.as_deref());
            userids.extend(task.handlers.iter().map(String::as_str));
        }
        for run in &ticket.flow.steps {
            userids.extend(run.asked.as_ref().map(|asked| asked.by.as_str()));
        }
        userids.extend(ticket.attachments.iter().filter_map(|one| one.by.userid()));
        let mut customers: BTreeSet<&str> = ticket.customer.as_deref().into_iter().collect();
        let named = form.references(&ticket.form);
        let of = |what| named.iter().filter(move |one| one.what == what);
        userids.extend(of(Referred::Member).map(|one| one.id.as_str()));
        customers.extend(of(Referred::Customer).map(|one| one.id.as_str()));
        let mut names = Self::find(conn, userids, customers)?;
        for one in of(Referred::Department) {
            let found = match one.id.parse() {
                Ok(id) => org::find_department(conn, id)?,
                Err(_too_long) => None,
            };
            names.departments.extend(found.map(|found| (one.id.clone(), found.name)));
        }
        Ok(names)
    }

    fn find(conn: &mut Conn, userids: BTreeSet<&str>, customers: BTreeSet<&str>) -> Result<Self> {
        let userids: Vec<_> = userids.into_iter().collect();
        let members = org::members_by_ids(conn, &userids)?;
        let members = members.into_iter().map(|(userid, member)| (userid, member.name)).collect();
        let customers: Vec<_> = customers.into_iter().collect();
        let customers = customer::names_of(conn, &customers)?;
        Ok(Self { members, customers, departments: BTreeMap::new() })
    }

    /// What a member is called; his userid when he is not known.
    pub fn member(&self, userid: &str) -> String {
        self.members.get(userid).cloned().unwrap_or_else(|| userid.to_owned())
    }

    /// What a customer is called; who is not known is one.
    pub fn customer(&self, external_userid: &str) -> String {
        self.customers.get(external_userid).cloned().unwrap_or_else(|| "客户".to_owned())
    }

    /// What whoever did something is called.
    pub fn actor(&self, actor: &Actor) -> String {
        match actor {
            Actor::Member { userid } => self.member(userid),
            Actor::Token { name } => name.clone(),
            Actor::Customer { .. } => "客户".to_owned(),
            Actor::System => "系统".to_owned(),
        }
    }

    /// Everybody, by userid.
    pub fn members(&self) -> &BTreeMap<String, String> {
        &self.members
    }

    /// What an answer of such a type refers to is called, where it refers to one thing by its id.
    pub(crate) fn referred(&self, kind: &str, id: &str) -> Option<String> {
        let names = match kind {
            "member" => &self.members,
            "customer" => &self.customers,
            "department" => &self.departments,
            _ => return None,
        };
        names.get(id).cloned()
    }
}
