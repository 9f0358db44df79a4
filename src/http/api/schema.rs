//! What the API's JSON looks like, for the OpenAPI document. These are twins of what other rooms
//! serialize, who need not know of OpenAPI; every answer in the tests is held against them.

#![expect(dead_code, reason = "only the shapes are used; the values come from other rooms")]

mod around;
mod belonging;
mod me;
mod page;
mod part;

pub(crate) use belonging::{
    Asset, AssetWithHistory, Chat, ChatContext, CustomerContext, Imported, NewAsset,
    NewOpportunity, NewOrder, Opportunity, Order, Place, PlaceRef, Prefill,
};
pub(crate) use me::Me;
pub(crate) use page::{
    Counts, CustomerName, LiveSince, Offered, People, Person, Similar, StepName, TemplateName,
    TicketDetail, TicketRow,
};
pub(crate) use part::{Calendar, Code, Condition, LibraryField, Roster, Surge};
use serde_json::{Map, Value};
use utoipa::ToSchema;

use around::{Asked, CheckIn, Link, Origin, Progress, Trigger};

/// 被拒绝的原因（RFC 9457）
#[derive(ToSchema)]
pub(crate) struct Problem {
    /// 错误种类的 URN
    r#type: String,
    /// HTTP 状态的中文说法
    title: String,
    /// HTTP 状态
    status: u16,
    /// 稳定的错误码，例如 `ticket.taken`
    code: String,
    /// 给人看的原因和办法
    detail: String,
    /// 出错的字段
    errors: Option<Vec<FieldProblem>>,
    /// 请求编号，也在 `x-request-id` 应答头中
    request_id: String,
    /// 工单现在的样子；只在 409 时给出
    current: Option<TicketDetail>,
}

/// 一个出错的字段
#[derive(ToSchema)]
pub(crate) struct FieldProblem {
    /// 字段的路径，例如 `form.title`
    path: String,
    /// 稳定的错误码，例如 `required`
    code: String,
    /// 给人看的原因和办法
    detail: String,
}

/// 操作者
#[derive(ToSchema)]
pub(crate) struct Actor {
    kind: ActorKind,
    /// 成员的 userid
    userid: Option<String>,
    /// 令牌的名称
    name: Option<String>,
    /// 客户的 external_userid
    external_userid: Option<String>,
}

#[derive(ToSchema)]
#[schema(rename_all = "snake_case")]
enum ActorKind {
    Member,
    Token,
    Customer,
    System,
}

#[derive(ToSchema)]
#[schema(rename_all = "snake_case")]
enum Status {
    Open,
    Suspended,
    Closed,
    Cancelled,
}

#[derive(ToSchema)]
#[schema(rename_all = "snake_case")]
enum Priority {
    Low,
    Normal,
    High,
    Critical,
}

/// 工单
#[derive(ToSchema)]
pub(crate) struct Ticket {
    id: String,
    /// 单号，例如 `GD-20261122-0001`
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
    #[schema(required)]
    chat_id: Option<String>,
    /// 表单的填写内容
    form: Map<String, Value>,
    creator: Actor,
    /// 流程的各步骤
    steps: Vec<Step>,
    /// 各项待办，最早的在前
    tasks: Vec<Task>,
    /// 已请客户补充、还没有回复的内容
    asked: Vec<Asked>,
    attachments: Vec<Attachment>,
    /// 签到，最早的在前
    check_ins: Vec<CheckIn>,
    tags: Vec<String>,
    /// 发起时的来龙去脉：客户、群、跟进人、标签、最近联系
    #[schema(required)]
    context: Option<Origin>,
    /// 发起它的工单
    #[schema(required)]
    parent: Option<String>,
    /// 它发起的子工单
    children: Vec<Child>,
    /// 与它相关的其他工单
    links: Vec<Link>,
    /// 被催办的次数
    urged: u32,
    #[schema(format = DateTime)]
    created_at: String,
    #[schema(format = DateTime)]
    updated_at: String,
    #[schema(required, format = DateTime)]
    closed_at: Option<String>,
    /// 版本，也在 ETag 中；修改时放入 If-Match
    version: i64,
    /// 请求者现在可以做的动作
    actions: Vec<String>,
}

