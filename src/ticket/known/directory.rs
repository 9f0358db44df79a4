//! Where assignment looks people up: the organisation, what its members do, who is away, how much
//! each has to do, and the ticket's own answers.

use flow::assign::{Department, Directory, Leave, Person, Point, Position, Standing, System};
use org::{MapSystem, Member, MemberStatus};
use serde_json::Value;

use super::Known;
use crate::sql;

impl Known<'_> {
    /// Remembers whom the organisation named, so that nobody is looked up twice.
    fn named(&self, members: Vec<Member>) -> Vec<String> {
        let mut known = self.members.borrow_mut();
        let name = |member: Member| {
            let userid = member.userid.clone();
            known.insert(userid.clone(), Some(member));
            userid
        };
        members.into_iter().map(name).collect()
    }

    /// Looks those up at once whom nobody named yet.
    fn learn(&self, userids: &[String]) {
        let is_new = |userid: &&String| !self.members.borrow().contains_key(*userid);
        let new: Vec<_> = userids.iter().filter(is_new).cloned().collect();
        if new.is_empty() {
            return;
        }
        let mut found = self.ask(|conn| org::members_by_ids(conn, &new));
        let mut known = self.members.borrow_mut();
        known.extend(new.into_iter().map(|userid| {
            let member = found.remove(&userid);
            (userid, member)
        }));
    }

    /// A department and all that stand below it.
    fn below(&self, id: i64) -> Vec<i64> {
        let all = self.ask(org::list_departments);
        let mut wanted = vec![id];
        // Each round goes one level down, and there are no more levels than departments.
        for _ in 0..all.len() {
            let is_new = |one: &&org::Department| {
                one.parent.is_some_and(|parent| wanted.contains(&parent))
                    && !wanted.contains(&one.id)
            };
            let more: Vec<_> = all.iter().filter(is_new).map(|one| one.id).collect();
            if more.is_empty() {
                break;
            }
            wanted.extend(more);
        }
        wanted
    }

    /// What can be told of these people in one go each.
    fn figures(&self, userids: &[String], people: &mut [Person]) {
        let profiles = self.ask(|conn| org::profiles(conn, userids));
        let mut positions = self.ask(|conn| org::positions(conn, userids));
        let loads = self.ask(|conn| sql::loads(conn, userids));
        let given = self.ask(|conn| sql::last_given(conn, userids));
        for person in people {
            if let Some(profile) = profiles.get(&person.userid) {
                person.roles.clone_from(&profile.roles);
                person.skills.clone_from(&profile.skills);
                person.regions.clone_from(&profile.regions);
                person.serves_vip = profile.serves_vip;
            }
            person.position = positions.remove(&person.userid).map(|seen| Position {
                point: Point { lat: seen.lat, lng: seen.lng, system: system(seen.system) },
                at: seen.at,
            });
            person.open_tasks = loads.get(&person.userid).copied().unwrap_or_default();
            person.last_assigned_at = given.get(&person.userid).copied();
        }
    }

    /// Who of these people is away, and who stands in for him.
    fn leaves(&self, userids: &[String], people: &mut [Person]) {
        let mut away = self.ask(|conn| org::away(conn, userids, self.now));
        let unnamed: Vec<_> = away.values().filter(|leave| leave.backup.is_none()).collect();
        let unnamed: Vec<_> = unnamed.into_iter().map(|leave| leave.userid.clone()).collect();
        let mut profiles = match unnamed.as_slice() {
            [] => std::collections::BTreeMap::new(),
            unnamed => self.ask(|conn| org::profiles(conn, unnamed)),
        };
        for person in people {
            person.leave = away.remove(&person.userid).map(|leave| Leave {
                until: leave.until_at,
                backup: leave.backup.or_else(|| profiles.remove(&leave.userid)?.backup),
            });
        }
    }
}

fn system(system: MapSystem) -> System {
    match system {
        MapSystem::Gcj02 => System::Gcj02,
        MapSystem::Wgs84 => System::Wgs84,
    }
}

