//! What belongs to customers, and what pages show of them, as the API shows it.

use std::collections::BTreeMap;

use serde_json::{Map, Value};
use utoipa::ToSchema;

use super::{TicketRow, around::Origin};

/// 要登记的商机
#[derive(ToSchema)]
pub(crate) struct NewOpportunity {
    /// 编号；省略时取地址中的
    key: Option<String>,
    /// 客户
    external_userid: String,
    title: String,
    /// 阶段
    stage: Option<String>,
    /// 预计金额（分）
    amount_cents: Option<i64>,
    /// 负责的成员（userid）
    owner: Option<String>,
    /// 预计成交日期
    #[schema(format = Date)]
    expected_on: Option<String>,
    /// 来源
    source: Option<String>,
}

/// 商机
#[derive(ToSchema)]
pub(crate) struct Opportunity {
    key: String,
    /// 客户
    external_userid: String,
    title: String,
    /// 阶段
    stage: String,
    /// 预计金额（分）
    amount_cents: i64,
    /// 负责的成员（userid）
    #[schema(required)]
    owner: Option<String>,
    /// 预计成交日期
    #[schema(required, format = Date)]
    expected_on: Option<String>,
    /// 来源
    source: String,
    #[schema(format = DateTime)]
    updated_at: String,
}

/// 订单的一行
#[derive(ToSchema)]
pub(crate) struct OrderLine {
    name: String,
    quantity: u32,
    /// 单价（分）
    price_cents: i64,
}

/// 要登记的订单
#[derive(ToSchema)]
pub(crate) struct NewOrder {
    /// 订单号；省略时取地址中的
    no: Option<String>,
    /// 客户
    external_userid: String,
    title: String,
    /// 金额（分）
    amount_cents: Option<i64>,
    /// 状态
    state: Option<String>,
    #[schema(format = DateTime)]
    ordered_at: String,
    lines: Option<Vec<OrderLine>>,
}

/// 订单
#[derive(ToSchema)]
pub(crate) struct Order {
    no: String,
    /// 客户
    external_userid: String,
    title: String,
    /// 金额（分）
    amount_cents: i64,
    /// 状态
    state: String,
    #[schema(format = DateTime)]
    ordered_at: String,
    lines: Vec<OrderLine>,
    #[schema(format = DateTime)]
    updated_at: String,
}

/// 要登记的设备
#[derive(ToSchema)]
pub(crate) struct NewAsset {
    /// 序列号；省略时取地址中的
    serial_no: Option<String>,
    /// 客户
    external_userid: String,
    /// 型号
    model: Option<String>,
    name: String,
    /// 安装位置
    place: Option<String>,
    /// 安装日期
    #[schema(format = Date)]
    installed_on: Option<String>,
    /// 保修的最后一天
    #[schema(format = Date)]
    warranty_until: Option<String>,
    /// 出厂参数
    values: Option<BTreeMap<String, String>>,
}

/// 设备
#[derive(ToSchema)]
pub(crate) struct Asset {
    serial_no: String,
    /// 客户
    external_userid: String,
    /// 型号
    model: String,
    name: String,
    /// 安装位置
    place: String,
    /// 安装日期
    #[schema(required, format = Date)]
    installed_on: Option<String>,
    /// 保修的最后一天
    #[schema(required, format = Date)]
    warranty_until: Option<String>,
    /// 出厂参数
    values: BTreeMap<String, String>,
    #[schema(format = DateTime)]
    updated_at: String,
}

/// 设备和它的服务次数
#[derive(ToSchema)]
pub(crate) struct AssetWithHistory {
    serial_no: String,
    /// 客户
    external_userid: String,
    /// 型号
    model: String,
    name: String,
    /// 安装位置
    place: String,
    /// 安装日期
    #[schema(required, format = Date)]
    installed_on: Option<String>,
    /// 保修的最后一天
    #[schema(required, format = Date)]
    warranty_until: Option<String>,
    /// 出厂参数
    values: BTreeMap<String, String>,
    #[schema(format = DateTime)]
    updated_at: String,
    /// 填了它的工单数
    tickets: u64,
    /// 最近一次服务完成的时间
    #[schema(required, format = DateTime)]
    last_service_at: Option<String>,
}

