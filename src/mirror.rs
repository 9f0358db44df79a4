//! Keeps members, departments, customers and groups as WeCom has them: single fetches after an
//! event, and the full sync of the first day and of every night.

use std::sync::Arc;

use customer::mirror as customers;
use db::Db;
use kernel::{Ctx, Error, Kind, Result, Timestamp};
use org::{MemberStatus, mirror as members};
use queue::{End, Job, Record};
use serde::{Deserialize, Serialize};
use wecom::{
    ApiError, Client,
    api::{contact, department, user},
    error::Class,
};

/// The topic of single fetches.
pub(crate) const TOPIC_FETCH: &str = "mirror.fetch";

/// How many customers one transaction of the sync takes.
const BATCH: usize = 200;
/// Pages after which a list that never ends is given up.
const PAGES_MAX: usize = 10_000;

/// What to fetch.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "what", rename_all = "snake_case")]
pub(crate) enum Fetch {
    /// A member.
    Member { userid: String },
    /// A customer with everybody who serves him.
    Customer { external_userid: String },
    /// A customer group.
    Group { chat_id: String },
}

/// What the full sync did.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Synced {
    /// Members found.
    pub members: usize,
    /// Departments found.
    pub departments: usize,
    /// Customers found.
    pub customers: usize,
    /// Customer groups found.
    pub groups: usize,
}

/// Fetches from WeCom and writes the mirror.
#[derive(Clone)]
pub(crate) struct Mirror {
    pub(crate) db: Db,
    pub(crate) client: Arc<Client>,
    pub(crate) app: String,
}

impl Mirror {
    /// Does a job of [`TOPIC_FETCH`].
    pub(crate) async fn fetch(self, ctx: Ctx, job: Job) -> (End, Option<Record>) {
        let fetch: Fetch = match serde_json::from_str(&job.body) {
            Ok(fetch) => fetch,
            Err(error) => {
                let error = Error::bug("a fetch job cannot be read").caused_by(error);
                return (End::Failed(error), None);
            }
        };
        match self.one(fetch, ctx.now).await {
            Ok(record) => (End::Done("已同步".to_owned()), Some(record)),
            Err(error) if error.class == Class::Gone => (End::Ignored(error.to_string()), None),
            Err(error) => (End::Failed(error.into()), None),
        }
    }

    async fn one(&self, fetch: Fetch, stamp: Timestamp) -> Result<Record, ApiError> {
        Ok(match fetch {
            Fetch::Member { userid } => {
                let patch = member(user::get(&self.client, &self.app, &userid).await?);
                Box::new(move |conn, ctx| members::upsert_member(conn, ctx, &patch, stamp))
            }
            Fetch::Customer { external_userid } => {
                let found = self.customer(&external_userid).await?;
                Box::new(move |conn, ctx| customers::upsert_contact(conn, ctx, &found, stamp))
            }
            Fetch::Group { chat_id } => {
                let found = contact::groupchat_get(&self.client, &self.app, &chat_id).await?;
                let found = group(found);
                Box::new(move |conn, ctx| customers::upsert_group(conn, ctx, &found, stamp))
            }
        })
    }

    async fn customer(&self, external_userid: &str) -> Result<customers::Contact, ApiError> {
        let mut cursor = String::new();
        let mut whole: Option<customers::Contact> = None;
        for _ in 0..PAGES_MAX {
            let page = contact::get(&self.client, &self.app, external_userid, &cursor).await?;
            let follows = page.follow_user.into_iter();
            let known = whole.get_or_insert_with(|| customer(page.external_contact));
            for follow in follows {
                known.phone = phone(&known.phone, &follow);
                known.follows.push(follow_record(follow));
            }
            cursor = page.next_cursor;
            if cursor.is_empty() {
                break;
            }
        }
        Ok(whole.unwrap_or_default())
    }

    /// Everything anew: members, departments, customers, groups; who is not found any more has
    /// left.
    pub(crate) async fn everything(&self, ctx: &Ctx) -> Result<Synced> {
        let mut synced = self.staff(ctx).await?;
        // A corp without 客户联系 has no customers, which is no failure of the sync.
        match self.customers(ctx, &mut synced).await {
            Ok(()) => Ok(synced),
            Err(error) if error.code() == "wecom.configuration" => {
                tracing::warn!(%error, "customers were not synced");
                Ok(synced)
            }
            Err(error) => Err(error),
        }
    }