fn person(userid: &str, member: &Member) -> Person {
    let standing = match member.status {
        MemberStatus::Active if member.visible => Standing::Active,
        MemberStatus::Active => Standing::OutOfSight,
        MemberStatus::Inactive => Standing::Inactive,
        MemberStatus::Disabled => Standing::Disabled,
        MemberStatus::Left => Standing::Left,
    };
    let mut departments = member.departments.clone();
    // The main one first; the others keep their order.
    departments.sort_by_key(|id| *id != member.main_department);
    Person {
        departments,
        leaders: member.leaders.clone(),
        standing,
        ..Person::new(userid, &member.name)
    }
}

impl Directory for Known<'_> {
    fn people(&self, userids: &[String], with_figures: bool) -> Vec<Person> {
        self.learn(userids);
        let mut people: Vec<_> = {
            let known = self.members.borrow();
            let one = |userid: &String| Some(person(userid, known.get(userid)?.as_ref()?));
            userids.iter().filter_map(one).collect()
        };
        self.leaves(userids, &mut people);
        if with_figures {
            self.figures(userids, &mut people);
        }
        people
    }

    fn current(&self, userids: Vec<String>) -> Vec<String> {
        let asked: Vec<_> = userids.iter().map(|userid| userid.to_lowercase()).collect();
        self.learn(&asked);
        let found = |userid: String| match self.members.borrow().get(&userid) {
            Some(Some(member)) => member.userid.clone(),
            _ => userid,
        };
        asked.into_iter().map(found).collect()
    }

    fn department(&self, id: i64) -> Option<Department> {
        let found = self.ask(|conn| org::find_department(conn, id))?;
        Some(Department { name: found.name, parent: found.parent, leads: found.leaders })
    }

    fn members(&self, department: i64, with_below: bool) -> Vec<String> {
        let all = self.ask(org::visible_members);
        let wanted = if with_below { self.below(department) } else { vec![department] };
        let is_in = |member: &Member| member.departments.iter().any(|one| wanted.contains(one));
        self.named(all.into_iter().filter(is_in).collect())
    }

    fn role(&self, key: &str) -> Vec<String> {
        self.ask(|conn| org::with_role(conn, key))
    }

    fn group(&self, key: &str) -> Vec<String> {
        let members = self.ask(|conn| match org::find_group(conn, key)? {
            Some(_group) => org::group_members(conn, key),
            None => org::visible_members(conn),
        });
        self.named(members)
    }

    fn on_duty(&self, roster: &str) -> Vec<String> {
        let roster = self.parts.rosters.get(roster);
        roster.map(|roster| roster.people_on_duty(self.now)).unwrap_or_default()
    }

    fn answer(&self, field: &str) -> Vec<String> {
        match self.about.form.get(field) {
            // An address: its region.
            Some(Value::Object(parts)) => parts.get("region").map(words).unwrap_or_default(),
            Some(one) => words(one),
            None => Vec::new(),
        }
    }

    fn place(&self, field: &str) -> Option<Point> {
        let place = self.about.form.get(field)?;
        let degrees = |name: &str| place.get(name)?.as_f64();
        let is_wgs84 = place.get("system").and_then(Value::as_str) == Some("wgs84");
        let system = if is_wgs84 { System::Wgs84 } else { System::Gcj02 };
        Some(Point { lat: degrees("lat")?, lng: degrees("lng")?, system })
    }

    fn customer_owner(&self) -> Option<String> {
        let follows = &self.customer()?.follows;
        // Who serves him longest looks after him.
        let served = follows.iter().filter(|follow| !follow.is_lost);
        served.min_by_key(|follow| follow.since).map(|follow| follow.userid.clone())
    }

    fn is_vip(&self) -> bool {
        self.customer().is_some_and(|customer| self.setup.is_vip(customer))
    }
}

fn words(value: &Value) -> Vec<String> {
    let text = |value: &Value| value.as_str().map(str::to_owned);
    match value {
        Value::Array(all) => all.iter().filter_map(text).collect(),
        one => text(one).into_iter().collect(),
    }
}