/// 导入了什么
#[derive(ToSchema)]
pub(crate) struct Imported {
    /// 读了多少行
    rows: u64,
    /// 新登记的
    created: u64,
    /// 更新的
    changed: u64,
    /// 没有变化的
    unchanged: u64,
    /// 是否只检查了
    is_dry_run: bool,
}

/// 客户群的归属
#[derive(ToSchema)]
pub(crate) struct Place {
    /// 是什么：`campus` 校区、`store` 门店、`region` 区域；与要填的表单字段同名
    kind: String,
    /// 在其他系统中的编号
    key: String,
    name: String,
    /// 其他字段的内容，按字段的 key
    values: Option<Map<String, Value>>,
}

/// 客户群
#[derive(ToSchema)]
pub(crate) struct Chat {
    chat_id: String,
    name: String,
    /// 群主（userid）
    owner: String,
    member_count: u64,
    is_dismissed: bool,
    #[schema(required)]
    place: Option<Place>,
}

/// 客户群的归属
#[derive(ToSchema)]
pub(crate) struct PlaceRef {
    kind: String,
    key: String,
    name: String,
}

/// 一位跟进人
#[derive(ToSchema)]
pub(crate) struct Follower {
    userid: String,
    name: String,
    remark: String,
    #[schema(format = DateTime)]
    since: String,
}

/// 页面上的客户
#[derive(ToSchema)]
pub(crate) struct SeenCustomer {
    external_userid: String,
    name: String,
    avatar: String,
    corp_name: String,
    /// 电话；不是跟进人时打码
    phone: String,
    tags: Vec<String>,
    follows: Vec<Follower>,
    /// 是否由成员自己跟进
    is_mine: bool,
}

/// 最近一次投诉
#[derive(ToSchema)]
pub(crate) struct Complaint {
    /// 工单的 id；看不到那张工单的人只知道有过投诉
    #[schema(required)]
    ticket: Option<String>,
    /// 单号
    #[schema(required)]
    no: Option<String>,
    #[schema(format = DateTime)]
    at: String,
    /// 投诉什么
    #[schema(required)]
    text: Option<String>,
}

/// 客户的一切
#[derive(ToSchema)]
pub(crate) struct CustomerContext {
    customer: SeenCustomer,
    /// 没有结束的工单，最近更新的在前
    open: Vec<TicketRow>,
    /// 已结束的工单，最近更新的在前
    past: Vec<TicketRow>,
    #[schema(required)]
    past_next: Option<String>,
    opportunities: Vec<Opportunity>,
    orders: Vec<Order>,
    assets: Vec<AssetWithHistory>,
    #[schema(required)]
    last_complaint: Option<Complaint>,
    #[schema(required, format = DateTime)]
    last_contact_at: Option<String>,
}

/// 页面上的客户群
#[derive(ToSchema)]
pub(crate) struct SeenChat {
    chat_id: String,
    name: String,
    owner: String,
    owner_name: String,
    member_count: u64,
    #[schema(required)]
    place: Option<PlaceRef>,
}

/// 客户群的一切
#[derive(ToSchema)]
pub(crate) struct ChatContext {
    chat: SeenChat,
    #[schema(required)]
    sender: Option<SeenCustomer>,
    open: Vec<TicketRow>,
    past: Vec<TicketRow>,
    #[schema(required)]
    past_next: Option<String>,
}

/// 预先填写的内容
#[derive(ToSchema)]
pub(crate) struct Prefill {
    /// 按字段的 key
    values: Map<String, Value>,
    /// 每项取自哪里：asset、chat、customer、history、member
    from: BTreeMap<String, String>,
    /// 将随工单保存的来龙去脉
    #[schema(required)]
    context: Option<Origin>,
}

/// 工单提到的商机、订单和设备
#[derive(ToSchema)]
pub(crate) struct Related {
    opportunities: Vec<Opportunity>,
    orders: Vec<Order>,
    assets: Vec<AssetWithHistory>,
}
