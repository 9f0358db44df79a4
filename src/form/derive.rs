//! What other things take from a form's answers: the fields of another ticket, what a request to
//! another system carries, a title. A value is `{"var": "field"}` for a whole answer of any type,
//! another rule, or a constant; a text may name fields as `{{field}}`, which stand for their words.

use serde_json::{Map, Value};

use crate::{
    answer::{Answers, Problem},
    check::stored,
    compile::Compiled,
    fields::kind_of,
    rules::{Fault, Rule, SCALE_MAX, Trap},
    template::Field,
    words::Reader,
};

/// The longest text with fields in it, in characters.
const TEXT_MAX: usize = 5_000;

/// A piece of a text with fields in it.
enum Piece<'t> {
    Words(&'t str),
    Field(&'t str),
}

/// The pieces of a text; what is opened and not closed is words.
fn pieces(text: &str) -> Vec<Piece<'_>> {
    let (mut rest, mut found) = (text, Vec::new());
    while let Some((before, after)) = rest.split_once("{{") {
        let Some((key, behind)) = after.split_once("}}") else { break };
        found.extend([Piece::Words(before), Piece::Field(key.trim())]);
        rest = behind;
    }
    found.push(Piece::Words(rest));
    found
}

impl Compiled {
    /// The field that a value takes as a whole.
    fn whole(&self, value: &Value) -> Option<&Field> {
        let map = value.as_object().filter(|map| map.len() == 1)?;
        self.form().field(map.get("var")?.as_str()?)
    }

    /// Everything that forbids values by name, with paths below `path`.
    pub fn derive_problems(&self, path: &str, values: &Map<String, Value>) -> Vec<Problem> {
        let problem = |(key, value): (&String, &Value)| {
            Some(self.derive_problem(value)?.below(&format!("{path}.{key}")))
        };
        values.iter().filter_map(problem).collect()
    }

    /// What forbids such a value.
    pub fn derive_problem(&self, value: &Value) -> Option<Problem> {
        match value {
            Value::Object(_) if self.whole(value).is_some() => None,
            Value::Object(_) => Rule::parse(value, self.scope()).err().map(problem),
            Value::String(text) => self.text_problem(text),
            _constant => None,
        }
    }

    /// What forbids a text with fields in it.
    pub fn text_problem(&self, text: &str) -> Option<Problem> {
        if text.chars().count() > TEXT_MAX {
            return Some(Problem::new("", "too_long", format!("最多 {TEXT_MAX} 个字")));
        }
        let unknown = pieces(text).into_iter().find_map(|piece| match piece {
            Piece::Field(key) if self.form().field(key).is_none() => Some(key),
            _ => None,
        })?;
        let unknown = kernel::text::cut_chars(unknown, 40);
        let detail = format!("文字里的字段 {unknown} 不在表单中，请改正");
        Some(Problem::new("", "unknown_field", detail))
    }

    /// The values by name, taken from stored answers; without those that are nothing.
    ///
    /// # Errors
    /// What could not be reckoned.
    pub fn derive(
        &self,
        values: &Map<String, Value>,
        answers: &Answers,
    ) -> Result<Answers, Problem> {
        let mut derived = Answers::new();
        for (key, value) in values {
            let value = self.derive_one(value, answers).map_err(|one| one.below(key))?;
            if !value.is_null() {
                derived.insert(key.clone(), value);
            }
        }
        Ok(derived)
    }

    /// One value, taken from stored answers; null when it is nothing.
    ///
    /// # Errors
    /// It could not be reckoned.
    pub fn derive_one(&self, value: &Value, answers: &Answers) -> Result<Value, Problem> {
        if let Some(field) = self.whole(value) {
            return Ok(answers.get(&field.key).cloned().unwrap_or_default());
        }
        match value {
            Value::Object(_) => {
                let rule = Rule::parse(value, self.scope()).map_err(problem)?;
                let facts = self.facts(answers);
                let datum = rule.eval(&facts).and_then(|datum| stored(datum, SCALE_MAX));
                datum
                    .map(Option::unwrap_or_default)
                    .map_err(|trap: Trap| Problem::new("", trap.code(), trap.detail()))
            }
            Value::String(text) => Ok(Value::String(self.text(text, answers))),
            constant => Ok(constant.clone()),
        }
    }

    /// A text with the words of the answers that it names.
    pub fn text(&self, text: &str, answers: &Answers) -> String {
        let words = |key: &str| {
            let field = self.form().field(key)?;
            let kind = kind_of(&field.kind)?;
            Some(kind.words(field, answers.get(key)?, &Reader::default()))
        };
        let said = |piece| match piece {
            Piece::Words(words) => words.to_owned(),
            Piece::Field(key) => words(key).unwrap_or_default(),
        };
        pieces(text).into_iter().map(said).collect()
    }
}

fn problem(fault: Fault) -> Problem {
    Problem::new(fault.at, fault.code, fault.detail)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::Form;

    fn form() -> Compiled {
        let form: Form = serde_json::from_value(json!({ "fields": [
            { "key": "model", "kind": "text", "label": "型号" },
            { "key": "fee", "kind": "money", "label": "费用" },
            { "key": "place", "kind": "address", "label": "地址" },
        ] }))
        .unwrap();
        Compiled::new(&form).unwrap()
    }

    #[test]
    fn whole_answers_rules_and_texts_are_taken() {
        let place = json!({ "region": ["广东省", "广州市"], "detail": "1 号" });
        let answers = json!({ "model": "X1", "fee": 1_250, "place": place });
        let values = json!({
            "address": { "var": "place" }, "double": { "*": [{ "var": "fee" }, 2] },
            "region": { "var": "place.region" }, "title": "{{model}} 收费 {{fee}}，{{ place }}",
            "fixed": 3, "none": { "var": ["place.detail", "?"] }, "open": "{{model",
        });
        let (answers, values) = (answers.as_object().unwrap(), values.as_object().unwrap());
        assert_eq!(form().derive_problems("form", values), []);
        let derived = form().derive(values, answers).unwrap();
        let expected = json!({ "address": place, "double": 2_500, "region": ["广东省", "广州市"],
            "title": "X1 收费 ¥12.50，广东省广州市 1 号", "fixed": 3, "none": "1 号", "open": "{{model" });
        assert_eq!(Value::Object(derived), expected);
        let nothing = form().derive(values, &Answers::new()).unwrap();
        assert_eq!(nothing["title"], " 收费 ，");
        assert_eq!((nothing.get("address"), nothing.get("double")), (None, None));
    }

    #[test]
    fn what_is_not_in_the_form_is_told_with_its_place() {
        let values = json!({ "a": { "var": "colour" }, "b": "{{colour}}", "c": { "xor": [1] } });
        let told = form().derive_problems("form", values.as_object().unwrap());
        let told: Vec<_> = told.iter().map(|one| (one.path.as_str(), one.code)).collect();
        assert_eq!(
            told,
            [
                ("form.a.var", "unknown_field"),
                ("form.b", "unknown_field"),
                ("form.c.xor", "unknown_operator"),
            ]
        );
    }
}
