//! API tokens: their text is shown once, when they are made.

use actix_web::{HttpRequest, http::StatusCode, web::Data};
use kernel::{Error, Kind, Page, TokenId};
use org::{Scope, Token};
use serde::{Deserialize, Serialize};
use serde_json::json;
use utoipa::ToSchema;

use super::{Op, schema};
use crate::{
    guard::{Signed, may},
    read::{self, Body},
    reply::{Answer, Once, Reply, ok},
    shared::Server,
};

pub(crate) fn operations() -> Vec<Op> {
    vec![
        Op::get("/tokens", list)
            .named("list_tokens", "令牌", "全部令牌，最新的在前，含已吊销的")
            .lists::<schema::Token>(),
        Op::post("/tokens", create)
            .named("create_token", "令牌", "创建令牌")
            .explained(
                "令牌的文字只在这一次应答中给出；用同一个 Idempotency-Key 重复请求时不再给出。\
                 只能授予自己拥有的权限。",
            )
            .takes::<NewToken>()
            .answers::<CreatedToken>(201, "新的令牌"),
        Op::delete("/tokens/{id}", revoke)
            .named("revoke_token", "令牌", "吊销令牌")
            .explained("本实例立即生效，其他实例最迟 30 秒后生效。")
            .answers_nothing("已吊销"),
    ]
}

/// 要创建的令牌
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct NewToken {
    /// 名称，1 到 64 个字
    name: String,
    /// 权限
    #[schema(value_type = Vec<String>, example = json!(["tickets:read"]))]
    scopes: Vec<Scope>,
}

/// 新的令牌
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct CreatedToken {
    #[schema(value_type = String)]
    id: TokenId,
    name: String,
    #[schema(value_type = Vec<String>)]
    scopes: Vec<Scope>,
    /// 令牌的文字，放入 `Authorization: Bearer`；重复请求时为 null
    #[schema(required)]
    token: Option<String>,
}

async fn list(_who: Signed<may::ReadOps>, server: Data<Server>) -> Reply {
    let items: Vec<Token> = server.db.read(org::list_tokens).await?;
    ok(&Page { items, next: None })
}

async fn create(
    who: Signed<may::WriteOps>,
    req: HttpRequest,
    server: Data<Server>,
    body: Body,
) -> Reply {
    let (NewToken { name, scopes }, bytes) = body.json::<NewToken>().await?;
    if let Some(scope) = scopes.iter().find(|scope| !who.caller.allows(**scope)) {
        let detail = format!("{} 自己没有 {scope} 权限，不能授予", who.caller.name());
        return Err(Error::new(Kind::Forbidden, "token.more_than_own", detail).into());
    }
    let once = Once::of(&req, &who.caller, &bytes)?;
    let entropy = server.entropy.clone();
    let answer = server.command(who.ctx(), once, move |conn, ctx| {
        let (id, plain) = org::create_token(conn, ctx, &entropy, &name, &scopes)?;
        let detail = json!({ "name": name, "scopes": scopes });
        org::audit(conn, ctx, "token.created", &format!("token:{id}"), &detail)?;
        let told = |token| CreatedToken { id, name: name.clone(), scopes: scopes.clone(), token };
        Answer::secret(StatusCode::CREATED, &told(Some(plain)), &told(None))
    });
    Ok(answer.await?.respond(&req))
}

async fn revoke(who: Signed<may::WriteOps>, req: HttpRequest, server: Data<Server>) -> Reply {
    let id: TokenId = read::id(&req, "token.not_found")?;
    let once = Once::of(&req, &who.caller, &[])?;
    let answer = server.command(who.ctx(), once, move |conn, ctx| {
        org::revoke_token(conn, ctx, id)?;
        org::audit(conn, ctx, "token.revoked", &format!("token:{id}"), &json!({}))?;
        Ok(Answer::done())
    });
    let answer = answer.await?;
    server.tokens.forget_all();
    Ok(answer.respond(&req))
}
