//! Changes of the company made by its administrators and people, outside the API: each changes the
//! world and, unless it is to be silent, tells the apps by the platform's own event.

use kernel::Timestamp;
use serde::{Serialize, de::DeserializeOwned};
use serde_json::{Value, json};

use crate::{
    acts::Denied,
    model::{Customer, Department, Follow, Group, GroupMember, Member},
    plain::{Node, Plain},
    push::Callback,
    world::{World, fold},
};

/// A change and whether the apps hear of it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Told {
    pub(crate) now: Timestamp,
    pub(crate) silent: bool,
}

impl World {
    pub(crate) fn add_member(&mut self, body: Value, told: Told) -> Result<Value, Denied> {
        let member: Member = read(body)?;
        let shape = |c: char| c.is_ascii_alphanumeric() || "-_.@".contains(c);
        if member.userid.is_empty() || member.userid.len() > 64 || !member.userid.chars().all(shape)
        {
            return Err(Denied::new(400, "userid 须为 1–64 个字母、数字或 -_.@"));
        }
        if self.member(&member.userid).is_some() {
            return Err(Denied::new(409, "userid 已存在"));
        }
        self.departments_exist(&member.department)?;
        let before = self.seen_by(&member.userid);
        self.members.insert(fold(&member.userid), member.clone());
        let list = |numbers: &[i64]| join(numbers.iter().map(ToString::to_string));
        let plain = self
            .contact("create_user", told.now)
            .with("UserID", member.userid.as_str())
            .with("Name", member.name.as_str())
            .with("Department", list(&member.department))
            .with("MainDepartment", member.department.first().copied().unwrap_or(1))
            .with("IsLeaderInDept", list(&member.is_leader_in_dept))
            .with("DirectLeader", join(member.direct_leader.iter().cloned()))
            .with_text("Position", &member.position)
            .with("Status", member.status)
            .with_text("Avatar", &member.avatar)
            .with_text("Alias", &member.alias);
        self.tell("change_contact", plain, told);
        self.tell_range(&member.userid, &before, told);
        shown(&member)
    }

    pub(crate) fn edit_member(
        &mut self,
        userid: &str,
        patch: &Value,
        told: Told,
    ) -> Result<Value, Denied> {
        let old = self.member(userid).cloned().ok_or_else(|| no("成员", userid))?;
        let new: Member = merged(&old, patch)?;
        self.departments_exist(&new.department)?;
        let moved = fold(&new.userid) != fold(&old.userid);
        if moved && self.member(&new.userid).is_some() {
            return Err(Denied::new(409, "userid 已存在"));
        }
        let before = self.seen_by(&old.userid);
        self.members.remove(&fold(&old.userid));
        self.members.insert(fold(&new.userid), new.clone());
        let mut plain = self
            .contact("update_user", told.now)
            .with("UserID", old.userid.as_str())
            .with_text("NewUserID", if moved { &new.userid } else { "" });
        let texts = [
            ("Name", &old.name, &new.name),
            ("Position", &old.position, &new.position),
            ("Avatar", &old.avatar, &new.avatar),
            ("Alias", &old.alias, &new.alias),
        ];
        for (name, _before, after) in texts.into_iter().filter(|(_, before, after)| before != after)
        {
            plain = plain.with(name, after.as_str());
        }
        if old.department != new.department {
            plain = plain.with("Department", join(new.department.iter().map(ToString::to_string)));
        }
        if old.direct_leader != new.direct_leader {
            plain = plain.with("DirectLeader", join(new.direct_leader.iter().cloned()));
        }
        if old.status != new.status {
            plain = plain.with("Status", new.status);
        }
        self.tell("change_contact", plain, told);
        self.tell_range(&new.userid, &before, told);
        shown(&new)
    }

    pub(crate) fn delete_member(&mut self, userid: &str, told: Told) -> Result<Value, Denied> {
        let before = self.seen_by(userid);
        let old = self.members.remove(&fold(userid)).ok_or_else(|| no("成员", userid))?;
        let plain = self.contact("delete_user", told.now).with("UserID", old.userid.as_str());
        self.tell("change_contact", plain, told);
        self.tell_range(&old.userid, &before, told);
        Ok(json!({}))
    }

