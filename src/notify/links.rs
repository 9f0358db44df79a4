//! Signed links to a ticket's progress page, and to a question to its customer: no login, only this
//! ticket or question, only until they expire.

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD as BASE64};
use db::{Conn, OrDb as _, diesel::prelude::*};
use hmac::{Hmac, KeyInit as _, Mac as _};
use kernel::{Entropy, Error, Kind, Micros, Result, TicketId, Timestamp, time};
use sha2::Sha256;

use crate::schema::notify_key as k;

/// Whom a link is made for that several members get: staff, nobody in particular.
pub(crate) const STAFF: &str = "*";
/// How long a link to a progress page works, and one to a question.
const LIFE: Micros = 30 * time::DAY;
const QUESTION_LIFE: Micros = 7 * time::DAY;
/// With what the signed text of a link to a question begins; one to a progress page begins with a
/// number, so that neither can be taken for the other.
const QUESTION: &str = "ask.";
/// With what the last part of a customer's link begins once earlier ones were revoked; no userid does.
const GENERATION: char = '+';
/// With what the signed text of a visit to a form begins.
const VISIT: &str = "visit.";
/// Bytes of the signature that a link carries.
const MAC_BYTES: usize = 16;

/// Makes and reads links.
#[derive(Clone)]
pub struct Links {
    key: [u8; 32],
    public_url: String,
}

impl std::fmt::Debug for Links {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(out, "Links({})", self.public_url)
    }
}

/// What a link shows, and for whom it was made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Link {
    /// The ticket.
    pub ticket: TicketId,
    /// The member that it was made for; `*` for any of several, nobody for a customer.
    pub userid: String,
    /// How often the customer's links had been revoked when it was made.
    pub generation: i64,
}

impl Links {
    /// Links below `public_url`, signed with the key that the database keeps; the first caller
    /// makes it.
    ///
    /// # Errors
    /// The database's.
    pub fn open(conn: &mut Conn, entropy: &Entropy, public_url: &str) -> Result<Self> {
        let fresh = entropy.hex::<32>()?;
        db::insert_ignore!(conn, k::table, (k::id.eq(1i64), k::secret_key.eq(&fresh)))?;
        let stored = k::table.find(1i64).select(k::secret_key).first::<String>(conn).or_db()?;
        let mut key = [0; 32];
        for (byte, pair) in key.iter_mut().zip(stored.as_bytes().chunks(2)) {
            let pair = std::str::from_utf8(pair).unwrap_or_default();
            *byte = u8::from_str_radix(pair, 16)
                .map_err(|error| Error::bug("the links' key is damaged").caused_by(error))?;
        }
        Ok(Self { key, public_url: public_url.trim_end_matches('/').to_owned() })
    }

    /// Links with a key that everybody knows.
    #[cfg(test)]
    pub(crate) fn for_tests(public_url: &str) -> Self {
        Self { key: [1; 32], public_url: public_url.to_owned() }
    }

    /// The address of a ticket's progress page, for this member.
    pub fn url(&self, ticket: TicketId, userid: &str, now: Timestamp) -> String {
        let until = now.plus(LIFE).seconds();
        format!("{}/t/{}", self.public_url, self.sign(&format!("{ticket}.{until}.{userid}")))
    }

    /// The address of a ticket's progress page for its customer, made after so many revocations,
    /// and until when it works.
    pub fn customer_url(
        &self,
        ticket: TicketId,
        generation: i64,
        now: Timestamp,
    ) -> (String, Timestamp) {
        let who = match generation {
            0 => String::new(),
            n => format!("{GENERATION}{n}"),
        };
        (self.url(ticket, &who, now), Timestamp::from_seconds(now.plus(LIFE).seconds()))
    }

    /// The address at which everybody reaches a path of ours.
    pub fn public(&self, path: &str) -> String {
        format!("{}{path}", self.public_url)
    }

