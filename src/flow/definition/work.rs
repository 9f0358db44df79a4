//! What a step that makes work says of it: who, how many, until when, and what else.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::assign::Pick;

/// Whether a value need not be written.
pub(crate) fn is_default<T: Default + PartialEq>(value: &T) -> bool {
    *value == T::default()
}

/// The work of a task or an approval.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Work {
    /// Who gets it.
    pub assign: Assign,
    /// How several handlers do it together.
    #[serde(default, skip_serializing_if = "is_default")]
    pub sign: Sign,
    /// What a no does.
    #[serde(default, skip_serializing_if = "is_default")]
    pub on_reject: OnReject,
    /// What happens when nobody is found; held with an alarm when nothing is said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub if_nobody: Option<IfNobody>,
    /// What may be seen and changed of the form; the form's own rights for fields not named.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub fields: BTreeMap<String, FieldRight>,
    /// The rule that must hold before the work can be done.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub exit: Option<Value>,
    /// Until when.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub limit: Option<Limit>,
    /// What can be done with it; everything that suits its kind when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub verbs: Option<Vec<Verb>>,
    /// How one of the candidates is chosen.
    #[serde(default, skip_serializing_if = "is_default")]
    pub pick: Pick,
}

impl Work {
    /// Work for whom, and all else as usual.
    pub fn of(assign: Assign) -> Self {
        Self {
            assign,
            sign: Sign::default(),
            on_reject: OnReject::default(),
            if_nobody: None,
            fields: BTreeMap::new(),
            exit: None,
            limit: None,
            verbs: None,
            pick: Pick::default(),
        }
    }

    /// Whether this can be done with it.
    pub fn allows(&self, verb: Verb) -> bool {
        self.verbs.as_ref().is_none_or(|verbs| verbs.contains(&verb))
    }
}

/// Who gets the work of a step. Data: whoever hands in the facts says who that is today.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "by", rename_all = "snake_case", deny_unknown_fields)]
pub enum Assign {
    /// A group. A group that was not set up means every member the app can see.
    Group {
        /// The group's key.
        key: String,
    },
    /// These people.
    People {
        /// Their userids.
        userids: Vec<String>,
    },
    /// Who has a role.
    Role {
        /// The role's key.
        key: String,
    },
    /// The members of a department.
    Department {
        /// The department's number in WeCom.
        id: i64,
        /// Whether the departments below it count.
        #[serde(default, skip_serializing_if = "is_default")]
        with_below: bool,
    },
    /// Who leads a department.
    DepartmentLead {
        /// The department; the starter's when absent.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        id: Option<i64>,
        /// How many levels above it, 0 for its own lead.
        #[serde(default, skip_serializing_if = "is_default")]
        level: u8,
    },
    /// Who raised the ticket.
    Starter,
    /// Whom the starter reports to.
    StarterLead {
        /// How many levels up, 0 for his direct lead.
        #[serde(default, skip_serializing_if = "is_default")]
        level: u8,
    },
    /// Whom the ticket's present handlers report to.
    Supervisor,
    /// Who is named in a member field of the form.
    Field {
        /// The field's key.
        key: String,
    },
    /// Whom the handler before chose.
    Chosen,
    /// Who looks after the customer.
    CustomerOwner,
    /// Who is on duty.
    Duty {
        /// The roster's key.
        roster: String,
    },
    /// The first row whose rule holds.
    Table {
        /// The rows, in order.
        rows: Vec<Row>,
        /// Who, when none does.
        otherwise: Box<Assign>,
    },
}

/// One row of a table of who does what.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Row {
    /// What people call it, such as 华东区域.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub name: String,
    /// The rule.
    pub when: Value,
    /// Who, when it holds.
    pub assign: Assign,
}

/// How several handlers do a step together.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "mode", rename_all = "snake_case", deny_unknown_fields)]
pub enum Sign {
    /// 或签: whoever is first.
    #[default]
    Any,
    /// 会签: everybody, at once.
    All,
    /// 依次会签: everybody, one after the other.
    InOrder,
    /// 票签: a share of them.
    Vote {
        /// How many of a hundred must agree.
        share: u8,
    },
}

/// What a no does.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "do", rename_all = "snake_case", deny_unknown_fields)]
pub enum OnReject {
    /// The ticket ends.
    #[default]
    End,
    /// The starter amends it, and this step is asked anew.
    ToStarter,
    /// Back to the step before; to the starter when there is none.
    ToPrevious,
    /// Back to a named earlier step.
    ToStep {
        /// The step.
        key: String,
    },
}

/// What happens when nobody is found for a step.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "do", rename_all = "snake_case", deny_unknown_fields)]
pub enum IfNobody {
    /// Others get it; held when they too are nobody.
    Assign {
        /// Who.
        to: Assign,
    },
    /// The step is not needed then.
    Skip,
    /// It waits, with a visible alarm, until somebody is named.
    Hold,
}

/// What a step may do with a field of the form.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FieldRight {
    /// Not even see it.
    Hidden,
    /// See it.
    Read,
    /// Change it.
    Edit,
}

/// Which minutes count.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Pace {
    /// All of them.
    #[default]
    Calendar,
    /// Those of working hours.
    Working,
}

/// How urgent a ticket is, as far as its deadlines depend on it.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
#[serde(rename_all = "snake_case")]
pub enum Rank {
    /// 不急
    Low,
    /// 普通
    #[default]
    Normal,
    /// 紧急
    High,
    /// 特急
    Critical,
}

/// Until when, and what happens before and after.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Limit {
    /// How many minutes after the step opened.
    pub minutes: u32,
    /// How many instead for tickets that are so urgent; a ticket whose priority changes has its
    /// running deadlines moved by the difference.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub by_priority: BTreeMap<Rank, u32>,
    /// Which minutes count.
    #[serde(default, skip_serializing_if = "is_default")]
    pub pace: Pace,
    /// How many minutes before the deadline its handlers are reminded.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub remind: Vec<u32>,
    /// How often they are told after it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub repeat: Option<Repeat>,
    /// Who is called after it, one after the other.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub escalate: Vec<Rung>,
    /// What the deadline itself does.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub overdue: Option<Overdue>,
}

impl Limit {
    /// How many minutes a ticket of this urgency has.
    pub fn minutes_of(&self, rank: Rank) -> u32 {
        self.by_priority.get(&rank).copied().unwrap_or(self.minutes)
    }
}

/// How often.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Repeat {
    /// Every how many minutes.
    pub minutes: u32,
    /// How many times at most.
    pub most: u32,
}

/// One rung of the ladder.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Rung {
    /// How many minutes after the deadline, or after the rung before.
    pub minutes: u32,
    /// Who is called.
    pub to: Assign,
    /// Whether the work becomes theirs.
    #[serde(default, skip_serializing_if = "is_default")]
    pub take_over: bool,
}

/// What a deadline does by itself.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "do", rename_all = "snake_case", deny_unknown_fields)]
pub enum Overdue {
    /// The step counts as done, or as agreed to.
    Pass,
    /// It counts as rejected.
    Reject,
    /// Others get it.
    Transfer {
        /// Who.
        to: Assign,
    },
    /// The ticket ends.
    End,
}

/// What can be done with a step's work.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Verb {
    /// 认领
    Claim,
    /// 完成
    Complete,
    /// 同意
    Approve,
    /// 驳回
    Reject,
    /// 退回
    Return,
    /// 直送
    Resume,
    /// 转办
    Transfer,
    /// 委派
    Delegate,
    /// 加签
    AddSigner,
    /// 减签
    RemoveSigner,
    /// 拿回
    TakeBack,
    /// 请客户补充
    AskCustomer,
}
