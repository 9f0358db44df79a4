//! Cuts display texts to what the client shows, on character boundaries and with `…`, so that we
//! choose the place and not each client. Keys, ids and links are never touched.

use kernel::text::cut_chars;

use super::{
    Button, Card, ChoiceOption, HorizontalContent, Jump, MainTitle, Source, SubmitButton,
    VerticalContent,
};

const SOURCE: usize = 20;
const TITLE: usize = 36;
const DESC: usize = 44;
/// Vote and multiple cards show a longer description.
const LONG_DESC: usize = 160;
const SUB_TITLE: usize = 160;
const EMPHASIS_TITLE: usize = 14;
const EMPHASIS_DESC: usize = 22;
const ROW_KEY: usize = 5;
const ROW_VALUE: usize = 30;
const PARAGRAPH_TITLE: usize = 38;
const PARAGRAPH: usize = 160;
const JUMP: usize = 18;
const BUTTON: usize = 10;
const OPTION: usize = 16;
const VOTE_OPTION: usize = 17;

impl Card {
    /// The same card with display texts cut to what the client shows.
    #[must_use]
    pub fn elided(mut self) -> Self {
        match &mut self {
            Self::TextNotice(card) => {
                source(card.source.as_mut());
                title(card.main_title.as_mut(), DESC);
                if let Some(emphasis) = &mut card.emphasis_content {
                    cut(&mut emphasis.title, EMPHASIS_TITLE);
                    cut(&mut emphasis.desc, EMPHASIS_DESC);
                }
                cut(&mut card.sub_title_text, SUB_TITLE);
                rows(&mut card.horizontal_content_list);
                jumps(&mut card.jump_list);
            }
            Self::NewsNotice(card) => {
                source(card.source.as_mut());
                title(card.main_title.as_mut(), DESC);
                paragraphs(&mut card.vertical_content_list);
                rows(&mut card.horizontal_content_list);
                jumps(&mut card.jump_list);
            }
            Self::ButtonInteraction(card) => {
                source(card.source.as_mut());
                title(card.main_title.as_mut(), DESC);
                cut(&mut card.sub_title_text, SUB_TITLE);
                rows(&mut card.horizontal_content_list);
                if let Some(list) = &mut card.button_selection {
                    options(&mut list.option_list);
                }
                buttons(&mut card.button_list);
                cut(&mut card.replace_text, BUTTON);
            }
            Self::VoteInteraction(card) => {
                source(card.source.as_mut());
                title(card.main_title.as_mut(), LONG_DESC);
                for option in card.checkbox.iter_mut().flat_map(|list| &mut list.option_list) {
                    cut(&mut option.text, VOTE_OPTION);
                }
                submit(card.submit_button.as_mut());
                cut(&mut card.replace_text, BUTTON);
            }
            Self::MultipleInteraction(card) => {
                source(card.source.as_mut());
                title(card.main_title.as_mut(), LONG_DESC);
                card.select_list.iter_mut().for_each(|list| options(&mut list.option_list));
                submit(card.submit_button.as_mut());
                cut(&mut card.replace_text, BUTTON);
            }
        }
        self
    }
}

fn cut(text: &mut String, max: usize) {
    // Short in bytes is short in characters: most texts are not counted.
    if text.len() > max {
        *text = cut_chars(text, max);
    }
}

fn source(source: Option<&mut Source>) {
    if let Some(source) = source {
        cut(&mut source.desc, SOURCE);
    }
}

fn title(title: Option<&mut MainTitle>, desc: usize) {
    if let Some(title) = title {
        cut(&mut title.title, TITLE);
        cut(&mut title.desc, desc);
    }
}

fn rows(rows: &mut [HorizontalContent]) {
    for row in rows {
        cut(&mut row.keyname, ROW_KEY);
        // A file's name must keep its extension.
        if row.kind != 2 {
            cut(&mut row.value, ROW_VALUE);
        }
    }
}

fn paragraphs(rows: &mut [VerticalContent]) {
    for row in rows {
        cut(&mut row.title, PARAGRAPH_TITLE);
        cut(&mut row.desc, PARAGRAPH);
    }
}

fn jumps(jumps: &mut [Jump]) {
    jumps.iter_mut().for_each(|jump| cut(&mut jump.title, JUMP));
}

fn buttons(buttons: &mut [Button]) {
    buttons.iter_mut().for_each(|button| cut(&mut button.text, BUTTON));
}

fn options(options: &mut [ChoiceOption]) {
    options.iter_mut().for_each(|option| cut(&mut option.text, OPTION));
}

fn submit(button: Option<&mut SubmitButton>) {
    if let Some(button) = button {
        cut(&mut button.text, BUTTON);
    }
}
