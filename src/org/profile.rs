//! What assignment knows of a member beside what WeCom tells.

use std::collections::BTreeMap;

use db::Conn;
use kernel::{Ctx, Error, FieldError, Result};
use serde::{Deserialize, Serialize};

use crate::{leave::known, sql};

/// The most entries of a list, and characters of an entry.
const ENTRIES_MAX: usize = 100;
const ENTRY_MAX: usize = 64;

/// What a member does here.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Profile {
    /// Keys of his roles.
    pub roles: Vec<String>,
    /// What he can do, such as `空调`.
    pub skills: Vec<String>,
    /// Where he works, as paths such as `华东/上海`.
    pub regions: Vec<String>,
    /// Whether he serves important customers.
    pub serves_vip: bool,
    /// Who stands in for him whenever he is away and his leave names nobody.
    pub backup: Option<String>,
}

impl Profile {
    fn problems(&self) -> Vec<FieldError> {
        let lists = [("roles", &self.roles), ("skills", &self.skills), ("regions", &self.regions)];
        let mut problems = Vec::new();
        let mut say = |path: String, code, detail: String| {
            problems.push(FieldError { path, code, detail });
        };
        for (path, list) in lists {
            if list.len() > ENTRIES_MAX {
                say(path.to_owned(), "too_many", format!("最多 {ENTRIES_MAX} 项，请减少"));
            }
            for (at, entry) in list.iter().enumerate() {
                let length = entry.trim().chars().count();
                // A comma parts the entries in the column by which roles are found.
                if length == 0 || length > ENTRY_MAX || entry.contains(',') {
                    let detail = format!("须为 1 到 {ENTRY_MAX} 个字，不含英文逗号");
                    say(format!("{path}[{at}]"), "malformed", detail);
                }
            }
        }
        problems
    }
}

/// What a member does here; nothing particular when nobody said.
///
/// # Errors
/// The database's.
pub fn profile(conn: &mut Conn, userid: &str) -> Result<Profile> {
    Ok(profiles(conn, &[userid.to_owned()])?.remove(userid).unwrap_or_default())
}

/// What these members do, those of whom somebody said it.
///
/// # Errors
/// The database's.
pub fn profiles(conn: &mut Conn, userids: &[String]) -> Result<BTreeMap<String, Profile>> {
    sql::profile::by_userids(conn, userids)
}

/// Says what a member does.
///
/// # Errors
/// `member.not_found`; `field_invalid`.
pub fn put_profile(conn: &mut Conn, ctx: &Ctx, userid: &str, profile: &Profile) -> Result<Profile> {
    let problems = profile.problems();
    if !problems.is_empty() {
        return Err(Error::invalid(problems));
    }
    let member = known(conn, userid)?;
    let mut profile = profile.clone();
    for list in [&mut profile.roles, &mut profile.skills, &mut profile.regions] {
        let mut seen = std::collections::BTreeSet::new();
        list.iter_mut().for_each(|entry| *entry = entry.trim().to_owned());
        list.retain(|entry| seen.insert(entry.clone()));
    }
    if let Some(backup) = profile.backup {
        let backup = crate::leave::backup(conn, &member, &backup)?;
        profile.backup = Some(backup);
    }
    sql::profile::put(conn, &member, &profile, ctx.now)?;
    Ok(profile)
}

/// Who has a role, by userid.
///
/// # Errors
/// The database's.
pub fn with_role(conn: &mut Conn, key: &str) -> Result<Vec<String>> {
    sql::profile::with_role(conn, key)
}
