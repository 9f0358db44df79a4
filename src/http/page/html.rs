//! The progress page as HTML. Every text that is not ours passes [`Text`].

mod own;

use std::fmt::{self, Write as _};

use files::File;
use flow::StepState;
use kernel::Timestamp;
use serde_json::Value;
use ticket::Status;

use super::Progress;

/// A text as it may stand in an element or in a quoted attribute.
pub(super) struct Text<'a>(pub(super) &'a str);

impl fmt::Display for Text<'_> {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        for c in self.0.chars() {
            match c {
                '&' => out.write_str("&amp;")?,
                '<' => out.write_str("&lt;")?,
                '>' => out.write_str("&gt;")?,
                '"' => out.write_str("&quot;")?,
                '\'' => out.write_str("&#39;")?,
                _ => out.write_char(c)?,
            }
        }
        Ok(())
    }
}

/// The whole page.
pub(super) fn progress(page: &Progress) -> String {
    let ticket = &page.ticket;
    let head = format!(
        "<header class=\"hero {mood}\"><p class=\"no\">{no}</p><h1>{sentence}</h1>\
         <p class=\"about\">{title}</p>{promise}</header>",
        mood = mood(page),
        no = Text(&ticket.no),
        sentence = Text(&sentence(page)),
        title = Text(&ticket.title),
        promise = own::promise(page),
    );
    let (before, after) = (own::before(page), own::after(page));
    let parts = [head, before, steps(page), request(page), after, history(page)].concat();
    let parts = parts + &own::last(page);
    let title = format!("{} · {}", ticket.no, ticket.status.label());
    if page.own.is_none() {
        let foot = "<footer><p>本页随进度更新，刷新即可查看最新情况</p></footer>";
        return frame(&title, &page.build, &(parts + foot));
    }
    let news = "<p id=\"news\" role=\"status\" aria-live=\"polite\" hidden>\
                <a href=\"?\">有新进展，点此查看</a></p>";
    let script =
        format!("<script src=\"/static/progress.js?v={}\" defer></script>", Text(&page.build));
    let about = format!(
        "<div id=\"live\" data-since=\"/t/{}/since\" data-version=\"{}\"></div>",
        Text(&page.signed),
        ticket.version
    );
    let foot = "<footer><p>链接只给您本人使用，请不要转发给别人</p></footer>";
    frame(&title, &page.build, &[news.to_owned(), parts, foot.to_owned(), about, script].concat())
}

/// A page that says why there is none.
pub(super) fn refusal(title: &str, advice: &str, request_id: &str) -> String {
    notice(title, advice, None, request_id)
}

/// A page that says why there is none, and where to go: the words of a button and its address.
pub(crate) fn notice(
    title: &str,
    advice: &str,
    button: Option<&(&str, String)>,
    request_id: &str,
) -> String {
    let button = button.map(|(words, to)| {
        format!("<section><a class=\"next\" href=\"{}\">{}</a></section>", Text(to), Text(words))
    });
    let body = format!(
        "<header class=\"hero ended\"><h1>{}</h1><p class=\"about\">{}</p></header>{}\
         <footer><p>请求编号 {}</p></footer>",
        Text(title),
        Text(advice),
        button.unwrap_or_default(),
        Text(request_id)
    );
    frame(title, "", &body)
}

pub(super) fn frame(title: &str, build: &str, body: &str) -> String {
    format!(
        "<!doctype html><html lang=\"zh-CN\"><head><meta charset=\"utf-8\">\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1, viewport-fit=cover\">\
         <meta name=\"color-scheme\" content=\"light dark\">\
         <meta name=\"format-detection\" content=\"telephone=no\">\
         <title>{}</title><link rel=\"icon\" href=\"/static/icon.svg\">\
         <link rel=\"stylesheet\" href=\"/static/progress.css?v={}\"></head>\
         <body><main>{body}</main></body></html>",
        Text(title),
        Text(build),
    )
}

fn mood(page: &Progress) -> &'static str {
    match page.ticket.status {
        Status::Open if page.own.as_ref().is_some_and(|own| own.question.is_some()) => "waiting",
        Status::Open => "open",
        Status::Suspended => "waiting",
        Status::Closed => "done",
        Status::Cancelled => "ended",
    }
}

/// Where it stands, as one would say it.
fn sentence(page: &Progress) -> String {
    let ticket = &page.ticket;
    let is_solved = ticket.verdict.map(|verdict| verdict.is_solved);
    match ticket.status {
        Status::Closed if is_solved == Some(true) => "已经解决，谢谢您的确认".to_owned(),
        Status::Closed => "已处理完成".to_owned(),
        Status::Cancelled => "已取消".to_owned(),
        Status::Suspended => "暂停处理，稍后继续".to_owned(),
        Status::Open => open_sentence(page, is_solved),
    }
}

fn open_sentence(page: &Progress, is_solved: Option<bool>) -> String {
    if page.own.as_ref().is_some_and(|own| own.question.is_some()) {
        return "需要您补充资料".to_owned();
    }
    if page.own.as_ref().is_some_and(|own| own.asks_solved) && is_solved != Some(true) {
        return "处理完毕，请您确认".to_owned();
    }
    let mut open = page.ticket.open_tasks();
    let task = match page.own {
        Some(_) => super::current(&page.ticket, &page.template),
        None => open.next(),
    };
    match task.map(|task| task.owner.as_deref()) {
        Some(Some(owner)) => format!("{} 正在处理", name(page, owner)),
        Some(None) if is_solved == Some(false) => "收到您的反馈，正在重新安排".to_owned(),
        Some(None) => "已收到，等待处理人接单".to_owned(),
        None if page.ticket.open_tasks().next().is_some() => "正在处理".to_owned(),
        None => "已收到，正在安排处理人".to_owned(),
    }
}

