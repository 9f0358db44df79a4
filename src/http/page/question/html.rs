//! The page of a question as HTML. Every text that is not ours passes [`Text`].

use std::fmt::Write as _;

use form::Field;
use kernel::FieldError;
use serde_json::Value;
use ticket::Question;

use super::{
    Page,
    typed::{NOTE, Typed, input, is_files},
};
use crate::page::html::{Text, frame};

/// The stars of a rating, unless its field says otherwise.
const STARS: usize = 5;

/// The fields, each with what was typed and what is wrong with it.
pub(super) fn question(
    page: &Page,
    question: &Question,
    typed: &Typed,
    wrong: &[FieldError],
) -> String {
    let title = "请补充资料";
    let about = match wrong.len() {
        0 => page.ticket.title.clone(),
        _ => "有几处需要改正，您填写的内容都还在".to_owned(),
    };
    let mut parts = String::new();
    if let Some(note) = &question.note {
        let _written = write!(parts, "<p class=\"words\">{}</p>", Text(note));
    }
    for one in wrong.iter().filter(|one| is_elsewhere(one, question)) {
        let _written = write!(parts, "<p class=\"error\" role=\"alert\">{}</p>", Text(&one.detail));
    }
    for field in &question.fields {
        parts += &entry(page, field, typed, wrong);
    }
    let body = format!(
        "{head}<form method=\"post\" enctype=\"multipart/form-data\"><section>{parts}\
         <div class=\"field\"><label for=\"{NOTE}\">留言（选填）</label>\
         <textarea id=\"{NOTE}\" name=\"{NOTE}\" rows=\"2\">{note}</textarea>{trouble}</div>\
         <button type=\"submit\">提交</button></section></form>\
         <footer><p>只有您和为您服务的同事能看到这些内容</p></footer>",
        head = hero("waiting", &page.ticket.no, title, &about),
        note = Text(typed.text(NOTE)),
        trouble = said(NOTE, &of(NOTE, wrong)),
    );
    frame(title, &page.build, &body)
}

/// Whether what is wrong stands at none of the fields that are shown.
fn is_elsewhere(wrong: &FieldError, question: &Question) -> bool {
    let key = wrong.path.strip_prefix("form.").unwrap_or(&wrong.path);
    let key = key.split(['.', '[']).next().unwrap_or_default();
    key != NOTE && !question.fields.iter().any(|field| field.key == key)
}

/// A page for an answer that came.
pub(super) fn answered(page: &Page) -> String {
    told(page, "done", "已收到，谢谢您", "您补充的资料已转给处理人员")
}

/// A page for an answer that was sent a second time.
pub(super) fn repeated(page: &Page) -> String {
    told(
        page,
        "ended",
        "这份资料已经提交过了",
        "这一次的内容没有再提交；如需更正，请联系为您服务的同事",
    )
}

/// A page for a question that nobody waits for any more.
pub(super) fn gone(page: &Page) -> String {
    let advice = if page.ticket.is_ended() {
        "这张工单已经结束，谢谢您的配合"
    } else {
        "处理人员已经有了所需的资料，或另外发来了新的链接"
    };
    told(page, "ended", "不用再填写了", advice)
}

fn told(page: &Page, mood: &str, title: &str, advice: &str) -> String {
    let body = format!(
        "{}<footer><p><a href=\"{}\">查看处理进度</a></p></footer>",
        hero(mood, &page.ticket.no, title, advice),
        Text(&page.progress)
    );
    frame(title, &page.build, &body)
}

fn hero(mood: &str, no: &str, title: &str, about: &str) -> String {
    format!(
        "<header class=\"hero {mood}\"><p class=\"no\">{}</p><h1>{}</h1>\
         <p class=\"about\">{}</p></header>",
        Text(no),
        Text(title),
        Text(about)
    )
}

/// What is wrong with one field.
fn of<'w>(key: &str, wrong: &'w [FieldError]) -> Vec<&'w str> {
    let is_its = |one: &&FieldError| {
        let path = one.path.strip_prefix("form.").unwrap_or(&one.path);
        path.split(['.', '[']).next() == Some(key)
    };
    wrong.iter().filter(is_its).map(|one| one.detail.as_str()).collect()
}

fn said(key: &str, wrong: &[&str]) -> String {
    if wrong.is_empty() {
        return String::new();
    }
    format!("<p class=\"error\" id=\"error-{key}\" role=\"alert\">{}</p>", Text(&wrong.join("；")))
}

