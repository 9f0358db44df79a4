//! The settings of a field, so that a designer can offer, and a publication can demand, exactly
//! those that its type reads.

use crate::template::{Field, Reads};

/// A setting that some types read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Setting {
    /// The fewest characters, rows, choices or files.
    Min,
    /// The most characters, rows, choices, files or stars.
    Max,
    /// The least number, or the first date.
    Lowest,
    /// The greatest number, or the last date.
    Highest,
    /// How many digits a number has after the point.
    Scale,
    /// The unit of a number.
    Unit,
    /// The options of a choice.
    Options,
    /// The options of a cascade.
    Tree,
    /// Whether a cascade may stop above its last level.
    AnyLevel,
    /// The columns of a table.
    Columns,
    /// The text of a description.
    Content,
    /// The rule of a formula.
    Formula,
    /// How the number of a formula is read.
    Reads,
    /// The beginning of a serial number.
    Prefix,
    /// The options that rules leave.
    Filter,
}

impl Setting {
    /// Every setting.
    pub const ALL: &[Self] = &[
        Self::Min,
        Self::Max,
        Self::Lowest,
        Self::Highest,
        Self::Scale,
        Self::Unit,
        Self::Options,
        Self::Tree,
        Self::AnyLevel,
        Self::Columns,
        Self::Content,
        Self::Formula,
        Self::Reads,
        Self::Prefix,
        Self::Filter,
    ];

    /// Where it stands in a field.
    pub fn name(self) -> &'static str {
        match self {
            Self::Min => "min",
            Self::Max => "max",
            Self::Lowest => "lowest",
            Self::Highest => "highest",
            Self::Scale => "scale",
            Self::Unit => "unit",
            Self::Options => "options",
            Self::Tree => "tree",
            Self::AnyLevel => "any_level",
            Self::Columns => "columns",
            Self::Content => "content",
            Self::Formula => "formula",
            Self::Reads => "reads",
            Self::Prefix => "prefix",
            Self::Filter => "rules.filter",
        }
    }

    /// Whether a field has it.
    pub(crate) fn is_on(self, field: &Field) -> bool {
        match self {
            Self::Min => field.min.is_some(),
            Self::Max => field.max.is_some(),
            Self::Lowest => field.lowest.is_some(),
            Self::Highest => field.highest.is_some(),
            Self::Scale => field.scale.is_some(),
            Self::Unit => !field.unit.is_empty(),
            Self::Options => !field.options.is_empty(),
            Self::Tree => !field.tree.is_empty(),
            Self::AnyLevel => field.any_level,
            Self::Columns => !field.columns.is_empty(),
            Self::Content => !field.content.is_empty(),
            Self::Formula => field.formula.is_some(),
            Self::Reads => field.reads != Reads::Number,
            Self::Prefix => !field.prefix.is_empty(),
            Self::Filter => !field.rules.filter.is_empty(),
        }
    }
}
