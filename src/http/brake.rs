//! How often somebody whom nobody knows may do something: so often in a span, by his address. Each
//! replica counts for itself, in memory: it is there against floods, not against patience.

use std::{
    net::IpAddr,
    sync::{Arc, Mutex, PoisonError},
};

use actix_web::{
    HttpRequest,
    http::{
        StatusCode,
        header::{HeaderValue, RETRY_AFTER},
    },
};
use kernel::{Error, Kind, Micros, Timestamp, time};

use crate::reply::Refusal;

/// Counters that are remembered.
const REMEMBERED: u64 = 100_000;
/// The header in which the proxy in front of us says who asks it.
const FORWARDED: &str = "x-forwarded-for";

/// A span in which something was counted: since when, how often.
type Window = Arc<Mutex<(Timestamp, u32)>>;

/// The counters.
#[derive(Clone)]
pub(crate) struct Brakes(moka::sync::Cache<String, Window>);

impl Default for Brakes {
    fn default() -> Self {
        Self(moka::sync::Cache::new(REMEMBERED))
    }
}

impl Brakes {
    /// Counts one more of `what` from the address of a request.
    ///
    /// # Errors
    /// `code.too_often` with 429 beyond `most` in `span`.
    pub(crate) fn count(
        &self,
        req: &HttpRequest,
        what: &str,
        (most, span): (u32, Micros),
        now: Timestamp,
    ) -> Result<(), Refusal> {
        let key = format!("{what} {}", address(req));
        let window = self.0.get_with(key, || Arc::new(Mutex::new((now, 0))));
        let mut window = window.lock().unwrap_or_else(PoisonError::into_inner);
        if !(0..span).contains(&now.since(window.0)) {
            *window = (now, 0);
        }
        if window.1 >= most {
            let left = window.0.plus(span).since(now).div_euclid(time::SECOND).max(1);
            let detail = format!("太频繁了，请 {} 分钟后再试", left.div_euclid(60) + 1);
            let error = Error::new(Kind::Busy, "code.too_often", detail);
            let refusal = Refusal::with_status(error, StatusCode::TOO_MANY_REQUESTS);
            return Err(refusal.with_header(RETRY_AFTER, HeaderValue::from(left)));
        }
        window.1 += 1;
        Ok(())
    }
}

/// Who asks. The proxy in front of us is believed when it is one of our own network.
fn address(req: &HttpRequest) -> String {
    let peer = req.peer_addr().map(|peer| peer.ip());
    let is_ours = match peer {
        Some(IpAddr::V4(ip)) => ip.is_loopback() || ip.is_private(),
        Some(IpAddr::V6(ip)) => ip.is_loopback() || ip.is_unique_local(),
        None => false,
    };
    let told = req.headers().get(FORWARDED).and_then(|value| value.to_str().ok());
    let told = told.and_then(|told| told.rsplit(',').next()?.trim().parse::<IpAddr>().ok());
    let who = told.filter(|_ip| is_ours).or(peer);
    who.map(|ip| ip.to_string()).unwrap_or_default()
}
