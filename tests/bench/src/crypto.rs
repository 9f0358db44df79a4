//! Verifying and decrypting one message, against the bare arithmetic on the same bytes: base64
//! decoding (which is part of the bare cost), AES-256-CBC, SHA-1. Keys are expanded beforehand and
//! buffers are there; no signature is compared, no padding or receiver looked at.

use std::{hint::black_box, time::Instant};

use aes::Aes256Dec;
use anyhow::{Context as _, Result, ensure};
use base64::{
    Engine as _,
    alphabet::STANDARD as ALPHABET,
    engine::{
        DecodePaddingMode,
        general_purpose::{GeneralPurpose, GeneralPurposeConfig, STANDARD},
    },
};
use cbc::{
    Decryptor,
    cipher::{Array, BlockModeDecrypt as _, InnerIvInit as _, KeyInit as _, consts::U16},
};
use sha1::{Digest as _, Sha1};
use wecom::Signed;

use crate::{
    Size,
    figures::{median_of, ratio},
    message::Mint,
    report::Report,
};

/// Messages in one round of one side: well under a millisecond, so that many rounds see no other
/// process.
const ROUND: u32 = 200;

/// The console's 43 characters carry two bits more than the key has.
const KEY_BASE64: GeneralPurpose = GeneralPurpose::new(
    &ALPHABET,
    GeneralPurposeConfig::new()
        .with_decode_allow_trailing_bits(true)
        .with_decode_padding_mode(DecodePaddingMode::RequireNone),
);

/// What stands before the message: 16 random bytes and the length.
const HEAD: usize = 20;

struct Bare {
    decrypt: Aes256Dec,
    iv: Array<u8, U16>,
    buffer: Vec<u8>,
}

impl Bare {
    fn new(encoding_aes_key: &str, room: usize) -> Result<Self> {
        let mut key = [0; 32];
        KEY_BASE64.decode_slice(encoding_aes_key, &mut key)?;
        let mut iv = Array::default();
        iv.iter_mut().zip(key).for_each(|(to, from)| *to = from);
        Ok(Self { decrypt: Aes256Dec::new(&key.into()), iv, buffer: vec![0; room] })
    }

    /// Leaves the plaintext in the buffer, and gives the digest.
    fn run(&mut self, parts: &[&str; 4], encrypt: &str) -> Result<[u8; 20]> {
        let mut sha1 = Sha1::new();
        parts.iter().for_each(|part| sha1.update(part));
        let digest = sha1.finalize().into();
        let length = STANDARD.decode_slice(encrypt, &mut self.buffer)?;
        let bytes = self.buffer.get_mut(..length).context("no room")?;
        let (blocks, _rest) = Array::<u8, U16>::slice_as_chunks_mut(bytes);
        Decryptor::inner_iv_init(&self.decrypt, &self.iv).decrypt_blocks(blocks);
        Ok(digest)
    }
}

/// Measures both, in turns.
pub(crate) fn measure(size: Size, report: &mut Report) -> Result<()> {
    let mut mint = Mint::new()?;
    let (crypt, token, sealed) = mint.sealed()?;
    let signed = Signed {
        msg_signature: &sealed.msg_signature,
        timestamp: &sealed.timestamp,
        nonce: &sealed.nonce,
    };
    let mut parts = [token.as_str(), signed.timestamp, signed.nonce, sealed.encrypt.as_str()];
    parts.sort_unstable();
    let mut bare = Bare::new(mint.encoding_aes_key(), sealed.encrypt.len())?;
    let digest = bare.run(&parts, &sealed.encrypt)?;
    ensure!(kernel::text::hex(&digest) == sealed.msg_signature, "the bare digest is another");
    let opened = crypt.open(&signed, &sealed.encrypt)?.message;
    let plain = bare.buffer.get(HEAD..HEAD + opened.len());
    ensure!(plain == Some(opened.as_slice()), "the bare plaintext is another");
    let mut rounds = Vec::new();
    for _round in 0..size.crypto_rounds {
        let ours = micros(|| {
            black_box(crypt.open(black_box(&signed), black_box(&sealed.encrypt)).is_ok());
        });
        let floor = micros(|| {
            black_box(bare.run(black_box(&parts), black_box(&sealed.encrypt)).is_ok());
        });
        rounds.push((ours, floor));
    }
    let (ours, floor) = (median_of(&rounds, |round| round.0), median_of(&rounds, |round| round.1));
    let times = median_of(&rounds, |(ours, floor)| ratio(*ours, *floor));
    report.add("crypto", times, format!("{times:.2} ({ours:.2} : {floor:.2})"));
    Ok(())
}

fn micros(mut work: impl FnMut()) -> f64 {
    let began = Instant::now();
    (0..ROUND).for_each(|_one| work());
    began.elapsed().as_secs_f64() * 1e6 / f64::from(ROUND)
}
