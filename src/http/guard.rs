//! Who asks: a program with a token, or a member with his browser's session. A handler of the API
//! takes a [`Signed`] and cannot have one without naming the permission that it needs; a route
//! cannot be mounted without one.

use std::{marker::PhantomData, sync::Arc};

use actix_web::{
    FromRequest, HttpRequest,
    dev::Payload,
    http::header::{AUTHORIZATION, HeaderValue, WWW_AUTHENTICATE},
    web::Data,
};
use futures_util::future::LocalBoxFuture;
use kernel::{Actor, Ctx, Error, Kind, Micros, Timestamp, time};
use org::{MemberStatus, Scope, Token, session::SignedIn};
use sha2::{Digest as _, Sha256};

use crate::{
    reply::{Refusal, ctx_of},
    session::{self, csrf},
    shared::Server,
};

/// How long a token is believed before the database is asked again: so long a revoked token may
/// go on working on other replicas.
const BELIEVED: Micros = 30 * time::SECOND;
/// Tokens that are remembered.
const REMEMBERED: u64 = 10_000;
/// The longest token that is looked at.
const TOKEN_MAX: usize = 256;
/// The header with which a program says for which member it acts.
const ACT_AS: &str = "qidan-act-as";

/// A permission that a handler names.
pub(crate) trait Permission: 'static {
    /// What the token must be good for.
    const SCOPE: Scope;
    /// Whether the caller may say for which member he acts.
    const ACTS_AS: bool = false;
}

/// What callers may do.
pub(crate) mod may {
    use super::{Permission, Scope};

