//! Presses on template cards.

use super::fields::Fields;

/// A press on a card. A double press makes two events that differ in their response code, so what
/// follows must be harmless when done twice.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CardClick {
    /// The pressed button's key, or the submit button's.
    pub event_key: String,
    /// The `task_id` that the card was sent with.
    pub task_id: String,
    /// The card's type, such as `button_interaction`.
    pub card_type: String,
    /// Lets `update_template_card` change the card once, for 72 hours. Empty for bots.
    pub response_code: String,
    /// What was chosen, question by question.
    pub selected: Vec<Selected>,
}

/// What was chosen for one question of a card.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Selected {
    /// The question.
    pub question_key: String,
    /// The chosen options.
    pub option_ids: Vec<String>,
}

impl CardClick {
    pub(super) fn read(from: Fields<'_>) -> Self {
        Self {
            event_key: from.text("EventKey"),
            task_id: from.text("TaskId"),
            card_type: from.text("CardType"),
            response_code: from.text("ResponseCode"),
            selected: from
                .inside("SelectedItems")
                .each("SelectedItem")
                .map(|item| Selected {
                    question_key: item.text("QuestionKey"),
                    option_ids: options(item),
                })
                .collect(),
        }
    }

    /// The same from a bot's JSON.
    pub(super) fn read_bot(from: Fields<'_>) -> Self {
        Self {
            event_key: from.text("event_key"),
            task_id: from.text("task_id"),
            card_type: from.text("card_type"),
            response_code: from.text("response_code"),
            selected: from
                .inside("selected_items")
                .each("selected_item")
                .map(|item| Selected {
                    question_key: item.text("question_key"),
                    option_ids: item.inside("option_ids").texts("option_id"),
                })
                .collect(),
        }
    }
}

/// The documents once spelled it `OpitonIds`; both are read.
fn options(item: Fields<'_>) -> Vec<String> {
    let mut ids = Vec::new();
    for (list, id) in [("OptionIds", "OptionId"), ("OpitonIds", "OpitonId")] {
        for (outer, inner) in [(list, id), (list, "OptionId"), (list, "OpitonId")] {
            if ids.is_empty() {
                ids = item.inside(outer).texts(inner);
            }
        }
    }
    ids
}
