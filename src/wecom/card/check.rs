//! The platform's hard rules for cards. A card that passes is not refused for its form; texts that
//! are merely too long for the screen are the client's business and [`Card::elide`]'s.

use std::{collections::BTreeSet, fmt};

use super::{
    ActionMenu, Button, Card, CardAction, CardImage, Checkbox, ChoiceOption, HorizontalContent,
    ImageTextArea, Jump, MainTitle, QuoteArea, SelectList, SubmitButton, VerticalContent,
};

/// The longest `task_id`.
const TASK_ID_MAX: usize = 128;
/// The longest key of a button, question or menu entry.
const KEY_MAX: usize = 1024;
/// The longest id of an option.
const OPTION_ID_MAX: usize = 128;
/// The most options of a drop-down list.
const CHOICES_MAX: usize = 10;
/// The most options of a vote.
const VOTE_OPTIONS_MAX: usize = 20;
/// A parameter is not right, where the platform has no code of its own for it.
const BAD_PARAMETER: i64 = 40058;
const NO_TITLE: i64 = 41016;
const BAD_TASK_ID: i64 = 42014;
const NO_KEYNAME: i64 = 42027;
const NO_URL: i64 = 42028;
const NO_MEDIA_ID: i64 = 42029;
const NO_APPID: i64 = 42030;
const NO_PART_TITLE: i64 = 42033;
const BAD_HORIZONTAL_LIST: i64 = 42035;
const BAD_VERTICAL_LIST: i64 = 42036;
const BAD_OPTION_LIST: i64 = 42037;
const NO_BUTTON_TEXT: i64 = 42038;
const BAD_BUTTON_KEY: i64 = 42039;
const BAD_OPTION_ID: i64 = 42040;
const NO_OPTION_TEXT: i64 = 42041;
const BAD_JUMP_LIST: i64 = 42042;
const BAD_QUESTION_KEY: i64 = 42043;
const NO_IMAGE: i64 = 42044;
const BAD_CARD_ACTION: i64 = 42045;
const BAD_SUBMIT_KEY: i64 = 42046;
const BAD_SELECT_LIST: i64 = 42047;
const NO_USERID: i64 = 42050;
const DUPLICATE_MENU_KEY: i64 = 42051;

/// What a card is for: some parts are required only when it is sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Purpose {
    /// `message/send`.
    Send,
    /// `message/update_template_card`.
    Update,
}

/// A broken rule.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Rule {
    /// It must be there.
    Missing,
    /// It has more than this many bytes.
    Bytes(usize),
    /// It has fewer or more entries than this.
    Count(usize, usize),
    /// It is there twice.
    Duplicate,
    /// Its value is not one of those allowed.
    Value,
}

/// One field that the platform would refuse.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CardProblem {
    /// Which: `button_list[2].key`.
    pub field: String,
    /// The platform's code for it.
    pub errcode: i64,
    /// Why.
    pub rule: Rule,
}

impl fmt::Display for CardProblem {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{}：", self.field)?;
        match self.rule {
            Rule::Missing => out.write_str("不能为空")?,
            Rule::Bytes(max) => write!(out, "不能超过 {max} 字节")?,
            Rule::Count(min, max) => write!(out, "数量须在 {min} 到 {max} 之间")?,
            Rule::Duplicate => out.write_str("不能重复")?,
            Rule::Value => out.write_str("取值不正确")?,
        }
        write!(out, "（errcode {}）", self.errcode)
    }
}

/// Whether this text can be a card's `task_id`: 1 to 128 of letters, digits, `_`, `-`, `@`.
pub fn is_task_id(text: &str) -> bool {
    let plain = |byte: &u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-' | b'@');
    (1..=TASK_ID_MAX).contains(&text.len()) && text.as_bytes().iter().all(plain)
}

impl Card {
    /// Checks a card that is to be sent.
    ///
    /// # Errors
    /// Every field that the platform would refuse.
    pub fn check(&self) -> Result<(), Vec<CardProblem>> {
        self.check_for(Purpose::Send)
    }

    /// Checks a card for sending or for replacing one that was sent.
    ///
    /// # Errors
    /// Every field that the platform would refuse.
    pub fn check_for(&self, purpose: Purpose) -> Result<(), Vec<CardProblem>> {
        let mut checker = Checker::default();
        checker.card(self, purpose);
        checker.done()
    }
}

