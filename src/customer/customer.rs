//! Customers as the house sees them.

use std::collections::BTreeMap;

use db::Conn;
use kernel::{Cursor, CustomerId, Limit, Page, Result, Timestamp};
use serde::{Deserialize, Serialize};

use crate::{mirror::CustomerRow, sql};

/// From where a customer talks.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
#[serde(rename_all = "snake_case")]
pub enum CustomerKind {
    /// 微信用户.
    #[default]
    Wechat,
    /// 企业微信用户 of another company.
    Wecom,
}

impl CustomerKind {
    /// What WeCom's `type` number means: 1 微信, 2 企业微信.
    pub fn from_wecom(number: i64) -> Self {
        if number == 2 { Self::Wecom } else { Self::Wechat }
    }
}

/// That a member serves a customer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Follow {
    /// The member, in lower case.
    pub userid: String,
    /// 备注: what he calls the customer.
    pub remark: String,
    /// 标签: the names of the tags that he gave.
    pub tags: Vec<String>,
    /// The mark of the channel by which they met (联系我's `state`).
    pub state: String,
    /// Since when.
    pub since: Timestamp,
    /// Whether the customer deleted him since: he can still see the customer, not write.
    pub is_lost: bool,
}

/// A customer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Customer {
    /// Our row.
    pub id: CustomerId,
    /// WeCom's external_userid, as it spells it: the key.
    pub external_userid: String,
    /// The unionid; empty when unknown.
    pub unionid: String,
    /// What he calls himself; empty while WeCom has not told.
    pub name: String,
    /// His company, when he uses WeCom.
    pub corp_name: String,
    /// The picture's URL.
    pub avatar: String,
    /// From where he talks.
    pub kind: CustomerKind,
    /// A telephone number that a member noted.
    pub phone: String,
    /// Who serves him, by userid.
    pub follows: Vec<Follow>,
    /// Whether nobody can reach him any more who once could.
    pub is_lost: bool,
    /// When something above last changed.
    pub updated_at: Timestamp,
}

impl Customer {
    /// What people call him: the first remark, else his own name.
    pub fn display_name(&self) -> &str {
        let remarks = self.follows.iter().map(|follow| follow.remark.as_str());
        remarks.chain([self.name.as_str()]).find(|name| !name.is_empty()).unwrap_or("客户")
    }
}

/// Which customers a list shows; what is `None` does not narrow it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
pub struct CustomerFilter {
    /// A part of the name, the company's name or a remark, in any case.
    pub text: Option<String>,
    /// This telephone number.
    pub phone: Option<String>,
    /// Served by this member.
    pub follower: Option<String>,
    /// Lost ones, or those who are not.
    pub is_lost: Option<bool>,
}

/// The customer with this external_userid.
pub fn find_by_external(conn: &mut Conn, external_userid: &str) -> Result<Option<Customer>> {
    Ok(sql::customer::by_external(conn, external_userid)?.map(|row| row.customer()))
}

/// What these customers are called, by external_userid; those that nobody knows are left out.
pub fn names_of(conn: &mut Conn, ids: &[&str]) -> Result<BTreeMap<String, String>> {
    let rows = sql::customer::by_externals(conn, ids)?;
    let name = |row: &CustomerRow| {
        let customer = row.customer();
        (customer.external_userid.clone(), customer.display_name().to_owned())
    };
    Ok(rows.iter().map(name).collect())
}

/// The customer with this id.
pub fn find_by_id(conn: &mut Conn, id: CustomerId) -> Result<Option<Customer>> {
    Ok(sql::customer::by_id(conn, id)?.map(|row| row.customer()))
}

/// The customer with this unionid: the one whom we have known longest, should there be several.
pub fn find_by_unionid(conn: &mut Conn, unionid: &str) -> Result<Option<Customer>> {
    if unionid.is_empty() {
        return Ok(None);
    }
    Ok(sql::customer::by_unionid(conn, unionid)?.map(|row| row.customer()))
}

/// A page of customers, those first whom we have known for the shortest time.
pub fn list(
    conn: &mut Conn,
    filter: &CustomerFilter,
    cursor: Option<Cursor>,
    limit: Limit,
) -> Result<Page<Customer>> {
    let rows = sql::customer::list(conn, filter, cursor, limit)?;
    let customers = rows.iter().map(CustomerRow::customer).collect();
    Ok(Page::cut(customers, limit, |one| Cursor { key: one.id.0, id: one.id.0 }))
}