#[derive(ToSchema)]
#[schema(rename_all = "snake_case")]
enum ChildState {
    Waiting,
    Open,
    Done,
    Rejected,
    Cancelled,
}

/// 一张子工单
#[derive(ToSchema)]
pub(crate) struct Child {
    id: String,
    no: String,
    /// 发起它的步骤
    step: String,
    /// 这一步等它的结果；步骤已进入新一轮则没有
    #[schema(required)]
    state: Option<ChildState>,
}

#[derive(ToSchema)]
#[schema(rename_all = "snake_case")]
enum StepState {
    Waiting,
    Open,
    Done,
    Held,
    Cancelled,
    Skipped,
}

/// 流程的一个步骤
#[derive(ToSchema)]
pub(crate) struct Step {
    key: String,
    name: String,
    state: StepState,
    /// 第几轮
    round: u32,
    /// 可以处理的成员；有人认领后只有他
    handlers: Vec<String>,
    #[schema(required)]
    owner: Option<String>,
    /// 它发起并等待的子工单的进度
    #[schema(required)]
    progress: Option<Progress>,
}

#[derive(ToSchema)]
#[schema(rename_all = "snake_case")]
enum TaskState {
    Open,
    Done,
    Cancelled,
}

/// 一项待办
#[derive(ToSchema)]
pub(crate) struct Task {
    id: String,
    /// 所在步骤
    step: String,
    step_name: String,
    round: u32,
    state: TaskState,
    #[schema(required)]
    owner: Option<String>,
    #[schema(format = DateTime)]
    opened_at: String,
    #[schema(required, format = DateTime)]
    closed_at: Option<String>,
    /// 处理期限；没有时限或计时暂停时为 null
    #[schema(required, format = DateTime)]
    due_at: Option<String>,
    is_approval: bool,
}

/// 待办列表中的一行
#[derive(ToSchema)]
pub(crate) struct ToDo {
    task: Task,
    ticket: Ticket,
}

/// 工单的附件：文件、位置或链接
#[derive(ToSchema)]
pub(crate) struct Attachment {
    /// 文件编号；位置和链接没有
    #[schema(required)]
    file: Option<String>,
    /// `image`、`voice`、`video`、`file`、`location`、`link`
    kind: String,
    name: String,
    /// 位置的坐标，或链接的地址
    target: Option<String>,
    by: Actor,
    #[schema(format = DateTime)]
    at: String,
}

/// 时间线上的一行
#[derive(ToSchema)]
pub(crate) struct TimelineEntry {
    /// 事件序号，从 1 开始，没有空缺
    seq: i64,
    /// 动作
    verb: String,
    actor: Actor,
    /// 操作者的名字
    name: String,
    #[schema(format = DateTime)]
    at: String,
    /// 发生了什么
    text: String,
    /// 按规则做出的决定，以及为什么
    decisions: Vec<Decision>,
    kind: EntryKind,
    /// 操作者的名字
    by_name: String,
    /// 一同添加的文件
    files: Vec<EntryFile>,
    /// 客户是否看得到
    is_public: bool,
}

#[derive(ToSchema)]
#[schema(rename_all = "snake_case")]
enum EntryKind {
    State,
    Comment,
    File,
    Checkin,
    Notice,
    Approval,
}

/// 时间线上的文件
#[derive(ToSchema)]
pub(crate) struct EntryFile {
    id: String,
    /// `image`、`voice`、`video`、`file`
    kind: String,
    name: String,
}

/// 按规则做出的决定
#[derive(ToSchema)]
pub(crate) struct Decision {
    /// 关于哪个节点；为 null 时关于工单的优先级
    step: Option<String>,
    /// 决定的经过：考虑了谁、谁为什么没有入选、怎样选出
    lines: Vec<String>,
}

