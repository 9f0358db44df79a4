//! Callbacks as WeCom sends them: distinct, valid, encrypted before anything is measured.

use std::collections::VecDeque;

use anyhow::{Context as _, Result};
use kernel::{Clock, Entropy};
use sim::{AppSeed, CorpSeed};
use wecom::{AesKey, Crypt, xml};

/// Who writes: so many people, whose messages are ordered each.
const SENDERS: u64 = 500;
/// One in so many is a press on a card.
const PRESS_EVERY: u64 = 4;
/// One in so many is a message that was sent before, sealed anew.
const REPEAT_EVERY: u64 = 10;
/// How far back the repeated message is at most.
const REPEAT_WITHIN: usize = 100;

/// A request, ready to be written to a connection.
pub(crate) struct Shot {
    pub(crate) bytes: Vec<u8>,
    /// Which message it carries; a repeat has the number of the first.
    pub(crate) message: u64,
}

/// Makes callbacks for the app of the simulator's sample company.
pub(crate) struct Mint {
    corp_id: String,
    app: AppSeed,
    crypt: Crypt,
    entropy: Entropy,
    dice: Dice,
    made: u64,
    recent: VecDeque<(u64, String)>,
}

impl Mint {
    pub(crate) fn new() -> Result<Self> {
        let corp = CorpSeed::sample();
        let app = corp.apps.into_iter().next().context("the sample company has no app")?;
        let key = AesKey::parse(&app.encoding_aes_key)?;
        let crypt = Crypt::new(app.token.clone(), key, vec![corp.corp_id.clone()]);
        Ok(Self {
            corp_id: corp.corp_id,
            app,
            crypt,
            entropy: Entropy::seeded(2),
            dice: Dice(11),
            made: 0,
            recent: VecDeque::new(),
        })
    }

    /// The key, as the console shows it.
    pub(crate) fn encoding_aes_key(&self) -> &str {
        &self.app.encoding_aes_key
    }

    /// So many requests: three texts to one press on a card, and one in ten a repeat.
    pub(crate) fn shots(&mut self, count: usize) -> Result<Vec<Shot>> {
        (0..count).map(|_one| self.shot()).collect()
    }

    /// A text of one person.
    pub(crate) fn text(&mut self, userid: &str, words: &str) -> Result<Shot> {
        self.made += 1;
        let plain = self.text_xml(userid, words);
        self.seal(self.made, &plain)
    }

    /// A message of about 700 bytes, with what opens it.
    pub(crate) fn sealed(&mut self) -> Result<(Crypt, String, wecom::Sealed)> {
        let mut plain = self.text_xml("zhangsan", &self.words());
        let room = 700_usize.saturating_sub(plain.len());
        plain = plain.replacen("</Content>", &format!("{}</Content>", ".".repeat(room)), 1);
        let sealed = self.crypt.seal(
            plain.as_bytes(),
            &self.corp_id,
            "1800000000",
            "1597212914",
            self.entropy.bytes()?,
        );
        Ok((self.crypt.clone(), self.app.token.clone(), sealed))
    }

    fn shot(&mut self) -> Result<Shot> {
        if self.dice.below(REPEAT_EVERY) == 0 && !self.recent.is_empty() {
            let back = self.dice.below(u64::try_from(self.recent.len())?);
            let before = self.recent.get(usize::try_from(back)?).cloned();
            let (message, plain) = before.context("nothing was sent before")?;
            return self.seal(message, &plain);
        }
        self.made += 1;
        let userid = format!("user{:03}", self.dice.below(SENDERS));
        let plain = if self.made.is_multiple_of(PRESS_EVERY) {
            self.press_xml(&userid)
        } else {
            self.text_xml(&userid, &self.words())
        };
        self.recent.push_back((self.made, plain.clone()));
        if self.recent.len() > REPEAT_WITHIN {
            self.recent.pop_front();
        }
        self.seal(self.made, &plain)
    }

    /// Enough words for a text of about 440 bytes.
    fn words(&self) -> String {
        let code = self.made;
        format!(
            "三楼会议室的空调坏了，开机十分钟后显示 E{code} 并自动停机，下午两点要开会，请尽快派人来看"
        )
    }

    fn head(&self, userid: &str, kind: &str) -> String {
        format!(
            "<xml><ToUserName><![CDATA[{}]]></ToUserName><FromUserName><![CDATA[{userid}]]>\
             </FromUserName><CreateTime>{}</CreateTime><MsgType><![CDATA[{kind}]]></MsgType>",
            self.corp_id,
            Clock::System.now().seconds(),
        )
    }

    fn text_xml(&self, userid: &str, words: &str) -> String {
        format!(
            "{}<Content><![CDATA[{words}]]></Content><MsgId>{}</MsgId><AgentID>{}</AgentID></xml>",
            self.head(userid, "text"),
            7_000_000_000_000_000_000 + self.made,
            self.app.agent_id,
        )
    }

