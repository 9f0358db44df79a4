//! Members of staff as the house sees them.

use std::collections::BTreeMap;

use db::Conn;
use kernel::{Cursor, Error, FieldError, Limit, MemberId, Page, Result, Timestamp};
use serde::{Deserialize, Serialize};

use crate::{mirror::MemberRow, sql};

/// Whether a member can work.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum MemberStatus {
    /// 已激活: uses WeCom.
    #[default]
    Active,
    /// 未激活: invited, has not joined yet.
    Inactive,
    /// 已禁用 by the company.
    Disabled,
    /// 已离职, or out of the app's sight: no longer to be told from here.
    Left,
}

impl MemberStatus {
    /// The word in the database and in JSON.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Active => "active",
            Self::Inactive => "inactive",
            Self::Disabled => "disabled",
            Self::Left => "left",
        }
    }

    /// What WeCom's `status` number means: 1 活跃, 2 禁用, 4 未激活, 5 退出. An unknown number is
    /// taken for a member who cannot work yet.
    pub fn from_wecom(number: i64) -> Self {
        match number {
            1 => Self::Active,
            2 => Self::Disabled,
            5 => Self::Left,
            _ => Self::Inactive,
        }
    }
}

/// A member of staff.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Member {
    /// Our row.
    pub id: MemberId,
    /// WeCom's userid in lower case: the key.
    pub userid: String,
    /// The userid as WeCom spells it.
    pub display_userid: String,
    /// 姓名; the userid while WeCom has not told the name.
    pub name: String,
    /// Departments, by WeCom's ids.
    pub departments: Vec<i64>,
    /// Those of them that he leads.
    pub is_leader_in: Vec<i64>,
    /// 主部门; 0 when unknown.
    pub main_department: i64,
    /// 直属上级, by userid.
    pub leaders: Vec<String>,
    /// 职务.
    pub position: String,
    /// The picture's URL.
    pub avatar: String,
    /// 手机; empty when the app may not know it.
    pub mobile: String,
    /// Whether he can work.
    pub status: MemberStatus,
    /// Whether he is in the app's visible range, so that a card can reach him.
    pub visible: bool,
    /// When something above last changed.
    pub updated_at: Timestamp,
}

/// Which members a list shows; what is `None` does not narrow it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
pub struct MemberFilter {
    /// A part of the name or userid, in any case.
    pub text: Option<String>,
    /// Members of this department itself, not of those below it.
    pub department: Option<i64>,
    /// Members in this state.
    pub status: Option<MemberStatus>,
    /// Members inside or outside of the app's visible range.
    pub visible: Option<bool>,
}

/// The member with this userid, also by a userid that he had before.
pub fn find_member(conn: &mut Conn, userid: &str) -> Result<Option<Member>> {
    Ok(members_by_ids(conn, &[userid])?.into_values().next())
}

/// Members by the userids asked for (in lower case); unknown ones are not in the map.
pub fn members_by_ids<T: AsRef<str>>(
    conn: &mut Conn,
    userids: &[T],
) -> Result<BTreeMap<String, Member>> {
    let mut found = BTreeMap::new();
    let mut asked: Vec<(String, String)> = userids
        .iter()
        .map(|userid| userid.as_ref().to_lowercase())
        .map(|userid| (userid.clone(), userid))
        .collect();
    // Each round follows one renaming.
    for _ in 0..MemberRow::RENAMINGS_MAX {
        let names: Vec<_> = asked.iter().map(|(_asked, now)| now.clone()).collect();
        let rows = sql::member::by_userids(conn, &names)?;
        let mut renamed = Vec::new();
        for (asked, now) in asked {
            let Some(row) = rows.get(&now) else { continue };
            match (row.member(), row.renamed_to()) {
                (Some(member), _) => {
                    found.insert(asked, member);
                }
                (None, Some(next)) => renamed.push((asked, next.to_owned())),
                (None, None) => {}
            }
        }
        if renamed.is_empty() {
            break;
        }
        asked = renamed;
    }
    Ok(found)
}

/// A page of members in the order in which they were first heard of.
pub fn list_members(
    conn: &mut Conn,
    filter: &MemberFilter,
    cursor: Option<Cursor>,
    limit: Limit,
) -> Result<Page<Member>> {
    let rows = sql::member::list(conn, filter, cursor, limit)?;
    let members = rows.iter().filter_map(MemberRow::member).collect();
    Ok(Page::cut(members, limit, |member| Cursor { key: member.id.0, id: member.id.0 }))
}

/// Everybody who is active and whom a card can reach: the default claim pool, by userid.
pub fn visible_members(conn: &mut Conn) -> Result<Vec<Member>> {
    let rows = sql::member::visible(conn)?;
    Ok(rows.iter().filter_map(MemberRow::member).collect())
}

/// Refuses userids, each with its place, of those who are no members: what is kept below cannot
/// know. Before the first look at the address book nobody is known, and nobody refused.
///
/// # Errors
/// `field_invalid` with the place of each; the database's.
pub fn check_members(conn: &mut Conn, people: &[(String, String)]) -> Result<()> {
    let userids: Vec<_> = people.iter().map(|(_place, userid)| userid).collect();
    let known = members_by_ids(conn, &userids)?;
    let unknown =
        people.iter().filter(|(_place, userid)| !known.contains_key(&userid.to_lowercase()));
    let tell = |(path, userid): &(String, String)| FieldError {
        path: path.clone(),
        code: "unknown_member",
        detail: format!("通讯录中没有成员 {userid}，请改正或先同步通讯录"),
    };
    let unknown: Vec<_> = unknown.map(tell).collect();
    if unknown.is_empty() || !is_anybody_known(conn)? {
        return Ok(());
    }
    Err(Error::invalid(unknown))
}

fn is_anybody_known(conn: &mut Conn) -> Result<bool> {
    let first = list_members(conn, &MemberFilter::default(), None, Limit::new(Some(1))?)?;
    Ok(!first.items.is_empty())
}
