//! Changes of the address book. They come in any order, and a change made through the API is not
//! told.

use super::fields::Fields;

/// What changed in the address book.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ContactChange {
    /// A member came.
    CreateUser(Box<UserChange>),
    /// A member changed; only what changed is there.
    UpdateUser(Box<UserChange>),
    /// A member left.
    DeleteUser {
        /// The userid.
        user_id: String,
    },
    /// A department came.
    CreateParty(PartyChange),
    /// A department changed.
    UpdateParty(PartyChange),
    /// A department left.
    DeleteParty {
        /// The department.
        id: i64,
    },
    /// The members of a tag changed.
    UpdateTag(TagChange),
}

/// A member as an event tells him. URLs configured since 2022-08 tell userid and departments only.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct UserChange {
    /// The userid, before the change.
    pub user_id: String,
    /// The userid from now on, when it changed.
    pub new_user_id: Option<String>,
    /// Name.
    pub name: Option<String>,
    /// Every department.
    pub department: Option<Vec<i64>>,
    /// The main one.
    pub main_department: Option<i64>,
    /// Whether he leads each of `department`.
    pub is_leader_in_dept: Option<Vec<i64>>,
    /// His superiors' userids.
    pub direct_leader: Option<Vec<String>>,
    /// Position.
    pub position: Option<String>,
    /// Mobile number.
    pub mobile: Option<String>,
    /// 1 male, 2 female.
    pub gender: Option<i64>,
    /// Mail.
    pub email: Option<String>,
    /// Mail of the corp.
    pub biz_mail: Option<String>,
    /// 1 active, 2 disabled, 4 not activated, 5 left.
    pub status: Option<i64>,
    /// Picture.
    pub avatar: Option<String>,
    /// Alias; older events call it EnglishName.
    pub alias: Option<String>,
    /// Telephone.
    pub telephone: Option<String>,
    /// Address.
    pub address: Option<String>,
    /// The corp's own fields.
    pub ext_attr: Vec<ExtAttr>,
}

/// One of the corp's own fields.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ExtAttr {
    /// Its name.
    pub name: String,
    /// Its value.
    pub value: ExtValue,
}

/// The value of one of the corp's own fields.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ExtValue {
    /// A text.
    Text(String),
    /// A link.
    Web {
        /// Its title.
        title: String,
        /// Where it leads.
        url: String,
    },
}

/// A department as an event tells it; only what changed is there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PartyChange {
    /// The department.
    pub id: i64,
    /// Its name.
    pub name: Option<String>,
    /// The one above.
    pub parent_id: Option<i64>,
    /// Bigger comes first.
    pub order: Option<i64>,
}

/// A tag's new and former members.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TagChange {
    /// The tag.
    pub tag_id: i64,
    /// Userids added.
    pub add_users: Vec<String>,
    /// Userids removed.
    pub del_users: Vec<String>,
    /// Departments added.
    pub add_parties: Vec<i64>,
    /// Departments removed.
    pub del_parties: Vec<i64>,
}

impl ContactChange {
    /// Nothing when the change is not known or names no readable id.
    pub(super) fn read(change: &str, from: Fields<'_>) -> Option<Self> {
        Some(match change {
            "create_user" => Self::CreateUser(Box::new(UserChange::read(from))),
            "update_user" => Self::UpdateUser(Box::new(UserChange::read(from))),
            "delete_user" => Self::DeleteUser { user_id: from.text("UserID") },
            "create_party" => Self::CreateParty(PartyChange::read(from)?),
            "update_party" => Self::UpdateParty(PartyChange::read(from)?),
            "delete_party" => Self::DeleteParty { id: from.number("Id")? },
            "update_tag" => Self::UpdateTag(TagChange::read(from)?),
            _ => return None,
        })
    }

    pub(super) fn kind(&self) -> &'static str {
        match self {
            Self::CreateUser(_) => "create_user",
            Self::UpdateUser(_) => "update_user",
            Self::DeleteUser { .. } => "delete_user",
            Self::CreateParty(_) => "create_party",
            Self::UpdateParty(_) => "update_party",
            Self::DeleteParty { .. } => "delete_party",
            Self::UpdateTag(_) => "update_tag",
        }
    }
}

impl UserChange {
    fn read(from: Fields<'_>) -> Self {
        Self {
            user_id: from.text("UserID"),
            new_user_id: from.some("NewUserID"),
            name: from.some("Name"),
            department: from.numbers("Department"),
            main_department: from.number("MainDepartment"),
            is_leader_in_dept: from.numbers("IsLeaderInDept").or_else(|| from.numbers("IsLeader")),
            direct_leader: from.list("DirectLeader"),
            position: from.some("Position"),
            mobile: from.some("Mobile"),
            gender: from.number("Gender"),
            email: from.some("Email"),
            biz_mail: from.some("BizMail"),
            status: from.number("Status"),
            avatar: from.some("Avatar"),
            alias: from.some("Alias").or_else(|| from.some("EnglishName")),
            telephone: from.some("Telephone"),
            address: from.some("Address"),
            ext_attr: from.inside("ExtAttr").each("Item").map(ExtAttr::read).collect(),
        }
    }
}

impl ExtAttr {
    fn read(from: Fields<'_>) -> Self {
        let web = from.inside("Web");
        let value = if from.has("Web") {
            ExtValue::Web { title: web.text("Title"), url: web.text("Url") }
        } else {
            let text = from.inside("Text").some("Value").or_else(|| from.some("Value"));
            ExtValue::Text(text.unwrap_or_default())
        };
        Self { name: from.text("Name"), value }
    }
}

impl PartyChange {
    fn read(from: Fields<'_>) -> Option<Self> {
        Some(Self {
            id: from.number("Id")?,
            name: from.some("Name"),
            parent_id: from.number("ParentId"),
            order: from.number("Order"),
        })
    }
}

impl TagChange {
    fn read(from: Fields<'_>) -> Option<Self> {
        Some(Self {
            tag_id: from.number("TagId")?,
            add_users: from.list("AddUserItems").unwrap_or_default(),
            del_users: from.list("DelUserItems").unwrap_or_default(),
            add_parties: from.numbers("AddPartyItems").unwrap_or_default(),
            del_parties: from.numbers("DelPartyItems").unwrap_or_default(),
        })
    }
}
