//! The answers of a ticket: checked against the form, what they refer to found, what is issued filled
//! in; at creation all of them, at a step those that it asks for.

use catalog::Published;
use db::Conn;
use form::{Answers, Compiled, Context, Reference, Referred};
use kernel::{Ctx, Error, FieldError, FileId, Result};
use serde_json::{Map, Value};

use crate::{Ticket, act::refused_fields, policy, question, refer, sql};

/// Brings what was answered to what is stored.
///
/// # Errors
/// `field_invalid` with every wrong answer and everything that is not there.
pub(crate) fn take(
    conn: &mut Conn,
    ctx: &Ctx,
    template: &Published,
    given: &Map<String, Value>,
    zone_minutes: i64,
) -> Result<Answers> {
    let mut answers = judge(conn, ctx, template, given)?;
    let form = template.compiled();
    let day: String = ctx.now.local(zone_minutes).chars().take(10).collect();
    let issued = form.to_issue(&answers).into_iter().map(|field| {
        let counter = format!("{}/{}/{day}", template.key, field.key);
        let count = u64::try_from(sql::count_up(conn, &counter)?).unwrap_or_default();
        Ok((field.key.clone(), Value::from(form::serial_number(field, &day, count))))
    });
    let issued = issued.collect::<Result<Vec<_>>>()?;
    answers.extend(issued);
    Ok(answers)
}

/// What was answered, as it is stored but for what is issued: nothing is written.
///
/// # Errors
/// As [`take`].
pub(crate) fn judge(
    conn: &mut Conn,
    ctx: &Ctx,
    template: &Published,
    given: &Map<String, Value>,
) -> Result<Answers> {
    let form = template.compiled();
    let answers = form.check(given, &Context::default()).map_err(refused)?;
    check_references(conn, ctx, &form.references(&answers))?;
    Ok(answers)
}

/// Brings what is filled in at a step to what is stored, as the answers that change.
///
/// # Errors
/// `field_invalid` with every wrong answer, and every one that the step must have.
pub(crate) fn fill(
    conn: &mut Conn,
    ctx: &Ctx,
    template: &Published,
    (ticket, step): (&Ticket, &str),
    given: &Map<String, Value>,
) -> Result<Answers> {
    let asks =
        |field: &form::Field| field.access.contains_key(step) || field.access.contains_key("*");
    if given.is_empty() && !template.form.fields.iter().any(asks) {
        return Ok(Answers::new());
    }
    let context = Context { step: Some(step), owned: None, before: Some(&ticket.form) };
    change(conn, ctx, template.compiled(), (ticket, &context), given)
}

/// The same of these fields alone, whoever may fill them in at which step.
///
/// # Errors
/// Those of [`fill`].
pub(crate) fn fill_only(
    conn: &mut Conn,
    ctx: &Ctx,
    template: &Published,
    (ticket, fields): (&Ticket, &[String]),
    given: &Map<String, Value>,
) -> Result<Answers> {
    let form = Compiled::new(&question::only(&template.form, fields))
        .map_err(|problems| broken(template, &problems))?;
    change(conn, ctx, &form, (ticket, &question::context(ticket)), given)
}

fn change(
    conn: &mut Conn,
    ctx: &Ctx,
    form: &Compiled,
    (ticket, context): (&Ticket, &Context<'_>),
    given: &Map<String, Value>,
) -> Result<Answers> {
    let answers = form.check(given, context).map_err(refused)?;
    // What was there before was checked when it came, and it was another who could show it.
    let known = form.references(&ticket.form);
    let is_known =
        |one: &Reference| known.iter().any(|old| old.what == one.what && old.id == one.id);
    let mut fresh = form.references(&answers);
    fresh.retain(|one| !is_known(one));
    check_references(conn, ctx, &fresh)?;
    let cleared = ticket.form.keys().filter(|key| !answers.contains_key(*key));
    let cleared: Vec<_> = cleared.map(|key| (key.clone(), Value::Null)).collect();
    let changed = answers.into_iter().filter(|(key, value)| ticket.form.get(key) != Some(value));
    Ok(changed.chain(cleared).collect())
}

fn broken(template: &Published, problems: &[form::Problem]) -> Error {
    Error::bug(format!("the published form of {} is broken: {problems:?}", template.key))
}

fn refused(problems: Vec<form::Problem>) -> Error {
    let inside =
        problems.into_iter().map(|one| form::Problem { path: format!("form.{}", one.path), ..one });
    refused_fields(inside.collect())
}

/// The files of a ticket: those that its form's answers name, then those that were added. What
/// looks like a file's number in any other answer is none.
pub fn files_of(ticket: &Ticket, template: &Published) -> Vec<FileId> {
    let references = template.compiled().references(&ticket.form);
    let in_form = references.into_iter().filter(|one| one.what == Referred::File);
    let in_form = in_form.filter_map(|one| one.id.parse().ok());
    let added = ticket.attachments.iter().filter_map(|one| one.file);
    let there = ticket.check_ins.iter().flat_map(|one| one.files.iter().copied());
    in_form.chain(added).chain(there).collect()
}

/// Whether everything that answers refer to is there. Devices, opportunities and orders live
/// elsewhere; where none was ever told of, their numbers are taken as they are.
fn check_references(conn: &mut Conn, ctx: &Ctx, references: &[Reference]) -> Result<()> {
    let of = |what: Referred| references.iter().filter(move |one| one.what == what);
    let place = |one: &Reference| format!("form.{}", one.path);
    let files: Vec<_> =
        of(Referred::File).filter_map(|one| Some((place(one), one.id.parse().ok()?))).collect();
    policy::check_files(conn, &ctx.actor, &files)?;
    let mut wrong = Vec::new();
    let mut miss = |one: &Reference, code, what: &str| {
        let detail = format!("没有{what} {}", kernel::text::cut_chars(&one.id, 64));
        wrong.push(FieldError { path: place(one), code, detail });
    };
    let userids: Vec<_> = of(Referred::Member).map(|one| one.id.clone()).collect();
    let members = org::members_by_ids(conn, &userids)?;
    for one in of(Referred::Member).filter(|one| !members.contains_key(&one.id)) {
        miss(one, "unknown_member", "成员");
    }
    for one in of(Referred::Department) {
        let found = match one.id.parse() {
            Ok(id) => org::find_department(conn, id)?,
            Err(_too_long) => None,
        };
        if found.is_none() {
            miss(one, "unknown_department", "部门");
        }
    }
    for one in of(Referred::Customer) {
        if customer::find_by_external(conn, &one.id)?.is_none() {
            miss(one, "unknown_customer", "客户");
        }
    }
    for one in references {
        if let Some((code, what)) = refer::is_missing(conn, one)? {
            miss(one, code, what);
        }
    }
    if wrong.is_empty() { Ok(()) } else { Err(Error::invalid(wrong)) }
}