/// One field: its label, its input, its help, what is wrong with it.
fn entry(page: &Page, field: &Field, typed: &Typed, wrong: &[FieldError]) -> String {
    let wrong = of(&field.key, wrong);
    let must = if field.required { "<b>必填</b>" } else { "" };
    let help = match field.help.is_empty() {
        true => String::new(),
        false => format!("<p class=\"help\">{}</p>", Text(&field.help)),
    };
    let trouble = said(&field.key, &wrong);
    let label = Text(&field.label);
    let marks = match wrong.is_empty() {
        true => String::new(),
        false => format!(" aria-invalid=\"true\" aria-describedby=\"error-{}\"", field.key),
    };
    let unit = match field.kind.as_str() {
        "money" => "（元）".to_owned(),
        _ if field.unit.is_empty() => String::new(),
        _ => format!("（{}）", Text(&field.unit)),
    };
    match field.kind.as_str() {
        "multi_select" | "date_range" | "address" => format!(
            "<fieldset class=\"field\"{marks}><legend>{label}{must}</legend>{}{help}{trouble}\
             </fieldset>",
            several(field, typed)
        ),
        _ if is_files(field) => format!(
            "<fieldset class=\"field\"{marks}><legend>{label}{must}</legend>{}{help}{trouble}\
             </fieldset>",
            files(page, field, typed)
        ),
        "switch" => {
            let name = input(field, "");
            let on = if typed.text(&name).is_empty() { "" } else { " checked" };
            format!(
                "<div class=\"field\"><label class=\"tick\"><input type=\"checkbox\" \
                 name=\"{name}\" value=\"on\"{on}{marks}>{label}</label>{help}{trouble}</div>"
            )
        }
        _ => format!(
            "<div class=\"field\"><label for=\"{name}\">{label}{unit}{must}</label>{}{help}\
             {trouble}</div>",
            one(field, typed, &marks),
            name = input(field, "")
        ),
    }
}

/// The input of a field that has one.
fn one(field: &Field, typed: &Typed, marks: &str) -> String {
    let name = input(field, "");
    let text = typed.text(&name);
    let must = if field.required { " required" } else { "" };
    let common = format!("id=\"{name}\" name=\"{name}\"{must}{marks}");
    let kind = match field.kind.as_str() {
        "textarea" => {
            return format!("<textarea {common} rows=\"4\">{}</textarea>", Text(text));
        }
        "single_select" => {
            let options =
                field.options.iter().map(|one| (one.value.clone(), one.label.to_string()));
            return select(&common, text, options);
        }
        "rating" => {
            let stars = 1..=field.max.unwrap_or(STARS);
            return select(&common, text, stars.map(|n| (n.to_string(), format!("{n} 星"))));
        }
        "number" | "money" => "type=\"text\" inputmode=\"decimal\"",
        "phone" => "type=\"tel\" autocomplete=\"tel\"",
        "email" => "type=\"email\" autocomplete=\"email\"",
        "date" => "type=\"date\"",
        "datetime" => "type=\"datetime-local\"",
        _ => "type=\"text\"",
    };
    format!("<input {kind} {common} value=\"{}\">", Text(text))
}

fn select(common: &str, chosen: &str, options: impl Iterator<Item = (String, String)>) -> String {
    let mut all = String::from("<option value=\"\">请选择</option>");
    for (value, label) in options {
        let mark = if value == chosen { " selected" } else { "" };
        let (value, label) = (Text(&value), Text(&label));
        let _written = write!(all, "<option value=\"{value}\"{mark}>{label}</option>");
    }
    format!("<select {common}>{all}</select>")
}

/// The inputs of a field that has several.
fn several(field: &Field, typed: &Typed) -> String {
    if field.kind == "date_range" {
        let day = |part: &str, label: &str| {
            let name = input(field, part);
            format!(
                "<label class=\"half\">{label}<input type=\"date\" name=\"{name}\" value=\"{}\">\
                 </label>",
                Text(typed.text(&name))
            )
        };
        return day(".start", "从") + &day(".end", "到");
    }
    if field.kind == "address" {
        let line = |part: &str, label: &str| {
            let name = input(field, part);
            format!(
                "<label class=\"line\">{label}<input type=\"text\" name=\"{name}\" value=\"{}\">\
                 </label>",
                Text(typed.text(&name))
            )
        };
        return line(".region", "省 市 区（用空格分开）") + &line(".detail", "详细地址");
    }
    let name = input(field, "");
    let tick = |one: &form::Choice| {
        let on = if typed.has(&name, &one.value) { " checked" } else { "" };
        format!(
            "<label class=\"tick\"><input type=\"checkbox\" name=\"{name}\" value=\"{}\"{on}>{}\
             </label>",
            Text(&one.value),
            Text(&one.label)
        )
    };
    field.options.iter().map(tick).collect()
}

/// The files that are there, each of which can be left out, and the input for more. A browser does
/// not keep the files that were chosen when the page comes again.
fn files(page: &Page, field: &Field, typed: &Typed) -> String {
    let keep = input(field, ".keep");
    let is_its = |id: &str| {
        let ticket = page.ticket.form.get(&field.key).and_then(Value::as_array);
        ticket.into_iter().flatten().any(|one| one.as_str() == Some(id))
    };
    let mut parts = String::new();
    for file in page.files.iter().filter(|file| is_its(&file.id.to_string())) {
        let id = file.id.to_string();
        let on = if typed.has(&keep, &id) { " checked" } else { "" };
        let _written = write!(
            parts,
            "<label class=\"tick\"><input type=\"checkbox\" name=\"{keep}\" value=\"{id}\"{on}>\
             {}（保留）</label>",
            Text(&file.name)
        );
    }
    if !typed.files.is_empty() {
        parts += "<p class=\"help\">请重新选择要上传的文件</p>";
    }
    let accept = if field.kind == "images" { " accept=\"image/*\"" } else { "" };
    let (name, label) = (input(field, ""), Text(&field.label));
    parts
        + &format!("<input type=\"file\" name=\"{name}\" multiple{accept} aria-label=\"{label}\">")
}
