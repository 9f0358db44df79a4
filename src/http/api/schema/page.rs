//! A ticket as pages show it: lines of lists, buttons and their dialogs, the form in words.

use std::collections::BTreeMap;

use serde_json::{Map, Value};
use utoipa::ToSchema;

use super::{Form, Priority, Status, Ticket, belonging::Related};

/// 模板和它的名称
#[derive(ToSchema)]
pub(crate) struct TemplateName {
    key: String,
    version: u32,
    name: String,
}

/// 客户和他的名称
#[derive(ToSchema)]
pub(crate) struct CustomerName {
    external_userid: String,
    name: String,
}

/// 步骤和它的名称
#[derive(ToSchema)]
pub(crate) struct StepName {
    key: String,
    name: String,
}

/// 成员和他的姓名
#[derive(ToSchema)]
pub(crate) struct Person {
    userid: String,
    name: String,
}

/// 列表里的一张工单
#[derive(ToSchema)]
pub(crate) struct TicketRow {
    id: String,
    no: String,
    title: String,
    status: Status,
    priority: Priority,
    /// 来源入口
    source: String,
    template: TemplateName,
    #[schema(required)]
    customer: Option<CustomerName>,
    /// 所在的步骤；自己有待办时为自己的那一步
    #[schema(required)]
    step: Option<StepName>,
    /// 正在处理或可以认领的成员，最多 20 位
    handlers: Vec<Person>,
    /// 最早的处理期限
    #[schema(required, format = DateTime)]
    due_at: Option<String>,
    is_overdue: bool,
    /// 计时是否暂停
    is_paused: bool,
    /// 请求者现在是否有已认领的待办
    is_mine: bool,
    #[schema(format = DateTime)]
    created_at: String,
    #[schema(format = DateTime)]
    updated_at: String,
    #[schema(required, format = DateTime)]
    closed_at: Option<String>,
    /// 版本；修改时放入 If-Match
    version: i64,
}

/// 工单的全貌
#[derive(ToSchema)]
pub(crate) struct TicketDetail {
    #[schema(inline)]
    #[serde(flatten)]
    ticket: Ticket,
    /// 它在列表里的样子
    row: TicketRow,
    /// 其中成员的姓名
    names: BTreeMap<String, String>,
    /// 请求者现在可以按的按钮
    buttons: Vec<Button>,
    /// 下一步该做的动作，是按钮之一
    #[schema(required)]
    next_action: Option<String>,
    /// 表单的填写内容，按分组
    form_view: FormView,
    sla: Sla,
    /// 在等谁
    waiting: Vec<Waiting>,
    /// 正在查看的成员
    people_here: Vec<Here>,
    /// 表单里填的商机、订单和设备
    related: Related,
}

#[derive(ToSchema)]
#[schema(rename_all = "snake_case")]
enum Tone {
    Primary,
    Normal,
    Danger,
}

/// 一个按钮
#[derive(ToSchema)]
pub(crate) struct Button {
    /// 动作
    verb: String,
    label: String,
    /// 所属的待办，执行动作时作为参数 task
    #[schema(required)]
    task: Option<String>,
    /// 这项待办的步骤
    #[schema(required)]
    step: Option<String>,
    tone: Tone,
    /// 对话框的表单
    dialog: Form,
    /// 同时填写的工单表单
    #[schema(required)]
    fills: Option<FillView>,
}

/// 一步要填写的工单表单
#[derive(ToSchema)]
pub(crate) struct FillView {
    step: String,
    /// 可以填写的字段，执行动作时放在 form 里
    fields: Vec<String>,
    /// 这一步看到的表单
    form: Form,
    /// 现有的填写内容
    values: Map<String, Value>,
}

/// 分组的填写内容
#[derive(ToSchema)]
pub(crate) struct FormView {
    sections: Vec<SectionView>,
}

