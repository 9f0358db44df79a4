//! Requests of action steps to other systems: signed, repeated with the same bytes and the same key
//! until they are taken, and their end told to the step that waits.

use std::{collections::BTreeMap, sync::Arc, time::Duration};

use db::Db;
use hmac::{Hmac, KeyInit as _, Mac as _};
use kernel::{Ctx, Error, Kind, Result, text};
use queue::{End, Job, Record};
use reqwest::StatusCode;
use sha2::Sha256;
use ticket::{Request, Run, Setup};

use crate::config::Endpoint;

/// How long the other system may take to answer.
const TIME_MAX: Duration = Duration::from_secs(15);

/// Sends requests.
#[derive(Clone)]
pub(crate) struct Webhooks {
    pub(crate) http: reqwest::Client,
    pub(crate) endpoints: Arc<BTreeMap<String, Endpoint>>,
    pub(crate) setup: Setup,
    pub(crate) db: Db,
}

impl Webhooks {
    /// Does a job of [`ticket::TOPIC_WEBHOOK`].
    pub(crate) async fn send(self, ctx: Ctx, job: Job) -> (End, Option<Record>) {
        let request: Request = match serde_json::from_str(&job.body) {
            Ok(request) => request,
            Err(error) => {
                let error = Error::bug("a request's job cannot be read").caused_by(error);
                return (End::Failed(error), None);
            }
        };
        let run = request.run.clone();
        // It may have waited for hours: what was called off meanwhile must not happen any more.
        let asked = run.clone();
        match self.db.read(move |conn| ticket::is_wanted(conn, &asked)).await {
            Ok(true) => {}
            Ok(false) => return (End::Ignored("not_wanted".to_owned()), None),
            Err(error) => return (End::Failed(error), None),
        }
        match self.try_send(&ctx, &request).await {
            Ok(status) => (End::Done(status.as_u16().to_string()), Some(self.ended(run, None))),
            // It is tried again; who waits for it is called when that takes too long.
            Err(error) if error.is_transient() => (End::Failed(error), None),
            Err(error) => {
                let why = error.detail().to_owned();
                (End::Failed(error), Some(self.ended(run, Some(why))))
            }
        }
    }

    async fn try_send(&self, ctx: &Ctx, request: &Request) -> Result<StatusCode> {
        let name = &request.endpoint;
        let endpoint = self.endpoints.get(name).ok_or_else(|| {
            let detail = format!("没有配置 [actions.{name}]，请管理员补上后重试");
            Error::new(Kind::Invalid, "webhook.unknown_endpoint", detail)
        })?;
        let at = ctx.now.seconds();
        let signature = sign(&endpoint.secret, at, &request.body)?;
        let sent = self.http.post(&endpoint.url).timeout(TIME_MAX);
        let sent = sent
            .header("content-type", "application/json")
            .header("idempotency-key", request.run.key())
            .header("qidan-signature", format!("t={at},v1={signature}"))
            .body(request.body.clone())
            .send();
        let answer = sent.await.map_err(|error| {
            let detail = format!("{name} 没有应答，稍后重试");
            Error::new(Kind::Upstream, "webhook.failed", detail).caused_by(error.without_url())
        })?;
        let status = answer.status();
        if status.is_success() {
            return Ok(status);
        }
        let may_help = status.is_server_error()
            || [StatusCode::REQUEST_TIMEOUT, StatusCode::TOO_EARLY, StatusCode::TOO_MANY_REQUESTS]
                .contains(&status);
        Err(if may_help {
            let detail = format!("{name} 应答 {status}，稍后重试");
            Error::new(Kind::Upstream, "webhook.failed", detail)
        } else {
            let detail = format!("{name} 拒绝了请求（{status}）");
            Error::new(Kind::Invalid, "webhook.refused", detail)
        })
    }

    /// Tells the step what came of it.
    fn ended(&self, run: Run, failed: Option<String>) -> Record {
        let setup = self.setup.clone();
        Box::new(move |conn, ctx| {
            ticket::action_ended(conn, ctx, &setup, &run, failed.as_deref()).map(|_word| ())
        })
    }
}

/// The signature of a body that is sent at this second: whoever knows the secret can tell that it
/// is ours and not an old one again.
fn sign(secret: &str, at: i64, body: &str) -> Result<String> {
    let mut mac = Hmac::<Sha256>::new_from_slice(secret.as_bytes())
        .map_err(|error| Error::bug("a secret cannot sign").caused_by(error))?;
    mac.update(format!("{at}.{body}").as_bytes());
    Ok(text::hex(&mac.finalize().into_bytes()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_signature_is_hmac_sha256_of_second_and_body() {
        let signed = sign("key", 1_800_000_000, "{}").unwrap();
        assert_eq!(signed, "7321475872b03ff21bdc2dfd86ea2d99ec29c479fbe4a77aa6acf4509505493f");
        assert_ne!(signed, sign("key", 1_800_000_001, "{}").unwrap());
    }
}
