//! The templates in use, held in memory: they are read with every ticket and change seldom. Every
//! replica looks after what the others published.

use std::{
    collections::BTreeMap,
    sync::{Arc, PoisonError, RwLock},
};

use db::Conn;
use kernel::{Error, Kind, Result};

use crate::{Parts, Published, Template, draft::State, sql};

/// The template that every installation has.
pub const GENERAL: &str = "general_request";

const BUILT_IN: [&str; 1] = [include_str!("../../config/presets/general_request.json")];

/// The templates that can be used. Cheap to clone; all clones are one.
#[derive(Clone, Debug)]
pub struct Catalog {
    shelf: Arc<RwLock<Shelf>>,
}

#[derive(Debug, Default)]
struct Shelf {
    versions: BTreeMap<(String, u32), Version>,
    parts: Arc<Parts>,
    /// What was there when the parts were read last.
    stamp: Vec<(i64, i64)>,
}

#[derive(Debug)]
struct Version {
    published: Arc<Published>,
    /// New tickets may be made from it.
    is_offered: bool,
}

impl Catalog {
    /// The built-in templates.
    ///
    /// # Errors
    /// `internal` when one of them is wrong, which a test of this room rules out.
    pub fn built_in() -> Result<Self> {
        let templates = BUILT_IN.iter().map(|text| Template::parse(text));
        Self::of(templates.collect::<Result<Vec<_>>>()?)
    }

    /// A catalog of these templates.
    ///
    /// # Errors
    /// `field_invalid` with what forbids one of them.
    pub fn of(templates: Vec<Template>) -> Result<Self> {
        let mut shelf = Shelf { parts: Arc::new(Parts::built_in()?), ..Shelf::default() };
        for template in templates {
            let problems = template.problems();
            if !problems.is_empty() {
                return Err(Error::invalid(problems));
            }
            shelf.put(Published::new(template)?, true);
        }
        Ok(Self { shelf: Arc::new(RwLock::new(shelf)) })
    }

    /// Reads what was published, archived or changed of what is shared since, by whomever.
    ///
    /// # Errors
    /// The database's.
    pub fn refresh(&self, conn: &mut Conn) -> Result<()> {
        self.refresh_parts(conn)?;
        self.refresh_templates(conn)
    }

    fn refresh_parts(&self, conn: &mut Conn) -> Result<()> {
        let stamp = sql::part::stamp(conn)?;
        if self.shelf.read().unwrap_or_else(PoisonError::into_inner).stamp == stamp {
            return Ok(());
        }
        // Read after the stamp: what comes between is read again next time.
        let parts = Arc::new(Parts::load(conn)?);
        let mut shelf = self.shelf.write().unwrap_or_else(PoisonError::into_inner);
        (shelf.parts, shelf.stamp) = (parts, stamp);
        Ok(())
    }

    fn refresh_templates(&self, conn: &mut Conn) -> Result<()> {
        let stored = sql::released(conn)?;
        let is_known = |row: &sql::Released| {
            let shelf = self.shelf.read().unwrap_or_else(PoisonError::into_inner);
            shelf.versions.contains_key(&(row.template_key.clone(), row.version()))
        };
        let unknown: Vec<_> =
            stored.iter().filter(|row| !is_known(row)).map(|row| row.id).collect();
        let fresh = sql::bodies(conn, &unknown)?;
        let mut shelf = self.shelf.write().unwrap_or_else(PoisonError::into_inner);
        for body in fresh {
            match Template::parse(&body).and_then(Published::new) {
                Ok(published) => shelf.put(published, false),
                // A newer build wrote it; this one goes on with what it understands.
                Err(error) => tracing::error!(%error, "a published template cannot be read"),
            }
        }
        for row in stored {
            let is_offered = row.state == State::Published.word();
            if let Some(version) =
                shelf.versions.get_mut(&(row.template_key.clone(), row.version()))
            {
                version.is_offered = is_offered;
            }
        }
        Ok(())
    }

    /// The newest version of a template, for a new ticket.
    ///
    /// # Errors
    /// `template.not_found`.
    pub fn newest(&self, key: &str) -> Result<Arc<Published>> {
        let shelf = self.shelf.read().unwrap_or_else(PoisonError::into_inner);
        shelf.newest(key).ok_or_else(|| not_found(key))
    }

    /// What templates share, as it was read last.
    pub fn parts(&self) -> Arc<Parts> {
        self.shelf.read().unwrap_or_else(PoisonError::into_inner).parts.clone()
    }

    /// One version of a template, for a running ticket.
    ///
    /// # Errors
    /// `template.not_found`.
    pub fn get(&self, key: &str, version: u32) -> Result<Arc<Published>> {
        let shelf = self.shelf.read().unwrap_or_else(PoisonError::into_inner);
        let found = shelf.versions.get(&(key.to_owned(), version));
        found.map(|version| version.published.clone()).ok_or_else(|| not_found(key))
    }

    /// The newest version of a template, which another replica may have published just now.
    ///
    /// # Errors
    /// `template.not_found`; the database's.
    pub fn find_newest(&self, conn: &mut Conn, key: &str) -> Result<Arc<Published>> {
        self.newest(key).or_else(|_unknown| {
            self.refresh(conn)?;
            self.newest(key)
        })
    }

    /// One version of a template, which another replica may have published just now.
    ///
    /// # Errors
    /// `template.not_found`; the database's.
    pub fn find(&self, conn: &mut Conn, key: &str, version: u32) -> Result<Arc<Published>> {
        self.get(key, version).or_else(|_unknown| {
            self.refresh(conn)?;
            self.get(key, version)
        })
    }

    /// The keys of the templates whose tickets are complaints.
    pub fn complaints(&self) -> Vec<String> {
        let all = self.list();
        all.iter().filter(|one| one.is_complaint).map(|one| one.key.clone()).collect()
    }

    /// The newest version of every template that tickets can be made from, by key; the general one
    /// first.
    pub fn list(&self) -> Vec<Arc<Published>> {
        let shelf = self.shelf.read().unwrap_or_else(PoisonError::into_inner);
        let keys: std::collections::BTreeSet<_> =
            shelf.versions.keys().map(|(key, _version)| key.as_str()).collect();
        let mut all: Vec<_> = keys.into_iter().filter_map(|key| shelf.newest(key)).collect();
        all.sort_by_key(|template| template.key != GENERAL);
        all
    }
}

impl Shelf {
    fn put(&mut self, published: Published, is_offered: bool) {
        let key = (published.key.clone(), published.version);
        self.versions.insert(key, Version { published: Arc::new(published), is_offered });
    }

    fn newest(&self, key: &str) -> Option<Arc<Published>> {
        let versions = self.versions.range((key.to_owned(), 0)..=(key.to_owned(), u32::MAX));
        let mut offered = versions.map(|(_key, version)| version).filter(|one| one.is_offered);
        offered.next_back().map(|version| version.published.clone())
    }
}

pub(crate) fn not_found(key: &str) -> Error {
    Error::new(Kind::NotFound, "template.not_found", format!("没有模板 {key}"))
}

/// The built-in template of that key.
pub(crate) fn built_in(key: &str) -> Result<Option<Template>> {
    for text in BUILT_IN {
        let template = Template::parse(text)?;
        if template.key == key {
            return Ok(Some(template));
        }
    }
    Ok(None)
}
