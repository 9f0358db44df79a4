//! What only the customer's own page has: what he can expect, whom he can call, and the forms with
//! which he answers. They work without script.

use kernel::text;
use notify::customer::{Preference, Quiet, Stage};
use ticket::{Status, Survey};

use super::{Progress, Text};
use crate::page::{
    Own, Said,
    take::Deed,
    when::{self, Promise},
};

/// The reasons that can be chosen, unless the template has its own.
const REASONS: [&str; 6] = ["响应及时", "服务专业", "态度友好", "等待太久", "没有解决", "沟通不清"];
/// What the stars mean, from one to five.
const STARS: [&str; 5] = ["很不满意", "不满意", "一般", "满意", "非常满意"];
/// The hours of peace that are proposed.
const QUIET: Quiet = Quiet { from: 22 * 60, to: 8 * 60 };
/// The most photos of one reply.
const PHOTOS: &str = "image/*";

/// By when it will be done, as part of the head.
pub(super) fn promise(page: &Progress) -> String {
    let Some(own) = &page.own else { return String::new() };
    match &own.promise {
        Promise::None => String::new(),
        Promise::Late => "<p class=\"promise\">比预计的时间晚了，我们正在加紧处理</p>".to_owned(),
        Promise::By(at, step) => {
            let at = when::said(*at, page.now, page.zone_minutes);
            let step = step.as_deref().map(|name| format!("完成「{name}」")).unwrap_or_default();
            format!("<p class=\"promise\">预计{}前{}</p>", Text(&at), Text(&step))
        }
    }
}

/// What is most pressing: what came of the last form, what he is asked, whom he can call.
pub(super) fn before(page: &Progress) -> String {
    let Some(own) = &page.own else { return String::new() };
    let parts = [done(own), question(own), solved(page, own), survey(page, own), engineer(own)];
    parts.concat()
}

/// What he can say.
pub(super) fn after(page: &Progress) -> String {
    page.own.as_ref().map(|own| reply(page, own)).unwrap_or_default()
}

/// What he wants to hear.
pub(super) fn last(page: &Progress) -> String {
    page.own.as_ref().map(|own| preference(page, own)).unwrap_or_default()
}

/// What came of the form that was sent last.
fn done(own: &Own) -> String {
    let is_shown = |deed: Deed| match deed {
        Deed::Verdict => own.asks_solved,
        Deed::Rating => matches!(own.survey, Survey::Asked | Survey::Editable { .. }),
        Deed::Reply | Deed::Preference => true,
    };
    // What is wrong with a form that is not there any more is said in its place.
    if let Some((deed, words)) = &own.said.wrong
        && !is_shown(*deed)
    {
        return format!("<p class=\"told bad\" role=\"alert\">{}</p>", Text(words));
    }
    let words = match own.said.done.as_deref() {
        Some("reply") => "您的留言已送达，处理人员会看到",
        Some("confirm") => "谢谢您的确认",
        Some("deny") => "已收到您的反馈，我们会继续处理",
        Some("rate") => "感谢您的评价",
        Some("preference") => "通知设置已保存",
        Some("off") => "已退订，您不会再收到这张工单的通知",
        _ => return String::new(),
    };
    format!("<p class=\"told\" id=\"done\" role=\"status\">{words}</p>")
}

fn question(own: &Own) -> String {
    let Some(url) = &own.question else { return String::new() };
    format!(
        "<section class=\"ask\"><h2>请补充资料</h2><p>处理人员需要您再提供一些信息，提交后继续为您处理。</p>\
         <p><a class=\"button\" href=\"{}\">去填写</a></p></section>",
        Text(url)
    )
}

/// A form of the page: where it goes, the key that makes it count once, what is wrong with it.
fn form(page: &Progress, own: &Own, deed: Deed, inner: &str) -> String {
    let wrong = match &own.said.wrong {
        Some((refused, words)) if *refused == deed => {
            format!("<p class=\"error\" role=\"alert\" id=\"wrong\">{}</p>", Text(words))
        }
        _ => String::new(),
    };
    format!(
        "<form method=\"post\" action=\"/t/{}/{}\" enctype=\"multipart/form-data\">\
         <input type=\"hidden\" name=\"key\" value=\"{}\">{wrong}{inner}</form>",
        Text(&page.signed),
        deed.word(),
        Text(&own.key)
    )
}

/// What was written into a form that was refused.
fn typed(said: &Said, deed: Deed) -> &str {
    match &said.wrong {
        Some((refused, _words)) if *refused == deed => &said.text,
        _ => "",
    }
}

