//! Open tickets that may be about the same as one that is about to be raised.

use std::collections::BTreeSet;

use db::Conn;
use kernel::{Ctx, Limit, Result};

use crate::{
    list::{Filter, list},
    policy::Scope,
    ticket::Ticket,
};

/// The latest tickets that are looked through of a device, a customer and a template each, and those that
/// are told of.
const LOOKED_MAX: i64 = 50;
const TOLD_MAX: usize = 10;
/// How much two titles have in common when they are about the same, in hundredths.
const ALIKE: usize = 60;

/// What somebody is about to raise.
#[derive(Clone, Debug, Default)]
pub struct Alike {
    /// The template's key.
    pub template: Option<String>,
    /// The customer, by external_userid.
    pub customer: Option<String>,
    /// The title.
    pub title: Option<String>,
    /// The device, by its id.
    pub asset: Option<String>,
}

/// A ticket that may be the same, and why.
#[derive(Clone, Debug)]
pub struct Similar {
    /// The ticket.
    pub ticket: Ticket,
    /// Why, in words.
    pub why: &'static str,
}

/// Open tickets that may be about the same, of those that whoever asks may see; the likeliest first,
/// then the latest.
///
/// # Errors
/// The database's.
pub fn similar(conn: &mut Conn, ctx: &Ctx, wanted: &Alike) -> Result<Vec<Similar>> {
    let scope = Scope::of(&ctx.actor);
    let open =
        Filter { is_ended: Some(false), limit: Limit::new(Some(LOOKED_MAX))?, ..Filter::default() };
    let mut look = |filter: Filter| Ok::<_, kernel::Error>(list(conn, &scope, &filter)?.items);
    let mut all = Vec::new();
    if wanted.asset.is_some() {
        all.extend(look(Filter { asset: wanted.asset.clone(), ..open.clone() })?);
    }
    let devices: BTreeSet<_> = all.iter().map(|ticket| ticket.id).collect();
    if wanted.customer.is_some() {
        all.extend(look(Filter { customer: wanted.customer.clone(), ..open.clone() })?);
    }
    if wanted.title.is_some() {
        all.extend(look(Filter { template: wanted.template.clone(), ..open })?);
    }
    let title = wanted.title.as_deref().map(pairs).unwrap_or_default();
    let mut seen = BTreeSet::new();
    all.retain(|ticket| seen.insert(ticket.id));
    let judged = all.into_iter().filter_map(|ticket| {
        let (rank, why) = judge(wanted, &title, &ticket, devices.contains(&ticket.id))?;
        Some((rank, Similar { ticket, why }))
    });
    let mut found: Vec<_> = judged.collect();
    found.sort_by_key(|(rank, one)| (*rank, std::cmp::Reverse(one.ticket.updated_at)));
    found.truncate(TOLD_MAX);
    Ok(found.into_iter().map(|(_rank, one)| one).collect())
}

/// How likely a ticket is about the same, the least number first, and why.
fn judge(
    wanted: &Alike,
    title: &BTreeSet<(char, char)>,
    ticket: &Ticket,
    is_device: bool,
) -> Option<(u8, &'static str)> {
    let is_customers = wanted.customer.is_some() && wanted.customer == ticket.customer;
    let is_kind = wanted.template.as_ref() == Some(&ticket.template.key);
    let is_alike = likeness(title, &pairs(&ticket.title)) >= ALIKE;
    Some(match (is_customers, is_device, is_kind, is_alike) {
        (true, true, _, _) => (0, "同一客户的同一设备"),
        (_, true, _, _) => (1, "同一设备"),
        (true, _, _, true) => (2, "同一客户，标题相近"),
        (true, _, true, _) => (3, "同一客户的同类工单"),
        (_, _, _, true) => (4, "标题相近"),
        _ => return None,
    })
}

/// The pairs of neighbouring letters of a text, without what stands between words.
fn pairs(text: &str) -> BTreeSet<(char, char)> {
    let letters: Vec<char> =
        text.chars().filter(|c| c.is_alphanumeric()).flat_map(char::to_lowercase).collect();
    letters.iter().copied().zip(letters.iter().copied().skip(1)).collect()
}

/// How much two texts have in common, in hundredths (Dice): 0 nothing, 100 everything.
fn likeness(one: &BTreeSet<(char, char)>, other: &BTreeSet<(char, char)>) -> usize {
    match one.len() + other.len() {
        0 => 0,
        both => one.intersection(other).count() * 200 / both,
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn titles_that_say_the_same_are_alike() {
        for (one, other, is_alike) in [
            ("三楼空调不制冷", "三楼空调不制冷了", true),
            ("三楼 空调，不制冷", "三楼空调不制冷", true),
            ("三楼空调不制冷", "打印机卡纸", false),
            ("空调不制冷", "空调漏水", false),
            ("Printer jam", "printer JAM!", true),
            ("", "", false),
            ("冷", "冷", false),
        ] {
            assert_eq!(likeness(&pairs(one), &pairs(other)) >= ALIKE, is_alike, "{one} {other}");
        }
    }

    proptest! {
        #[test]
        fn likeness_is_a_share_and_the_same_both_ways(one in ".{0,40}", other in ".{0,40}") {
            let (one, other) = (pairs(&one), pairs(&other));
            let much = likeness(&one, &other);
            prop_assert!(much <= 100);
            prop_assert_eq!(much, likeness(&other, &one));
            prop_assert_eq!(likeness(&one, &one), if one.is_empty() { 0 } else { 100 });
        }
    }
}
