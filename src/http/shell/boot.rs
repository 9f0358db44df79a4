//! What a page knows before it has asked anything.

use serde_json::{Value, json};
use wecom::login::Browser;

use crate::shared::Shared;

/// The word for a browser, in pages and in the database.
pub(crate) fn word(browser: Browser) -> &'static str {
    match browser {
        Browser::WeCom => "wecom",
        Browser::WeChat => "wechat",
        Browser::Other => "browser",
    }
}

/// The element that holds what is the same for everybody: data, which no browser runs.
pub(super) fn script(shared: &Shared, entry: &str, browser: Browser) -> String {
    let pages = &shared.pages;
    let boot = json!({
        "build": shared.build,
        "entry": entry,
        "corp_id": pages.corp_id,
        "agent_id": pages.agent_id,
        "app": pages.app,
        "public_url": pages.public_url,
        "simulator": pages.simulator,
        "client": word(browser),
        "zone_minutes": shared.setup.zone_minutes,
        "organisation": pages.organisation,
        "max_file_bytes": pages.max_file_bytes,
    });
    element("boot", &boot)
}

/// The element with answers that come with the page.
pub(super) fn told(answers: &Value) -> String {
    element("told", answers)
}

fn element(id: &str, it: &Value) -> String {
    format!("<script type=\"application/json\" id=\"{id}\">{}</script>", inert(&it.to_string()))
}

/// JSON that cannot end the element in which it stands.
fn inert(json: &str) -> String {
    json.replace('<', "\\u003c").replace('\u{2028}', "\\u2028").replace('\u{2029}', "\\u2029")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_name_can_end_the_element() {
        let text = json!({ "organisation": "</script><!--<script>\u{2028}" }).to_string();
        let safe = inert(&text);
        assert!(!safe.contains('<') && !safe.contains('\u{2028}'), "{safe}");
        let read = |text: &str| serde_json::from_str::<serde_json::Value>(text).unwrap();
        assert_eq!(read(&safe), read(&text));
    }
}