/// 派单时对成员的了解
#[derive(ToSchema)]
pub(crate) struct Profile {
    /// 角色的 key
    roles: Vec<String>,
    /// 技能，例如 `空调`
    skills: Vec<String>,
    /// 服务的地区，例如 `华东/上海`
    regions: Vec<String>,
    /// 是否服务重要客户
    serves_vip: bool,
    /// 请假时的备选处理人；请假中写明的优先
    backup: Option<String>,
}

/// 成员最近的位置
#[derive(ToSchema)]
pub(crate) struct Position {
    lat: f64,
    lng: f64,
    /// `gcj02` 或 `wgs84`
    system: String,
    #[schema(format = DateTime)]
    at: String,
}

/// 一次请假
#[derive(ToSchema)]
pub(crate) struct Leave {
    id: String,
    userid: String,
    #[schema(format = DateTime)]
    from_at: String,
    /// 那一刻起恢复工作；为 null 时直到有人结束它
    #[schema(format = DateTime)]
    until_at: Option<String>,
    /// 写明的接替人
    backup: Option<String>,
    reason: String,
}

/// 模板：一种业务的表单和流程
#[derive(ToSchema)]
pub(crate) struct Template {
    key: String,
    version: u32,
    name: String,
    /// 一句话说明用途
    description: Option<String>,
    /// 列在哪一类下
    category: Option<String>,
    /// 谁、从哪些入口可以使用；没有则所有人、所有入口
    visible: Option<Visible>,
    /// 是否投诉：投诉过多次的客户，以后的工单更优先
    is_complaint: Option<bool>,
    /// 计算工作时间用的日历；没有则为企业日历
    calendar: Option<String>,
    /// 客户在进度页上看到什么、被问什么
    customer: Option<CustomerPage>,
    form: Form,
    flow: Flow,
    /// 几张相同的工单会发起什么
    triggers: Option<Vec<Trigger>>,
}

/// 谁、从哪些入口可以使用；人只要符合一项，没有写人就是所有人，没有写入口就是所有入口
#[derive(ToSchema)]
pub(crate) struct Visible {
    /// 有这些角色之一的成员
    roles: Option<Vec<String>>,
    /// 在这些部门或其下级部门的成员
    departments: Option<Vec<i64>>,
    /// 这些成员
    members: Option<Vec<String>>,
    /// 这些来源入口
    entries: Option<Vec<String>>,
}

/// 客户在进度页上看到什么、被问什么
#[derive(ToSchema)]
pub(crate) struct CustomerPage {
    /// 是否可以给处理人打电话；号码隐去中间几位
    phone: Option<bool>,
    /// 完成后是否请客户评价；没有写则为是
    survey: Option<bool>,
    /// 评价时可选的原因
    reasons: Option<Vec<String>>,
    /// 在哪个节点问客户是否解决；答没有解决则退回上一节点
    solved_at: Option<String>,
    /// 每到客户知道的环节，是否给服务他的同事一条可以转发的消息
    tell: Option<bool>,
}

/// 表单
#[derive(ToSchema)]
pub(crate) struct Form {
    fields: Vec<Field>,
}

/// 表单的一个字段；文字可以是一种语言，也可以按语言给出。引用公用字段的，没有写的取自公用字段
#[derive(ToSchema)]
pub(crate) struct Field {
    #[schema(required = false)]
    key: String,
    /// 字段类型；`section` 是分组的开头
    #[schema(required = false)]
    kind: String,
    #[schema(value_type = Option<Value>)]
    label: (),
    /// 提示
    #[schema(value_type = Option<Value>)]
    help: (),
    #[schema(required = false)]
    required: bool,
    /// 最少几个字、几行、几项或几个文件
    min: Option<usize>,
    /// 最多几个字、几行、几项、几个文件或几颗星
    max: Option<usize>,
    /// 最小的数，或最早的日期
    #[schema(value_type = Option<Value>)]
    lowest: (),
    /// 最大的数，或最晚的日期
    #[schema(value_type = Option<Value>)]
    highest: (),
    /// 小数位数
    scale: Option<u32>,
    /// 单位
    #[schema(value_type = Option<Value>)]
    unit: (),
    /// 选项
    options: Option<Vec<Choice>>,
    /// 级联的选项，或地址的地区
    #[schema(value_type = Option<Vec<Value>>)]
    tree: (),
    /// 级联可以停在任何一级
    any_level: Option<bool>,
    /// 明细表的列，每列也是一个字段
    #[schema(value_type = Option<Vec<Value>>)]
    columns: (),
    /// 说明的文字
    #[schema(value_type = Option<Value>)]
    content: (),
    /// 计算规则
    #[schema(value_type = Option<Value>)]
    formula: (),
    /// 计算结果怎么读
    reads: Option<String>,
    /// 流水号的前缀
    prefix: Option<String>,
    /// 未填写时的值
    #[schema(value_type = Option<Value>)]
    default: Option<Value>,
    /// 联动规则
    #[schema(value_type = Option<Value>)]
    rules: (),
    /// 每一步能否查看、填写：`hidden`、`read`、`edit`
    #[schema(value_type = Option<std::collections::BTreeMap<String, String>>)]
    access: (),
    /// 分组归谁填写
    #[schema(value_type = Option<Value>)]
    owner: (),
    /// 取自哪个公用字段；自己写明的设置优先
    library: Option<String>,
}