    macro_rules! permissions {
        ($($(#[$doc:meta])* $name:ident => $scope:ident $(, $acts_as:literal)?;)*) => {$(
            $(#[$doc])*
            pub(crate) enum $name {}

            impl Permission for $name {
                const SCOPE: Scope = Scope::$scope;
                $(const ACTS_AS: bool = $acts_as;)?
            }
        )*};
    }

    permissions! {
        /// See tickets and tasks.
        ReadTickets => TicketsRead, true;
        /// Create and change tickets.
        WriteTickets => TicketsWrite, true;
        /// Change and publish templates.
        WriteTemplates => TemplatesWrite;
        /// See members, departments and groups.
        ReadMembers => MembersRead;
        /// Say what members do, where they are and when they are away.
        WriteMembers => MembersWrite;
        /// See customers.
        ReadCustomers => CustomersRead;
        /// Say what belongs to customers and groups.
        WriteCustomers => CustomersWrite;
        /// See inbox, outbox, tokens and the audit log.
        ReadOps => OpsRead;
        /// Replay, retry, make and revoke tokens.
        WriteOps => OpsWrite;
    }
}

/// Who asks, once his token or session was found good.
#[derive(Clone, Debug)]
pub(crate) struct Caller {
    /// What this request knows; the actor is the token, or the member it acts for, or the member
    /// who is signed in.
    pub(crate) ctx: Ctx,
    pub(crate) by: By,
}

/// By what a caller was known.
#[derive(Clone, Debug)]
pub(crate) enum By {
    /// A program.
    Token(Arc<Token>),
    /// A member with his browser.
    Session(Box<SignedIn>),
}

impl Caller {
    /// Whose idempotency keys these are: a member's own stay his when he signs in anew.
    pub(crate) fn whose(&self) -> String {
        match (&self.by, self.ctx.actor.userid()) {
            (By::Token(token), Some(userid)) => format!("token:{}:{userid}", token.id),
            (By::Token(token), None) => format!("token:{}", token.id),
            (By::Session(signed_in), _) => format!("member:{}", signed_in.member.userid),
        }
    }

    /// Whether he may do this.
    pub(crate) fn allows(&self, scope: Scope) -> bool {
        match &self.by {
            By::Token(token) => token.allows(scope),
            By::Session(signed_in) => signed_in.allows(scope),
        }
    }

    /// Whether he may know of this member what colleagues need not know: his phone, where he is, why
    /// he is away. Programs may, and so may he himself and administrators.
    pub(crate) fn knows(&self, userid: &str) -> bool {
        match &self.by {
            By::Token(_) => true,
            By::Session(signed_in) => {
                signed_in.member.userid == userid || signed_in.allows(Scope::MembersWrite)
            }
        }
    }

    /// What he is called in refusals.
    pub(crate) fn name(&self) -> String {
        match &self.by {
            By::Token(token) => format!("令牌 {}", token.name),
            By::Session(signed_in) => format!("成员 {}", signed_in.member.name),
        }
    }
}

/// A caller who may do `P`.
pub(crate) struct Signed<P> {
    pub(crate) caller: Caller,
    may: PhantomData<P>,
}

impl<P> Signed<P> {
    pub(crate) fn ctx(&self) -> &Ctx {
        &self.caller.ctx
    }
}

impl<P: Permission> FromRequest for Signed<P> {
    type Error = Refusal;
    type Future = LocalBoxFuture<'static, Result<Self, Refusal>>;

    fn from_request(req: &HttpRequest, _payload: &mut Payload) -> Self::Future {
        let req = req.clone();
        Box::pin(async move {
            let caller = caller(&req, P::SCOPE, P::ACTS_AS).await?;
            Ok(Self { caller, may: PhantomData })
        })
    }
}

/// The tokens that were found good lately, by their hash.
pub(crate) struct Tokens(moka::sync::Cache<[u8; 32], (Arc<Token>, Timestamp)>);

impl Default for Tokens {
    fn default() -> Self {
        Self(moka::sync::Cache::new(REMEMBERED))
    }
}

impl Tokens {
    /// Asks the database again for each token: one was revoked.
    pub(crate) fn forget_all(&self) {
        self.0.invalidate_all();
    }
}

/// The caller of a request, when his token or session is good for `scope`.
pub(crate) async fn caller(
    req: &HttpRequest,
    scope: Scope,
    acts_as: bool,
) -> Result<Caller, Refusal> {
    let Some(server) = req.app_data::<Data<Server>>() else {
        return Err(Error::bug("a route has no server").into());
    };
    let ctx = ctx_of(server, req);
    let caller = if req.headers().contains_key(AUTHORIZATION) {
        by_token(server, req, ctx, acts_as).await?
    } else {
        by_session(server, req, ctx).await?
    };
    if caller.allows(scope) {
        return Ok(caller);
    }
    let detail = format!("{} 没有 {scope} 权限", caller.name());
    Err(Error::new(Kind::Forbidden, "auth.scope", detail).into())
}

async fn by_token(
    server: &Data<Server>,
    req: &HttpRequest,
    mut ctx: Ctx,
    acts_as: bool,
) -> Result<Caller, Refusal> {
    let token = find_token(server, req, ctx.now).await?;
    ctx.actor = match req.headers().get(ACT_AS) {
        None => Actor::Token { name: token.name.clone() },
        Some(_) if !acts_as => return Err(acts_not_here("这个接口不能代表成员操作")),
        Some(userid) => act_as(server, &token, userid).await?,
    };
    Ok(Caller { ctx, by: By::Token(token) })
}

fn acts_not_here(why: &str) -> Refusal {
    let detail = format!("{why}，请去掉 Qidan-Act-As");
    Error::new(Kind::Forbidden, "auth.act_as_not_here", detail).into()
}

/// The member who is signed in with this browser. Asked anew for each request, so that who is
/// disabled is out at once.
async fn by_session(
    server: &Data<Server>,
    req: &HttpRequest,
    mut ctx: Ctx,
) -> Result<Caller, Refusal> {
    let Some(secret) = session::secret_of(server, req) else {
        // Who speaks of sessions is a page of ours whose cookie is gone.
        let is_page = csrf::is_free(req) || csrf::given(req).is_some();
        return Err(if is_page { no_session() } else { no_token() });
    };
    let signed_in = match session::find(server, secret, ctx.now).await? {
        Some(signed_in) => signed_in,
        None => return Err(no_session()),
    };
    csrf::check(req, &signed_in.session.csrf)?;
    if req.headers().contains_key(ACT_AS) {
        return Err(acts_not_here("登录的成员只能代表自己"));
    }
    ctx.actor = Actor::member(&signed_in.member.userid);
    Ok(Caller { ctx, by: By::Session(signed_in) })
}

/// Nobody is signed in: the page signs in and comes back.
pub(crate) fn no_session() -> Refusal {
    Error::new(Kind::Unauthenticated, "auth.no_session", "没有登录，或登录已过期，请重新登录")
        .into()
}

fn no_token() -> Refusal {
    unauthenticated("auth.missing", "请在 Authorization 请求头中给出 Bearer 令牌")
}

async fn act_as(server: &Server, token: &Token, userid: &HeaderValue) -> Result<Actor, Refusal> {
    let refused = |code, detail: &str| Error::new(Kind::Forbidden, code, detail);
    if !token.allows(Scope::TicketsWrite) {
        let detail = "代表成员操作需要 tickets:write 权限";
        return Err(refused("auth.scope", detail).into());
    }
    let userid = userid.to_str().unwrap_or_default().trim().to_owned();
    let member = server.db.read(move |conn| org::find_member(conn, &userid)).await?;
    match member {
        Some(member) if member.status == MemberStatus::Active => Ok(Actor::member(&member.userid)),
        _ => {
            let detail = "Qidan-Act-As 指的成员不存在，或已离职、禁用、未激活";
            Err(refused("auth.act_as_unknown", detail).into())
        }
    }
}

async fn find_token(
    server: &Data<Server>,
    req: &HttpRequest,
    now: Timestamp,
) -> Result<Arc<Token>, Refusal> {
    let given = req.headers().get(AUTHORIZATION).and_then(|value| value.to_str().ok());
    let plain = given.and_then(|value| {
        let (scheme, plain) = value.split_once(' ')?;
        scheme.eq_ignore_ascii_case("bearer").then(|| plain.trim())
    });
    let Some(plain) = plain.filter(|plain| plain.len() <= TOKEN_MAX) else {
        return Err(no_token());
    };
    let key: [u8; 32] = Sha256::digest(plain).into();
    if let Some((token, seen)) = server.tokens.0.get(&key)
        && (0..BELIEVED).contains(&now.since(seen))
    {
        return Ok(token);
    }
    let plain = plain.to_owned();
    let found = server.db.read(move |conn| org::find_token(conn, &plain, now)).await?;
    let Some(token) = found.map(Arc::new) else {
        return Err(unauthenticated("auth.invalid_token", "令牌无效或已吊销"));
    };
    server.tokens.0.insert(key, (token.clone(), now));
    let (db, id) = (server.db.clone(), token.id);
    // Nobody waits for this note, and a database that cannot take it may still be read.
    actix_web::rt::spawn(async move {
        if let Err(error) = db.write(move |conn| org::touch_token(conn, id, now)).await {
            tracing::debug!(%error, "the use of a token was not noted");
        }
    });
    Ok(token)
}

fn unauthenticated(code: &'static str, detail: &str) -> Refusal {
    let challenge = HeaderValue::from_static("Bearer realm=\"qidan\"");
    Refusal::from(Error::new(Kind::Unauthenticated, code, detail))
        .with_header(WWW_AUTHENTICATE, challenge)
}