    async fn staff(&self, ctx: &Ctx) -> Result<Synced> {
        let departments = department::list(&self.client, &self.app, None).await?;
        let mut found = std::collections::BTreeMap::new();
        for one in &departments {
            for member in user::list(&self.client, &self.app, one.id).await? {
                found.insert(member.userid.to_lowercase(), member);
            }
        }
        let synced =
            Synced { members: found.len(), departments: departments.len(), ..Synced::default() };
        let snapshot = members::Snapshot {
            stamp: ctx.now,
            departments: departments.into_iter().map(department_patch).collect(),
            members: found.into_values().map(member).collect(),
        };
        let ctx = ctx.clone();
        self.db
            .write(move |conn| members::apply_snapshot(conn, &ctx, &snapshot).map(|_swept| ()))
            .await?;
        Ok(synced)
    }

    async fn customers(&self, ctx: &Ctx, synced: &mut Synced) -> Result<()> {
        let staff = contact::get_follow_user_list(&self.client, &self.app).await?;
        let mut seen = std::collections::BTreeSet::new();
        for userid in &staff {
            seen.extend(contact::list(&self.client, &self.app, userid).await?);
        }
        synced.customers = seen.len();
        let mut batch = Vec::new();
        for external_userid in seen {
            batch.push(self.customer(&external_userid).await?);
            if batch.len() == BATCH {
                self.put_customers(ctx, std::mem::take(&mut batch)).await?;
            }
        }
        self.put_customers(ctx, batch).await?;
        let mut cursor = String::new();
        for _ in 0..PAGES_MAX {
            let page = contact::groupchat_list(&self.client, &self.app, &[], &cursor).await?;
            for row in page.group_chat_list {
                let found = contact::groupchat_get(&self.client, &self.app, &row.chat_id).await?;
                let (found, ctx) = (group(found), ctx.clone());
                self.db
                    .write(move |conn| customers::upsert_group(conn, &ctx, &found, ctx.now))
                    .await?;
                synced.groups += 1;
            }
            cursor = page.next_cursor;
            if cursor.is_empty() {
                break;
            }
        }
        self.sweep(ctx).await
    }

    async fn put_customers(&self, ctx: &Ctx, batch: Vec<customers::Contact>) -> Result<()> {
        let ctx = ctx.clone();
        self.db
            .write(move |conn| {
                for one in &batch {
                    customers::upsert_contact(conn, &ctx, one, ctx.now)?;
                }
                Ok(())
            })
            .await
    }

    async fn sweep(&self, ctx: &Ctx) -> Result<()> {
        for _ in 0..PAGES_MAX {
            let ctx = ctx.clone();
            let swept = self.db.write(move |conn| customers::sweep(conn, &ctx, ctx.now)).await?;
            if swept.is_whole {
                return Ok(());
            }
        }
        Err(Error::new(Kind::Busy, "mirror.sweep", "客户清理没有结束"))
    }
}

fn some(text: String) -> Option<String> {
    (!text.is_empty()).then_some(text)
}

fn member(found: user::User) -> members::MemberPatch {
    let leads = found.department.iter().zip(&found.is_leader_in_dept);
    members::MemberPatch {
        is_leader_in: Some(
            leads.filter(|(_id, flag)| **flag == 1).map(|(id, _flag)| *id).collect(),
        ),
        userid: found.userid,
        name: some(found.name),
        departments: Some(found.department),
        main_department: found.main_department,
        leaders: Some(found.direct_leader),
        position: Some(found.position),
        avatar: some(found.avatar),
        mobile: some(found.mobile),
        status: found.status.map(MemberStatus::from_wecom),
        visible: Some(true),
    }
}

fn department_patch(found: department::Department) -> members::DepartmentPatch {
    members::DepartmentPatch {
        id: found.id,
        name: some(found.name),
        parent: Some(found.parentid),
        order: Some(found.order),
        leaders: Some(found.department_leader),
    }
}

fn customer(found: contact::ExternalContact) -> customers::Contact {
    customers::Contact {
        external_userid: found.external_userid,
        unionid: found.unionid.unwrap_or_default(),
        name: found.name,
        corp_name: found.corp_name,
        avatar: found.avatar,
        kind: customer::CustomerKind::from_wecom(found.kind),
        phone: String::new(),
        follows: Vec::new(),
    }
}

fn phone(known: &str, follow: &contact::FollowUser) -> String {
    let noted = follow.remark_mobiles.first().map(String::as_str).unwrap_or_default();
    if known.is_empty() { noted } else { known }.to_owned()
}

fn follow_record(found: contact::FollowUser) -> customers::FollowRecord {
    customers::FollowRecord {
        userid: found.userid.to_lowercase(),
        remark: found.remark,
        tags: found.tags.into_iter().map(|tag| tag.tag_name).collect(),
        state: found.state,
        since: Timestamp::from_seconds(found.createtime),
    }
}

fn group(found: contact::Group) -> customers::GroupRecord {
    customers::GroupRecord {
        chat_id: found.chat_id,
        name: found.name,
        owner: found.owner,
        members: found.member_list.into_iter().map(|member| member.userid).collect(),
    }
}
