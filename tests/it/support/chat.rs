//! What a person sees in the app's conversation.

use serde_json::Value;

/// One entry of a conversation.
#[derive(Clone, Debug)]
pub(crate) struct Entry(pub(crate) Value);

impl Entry {
    /// Whether the app wrote it.
    pub(crate) fn is_from_app(&self) -> bool {
        self.0["direction"] == "in"
    }

    /// The card, if it is one.
    pub(crate) fn card(&self) -> Option<&Value> {
        self.0["content"].get("card")
    }

    /// The words of a text.
    pub(crate) fn words(&self) -> &str {
        self.0["content"]["content"].as_str().unwrap_or_default()
    }

    /// The card's title.
    pub(crate) fn title(&self) -> &str {
        self.card().and_then(|card| card["main_title"]["title"].as_str()).unwrap_or_default()
    }

    /// What the simulator calls the card.
    pub(crate) fn card_id(&self) -> String {
        match &self.0["content"]["card_id"] {
            Value::String(text) => text.clone(),
            other => other.to_string(),
        }
    }

    /// Whether it was taken back.
    pub(crate) fn is_recalled(&self) -> bool {
        self.0["recalled"] == true
    }

    /// The grey text that stands in place of the buttons.
    pub(crate) fn grey(&self) -> Option<&str> {
        self.0["content"]["state"]["replace_text"].as_str().filter(|text| !text.is_empty())
    }

    /// The buttons that can be pressed, menu entries included.
    pub(crate) fn buttons(&self) -> Vec<&str> {
        let Some(card) = self.card() else { return Vec::new() };
        if self.grey().is_some() || self.0["content"]["state"]["disabled"] == true {
            return Vec::new();
        }
        let buttons = card["button_list"].as_array().into_iter().flatten();
        let menu = card["action_menu"]["action_list"].as_array().into_iter().flatten();
        let submit = card["submit_button"]["text"].as_str();
        buttons.chain(menu).filter_map(|one| one["text"].as_str()).chain(submit).collect()
    }

    /// The big words of a notice.
    pub(crate) fn emphasis(&self) -> &str {
        let card = self.card();
        card.and_then(|card| card["emphasis_content"]["title"].as_str()).unwrap_or_default()
    }
}

/// A conversation of one person with the app, oldest first.
#[derive(Clone)]
pub(crate) struct Chat(pub(crate) Vec<Entry>);

impl std::fmt::Debug for Chat {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        for entry in &self.0 {
            let mark = match (entry.is_from_app(), entry.is_recalled()) {
                (true, true) => "taken back",
                (true, false) => "<",
                (false, _) => ">",
            };
            let (grey, buttons) = (entry.grey().unwrap_or_default(), entry.buttons());
            let words = if entry.card().is_some() { entry.title() } else { entry.words() };
            writeln!(out, "{mark} {words} {} {grey} {buttons:?}", entry.emphasis())?;
        }
        Ok(())
    }
}

impl Chat {
    /// What the app wrote and did not take back.
    pub(crate) fn of_app(&self) -> Vec<&Entry> {
        self.0.iter().filter(|entry| entry.is_from_app() && !entry.is_recalled()).collect()
    }

    /// The cards, newest last.
    pub(crate) fn cards(&self) -> Vec<&Entry> {
        self.of_app().into_iter().filter(|entry| entry.card().is_some()).collect()
    }

    /// The newest card with this button.
    #[track_caller]
    pub(crate) fn with_button(&self, button: &str) -> &Entry {
        let found = self.cards().into_iter().rev().find(|one| one.buttons().contains(&button));
        found.unwrap_or_else(|| panic!("no card has the button {button}: {self:#?}"))
    }

    /// The newest card.
    #[track_caller]
    pub(crate) fn last_card(&self) -> &Entry {
        self.cards().into_iter().next_back().unwrap_or_else(|| panic!("no card: {self:#?}"))
    }

    /// The words that the app wrote, newest last.
    pub(crate) fn texts(&self) -> Vec<&str> {
        let texts = self.of_app().into_iter().filter(|entry| entry.card().is_none());
        texts.map(Entry::words).collect()
    }
}

impl Chat {
    /// The cards with this title, newest last.
    pub(crate) fn about(&self, title: &str) -> Vec<&Entry> {
        self.cards().into_iter().filter(|card| card.title() == title).collect()
    }

    /// Whether the app said something with these words in it.
    pub(crate) fn was_told(&self, words: &str) -> bool {
        self.texts().iter().any(|text| text.contains(words))
    }
}
