//! What WeCom answers when it refuses, and what follows from it. Judged by the number only: the
//! words change. No URL, token or secret is ever part of an error.

use std::fmt;

use kernel::{
    Error, Kind, Micros,
    time::{MINUTE, SECOND},
};

/// Stands for the number when the platform gave none: no connection, a page instead of JSON.
pub const NO_ANSWER: i64 = -1000;

/// The longest `errmsg` that is kept.
const ERRMSG_MAX: usize = 512;

/// What follows from an error.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Class {
    /// The token is not good: fetch another one once, call once more.
    Token,
    /// Not now: the same call may succeed later.
    Retry,
    /// Too often, or too many at once: wait for the window to end.
    Limit {
        /// How long at least.
        wait: Micros,
    },
    /// An administrator must change something; calling again does not help before he did.
    Config,
    /// The user must log in again.
    User,
    /// This request is wrong and stays wrong.
    Data,
    /// It was done before: a used `task_id`, a used `response_code`.
    AlreadyDone,
    /// What it is about is no longer there: member, customer, card, media.
    Gone,
    /// A number that is not known: wrong for good, and worth a look.
    Unknown,
}

/// A call that failed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ApiError {
    /// The platform's number, or [`NO_ANSWER`].
    pub errcode: i64,
    /// The platform's words, with the hint that its support asks for.
    pub errmsg: String,
    /// The call, such as `message/send`.
    pub path: &'static str,
    /// What follows.
    pub class: Class,
    /// Whether the platform may have done it all the same: the answer was lost.
    pub outcome_unknown: bool,
}

impl ApiError {
    /// The platform refused with a number.
    pub fn refused(path: &'static str, errcode: i64, errmsg: &str) -> Self {
        let errmsg = kernel::text::cut_bytes(errmsg, ERRMSG_MAX);
        Self { errcode, errmsg, path, class: class_of(errcode), outcome_unknown: false }
    }

    /// The platform gave no usable answer.
    pub fn no_answer(path: &'static str, what: impl Into<String>, outcome_unknown: bool) -> Self {
        Self { errcode: NO_ANSWER, errmsg: what.into(), path, class: Class::Retry, outcome_unknown }
    }

    /// A failure of this class that the platform did not number.
    pub(crate) fn ours(path: &'static str, class: Class, what: impl Into<String>) -> Self {
        Self { class, ..Self::no_answer(path, what, false) }
    }

    /// The number that the platform's support asks for.
    pub fn hint(&self) -> Option<&str> {
        Some(self.errmsg.split_once("hint: [")?.1.split_once(']')?.0)
    }

    /// The address that the platform saw, in errors about 企业可信IP.
    pub fn from_ip(&self) -> Option<&str> {
        let rest = self.errmsg.split_once("from ip: ")?.1;
        rest.split([',', ' ']).next().filter(|ip| !ip.is_empty())
    }

    /// Whether the same call may succeed later without anybody changing anything.
    pub fn is_transient(&self) -> bool {
        matches!(self.class, Class::Retry | Class::Limit { .. } | Class::Token)
    }
}

impl fmt::Display for ApiError {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.errcode == NO_ANSWER {
            write!(out, "{}: {}", self.path, self.errmsg)
        } else {
            write!(out, "{}: {} {}", self.path, self.errcode, self.errmsg)
        }
    }
}

impl std::error::Error for ApiError {}

impl From<ApiError> for Error {
    #[track_caller]
    fn from(error: ApiError) -> Self {
        let (kind, code) = match error.class {
            Class::Retry => (Kind::Upstream, "wecom.failed"),
            Class::Token => (Kind::Upstream, "wecom.token_refused"),
            Class::Limit { .. } => (Kind::Busy, "wecom.limited"),
            // Somebody may mend it, so a job tries again in its own time.
            Class::Config => (Kind::Upstream, "wecom.configuration"),
            Class::User => (Kind::Unauthenticated, "wecom.login_expired"),
            Class::AlreadyDone => (Kind::Invalid, "wecom.already_done"),
            Class::Gone => (Kind::Invalid, "wecom.gone"),
            Class::Data | Class::Unknown => (Kind::Invalid, "wecom.refused"),
        };
        Self::new(kind, code, error.to_string()).caused_by(error)
    }
}

/// Not known or no longer there: members, customers, groups, media, cards.
const GONE: &[i64] = &[
    40003, 40007, 40096, 40145, 41050, 41053, 41054, 42016, 42052, 46004, 49008, 60111, 60140,
    82101, 82102, 84061, 90501, 90509,
];

