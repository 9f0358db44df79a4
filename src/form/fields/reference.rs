//! Members, departments, customers and what belongs to them, by id. Whether there is one with that
//! id is the caller's to ask.

use serde_json::Value;

use super::{FieldKind, as_text, refuse};
use crate::{answer::Problem, rules::Type, template::Field, words::Reader};

/// The longest id: WeCom's userids have at most 64 characters.
const ID_MAX: usize = 64;

/// What an answer can refer to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Referred {
    /// A stored file.
    File,
    /// A member of staff, by WeCom userid.
    Member,
    /// A department, by WeCom's number of it.
    Department,
    /// A customer, by external_userid or another id.
    Customer,
    /// A device of a customer.
    Asset,
    /// An opportunity.
    Opportunity,
    /// An order.
    Order,
}

/// Something that an answer refers to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reference {
    /// Where: `images[2]`, `team[0].lead`.
    pub path: String,
    /// To what.
    pub what: Referred,
    /// By which id.
    pub id: String,
}

/// A reference to one thing.
pub(crate) struct ById {
    name: &'static str,
    label: &'static str,
    what: Referred,
}

const fn by_id(name: &'static str, label: &'static str, what: Referred) -> ById {
    ById { name, label, what }
}

pub(crate) const MEMBER: ById = by_id("member", "成员", Referred::Member);
pub(crate) const DEPARTMENT: ById = by_id("department", "部门", Referred::Department);
pub(crate) const CUSTOMER: ById = by_id("customer", "客户", Referred::Customer);
pub(crate) const ASSET: ById = by_id("asset", "设备", Referred::Asset);
pub(crate) const OPPORTUNITY: ById = by_id("opportunity", "商机", Referred::Opportunity);
pub(crate) const ORDER: ById = by_id("order", "订单", Referred::Order);

impl ById {
    fn is_id(&self, id: &str) -> bool {
        let is_allowed = |c: char| match self.what {
            Referred::Department => c.is_ascii_digit(),
            _ => c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.' | '@'),
        };
        !id.is_empty() && id.len() <= ID_MAX && id.chars().all(is_allowed)
    }

    fn wanted(&self) -> &'static str {
        match self.what {
            Referred::Member => "企业微信的成员账号（userid）",
            Referred::Department => "企业微信的部门编号",
            Referred::Customer => "客户的编号或 external_userid",
            _ => "它的编号，只含字母、数字和 -_.@",
        }
    }
}

impl FieldKind for ById {
    fn name(&self) -> &'static str {
        self.name
    }

    fn label(&self) -> &'static str {
        self.label
    }

    fn rule_type(&self) -> Type {
        Type::Text
    }

    fn normalise(&self, field: &Field, value: &Value) -> Result<Value, Vec<Problem>> {
        let id = as_text(field, value)?.trim();
        // WeCom does not tell userids by their case.
        let id = if self.what == Referred::Member { id.to_lowercase() } else { id.to_owned() };
        if self.is_id(&id) {
            return Ok(Value::String(id));
        }
        refuse(&field.key, "malformed", format!("{}须是{}", field.label, self.wanted()))
    }

    fn words(&self, _field: &Field, value: &Value, _reader: &Reader) -> String {
        value.as_str().unwrap_or_default().to_owned()
    }

    fn refers(&self, field: &Field, value: &Value, found: &mut Vec<Reference>) {
        found.extend(value.as_str().map(|id| Reference {
            path: field.key.clone(),
            what: self.what,
            id: id.to_owned(),
        }));
    }
}
