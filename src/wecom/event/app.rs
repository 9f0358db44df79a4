//! Events of an app: menu, position, jobs, schedules.

use super::fields::Fields;

/// A position that the client reported by itself.
#[derive(Clone, Debug, PartialEq)]
pub struct Position {
    /// Degrees north.
    pub latitude: Option<f64>,
    /// Degrees east.
    pub longitude: Option<f64>,
    /// Metres.
    pub precision: Option<f64>,
    /// `wxwork` when it came from the WeCom client.
    pub app_type: Option<String>,
}

/// The end of an asynchronous contact job.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BatchJob {
    /// The job.
    pub job_id: String,
    /// `sync_user`, `replace_user`, `invite_user`, `replace_party`.
    pub job_type: String,
    /// 0 when it went well.
    pub err_code: Option<i64>,
    /// In words.
    pub err_msg: String,
}

/// A scanned code.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ScanCode {
    /// The menu button's key.
    pub event_key: String,
    /// `qrcode` or `barcode`.
    pub scan_type: String,
    /// What it said.
    pub scan_result: String,
}

/// Photos that will follow as image messages.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pictures {
    /// The menu button's key.
    pub event_key: String,
    /// How many.
    pub count: Option<i64>,
    /// The MD5 of each.
    pub md5_sums: Vec<String>,
}

/// A place chosen from the menu.
#[derive(Clone, Debug, PartialEq)]
pub struct PickedLocation {
    /// The menu button's key.
    pub event_key: String,
    /// `Location_X`.
    pub latitude: Option<f64>,
    /// `Location_Y`.
    pub longitude: Option<f64>,
    /// The zoom of the map.
    pub scale: Option<i64>,
    /// The address in words.
    pub label: String,
    /// The place's name.
    pub poi_name: String,
    /// `wxwork` when it came from the WeCom client.
    pub app_type: Option<String>,
}

/// A schedule in a calendar.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Schedule {
    /// The calendar.
    pub cal_id: String,
    /// The schedule.
    pub schedule_id: String,
}

/// News of 获客助手.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CustomerAcquisition {
    /// `balance_low`, `delete_link`, `friend_request`, …: an open list.
    pub change_type: String,
    /// The link, where it is about one.
    pub link_id: Option<String>,
    /// The member, where it is about one.
    pub user_id: Option<String>,
    /// The customer, where it is about one.
    pub external_user_id: Option<String>,
}

impl Position {
    pub(super) fn read(from: Fields<'_>) -> Self {
        Self {
            latitude: from.decimal("Latitude"),
            longitude: from.decimal("Longitude"),
            precision: from.decimal("Precision"),
            app_type: from.some("AppType"),
        }
    }
}

impl BatchJob {
    pub(super) fn read(from: Fields<'_>) -> Self {
        let job = from.inside("BatchJob");
        Self {
            job_id: job.text("JobId"),
            job_type: job.text("JobType"),
            err_code: job.number("ErrCode"),
            err_msg: job.text("ErrMsg"),
        }
    }
}

impl ScanCode {
    pub(super) fn read(from: Fields<'_>) -> Self {
        let info = from.inside("ScanCodeInfo");
        Self {
            event_key: from.text("EventKey"),
            scan_type: info.text("ScanType"),
            scan_result: info.text("ScanResult"),
        }
    }
}

impl Pictures {
    /// The documents put several `item` into one `PicList`; clients also send one `PicList` each.
    pub(super) fn read(from: Fields<'_>) -> Self {
        let info = from.inside("SendPicsInfo");
        let items = info.each("PicList").flat_map(|list| list.each("item"));
        Self {
            event_key: from.text("EventKey"),
            count: info.number("Count"),
            md5_sums: items.map(|item| item.text("PicMd5Sum")).collect(),
        }
    }
}

impl PickedLocation {
    pub(super) fn read(from: Fields<'_>) -> Self {
        let info = from.inside("SendLocationInfo");
        Self {
            event_key: from.text("EventKey"),
            latitude: info.decimal("Location_X"),
            longitude: info.decimal("Location_Y"),
            scale: info.number("Scale"),
            label: info.text("Label"),
            poi_name: info.text("Poiname"),
            app_type: from.some("AppType"),
        }
    }
}

impl Schedule {
    pub(super) fn read(from: Fields<'_>) -> Self {
        Self { cal_id: from.text("CalId"), schedule_id: from.text("ScheduleId") }
    }
}

impl CustomerAcquisition {
    pub(super) fn read(from: Fields<'_>) -> Self {
        Self {
            change_type: from.text("ChangeType"),
            link_id: from.some("LinkId"),
            user_id: from.some("UserID"),
            external_user_id: from.some("ExternalUserID"),
        }
    }
}
