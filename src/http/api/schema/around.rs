//! What stands around a ticket, as the API shows it: questions, links, children, triggers.

use serde_json::{Map, Value};
use utoipa::ToSchema;

/// 请客户补充的一次请求
#[derive(ToSchema)]
pub(crate) struct Asked {
    /// 请求的编号，回答时带上
    ask: String,
    /// 等待的步骤
    step: String,
    /// 由谁发起
    by: String,
    /// 从何时开始等
    #[schema(format = DateTime)]
    at: String,
    /// 请客户填写的字段
    fields: Vec<String>,
    /// 客户填写的页面，供转发
    url: Option<String>,
}

/// 一张相关的工单
#[derive(ToSchema)]
pub(crate) struct Link {
    ticket: String,
    no: String,
    /// 为什么相关
    why: String,
}

/// 子工单的进度
#[derive(ToSchema)]
pub(crate) struct Progress {
    /// 已结束的
    ended: u32,
    /// 总数
    of: u32,
}

/// 触发器：若干天内有若干张内容相同的工单，就发起一张关联工单
#[derive(ToSchema)]
pub(crate) struct Trigger {
    key: String,
    name: String,
    /// 比较哪些字段，或字段的一部分如 address.region
    same: Vec<String>,
    /// 多少张
    count: u32,
    /// 多少天内
    within_days: u32,
    /// 发起的工单用哪个模板
    template: String,
    /// 它的标题，可以引用 {{字段}}
    title: String,
    /// 它的表单；值为常量、{"var": 字段} 或规则
    form: Option<Map<String, Value>>,
}

/// 发起工单时的客户
#[derive(ToSchema)]
pub(crate) struct OriginCustomer {
    external_userid: String,
    name: String,
    corp_name: String,
}

/// 发起工单的客户群
#[derive(ToSchema)]
pub(crate) struct OriginGroup {
    chat_id: String,
    name: String,
    #[schema(required)]
    place: Option<super::PlaceRef>,
}

/// 发起工单时的跟进人
#[derive(ToSchema)]
pub(crate) struct OriginOwner {
    userid: String,
    name: String,
}

/// 发起工单时的来龙去脉，由服务端取得
#[derive(ToSchema)]
pub(crate) struct Origin {
    #[schema(required)]
    customer: Option<OriginCustomer>,
    #[schema(required)]
    group: Option<OriginGroup>,
    /// 跟进人；没有客户时为群主
    #[schema(required)]
    owner: Option<OriginOwner>,
    /// 客户的标签
    tags: Vec<String>,
    /// 客户此前最近一次联系
    #[schema(required, format = DateTime)]
    last_contact_at: Option<String>,
}

/// 一次签到
#[derive(ToSchema)]
pub(crate) struct CheckIn {
    by: super::Actor,
    #[schema(format = DateTime)]
    at: String,
    place: Point,
    /// 误差，米
    accuracy: Option<f64>,
    /// 地点的名称
    label: Option<String>,
    /// 距工单表单中位置的距离，米
    distance_metres: Option<u32>,
    /// 现场照片的文件编号
    files: Option<Vec<String>>,
}

/// 坐标
#[derive(ToSchema)]
pub(crate) struct Point {
    lat: f64,
    lng: f64,
    /// `gcj02` 或 `wgs84`
    system: String,
}
