//! Failures on demand: the next calls of a path go wrong in a chosen way.

use serde::{Deserialize, Serialize};

/// What goes wrong. Several may be given: a slow call can also fail.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Effect {
    /// Answers this error without doing anything.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) errcode: Option<i64>,
    /// Answers this HTTP status with a proxy's page.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) http: Option<u16>,
    /// Answers 200 with a page instead of JSON.
    #[serde(default, skip_serializing_if = "is_false")]
    pub(crate) html: bool,
    /// Answers 200 with nothing.
    #[serde(default, skip_serializing_if = "is_false")]
    pub(crate) empty: bool,
    /// Cuts the connection before doing anything.
    #[serde(default, skip_serializing_if = "is_false")]
    pub(crate) reset_before: bool,
    /// Does it, then cuts the connection.
    #[serde(default, skip_serializing_if = "is_false")]
    pub(crate) reset_after_apply: bool,
    /// Does it, but `errmsg` warns of the request's JSON.
    #[serde(default, skip_serializing_if = "is_false")]
    pub(crate) warning: bool,
    /// Waits so many milliseconds, then goes on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) slow_ms: Option<u64>,
    /// Waits so many seconds, then cuts the connection.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) hang_s: Option<u64>,
    /// Does it, and spreads the body of the answer over so many milliseconds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) drip_ms: Option<u64>,
    /// Answers so many megabytes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) big_mb: Option<u64>,
    /// JS-SDK: the person or the platform does not allow it.
    #[serde(default, skip_serializing_if = "is_false")]
    pub(crate) denied: bool,
    /// JS-SDK: the client has no network.
    #[serde(default, skip_serializing_if = "is_false")]
    pub(crate) offline: bool,
    /// JS-SDK: the person closes what the call opened.
    #[serde(default, skip_serializing_if = "is_false")]
    pub(crate) cancel: bool,
}

/// Where the faults of JS-SDK calls begin: `jssdk/getLocation`, or `jssdk/*` for every call.
const SDK: &str = "jssdk/";

impl Effect {
    fn sdk_parts(&self) -> [(&'static str, bool); 4] {
        [
            ("slow_ms", self.slow_ms.is_some()),
            ("denied", self.denied),
            ("offline", self.offline),
            ("cancel", self.cancel),
        ]
    }

    fn suits_sdk(&self) -> bool {
        self.sdk_parts().iter().any(|(_name, is_on)| *is_on)
    }

    /// Whether one of these parts is planned.
    fn hits_any(&self, names: &[String]) -> bool {
        self.sdk_parts().iter().any(|(name, is_on)| *is_on && names.iter().any(|it| it == name))
    }
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "the shape that serde asks for")]
fn is_false(value: &bool) -> bool {
    !value
}

/// A planned failure.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Fault {
    #[serde(default)]
    pub(crate) id: u64,
    /// A path of the API, or `*` for every path; `jssdk/` and a call's name, or `jssdk/*`.
    pub(crate) path: String,
    /// How many calls it hits; nothing means all until it is removed.
    #[serde(default)]
    pub(crate) times: Option<u64>,
    pub(crate) effect: Effect,
}

/// The planned failures, oldest first.
#[derive(Debug, Default)]
pub(crate) struct Faults {
    next: u64,
    list: Vec<Fault>,
}

impl Faults {
    /// Plans one and tells its id.
    ///
    /// # Errors
    /// When the effect does not exist where the fault is planned.
    pub(crate) fn plan(&mut self, fault: Fault) -> Result<u64, &'static str> {
        let is_sdk = fault.path.starts_with(SDK);
        if is_sdk && !fault.effect.suits_sdk() {
            return Err("JS-SDK 的故障须有 slow_ms、denied、offline、cancel 之一");
        }
        if !is_sdk && (fault.effect.denied || fault.effect.offline || fault.effect.cancel) {
            return Err("denied、offline、cancel 只用于 JS-SDK：path 写 jssdk/调用名 或 jssdk/*");
        }
        Ok(self.add(fault))
    }

    fn add(&mut self, mut fault: Fault) -> u64 {
        self.next += 1;
        fault.id = self.next;
        self.list.push(fault);
        self.next
    }

    /// The failure of this call, used up by one.
    pub(crate) fn take(&mut self, path: &str) -> Option<Effect> {
        self.take_where(|fault| fault.path == "*" || fault.path == path)
    }

    fn take_where(&mut self, hits: impl Fn(&Fault) -> bool) -> Option<Effect> {
        let hit = self.list.iter_mut().find(|fault| hits(fault) && fault.times != Some(0))?;
        if let Some(times) = &mut hit.times {
            *times = times.saturating_sub(1);
        }
        let effect = hit.effect.clone();
        self.list.retain(|fault| fault.times != Some(0));
        Some(effect)
    }

    /// The failure of a JS-SDK call, used up by one; `suffers` names what can happen to this call.
    pub(crate) fn take_sdk(&mut self, call: &str, suffers: &[String]) -> Option<Effect> {
        let path = format!("{SDK}{call}");
        self.take_where(|fault| {
            (fault.path == "jssdk/*" || fault.path == path) && fault.effect.hits_any(suffers)
        })
    }

    pub(crate) fn list(&self) -> &[Fault] {
        &self.list
    }

    /// Removes one; false when it is not there.
    pub(crate) fn remove(&mut self, id: u64) -> bool {
        let before = self.list.len();
        self.list.retain(|fault| fault.id != id);
        self.list.len() < before
    }

    pub(crate) fn clear(&mut self) {
        self.list.clear();
    }
}
