//! A telephone number and an e-mail address.

use serde_json::Value;

use super::{FieldKind, as_text, refuse};
use crate::{answer::Problem, rules::Type, template::Field, words::Reader};

/// The digits that a number can have anywhere: E.164 allows 15.
const DIGITS: std::ops::RangeInclusive<usize> = 5..=15;
/// The longest e-mail address (RFC 5321, 4.5.3.1).
const EMAIL_MAX: usize = 254;
/// The longest part before its `@`.
const LOCAL_MAX: usize = 64;
/// The longest label of a host name.
const HOST_LABEL_MAX: usize = 63;

pub(crate) struct Phone;
pub(crate) struct Email;

/// A number without what people put between its digits: `+85291234567`, `13800138000`. A Chinese
/// mobile number has no country code, so that one person has one number.
fn phone(text: &str) -> Option<String> {
    let is_between = |c: &char| c.is_whitespace() || "-()（）·．.－—".contains(*c);
    let narrow = |c: char| match c {
        '０'..='９' => char::from_digit(u32::from(c) - u32::from('０'), 10).unwrap_or(c),
        '＋' => '+',
        c => c,
    };
    let number: String = text.chars().filter(|c| !is_between(c)).map(narrow).collect();
    let number = number.strip_prefix("00").map_or(number.clone(), |rest| format!("+{rest}"));
    let is_mobile = |digits: &str| {
        digits.len() == 11
            && digits.starts_with('1')
            && digits.chars().nth(1).is_some_and(|c| ('3'..='9').contains(&c))
    };
    let home = number.strip_prefix("+86").filter(|rest| is_mobile(rest));
    let number = home.unwrap_or(&number);
    let digits = number.strip_prefix('+').unwrap_or(number);
    let is_number = digits.bytes().all(|byte| byte.is_ascii_digit());
    // Eleven digits that begin with a one are a Chinese mobile number or a slip.
    let is_slip = number.len() == 11 && number.starts_with('1') && !is_mobile(number);
    (is_number && DIGITS.contains(&digits.len()) && !is_slip).then(|| number.to_owned())
}

/// An address with its host in lower case.
fn email(text: &str) -> Option<String> {
    let (local, host) = text.split_once('@')?;
    let is_atom = |c: char| c.is_ascii_alphanumeric() || "!#$%&'*+-/=?^_`{|}~.".contains(c);
    let is_local = !local.is_empty()
        && local.len() <= LOCAL_MAX
        && local.chars().all(is_atom)
        && local.split('.').all(|atom| !atom.is_empty());
    let is_label = |label: &str| {
        !label.is_empty()
            && label.len() <= HOST_LABEL_MAX
            && label.chars().all(|c| c.is_ascii_alphanumeric() || c == '-')
            && !label.starts_with('-')
            && !label.ends_with('-')
    };
    let is_host = host.contains('.') && host.split('.').all(is_label);
    let is_email = is_local && is_host && text.len() <= EMAIL_MAX;
    is_email.then(|| format!("{local}@{}", host.to_lowercase()))
}

impl FieldKind for Phone {
    fn name(&self) -> &'static str {
        "phone"
    }

    fn label(&self) -> &'static str {
        "电话"
    }

    fn rule_type(&self) -> Type {
        Type::Text
    }

    fn normalise(&self, field: &Field, value: &Value) -> Result<Value, Vec<Problem>> {
        match phone(as_text(field, value)?) {
            Some(number) => Ok(Value::String(number)),
            None => {
                let detail =
                    format!("{}不是电话号码，请写手机号、带区号的固话或 +国家码", field.label);
                refuse(&field.key, "malformed", detail)
            }
        }
    }

    fn words(&self, _field: &Field, value: &Value, _reader: &Reader) -> String {
        value.as_str().unwrap_or_default().to_owned()
    }
}

impl FieldKind for Email {
    fn name(&self) -> &'static str {
        "email"
    }

    fn label(&self) -> &'static str {
        "邮箱"
    }

    fn rule_type(&self) -> Type {
        Type::Text
    }

    fn normalise(&self, field: &Field, value: &Value) -> Result<Value, Vec<Problem>> {
        match email(as_text(field, value)?.trim()) {
            Some(address) => Ok(Value::String(address)),
            None => {
                let detail = format!("{}不是邮箱地址，例如 name@example.com", field.label);
                refuse(&field.key, "malformed", detail)
            }
        }
    }

    fn words(&self, field: &Field, value: &Value, reader: &Reader) -> String {
        Phone.words(field, value, reader)
    }
}
