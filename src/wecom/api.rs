//! The calls of the API, typed. Each names the app whose token it uses; what a call answers beyond
//! the fields here is ignored, and a field that is missing is empty.

pub mod agent;
pub mod auth;
pub mod contact;
pub mod department;
pub mod media;
pub mod menu;
pub mod message;
pub mod user;
pub mod workbench;

use serde::{Deserialize, Deserializer};

/// A list that some calls write as `null`.
fn or_default<'de, T, D>(from: D) -> Result<T, D::Error>
where
    T: Default + Deserialize<'de>,
    D: Deserializer<'de>,
{
    Ok(Option::deserialize(from)?.unwrap_or_default())
}

/// Names as the platform lists them: joined by `|` in one call, an array in another, or missing.
fn names<'de, D: Deserializer<'de>>(from: D) -> Result<Vec<String>, D::Error> {
    #[derive(Deserialize)]
    #[serde(untagged)]
    enum Names {
        Joined(String),
        Listed(Vec<String>),
        None(()),
    }
    Ok(match Names::deserialize(from)? {
        Names::Joined(text) => {
            text.split('|').filter(|name| !name.is_empty()).map(str::to_owned).collect()
        }
        Names::Listed(names) => names,
        Names::None(()) => Vec::new(),
    })
}

/// An answer that says no more than that it went well.
#[derive(Deserialize)]
struct Done {}
