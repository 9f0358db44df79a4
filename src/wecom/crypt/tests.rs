use proptest::prelude::*;
use serde::Deserialize;

use super::*;

/// One known answer of `tests/golden/crypt.json`.
#[derive(Deserialize)]
struct Vector {
    id: String,
    token: Option<String>,
    encoding_aes_key: Option<String>,
    receiveid: Option<String>,
    timestamp: Option<String>,
    nonce: Option<String>,
    msg_signature: Option<String>,
    encrypt: String,
    random16: Option<String>,
    random16_hex: Option<String>,
    plaintext: Option<String>,
}

impl Vector {
    fn crypt(&self) -> Crypt {
        let key = self.encoding_aes_key.as_deref().unwrap_or(KEY);
        let receivers = self.receiveid.iter().cloned().collect();
        let token = self.token.clone().unwrap_or_default();
        Crypt::new(token, AesKey::parse(key).unwrap(), receivers)
    }

    fn signed(&self) -> Signed<'_> {
        Signed {
            msg_signature: self.msg_signature.as_deref().unwrap(),
            timestamp: self.timestamp.as_deref().unwrap(),
            nonce: self.nonce.as_deref().unwrap(),
        }
    }

    fn random(&self) -> [u8; 16] {
        let bytes = match (&self.random16_hex, &self.random16) {
            (Some(hex), _) => u128::from_str_radix(hex, 16).unwrap().to_be_bytes().to_vec(),
            (None, Some(text)) => text.as_bytes().to_vec(),
            (None, None) => panic!("{} has no random bytes", self.id),
        };
        bytes.try_into().unwrap()
    }
}

const KEY: &str = "jWmYm7qr5nMoAUwZRjGtBxmz3KA1tkAj3ykkR6q2B2C";

fn vectors() -> Vec<Vector> {
    serde_json::from_str(include_str!("../../../tests/golden/crypt.json")).unwrap()
}

fn vector(id: &str) -> Vector {
    vectors().into_iter().find(|vector| vector.id == id).unwrap()
}

#[test]
fn every_signed_vector_opens() {
    let mut opened = 0;
    for vector in vectors().iter().filter(|vector| vector.msg_signature.is_some()) {
        if vector.encoding_aes_key.is_none() {
            continue;
        }
        let got = vector.crypt().open(&vector.signed(), &vector.encrypt);
        let got = got.unwrap_or_else(|error| panic!("{}: {error}", vector.id));
        assert_eq!(String::from_utf8(got.message).unwrap(), *vector.plaintext.as_ref().unwrap());
        assert_eq!(Some(got.receiver), vector.receiveid);
        opened += 1;
    }
    assert_eq!(opened, 18, "vectors are missing from the golden file");
}

#[test]
fn every_vector_with_known_random_bytes_is_sealed_to_the_byte() {
    let mut sealed = 0;
    for vector in vectors().iter().filter(|vector| vector.encoding_aes_key.is_some()) {
        let got = vector.crypt().seal(
            vector.plaintext.as_ref().unwrap().as_bytes(),
            vector.receiveid.as_ref().unwrap(),
            vector.timestamp.as_deref().unwrap_or_default(),
            vector.nonce.as_deref().unwrap_or_default(),
            vector.random(),
        );
        assert_eq!(got.encrypt, vector.encrypt, "{}", vector.id);
        if let Some(signature) = &vector.msg_signature {
            assert_eq!(got.msg_signature, *signature, "{}", vector.id);
        }
        sealed += 1;
    }
    assert_eq!(sealed, 20, "vectors are missing from the golden file");
}

#[test]
fn a_signature_without_a_published_key_is_right() {
    let vector = vector("E4");
    let signed = vector.signed();
    let ours = vector.crypt().sign(signed.timestamp, signed.nonce, &vector.encrypt);
    assert_eq!(ours, signed.msg_signature);
}

