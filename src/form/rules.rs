//! Rules: JSONLogic's syntax with strict meaning. A rule is read and typed once, when a template is
//! saved; what passes can later fail on numbers only. The page reckons the same way, word for word
//! (`web/src/form/rules.ts`), and both are held to `tests/golden/rules.json`.
//!
//! | operator | operands | result |
//! |---|---|---|
//! | `var` | a name, and perhaps a constant for the case that there is no answer | the answer |
//! | `and` `or` | one or more truths; no answer is false; the rest is left alone once decided | truth |
//! | `!` `!!` | a truth, text, list or object: is it false or empty, is it neither | truth |
//! | `==` `!=` | two of one type, no lists; no answer equals no answer only | truth |
//! | `<` `<=` `>` `>=` | two (`<` `<=` also three) numbers, dates or times; false without an answer | truth |
//! | `in` | a text in a text, or a number or text in a list; false without an answer | truth |
//! | `+` `*` | two or more numbers; no answer makes no answer, as in the next two | number |
//! | `-` `/` | two numbers, `-` also one | number |
//!
//! Nothing is ever converted: a text is no number, an empty text is no falsehood to `and`. Numbers
//! are exact ([`Ratio`]). A text constant beside a date is that date, if it is written as one.

mod eval;
mod parse;
mod ratio;

#[cfg(test)]
mod tests;

use serde_json::Value;

pub use ratio::Ratio;
pub(crate) use ratio::SCALE_MAX;

/// The deepest nesting of operators.
pub const DEPTH_MAX: usize = 20;
/// The most operators and constants of one rule.
pub const NODES_MAX: usize = 400;
/// The longest text constant, in characters.
pub const TEXT_MAX: usize = 500;

/// What kind of thing an answer or a result is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Type {
    /// Never an answer: the constant `null`.
    Null,
    /// True or false.
    Bool,
    /// An exact number; money is its fen.
    Number,
    /// Text, an id, the value of an option.
    Text,
    /// `2026-11-22`
    Date,
    /// `2026-11-22T07:04:00Z`
    DateTime,
    /// Several texts.
    Texts,
    /// Several numbers; as a constant only.
    Numbers,
    /// Something with parts: `place.lat`. By itself it is there or not.
    Object,
}

impl Type {
    /// The type's name in golden files.
    pub fn name(self) -> &'static str {
        match self {
            Self::Null => "null",
            Self::Bool => "bool",
            Self::Number => "number",
            Self::Text => "text",
            Self::Date => "date",
            Self::DateTime => "datetime",
            Self::Texts => "texts",
            Self::Numbers => "numbers",
            Self::Object => "object",
        }
    }

    /// What people call it.
    fn in_words(self) -> &'static str {
        match self {
            Self::Null => "空值",
            Self::Bool => "是否",
            Self::Number => "数字",
            Self::Text => "文字",
            Self::Date => "日期",
            Self::DateTime => "时间",
            Self::Texts | Self::Numbers => "列表",
            Self::Object => "组合字段",
        }
    }
}

/// A value while a rule is worked out.
#[derive(Clone, Debug, PartialEq)]
pub enum Datum<'a> {
    /// No answer.
    Null,
    /// True or false.
    Bool(bool),
    /// An exact number.
    Number(Ratio),
    /// Text, date or time.
    Text(&'a str),
    /// Several of one type.
    List(Vec<Datum<'a>>),
    /// Something that is there; its parts are variables of their own.
    Object,
}

impl<'a> Datum<'a> {
    /// An answer as a variable of that type.
    ///
    /// # Errors
    /// `type_clash` when it is of another type.
    pub fn read(ty: Type, value: Option<&'a Value>) -> Result<Self, Trap> {
        let Some(value) = value.filter(|value| !value.is_null()) else { return Ok(Self::Null) };
        let datum = match ty {
            Type::Bool => value.as_bool().map(Self::Bool),
            Type::Number => value.as_number().and_then(Ratio::of).map(Self::Number),
            Type::Text | Type::Date | Type::DateTime => value.as_str().map(Self::Text),
            Type::Texts => value.as_array().and_then(|rows| {
                let texts = rows.iter().map(|row| row.as_str().map(Datum::Text));
                texts.collect::<Option<_>>().map(Self::List)
            }),
            Type::Object => value.is_object().then_some(Self::Object),
            Type::Null | Type::Numbers => None,
        };
        datum.ok_or(Trap::TypeClash)
    }

    /// A count of something.
    pub(crate) fn count(many: usize) -> Self {
        let count = i64::try_from(many).ok().and_then(Ratio::whole);
        count.map_or(Datum::Null, Datum::Number)
    }
}

/// Why a rule that was saved could not be worked out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Trap {
    /// Something was divided by zero.
    DivideByZero,
    /// A number left the range.
    Overflow,
    /// An answer is not of its field's type: it was stored under another form.
    TypeClash,
}