/// Whether it is solved.
fn solved(page: &Progress, own: &Own) -> String {
    if !own.asks_solved {
        return String::new();
    }
    let is_confirmed = page.ticket.verdict.is_some_and(|verdict| verdict.is_solved);
    let text = Text(typed(&own.said, Deed::Verdict));
    let no = format!(
        "<details{open}><summary>{ask}</summary><label for=\"why\">哪里没有解决？（选填）</label>\
         <textarea id=\"why\" name=\"text\" rows=\"3\" maxlength=\"500\">{text}</textarea>\
         <button class=\"plain\" name=\"solved\" value=\"no\">没有解决，请继续处理</button></details>",
        open = if own.said.wrong.is_some() { " open" } else { "" },
        ask = if is_confirmed { "又出现问题了？" } else { "没有解决" },
    );
    if is_confirmed {
        let inner = form(page, own, Deed::Verdict, &no);
        return format!("<section class=\"ask quiet\">{inner}</section>");
    }
    let yes = "<button name=\"solved\" value=\"yes\">已经解决</button>".to_owned();
    let inner = form(page, own, Deed::Verdict, &(yes + &no));
    let is_done = page.ticket.status == Status::Closed;
    let title = if is_done { "问题解决了吗？" } else { "请确认问题是否解决" };
    format!("<section class=\"ask\"><h2>{title}</h2>{inner}</section>")
}

/// What he thought of it: one tap on a star is an answer; reasons and words can follow.
fn survey(page: &Progress, own: &Own) -> String {
    let rating = page.ticket.rating.as_ref();
    match (own.survey, rating) {
        (Survey::Asked, _) => {
            let star = |n: usize, meaning: &&str| {
                format!(
                    "<button class=\"star\" name=\"stars\" value=\"{n}\" aria-label=\"{n} 星，{meaning}\">\
                     <span aria-hidden=\"true\">★</span><small>{meaning}</small></button>"
                )
            };
            let stars = STARS.iter().enumerate().map(|(at, meaning)| star(at + 1, meaning));
            let stars: String = stars.collect();
            let inner = format!("<div class=\"stars\">{stars}</div>");
            let inner = form(page, own, Deed::Rating, &inner);
            format!("<section class=\"ask\"><h2>这次服务您满意吗？</h2>{inner}</section>")
        }
        (Survey::Editable { until }, Some(rating)) => {
            let inner = form(page, own, Deed::Rating, &details(page, rating));
            let until = when::said(until, page.now, page.zone_minutes);
            format!(
                "<section class=\"ask\"><h2>您评价了 {}</h2>{inner}\
                 <p class=\"help\">{until} 前可以修改</p></section>",
                shown(rating.stars)
            )
        }
        (Survey::Answered, Some(rating)) => {
            format!("<section class=\"quiet\"><h2>您评价了 {}</h2></section>", shown(rating.stars))
        }
        _ => String::new(),
    }
}

fn shown(stars: u8) -> String {
    let full = "★".repeat(usize::from(stars));
    let empty = "☆".repeat(5usize.saturating_sub(usize::from(stars)));
    format!("<span class=\"rated\" role=\"img\" aria-label=\"{stars} 星\">{full}{empty}</span>")
}

/// The reasons, the words, and the stars once more, to change one's mind.
fn details(page: &Progress, rating: &ticket::Rating) -> String {
    let own = &page.template.customer.reasons;
    let reasons: Vec<&str> = match own.as_slice() {
        [] => REASONS.to_vec(),
        own => own.iter().map(String::as_str).collect(),
    };
    let chip = |reason: &&str| {
        let on = if rating.reasons.iter().any(|one| one == reason) { " checked" } else { "" };
        let reason = Text(reason);
        format!(
            "<label class=\"chip\"><input type=\"checkbox\" name=\"reason\" value=\"{reason}\"{on}>\
             <span>{reason}</span></label>"
        )
    };
    let chips: String = reasons.iter().map(chip).collect();
    let star = |n: usize| {
        let on = if usize::from(rating.stars) == n { " checked" } else { "" };
        format!(
            "<label class=\"chip\"><input type=\"radio\" name=\"stars\" value=\"{n}\"{on}>\
             <span>{n} 星</span></label>"
        )
    };
    let stars: String = (1..=STARS.len()).map(star).collect();
    let text = Text(rating.text.as_deref().unwrap_or_default()).to_string();
    format!(
        "<fieldset><legend>原因（可多选）</legend><div class=\"chips\">{chips}</div></fieldset>\
         <details><summary>改星级、写几句话</summary><fieldset><legend>星级</legend>\
         <div class=\"chips\">{stars}</div></fieldset><label for=\"opinion\">想说的话（选填）</label>\
         <textarea id=\"opinion\" name=\"text\" rows=\"3\" maxlength=\"500\">{text}</textarea></details>\
         <button class=\"plain\">保存</button>"
    )
}

