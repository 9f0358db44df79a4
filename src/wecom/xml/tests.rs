use proptest::prelude::*;

use super::*;

fn text_of(document: &str, name: &str) -> String {
    Element::parse_xml(document).unwrap().child(name).unwrap().text().to_owned()
}

#[test]
fn text_comes_out_of_cdata_bare_text_and_both() {
    for (inside, want) in [
        ("<![CDATA[打印机]]>", "打印机"),
        ("\n  <![CDATA[ 打印机 ]]>\n ", " 打印机 "),
        ("  打印机\n", "打印机"),
        ("a &amp; b &lt;c&gt; &#x5de5;&#21333;", "a & b <c> 工单"),
        ("a & b", "a & b"),
        ("<![CDATA[a]]]]><![CDATA[>b]]>", "a]]>b"),
        ("<![CDATA[]]>", ""),
        ("", ""),
        ("<!-- note -->x", "x"),
        ("<![CDATA[a]]> <![CDATA[b]]>", "ab"),
    ] {
        assert_eq!(text_of(&format!("<xml><T>{inside}</T></xml>"), "T"), want, "{inside}");
    }
    assert_eq!(text_of("<xml><T/></xml>", "T"), "");
}

#[test]
fn order_blanks_bom_and_declaration_do_not_matter() {
    let document = "\u{FEFF}\n<?xml version=\"1.0\"?>\n<xml >\n<B a='1'>2</B >\r\n<A ><![CDATA[1]]></A\n>\n</xml>\n";
    assert_eq!((text_of(document, "A"), text_of(document, "B")), ("1".into(), "2".into()));
}

#[test]
fn repeated_elements_are_a_list() {
    let root = Element::parse_xml("<xml><I>a</I><J/><I>b</I></xml>").unwrap();
    assert_eq!(root.all("I").map(Element::text).collect::<Vec<_>>(), ["a", "b"]);
}

#[test]
fn names_are_borrowed_from_the_document() {
    let root = Element::parse_xml("<xml>\n <Name>x</Name><Empty/></xml>").unwrap();
    assert!(root.children().iter().all(|child| matches!(child.name, Cow::Borrowed(_))));
}

#[test]
fn entities_and_document_types_are_refused() {
    let bomb = "<!DOCTYPE x [<!ENTITY a \"aaaa\"><!ENTITY b \"&a;&a;\">]><xml><T>&b;</T></xml>";
    let file = "<?xml version=\"1.0\"?><!DOCTYPE x SYSTEM \"file:///etc/passwd\"><xml/>";
    for document in [bomb, file, "<xml><T>&b;</T></xml>"] {
        assert_eq!(Element::parse_xml(document), Err(TreeError::Entity), "{document}");
    }
}

#[test]
fn broken_documents_are_refused() {
    for document in [
        "",
        "hello",
        "<xml>",
        "<xml><T></xml>",
        "</xml>",
        "<xml><T></U></xml>",
        "x<xml/>",
        "<",
        "<xml><T><![CDATA[x</T></xml>",
        "<xml><T>&#xFFFFFF;</T></xml>",
    ] {
        assert!(Element::parse_xml(document).is_err(), "{document}");
    }
}

#[test]
fn depth_and_size_have_an_end() {
    let deep = |levels| format!("{}{}", "<a>".repeat(levels), "</a>".repeat(levels));
    assert!(Element::parse_xml(&deep(MAX_DEPTH)).is_ok());
    assert_eq!(Element::parse_xml(&deep(MAX_DEPTH + 1)), Err(TreeError::Deep));
    assert_eq!(Element::parse_xml(&"<a>".repeat(300_000)), Err(TreeError::Deep));
    let large = |count| format!("<xml>{}</xml>", "<a/>".repeat(count));
    assert!(Element::parse_xml(&large(MAX_ELEMENTS - 1)).is_ok());
    assert_eq!(Element::parse_xml(&large(MAX_ELEMENTS)), Err(TreeError::Large));
    let json = |levels| format!("{}1{}", "{\"a\":".repeat(levels), "}".repeat(levels));
    assert!(Element::parse_json(&json(MAX_DEPTH - 1)).is_ok());
    assert_eq!(Element::parse_json(&json(MAX_DEPTH)), Err(TreeError::Deep));
    let list = format!("{{\"a\":{}{}}}", "[".repeat(100), "]".repeat(100));
    assert_eq!(Element::parse_json(&list), Err(TreeError::Deep));
    let many = format!("{{\"a\":[{}0]}}", "0,".repeat(MAX_ELEMENTS));
    assert_eq!(Element::parse_json(&many), Err(TreeError::Large));
}

