//! Customers, customer groups and customer tags (客户联系).

use super::fields::Fields;

/// A change between a member and a customer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CustomerChange {
    /// The member.
    pub user_id: String,
    /// The customer.
    pub external_user_id: String,
    /// What changed.
    pub what: CustomerWhat,
}

/// What changed between a member and a customer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum CustomerWhat {
    /// They became contacts.
    Add {
        /// The channel's mark of 联系我.
        state: Option<String>,
        /// Lets one greeting be sent within 20 seconds.
        welcome_code: Option<String>,
    },
    /// The customer added the member, who need not confirm.
    AddHalf {
        /// The channel's mark of 联系我.
        state: Option<String>,
        /// Lets one greeting be sent within 20 seconds.
        welcome_code: Option<String>,
    },
    /// A remark or tag changed.
    Edit {
        /// The channel's mark, in some corps.
        state: Option<String>,
    },
    /// The member deleted the customer.
    Delete {
        /// `DELETE_BY_TRANSFER` when it came from a hand-over.
        source: Option<String>,
    },
    /// The customer deleted the member.
    DeletedByCustomer,
    /// A hand-over failed.
    TransferFail {
        /// `customer_refused`, `customer_limit_exceed`.
        fail_reason: String,
    },
    /// The customer agreed to the chat archive.
    AuditApproved {
        /// Lets one greeting be sent.
        welcome_code: Option<String>,
    },
}

/// A change of a customer group.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ChatChange {
    /// The group.
    pub chat_id: String,
    /// What changed.
    pub what: ChatWhat,
}

/// What changed in a customer group.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ChatWhat {
    /// It was made.
    Create,
    /// It changed.
    Update(Box<ChatUpdate>),
    /// It was dissolved.
    Dismiss,
}

/// An update of a customer group.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ChatUpdate {
    /// What.
    pub detail: ChatDetail,
    /// How members came: 0 invited, 3 by QR code.
    pub join_scene: Option<i64>,
    /// How members went: 0 left, 1 removed.
    pub quit_scene: Option<i64>,
    /// How many.
    pub member_count: Option<i64>,
    /// Who.
    pub members: Vec<String>,
    /// The member list's version before.
    pub last_version: Option<String>,
    /// The member list's version now.
    pub current_version: Option<String>,
}

/// What an update of a customer group is about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ChatDetail {
    /// Members came.
    AddMember,
    /// Members went.
    DelMember,
    /// Another owner.
    ChangeOwner,
    /// Another name.
    ChangeName,
    /// Another notice.
    ChangeNotice,
    /// Something newer.
    Other(String),
}

/// A change of the customer tags.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CustomerTagChange {
    /// The tag or group of tags: text, unlike a department's number under the same name.
    pub id: String,
    /// `tag` or `tag_group`.
    pub tag_type: Option<String>,
    /// The rule group.
    pub strategy_id: Option<String>,
    /// What changed.
    pub what: CustomerTagWhat,
}

/// What changed in the customer tags.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CustomerTagWhat {
    /// A tag came.
    Create,
    /// A tag changed.
    Update,
    /// A tag went.
    Delete,
    /// The order changed.
    Shuffle,
}

impl CustomerChange {
    /// Nothing when the change is not known.
    pub(super) fn read(change: &str, from: Fields<'_>) -> Option<Self> {
        let (state, welcome_code) = (from.some("State"), from.some("WelcomeCode"));
        let what = match change {
            "add_external_contact" => CustomerWhat::Add { state, welcome_code },
            "add_half_external_contact" => CustomerWhat::AddHalf { state, welcome_code },
            "edit_external_contact" => CustomerWhat::Edit { state },
            "del_external_contact" => CustomerWhat::Delete { source: from.some("Source") },
            "del_follow_user" => CustomerWhat::DeletedByCustomer,
            "transfer_fail" => CustomerWhat::TransferFail { fail_reason: from.text("FailReason") },
            "msg_audit_approved" => CustomerWhat::AuditApproved { welcome_code },
            _ => return None,
        };
        let external_user_id = from.text("ExternalUserID");
        Some(Self { user_id: from.text("UserID"), external_user_id, what })
    }

    pub(super) fn kind(&self) -> &'static str {
        match self.what {
            CustomerWhat::Add { .. } => "add_external_contact",
            CustomerWhat::AddHalf { .. } => "add_half_external_contact",
            CustomerWhat::Edit { .. } => "edit_external_contact",
            CustomerWhat::Delete { .. } => "del_external_contact",
            CustomerWhat::DeletedByCustomer => "del_follow_user",
            CustomerWhat::TransferFail { .. } => "transfer_fail",
            CustomerWhat::AuditApproved { .. } => "msg_audit_approved",
        }
    }
}

impl ChatChange {
    /// Nothing when the change is not known.
    pub(super) fn read(change: &str, from: Fields<'_>) -> Option<Self> {
        let what = match change {
            "create" => ChatWhat::Create,
            "update" => ChatWhat::Update(Box::new(ChatUpdate::read(from))),
            "dismiss" => ChatWhat::Dismiss,
            _ => return None,
        };
        Some(Self { chat_id: from.text("ChatId"), what })
    }

    pub(super) fn kind(&self) -> &'static str {
        match self.what {
            ChatWhat::Create => "create",
            ChatWhat::Update(_) => "update",
            ChatWhat::Dismiss => "dismiss",
        }
    }
}

impl ChatUpdate {
    fn read(from: Fields<'_>) -> Self {
        let detail = match from.str("UpdateDetail") {
            "add_member" => ChatDetail::AddMember,
            "del_member" => ChatDetail::DelMember,
            "change_owner" => ChatDetail::ChangeOwner,
            "change_name" => ChatDetail::ChangeName,
            "change_notice" => ChatDetail::ChangeNotice,
            other => ChatDetail::Other(other.to_owned()),
        };
        Self {
            detail,
            join_scene: from.number("JoinScene"),
            quit_scene: from.number("QuitScene"),
            member_count: from.number("MemChangeCnt"),
            members: from.inside("MemChangeList").texts("Item"),
            last_version: from.some("LastMemVer"),
            current_version: from.some("CurMemVer"),
        }
    }
}

impl CustomerTagChange {
    /// Nothing when the change is not known.
    pub(super) fn read(change: &str, from: Fields<'_>) -> Option<Self> {
        let what = match change {
            "create" => CustomerTagWhat::Create,
            "update" => CustomerTagWhat::Update,
            "delete" => CustomerTagWhat::Delete,
            "shuffle" => CustomerTagWhat::Shuffle,
            _ => return None,
        };
        let (tag_type, strategy_id) = (from.some("TagType"), from.some("StrategyId"));
        Some(Self { id: from.text("Id"), tag_type, strategy_id, what })
    }

    pub(super) fn kind(&self) -> &'static str {
        match self.what {
            CustomerTagWhat::Create => "create",
            CustomerTagWhat::Update => "update",
            CustomerTagWhat::Delete => "delete",
            CustomerTagWhat::Shuffle => "shuffle",
        }
    }
}
