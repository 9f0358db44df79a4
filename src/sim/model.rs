//! The things of the simulated company: its apps, people, customers and groups, as plain data.

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

/// A department. The root has `parentid` 0.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Department {
    /// The number WeCom knows it by.
    pub id: i64,
    /// Its name.
    pub name: String,
    /// The department above.
    #[serde(default = "root")]
    pub parentid: i64,
    /// Where it stands among its siblings: bigger comes first.
    #[serde(default)]
    pub order: i64,
    /// The userids of its leaders.
    #[serde(default, rename = "department_leader")]
    pub leaders: Vec<String>,
}

/// A member of staff.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Member {
    /// The userid as stored; compared without regard to case.
    pub userid: String,
    /// The name.
    pub name: String,
    /// The position.
    #[serde(default)]
    pub position: String,
    /// The departments, the main one first.
    #[serde(default = "root_only")]
    pub department: Vec<i64>,
    /// The address of a picture, or nothing: the page then draws one.
    #[serde(default)]
    pub avatar: String,
    /// 1 active, 2 disabled, 4 not activated, 5 left.
    #[serde(default = "active")]
    pub status: i64,
    /// For each department, whether they lead it (0 or 1).
    #[serde(default)]
    pub is_leader_in_dept: Vec<i64>,
    /// The userids of the direct superiors.
    #[serde(default)]
    pub direct_leader: Vec<String>,
    /// Another name.
    #[serde(default)]
    pub alias: String,
}

impl Member {
    /// Whether messages reach this person.
    pub fn is_active(&self) -> bool {
        self.status == ACTIVE
    }
}

/// The status of an activated member.
pub(crate) const ACTIVE: i64 = 1;

fn active() -> i64 {
    ACTIVE
}

fn root() -> i64 {
    1
}

fn root_only() -> Vec<i64> {
    vec![1]
}

/// What one member knows of a customer.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct Follow {
    /// The member.
    pub userid: String,
    /// The member's name for the customer.
    #[serde(default)]
    pub remark: String,
    /// The member's note.
    #[serde(default)]
    pub description: String,
    /// Since when, in unix seconds.
    #[serde(default)]
    pub createtime: i64,
    /// Phone numbers that the member noted.
    #[serde(default)]
    pub remark_mobiles: Vec<String>,
    /// The company that the member noted.
    #[serde(default)]
    pub remark_corp_name: String,
    /// The mark of the channel through which they met.
    #[serde(default)]
    pub state: String,
    /// How they met, by WeCom's number.
    #[serde(default)]
    pub add_way: i64,
    /// Tags as `externalcontact/get` shows them.
    #[serde(default)]
    pub tags: Vec<Value>,
}

/// A customer: somebody outside who is in contact with members.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Customer {
    /// The id: `wm…` from WeChat, `wo…` from another company's WeCom.
    pub external_userid: String,
    /// The name that the customer shows.
    pub name: String,
    /// The address of a picture, or nothing.
    #[serde(default)]
    pub avatar: String,
    /// 1 WeChat, 2 WeCom.
    #[serde(default = "wechat", rename = "type")]
    pub kind: i64,
    /// 0 unknown, 1 male, 2 female.
    #[serde(default)]
    pub gender: i64,
    /// The company of a WeCom customer.
    #[serde(default)]
    pub corp_name: String,
    /// The position of a WeCom customer.
    #[serde(default)]
    pub position: String,
    /// The id in the open platform, when it is bound.
    #[serde(default)]
    pub unionid: String,
    /// The members who follow this customer.
    #[serde(default)]
    pub follows: Vec<Follow>,
}

fn wechat() -> i64 {
    1
}

impl Customer {
    /// What this member knows of the customer.
    pub fn follow_of(&self, userid: &str) -> Option<&Follow> {
        self.follows.iter().find(|follow| follow.userid.eq_ignore_ascii_case(userid))
    }

