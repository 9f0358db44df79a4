//! Templates and groups from the command line: the preset library, and configuration as code. A
//! folder of files says what is to be; `plan` tells what would change, `apply` changes it, and what
//! `export` wrote changes nothing.

use std::{collections::BTreeMap, fs, path::Path};

use catalog::{Catalog, Template};
use clap::Subcommand;
use db::Conn;
use kernel::{Ctx, Error, Kind, Result};
use org::Group;
use serde::{Serialize, de::DeserializeOwned};

use crate::{Config, Parts, ops, ops::print};

/// The folders of the two kinds of files.
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
    /// Write templates and groups as files
    Export {
        /// The folder
        folder: std::path::PathBuf,
    },
    /// Tell what `apply` would change
    Plan {
        /// The folder
        folder: std::path::PathBuf,
    },
    /// Make templates and groups what the files say; what no file names stays as it is
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
            tell(&db.write(move |conn| Ok(wanted.changes(&present(conn)?))).await?, "would");
        }
        ConfigCommand::Apply { folder } => {
            let wanted = Content::read(&folder)?;
            let done = db.write(move |conn| {
                let changes = wanted.changes(&present(conn)?);
                wanted.apply(conn, &ctx)?;
                Ok(changes)
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

/// Templates and groups, by key.
#[derive(Clone, Default)]
struct Content {
    templates: BTreeMap<String, Template>,
    groups: BTreeMap<String, Group>,
}

/// What is now.
fn present(conn: &mut Conn) -> Result<Content> {
    let catalog = Catalog::built_in()?;
    catalog.refresh(conn)?;
    // The number of a version belongs to this installation, not to the template.
    let plain = |one: &Template| Template { version: 1, ..one.clone() };
    let templates = catalog.list();
    let templates = templates.iter().map(|one| (one.key.clone(), plain(one)));
    let groups = org::list_groups(conn)?.into_iter().map(|group| (group.key.clone(), group));
    Ok(Content { templates: templates.collect(), groups: groups.collect() })
}

impl Content {
    /// The files that say so: the same bytes for the same content.
    fn files(&self) -> Result<Vec<(String, String)>> {
        let templates = self.templates.iter().map(|(key, one)| (TEMPLATES, key, text(one)));
        let groups = self.groups.iter().map(|(key, one)| (GROUPS, key, text(one)));
        let file = |(kind, key, text): (&str, &String, Result<String>)| {
            Ok((format!("{kind}/{key}.json"), text? + "\n"))
        };
        templates.chain(groups).map(file).collect()
    }

    fn read(folder: &Path) -> Result<Self> {
        if !folder.is_dir() {
            return Err(unreadable(folder, "没有这个文件夹"));
        }
        let templates = read_all::<Template>(&folder.join(TEMPLATES))?;
        for (path, template) in &templates {
            let problems = template.problems();
            if !problems.is_empty() {
                let in_file = |mut one: kernel::FieldError| {
                    one.path = format!("{path}: {}", one.path);
                    one
                };
                return Err(Error::invalid(problems.into_iter().map(in_file).collect()));
            }
        }
        let templates = templates.into_iter().map(|(path, one)| (path, one.key.clone(), one));
        let groups = read_all::<Group>(&folder.join(GROUPS))?;
        let groups = groups.into_iter().map(|(path, one)| (path, one.key.clone(), one));
        let plain = |one: Template| Template { version: 1, ..one };
        Ok(Self {
            templates: by_key(templates.map(|(path, key, one)| (path, key, plain(one))))?,
            groups: by_key(groups)?,
        })
    }

    /// What would have to change, in words.
    fn changes(&self, now: &Self) -> Vec<String> {
        let templates = compare("template", &self.templates, &now.templates);
        let groups = compare("group", &self.groups, &now.groups);
        templates.into_iter().chain(groups).collect()
    }

    fn apply(&self, conn: &mut Conn, ctx: &Ctx) -> Result<()> {
        for template in self.templates.values() {
            catalog::ensure(conn, ctx, template)?;
        }
        for group in self.groups.values() {
            org::set_group(conn, ctx, group)?;
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

fn by_key<T>(all: impl Iterator<Item = (String, String, T)>) -> Result<BTreeMap<String, T>> {
    let mut found: BTreeMap<String, (String, T)> = BTreeMap::new();
    for (path, key, one) in all {
        if let Some((other, _one)) = found.get(&key) {
            return Err(Error::field(path, "duplicate", format!("{key} 也在 {other} 中")));
        }
        found.insert(key, (path, one));
    }
    Ok(found.into_iter().map(|(key, (_path, one))| (key, one)).collect())
}

/// Every JSON file of a folder, by name; none when there is no such folder.
fn read_all<T: DeserializeOwned>(folder: &Path) -> Result<Vec<(String, T)>> {
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
        let one = serde_json::from_str(&text).map_err(|error| {
            Error::field(path.display().to_string(), "malformed", format!("读不懂：{error}"))
        })?;
        Ok((path.display().to_string(), one))
    };
    paths.iter().map(read).collect()
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
