//! Templates, what they share, and groups from the command line: the preset library, and
//! configuration as code. A folder of files says what is to be; `plan` tells what would change,
//! `apply` changes it, and what `export` wrote changes nothing.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::Path,
};

use catalog::{PartKind, Template, Use};
use clap::Subcommand;
use db::Conn;
use kernel::{Ctx, Error, FieldError, Kind, Result};
use org::Group;
use serde::{Serialize, de::DeserializeOwned};
use serde_json::json;

use crate::{Config, Parts, ops, ops::print};

/// The folders of templates and groups; each kind of what templates share has its own, called by
/// its word.
const TEMPLATES: &str = "templates";
const GROUPS: &str = "groups";

/// `qidan preset …`
#[derive(Subcommand)]
pub enum PresetCommand {
    /// Show the library
    List {
        /// One JSON array
        #[arg(long)]
        json: bool,
    },
    /// Publish presets as templates of this installation
    Import {
        /// Their keys, from `list`
        #[arg(required_unless_present = "all")]
        keys: Vec<String>,
        /// The whole library
        #[arg(long, conflicts_with = "keys")]
        all: bool,
    },
}

/// `qidan config …`
#[derive(Subcommand)]
pub enum ConfigCommand {
    /// Write templates, what they share, and groups as files
    Export {
        /// The folder
        folder: std::path::PathBuf,
    },
    /// Tell what `apply` would change
    Plan {
        /// The folder
        folder: std::path::PathBuf,
    },
    /// Make everything what the files say; what no file names stays as it is
    Apply {
        /// The folder
        folder: std::path::PathBuf,
    },
}

/// `qidan preset …`
///
/// # Errors
/// `preset.not_found`; the database's.
pub async fn preset(config: Config, parts: Parts, command: PresetCommand) -> Result<()> {
    let library = catalog::presets()?;
    let (keys, all) = match command {
        PresetCommand::List { json: true } => {
            print(&text(&library)?);
            return Ok(());
        }
        PresetCommand::List { json: false } => {
            for preset in library {
                print(&format!("{:24} {:40} {}", preset.industry, preset.key, preset.name));
            }
            return Ok(());
        }
        PresetCommand::Import { keys, all } => (keys, all),
    };
    let keys = if all { library.into_iter().map(|preset| preset.key).collect() } else { keys };
    let (db, ctx) = ops::desk(&config, &parts)?;
    // All or none of them.
    let done = db.write(move |conn| {
        let import = |key: &String| catalog::import(conn, &ctx, key);
        keys.iter().map(import).collect::<Result<Vec<_>>>()
    });
    for (template, is_new) in done.await? {
        let what = if is_new { "published" } else { "unchanged" };
        print(&format!("{what} {} v{} {}", template.key, template.version, template.name));
    }
    Ok(())
}

/// `qidan config …`
///
/// # Errors
/// `field_invalid` that names the file; `config.folder` when the folder cannot be read or written;
/// the database's.
pub async fn config(config: Config, parts: Parts, command: ConfigCommand) -> Result<()> {
    let (db, ctx) = ops::desk(&config, &parts)?;
    match command {
        ConfigCommand::Export { folder } => {
            let now = db.write(present).await?;
            let files = now.files()?;
            for (path, text) in &files {
                write(&folder.join(path), text)?;
            }
            print(&format!("{} files in {}", files.len(), folder.display()));
        }
        ConfigCommand::Plan { folder } => {
            let wanted = Content::read(&folder)?;
            let plan = db.write(move |conn| {
                wanted.check(conn)?;
                Ok(wanted.changes(&present(conn)?))
            });
            tell(&plan.await?, "would");
        }
        ConfigCommand::Apply { folder } => {
            let wanted = Content::read(&folder)?;
            let done = db.write(move |conn| {
                wanted.check(conn)?;
                let now = present(conn)?;
                wanted.apply(conn, &ctx, &now)?;
                Ok(wanted.changes(&now))
            });
            tell(&done.await?, "did");
        }
    }
    Ok(())
}

fn tell(changes: &[String], how: &str) {
    for change in changes {
        print(&format!("{how} {change}"));
    }
    if changes.is_empty() {
        print("nothing to change");
    }
}

