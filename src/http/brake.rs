//! How often somebody whom nobody knows may do something: so often in a span, by his address or by the
//! link that he has. Each replica counts for itself, in memory: it is there against floods, not
//! against patience.

use std::{
    net::{IpAddr, Ipv6Addr},
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use actix_web::{
    HttpRequest,
    http::header::{HeaderValue, RETRY_AFTER},
};
use kernel::{Error, Kind, Micros, Timestamp, time};
use sha2::{Digest as _, Sha256};

use crate::reply::Refusal;

/// Counters that are remembered, and how long one that counts nothing any more.
const REMEMBERED: u64 = 100_000;
const IDLE: Duration = Duration::from_hours(1);
/// The header in which the proxy in front of us says who asks it.
const FORWARDED: &str = "x-forwarded-for";
/// The bits of an IPv6 address that one subscriber cannot choose.
const SUBSCRIBER: u32 = 64;

/// A span in which something was counted: since when, how often.
type Window = Arc<Mutex<(Timestamp, u32)>>;

/// The counters, by the hash of what they count: who asks does not say how much is remembered.
#[derive(Clone)]
pub(crate) struct Brakes(moka::sync::Cache<[u8; 32], Window>);

impl Default for Brakes {
    fn default() -> Self {
        Self(moka::sync::Cache::builder().max_capacity(REMEMBERED).time_to_idle(IDLE).build())
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
        limit: (u32, Micros),
        now: Timestamp,
    ) -> Result<(), Refusal> {
        self.count_of(&address(req), what, limit, now)
    }

    /// Counts one more of `what` with something that was found good: a ticket's link.
    ///
    /// # Errors
    /// `code.too_often` with 429 beyond `most` in `span`.
    pub(crate) fn count_of(
        &self,
        whose: &str,
        what: &str,
        (most, span): (u32, Micros),
        now: Timestamp,
    ) -> Result<(), Refusal> {
        let key = Sha256::new().chain_update(what).chain_update([0]).chain_update(whose);
        let window = self.0.get_with(key.finalize().into(), || Arc::new(Mutex::new((now, 0))));
        let mut window = window.lock().unwrap_or_else(PoisonError::into_inner);
        if !(0..span).contains(&now.since(window.0)) {
            *window = (now, 0);
        }
        if window.1 >= most {
            let left = window.0.plus(span).since(now).div_euclid(time::SECOND).max(1);
            let detail = format!("太频繁了，请 {} 分钟后再试", left.div_euclid(60) + 1);
            let error = Error::new(Kind::Busy, "code.too_often", detail);
            return Err(Refusal::from(error).with_header(RETRY_AFTER, HeaderValue::from(left)));
        }
        window.1 += 1;
        Ok(())
    }
}

/// Who asks. The proxy in front of us is believed when it is one of our own network, and of what it
/// says only the last word, which is its own: those before it are the asker's.
fn address(req: &HttpRequest) -> String {
    let peer = req.peer_addr().map(|peer| peer.ip().to_canonical());
    let is_ours = match peer {
        Some(IpAddr::V4(ip)) => ip.is_loopback() || ip.is_private(),
        Some(IpAddr::V6(ip)) => ip.is_loopback() || ip.is_unique_local(),
        None => false,
    };
    // A proxy may add a header of its own behind the one that it was sent.
    let told = req.headers().get_all(FORWARDED).last().and_then(|value| value.to_str().ok());
    let told = told.and_then(|told| told.rsplit(',').next()?.trim().parse::<IpAddr>().ok());
    match told.filter(|_ip| is_ours).map(|ip| ip.to_canonical()).or(peer) {
        Some(IpAddr::V4(ip)) => ip.to_string(),
        Some(IpAddr::V6(ip)) => {
            let network = ip.to_bits() & (u128::MAX << (u128::BITS - SUBSCRIBER));
            Ipv6Addr::from_bits(network).to_string()
        }
        None => String::new(),
    }
}

#[cfg(test)]
mod tests {
    use actix_web::test::TestRequest;

    use super::*;

    #[test]
    fn who_asks_is_who_the_nearest_proxy_says_and_no_proxy_of_others_is_believed() {
        for (peer, told, who) in [
            ("203.0.113.7:1", &[][..], "203.0.113.7"),
            ("203.0.113.7:1", &["198.51.100.1"], "203.0.113.7"),
            ("127.0.0.1:1", &["198.51.100.1"], "198.51.100.1"),
            ("10.0.0.2:1", &["1.1.1.1, 198.51.100.1"], "198.51.100.1"),
            // The asker sent the first header, the proxy added the second.
            ("10.0.0.2:1", &["1.1.1.1", "198.51.100.1"], "198.51.100.1"),
            ("10.0.0.2:1", &["1.1.1.1", "nonsense"], "10.0.0.2"),
            ("[::ffff:10.0.0.2]:1", &["::ffff:198.51.100.1"], "198.51.100.1"),
            ("[::1]:1", &["2001:db8:1:2:3:4:5:6"], "2001:db8:1:2::"),
            ("[2001:db8:1:2::9]:1", &["198.51.100.1"], "2001:db8:1:2::"),
        ] {
            let mut req = TestRequest::default().peer_addr(peer.parse().unwrap());
            for one in told {
                req = req.append_header((FORWARDED, *one));
            }
            assert_eq!(address(&req.to_http_request()), who, "{peer} {told:?}");
        }
    }
}
