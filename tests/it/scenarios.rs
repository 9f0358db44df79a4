//! Every preset of the library, played: `tests/scenarios/<industry>.json` says what is given, who
//! does what and what holds then, on a clock that only the scenario moves.
//!
//! A scenario names groups instead of people: each group of the preset gets a member of its own,
//! two where it votes (`group/2` is the second). `starter` raised the ticket, `supervisor` leads
//! those who are at work. `works` counts office minutes, `passes` all of them.

use std::collections::{BTreeMap, BTreeSet};

use kernel::time;
use qidan::config::Group;
use serde::Deserialize;
use serde_json::{Map, Value, json};

use crate::support::Desk;

/// Who raises every ticket.
const STARTER: &str = "wangfang";
/// Who can be in a group: everybody who is led by somebody, but for the starter.
const PEOPLE: [&str; 9] = [
    "zhangsan",
    "lijing",
    "zhaomin",
    "zhoujie",
    "wuting",
    "zhengxin",
    "huang.wei",
    "liuyang",
    "sunhao",
];

/// One way of one preset, from creation to its end.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Scenario {
    preset: String,
    name: String,
    given: Map<String, Value>,
    then: Then,
    turns: Vec<Turn>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Turn {
    when: When,
    then: Then,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum When {
    Works { works: i64 },
    Passes { passes: i64 },
    Does(Does),
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Does {
    by: String,
    does: String,
    at: String,
    #[serde(default)]
    note: Option<String>,
    #[serde(default)]
    form: Map<String, Value>,
}

/// What holds; what is not named is not asked.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Then {
    /// The steps at work, all of them, and whose each is.
    open: Option<BTreeMap<String, String>>,
    /// How the ticket ended.
    status: Option<String>,
    /// Answers of the ticket's form.
    #[serde(default)]
    form: Map<String, Value>,
    /// Who was told something about this ticket that has these words in it.
    #[serde(default)]
    told: BTreeMap<String, String>,
    /// Who was not.
    #[serde(default)]
    silent: BTreeMap<String, String>,
}

/// Who is in which group.
struct Cast {
    groups: BTreeMap<String, Vec<String>>,
    leads: BTreeMap<String, Vec<String>>,
}

/// The groups that a template names, and which of them vote.
fn groups_of(template: &Value, found: &mut BTreeMap<String, bool>) {
    match template {
        Value::Object(map) => {
            let votes = map.contains_key("sign");
            let group = |one: &Value| {
                (one["by"] == "group").then(|| one["key"].as_str().map(str::to_owned)).flatten()
            };
            if let Some(key) = group(template) {
                found.entry(key).or_default();
            }
            if let Some(key) = map.get("assign").and_then(group).filter(|_key| votes) {
                found.insert(key, true);
            }
            map.values().for_each(|one| groups_of(one, found));
        }
        Value::Array(all) => all.iter().for_each(|one| groups_of(one, found)),
        _ => {}
    }
}

impl Cast {
    /// Gives every group of these templates somebody, within a template each somebody else.
    fn of(templates: &[Value]) -> Self {
        let mut groups: BTreeMap<String, Vec<String>> = BTreeMap::new();
        for template in templates {
            let mut wanted = BTreeMap::new();
            groups_of(template, &mut wanted);
            let known = wanted.keys().filter_map(|key| groups.get(key)).flatten();
            let mut taken: BTreeSet<_> = known.cloned().collect();
            for (key, votes) in wanted {
                let members = groups.entry(key).or_default();
                while members.len() < if votes { 2 } else { 1 } {
                    // No preset has more groups than there are people.
                    let free = PEOPLE.iter().find(|one| !taken.contains(**one)).unwrap();
                    taken.insert((*free).to_owned());
                    members.push((*free).to_owned());
                }
            }
        }
        Self { groups, leads: BTreeMap::new() }
    }

    /// Who goes by this name at these steps.
    fn people(&self, name: &str, ticket: &Value) -> Vec<String> {
        match name.split_once('/') {
            _ if name == "starter" => vec![STARTER.to_owned()],
            _ if name == "supervisor" => {
                let at_work = open(ticket).into_values().flatten();
                at_work.flat_map(|one| self.leads[&one].clone()).collect()
            }
            Some((group, _second)) => vec![self.groups[group][1].clone()],
            None => self.groups[name].clone(),
        }
    }
}

/// The steps at work, and who may do them.
fn open(ticket: &Value) -> BTreeMap<String, Vec<String>> {
    let steps = ticket["steps"].as_array().unwrap().iter();
    let people = |one: &Value| -> Vec<String> {
        let all = one["handlers"].as_array().unwrap().iter();
        all.map(|one| one.as_str().unwrap().to_owned()).collect()
    };
    let is_work = |one: &&Value| one["state"] == "open" && !people(one).is_empty();
    steps
        .filter(is_work)
        .map(|one| (one["key"].as_str().unwrap().to_owned(), people(one)))
        .collect()
}

/// A scenario while it is played.
struct Play<'a> {
    desk: &'a Desk,
    cast: &'a Cast,
    /// What to say when something does not hold.
    place: String,
    id: String,
    pictures: BTreeMap<String, Value>,
}