#[test]
fn a_wrong_digit_or_a_blank_for_a_plus_is_refused() {
    let vector = vector("A1");
    let crypt = vector.crypt();
    let blank = vector.encrypt.replace('+', " ");
    assert_ne!(blank, vector.encrypt);
    assert_eq!(crypt.open(&vector.signed(), &blank), Err(CryptError::Signature));
    for at in 0..40 {
        let mut digits = vector.signed().msg_signature.to_owned().into_bytes();
        digits[at] = if digits[at] == b'0' { b'1' } else { b'0' };
        let digits = String::from_utf8(digits).unwrap();
        let signed = Signed { msg_signature: &digits, ..vector.signed() };
        assert_eq!(crypt.open(&signed, &vector.encrypt), Err(CryptError::Signature));
    }
    for other in ["", "5c45ff5e21c57e6ad56bac8758b79b1d9ac89fd", "签名"] {
        let signed = Signed { msg_signature: other, ..vector.signed() };
        assert_eq!(crypt.open(&signed, &vector.encrypt), Err(CryptError::Signature));
    }
}

#[test]
fn another_corp_is_refused_and_an_empty_receiver_only_served_when_listed() {
    let key = || AesKey::parse(KEY).unwrap();
    let bot = vector("S5");
    let other = vector("A1");
    let corp = Crypt::new("QDG6eK".into(), key(), vec!["ww0000000000000001".into()]);
    assert_eq!(
        corp.open(&other.signed(), &other.encrypt),
        Err(CryptError::Receiver("wx5823bf96d3bd56c7".into()))
    );
    assert_eq!(corp.open(&bot.signed(), &bot.encrypt), Err(CryptError::Receiver(String::new())));
    let both = Crypt::new("QDG6eK".into(), key(), vec!["ww1".into(), String::new()]);
    assert_eq!(both.open(&bot.signed(), &bot.encrypt).unwrap().message, b"hello");
}

#[test]
fn a_ciphertext_that_lost_a_block_is_refused() {
    for id in ["A1", "S3", "S4"] {
        let vector = vector(id);
        let crypt = vector.crypt();
        let whole = STANDARD.decode(&vector.encrypt).unwrap();
        for lost in 1..=whole.len() {
            let cut = STANDARD.encode(&whole[..whole.len() - lost]);
            let msg_signature = &crypt.sign("1", "2", &cut);
            let signed = Signed { msg_signature, timestamp: "1", nonce: "2" };
            let error = crypt.open(&signed, &cut).unwrap_err();
            assert!(matches!(error, CryptError::Plaintext | CryptError::Length(_)), "{error}");
        }
    }
}

#[test]
fn a_length_beyond_the_end_is_refused() {
    let crypt = vector("A1").crypt();
    for length in [u32::MAX, 45, 64] {
        let mut bytes = vec![b'r'; 16];
        bytes.extend_from_slice(&length.to_be_bytes());
        bytes.extend_from_slice(&[32; 44]);
        let (blocks, _) = Array::<u8, U16>::slice_as_chunks_mut(&mut bytes);
        Encryptor::inner_iv_init(&crypt.encrypt, &crypt.iv).encrypt_blocks(blocks);
        let encrypt = STANDARD.encode(&bytes);
        let msg_signature = &crypt.sign("1", "2", &encrypt);
        let signed = Signed { msg_signature, timestamp: "1", nonce: "2" };
        assert_eq!(crypt.open(&signed, &encrypt), Err(CryptError::Plaintext));
    }
}

#[test]
fn a_key_says_what_is_wrong_with_it() {
    assert_eq!(AesKey::parse(KEY.trim_start_matches('j')), Err(KeyError::Length(42)));
    assert_eq!(AesKey::parse(&format!("{KEY}=")), Err(KeyError::Length(44)));
    assert_eq!(AesKey::parse(&KEY.replace('Y', "+")), Err(KeyError::Character(4)));
    assert_eq!(AesKey::parse(&KEY.replace('Y', "钥")), Err(KeyError::Character(4)));
    for last in ('a'..='z').chain('A'..='Z').chain('0'..='9') {
        assert!(AesKey::parse(&format!("{}{last}", KEY.trim_end_matches('C'))).is_ok(), "{last}");
    }
    assert_eq!(format!("{:?}", AesKey::parse(KEY).unwrap()), "AesKey(…)");
    assert!(!format!("{:?}", vector("A1").crypt()).contains("QDG6eK"));
}

