//! One opening of a form: a signed text that says of which code, when, and by which channel.

use kernel::{Actor, Error, Kind, Micros, Result, Timestamp, time};

use crate::shared::Server;

/// How the senders of photos that belong to no ticket yet begin, and those of photos that do.
pub const VISIT: &str = "visit:";
const VISITOR: &str = "visitor:";
/// The least time that a person needs, and how long a form stays good: less than an answer is kept,
/// so that what was sent twice is known again.
const FASTEST: Micros = 2 * time::SECOND;
const OLDEST: Micros = 12 * time::HOUR;

/// One opening of a form.
#[derive(Clone, Debug)]
pub(super) struct Visit {
    pub(super) code: String,
    pub(super) at: Timestamp,
    pub(super) nonce: String,
    pub(super) channel: String,
}

impl Visit {
    /// As its form carries it.
    pub(super) fn signed(&self, server: &Server) -> String {
        let Self { code, at, nonce, channel } = self;
        server.links.sign_visit(&format!("{code}\n{}\n{nonce}\n{channel}", at.0))
    }

    /// A visit to this code that is young enough.
    pub(super) fn read(server: &Server, signed: &str, code: &str, now: Timestamp) -> Result<Self> {
        let refused = |name, detail: &str| Error::new(Kind::Invalid, name, detail);
        let invalid = || refused("visit.invalid", "页面已失效，请重新扫码或打开链接");
        let text = server.links.read_visit(signed).map_err(|_forged| invalid())?;
        let mut parts = text.split('\n').map(str::to_owned);
        let mut part = || parts.next().ok_or_else(invalid);
        let (of, at, nonce, channel) = (part()?, part()?, part()?, part()?);
        let at = Timestamp(at.parse().map_err(|_not_a_time| invalid())?);
        if of != code {
            return Err(invalid());
        }
        if now.since(at) > OLDEST {
            return Err(refused("visit.too_old", "页面打开太久了，请重新扫码或打开链接"));
        }
        Ok(Self { code: of, at, nonce, channel })
    }

    /// Whether somebody needed as long as a person does.
    pub(super) fn check_pace(&self, now: Timestamp) -> Result<()> {
        if now.since(self.at) >= FASTEST {
            return Ok(());
        }
        Err(Error::new(Kind::Invalid, "visit.too_fast", "提交得太快了，请稍等两秒再提交"))
    }

    /// Who sends what belongs to this visit.
    pub(super) fn actor(&self) -> Actor {
        Actor::Customer { external_userid: self.sender() }
    }

    /// Whose photos they are while no form came of it, and which forms are the same.
    pub(super) fn sender(&self) -> String {
        format!("{VISIT}{}", self.nonce)
    }

    /// Whose photos they are once they belong to a ticket.
    pub(super) fn owner(&self) -> String {
        format!("{VISITOR}{}", self.nonce)
    }
}
