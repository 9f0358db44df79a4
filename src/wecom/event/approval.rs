//! Approvals: the app's own engine (审批流程引擎) and WeCom's approval app (审批).

use super::fields::Fields;

/// An approval of the app's own engine.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OpenApproval {
    /// Our own number.
    pub third_no: String,
    /// The template's name.
    pub name: String,
    /// The template.
    pub template_id: String,
    /// 1 running, 2 approved, 3 rejected, 4 cancelled.
    pub status: Option<i64>,
    /// In seconds since 1970.
    pub apply_time: Option<i64>,
    /// Who applied: the name.
    pub apply_user_name: String,
    /// Who applied: the userid.
    pub apply_user_id: String,
    /// Who applied: the department's name.
    pub apply_user_party: String,
    /// Who applied: the picture.
    pub apply_user_image: String,
    /// The steps.
    pub nodes: Vec<ApprovalNode>,
    /// Who is told.
    pub notify: Vec<NotifyNode>,
    /// The present step, from 0.
    pub step: Option<i64>,
}

/// One step of an approval.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ApprovalNode {
    /// 1 running, 2 approved, 3 rejected, 4 handed over.
    pub status: Option<i64>,
    /// 1 any one, 2 all.
    pub attr: Option<i64>,
    /// 1 fixed members, 2 tag, 3 superior.
    pub kind: Option<i64>,
    /// The approvers.
    pub items: Vec<ApprovalItem>,
}

/// One approver of a step.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ApprovalItem {
    /// Name.
    pub name: String,
    /// Userid.
    pub user_id: String,
    /// Department.
    pub party: String,
    /// Picture.
    pub image: String,
    /// As of the step.
    pub status: Option<i64>,
    /// The remark.
    pub speech: String,
    /// In seconds since 1970, or 0.
    pub op_time: Option<i64>,
}

/// Somebody who is told.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NotifyNode {
    /// Name.
    pub name: String,
    /// Userid.
    pub user_id: String,
    /// Department.
    pub party: String,
    /// Picture.
    pub image: String,
}

/// An approval of WeCom's approval app.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NativeApproval {
    /// Its number.
    pub sp_no: String,
    /// The template's name.
    pub sp_name: String,
    /// Its state.
    pub sp_status: Option<i64>,
    /// The template.
    pub template_id: String,
    /// In seconds since 1970.
    pub apply_time: Option<i64>,
    /// Who applied.
    pub applyer_user_id: String,
    /// Who applied: the department.
    pub applyer_party: String,
    /// The steps in the older form.
    pub records: Vec<ApprovalRecord>,
    /// Who is told.
    pub notifyers: Vec<String>,
    /// The steps in the newer form.
    pub process: Vec<ProcessNode>,
    /// The comments.
    pub comments: Vec<ApprovalComment>,
    /// 1 submitted, 2 agreed, 3 rejected, 4 handed over, 5 urged, 6 withdrawn, 8 withdrawn after
    /// approval, 10 commented; an open list.
    pub change: Option<i64>,
}

/// A step in the older form.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ApprovalRecord {
    /// Its state.
    pub sp_status: Option<i64>,
    /// 1 any one, 2 all.
    pub approver_attr: Option<i64>,
    /// The approvers.
    pub details: Vec<ApprovalDetail>,
}

/// An approver of a step in the older form.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ApprovalDetail {
    /// Userid.
    pub user_id: String,
    /// The remark.
    pub speech: String,
    /// His state.
    pub sp_status: Option<i64>,
    /// In seconds since 1970, or 0.
    pub sp_time: Option<i64>,
}

/// A step in the newer form.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ProcessNode {
    /// 1 approve, 2 copy, 3 handle; an open list.
    pub node_type: Option<i64>,
    /// Its state.
    pub sp_status: Option<i64>,
    /// 1 all, 2 any one, 3 in turn.
    pub apv_rel: Option<i64>,
    /// Who.
    pub sub_nodes: Vec<ProcessSubNode>,
}

/// One person of a step in the newer form.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ProcessSubNode {
    /// Userid.
    pub user_id: String,
    /// The remark.
    pub speech: String,
    /// His state.
    pub sp_yj: Option<i64>,
    /// In seconds since 1970, or 0.
    pub sp_time: Option<i64>,
}

/// A comment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ApprovalComment {
    /// Who.
    pub user_id: String,
    /// In seconds since 1970.
    pub time: Option<i64>,
    /// The words.
    pub content: String,
    /// Its id, 19 digits and therefore text.
    pub id: String,
}