#[test]
fn a_reply_has_the_envelope_of_its_form() {
    let sealed = vector("A1").crypt().seal(b"x", "", "1409659813", "n", [0; 16]);
    let xml = sealed.to_xml();
    assert!(xml.contains("<TimeStamp>1409659813</TimeStamp>"), "{xml}");
    assert!(xml.contains(&format!("<Encrypt><![CDATA[{}]]></Encrypt>", sealed.encrypt)), "{xml}");
    let json: serde_json::Value = serde_json::from_str(&sealed.to_json()).unwrap();
    assert_eq!(json["timestamp"], 1_409_659_813);
    assert_eq!(json["msgsignature"], sealed.msg_signature);
}

#[test]
fn a_bots_file_is_opened_without_a_frame() {
    let crypt = vector("A1").crypt();
    let mut bytes = b"GIF89a".to_vec();
    bytes.resize(32, 26);
    let (blocks, _) = Array::<u8, U16>::slice_as_chunks_mut(&mut bytes);
    Encryptor::inner_iv_init(&crypt.encrypt, &crypt.iv).encrypt_blocks(blocks);
    assert_eq!(crypt.open_file(bytes).unwrap(), b"GIF89a");
    assert_eq!(crypt.open_file(vec![1; 33]), Err(CryptError::Length(33)));
    assert_eq!(crypt.open_file(vec![]), Err(CryptError::Length(0)));
}

proptest! {
    #[test]
    fn what_is_sealed_opens(
        message in proptest::collection::vec(any::<u8>(), 0..300),
        receiver in "[a-z0-9]{0,40}",
        timestamp in "\\PC{0,12}",
        nonce in "\\PC{0,12}",
        random in any::<[u8; 16]>(),
    ) {
        let key = AesKey::parse(KEY).unwrap();
        let crypt = Crypt::new("token".into(), key, vec![receiver.clone()]);
        let sealed = crypt.seal(&message, &receiver, &timestamp, &nonce, random);
        prop_assert_eq!(STANDARD.decode(&sealed.encrypt).unwrap().len() % 32, 0);
        let msg_signature = &sealed.msg_signature;
        let signed = Signed { msg_signature, timestamp: &timestamp, nonce: &nonce };
        prop_assert_eq!(crypt.open(&signed, &sealed.encrypt), Ok(Opened { message, receiver }));
    }

    #[test]
    fn any_flipped_bit_is_refused(at in 0_usize..4096, message in "[a-z]{0,200}") {
        let crypt = vector("A1").crypt();
        let sealed = crypt.seal(message.as_bytes(), "wx5823bf96d3bd56c7", "1", "2", [7; 16]);
        let mut bytes = STANDARD.decode(&sealed.encrypt).unwrap();
        let byte = at / 8 % bytes.len();
        bytes[byte] ^= 1 << (at % 8);
        let signed = Signed { msg_signature: &sealed.msg_signature, timestamp: "1", nonce: "2" };
        let got = crypt.open(&signed, &STANDARD.encode(&bytes));
        prop_assert_eq!(got, Err(CryptError::Signature));
    }

    #[test]
    fn any_bytes_never_panic_even_when_signed(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
        let crypt = vector("A1").crypt();
        let encrypt = STANDARD.encode(&bytes);
        let msg_signature = &crypt.sign("1", "2", &encrypt);
        let signed = Signed { msg_signature, timestamp: "1", nonce: "2" };
        let _any = crypt.open(&signed, &encrypt);
        let text = String::from_utf8_lossy(&bytes);
        let msg_signature = &crypt.sign("1", "2", &text);
        let signed = Signed { msg_signature, timestamp: "1", nonce: "2" };
        prop_assert!(crypt.open(&signed, &text).is_err());
        let _any = crypt.open_file(bytes);
    }
}
