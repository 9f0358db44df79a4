//! Crash points: places where a test may end the process as hard as `kill -9` does. Nothing in a
//! release build.

/// Ends the process when the environment says `QIDAN_CRASH_AT=<name>` or `<name>:<n>` (at the n-th
/// passing). Only debug builds look.
#[cfg(debug_assertions)]
#[expect(clippy::disallowed_methods, reason = "a test's switch, not configuration")]
pub fn crash_point(name: &'static str) {
    use std::sync::atomic::{AtomicU32, Ordering};
    static PASSED: AtomicU32 = AtomicU32::new(0);
    let Ok(wanted) = std::env::var("QIDAN_CRASH_AT") else { return };
    let (at, turn) = wanted.split_once(':').unwrap_or((&wanted, "1"));
    if at == name {
        let passed = PASSED.fetch_add(1, Ordering::SeqCst) + 1;
        if passed == turn.parse().unwrap_or(1) {
            std::process::abort();
        }
    }
}

/// Nothing: release builds have no crash points.
#[cfg(not(debug_assertions))]
pub const fn crash_point(_name: &'static str) {}
