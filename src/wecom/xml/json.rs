//! JSON as the same tree. Each value is kept as its raw text until it is needed, so a number of 23
//! digits stays a number of 23 digits.

use std::borrow::Cow;

use serde::{
    Deserialize, Deserializer,
    de::{MapAccess, Visitor},
};
use serde_json::value::RawValue;

use super::{Element, MAX_DEPTH, MAX_ELEMENTS, TreeError};

/// The members of an object in their order, repeated names included.
struct Members<'a>(Vec<(Name<'a>, &'a RawValue)>);

/// A name or text, borrowed unless it has escapes.
#[derive(Deserialize)]
struct Name<'a>(#[serde(borrow)] Cow<'a, str>);

impl<'de> Deserialize<'de> for Members<'de> {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        struct Collect;

        impl<'de> Visitor<'de> for Collect {
            type Value = Members<'de>;

            fn expecting(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                out.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
                let mut members = Vec::new();
                while let Some(member) = map.next_entry()? {
                    members.push(member);
                }
                Ok(Members(members))
            }
        }

        from.deserialize_map(Collect)
    }
}

pub(super) fn parse(document: &str) -> Result<Element<'_>, TreeError> {
    let document = document.trim_start_matches('\u{FEFF}');
    let Members(members) = read(document)?;
    let mut root = Element::default();
    let mut elements = 0;
    for (Name(name), value) in members {
        add(&mut root, name, value.get(), 1, &mut elements)?;
    }
    Ok(root)
}

/// Hangs a value under `parent`; `depth` is the depth of `parent`.
fn add<'a>(
    parent: &mut Element<'a>,
    name: Cow<'a, str>,
    value: &'a str,
    depth: usize,
    elements: &mut usize,
) -> Result<(), TreeError> {
    *elements += 1;
    if *elements > MAX_ELEMENTS {
        return Err(TreeError::Large);
    }
    if depth >= MAX_DEPTH {
        return Err(TreeError::Deep);
    }
    let mut element = Element { name, ..Element::default() };
    match value.as_bytes().first() {
        Some(b'{') => {
            let Members(members) = read(value)?;
            for (Name(name), value) in members {
                add(&mut element, name, value.get(), depth + 1, elements)?;
            }
        }
        Some(b'[') => {
            for item in read::<Vec<&RawValue>>(value)? {
                add(parent, element.name.clone(), item.get(), depth + 1, elements)?;
            }
            return Ok(());
        }
        Some(b'"') => element.text = read::<Name<'_>>(value)?.0,
        // Null is a field that is not there.
        Some(b'n') => return Ok(()),
        Some(_) => element.text = value.into(),
        None => return Err(TreeError::Malformed),
    }
    parent.children.push(element);
    Ok(())
}

fn read<'a, T: Deserialize<'a>>(text: &'a str) -> Result<T, TreeError> {
    serde_json::from_str(text).map_err(|_serde| TreeError::Malformed)
}
