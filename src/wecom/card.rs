//! Template cards: the five types as the platform's JSON, their hard limits, and the cutting of
//! texts to what the client shows. Equal cards become byte-identical JSON, because the platform's
//! duplicate check compares bytes.

mod check;
mod elide;
mod part;

use serde::{Deserialize, Serialize};

pub use check::{CardProblem, Purpose, Rule, is_task_id};
pub(crate) use check::{Checker, Path};
pub use part::{
    ActionMenu, Button, ButtonInteraction, ButtonSelection, CardAction, CardImage, Checkbox,
    ChoiceOption, Emphasis, HorizontalContent, ImageTextArea, Jump, MainTitle, MenuEntry,
    MultipleInteraction, NewsNotice, QuoteArea, SelectList, Source, SubmitButton, TextNotice,
    VerticalContent, VoteInteraction, VoteOption,
};

/// A template card. What is empty is left out of the JSON; what is missing when read is empty, and
/// is found by [`Card::check`].
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "card_type", rename_all = "snake_case")]
pub enum Card {
    /// A notice in words.
    TextNotice(TextNotice),
    /// A notice with a picture.
    NewsNotice(NewsNotice),
    /// A question answered by buttons.
    ButtonInteraction(ButtonInteraction),
    /// One question with options and a submit button.
    VoteInteraction(VoteInteraction),
    /// Up to three drop-down lists and a submit button.
    MultipleInteraction(MultipleInteraction),
}

impl Card {
    /// The card's type as callbacks name it.
    pub fn card_type(&self) -> &'static str {
        match self {
            Self::TextNotice(_) => "text_notice",
            Self::NewsNotice(_) => "news_notice",
            Self::ButtonInteraction(_) => "button_interaction",
            Self::VoteInteraction(_) => "vote_interaction",
            Self::MultipleInteraction(_) => "multiple_interaction",
        }
    }

    /// The card's task, empty when it has none.
    pub fn task_id(&self) -> &str {
        match self {
            Self::TextNotice(card) => &card.task_id,
            Self::NewsNotice(card) => &card.task_id,
            Self::ButtonInteraction(card) => &card.task_id,
            Self::VoteInteraction(card) => &card.task_id,
            Self::MultipleInteraction(card) => &card.task_id,
        }
    }

    /// The menu in the card's corner.
    pub fn action_menu(&self) -> Option<&ActionMenu> {
        match self {
            Self::TextNotice(card) => card.action_menu.as_ref(),
            Self::NewsNotice(card) => card.action_menu.as_ref(),
            Self::ButtonInteraction(card) => card.action_menu.as_ref(),
            Self::VoteInteraction(_) | Self::MultipleInteraction(_) => None,
        }
    }

    /// Whether presses on it come back, so that sending it yields a `response_code` and needs a
    /// callback URL.
    pub fn is_interactive(&self) -> bool {
        match self {
            Self::TextNotice(_) | Self::NewsNotice(_) => self.action_menu().is_some(),
            Self::ButtonInteraction(_)
            | Self::VoteInteraction(_)
            | Self::MultipleInteraction(_) => true,
        }
    }
}

#[cfg(test)]
mod tests;
