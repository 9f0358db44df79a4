//! Sessions of browsers as HTTP sees them: the cookie, and the proof that a request comes from a page
//! of ours.

pub(crate) mod csrf;

use actix_web::{
    HttpRequest,
    cookie::{Cookie, SameSite, time::Duration},
    web::Data,
};
use kernel::{Micros, Result, Timestamp, time};
use org::session::{self, Found, SignedIn};

use crate::shared::Server;

/// The cookie of a session. Of a name with this mark a browser takes a cookie only over https and from
/// this very host, so that no neighbour of our domain hands our pages a session of his.
pub(crate) fn name(server: &Server) -> &'static str {
    if server.pages.is_https() { "__Host-qidan_session" } else { "qidan_session" }
}

/// What the browser holds, if it holds something.
pub(crate) fn secret_of(server: &Server, req: &HttpRequest) -> Option<String> {
    let secret = req.cookie(name(server))?.value().to_owned();
    (!secret.is_empty()).then_some(secret)
}

/// Who is signed in with this secret. Notes from time to time that he was here, for which
/// nobody waits, and ends every session of one who may not sign in any more.
pub(crate) async fn find(
    server: &Data<Server>,
    secret: String,
    now: Timestamp,
) -> Result<Option<Box<SignedIn>>> {
    let db = server.db.clone();
    match server.db.read(move |conn| session::find(conn, &secret, now)).await? {
        Found::Nobody => Ok(None),
        Found::Shut { userid } => {
            // Should he come back, he signs in anew.
            if let Err(error) = db.write(move |conn| session::end_all(conn, &userid)).await {
                tracing::debug!(%error, "the sessions of a member who left were not ended");
            }
            Ok(None)
        }
        Found::SignedIn(signed_in) => {
            let (id, seen_at) = (signed_in.session.id, signed_in.session.seen_at);
            if now.since(seen_at) >= session::SEEN_STEP {
                actix_web::rt::spawn(async move {
                    if let Err(error) = db.write(move |conn| session::touch(conn, id, now)).await {
                        tracing::debug!(%error, "the use of a session was not noted");
                    }
                });
            }
            Ok(Some(signed_in))
        }
    }
}

/// A cookie of ours: no script reads it, no other site's request carries it but a link that is
/// followed.
pub(crate) fn cookie(
    server: &Server,
    name: &'static str,
    value: String,
    path: &'static str,
    life: Micros,
) -> Cookie<'static> {
    Cookie::build(name, value)
        .path(path)
        .http_only(true)
        .same_site(SameSite::Lax)
        .secure(server.pages.is_https())
        .max_age(Duration::seconds(life.div_euclid(time::SECOND)))
        .finish()
}