    /// A text that only we can have made; [`Links::read_visit`] gives it back.
    pub fn sign_visit(&self, visit: &str) -> String {
        self.sign(&format!("{VISIT}{visit}"))
    }

    /// The text of a visit that we signed.
    ///
    /// # Errors
    /// `link.invalid` for anything else.
    pub fn read_visit(&self, signed: &str) -> Result<String> {
        let payload = self.open_signed(signed)?;
        payload.strip_prefix(VISIT).map(str::to_owned).ok_or_else(invalid)
    }

    /// The address of the page on which a customer answers a question.
    pub fn question_url(
        &self,
        ticket: TicketId,
        ask: u64,
        generation: i64,
        now: Timestamp,
    ) -> String {
        let until = now.plus(QUESTION_LIFE).seconds();
        let revoked =
            if generation == 0 { String::new() } else { format!("{GENERATION}{generation}") };
        let signed = self.sign(&format!("{QUESTION}{ticket}.{until}.{ask}{revoked}"));
        format!("{}/t/{signed}/form", self.public_url)
    }

    /// What the signed part of an address stands for.
    ///
    /// # Errors
    /// `link.invalid` for anything that we did not sign, `link.expired` for what is too old.
    pub fn read(&self, signed: &str, now: Timestamp) -> Result<Link> {
        let payload = self.open_signed(signed)?;
        let (ticket, who) = parts(&payload, now)?;
        let (userid, generation) = generation_of(&who)?;
        Ok(Link { ticket, userid, generation })
    }

    /// Which question of which ticket the signed part of an address stands for.
    ///
    /// # Errors
    /// Those of [`Links::read`].
    pub fn read_question(&self, signed: &str, now: Timestamp) -> Result<(TicketId, u64, i64)> {
        let payload = self.open_signed(signed)?;
        let (ticket, ask) = parts(payload.strip_prefix(QUESTION).ok_or_else(invalid)?, now)?;
        let (ask, generation) = generation_of(&ask)?;
        Ok((ticket, ask.parse().map_err(|_not_a_number| invalid())?, generation))
    }

    fn sign(&self, payload: &str) -> String {
        format!("{}.{}", BASE64.encode(payload), BASE64.encode(self.mac(payload)))
    }

    /// The text that was signed.
    fn open_signed(&self, signed: &str) -> Result<String> {
        let (payload, mac) = signed.split_once('.').ok_or_else(invalid)?;
        let (payload, mac) = (BASE64.decode(payload), BASE64.decode(mac));
        let (Ok(payload), Ok(mac)) = (payload, mac) else { return Err(invalid()) };
        let payload = String::from_utf8(payload).map_err(|_not_text| invalid())?;
        let mut check = Hmac::<Sha256>::new_from_slice(&self.key).map_err(|_len| invalid())?;
        check.update(payload.as_bytes());
        if mac.len() != MAC_BYTES || check.verify_truncated_left(&mac).is_err() {
            return Err(invalid());
        }
        Ok(payload)
    }

    fn mac(&self, payload: &str) -> Vec<u8> {
        // A key of 32 bytes is always taken; an empty signature would be refused when read.
        let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(&self.key) else { return Vec::new() };
        mac.update(payload.as_bytes());
        mac.finalize().into_bytes().iter().take(MAC_BYTES).copied().collect()
    }
}

fn invalid() -> Error {
    Error::new(Kind::NotFound, "link.invalid", "链接无效，请从企业微信的消息中重新打开")
}

/// What stands before a generation, and the generation.
fn generation_of(text: &str) -> Result<(String, i64)> {
    match text.split_once(GENERATION) {
        None => Ok((text.to_owned(), 0)),
        Some((before, n)) => Ok((before.to_owned(), n.parse().map_err(|_not_a_number| invalid())?)),
    }
}

/// The refusal of a link that was revoked.
pub(crate) fn revoked() -> Error {
    let detail = "链接已被收回，请联系为您服务的同事要一个新的";
    Error::new(Kind::NotFound, "link.revoked", detail)
}