impl Play<'_> {
    /// A form with real pictures, sent by whoever fills it in.
    async fn filled(&mut self, userid: &str, form: &Map<String, Value>) -> Value {
        let text = Value::Object(form.clone()).to_string();
        if !text.contains("$picture") {
            return Value::Object(form.clone());
        }
        if !self.pictures.contains_key(userid) {
            let png = b"\x89PNG\r\n\x1a\n0123456789abcdef".to_vec();
            let sent = self.desk.ask("POST", "/api/v1/files").acting_as(userid).file("a.png", png);
            self.pictures.insert(userid.to_owned(), sent.send().await.json()["id"].clone());
        }
        let picture = self.pictures[userid].as_str().unwrap();
        serde_json::from_str(&text.replace("$picture", picture)).unwrap()
    }

    async fn raise(&mut self, scenario: &Scenario) {
        let form = self.filled(STARTER, &scenario.given).await;
        let new = json!({ "template": scenario.preset, "form": form });
        let told = self.desk.ask("POST", "/api/v1/tickets").acting_as(STARTER).json(&new);
        let told = told.send().await;
        assert_eq!(told.status, 201, "{}: {}", self.place, told.text());
        self.id = told.json()["id"].as_str().unwrap().to_owned();
    }

    async fn does(&mut self, what: &Does) {
        let ticket = self.desk.ticket(&self.id).await;
        let by = self.cast.people(&what.by, &ticket)[0].clone();
        let mut input = json!({});
        if !what.form.is_empty() {
            input["form"] = self.filled(&by, &what.form).await;
        }
        if let Some(note) = &what.note {
            input["note"] = json!(note);
        }
        let at_work = open(&ticket);
        let here = at_work.get(&what.at).is_some_and(|people| people.contains(&by));
        assert!(here, "{}: {by} is not at {}: {at_work:?}", self.place, what.at);
        let told = self.desk.act(&self.id, &what.does, &input).acting_as(&by).send().await;
        // What follows from it, cards and all, is worked on when time passes.
        assert_eq!(told.status, 200, "{}: {by} {}: {}", self.place, what.does, told.text());
    }

    async fn holds(&self, then: &Then) {
        let (place, ticket) = (&self.place, self.desk.ticket(&self.id).await);
        if let Some(wanted) = &then.open {
            let wanted: BTreeMap<_, _> = wanted
                .iter()
                .map(|(step, name)| (step.clone(), self.cast.people(name, &ticket)))
                .collect();
            let found = open(&ticket);
            let is_same = |step: &String, people: &[String]| {
                wanted.get(step).is_some_and(|all| people.iter().all(|one| all.contains(one)))
            };
            let fits = found.len() == wanted.len()
                && found.iter().all(|(step, people)| is_same(step, people));
            assert!(fits, "{place}: at work are {found:?}, not {wanted:?}");
        }
        let status = then.status.as_deref().unwrap_or("open");
        assert_eq!(ticket["status"], status, "{place}");
        for (key, value) in &then.form {
            assert_eq!(&ticket["form"][key], value, "{place}: {key}");
        }
        let no = ticket["no"].as_str().unwrap();
        let spoken = then.told.iter().map(|pair| (pair, true));
        for ((name, words), is_told) in spoken.chain(then.silent.iter().map(|pair| (pair, false))) {
            for one in self.cast.people(name, &ticket) {
                let chat = self.desk.chat(&one).await;
                let has = |text: &&str| text.contains(no) && text.contains(words.as_str());
                let found = chat.texts().iter().any(has);
                assert_eq!(found, is_told, "{place}: {one} and “{words}”: {chat:#?}");
            }
        }
    }

    async fn play(&mut self, scenario: &Scenario) {
        self.raise(scenario).await;
        self.holds(&scenario.then).await;
        for (at, turn) in scenario.turns.iter().enumerate() {
            self.place = format!("{} {}, turn {at}", scenario.preset, scenario.name);
            match &turn.when {
                When::Works { works } => {
                    let (now, span) = (self.desk.clock.now(), works * time::MINUTE);
                    let until = self.desk.config.work_time().unwrap().add_span(now, span).unwrap();
                    self.desk.advance(until.since(now)).await;
                }
                When::Passes { passes } => self.desk.advance(passes * time::MINUTE).await,
                When::Does(what) => self.does(what).await,
            }
            self.holds(&turn.then).await;
        }
        let ticket = self.desk.ticket(&self.id).await;
        assert_ne!(ticket["status"], "open", "{}: it goes on", self.place);
    }
}