/// 一个选项
#[derive(ToSchema)]
pub(crate) struct Choice {
    value: String,
    /// 一句话，或每种语言一句
    #[schema(value_type = Value)]
    label: (),
}

/// 流程
#[derive(ToSchema)]
pub(crate) struct Flow {
    steps: Vec<FlowStep>,
}

#[derive(ToSchema)]
#[schema(rename_all = "snake_case")]
enum StepType {
    Task,
    Approval,
    Cc,
    Notify,
    Wait,
    Action,
    Branch,
    Parallel,
    Sections,
    Subtickets,
}

/// 流程定义中的一个节点；各类型只有自己的属性
#[derive(ToSchema)]
pub(crate) struct FlowStep {
    key: String,
    name: String,
    /// 客户看到的名称；没有则客户看不到这一步
    public_name: Option<String>,
    r#type: StepType,
    /// 进入条件；不成立则跳过
    #[schema(value_type = Option<Value>)]
    when: Option<Value>,
    /// 通知规则
    #[schema(value_type = Option<Value>)]
    notify: Option<Value>,
    /// 结算规则
    #[schema(value_type = Option<Value>)]
    settle: Option<Value>,
    /// 办理、审批：处理人规则，`by` 为规则的种类
    #[schema(value_type = Option<Value>)]
    assign: Option<Value>,
    /// 办理、审批：多人处理的方式，`mode` 为 any、all、in_order 或 vote
    #[schema(value_type = Option<Value>)]
    sign: Option<Value>,
    /// 审批：驳回后怎么办，`do` 为 end、to_starter、to_previous 或 to_step
    #[schema(value_type = Option<Value>)]
    on_reject: Option<Value>,
    /// 办理、审批：找不到处理人时怎么办，`do` 为 assign、skip 或 hold
    #[schema(value_type = Option<Value>)]
    if_nobody: Option<Value>,
    /// 办理、审批：表单字段的权限，值为 hidden、read 或 edit
    #[schema(value_type = Option<Value>)]
    fields: Option<Value>,
    /// 办理、审批：完成条件
    #[schema(value_type = Option<Value>)]
    exit: Option<Value>,
    /// 办理、审批：时限、提醒、升级
    #[schema(value_type = Option<Value>)]
    limit: Option<Value>,
    /// 办理、审批：可用的动作；没有则为全部
    verbs: Option<Vec<String>>,
    /// 办理、审批：候选人中选谁
    #[schema(value_type = Option<Value>)]
    pick: Option<Value>,
    /// 抄送、通知：给谁
    #[schema(value_type = Option<Value>)]
    to: Option<Value>,
    /// 通知：内容
    text: Option<String>,
    /// 等待：最长多少分钟
    minutes: Option<u32>,
    /// 等待：calendar 或 working
    pace: Option<String>,
    /// 等待：提前结束的信号
    signal: Option<String>,
    /// 自动动作：set、priority、comment、ticket 或 webhook
    action: Option<String>,
    /// 自动动作的参数；值为常量、{"var": 字段} 或规则
    #[schema(value_type = Option<Value>)]
    input: Option<Value>,
    /// 自动动作：最多等多少分钟，缺省 60；之后转人工
    wait_minutes: Option<u32>,
    /// 分支：按顺序第一个成立的
    cases: Option<Vec<Lane>>,
    /// 并行：各条分支
    lanes: Option<Vec<Lane>>,
    /// 分支、包容并行：都不成立时
    #[schema(no_recursion)]
    default: Option<Vec<FlowStep>>,
    /// 并行：all、any 或 inclusive；子工单：all 或 any
    mode: Option<String>,
    /// 分工填写：每个分区的办理有什么；分支由表单里有负责人的分区得出
    #[schema(value_type = Option<Value>)]
    sections: Option<Value>,
    /// 子工单
    #[schema(value_type = Option<Value>)]
    tickets: Option<Value>,
}