/// Where a field is: the list, the number in it, the field. Only written out for a problem.
#[derive(Clone, Copy)]
pub(crate) struct Path<'a>(pub(crate) &'a str, pub(crate) Option<usize>, pub(crate) &'a str);

impl fmt::Display for Path<'_> {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(self.0)?;
        if let Some(at) = self.1 {
            write!(out, "[{at}]")?;
        }
        if self.2.is_empty() { Ok(()) } else { write!(out, ".{}", self.2) }
    }
}

/// Gathers problems.
#[derive(Default)]
pub(crate) struct Checker {
    problems: Vec<CardProblem>,
}

impl Checker {
    pub(crate) fn done(self) -> Result<(), Vec<CardProblem>> {
        if self.problems.is_empty() { Ok(()) } else { Err(self.problems) }
    }

    pub(crate) fn need(&mut self, holds: bool, at: Path<'_>, errcode: i64, rule: Rule) {
        if !holds {
            self.problems.push(CardProblem { field: at.to_string(), errcode, rule });
        }
    }

    pub(crate) fn present(&mut self, text: &str, at: Path<'_>, errcode: i64) {
        self.need(!text.trim().is_empty(), at, errcode, Rule::Missing);
    }

    pub(crate) fn bytes(&mut self, text: &str, max: usize, at: Path<'_>, errcode: i64) {
        self.need(text.len() <= max, at, errcode, Rule::Bytes(max));
    }

    pub(crate) fn count(&mut self, len: usize, span: (usize, usize), at: Path<'_>, errcode: i64) {
        let (min, max) = span;
        self.need((min..=max).contains(&len), at, errcode, Rule::Count(min, max));
    }

    pub(crate) fn card(&mut self, card: &Card, purpose: Purpose) {
        self.task_id(card, purpose);
        if let Some(menu) = card.action_menu() {
            self.action_menu(menu);
        }
        match card {
            Card::TextNotice(card) => {
                let titled = has_title(card.main_title.as_ref()) || !card.sub_title_text.is_empty();
                self.need(titled, Path("main_title", None, "title"), NO_TITLE, Rule::Missing);
                self.quote(card.quote_area.as_ref());
                self.horizontal(&card.horizontal_content_list);
                self.jumps(&card.jump_list);
                self.card_action(card.card_action.as_ref(), true);
            }
            Card::NewsNotice(card) => {
                self.title(card.main_title.as_ref());
                self.quote(card.quote_area.as_ref());
                self.pictures(card.image_text_area.as_ref(), card.card_image.as_ref());
                self.vertical(&card.vertical_content_list);
                self.horizontal(&card.horizontal_content_list);
                self.jumps(&card.jump_list);
                self.card_action(card.card_action.as_ref(), true);
            }
            Card::ButtonInteraction(card) => {
                self.title(card.main_title.as_ref());
                self.quote(card.quote_area.as_ref());
                self.horizontal(&card.horizontal_content_list);
                self.card_action(card.card_action.as_ref(), false);
                if let Some(list) = &card.button_selection {
                    let at = Path("button_selection", None, "");
                    self.choices(&list.question_key, &list.option_list, at);
                }
                self.buttons(&card.button_list);
            }
            Card::VoteInteraction(card) => {
                self.title(card.main_title.as_ref());
                self.checkbox(card.checkbox.as_ref(), purpose);
                self.submit(card.submit_button.as_ref(), purpose);
            }
            Card::MultipleInteraction(card) => {
                self.title(card.main_title.as_ref());
                self.select_lists(&card.select_list);
                self.submit(card.submit_button.as_ref(), purpose);
            }
        }
    }

    fn checkbox(&mut self, checkbox: Option<&Checkbox>, purpose: Purpose) {
        let Some(list) = checkbox else {
            let at = Path("checkbox", None, "");
            return self.need(purpose == Purpose::Update, at, BAD_OPTION_LIST, Rule::Missing);
        };
        self.question(&list.question_key, Path("checkbox", None, ""));
        let one_or_many = [0, 1].contains(&list.mode);
        self.need(one_or_many, Path("checkbox", None, "mode"), BAD_PARAMETER, Rule::Value);
        let options = list.option_list.iter().map(|option| (&*option.id, &*option.text));
        self.options(options, VOTE_OPTIONS_MAX, Path("checkbox", None, "option_list"));
    }