    fn press_xml(&self, userid: &str) -> String {
        format!(
            "{}<Event><![CDATA[template_card_event]]></Event><EventKey><![CDATA[claim]]></EventKey>\
             <TaskId><![CDATA[task@{}]]></TaskId><CardType><![CDATA[button_interaction]]></CardType>\
             <ResponseCode><![CDATA[code-{}]]></ResponseCode><AgentID>{}</AgentID></xml>",
            self.head(userid, "event"),
            self.made,
            self.made,
            self.app.agent_id,
        )
    }

    fn seal(&mut self, message: u64, plain: &str) -> Result<Shot> {
        let (timestamp, nonce) = (Clock::System.now().seconds(), self.dice.below(1 << 31));
        let sealed = self.crypt.seal(
            plain.as_bytes(),
            &self.corp_id,
            &timestamp.to_string(),
            &nonce.to_string(),
            self.entropy.bytes()?,
        );
        let agent_id = self.app.agent_id.to_string();
        let body = xml::envelope_xml(&self.corp_id, Some(&agent_id), &sealed.encrypt);
        let head = format!(
            "POST /wecom/callback/{}?msg_signature={}&timestamp={timestamp}&nonce={nonce} \
             HTTP/1.1\r\nHost: 127.0.0.1\r\nUser-Agent: Mozilla/4.0\r\nAccept: */*\r\n\
             Content-Type: text/xml\r\nContent-Length: {}\r\n\r\n",
            self.app.name,
            sealed.msg_signature,
            body.len(),
        );
        Ok(Shot { bytes: [head.as_bytes(), body.as_bytes()].concat(), message })
    }
}

/// SplitMix64: the same throws in every run.
pub(crate) struct Dice(pub(crate) u64);

impl Dice {
    pub(crate) fn below(&mut self, end: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let word = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        let word = (word ^ (word >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        (word ^ (word >> 31)) % end.max(1)
    }

    /// Between 0 and 1, neither included.
    pub(crate) fn fraction(&mut self) -> f64 {
        let part = u32::try_from(self.below(1 << 31)).unwrap_or_default();
        (f64::from(part) + 0.5) / f64::from(1_u32 << 31)
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use wecom::{Event, Signed};

    use super::*;

    /// What the product makes of a request.
    fn opened(mint: &Mint, shot: &Shot) -> (wecom::Message, Vec<u8>) {
        let text = str::from_utf8(&shot.bytes).unwrap();
        let (head, body) = text.split_once("\r\n\r\n").unwrap();
        let query = head.split_once('?').unwrap().1.split_once(' ').unwrap().0;
        let value = |name: &str| {
            let pair = query.split('&').find(|pair| pair.starts_with(name)).unwrap();
            pair.split_once('=').unwrap().1
        };
        let signed = Signed {
            msg_signature: value("msg_signature"),
            timestamp: value("timestamp"),
            nonce: value("nonce"),
        };
        assert!(head.contains(&format!("Content-Length: {}", body.len())));
        let encrypt = xml::envelope(body.as_bytes()).unwrap().encrypt;
        let plain = mint.crypt.open(&signed, &encrypt).unwrap().message;
        (wecom::event::parse(&plain).unwrap(), plain)
    }

    #[test]
    fn callbacks_open_differ_and_repeat_as_promised() {
        let mut mint = Mint::new().unwrap();
        let shots = mint.shots(2000).unwrap();
        let (mut keys, mut presses, mut bytes) = (BTreeSet::new(), 0, 0);
        for shot in &shots {
            let (message, plain) = opened(&mint, shot);
            presses += usize::from(matches!(message.event, Event::CardClick(_)));
            keys.insert(wecom::event::seen_key("desk", &message, &plain));
            bytes += plain.len();
        }
        let numbers: BTreeSet<_> = shots.iter().map(|shot| shot.message).collect();
        assert_eq!(keys.len(), numbers.len(), "a message is one key");
        assert!((1700..1900).contains(&numbers.len()), "{}", numbers.len());
        assert!((400..600).contains(&presses), "{presses}");
        assert!((400..500).contains(&(bytes / shots.len())), "{}", bytes / shots.len());
        let sealed = shots.iter().map(|shot| &shot.bytes).collect::<BTreeSet<_>>();
        assert_eq!(sealed.len(), shots.len(), "a repeat is sealed anew");
    }

    #[test]
    fn the_message_to_decrypt_has_700_bytes() {
        let (crypt, _token, sealed) = Mint::new().unwrap().sealed().unwrap();
        let signed = Signed {
            msg_signature: &sealed.msg_signature,
            timestamp: &sealed.timestamp,
            nonce: &sealed.nonce,
        };
        assert_eq!(crypt.open(&signed, &sealed.encrypt).unwrap().message.len(), 700);
    }

    #[test]
    fn throws_are_spread_and_repeatable() {
        let (mut one, mut two) = (Dice(1), Dice(1));
        let throws: Vec<f64> = (0..1000).map(|_throw| one.fraction()).collect();
        assert!(throws.iter().all(|throw| *throw > 0.0 && *throw < 1.0));
        let mean = throws.iter().sum::<f64>() / 1000.0;
        assert!((0.45..0.55).contains(&mean), "{mean}");
        assert_eq!(two.fraction().to_bits(), throws[0].to_bits());
    }
}
