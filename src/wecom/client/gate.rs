//! Holds calls back where the platform said "too often" (45009) or "too many at once" (45033):
//! going on would only lengthen the block.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use kernel::{
    Clock, Micros, Timestamp,
    time::{HOUR, MINUTE},
};
use tokio::sync::Notify;

use crate::error::{ApiError, Class};

/// The number of "too often".
const TOO_OFTEN: i64 = 45009;
/// The number of "too many at once".
const TOO_MANY: i64 = 45033;
/// Calls of one API at once, as long as the platform does not object.
const CALLS_MAX: usize = 32;
/// After an objection the number is halved, and doubled again after so long without one.
const RECOVERY: Micros = MINUTE;

/// A gate for each app and API.
pub(super) struct Gates {
    clock: Clock,
    gates: Mutex<HashMap<String, HashMap<&'static str, Arc<Gate>>>>,
}

struct Gate {
    state: Mutex<State>,
    freed: Notify,
}

struct State {
    /// Closed until then.
    closed_until: Timestamp,
    /// How often it was closed without a success in between.
    strikes: u32,
    /// Calls that may run at once.
    allowed: usize,
    /// Calls that run.
    running: usize,
    /// When `allowed` last changed.
    changed_at: Timestamp,
}

impl Gates {
    pub(super) fn new(clock: Clock) -> Self {
        Self { clock, gates: Mutex::default() }
    }

    /// Waits for a free place; fails at once while the gate is closed.
    pub(super) async fn enter(&self, app: &str, path: &'static str) -> Result<Pass, ApiError> {
        let gate = self.gate(app, path);
        loop {
            let freed = gate.freed.notified();
            if gate.try_enter(path, self.clock.now())? {
                break;
            }
            freed.await;
        }
        Ok(Pass { gate, clock: self.clock.clone() })
    }

    fn gate(&self, app: &str, path: &'static str) -> Arc<Gate> {
        let mut gates = self.gates.lock().unwrap_or_else(PoisonError::into_inner);
        if !gates.contains_key(app) {
            gates.insert(app.to_owned(), HashMap::new());
        }
        let of_app = gates.entry(app.to_owned()).or_default();
        Arc::clone(of_app.entry(path).or_insert_with(|| Arc::new(Gate::new())))
    }
}

impl Gate {
    fn new() -> Self {
        let state = State {
            closed_until: Timestamp(i64::MIN),
            strikes: 0,
            allowed: CALLS_MAX,
            running: 0,
            changed_at: Timestamp(i64::MIN),
        };
        Self { state: Mutex::new(state), freed: Notify::new() }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn try_enter(&self, path: &'static str, now: Timestamp) -> Result<bool, ApiError> {
        let mut state = self.lock();
        if state.closed_until > now {
            let mut error = ApiError::refused(path, TOO_OFTEN, "waiting for the limit to end");
            error.class = Class::Limit { wait: state.closed_until.since(now) };
            return Err(error);
        }
        let free = state.running < state.allowed;
        state.running += usize::from(free);
        Ok(free)
    }

    fn settle(&self, error: Option<&ApiError>, now: Timestamp) {
        let mut state = self.lock();
        match error.map(|error| error.errcode) {
            // Nobody says which window is full, so each block in a row is believed to be longer:
            // one minute, then two, at most the hour.
            Some(TOO_OFTEN) => {
                let wait = (MINUTE << state.strikes.min(6)).min(HOUR);
                let until = now.plus(wait);
                if state.closed_until <= now {
                    state.strikes += 1;
                }
                state.closed_until = state.closed_until.max(until);
            }
            Some(TOO_MANY) => {
                state.allowed = (state.allowed / 2).max(1);
                state.changed_at = now;
            }
            Some(_) => {}
            None => {
                state.strikes = 0;
                let quiet = now.since(state.changed_at) >= RECOVERY;
                if quiet && state.allowed < CALLS_MAX {
                    state.allowed = (state.allowed * 2).min(CALLS_MAX);
                    state.changed_at = now;
                }
            }
        }
    }
}

/// The right to make one call; leaving gives the place to the next.
pub(super) struct Pass {
    gate: Arc<Gate>,
    clock: Clock,
}

impl Pass {
    /// Learns from the outcome.
    pub(super) fn settle(self, error: Option<&ApiError>) {
        self.gate.settle(error, self.clock.now());
    }
}

impl Drop for Pass {
    fn drop(&mut self) {
        let mut state = self.gate.lock();
        state.running = state.running.saturating_sub(1);
        let free = state.running < state.allowed;
        drop(state);
        if free {
            self.gate.freed.notify_one();
        }
    }
}

#[cfg(test)]
mod tests {
    use std::{future::Future, task::Poll};

    use kernel::time::SECOND;

    use super::*;

    fn gates() -> (Gates, Clock) {
        let clock = Clock::manual(Timestamp::from_seconds(1_700_000_000));
        (Gates::new(clock.clone()), clock)
    }

    async fn strike(gates: &Gates, errcode: i64) {
        let pass = gates.enter("desk", "user/get").await.unwrap_or_else(|_| panic!("closed"));
        pass.settle(Some(&ApiError::refused("user/get", errcode, "")));
    }

    async fn wait(gates: &Gates) -> Option<Micros> {
        match gates.enter("desk", "user/get").await {
            Ok(_pass) => None,
            Err(ApiError { class: Class::Limit { wait }, .. }) => Some(wait),
            Err(other) => panic!("{other}"),
        }
    }

    #[tokio::test]
    async fn too_often_closes_one_api_of_one_app_until_the_window_ends() {
        let (gates, clock) = gates();
        strike(&gates, TOO_OFTEN).await;
        assert_eq!(wait(&gates).await, Some(MINUTE));
        assert!(gates.enter("desk", "user/list").await.is_ok());
        assert!(gates.enter("other", "user/get").await.is_ok());
        clock.advance(59 * SECOND);
        assert_eq!(wait(&gates).await, Some(SECOND));
        clock.advance(SECOND);
        assert_eq!(wait(&gates).await, None);
    }

    #[tokio::test]
    async fn each_block_in_a_row_is_longer_and_a_success_forgets_them() {
        let (gates, clock) = gates();
        for minutes in [1, 2, 4, 8, 16, 32, 60, 60] {
            strike(&gates, TOO_OFTEN).await;
            assert_eq!(wait(&gates).await, Some(minutes * MINUTE));
            clock.advance(minutes * MINUTE);
        }
        gates.enter("desk", "user/get").await.unwrap_or_else(|_| panic!("closed")).settle(None);
        strike(&gates, TOO_OFTEN).await;
        assert_eq!(wait(&gates).await, Some(MINUTE));
    }

    #[tokio::test]
    async fn too_many_at_once_halves_the_calls_and_quiet_brings_them_back() {
        let (gates, clock) = gates();
        let allowed = |gates: &Gates| gates.gate("desk", "user/get").lock().allowed;
        for left in [16, 8, 4, 2, 1, 1] {
            strike(&gates, TOO_MANY).await;
            assert_eq!(allowed(&gates), left);
        }
        let Ok(first) = gates.enter("desk", "user/get").await else { panic!("closed") };
        let second = gates.enter("desk", "user/get");
        tokio::pin!(second);
        let waits = std::future::poll_fn(|cx| Poll::Ready(second.as_mut().poll(cx).is_pending()));
        assert!(waits.await);
        clock.advance(RECOVERY);
        first.settle(None);
        assert!(second.await.is_ok());
        assert_eq!(allowed(&gates), 2);
    }
}