    pub(crate) fn add_department(&mut self, mut body: Value, told: Told) -> Result<Value, Denied> {
        if let Some(object) = body.as_object_mut() {
            let free = self.departments.keys().next_back().map_or(1, |id| id + 1);
            object.entry("id").or_insert(json!(free));
        }
        let new: Department = read(body)?;
        if self.departments.contains_key(&new.id) {
            return Err(Denied::new(409, "部门 id 已存在"));
        }
        self.departments_exist(&[new.parentid])?;
        self.departments.insert(new.id, new.clone());
        let plain = self
            .contact("create_party", told.now)
            .with("Id", new.id)
            .with("Name", new.name.as_str())
            .with("ParentId", new.parentid.to_string())
            .with("Order", new.order);
        self.tell("change_contact", plain, told);
        shown(&new)
    }

    pub(crate) fn edit_department(
        &mut self,
        id: i64,
        patch: &Value,
        told: Told,
    ) -> Result<Value, Denied> {
        let old = self.departments.get(&id).ok_or_else(|| no("部门", &id.to_string()))?;
        let new: Department = merged(old, patch)?;
        if new.id != id {
            return Err(Denied::new(400, "部门的 id 不能改"));
        }
        if new.parentid != old.parentid && self.subtree(id).contains(&new.parentid) {
            return Err(Denied::new(400, "上级不能是自己或自己的下级"));
        }
        let mut plain = self.contact("update_party", told.now).with("Id", id);
        if new.name != old.name {
            plain = plain.with("Name", new.name.as_str());
        }
        if new.parentid != old.parentid {
            plain = plain.with("ParentId", new.parentid.to_string());
        }
        self.departments.insert(id, new.clone());
        self.tell("change_contact", plain, told);
        shown(&new)
    }

    pub(crate) fn delete_department(&mut self, id: i64, told: Told) -> Result<Value, Denied> {
        if self.subtree(id).len() > 1 || self.members.values().any(|it| it.department.contains(&id))
        {
            return Err(Denied::new(409, "部门下还有成员或子部门"));
        }
        self.departments.remove(&id).ok_or_else(|| no("部门", &id.to_string()))?;
        let plain = self.contact("delete_party", told.now).with("Id", id);
        self.tell("change_contact", plain, told);
        Ok(json!({}))
    }

    /// A member and somebody outside become contacts; the customer is made when new.
    pub(crate) fn add_customer(&mut self, body: Value, told: Told) -> Result<Value, Denied> {
        let mut follow: Follow = read(body.clone())?;
        let member = self.member(&follow.userid).ok_or_else(|| no("成员", &follow.userid))?;
        follow.userid.clone_from(&member.userid);
        follow.createtime = told.now.seconds();
        let mut body = body;
        if let Some(object) = body.as_object_mut() {
            object.remove("userid");
            if !object.contains_key("external_userid") {
                let id = format!("wm{}", self.random(15));
                object.insert("external_userid".into(), id.into());
            }
        }
        let id = body.get("external_userid").and_then(Value::as_str).unwrap_or("").to_owned();
        if !self.customers.contains_key(&id) {
            let customer: Customer = read(body)?;
            self.customers.insert(id.clone(), customer);
        }
        let customer = self.customers.get_mut(&id).ok_or_else(|| no("客户", &id))?;
        if customer.follow_of(&follow.userid).is_some() {
            return Err(Denied::new(409, "该成员已经添加了这位客户"));
        }
        customer.follows.push(follow.clone());
        let answer = shown(customer)?;
        let welcome = self.random(16);
        let plain = self
            .outside("change_external_contact", told.now)
            .with("ChangeType", "add_external_contact")
            .with("UserID", follow.userid)
            .with("ExternalUserID", id)
            .with_text("State", &follow.state)
            .with("WelcomeCode", welcome);
        self.tell("change_external_contact", plain, told);
        Ok(answer)
    }

    /// A member changes what they noted of a customer; the customer's own data change with it.
    pub(crate) fn edit_customer(
        &mut self,
        id: &str,
        patch: &Value,
        told: Told,
    ) -> Result<Value, Denied> {
        let old = self.customers.get(id).ok_or_else(|| no("客户", id))?;
        let asked = patch.get("userid").and_then(Value::as_str);
        let first = old.follows.first().map(|follow| follow.userid.clone()).unwrap_or_default();
        let userid = asked.map_or(first, str::to_owned);
        let follow = old.follow_of(&userid).ok_or_else(|| no("该成员的这位客户", id))?;
        let follow: Follow = merged(follow, patch)?;
        let mut new: Customer = merged(old, patch)?;
        id.clone_into(&mut new.external_userid);
        for kept in new.follows.iter_mut().filter(|it| it.userid.eq_ignore_ascii_case(&userid)) {
            kept.clone_from(&follow);
        }
        let answer = shown(&new)?;
        self.customers.insert(id.to_owned(), new);
        let plain = self
            .outside("change_external_contact", told.now)
            .with("ChangeType", "edit_external_contact")
            .with("UserID", follow.userid)
            .with("ExternalUserID", id);
        self.tell("change_external_contact", plain, told);
        Ok(answer)
    }