/// What a member is called. A customer is told no userid.
fn name<'p>(page: &'p Progress, userid: &'p str) -> &'p str {
    let unknown = if page.own.is_some() { "同事" } else { userid };
    page.names.get(userid).map_or(unknown, String::as_str)
}

fn time(page: &Progress, at: Timestamp) -> String {
    let said = super::when::said(at, page.now, page.zone_minutes);
    format!("<time datetime=\"{at}\">{said}</time>")
}

/// The way: when it came, each step that this reader may know of, how it ended.
fn steps(page: &Progress) -> String {
    let ticket = &page.ticket;
    let mut list = String::new();
    let mut item = |state: &str, title: &str, note: String| {
        let now = if state == "now" { " aria-current=\"step\"" } else { "" };
        let title = Text(title);
        // Writing to a String cannot fail.
        let _written =
            write!(list, "<li class=\"{state}\"{now}><strong>{title}</strong>{note}</li>");
    };
    item("past", "已提交", format!("<span>{}</span>", time(page, ticket.created_at)));
    for run in &ticket.flow.steps {
        let step = page.template.flow.step(&run.key);
        let public = step.and_then(|step| step.public_name.as_deref());
        let own = step.map(|step| step.name.as_str()).filter(|_name| page.own.is_none());
        let Some(title) = public.or(own) else { continue };
        let (state, words) = match run.state {
            StepState::Waiting => ("later", ""),
            StepState::Open | StepState::Held => ("now", ""),
            StepState::Done => ("past", "已完成"),
            StepState::Cancelled => ("past", "已取消"),
            StepState::Skipped => continue,
        };
        item(state, title, step_note(page, run, words));
    }
    if ticket.is_ended() {
        let at = ticket.closed_at.unwrap_or(ticket.updated_at);
        item("past", ticket.status.label(), format!("<span>{}</span>", time(page, at)));
    }
    format!("<section aria-label=\"进度\"><ol class=\"steps\">{list}</ol></section>")
}

/// Who does a step, and since or until when.
fn step_note(page: &Progress, run: &flow::StepRun, words: &str) -> String {
    let tasks = page.ticket.tasks.iter().rev();
    let task = tasks.into_iter().find(|task| task.step == run.key && task.round == run.round);
    let owner = run.owner().or_else(|| task.and_then(|task| task.owner.as_deref()));
    let who = owner.map(|userid| format!("处理人 {}", name(page, userid)));
    let who = match (who, run.state) {
        (Some(who), _) => who,
        (None, StepState::Open) => "等待接单".to_owned(),
        (None, StepState::Held) => "正在安排处理人".to_owned(),
        (None, _) => words.to_owned(),
    };
    let at = task.map(|task| time(page, task.closed_at.unwrap_or(task.opened_at)));
    format!("<span>{} {}</span>", Text(&who), at.unwrap_or_default())
}

/// What was asked for: the description, the place, the pictures.
fn request(page: &Progress) -> String {
    let form = &page.ticket.form;
    let mut parts = String::new();
    if let Some(text) = form.get("description").and_then(Value::as_str) {
        let _written = write!(parts, "<p class=\"words\">{}</p>", Text(text));
    }
    let place = form.get("location").and_then(|place| place.get("label")).and_then(Value::as_str);
    if let Some(label) = place.filter(|label| !label.is_empty()) {
        let _written = write!(parts, "<p class=\"place\">{}</p>", Text(label));
    }
    let (pictures, others): (Vec<_>, Vec<_>) =
        page.files.iter().partition(|file| files::disposition(file).starts_with("inline"));
    if !pictures.is_empty() {
        let pictures: String = pictures.iter().map(|file| picture(page, file)).collect();
        let _written = write!(parts, "<ul class=\"pictures\">{pictures}</ul>");
    }
    for file in others {
        let (address, name) = (address(page, file), Text(&file.name));
        let _written = write!(parts, "<p class=\"file\"><a href=\"{address}\">{name}</a></p>");
    }
    if parts.is_empty() {
        return String::new();
    }
    format!("<section><h2>诉求内容</h2>{parts}</section>")
}

fn picture(page: &Progress, file: &File) -> String {
    let (address, name) = (address(page, file), Text(&file.name));
    format!(
        "<li><a href=\"{address}\"><img src=\"{address}\" alt=\"{name}\" loading=\"lazy\"></a></li>"
    )
}

fn address(page: &Progress, file: &File) -> String {
    format!("/t/{}/files/{}", Text(&page.signed), file.id)
}

/// The latest lines of its history.
fn history(page: &Progress) -> String {
    let line =
        |line: &super::Line| format!("<li><p>{}</p>{}</li>", Text(&line.text), time(page, line.at));
    let lines: String = page.lines.iter().map(line).collect();
    format!("<section><h2>最新动态</h2><ol class=\"history\">{lines}</ol></section>")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_text_becomes_markup() {
        let nasty = "<img src=x onerror=\"a('b')\">&amp;";
        let safe = Text(nasty).to_string();
        assert_eq!(safe, "&lt;img src=x onerror=&quot;a(&#39;b&#39;)&quot;&gt;&amp;amp;");
    }
}