/// Who works for him, and his number.
fn engineer(own: &Own) -> String {
    let Some((name, phone)) = &own.engineer else { return String::new() };
    let call = phone.as_deref().map(|phone| {
        let dial: String =
            phone.chars().filter(|c| c.is_ascii_digit() || matches!(c, '+' | '-')).collect();
        format!(
            "<a class=\"button call\" href=\"tel:{}\" aria-label=\"打电话给{}，{}\">打电话</a>",
            Text(&dial),
            Text(name),
            Text(&text::masked(phone))
        )
    });
    let number =
        phone.as_deref().map(|phone| format!("<span>{}</span>", Text(&text::masked(phone))));
    let first: String = name.chars().next().into_iter().collect();
    format!(
        "<section class=\"who\"><span class=\"face\" aria-hidden=\"true\">{}</span>\
         <p><strong>{}</strong><span>正在为您服务</span>{}</p>{}</section>",
        Text(&first),
        Text(name),
        number.unwrap_or_default(),
        call.unwrap_or_default()
    )
}

fn reply(page: &Progress, own: &Own) -> String {
    let text = Text(typed(&own.said, Deed::Reply)).to_string();
    let again = match &own.said.wrong {
        Some((Deed::Reply, _words)) => "<p class=\"help\">照片请重新选择</p>",
        _ => "",
    };
    let inner = format!(
        "<label for=\"words\">有补充或疑问，写在这里</label>\
         <textarea id=\"words\" name=\"text\" rows=\"3\" maxlength=\"2000\">{text}</textarea>\
         <div class=\"photos\">\
         <input id=\"photos\" type=\"file\" name=\"photos\" multiple accept=\"{PHOTOS}\">\
         <label class=\"pick\" for=\"photos\">添加照片（最多 9 张）</label></div>{again}\
         <ul class=\"pictures\" id=\"previews\" hidden></ul><button>发送</button>"
    );
    let title = if page.ticket.is_ended() { "还有话要说" } else { "留言" };
    format!(
        "<section id=\"reply\"><h2>{title}</h2>{}</section>",
        form(page, own, Deed::Reply, &inner)
    )
}

fn preference(page: &Progress, own: &Own) -> String {
    let wish = &own.wish;
    let is_open = matches!(own.said.wrong, Some((Deed::Preference, _)))
        || matches!(own.said.done.as_deref(), Some("preference" | "off"));
    let open = if is_open { " open" } else { "" };
    let inner = match wish.is_unsubscribed {
        true => "<p>您已退订这张工单的通知，随时可以打开本页查看进度。</p>\
                 <button class=\"plain\" name=\"all\" value=\"on\">重新接收通知</button>"
            .to_owned(),
        false => choices(wish),
    };
    let inner = form(page, own, Deed::Preference, &inner);
    format!(
        "<section class=\"quiet\"><details{open}><summary>通知设置</summary>{inner}</details></section>"
    )
}

fn choices(wish: &Preference) -> String {
    let tick = |name: &str, label: &str, is_on: bool| {
        let on = if is_on { " checked" } else { "" };
        format!(
            "<label class=\"tick\"><input type=\"checkbox\" name=\"{name}\" value=\"on\"{on}>{label}</label>"
        )
    };
    let stages = Stage::ALL.iter();
    let stages = stages.map(|stage| tick(stage.word(), stage.label(), !wish.off.contains(stage)));
    let stages: String = stages.collect();
    let quiet = tick("quiet", "夜间免打扰", wish.quiet.is_some());
    let Quiet { from, to } = wish.quiet.unwrap_or(QUIET);
    let clock = |minutes: i64| format!("{:02}:{:02}", minutes / 60, minutes % 60);
    format!(
        "<fieldset><legend>通知我</legend>{stages}</fieldset>{quiet}<div class=\"hours\">\
         <label>从<input type=\"time\" name=\"from\" value=\"{}\"></label>\
         <label>到<input type=\"time\" name=\"to\" value=\"{}\"></label></div>\
         <button class=\"plain\">保存</button>\
         <button class=\"link\" name=\"all\" value=\"off\">一键退订</button>",
        clock(from),
        clock(to)
    )
}