/// 一个分组
#[derive(ToSchema)]
pub(crate) struct SectionView {
    /// 不属于任何分组的字段为空
    key: String,
    #[schema(value_type = Value)]
    label: (),
    fields: Vec<FieldView>,
}

#[derive(ToSchema)]
#[schema(rename_all = "snake_case")]
enum FieldAccess {
    Read,
    Edit,
}

/// 一个字段和它的内容
#[derive(ToSchema)]
pub(crate) struct FieldView {
    key: String,
    kind: String,
    #[schema(value_type = Value)]
    label: (),
    /// 存储的内容；没有时为 null
    #[schema(value_type = Value)]
    value: (),
    /// 内容的文字
    text: String,
    /// 请求者在自己的待办中可以做什么
    access: FieldAccess,
}

#[derive(ToSchema)]
#[schema(rename_all = "snake_case")]
enum SlaState {
    Ok,
    Soon,
    Overdue,
    Paused,
    None,
}

/// 距处理期限还有多久
#[derive(ToSchema)]
pub(crate) struct Sla {
    state: SlaState,
    #[schema(required, format = DateTime)]
    due_at: Option<String>,
    /// 剩余秒数，超时为负；暂停时为恢复后剩余的
    #[schema(required)]
    left_seconds: Option<i64>,
    /// 剩余的比例，0 到 1
    #[schema(required)]
    share_left: Option<f64>,
    /// 为什么暂停
    #[schema(required)]
    paused_reason: Option<String>,
}

/// 在等谁
#[derive(ToSchema)]
pub(crate) struct Waiting {
    /// 步骤
    step: String,
    name: String,
    /// 等哪些成员；等客户时为空
    who: Vec<String>,
    is_customer: bool,
    #[schema(format = DateTime)]
    since: String,
    /// 工单被催办的次数
    urged: u32,
}

/// 正在查看的成员
#[derive(ToSchema)]
pub(crate) struct Here {
    userid: String,
    name: String,
    /// 是否正在编辑
    editing: bool,
}

/// 待办各有多少
#[derive(ToSchema)]
pub(crate) struct Counts {
    /// 已认领的
    mine: i64,
    /// 可以认领的
    claimable: i64,
    /// 两者中已超时的
    overdue: i64,
    /// 两者中今天稍后到期的
    today: i64,
    /// 两者中等待审批的
    approvals: i64,
}

/// 谁在这里
#[derive(ToSchema)]
pub(crate) struct People {
    people: Vec<Here>,
}

/// 可以使用的模板
#[derive(ToSchema)]
pub(crate) struct Offered {
    key: String,
    version: u32,
    name: String,
    /// 一句话说明用途
    description: String,
    /// 列在哪一类下
    category: String,
    /// 自己用过多少次
    uses: i64,
    /// 自己最近一次使用
    #[schema(required, format = DateTime)]
    last_used_at: Option<String>,
    is_pinned: bool,
}

/// 可能是同一件事的工单
#[derive(ToSchema)]
pub(crate) struct Similar {
    #[schema(inline)]
    #[serde(flatten)]
    row: TicketRow,
    /// 为什么相近
    why: String,
}

/// 工单的一次变化
#[derive(ToSchema)]
pub(crate) struct LiveTicket {
    id: String,
    no: String,
    /// 工单现在的版本
    version: i64,
    /// 这次变化的序号
    seq: i64,
    /// 发生了什么
    text: String,
    by: super::Actor,
    /// 操作者的名字
    by_name: String,
    #[schema(format = DateTime)]
    at: String,
}

/// 某个时刻之后的变化
#[derive(ToSchema)]
pub(crate) struct LiveSince {
    /// 请求者看得到的变化；最近几秒的会重复给出，按 id 和 seq 识别
    items: Vec<LiveTicket>,
    /// 下一次的 after
    next: String,
    /// 间隔太久，没有给全：请重新读取页面
    is_reset: bool,
    /// 请求者的待办各有多少；只有成员有
    #[schema(required)]
    counts: Option<Counts>,
}
