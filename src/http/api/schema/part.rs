//! What templates share.

use serde_json::Value;
use utoipa::ToSchema;

use super::Field;

/// 一天中的一段时间
#[derive(ToSchema)]
pub(crate) struct Interval {
    /// 例如 `09:00`
    from: String,
    /// 最晚 `24:00`，不含这一刻
    to: String,
}

/// 一段日期
#[derive(ToSchema)]
pub(crate) struct Period {
    /// 例如 `2026-10-01`
    from: String,
    /// 最后一天，含当天
    to: String,
}

/// 一周中每天的工作时段；没有的不上班
#[derive(ToSchema)]
pub(crate) struct Weekly {
    mon: Option<Vec<Interval>>,
    tue: Option<Vec<Interval>>,
    wed: Option<Vec<Interval>>,
    thu: Option<Vec<Interval>>,
    fri: Option<Vec<Interval>>,
    sat: Option<Vec<Interval>>,
    sun: Option<Vec<Interval>>,
}

/// 节假日
#[derive(ToSchema)]
pub(crate) struct DaysOff {
    /// 例如国庆节
    name: String,
    from: String,
    /// 最后一天，含当天
    to: String,
}

/// 调休上班日
#[derive(ToSchema)]
pub(crate) struct MakeUp {
    date: String,
    /// 为哪个节假日调休
    name: Option<String>,
    hours: Vec<Interval>,
}

/// 工作日历
#[derive(ToSchema)]
pub(crate) struct Calendar {
    key: String,
    name: String,
    /// 时区与 UTC 相差的分钟数，北京时间为 480
    zone_minutes: i64,
    /// 普通的一周
    weekly: Option<Weekly>,
    days_off: Option<Vec<DaysOff>>,
    make_up: Option<Vec<MakeUp>>,
    /// 有效期；之外没有工作时间
    valid: Option<Period>,
    /// 每次修改加一；只在应答中
    version: Option<i64>,
    /// 只在应答中
    #[schema(format = DateTime)]
    updated_at: Option<String>,
}

/// 班次
#[derive(ToSchema)]
pub(crate) struct Shift {
    key: String,
    name: String,
    /// 在星期几开始：`mon` 到 `sun`
    weekdays: Option<Vec<String>>,
    /// 另外在哪些日期开始；都没有则每天
    dates: Option<Vec<String>>,
    /// 例如 `20:00`
    from: String,
    /// 不晚于开始的，为次日
    to: String,
    /// 值班的成员（userid）
    people: Vec<String>,
}

/// 某天某班次的换班
#[derive(ToSchema)]
pub(crate) struct ShiftChange {
    /// 班次开始的日期
    date: String,
    /// 班次的 key
    shift: String,
    /// 改由谁值班；空则无人
    people: Vec<String>,
    reason: Option<String>,
}

/// 值班表
#[derive(ToSchema)]
pub(crate) struct Roster {
    key: String,
    name: String,
    /// 时区与 UTC 相差的分钟数，北京时间为 480
    zone_minutes: i64,
    shifts: Vec<Shift>,
    /// 换班；同一班次写了几条的，最后一条生效
    overrides: Option<Vec<ShiftChange>>,
    /// 每次修改加一；只在应答中
    version: Option<i64>,
    /// 只在应答中
    #[schema(format = DateTime)]
    updated_at: Option<String>,
}

/// 应急模式
#[derive(ToSchema)]
pub(crate) struct Surge {
    key: String,
    name: String,
    /// 何时启动，`on` 为 `days_off`、`dates` 或 `weekdays`
    windows: Vec<Value>,
    /// 启动时各节点的派单方式：节点的 key → `rule` 和 `pick`
    #[schema(value_type = Option<std::collections::BTreeMap<String, Value>>)]
    plans: (),
    /// 提醒提前多少分钟
    #[schema(required = false)]
    remind_earlier_minutes: u32,
    /// 每次修改加一；只在应答中
    version: Option<i64>,
    /// 只在应答中
    #[schema(format = DateTime)]
    updated_at: Option<String>,
}

/// 公用字段：可以单独成立的表单字段
#[derive(ToSchema)]
pub(crate) struct LibraryField {
    #[serde(flatten)]
    field: Field,
    /// 每次修改加一，内置的为 0；只在应答中
    version: Option<i64>,
    /// 只在应答中；内置的没有
    #[schema(format = DateTime)]
    updated_at: Option<String>,
}

/// 公用条件
#[derive(ToSchema)]
pub(crate) struct Condition {
    key: String,
    name: String,
    /// 规则
    rule: Value,
    /// 每次修改加一；只在应答中
    version: Option<i64>,
    /// 只在应答中
    #[schema(format = DateTime)]
    updated_at: Option<String>,
}

/// 公开入口的码
#[derive(ToSchema)]
pub(crate) struct Code {
    /// 也是地址 /q/{key} 的一部分
    key: String,
    name: String,
    /// 用哪个模板创建工单
    template: String,
    /// 工单的来源：`qr`、`web_form`、`embed`、`moments`、`video_channel`、`short_video`、`live`
    source: Option<String>,
    /// 链接用 channel 参数可以换用的来源
    channels: Option<Vec<String>>,
    /// 预先填好的内容，按字段
    #[schema(value_type = Option<Value>)]
    defaults: (),
    /// 其中填写的人可以改的字段；其余的不能改
    editable: Option<Vec<String>>,
    /// 链接参数填入哪个字段，按参数名
    #[schema(value_type = Option<Value>)]
    params: (),
    /// 用哪个字段的电话识别已有客户
    phone: Option<String>,
    /// 贴在哪里；成为工单的标签
    place: Option<String>,
    /// 工单的其他标签
    tags: Option<Vec<String>>,
    /// 表单上方的说明
    intro: Option<String>,
    /// 是否启用；没有写则为是
    is_enabled: Option<bool>,
    /// 到何时为止
    #[schema(format = DateTime)]
    expires_at: Option<String>,
    /// 可以把表单嵌入自己页面的网站，例如 `https://www.example.com`
    frame_ancestors: Option<Vec<String>>,
    /// 每次修改加一；只在应答中
    version: Option<i64>,
    /// 只在应答中
    #[schema(format = DateTime)]
    updated_at: Option<String>,
}
