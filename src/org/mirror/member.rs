//! What is known about one member, field by field.

use kernel::{MemberId, Timestamp};
use serde::{Deserialize, Serialize};

use super::MemberPatch;
use crate::{Member, MemberStatus, register::Register};

/// Everything that was heard under one userid.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct MemberShadow {
    display: Register<String>,
    name: Register<String>,
    departments: Register<Vec<i64>>,
    leads: Register<Vec<i64>>,
    main_department: Register<i64>,
    leaders: Register<Vec<String>>,
    position: Register<String>,
    avatar: Register<String>,
    mobile: Register<String>,
    status: Register<MemberStatus>,
    is_outside: Register<bool>,
    renamed: Register<Option<String>>,
    seen: Register<()>,
    gone: Register<()>,
}

impl MemberShadow {
    /// Nothing known, and not seen by a sync that began at `swept_at`.
    pub(crate) fn unseen(swept_at: Timestamp) -> Self {
        let mut shadow = Self::default();
        shadow.lose(swept_at);
        shadow
    }

    /// The fields of a patch, and that he is there.
    pub(crate) fn learn(&mut self, patch: &MemberPatch, stamp: Timestamp) {
        let patch = patch.clone();
        let fold = |userids: Vec<String>| userids.iter().map(|one| one.to_lowercase()).collect();
        self.name.put_some(patch.name, stamp);
        self.departments.put_some(patch.departments, stamp);
        self.leads.put_some(patch.is_leader_in, stamp);
        self.main_department.put_some(patch.main_department, stamp);
        self.leaders.put_some(patch.leaders.map(fold), stamp);
        self.position.put_some(patch.position, stamp);
        self.avatar.put_some(patch.avatar, stamp);
        self.mobile.put_some(patch.mobile, stamp);
        self.status.put_some(patch.status, stamp);
        self.is_outside.put_some(patch.visible.map(|visible| !visible), stamp);
        self.seen.put((), stamp);
    }

    /// How WeCom spells the userid of this row.
    pub(crate) fn spell(&mut self, userid: &str, stamp: Timestamp) {
        self.display.put(userid.to_owned(), stamp);
        self.seen.put((), stamp);
    }

    /// He cannot see the app, which says nothing about whether he is there.
    pub(crate) fn hide(&mut self, stamp: Timestamp) {
        self.is_outside.put(true, stamp);
    }

    /// He is not there.
    pub(crate) fn lose(&mut self, stamp: Timestamp) {
        self.gone.put((), stamp);
    }

    /// The userid is another one since `stamp`: what was known until then belongs to `other`.
    pub(crate) fn rename(&mut self, other: &mut Self, to: &str, stamp: Timestamp) {
        other.name.take_over(&mut self.name, stamp);
        other.departments.take_over(&mut self.departments, stamp);
        other.leads.take_over(&mut self.leads, stamp);
        other.main_department.take_over(&mut self.main_department, stamp);
        other.leaders.take_over(&mut self.leaders, stamp);
        other.position.take_over(&mut self.position, stamp);
        other.avatar.take_over(&mut self.avatar, stamp);
        other.mobile.take_over(&mut self.mobile, stamp);
        other.status.take_over(&mut self.status, stamp);
        other.is_outside.take_over(&mut self.is_outside, stamp);
        other.seen.take_over(&mut self.seen, stamp);
        other.gone.take_over(&mut self.gone, stamp);
        self.renamed.put(Some(to.to_owned()), stamp);
    }

    /// Whose a change under this userid is, when it was so at `stamp`; nothing: this one's own.
    pub(crate) fn successor(&self, stamp: Timestamp) -> Option<&str> {
        self.renamed.value.as_deref().filter(|_to| stamp <= self.renamed.at)
    }

    /// The last time when it was known whether he is there.
    pub(crate) fn settled_at(&self) -> Timestamp {
        self.seen.at.max(self.gone.at)
    }

    fn is_known(&self) -> bool {
        self.seen.at > Timestamp::default()
    }

    fn status(&self) -> MemberStatus {
        if self.seen.at < self.gone.at { MemberStatus::Left } else { self.status.value }
    }
}

/// A row of the table.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct MemberRow {
    pub(crate) id: i64,
    pub(crate) userid: String,
    /// 0 while the row is not in the database.
    pub(crate) version: i64,
    pub(crate) updated_at: Timestamp,
    pub(crate) shadow: MemberShadow,
}

impl MemberRow {
    /// How many renamings of one member are followed: WeCom allows one.
    pub(crate) const RENAMINGS_MAX: usize = 4;
    /// The state of a row that stands for nobody now: renamed, or only heard of as gone.
    pub(crate) const NOBODY: &'static str = "nobody";

    /// The member, if the row stands for one.
    pub(crate) fn member(&self) -> Option<Member> {
        let shadow = &self.shadow;
        let or_userid = |text: &String| if text.is_empty() { &self.userid } else { text }.clone();
        shadow.is_known().then(|| Member {
            id: MemberId(self.id),
            userid: self.userid.clone(),
            display_userid: or_userid(&shadow.display.value),
            name: or_userid(&shadow.name.value),
            departments: shadow.departments.value.clone(),
            is_leader_in: shadow.leads.value.clone(),
            main_department: shadow.main_department.value,
            leaders: shadow.leaders.value.clone(),
            position: shadow.position.value.clone(),
            avatar: shadow.avatar.value.clone(),
            mobile: shadow.mobile.value.clone(),
            status: shadow.status(),
            visible: !shadow.is_outside.value && shadow.status() != MemberStatus::Left,
            updated_at: self.updated_at,
        })
    }

    /// The userid that took this one's place.
    pub(crate) fn renamed_to(&self) -> Option<&str> {
        self.shadow.renamed.value.as_deref()
    }
}