    fn select_lists(&mut self, lists: &[SelectList]) {
        self.count(lists.len(), (1, 3), Path("select_list", None, ""), BAD_SELECT_LIST);
        let mut keys = BTreeSet::new();
        for (at, list) in lists.iter().enumerate() {
            self.choices(&list.question_key, &list.option_list, Path("select_list", Some(at), ""));
            let fresh = keys.insert(&list.question_key);
            let at = Path("select_list", Some(at), "question_key");
            self.need(fresh, at, BAD_QUESTION_KEY, Rule::Duplicate);
        }
    }

    fn choices(&mut self, question_key: &str, options: &[ChoiceOption], at: Path<'_>) {
        self.question(question_key, at);
        let options = options.iter().map(|option| (&*option.id, &*option.text));
        self.options(options, CHOICES_MAX, Path(at.0, at.1, "option_list"));
    }

    fn task_id(&mut self, card: &Card, purpose: Purpose) {
        let (id, at) = (card.task_id(), Path("task_id", None, ""));
        if id.is_empty() {
            let needed = purpose == Purpose::Send && card.is_interactive();
            self.need(!needed, at, BAD_TASK_ID, Rule::Missing);
        } else if id.len() > TASK_ID_MAX {
            self.bytes(id, TASK_ID_MAX, at, BAD_TASK_ID);
        } else {
            self.need(is_task_id(id), at, BAD_TASK_ID, Rule::Value);
        }
    }

    fn action_menu(&mut self, menu: &ActionMenu) {
        let list = "action_menu.action_list";
        self.count(menu.action_list.len(), (1, 3), Path(list, None, ""), BAD_PARAMETER);
        let mut keys = BTreeSet::new();
        for (at, entry) in menu.action_list.iter().enumerate() {
            self.present(&entry.text, Path(list, Some(at), "text"), BAD_PARAMETER);
            let key = Path(list, Some(at), "key");
            self.present(&entry.key, key, BAD_PARAMETER);
            self.bytes(&entry.key, KEY_MAX, key, BAD_PARAMETER);
            self.need(keys.insert(&entry.key), key, DUPLICATE_MENU_KEY, Rule::Duplicate);
        }
    }

    fn quote(&mut self, area: Option<&QuoteArea>) {
        if let Some(area) = area {
            self.link("quote_area", None, (area.kind, &area.url, &area.appid));
        }
    }

    fn title(&mut self, title: Option<&MainTitle>) {
        self.need(has_title(title), Path("main_title", None, "title"), NO_TITLE, Rule::Missing);
    }

    /// A part whose `type` may make it a link: 0 none, 1 url, 2 mini program.
    fn link(&mut self, part: &str, at: Option<usize>, (kind, url, appid): (i64, &str, &str)) {
        match kind {
            0 => {}
            1 => self.present(url, Path(part, at, "url"), NO_URL),
            2 => self.present(appid, Path(part, at, "appid"), NO_APPID),
            _ => self.need(false, Path(part, at, "type"), BAD_PARAMETER, Rule::Value),
        }
    }

    fn card_action(&mut self, action: Option<&CardAction>, required: bool) {
        let Some(action) = action else {
            let at = Path("card_action", None, "");
            return self.need(!required, at, BAD_CARD_ACTION, Rule::Missing);
        };
        let allowed: &[i64] = if required { &[1, 2] } else { &[0, 1, 2] };
        if allowed.contains(&action.kind) {
            self.link("card_action", None, (action.kind, &action.url, &action.appid));
        } else {
            let at = Path("card_action", None, "type");
            self.need(false, at, BAD_CARD_ACTION, Rule::Value);
        }
    }

    fn horizontal(&mut self, rows: &[HorizontalContent]) {
        let list = "horizontal_content_list";
        self.count(rows.len(), (0, 6), Path(list, None, ""), BAD_HORIZONTAL_LIST);
        for (at, row) in rows.iter().enumerate() {
            let at = Some(at);
            self.present(&row.keyname, Path(list, at, "keyname"), NO_KEYNAME);
            match row.kind {
                0 => {}
                1 => self.present(&row.url, Path(list, at, "url"), NO_URL),
                2 => self.present(&row.media_id, Path(list, at, "media_id"), NO_MEDIA_ID),
                3 => self.present(&row.userid, Path(list, at, "userid"), NO_USERID),
                _ => self.need(false, Path(list, at, "type"), BAD_PARAMETER, Rule::Value),
            }
        }
    }

