//! The preset library: templates of many industries as files, built in. A preset becomes a template
//! of this installation when it is imported, and belongs to it from then on.

use db::Conn;
use kernel::{Ctx, Error, Kind, Result};
use rust_embed::Embed;
use serde::Serialize;

use crate::{Template, draft};

#[derive(Embed)]
#[folder = "../../config/presets"]
struct Folder;

/// A template of the library.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Preset {
    /// The industry's key: the name of its folder.
    pub industry: String,
    /// The template's key.
    pub key: String,
    /// What people read.
    pub name: String,
    /// The template.
    #[serde(skip)]
    pub template: Template,
}

/// The whole library, by industry and key.
///
/// # Errors
/// `internal` when a preset is malformed, which a test of this room rules out.
pub fn presets() -> Result<Vec<Preset>> {
    // What is in no industry's folder is built in, not to be imported.
    let mut paths: Vec<_> = Folder::iter().filter(|path| path.contains('/')).collect();
    paths.sort();
    paths.iter().map(|path| read(path)).collect()
}

fn read(path: &str) -> Result<Preset> {
    let file = Folder::get(path).ok_or_else(|| Error::bug(format!("{path} is not there")))?;
    let template = Template::parse(&String::from_utf8_lossy(&file.data))
        .map_err(|error| Error::bug(format!("{path}: {error}")))?;
    let industry = path.split('/').next().unwrap_or_default().to_owned();
    let (key, name) = (template.key.clone(), template.name.clone());
    Ok(Preset { industry, key, name, template })
}

/// Publishes a preset, unless it is there just so. Gives the template and whether that is new.
///
/// # Errors
/// `preset.not_found`; the database's.
pub fn import(conn: &mut Conn, ctx: &Ctx, key: &str) -> Result<(Template, bool)> {
    // A preset's file is called as its key is.
    let name = format!("{key}.json");
    let path = Folder::iter().find(|path| path.split('/').nth(1) == Some(&name));
    let path = path.ok_or_else(|| {
        let detail = format!("没有预设 {key}，qidan preset list 列出全部");
        Error::new(Kind::NotFound, "preset.not_found", detail)
    })?;
    draft::ensure(conn, ctx, &read(&path)?.template)
}
