//! The signature with which a page shows WeCom's client that it is one of ours.

use sha1::{Digest as _, Sha1};

/// What a page hands to the client.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PageSignature {
    /// When it was made, in seconds since 1970.
    pub timestamp: i64,
    /// Random characters.
    pub nonce: String,
    /// The signature.
    pub signature: String,
}

/// Signs a page. The URL is taken as the browser shows it, up to the `#`: the client compares with
/// the address that it has itself.
pub fn sign(ticket: &str, url: &str, timestamp: i64, nonce: &str) -> PageSignature {
    let url = url.split('#').next().unwrap_or_default();
    let text = format!("jsapi_ticket={ticket}&noncestr={nonce}&timestamp={timestamp}&url={url}");
    let signature = kernel::text::hex(&Sha1::digest(text.as_bytes()));
    PageSignature { timestamp, nonce: nonce.to_owned(), signature }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_signature_is_that_of_the_platforms_own_example() {
        let ticket = "sM4AOVdWfPE4DxkXGEs8VMCPGGVi4C3VM0P37wVUCFvkVAy_90u5h9nbSlYy3-Sl-HhTdfl2fzFy1AOcHKP7qg";
        for url in
            ["http://mp.weixin.qq.com?params=value", "http://mp.weixin.qq.com?params=value#at"]
        {
            let signed = sign(ticket, url, 1_414_587_457, "Wm3WZYTPz0wzccnW");
            assert_eq!(signed.signature, "0f9de62fce790f9a083d5c99e95740ceb90c27ed");
        }
    }
}