/// The ticket of a link, and for whom or what it is, unless it is too old.
fn parts(payload: &str, now: Timestamp) -> Result<(TicketId, String)> {
    let mut parts = payload.splitn(3, '.');
    let mut part = || parts.next().ok_or_else(invalid);
    let (ticket, until, rest) = (part()?, part()?, part()?);
    let ticket = ticket.parse().map_err(|_not_an_id| invalid())?;
    if now.seconds() >= until.parse::<i64>().map_err(|_not_a_time| invalid())? {
        let detail = "链接已过期，请从企业微信的消息中重新打开";
        return Err(Error::new(Kind::NotFound, "link.expired", detail));
    }
    Ok((ticket, rest.to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn links(key: u8) -> Links {
        Links { key: [key; 32], public_url: "https://desk.example.com".into() }
    }

    #[test]
    fn a_link_opens_its_ticket_until_it_expires() {
        let now = Timestamp::from_seconds(1_800_000_000);
        let url = links(1).url(TicketId(42), "zhang.san", now);
        let signed = url.strip_prefix("https://desk.example.com/t/").unwrap();
        let link = links(1).read(signed, now).unwrap();
        assert_eq!(link, Link { ticket: TicketId(42), userid: "zhang.san".into(), generation: 0 });
        assert_eq!(links(1).read(signed, now.plus(LIFE)).unwrap_err().code(), "link.expired");
        assert_eq!(links(2).read(signed, now).unwrap_err().code(), "link.invalid");
    }

    #[test]
    fn a_link_to_a_question_is_none_to_a_progress_page_and_the_other_way_round() {
        let now = Timestamp::from_seconds(1_800_000_000);
        let url = links(1).question_url(TicketId(42), 7, 3, now);
        let signed = url.strip_prefix("https://desk.example.com/t/").unwrap();
        let signed = signed.strip_suffix("/form").unwrap();
        assert_eq!(links(1).read_question(signed, now).unwrap(), (TicketId(42), 7, 3));
        assert_eq!(links(1).read(signed, now).unwrap_err().code(), "link.invalid");
        let late = links(1).read_question(signed, now.plus(QUESTION_LIFE)).unwrap_err();
        assert_eq!(late.code(), "link.expired");
        let page = links(1).url(TicketId(42), "7", now);
        let page = page.rsplit('/').next().unwrap();
        assert_eq!(links(1).read_question(page, now).unwrap_err().code(), "link.invalid");
    }

    #[test]
    fn a_customers_link_says_how_often_earlier_ones_were_revoked() {
        let now = Timestamp::from_seconds(1_800_000_000);
        for generation in [0, 1, 12] {
            let (url, until) = links(1).customer_url(TicketId(42), generation, now);
            let link = links(1).read(url.rsplit('/').next().unwrap(), now).unwrap();
            assert_eq!(link, Link { ticket: TicketId(42), userid: String::new(), generation });
            assert_eq!(until, now.plus(LIFE));
        }
        let visit = links(1).sign_visit("shop.1.2");
        assert_eq!(links(1).read_visit(&visit).unwrap(), "shop.1.2");
        assert!(links(2).read_visit(&visit).is_err() && links(1).read(&visit, now).is_err());
    }

    #[test]
    fn no_changed_letter_is_taken() {
        let now = Timestamp::from_seconds(1_800_000_000);
        let url = links(1).url(TicketId(42), "li", now);
        let signed = url.rsplit('/').next().unwrap();
        for at in 0..signed.len() {
            let mut bytes = signed.as_bytes().to_vec();
            bytes[at] = if bytes[at] == b'A' { b'B' } else { b'A' };
            let forged = String::from_utf8(bytes).unwrap();
            if forged != signed {
                // The last letter of the signature has surplus bits, which must be zero.
                assert!(links(1).read(&forged, now).is_err(), "{forged}");
            }
        }
    }
}