    /// A member removes a customer, or (`by_customer`) the customer removes the member: then the
    /// member still sees the customer, as on the platform. A customer whom nobody follows is
    /// forgotten when no member is named.
    pub(crate) fn delete_customer(
        &mut self,
        id: &str,
        userid: &str,
        by_customer: bool,
        told: Told,
    ) -> Result<Value, Denied> {
        let customer = self.customers.get_mut(id).ok_or_else(|| no("客户", id))?;
        if userid.is_empty() && customer.follows.is_empty() {
            // Nobody's customer any more: forgotten, which concerns no app.
            self.customers.remove(id);
            self.changed();
            return Ok(json!({}));
        }
        let follow = customer.follow_of(userid).ok_or_else(|| no("该成员的这位客户", id))?;
        let userid = follow.userid.clone();
        if !by_customer {
            customer.follows.retain(|follow| follow.userid != userid);
        }
        let change = if by_customer { "del_follow_user" } else { "del_external_contact" };
        let plain = self
            .outside("change_external_contact", told.now)
            .with("ChangeType", change)
            .with("UserID", userid)
            .with("ExternalUserID", id);
        self.tell("change_external_contact", plain, told);
        Ok(json!({}))
    }

    pub(crate) fn add_group(&mut self, mut body: Value, told: Told) -> Result<Value, Denied> {
        if let Some(object) = body.as_object_mut() {
            let id = format!("wr{}", self.random(15));
            object.entry("chat_id").or_insert(id.into());
            object.entry("create_time").or_insert(told.now.seconds().into());
        }
        let new: Group = read(body)?;
        if self.groups.contains_key(&new.chat_id) {
            return Err(Denied::new(409, "chat_id 已存在"));
        }
        self.member(&new.owner).ok_or_else(|| no("成员", &new.owner))?;
        self.groups.insert(new.chat_id.clone(), new.clone());
        let plain = self.group_event(&new.chat_id, "create", told.now);
        self.tell("change_external_chat", plain, told);
        shown(&new)
    }

    /// Changes a group; every kind of change is an event of its own.
    pub(crate) fn edit_group(
        &mut self,
        id: &str,
        patch: &Value,
        told: Told,
    ) -> Result<Value, Denied> {
        let old = self.groups.get(id).cloned().ok_or_else(|| no("客户群", id))?;
        let mut new: Group = merged(&old, patch)?;
        id.clone_into(&mut new.chat_id);
        self.member(&new.owner).ok_or_else(|| no("成员", &new.owner))?;
        for member in new.members.iter_mut().filter(|member| member.join_time == 0) {
            member.join_time = told.now.seconds();
        }
        self.groups.insert(id.to_owned(), new.clone());
        let ids = |of: &[GroupMember], not_in: &[GroupMember]| -> Vec<String> {
            let other = |it: &&GroupMember| !not_in.iter().any(|other| other.id == it.id);
            of.iter().filter(other).map(|it| it.id.clone()).collect()
        };
        let mut details = Vec::new();
        let (joined, left) = (ids(&new.members, &old.members), ids(&old.members, &new.members));
        if !joined.is_empty() {
            details.push(("add_member", joined));
        }
        if !left.is_empty() {
            details.push(("del_member", left));
        }
        let plain_changes = [
            ("change_owner", old.owner != new.owner),
            ("change_name", old.name != new.name),
            ("change_notice", old.notice != new.notice),
        ];
        details.extend(
            plain_changes.iter().filter(|(_, it)| *it).map(|(name, _)| (*name, Vec::new())),
        );
        for (detail, members) in details {
            let plain = self.group_event(id, "update", told.now).with("UpdateDetail", detail);
            let plain = with_members(plain, detail, &members, &version(&old), &version(&new));
            self.tell("change_external_chat", plain, told);
        }
        shown(&new)
    }

    pub(crate) fn delete_group(&mut self, id: &str, told: Told) -> Result<Value, Denied> {
        self.groups.remove(id).ok_or_else(|| no("客户群", id))?;
        let plain = self.group_event(id, "dismiss", told.now);
        self.tell("change_external_chat", plain, told);
        Ok(json!({}))
    }

    fn departments_exist(&self, ids: &[i64]) -> Result<(), Denied> {
        match ids.iter().find(|id| !self.departments.contains_key(id)) {
            Some(id) => Err(no("部门", &id.to_string())),
            None => Ok(()),
        }
    }

