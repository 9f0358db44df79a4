//! How often something may be done. The numbers are the platform's and can be lowered, so that a
//! test meets them with ten calls instead of ten thousand.

use std::collections::BTreeMap;

use kernel::{
    Micros, Timestamp,
    time::{DAY, HOUR, MINUTE},
};
use serde::{Deserialize, Serialize};

use crate::world::Refused;

/// The limits in force.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct Limits {
    /// App messages that reach one member in a minute; more are dropped in silence.
    pub(crate) member_minute: u64,
    /// App messages that reach one member in an hour; more are dropped in silence.
    pub(crate) member_hour: u64,
    /// Person-times an app may send in a day; nothing means 200 for every account.
    pub(crate) app_day: Option<u64>,
    /// Calls of one path in a minute.
    pub(crate) api_minute: u64,
    /// Calls of one path in an hour.
    pub(crate) api_hour: u64,
    /// Wrong secrets before the address is banned for an hour.
    pub(crate) wrong_secrets: u64,
    /// Tickets of the JS-SDK that the company may fetch in an hour.
    pub(crate) ticket_corp_hour: u64,
    /// Tickets of the JS-SDK that one app may fetch in an hour.
    pub(crate) ticket_app_hour: u64,
    /// Members whose workbench data an app may set in a minute.
    pub(crate) workbench_minute: u64,
    /// Permanent pictures in a day.
    pub(crate) uploadimg_day: u64,
    /// Permanent pictures in a month.
    pub(crate) uploadimg_month: u64,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            member_minute: 30,
            member_hour: 1000,
            app_day: None,
            api_minute: 10_000,
            api_hour: 150_000,
            wrong_secrets: 2000,
            ticket_corp_hour: 400,
            ticket_app_hour: 100,
            workbench_minute: 100_000,
            uploadimg_day: 1000,
            uploadimg_month: 3000,
        }
    }
}

/// Counts within a window that begins with the first event and, once full, blocks until it ends.
#[derive(Clone, Copy, Debug, Default)]
struct Meter {
    since: Timestamp,
    count: u64,
}

impl Meter {
    /// How much fits now.
    fn room(&self, window: Micros, max: u64, now: Timestamp) -> u64 {
        if self.count == 0 || now.since(self.since) >= window || now < self.since {
            max
        } else {
            max.saturating_sub(self.count)
        }
    }

    fn add(&mut self, window: Micros, amount: u64, now: Timestamp) {
        if self.count == 0 || now.since(self.since) >= window || now < self.since {
            *self = Self { since: now, count: 0 };
        }
        self.count += amount;
    }
}

/// What has been used of the limits.
#[derive(Debug, Default)]
pub(crate) struct Meters {
    all: BTreeMap<(String, Micros), Meter>,
}

impl Meters {
    /// Counts a call of a path. Messages have limits of their own and do not count here.
    pub(crate) fn api(
        &mut self,
        limits: &Limits,
        path: &str,
        now: Timestamp,
    ) -> Result<(), Refused> {
        if path == "/cgi-bin/message/send" {
            return Ok(());
        }
        self.take(path, &[(MINUTE, limits.api_minute), (HOUR, limits.api_hour)], 1, now)
            .then_some(())
            .ok_or_else(too_often)
    }

    /// Whether one more message of the app reaches this member.
    pub(crate) fn member(
        &mut self,
        limits: &Limits,
        agent_id: i64,
        userid: &str,
        now: Timestamp,
    ) -> bool {
        let windows = [(MINUTE, limits.member_minute), (HOUR, limits.member_hour)];
        self.take(&format!("member {agent_id} {userid}"), &windows, 1, now)
    }

    /// Counts the person-times of a send against the app's day.
    pub(crate) fn app_day(
        &mut self,
        max: u64,
        agent_id: i64,
        persons: u64,
        now: Timestamp,
    ) -> Result<(), Refused> {
        self.take(&format!("app {agent_id}"), &[(DAY, max)], persons, now)
            .then_some(())
            .ok_or_else(too_often)
    }

    /// Counts a ticket of the JS-SDK.
    pub(crate) fn ticket(
        &mut self,
        limits: &Limits,
        app: &str,
        now: Timestamp,
    ) -> Result<(), Refused> {
        let own = self.take(&format!("ticket {app}"), &[(HOUR, limits.ticket_app_hour)], 1, now);
        let fits = own && self.take("ticket", &[(HOUR, limits.ticket_corp_hour)], 1, now);
        fits.then_some(()).ok_or_else(too_often)
    }

    /// Counts the members whose workbench data is set in one call.
    pub(crate) fn workbench(
        &mut self,
        limits: &Limits,
        app: &str,
        members: u64,
        now: Timestamp,
    ) -> Result<(), Refused> {
        let windows = [(MINUTE, limits.workbench_minute)];
        let fits = self.take(&format!("workbench {app}"), &windows, members, now);
        fits.then_some(()).ok_or_else(too_often)
    }

    /// Counts a call that sets one member's workbench data: ten a minute.
    pub(crate) fn workbench_member(
        &mut self,
        app: &str,
        userid: &str,
        now: Timestamp,
    ) -> Result<(), Refused> {
        let fits = self.take(&format!("workbench {app} {userid}"), &[(MINUTE, 10)], 1, now);
        fits.then_some(()).ok_or_else(too_often)
    }

    /// Counts a permanent picture.
    pub(crate) fn picture(&mut self, limits: &Limits, now: Timestamp) -> Result<(), Refused> {
        let windows = [(DAY, limits.uploadimg_day), (30 * DAY, limits.uploadimg_month)];
        self.take("uploadimg", &windows, 1, now).then_some(()).ok_or_else(too_often)
    }

    /// Forgets what was used: the limits changed, or the test wants a new minute.
    pub(crate) fn clear(&mut self) {
        self.all.clear();
    }

    fn take(&mut self, key: &str, windows: &[(Micros, u64)], amount: u64, now: Timestamp) -> bool {
        let fits = windows.iter().all(|(window, max)| {
            let meter = self.all.get(&(key.to_owned(), *window)).copied().unwrap_or_default();
            meter.room(*window, *max, now) >= amount
        });
        if fits {
            for (window, _max) in windows {
                self.all.entry((key.to_owned(), *window)).or_default().add(*window, amount, now);
            }
        }
        fits
    }
}

fn too_often() -> Refused {
    Refused::new(45009, "api freq out of limit")
}