impl OpenApproval {
    pub(super) fn read(from: Fields<'_>) -> Self {
        let info = from.inside("ApprovalInfo");
        Self {
            third_no: info.text("ThirdNo"),
            name: info.text("OpenSpName"),
            template_id: info.text("OpenTemplateId"),
            status: info.number("OpenSpStatus"),
            apply_time: info.number("ApplyTime"),
            apply_user_name: info.text("ApplyUserName"),
            apply_user_id: info.any(["ApplyUserId", "ApplyUserid"]),
            apply_user_party: info.text("ApplyUserParty"),
            apply_user_image: info.text("ApplyUserImage"),
            nodes: info
                .inside("ApprovalNodes")
                .each("ApprovalNode")
                .map(ApprovalNode::read)
                .collect(),
            notify: info.inside("NotifyNodes").each("NotifyNode").map(NotifyNode::read).collect(),
            step: info.any(["approverstep", "ApproverStep"]).parse().ok(),
        }
    }
}

impl ApprovalNode {
    fn read(from: Fields<'_>) -> Self {
        Self {
            status: from.number("NodeStatus"),
            attr: from.number("NodeAttr"),
            kind: from.number("NodeType"),
            items: from.inside("Items").each("Item").map(ApprovalItem::read).collect(),
        }
    }
}

impl ApprovalItem {
    fn read(from: Fields<'_>) -> Self {
        Self {
            name: from.text("ItemName"),
            user_id: from.any(["ItemUserId", "ItemUserid"]),
            party: from.text("ItemParty"),
            image: from.text("ItemImage"),
            status: from.number("ItemStatus"),
            speech: from.text("ItemSpeech"),
            op_time: from.number("ItemOpTime"),
        }
    }
}

impl NotifyNode {
    fn read(from: Fields<'_>) -> Self {
        Self {
            name: from.text("ItemName"),
            user_id: from.any(["ItemUserId", "ItemUserid"]),
            party: from.text("ItemParty"),
            image: from.text("ItemImage"),
        }
    }
}

impl NativeApproval {
    pub(super) fn read(from: Fields<'_>) -> Self {
        let info = from.inside("ApprovalInfo");
        let applyer = info.inside("Applyer");
        let process = info.inside("ProcessList");
        Self {
            sp_no: info.text("SpNo"),
            sp_name: info.text("SpName"),
            sp_status: info.number("SpStatus"),
            template_id: info.text("TemplateId"),
            apply_time: info.number("ApplyTime"),
            applyer_user_id: applyer.any(["UserId", "UserID"]),
            applyer_party: applyer.text("Party"),
            records: info.each("SpRecord").map(ApprovalRecord::read).collect(),
            notifyers: info.each("Notifyer").map(|who| who.any(["UserId", "UserID"])).collect(),
            process: process.each("NodeList").map(ProcessNode::read).collect(),
            comments: info.each("Comments").map(ApprovalComment::read).collect(),
            change: info.any(["StatuChangeEvent", "StatusChangeEvent"]).parse().ok(),
        }
    }
}

impl ApprovalRecord {
    fn read(from: Fields<'_>) -> Self {
        Self {
            sp_status: from.number("SpStatus"),
            approver_attr: from.number("ApproverAttr"),
            details: from.each("Details").map(ApprovalDetail::read).collect(),
        }
    }
}

impl ApprovalDetail {
    fn read(from: Fields<'_>) -> Self {
        Self {
            user_id: from.inside("Approver").any(["UserId", "UserID"]),
            speech: from.text("Speech"),
            sp_status: from.number("SpStatus"),
            sp_time: from.number("SpTime"),
        }
    }
}

impl ProcessNode {
    fn read(from: Fields<'_>) -> Self {
        Self {
            node_type: from.number("NodeType"),
            sp_status: from.number("SpStatus"),
            apv_rel: from.number("ApvRel"),
            sub_nodes: from.each("SubNodeList").map(ProcessSubNode::read).collect(),
        }
    }
}

impl ProcessSubNode {
    fn read(from: Fields<'_>) -> Self {
        Self {
            user_id: from.inside("UserInfo").any(["UserId", "UserID"]),
            speech: from.text("Speech"),
            sp_yj: from.number("SpYj"),
            sp_time: from.any(["Sptime", "SpTime"]).parse().ok(),
        }
    }
}

impl ApprovalComment {
    fn read(from: Fields<'_>) -> Self {
        Self {
            user_id: from.inside("CommentUserInfo").any(["UserId", "UserID"]),
            time: from.number("CommentTime"),
            content: from.text("CommentContent"),
            id: from.text("CommentId"),
        }
    }
}
