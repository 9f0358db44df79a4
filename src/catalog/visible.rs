//! Who may make tickets from a template, and by which entries.

use kernel::FieldError;
use serde::{Deserialize, Serialize};

/// The entries by which a ticket can come.
pub const ENTRIES: [&str; 18] = [
    "app_message",
    "menu",
    "bot",
    "api",
    "chat_sidebar",
    "customer_profile",
    "workbench",
    "group_menu",
    "kf",
    "qr",
    "web_form",
    "embed",
    "moments",
    "video_channel",
    "short_video",
    "live",
    "subticket",
    "trigger",
];
/// The most entries of each list.
const MOST: usize = 500;

/// Who may use a template. Of people it is enough to be named in one way; where nobody is named it
/// is everybody, and where no entry is named it is every entry.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Visible {
    /// Who has one of these roles.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub roles: Vec<String>,
    /// Who is in one of these departments, or in one below.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub departments: Vec<i64>,
    /// These members, by userid.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub members: Vec<String>,
    /// By these entries: some of [`ENTRIES`].
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub entries: Vec<String>,
}

/// Somebody who would use a template.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct User {
    /// His userid.
    pub userid: String,
    /// His roles.
    pub roles: Vec<String>,
    /// His departments and all above them.
    pub departments: Vec<i64>,
}

impl Visible {
    /// Whether somebody may use it.
    pub fn is_for(&self, user: &User) -> bool {
        let Self { roles, departments, members, entries: _ } = self;
        let is_open = roles.is_empty() && departments.is_empty() && members.is_empty();
        is_open
            || members.iter().any(|one| one.eq_ignore_ascii_case(&user.userid))
            || roles.iter().any(|one| user.roles.contains(one))
            || departments.iter().any(|one| user.departments.contains(one))
    }

    /// Whether it can be used by an entry.
    pub fn is_at(&self, entry: &str) -> bool {
        self.entries.is_empty() || self.entries.iter().any(|one| one == entry)
    }

    /// What forbids publishing it.
    pub(crate) fn problems(&self) -> Vec<FieldError> {
        let mut problems = Vec::new();
        let mut add = |path: String, code, detail: String| {
            problems.push(FieldError { path: format!("visible.{path}"), code, detail });
        };
        for (at, entry) in self.entries.iter().enumerate() {
            if !ENTRIES.contains(&entry.as_str()) {
                let detail = format!("没有入口 {entry}，可用：{}", ENTRIES.join("、"));
                add(format!("entries[{at}]"), "not_an_option", detail);
            }
        }
        let lists = [
            ("roles", self.roles.len()),
            ("departments", self.departments.len()),
            ("members", self.members.len()),
        ];
        for (path, _many) in lists.iter().filter(|(_path, many)| *many > MOST) {
            add((*path).to_owned(), "too_many", format!("最多 {MOST} 项，请减少"));
        }
        problems
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_way_of_being_named_is_enough_and_nobody_named_is_everybody() {
        let li = User {
            userid: "li".to_owned(),
            roles: vec!["admin".to_owned()],
            departments: vec![3, 1],
        };
        let names = |text: &str| serde_json::from_str::<Visible>(text).unwrap();
        for (text, is_his) in [
            ("{}", true),
            (r#"{"entries":["menu"]}"#, true),
            (r#"{"roles":["admin"]}"#, true),
            (r#"{"roles":["lead"]}"#, false),
            (r#"{"departments":[1]}"#, true),
            (r#"{"departments":[2]}"#, false),
            (r#"{"members":["Li"]}"#, true),
            (r#"{"members":["wang"],"departments":[2],"roles":["admin"]}"#, true),
            (r#"{"members":["wang"],"departments":[2]}"#, false),
        ] {
            assert_eq!(names(text).is_for(&li), is_his, "{text}");
        }
        let by_menu = names(r#"{"entries":["menu"]}"#);
        assert_eq!((by_menu.is_at("menu"), by_menu.is_at("api")), (true, false));
    }
}
