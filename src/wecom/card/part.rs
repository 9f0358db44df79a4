//! What cards are made of. Zero, false and the empty text mean "not given" to the platform too.

use serde::{Deserialize, Serialize};

/// Structs of optional fields in the platform's order: what is empty is not written.
macro_rules! parts {
    ($($(#[$doc:meta])* $name:ident { $($(#[$field_doc:meta])* $field:ident: $type:ty,)* })*) => {$(
        $(#[$doc])*
        #[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
        #[serde(default)]
        pub struct $name {
            $($(#[$field_doc])* #[serde(skip_serializing_if = "is_default")] pub $field: $type,)*
        }
    )*};
}

fn is_default<T: Default + PartialEq>(value: &T) -> bool {
    *value == T::default()
}

parts! {
    /// A notice in words.
    TextNotice {
        /// Where it comes from.
        source: Option<Source>,
        /// The menu in the corner.
        action_menu: Option<ActionMenu>,
        /// Unique per app; needed with a menu.
        task_id: String,
        /// Title and description; the title or `sub_title_text` must be there.
        main_title: Option<MainTitle>,
        /// A quotation.
        quote_area: Option<QuoteArea>,
        /// Something big; better not together with a quotation.
        emphasis_content: Option<Emphasis>,
        /// A text, 160 characters.
        sub_title_text: String,
        /// Rows of key and value, at most 6.
        horizontal_content_list: Vec<HorizontalContent>,
        /// Links, at most 3.
        jump_list: Vec<Jump>,
        /// What a tap on the card does; required.
        card_action: Option<CardAction>,
    }

    /// A notice with a picture.
    NewsNotice {
        /// Where it comes from.
        source: Option<Source>,
        /// The menu in the corner.
        action_menu: Option<ActionMenu>,
        /// Unique per app; needed with a menu.
        task_id: String,
        /// Title and description; the title is required.
        main_title: Option<MainTitle>,
        /// A quotation.
        quote_area: Option<QuoteArea>,
        /// A picture on the left of a text; this or `card_image` is required.
        image_text_area: Option<ImageTextArea>,
        /// A big picture.
        card_image: Option<CardImage>,
        /// Paragraphs, at most 4.
        vertical_content_list: Vec<VerticalContent>,
        /// Rows of key and value, at most 6.
        horizontal_content_list: Vec<HorizontalContent>,
        /// Links, at most 3.
        jump_list: Vec<Jump>,
        /// What a tap on the card does; required.
        card_action: Option<CardAction>,
    }

    /// A question answered by buttons.
    ButtonInteraction {
        /// Where it comes from.
        source: Option<Source>,
        /// The menu in the corner.
        action_menu: Option<ActionMenu>,
        /// Title and description; the title is required.
        main_title: Option<MainTitle>,
        /// A quotation.
        quote_area: Option<QuoteArea>,
        /// A text, 160 characters.
        sub_title_text: String,
        /// Rows of key and value, at most 6.
        horizontal_content_list: Vec<HorizontalContent>,
        /// What a tap on the card does.
        card_action: Option<CardAction>,
        /// Unique per app; required.
        task_id: String,
        /// A drop-down list above the buttons.
        button_selection: Option<ButtonSelection>,
        /// 1 to 6 buttons.
        button_list: Vec<Button>,
        /// Only in an update: one grey button with this text instead of the buttons.
        replace_text: String,
    }

    /// One question with options and a submit button.
    VoteInteraction {
        /// Where it comes from.
        source: Option<Source>,
        /// Title and description; the title is required.
        main_title: Option<MainTitle>,
        /// Unique per app; required.
        task_id: String,
        /// The question.
        checkbox: Option<Checkbox>,
        /// The submit button.
        submit_button: Option<SubmitButton>,
        /// Only in an update: the submit button grey, with this text.
        replace_text: String,
    }

    /// Up to three drop-down lists and a submit button.
    MultipleInteraction {
        /// Where it comes from.
        source: Option<Source>,
        /// Title and description; the title is required.
        main_title: Option<MainTitle>,
        /// Unique per app; required.
        task_id: String,
        /// 1 to 3 lists.
        select_list: Vec<SelectList>,
        /// The submit button.
        submit_button: Option<SubmitButton>,
        /// Only in an update: the submit button grey, with this text.
        replace_text: String,
    }

    /// Where a card comes from.
    Source {
        /// A small picture.
        icon_url: String,
        /// Words, 20 characters.
        desc: String,
        /// 0 grey, 1 black, 2 red, 3 green.
        desc_color: i64,
    }

    /// The menu in a card's corner.
    ActionMenu {
        /// What it is for.
        desc: String,
        /// 1 to 3 entries.
        action_list: Vec<MenuEntry>,
    }

    /// An entry of a card's menu.
    MenuEntry {
        /// Its text.
        text: String,
        /// Comes back as `EventKey`; unique, at most 1024 bytes.
        key: String,
    }

    /// A card's title.
    MainTitle {
        /// 36 characters.
        title: String,
        /// 44 characters; 160 on vote and multiple cards.
        desc: String,
    }

    /// A quotation.
    QuoteArea {
        /// 0 no link, 1 `url`, 2 a mini program.
        #[serde(rename = "type")]
        kind: i64,
        /// Where it leads.
        url: String,
        /// Which mini program.
        appid: String,
        /// Its page.
        pagepath: String,
        /// The title.
        title: String,
        /// The quotation.
        quote_text: String,
    }

    /// Something big.
    Emphasis {
        /// 14 characters.
        title: String,
        /// 22 characters.
        desc: String,
    }

    /// A row of key and value.
    HorizontalContent {
        /// 0 plain, 1 `url`, 2 a file (`media_id`), 3 a member (`userid`).
        #[serde(rename = "type")]
        kind: i64,
        /// 5 characters; required.
        keyname: String,
        /// 30 characters; a file's name with its extension.
        value: String,
        /// Where it leads.
        url: String,
        /// Which file.
        media_id: String,
        /// Which member.
        userid: String,
    }

    /// A paragraph with a title.
    VerticalContent {
        /// 38 characters; required.
        title: String,
        /// 160 characters.
        desc: String,
    }

    /// A link below the card.
    Jump {
        /// 0 no link, 1 `url`, 2 a mini program.
        #[serde(rename = "type")]
        kind: i64,
        /// 18 characters; required.
        title: String,
        /// Where it leads.
        url: String,
        /// Which mini program.
        appid: String,
        /// Its page.
        pagepath: String,
    }

    /// What a tap on the card does.
    CardAction {
        /// 1 `url`, 2 a mini program.
        #[serde(rename = "type")]
        kind: i64,
        /// Where it leads.
        url: String,
        /// Which mini program.
        appid: String,
        /// Its page.
        pagepath: String,
    }

    /// A picture on the left of a text.
    ImageTextArea {
        /// 0 no link, 1 `url`, 2 a mini program.
        #[serde(rename = "type")]
        kind: i64,
        /// Where it leads.
        url: String,
        /// Which mini program.
        appid: String,
        /// Its page.
        pagepath: String,
        /// The title.
        title: String,
        /// The text.
        desc: String,
        /// The picture; required.
        image_url: String,
    }

    /// A big picture.
    CardImage {
        /// The picture; required.
        url: String,
        /// Width by height, above 1.3 and below 2.25; 1.3 when not given.
        aspect_ratio: f64,
    }

    /// A drop-down list above the buttons.
    ButtonSelection {
        /// Comes back with what was chosen; required.
        question_key: String,
        /// Its title.
        title: String,
        /// 1 to 10 options.
        option_list: Vec<ChoiceOption>,
        /// The option chosen at first.
        selected_id: String,
        /// Only in an update: cannot be changed.
        disable: bool,
    }

    /// An option of a drop-down list.
    ChoiceOption {
        /// At most 128 bytes, unique.
        id: String,
        /// 16 characters.
        text: String,
    }

    /// A button.
    Button {
        /// 0 comes back as an event, 1 opens `url`.
        #[serde(rename = "type")]
        kind: i64,
        /// 10 characters; required.
        text: String,
        /// 1 main, 2 secondary, 3 neutral, 4 negative.
        style: i64,
        /// Comes back as `EventKey`; unique, at most 1024 bytes.
        key: String,
        /// Where it leads.
        url: String,
    }

    /// The question of a vote.
    Checkbox {
        /// Comes back with what was chosen; required.
        question_key: String,
        /// 1 to 20 options.
        option_list: Vec<VoteOption>,
        /// Only in an update: cannot be changed.
        disable: bool,
        /// 0 one option, 1 any number.
        mode: i64,
    }

    /// An option of a vote.
    VoteOption {
        /// At most 128 bytes, unique.
        id: String,
        /// 17 characters.
        text: String,
        /// Whether it is chosen at first.
        is_checked: bool,
    }

    /// A drop-down list.
    SelectList {
        /// Comes back with what was chosen; unique.
        question_key: String,
        /// Its title.
        title: String,
        /// The option chosen at first.
        selected_id: String,
        /// 1 to 10 options.
        option_list: Vec<ChoiceOption>,
        /// Only in an update: cannot be changed.
        disable: bool,
    }

    /// The submit button.
    SubmitButton {
        /// 10 characters; 提交 when not given.
        text: String,
        /// Comes back as `EventKey`; at most 1024 bytes.
        key: String,
    }
}

impl MainTitle {
    /// A title with a description, which may be empty.
    pub fn new(title: impl Into<String>, desc: impl Into<String>) -> Self {
        Self { title: title.into(), desc: desc.into() }
    }
}

impl HorizontalContent {
    /// A plain row.
    pub fn text(keyname: impl Into<String>, value: impl Into<String>) -> Self {
        Self { keyname: keyname.into(), value: value.into(), ..Self::default() }
    }

    /// A row that opens a link.
    #[must_use]
    pub fn with_url(self, url: impl Into<String>) -> Self {
        Self { kind: 1, url: url.into(), ..self }
    }

    /// A row that shows a member.
    #[must_use]
    pub fn with_member(self, userid: impl Into<String>) -> Self {
        Self { kind: 3, userid: userid.into(), ..self }
    }

    /// A row that opens a file.
    #[must_use]
    pub fn with_file(self, media_id: impl Into<String>) -> Self {
        Self { kind: 2, media_id: media_id.into(), ..self }
    }
}

impl Jump {
    /// A link.
    pub fn url(title: impl Into<String>, url: impl Into<String>) -> Self {
        Self { kind: 1, title: title.into(), url: url.into(), ..Self::default() }
    }
}

impl CardAction {
    /// A tap opens a link.
    pub fn url(url: impl Into<String>) -> Self {
        Self { kind: 1, url: url.into(), ..Self::default() }
    }
}

impl Button {
    /// A button that comes back as an event.
    pub fn press(text: impl Into<String>, style: i64, key: impl Into<String>) -> Self {
        Self { text: text.into(), style, key: key.into(), ..Self::default() }
    }

    /// A button that opens a link.
    pub fn url(text: impl Into<String>, style: i64, url: impl Into<String>) -> Self {
        Self { kind: 1, text: text.into(), style, url: url.into(), ..Self::default() }
    }
}

impl ChoiceOption {
    /// An option.
    pub fn new(id: impl Into<String>, text: impl Into<String>) -> Self {
        Self { id: id.into(), text: text.into() }
    }
}

impl VoteOption {
    /// An option that is not chosen at first.
    pub fn new(id: impl Into<String>, text: impl Into<String>) -> Self {
        Self { id: id.into(), text: text.into(), is_checked: false }
    }
}
