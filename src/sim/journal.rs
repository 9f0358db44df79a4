//! What happened: the calls that came in, the callbacks that went out, what pages asked of the
//! JS-SDK, and what the real platform would have refused, dropped or cut. Each keeps its newest lines only.

use std::collections::VecDeque;

use kernel::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// How many lines each list keeps.
const LINES: usize = 2000;

/// A call of the API.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct CallLine {
    pub(crate) seq: u64,
    /// Unix milliseconds.
    pub(crate) at: i64,
    pub(crate) method: String,
    pub(crate) path: String,
    pub(crate) query: String,
    pub(crate) request: Value,
    pub(crate) status: u16,
    pub(crate) response: Value,
    pub(crate) errcode: i64,
    pub(crate) took_ms: u64,
}

/// One attempt to deliver a callback.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct CallbackLine {
    pub(crate) seq: u64,
    /// Unix milliseconds.
    pub(crate) at: i64,
    pub(crate) app: String,
    /// The message or event type.
    pub(crate) kind: String,
    pub(crate) plain: String,
    pub(crate) attempt: u32,
    pub(crate) status: Option<u16>,
    pub(crate) took_ms: u64,
    /// The passive reply, decrypted when it could be, else what came.
    pub(crate) answer: String,
    pub(crate) error: Option<String>,
}

/// Something that a user of the real platform would regret.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Problem {
    pub(crate) seq: u64,
    /// Unix milliseconds.
    pub(crate) at: i64,
    pub(crate) path: String,
    /// The error code; 0 when the platform says nothing and drops or cuts.
    pub(crate) errcode: i64,
    pub(crate) detail: String,
}

/// A call of the JS-SDK by a page.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct SdkLine {
    #[serde(default)]
    pub(crate) seq: u64,
    /// Unix milliseconds.
    #[serde(default)]
    pub(crate) at: i64,
    pub(crate) call: String,
    #[serde(default)]
    pub(crate) params: Value,
    #[serde(default)]
    pub(crate) result: Value,
    /// Where the page was opened from, as `getContext` names it.
    #[serde(default)]
    pub(crate) entry: String,
    /// Who holds the client: a userid or an external userid.
    #[serde(default)]
    pub(crate) user: String,
    /// The page's address.
    #[serde(default)]
    pub(crate) page: String,
    #[serde(default)]
    pub(crate) took_ms: u64,
}

/// The lists, with one numbering.
#[derive(Debug, Default)]
pub(crate) struct Journal {
    seq: u64,
    calls: VecDeque<CallLine>,
    callbacks: VecDeque<CallbackLine>,
    problems: VecDeque<Problem>,
    sdk: VecDeque<SdkLine>,
}

impl Journal {
    fn next(&mut self) -> u64 {
        self.seq += 1;
        self.seq
    }

    /// Goes on with the numbers of an older journal.
    pub(crate) fn continue_after(&mut self, older: &Self) {
        self.seq = older.seq;
    }

    pub(crate) fn call(&mut self, mut line: CallLine) -> u64 {
        line.seq = self.next();
        let seq = line.seq;
        keep(&mut self.calls, line);
        seq
    }

    pub(crate) fn callback(&mut self, mut line: CallbackLine) -> u64 {
        line.seq = self.next();
        let seq = line.seq;
        keep(&mut self.callbacks, line);
        seq
    }

    pub(crate) fn sdk(&mut self, mut line: SdkLine) -> u64 {
        line.seq = self.next();
        let seq = line.seq;
        keep(&mut self.sdk, line);
        seq
    }

    pub(crate) fn sdk_calls(&self, after: u64, limit: usize) -> Vec<&SdkLine> {
        self.sdk.iter().filter(|line| line.seq > after).take(limit).collect()
    }

    pub(crate) fn problem(&mut self, now: Timestamp, path: &str, errcode: i64, detail: &str) {
        let seq = self.next();
        let (path, detail) = (path.to_owned(), detail.to_owned());
        keep(&mut self.problems, Problem { seq, at: millis(now), path, errcode, detail });
    }

    pub(crate) fn calls(&self, after: u64, limit: usize) -> Vec<&CallLine> {
        self.calls.iter().filter(|line| line.seq > after).take(limit).collect()
    }

    pub(crate) fn callbacks(&self, after: u64, limit: usize) -> Vec<&CallbackLine> {
        self.callbacks.iter().filter(|line| line.seq > after).take(limit).collect()
    }

    pub(crate) fn problems(&self) -> Vec<&Problem> {
        self.problems.iter().collect()
    }
}

fn keep<T>(lines: &mut VecDeque<T>, line: T) {
    if lines.len() >= LINES {
        lines.pop_front();
    }
    lines.push_back(line);
}

/// Unix milliseconds, for the page.
pub(crate) fn millis(at: Timestamp) -> i64 {
    at.0.div_euclid(kernel::time::MILLI)
}