    fn outside(&self, event: &str, now: Timestamp) -> Plain {
        Plain::head(&self.corp_id, "sys", now.seconds(), "event").with("Event", event)
    }

    fn contact(&self, change: &str, now: Timestamp) -> Plain {
        // The platform's own samples leave this ChangeType bare.
        self.outside("change_contact", now).with_bare("ChangeType", change)
    }

    fn group_event(&self, chat_id: &str, change: &str, now: Timestamp) -> Plain {
        self.outside("change_external_chat", now).with("ChatId", chat_id).with("ChangeType", change)
    }

    /// Tells every app that hears of changes.
    fn tell(&mut self, kind: &str, plain: Plain, told: Told) {
        self.changed();
        if told.silent {
            return;
        }
        let apps: Vec<String> = self
            .apps
            .values()
            .filter(|app| app.hears_changes)
            .map(|app| app.name.clone())
            .collect();
        for app in apps {
            let mut options = self.deliver.clone();
            // These events belong to the company, not to an app: their envelope names none.
            options.no_agent = true;
            let (kind, plain) = (kind.to_owned(), plain.clone());
            self.put(Callback { app, kind, plain, options, reply_to: None });
        }
    }

    /// The apps that an active member can see.
    fn seen_by(&self, userid: &str) -> Vec<String> {
        let Some(member) = self.member(userid).filter(|member| member.is_active()) else {
            return Vec::new();
        };
        self.apps.keys().filter(|app| self.sees(app, member)).cloned().collect()
    }

    /// Tells the apps that a member came into their range or left it.
    fn tell_range(&mut self, userid: &str, before: &[String], told: Told) {
        if told.silent {
            return;
        }
        let after = self.seen_by(userid);
        let came = after.iter().filter(|app| !before.contains(app)).map(|app| (app, "subscribe"));
        let went = before.iter().filter(|app| !after.contains(app)).map(|app| (app, "unsubscribe"));
        for (app, event) in came.chain(went) {
            let agent_id = self.apps.get(app).map_or(0, |app| app.agent_id);
            let plain = Plain::head(&self.corp_id, userid, told.now.seconds(), "event")
                .with("Event", event)
                .with("AgentID", agent_id);
            let (app, kind, options) = (app.clone(), event.to_owned(), self.deliver.clone());
            self.put(Callback { app, kind, plain, options, reply_to: None });
        }
    }
}

fn with_members(plain: Plain, detail: &str, ids: &[String], last: &str, current: &str) -> Plain {
    let plain = match detail {
        "add_member" => plain.with("JoinScene", 0),
        "del_member" => plain.with("QuitScene", 0),
        _ => return plain,
    };
    let items = ids.iter().map(|id| ("Item".to_owned(), Node::Bare(id.clone()))).collect();
    plain
        .with("MemChangeCnt", i64::try_from(ids.len()).unwrap_or(i64::MAX))
        .with("MemChangeList", Node::Tree(items))
        .with("LastMemVer", last)
        .with("CurMemVer", current)
}

/// The version of a group's member list: the same list has the same version.
pub(crate) fn version(group: &Group) -> String {
    let mut hash: u64 = 0xcbf2_9ce4_8422_2325;
    for byte in group.members.iter().flat_map(|member| member.id.bytes().chain([0])) {
        hash = (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3);
    }
    format!("{hash:016x}{:016x}", hash.rotate_left(32).wrapping_mul(0x0000_0100_0000_01b3))
}

fn join(items: impl Iterator<Item = String>) -> String {
    items.collect::<Vec<_>>().join(",")
}

fn no(what: &str, id: &str) -> Denied {
    Denied::new(404, format!("没有{what} {id}"))
}

fn read<T: DeserializeOwned>(body: Value) -> Result<T, Denied> {
    serde_json::from_value(body).map_err(|error| Denied::new(400, error.to_string()))
}

fn shown(value: &impl Serialize) -> Result<Value, Denied> {
    serde_json::to_value(value).map_err(|error| Denied::new(500, error.to_string()))
}

/// `old` with the members of `patch` in place of its own.
fn merged<T: Serialize + DeserializeOwned>(old: &T, patch: &Value) -> Result<T, Denied> {
    let mut value = shown(old)?;
    let (Some(object), Some(patch)) = (value.as_object_mut(), patch.as_object()) else {
        return Err(Denied::new(400, "请求体须为 JSON 对象"));
    };
    for (key, new) in patch {
        object.insert(key.clone(), new.clone());
    }
    read(value)
}
