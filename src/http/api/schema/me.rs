//! The member who is signed in, as the API shows him.

use utoipa::ToSchema;

use super::Counts;

/// 当前成员
#[derive(ToSchema)]
pub(crate) struct Me {
    /// 小写的 userid
    userid: String,
    name: String,
    avatar: String,
    departments: Vec<DepartmentRef>,
    /// 角色
    roles: Vec<String>,
    /// 以会话调用接口时，放入请求头 Qidan-Csrf；以令牌调用时为 null
    #[schema(required)]
    csrf: Option<String>,
    counts: Counts,
}

/// 一个部门
#[derive(ToSchema)]
pub(crate) struct DepartmentRef {
    id: i64,
    name: String,
}