    fn vertical(&mut self, rows: &[VerticalContent]) {
        let list = "vertical_content_list";
        self.count(rows.len(), (0, 4), Path(list, None, ""), BAD_VERTICAL_LIST);
        for (at, row) in rows.iter().enumerate() {
            self.present(&row.title, Path(list, Some(at), "title"), NO_PART_TITLE);
        }
    }

    fn jumps(&mut self, jumps: &[Jump]) {
        let list = "jump_list";
        self.count(jumps.len(), (0, 3), Path(list, None, ""), BAD_JUMP_LIST);
        for (at, jump) in jumps.iter().enumerate() {
            self.present(&jump.title, Path(list, Some(at), "title"), NO_PART_TITLE);
            self.link(list, Some(at), (jump.kind, &jump.url, &jump.appid));
        }
    }

    fn pictures(&mut self, area: Option<&ImageTextArea>, image: Option<&CardImage>) {
        let one = area.is_some() || image.is_some();
        self.need(one, Path("card_image", None, ""), NO_IMAGE, Rule::Missing);
        if let Some(area) = area {
            self.present(&area.image_url, Path("image_text_area", None, "image_url"), NO_IMAGE);
            self.link("image_text_area", None, (area.kind, &area.url, &area.appid));
        }
        if let Some(image) = image {
            self.present(&image.url, Path("card_image", None, "url"), NO_IMAGE);
            let ratio = image.aspect_ratio;
            let given = ratio != 0.0;
            // 1.3 is the default, so that it is meant to be allowed although "above 1.3" is said.
            let fits = (1.3..2.25).contains(&ratio);
            let at = Path("card_image", None, "aspect_ratio");
            self.need(!given || fits, at, BAD_PARAMETER, Rule::Value);
        }
    }

    fn buttons(&mut self, buttons: &[Button]) {
        let list = "button_list";
        self.count(buttons.len(), (1, 6), Path(list, None, ""), BAD_PARAMETER);
        let mut keys = BTreeSet::new();
        for (at, button) in buttons.iter().enumerate() {
            self.present(&button.text, Path(list, Some(at), "text"), NO_BUTTON_TEXT);
            let key = Path(list, Some(at), "key");
            match button.kind {
                0 => {
                    self.present(&button.key, key, BAD_BUTTON_KEY);
                    self.bytes(&button.key, KEY_MAX, key, BAD_BUTTON_KEY);
                    self.need(keys.insert(&button.key), key, BAD_BUTTON_KEY, Rule::Duplicate);
                }
                1 => self.present(&button.url, Path(list, Some(at), "url"), NO_URL),
                _ => self.need(false, Path(list, Some(at), "type"), BAD_PARAMETER, Rule::Value),
            }
        }
    }

    fn question(&mut self, key: &str, at: Path<'_>) {
        let at = Path(at.0, at.1, "question_key");
        self.present(key, at, BAD_QUESTION_KEY);
        self.bytes(key, KEY_MAX, at, BAD_QUESTION_KEY);
    }

    fn options<'a>(
        &mut self,
        options: impl ExactSizeIterator<Item = (&'a str, &'a str)>,
        most: usize,
        at: Path<'_>,
    ) {
        self.count(options.len(), (1, most), at, BAD_OPTION_LIST);
        let list = at.to_string();
        let mut ids = BTreeSet::new();
        for (at, (id, text)) in options.enumerate() {
            let path = Path(&list, Some(at), "id");
            self.present(id, path, BAD_OPTION_ID);
            self.bytes(id, OPTION_ID_MAX, path, BAD_OPTION_ID);
            self.need(ids.insert(id), path, BAD_OPTION_ID, Rule::Duplicate);
            self.present(text, Path(&list, Some(at), "text"), NO_OPTION_TEXT);
        }
    }

    fn submit(&mut self, button: Option<&SubmitButton>, purpose: Purpose) {
        let at = Path("submit_button", None, "key");
        match button {
            Some(button) => {
                self.present(&button.key, at, BAD_SUBMIT_KEY);
                self.bytes(&button.key, KEY_MAX, at, BAD_SUBMIT_KEY);
            }
            None => self.need(purpose == Purpose::Update, at, BAD_SUBMIT_KEY, Rule::Missing),
        }
    }
}

fn has_title(title: Option<&MainTitle>) -> bool {
    title.is_some_and(|title| !title.title.trim().is_empty())
}