#[test]
fn json_is_the_same_tree_and_numbers_keep_their_digits() {
    let root = Element::parse_json(
        "{\"MsgId\":94966531020182955848408,\"A\":\"\\u5de5\\n\",\"L\":[{\"i\":1},{\"i\":2}],\"N\":null}",
    )
    .unwrap();
    assert_eq!(root.child("MsgId").unwrap().text(), "94966531020182955848408");
    assert_eq!(root.child("A").unwrap().text(), "工\n");
    let items = root.all("L").map(|item| item.child("i").unwrap().text());
    assert_eq!(items.collect::<Vec<_>>(), ["1", "2"]);
    assert!(root.child("N").is_none());
    for broken in ["", "[]", "1", "{", "{\"a\":1}x", "{\"a\":\"\\ud800\"}"] {
        assert_eq!(Element::parse_json(broken), Err(TreeError::Malformed), "{broken}");
    }
}

#[test]
fn an_envelope_is_found_in_xml_and_json() {
    let xml = "<xml><Encrypt><![CDATA[QQ==]]></Encrypt>\n<AgentID><![CDATA[218]]></AgentID><ToUserName>ww1</ToUserName></xml>";
    let json = "{\"tousername\":\"ww1\",\"encrypt\":\"QQ==\",\"agentid\":218}";
    for body in [xml, json] {
        let got = envelope(body.as_bytes()).unwrap();
        assert_eq!(
            (&*got.to_user_name, got.agent_id.as_deref(), &*got.encrypt),
            ("ww1", Some("218"), "QQ==")
        );
    }
    let bot = envelope(b"{\"encrypt\":\"QQ==\"}").unwrap();
    assert_eq!((bot.agent_id, &*bot.to_user_name), (None, ""));
    let contact = "<xml><ToUserName>ww1</ToUserName><AgentID><![CDATA[]]></AgentID><Encrypt>QQ==</Encrypt></xml>";
    assert_eq!(envelope(contact.as_bytes()).unwrap().agent_id, None);
    let written = envelope_xml("ww1", None, "QQ==");
    assert_eq!(envelope(written.as_bytes()).unwrap().to_user_name, "ww1");
}

#[test]
fn a_body_that_is_no_envelope_says_why() {
    assert_eq!(envelope(b" \n"), Err(EnvelopeError::Empty));
    assert_eq!(envelope(b"<xml>\xFF</xml>"), Err(EnvelopeError::NotUtf8));
    assert_eq!(envelope(b"<xml><A>1</A></xml>"), Err(EnvelopeError::NoCiphertext));
    assert_eq!(envelope(b"{\"encrypt\":\"\"}"), Err(EnvelopeError::NoCiphertext));
    assert_eq!(envelope(b"a=b"), Err(EnvelopeError::Tree(TreeError::Malformed)));
}

proptest! {
    #[test]
    fn any_text_survives_writing_and_reading(value in "(\\PC|[\\]>\\n\\t]|]]>){0,40}", number in any::<i64>()) {
        let mut xml = Writer::new();
        xml.text("T", &value);
        xml.nest("Outer", |xml| xml.number("N", number));
        let document = xml.finish();
        let root = Element::parse_xml(&document).unwrap();
        prop_assert_eq!(root.child("T").unwrap().text(), value);
        let inner = root.child("Outer").unwrap().child("N").unwrap().text().parse();
        prop_assert_eq!(inner, Ok(number));
    }

    #[test]
    fn any_bytes_never_panic(bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
        let _any = envelope(&bytes);
        let text = String::from_utf8_lossy(&bytes);
        let _any = Element::parse_xml(&text);
        let _any = Element::parse_json(&text);
    }

    #[test]
    fn anything_like_xml_never_panics(text in "(<|</|>|/>|&|;|#|<!\\[CDATA\\[|]]>|<!--|-->|<\\?|\\?>|<!DOCTYPE|xml|a|工| ){0,40}") {
        let _any = Element::parse_xml(&text);
    }
}
