//! Devices.

use std::collections::BTreeMap;

use kernel::{Timestamp, text};
use serde::{Deserialize, Serialize};

use super::{Belonging, What, Wrong, begin_of};
use crate::import::{Cells, Column};

/// The most particulars of a device, and characters of one.
const VALUES_MAX: usize = 50;
const VALUE_MAX: usize = 200;
/// Characters of a particular's name.
const NAME_MAX: usize = 64;

/// A device (设备) of a customer.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Asset {
    /// Its serial number.
    #[serde(default)]
    pub serial_no: String,
    /// The customer, by external_userid.
    pub external_userid: String,
    /// Its model.
    #[serde(default)]
    pub model: String,
    /// What people call it.
    pub name: String,
    /// Where it stands.
    #[serde(default)]
    pub place: String,
    /// The day on which it was installed.
    #[serde(default)]
    pub installed_on: Option<String>,
    /// The last day of its warranty.
    #[serde(default)]
    pub warranty_until: Option<String>,
    /// Its particulars (出厂参数): 额定功率, 冷媒.
    #[serde(default)]
    pub values: BTreeMap<String, String>,
}

impl Belonging for Asset {
    const WHAT: What = What::Asset;
    const COLUMNS: &'static [Column] = &[
        Column { key: "serial_no", label: "序列号", required: true },
        Column { key: "external_userid", label: "客户", required: true },
        Column { key: "name", label: "设备名称", required: true },
        Column { key: "model", label: "型号", required: false },
        Column { key: "place", label: "安装位置", required: false },
        Column { key: "installed_on", label: "安装日期", required: false },
        Column { key: "warranty_until", label: "保修截止", required: false },
    ];

    fn key(&self) -> &str {
        &self.serial_no
    }

    fn set_key(&mut self, key: &str) {
        key.clone_into(&mut self.serial_no);
    }

    fn external_userid(&self) -> &str {
        &self.external_userid
    }

    fn set_external_userid(&mut self, external_userid: String) {
        self.external_userid = external_userid;
    }

    fn happened_at(&self, _now: Timestamp) -> Timestamp {
        self.installed_on.as_deref().and_then(begin_of).unwrap_or_default()
    }

    fn texts(&self) -> Vec<&str> {
        vec![&self.serial_no, &self.name, &self.model, &self.place]
    }

    fn member(&self) -> Option<(&'static str, &str)> {
        None
    }

    fn clean(&mut self, wrong: &mut Wrong) {
        wrong.key("serial_no", &mut self.serial_no);
        wrong.text("name", &mut self.name, (1, 100));
        wrong.text("model", &mut self.model, (0, 100));
        wrong.text("place", &mut self.place, (0, 300));
        wrong.day("installed_on", &mut self.installed_on);
        wrong.day("warranty_until", &mut self.warranty_until);
        if self.values.len() > VALUES_MAX {
            wrong.say("values", "too_many", format!("最多 {VALUES_MAX} 项参数，请减少"));
        }
        for (name, value) in &mut self.values {
            *value = text::clean(value);
            let (name_length, length) = (name.trim().chars().count(), value.chars().count());
            if !(1..=NAME_MAX).contains(&name_length) || length > VALUE_MAX {
                let detail = format!("参数名 1 到 {NAME_MAX} 个字，内容最多 {VALUE_MAX} 个字");
                wrong.say(&format!("values.{}", text::cut_chars(name, 40)), "too_long", detail);
            }
        }
    }

    fn of_cells(cells: &mut Cells<'_>) -> Self {
        Self {
            serial_no: cells.text("serial_no"),
            external_userid: cells.text("external_userid"),
            name: cells.text("name"),
            model: cells.text("model"),
            place: cells.text("place"),
            installed_on: cells.day("installed_on"),
            warranty_until: cells.day("warranty_until"),
            values: cells.others(),
        }
    }
}