/// 权责地图
#[derive(ToSchema)]
pub(crate) struct Responsibility {
    /// 各节点，按流程的顺序
    steps: Vec<Duty>,
    /// 其中的人的姓名
    names: std::collections::BTreeMap<String, String>,
}

/// 一个节点的责任
#[derive(ToSchema)]
pub(crate) struct Duty {
    step: String,
    name: String,
    /// 所在分支的名称，外层在前
    lanes: Vec<String>,
    /// 出现的条件，外层在前；没有则总会出现
    when: Vec<Value>,
    /// 谁负责；规则表的每一行各一项
    who: Vec<DutyRow>,
    /// 找不到人时由谁负责
    otherwise: Vec<DutyRow>,
}

/// 在什么条件下由谁负责
#[derive(ToSchema)]
pub(crate) struct DutyRow {
    /// 规则表中的条件；没有则无条件
    when: Vec<Value>,
    /// 规则表中的行
    path: Vec<String>,
    /// 规则的说法
    rule: String,
    /// 现在是谁
    people: Vec<String>,
}

/// 试运行中一张工单的走法
#[derive(ToSchema)]
pub(crate) struct Rehearsal {
    /// 依次经过什么
    stops: Vec<Stop>,
    /// `finished`、`rejected`、`expired` 等；没有走完则为 null
    #[schema(required)]
    outcome: Option<String>,
    #[schema(required)]
    stuck: Option<Stuck>,
}

#[derive(ToSchema)]
#[schema(rename_all = "snake_case")]
enum Happens {
    Work,
    Skipped,
    Told,
    Took,
    Waits,
    Action,
    Child,
    Rejected,
    Stuck,
}

/// 走法中的一处
#[derive(ToSchema)]
pub(crate) struct Stop {
    #[schema(format = DateTime)]
    at: String,
    /// 节点
    step: String,
    name: String,
    /// 第几轮
    round: u32,
    /// 这里发生什么：办理、跳过、通知、选了哪些分支、等待、自动动作、子工单、驳回、卡住
    happens: Happens,
    /// 办理：谁
    handlers: Option<Vec<String>>,
    /// 办理：期限
    #[schema(format = DateTime)]
    due_at: Option<String>,
    /// 通知：什么
    #[schema(value_type = Option<Value>)]
    what: Option<Value>,
    /// 通知：给谁
    to: Option<Vec<String>>,
    /// 选了哪些分支，从 0 数起；默认分支在最后
    lanes: Option<Vec<usize>>,
    /// 等待：到何时
    #[schema(format = DateTime)]
    until: Option<String>,
    /// 自动动作
    action: Option<String>,
    /// 子工单的模板
    template: Option<String>,
    /// 卡住：原因
    why: Option<String>,
}

/// 卡在哪里
#[derive(ToSchema)]
pub(crate) struct Stuck {
    /// 节点
    step: String,
    /// 给人看的原因和改法
    why: String,
}

#[derive(ToSchema)]
#[schema(rename_all = "snake_case")]
enum Verdict {
    Same,
    Differs,
    Stuck,
}