impl Trap {
    /// Stable.
    pub fn code(self) -> &'static str {
        match self {
            Self::DivideByZero => "divide_by_zero",
            Self::Overflow => "overflow",
            Self::TypeClash => "type_clash",
        }
    }

    /// What is wrong and the mend, for the user.
    pub(crate) fn detail(self) -> &'static str {
        match self {
            Self::DivideByZero => "计算时除数为零，请检查填写的数字",
            Self::Overflow => "计算结果超出范围，请检查填写的数字",
            Self::TypeClash => "计算所用的答案与字段类型不符，请重新填写",
        }
    }
}

/// Why a rule cannot be saved.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fault {
    /// Stable.
    pub code: &'static str,
    /// Where in the rule: `and[1].==[0].var`.
    pub at: String,
    /// What is wrong and the mend, for the user.
    pub detail: String,
}

/// A variable as a scope knows it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Var<'s> {
    /// By which [`Facts::get`] is asked for its value.
    pub id: usize,
    /// Its type.
    pub ty: Type,
    /// The only values that it can have, if it is a choice.
    pub options: Option<Vec<&'s str>>,
}

/// The variables that a rule may name.
pub trait Scope {
    /// The variable of that name.
    fn find(&self, name: &str) -> Option<Var<'_>>;
}

/// The values of the variables.
pub trait Facts {
    /// The value of the variable with that id of the scope.
    ///
    /// # Errors
    /// Its value cannot be had.
    fn get(&self, id: usize) -> Result<Datum<'_>, Trap>;
}

/// A rule, read and typed.
#[derive(Clone, Debug)]
pub struct Rule {
    node: Node,
    ty: Type,
    vars: Vec<usize>,
}

impl Rule {
    /// Reads a rule.
    ///
    /// # Errors
    /// The first fault in reading order.
    pub fn parse(json: &Value, scope: &dyn Scope) -> Result<Self, Fault> {
        parse::rule(json, scope, None)
    }

    /// Reads a rule whose result must be of that type, or none.
    ///
    /// # Errors
    /// The first fault in reading order.
    pub fn parse_as(json: &Value, scope: &dyn Scope, wanted: Type) -> Result<Self, Fault> {
        parse::rule(json, scope, Some(wanted))
    }

    /// Looks at a rule whose form is not known yet: whether there can be a form that it fits.
    ///
    /// # Errors
    /// The first fault in reading order that no form could mend.
    pub fn check_shape(json: &Value) -> Result<(), Fault> {
        parse::shape(json)
    }

    /// The type of its result.
    pub fn ty(&self) -> Type {
        self.ty
    }

    /// The ids of the variables that it names.
    pub fn vars(&self) -> &[usize] {
        &self.vars
    }

    /// Its result.
    ///
    /// # Errors
    /// The numbers cannot be reckoned with, or an answer is not of its type.
    pub fn eval<'a>(&'a self, facts: &'a dyn Facts) -> Result<Datum<'a>, Trap> {
        self.node.eval(facts)
    }

    /// Whether a condition holds; no answer is no.
    ///
    /// # Errors
    /// As [`Rule::eval`].
    pub fn holds(&self, facts: &dyn Facts) -> Result<bool, Trap> {
        eval::truth(self.eval(facts)?)
    }
}

#[derive(Clone, Debug)]
enum Node {
    Const(Const),
    Var { id: usize, or: Const },
    And(Vec<Node>),
    Or(Vec<Node>),
    Is { there: bool, node: Box<Node> },
    Same { same: bool, pair: Box<(Node, Node)> },
    Ordered(Order, Vec<Node>),
    In(Box<(Node, Node)>),
    Sum(Vec<Node>),
    Product(Vec<Node>),
    Negative(Box<Node>),
    Difference(Box<(Node, Node)>),
    Quotient(Box<(Node, Node)>),
}

#[derive(Clone, Copy, Debug)]
enum Order {
    Less,
    LessOrSame,
    Greater,
    GreaterOrSame,
}

#[derive(Clone, Debug)]
enum Const {
    Null,
    Bool(bool),
    Number(Ratio),
    Text(String),
    List(Vec<Const>),
}

impl Const {
    fn datum(&self) -> Datum<'_> {
        match self {
            Self::Null => Datum::Null,
            Self::Bool(truth) => Datum::Bool(*truth),
            Self::Number(number) => Datum::Number(*number),
            Self::Text(text) => Datum::Text(text),
            Self::List(rows) => Datum::List(rows.iter().map(Self::datum).collect()),
        }
    }
}