    /// The `external_contact` object of the API.
    pub fn contact(&self) -> Value {
        let mut contact = json!({
            "external_userid": self.external_userid,
            "name": self.name,
            "avatar": self.avatar,
            "type": self.kind,
            "gender": self.gender,
        });
        let mut put = |key: &str, value: &str| {
            if let (Some(object), false) = (contact.as_object_mut(), value.is_empty()) {
                object.insert(key.to_owned(), value.into());
            }
        };
        if self.kind == wechat() {
            put("unionid", &self.unionid);
        } else {
            put("corp_name", &self.corp_name);
            put("corp_full_name", &self.corp_name);
            put("position", &self.position);
        }
        contact
    }
}

/// Somebody in a customer group.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct GroupMember {
    /// A userid or an external userid.
    pub id: String,
    /// 1 a member of staff, 2 somebody outside.
    #[serde(rename = "type")]
    pub kind: i64,
    /// Since when, in unix seconds.
    #[serde(default)]
    pub join_time: i64,
}

/// A customer group.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Group {
    /// The id: `wr…`.
    pub chat_id: String,
    /// The name.
    pub name: String,
    /// The userid of the owner.
    pub owner: String,
    /// The notice.
    #[serde(default)]
    pub notice: String,
    /// When it was made, in unix seconds.
    #[serde(default)]
    pub create_time: i64,
    /// Who is in it.
    #[serde(default)]
    pub members: Vec<GroupMember>,
}

/// A tag of members: a receiver of messages.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Tag {
    /// The number.
    pub id: i64,
    /// The name.
    pub name: String,
    /// Who has it.
    #[serde(default)]
    pub userids: Vec<String>,
}

/// A line that was said before the simulator began.
#[derive(Clone, Debug)]
pub struct Opening {
    /// The member, in a conversation of two; nothing in a group.
    pub member: Option<String>,
    /// The customer whom the member speaks with, or the group's chat id.
    pub room: String,
    /// Who said it: a userid or an external userid.
    pub from: String,
    /// The words.
    pub text: String,
    /// When, in unix seconds.
    pub at: i64,
}

/// The web pages of an app, where an administrator has entered them in the console. An empty
/// address means that the entry is not configured.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Pages {
    /// The page that the app opens on the workbench.
    pub home: String,
    /// The page in the tool bar of a chat with a customer.
    pub sidebar: String,
    /// The tab of a customer's profile.
    pub profile: String,
    /// The page in the tool bar of a customer group.
    pub group: String,
}

/// One self-built app of the company.
#[derive(Clone, Debug)]
pub struct AppSeed {
    /// The name in the control API and on the page.
    pub name: String,
    /// The number.
    pub agent_id: i64,
    /// What people see.
    pub display_name: String,
    /// The secret that buys tokens.
    pub secret: String,
    /// The token that signs callbacks.
    pub token: String,
    /// The 43 characters of the callback's key.
    pub encoding_aes_key: String,
    /// Where callbacks go; nothing until somebody saves an address.
    pub callback_url: Option<String>,
    /// The menu's buttons, as `menu/create` takes them.
    pub menu: Vec<Value>,
    /// The departments that the app may see, with all below them.
    pub visible: Vec<i64>,
    /// The addresses that may call; nothing means every address.
    pub trusted_ips: Option<Vec<String>>,
    /// The hosts, with their ports, that may ask for logins and carry its pages (可信域名).
    pub trusted_domains: Vec<String>,
    /// Whether changes of staff, customers and groups are reported here.
    pub hears_changes: bool,
    /// Its web pages.
    pub pages: Pages,
    /// Whether the envelope and what is in it are JSON (智能机器人) and not XML.
    pub json: bool,
}

/// A company to begin with.
#[derive(Clone, Debug)]
pub struct CorpSeed {
    /// The company's id.
    pub corp_id: String,
    /// The company's name.
    pub name: String,
    /// Its apps.
    pub apps: Vec<AppSeed>,
    /// Its departments.
    pub departments: Vec<Department>,
    /// Its staff.
    pub members: Vec<Member>,
    /// Its customers.
    pub customers: Vec<Customer>,
    /// Its customer groups.
    pub groups: Vec<Group>,
    /// Its tags of members.
    pub tags: Vec<Tag>,
    /// What members and people outside had said to each other.
    pub openings: Vec<Opening>,
}