/// The word of a kind, and a key.
type Name = (&'static str, String);

/// What is written in files.
#[derive(Clone, Default)]
struct Content {
    templates: BTreeMap<String, Template>,
    groups: BTreeMap<String, Group>,
    /// What templates share, as JSON.
    parts: BTreeMap<Name, String>,
    /// Where each of them was read.
    paths: BTreeMap<Name, String>,
}

/// What is now.
fn present(conn: &mut Conn) -> Result<Content> {
    let templates = catalog::written(conn)?.into_iter();
    let groups = org::list_groups(conn)?.into_iter();
    let parts = catalog::kept_parts(conn)?.into_iter();
    Ok(Content {
        templates: templates.map(|(key, one)| (key, plain(one))).collect(),
        groups: groups.map(|group| (group.key.clone(), group)).collect(),
        parts: parts.map(|(kind, one)| ((kind.word, one.key), one.text)).collect(),
        paths: BTreeMap::new(),
    })
}

/// The number of a version belongs to this installation, not to the template.
fn plain(template: Template) -> Template {
    Template { version: 1, ..template }
}

impl Content {
    /// The files that say so: the same bytes for the same content.
    fn files(&self) -> Result<Vec<(String, String)>> {
        let templates = self.templates.iter().map(|(key, one)| (TEMPLATES, key, text(one)));
        let groups = self.groups.iter().map(|(key, one)| (GROUPS, key, text(one)));
        let file = |(folder, key, text): (&str, &String, Result<String>)| {
            Ok((format!("{folder}/{key}.json"), text? + "\n"))
        };
        let parts = self.parts.iter();
        let parts = parts
            .map(|((kind, key), text)| Ok((format!("{kind}s/{key}.json"), format!("{text}\n"))));
        templates.chain(groups).map(file).chain(parts).collect()
    }

    fn read(folder: &Path) -> Result<Self> {
        if !folder.is_dir() {
            return Err(unreadable(folder, "没有这个文件夹"));
        }
        let mut content = Self::default();
        for (path, template) in read_all(&folder.join(TEMPLATES), json::<Template>)? {
            let template = plain(template);
            content.note("template", &template.key, path)?;
            content.templates.insert(template.key.clone(), template);
        }
        for (path, group) in read_all(&folder.join(GROUPS), json::<Group>)? {
            content.note("group", &group.key, path)?;
            content.groups.insert(group.key.clone(), group);
        }
        for kind in PartKind::ALL {
            let folder = folder.join(format!("{}s", kind.word));
            for (path, look) in read_all(&folder, |text| kind.look(text))? {
                content.note(kind.word, &look.key, path)?;
                content.parts.insert((kind.word, look.key), look.text);
            }
        }
        Ok(content)
    }

    /// Remembers where something was read; two files must not say it.
    fn note(&mut self, what: &'static str, key: &str, path: String) -> Result<()> {
        match self.paths.insert((what, key.to_owned()), path.clone()) {
            Some(other) => Err(Error::field(path, "duplicate", format!("{key} 也在 {other} 中"))),
            None => Ok(()),
        }
    }

    /// Everything that is wrong in the first file in which anything is, given what is there besides.
    fn check(&self, conn: &mut Conn) -> Result<()> {
        let mut parts = catalog::Parts::load(conn)?;
        let in_file = |name: &Name, problems: Vec<FieldError>| {
            let path = self.paths.get(name).map_or("", String::as_str);
            let below =
                |one: FieldError| FieldError { path: format!("{path}: {}", one.path), ..one };
            let problems: Vec<_> = problems.into_iter().map(below).collect();
            if problems.is_empty() { Ok(()) } else { Err(Error::invalid(problems)) }
        };
        for kind in PartKind::ALL {
            for (name, text) in self.parts.iter().filter(|((word, _key), _text)| *word == kind.word)
            {
                let look = kind.look(text)?;
                let mut problems = look.problems;
                problems.extend(parts.unknown(&look.uses));
                in_file(name, problems)?;
                org::check_members(conn, &look.people).or_else(|error| {
                    in_file(name, error.fields().to_vec())?;
                    Err(error)
                })?;
                kind.put(text, &mut parts)?;
            }
        }
        for (key, group) in &self.groups {
            let name = ("group", key.clone());
            in_file(&name, group.problems())?;
            org::check_members(conn, &group.people()).or_else(|error| {
                in_file(&name, error.fields().to_vec())?;
                Err(error)
            })?;
        }
        for (key, template) in &self.templates {
            let problems = template.resolve(&parts).err().unwrap_or_default();
            in_file(&("template", key.clone()), problems)?;
        }
        Ok(())
    }

    /// What would have to change, in words.
    fn changes(&self, now: &Self) -> Vec<String> {
        let parts = PartKind::ALL.into_iter().flat_map(|kind| {
            let of = |all: &BTreeMap<Name, String>| -> BTreeMap<String, String> {
                let all = all.iter().filter(|((word, _key), _text)| *word == kind.word);
                all.map(|((_word, key), text)| (key.clone(), text.clone())).collect()
            };
            compare(kind.word, &of(&self.parts), &of(&now.parts))
        });
        let (renewed, mut templates) = (self.renewed(now), self.templates.clone());
        // What follows from a change of what they share is a change of theirs.
        templates.retain(|key, _one| !renewed.contains(key));
        let mut changes: Vec<_> = parts.collect();
        changes.extend(compare("template", &templates, &now.templates));
        changes.extend(renewed.iter().map(|key| format!("change template {key}")));
        changes.extend(compare("group", &self.groups, &now.groups));
        changes
    }

    /// The templates that are there, are written the same, and would be published otherwise.
    fn renewed(&self, now: &Self) -> BTreeSet<String> {
        let is_changed = |one: &Use| {
            let name = (one.kind, one.key.clone());
            let is_frozen = ["field", "condition"].contains(&one.kind);
            is_frozen
                && self.parts.get(&name).is_some_and(|text| now.parts.get(&name) != Some(text))
        };
        let same = self.templates.iter().filter(|(key, one)| now.templates.get(*key) == Some(one));
        let renewed = same.filter(|(_key, one)| one.uses().iter().any(is_changed));
        renewed.map(|(key, _one)| key.clone()).collect()
    }

    fn apply(&self, conn: &mut Conn, ctx: &Ctx, now: &Self) -> Result<()> {
        // What templates name comes before them, what names templates after them.
        let (after, before): (Vec<_>, Vec<_>) =
            PartKind::ALL.into_iter().partition(|kind| kind.word == PartKind::CODE);
        self.apply_parts(conn, ctx, now, before)?;
        let renewed = self.renewed(now);
        for (key, template) in &self.templates {
            if renewed.contains(key) {
                catalog::renew(conn, ctx, template)?;
            } else {
                catalog::ensure(conn, ctx, template)?;
            }
        }
        let changed = |group: &&Group| now.groups.get(&group.key) != Some(*group);
        for group in self.groups.values().filter(changed) {
            org::save_group(conn, ctx, group)?;
        }
        self.apply_parts(conn, ctx, now, after)?;
        self.changes(now)
            .iter()
            .try_for_each(|change| org::audit(conn, ctx, "config.applied", change, &json!({})))
    }

    fn apply_parts(
        &self,
        conn: &mut Conn,
        ctx: &Ctx,
        now: &Self,
        kinds: Vec<PartKind>,
    ) -> Result<()> {
        for kind in kinds {
            let changed = self
                .parts
                .iter()
                .filter(|(name, text)| name.0 == kind.word && now.parts.get(*name) != Some(*text));
            changed.into_iter().try_for_each(|(_name, text)| kind.save(conn, ctx, text))?;
        }
        Ok(())
    }
}

fn compare<T: PartialEq>(
    what: &str,
    wanted: &BTreeMap<String, T>,
    now: &BTreeMap<String, T>,
) -> Vec<String> {
    let change = |(key, one): (&String, &T)| match now.get(key) {
        None => Some(format!("add {what} {key}")),
        Some(present) if present != one => Some(format!("change {what} {key}")),
        Some(_same) => None,
    };
    wanted.iter().filter_map(change).collect()
}

/// Every JSON file of a folder, by name; none when there is no such folder.
fn read_all<T>(folder: &Path, read: impl Fn(&str) -> Result<T>) -> Result<Vec<(String, T)>> {
    if !folder.exists() {
        return Ok(Vec::new());
    }
    let entries = fs::read_dir(folder).map_err(|error| unreadable(folder, &error.to_string()))?;
    let mut paths: Vec<_> = entries.flatten().map(|entry| entry.path()).collect();
    paths.retain(|path| path.extension().is_some_and(|extension| extension == "json"));
    paths.sort();
    let read = |path: &std::path::PathBuf| {
        let text =
            fs::read_to_string(path).map_err(|error| unreadable(path, &error.to_string()))?;
        let path = path.display().to_string();
        let one =
            read(&text).map_err(|error| Error::field(path.clone(), "malformed", error.detail()))?;
        Ok((path, one))
    };
    paths.iter().map(read).collect()
}

fn json<T: DeserializeOwned>(text: &str) -> Result<T> {
    serde_json::from_str(text)
        .map_err(|error| Error::field("", "malformed", format!("读不懂：{error}")))
}

fn write(path: &Path, text: &str) -> Result<()> {
    let made = path.parent().map_or(Ok(()), fs::create_dir_all);
    made.and_then(|()| fs::write(path, text)).map_err(|error| unreadable(path, &error.to_string()))
}

fn text(value: &impl Serialize) -> Result<String> {
    serde_json::to_string_pretty(value)
        .map_err(|error| Error::bug("a file cannot be written").caused_by(error))
}

fn unreadable(path: &Path, why: &str) -> Error {
    Error::new(Kind::Invalid, "config.folder", format!("{}: {why}", path.display()))
}