/// 一张真实工单的两种走法
#[derive(ToSchema)]
pub(crate) struct Compared {
    /// 工单的 id
    ticket: String,
    no: String,
    verdict: Verdict,
    /// 按它自己的版本经过的节点
    was: Vec<String>,
    /// 按试运行的版本经过的节点
    would: Vec<String>,
    #[schema(required)]
    stuck: Option<Stuck>,
}

/// 一条分支
#[derive(ToSchema)]
pub(crate) struct Lane {
    name: Option<String>,
    /// 条件
    #[schema(value_type = Option<Value>)]
    when: Option<Value>,
    #[schema(no_recursion)]
    steps: Vec<FlowStep>,
}

#[derive(ToSchema)]
#[schema(rename_all = "snake_case")]
enum CustomerKind {
    Wechat,
    Wecom,
}

/// 客户
#[derive(ToSchema)]
pub(crate) struct Customer {
    id: String,
    external_userid: String,
    unionid: String,
    name: String,
    corp_name: String,
    avatar: String,
    kind: CustomerKind,
    phone: String,
    /// 跟进人
    follows: Vec<Follow>,
    /// 是否已流失
    is_lost: bool,
    #[schema(format = DateTime)]
    updated_at: String,
}

/// 跟进关系
#[derive(ToSchema)]
pub(crate) struct Follow {
    userid: String,
    remark: String,
    tags: Vec<String>,
    state: String,
    #[schema(format = DateTime)]
    since: String,
    is_lost: bool,
}

#[derive(ToSchema)]
#[schema(rename_all = "snake_case")]
enum MemberStatus {
    Active,
    Inactive,
    Disabled,
    Left,
}

/// 成员
#[derive(ToSchema)]
pub(crate) struct Member {
    id: String,
    /// 小写的 userid
    userid: String,
    /// 企业微信中的写法
    display_userid: String,
    name: String,
    departments: Vec<i64>,
    is_leader_in: Vec<i64>,
    main_department: i64,
    leaders: Vec<String>,
    position: String,
    avatar: String,
    mobile: String,
    status: MemberStatus,
    /// 是否在应用可见范围内
    visible: bool,
    #[schema(format = DateTime)]
    updated_at: String,
}

/// 部门
#[derive(ToSchema)]
pub(crate) struct Department {
    id: i64,
    name: String,
    #[schema(required)]
    parent: Option<i64>,
    order: i64,
    leaders: Vec<String>,
    is_removed: bool,
    #[schema(format = DateTime)]
    updated_at: String,
}

/// 处理组
#[derive(ToSchema)]
pub(crate) struct Group {
    key: String,
    name: String,
    members: Vec<String>,
}

/// 收到或待发的一项
#[derive(ToSchema)]
pub(crate) struct Job {
    id: String,
    topic: String,
    /// `pending`、`running`、`done`、`ignored`、`merged`、`expired`、`failed`
    state: String,
    attempts: i32,
    #[schema(required)]
    order_key: Option<String>,
    #[schema(required)]
    once_key: Option<String>,
    #[schema(format = DateTime)]
    due_at: String,
    #[schema(format = DateTime)]
    created_at: String,
    #[schema(required, format = DateTime)]
    finished_at: Option<String>,
    /// 结果，或等待的原因
    #[schema(required)]
    outcome: Option<String>,
    /// 内容；只在查看单项时给出
    body: Option<String>,
}

/// 令牌，不含密文
#[derive(ToSchema)]
pub(crate) struct Token {
    id: String,
    name: String,
    scopes: Vec<String>,
    created_by: Actor,
    #[schema(format = DateTime)]
    created_at: String,
    #[schema(required, format = DateTime)]
    last_used_at: Option<String>,
    #[schema(required, format = DateTime)]
    revoked_at: Option<String>,
}

/// 操作日志中的一行
#[derive(ToSchema)]
pub(crate) struct AuditEntry {
    id: String,
    /// 做了什么，例如 `token.created`
    what: String,
    /// 对什么
    subject: String,
    actor: Actor,
    detail: Value,
    /// 请求编号
    trace: String,
    #[schema(format = DateTime)]
    created_at: String,
}