/// Secrets, permissions, ranges, addresses, domains.
const CONFIG: &[i64] = &[
    40001, 40013, 40033, 40056, 40057, 40091, 40093, 40126, 40133, 40134, 41002, 41004, 41045,
    42007, 42012, 42015, 43009, 43012, 45024, 45031, 48001, 48002, 48004, 48005, 48006, 48007,
    48008, 48009, 48010, 48011, 50001, 50002, 50003, 60011, 60020, 60021, 60030, 60031, 80001,
    81011, 81012, 84025, 84074, 84084, 85004, 85005, 85008, 90208, 91040, 92000, 92002, 92003,
    94000, 301_002, 301_007, 301_042, 610_014, 610_015, 610_016, 610_017, 610_018, 701_008,
    701_099, 845_001, 845_002, 845_003,
];

/// Parameters: first and last of each family.
const DATA: &[[i64; 2]] = &[
    [40004, 40011],
    [40016, 40027],
    [40031, 40035],
    [40050, 40073],
    [40094, 40094],
    [40123, 40123],
    [40146, 40146],
    [40201, 40206],
    [41003, 41102],
    [42017, 42051],
    [43004, 43004],
    [44001, 44004],
    [45001, 45008],
    [45029, 45032],
    [46003, 46003],
    [60003, 60003],
    [60123, 60123],
    [60251, 60253],
    [81013, 81017],
    [82001, 82004],
    [86001, 86224],
    [90200, 90207],
    [90507, 90508],
    [93000, 93050],
    [94001, 94016],
    [95000, 95033],
    [301_016, 301_025],
    [301_055, 301_079],
    [630_005, 630_015],
    [830_001, 830_003],
    [846_601, 846_625],
    [853_000, 853_000],
];

/// What follows from a number. The official list has more than a thousand and grows: one that is
/// not here is permanent, and never tried again blindly.
pub fn class_of(errcode: i64) -> Class {
    match errcode {
        // 41001 also follows a swallowed failure of gettoken: the token was empty.
        40014 | 41001 | 42001 | 42009 => Class::Token,
        -1 | 6000 | 41063 | 41096 | 45035 => Class::Retry,
        45009 | 45036 => Class::Limit { wait: MINUTE },
        45033 => Class::Limit { wait: SECOND },
        40029 | 42003 | 84014 | 84015 => Class::User,
        // A used task_id, a used response_code, a greeting after the conversation began.
        42014 | 42022 | 41051 => Class::AlreadyDone,
        known if GONE.contains(&known) => Class::Gone,
        known if CONFIG.contains(&known) => Class::Config,
        known if DATA.iter().any(|[first, last]| (*first..=*last).contains(&known)) => Class::Data,
        _ => Class::Unknown,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_have_the_class_of_the_table() {
        let limit = Class::Limit { wait: MINUTE };
        for (errcode, class) in [
            (-1, Class::Retry),
            (40001, Class::Config),
            (40003, Class::Gone),
            (40007, Class::Gone),
            (40008, Class::Data),
            (40014, Class::Token),
            (42001, Class::Token),
            (41016, Class::Data),
            (41051, Class::AlreadyDone),
            (42014, Class::AlreadyDone),
            (42022, Class::AlreadyDone),
            (42015, Class::Config),
            (42016, Class::Gone),
            (42039, Class::Data),
            (43012, Class::Config),
            (45009, limit),
            (45033, Class::Limit { wait: SECOND }),
            (60020, Class::Config),
            (60140, Class::Gone),
            (81013, Class::Data),
            (84061, Class::Gone),
            (301_002, Class::Config),
            (7_777_777, Class::Unknown),
        ] {
            assert_eq!(class_of(errcode), class, "{errcode}");
        }
    }

    #[test]
    fn the_hint_and_the_address_are_found() {
        let error = ApiError::refused(
            "message/send",
            60020,
            "not allow to access from your ip, hint: [1662317178339603627481038], from ip: 114.132.235.244, more info at https://open.work.weixin.qq.com/devtool/query?e=60020",
        );
        assert_eq!(error.hint(), Some("1662317178339603627481038"));
        assert_eq!(error.from_ip(), Some("114.132.235.244"));
        let plain = ApiError::refused("message/send", 60020, "no");
        assert_eq!((plain.hint(), plain.from_ip()), (None, None));
    }

    #[test]
    fn a_job_is_tried_again_only_when_that_can_help() {
        let transient = |errcode| Error::from(ApiError::refused("x", errcode, "")).is_transient();
        assert!(transient(-1) && transient(45009) && transient(60020) && transient(42001));
        assert!(
            !transient(40058) && !transient(42014) && !transient(84061) && !transient(7_777_777)
        );
    }
}