/// The next morning on which somebody works.
async fn next_morning(desk: &Desk) {
    let work_time = desk.config.work_time().unwrap();
    let now = desk.clock.now();
    let into_day = (now.0 + 8 * time::HOUR).rem_euclid(time::DAY);
    let mut morning = now.plus(time::DAY - into_day + 9 * time::HOUR);
    for _day in 0..20 {
        let minute = morning.plus(time::MINUTE);
        if work_time.working_between(morning, minute) == time::MINUTE {
            break;
        }
        morning = morning.plus(time::DAY);
    }
    desk.advance(morning.since(now)).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn every_preset_goes_the_ways_that_its_scenarios_tell() {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/scenarios");
    let mut played = BTreeSet::new();
    let all = catalog::presets().unwrap();
    let templates: Vec<_> =
        all.iter().map(|one| serde_json::to_value(&one.template).unwrap()).collect();
    let mut files: Vec<_> =
        std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.sort();
    for path in files {
        let text = std::fs::read_to_string(&path).unwrap();
        let scenarios: Vec<Scenario> =
            serde_json::from_str(&text).unwrap_or_else(|error| panic!("{path:?}: {error}"));
        let mut cast = Cast::of(&templates);
        let groups = cast.groups.iter().map(|(key, members)| {
            (key.clone(), Group { name: key.clone(), members: members.clone() })
        });
        let groups: Vec<_> = groups.collect();
        let desk = Desk::with(|config| config.groups.extend(groups)).await;
        let members = desk.ask("GET", "/api/v1/members?limit=200").send().await.json();
        for member in members["items"].as_array().unwrap() {
            let leads = serde_json::from_value(member["leaders"].clone()).unwrap_or_default();
            cast.leads.insert(member["userid"].as_str().unwrap().to_owned(), leads);
        }
        for scenario in &scenarios {
            if played.insert(scenario.preset.clone()) {
                let import = format!("/api/v1/presets/{}/import", scenario.preset);
                let told = desk.ask("POST", &import).send().await;
                assert_eq!(told.status, 200, "{}: {}", scenario.preset, told.text());
            }
            next_morning(&desk).await;
            let place = format!("{} {}", scenario.preset, scenario.name);
            let pictures = BTreeMap::new();
            let mut play = Play { desk: &desk, cast: &cast, place, id: String::new(), pictures };
            play.play(scenario).await;
        }
        desk.close().await;
    }
    let unplayed: Vec<_> = all.iter().filter(|one| !played.contains(&one.key)).collect();
    assert!(unplayed.is_empty(), "without a scenario in tests/scenarios: {unplayed:?}");
}
