//! Answers to what a member does in the app's chat: words, lists, and questions with buttons.

use std::sync::Arc;

use catalog::Published;
use db::Conn;
use kernel::{Ctx, Limit, Result, Timestamp, text};
use ticket::{Ticket, ToDo};
use wecom::{
    card::{
        Button, ButtonInteraction, Card, CardAction, Checkbox, Emphasis, HorizontalContent,
        MainTitle, SubmitButton, TextNotice, VoteInteraction, VoteOption,
    },
    message::Body,
};

use crate::{
    Desk,
    click::{ANSWER, Clicked, Press, TEMPLATE},
    message::{Kind, wecom_task_id},
    outbox::{self, Change},
    render::Painter,
    sql::NewMessage,
};

/// The most open tickets that a choice offers.
const CHOICES: usize = 5;
/// The most options of a vote card.
const VOTE_OPTIONS_MAX: usize = 20;
/// The rows that a card may have.
const ROWS: i64 = 6;

fn message<'a>(ctx: &Ctx, kind: Kind, userids: &'a [&'a str], title: &'a str) -> NewMessage<'a> {
    NewMessage {
        card_no: ctx.id(),
        kind,
        ticket_id: None,
        task_id: None,
        draft_id: None,
        userids,
        title,
        face: "answer",
    }
}

/// Answers with words.
///
/// # Errors
/// The database's.
pub fn reply(conn: &mut Conn, ctx: &Ctx, desk: &Desk, userid: &str, words: &str) -> Result<()> {
    let to = [userid];
    let new = message(ctx, Kind::Reply, &to, words);
    outbox::send(conn, ctx, desk, &new, Body::text(words))
}

/// Says something to a member, not before that time.
pub(crate) fn reply_at(
    conn: &mut Conn,
    ctx: &Ctx,
    desk: &Desk,
    (userid, words): (&str, &str),
    at: Timestamp,
) -> Result<()> {
    let to = [userid];
    let new = message(ctx, Kind::Reply, &to, words);
    outbox::send_at(conn, ctx, desk, &new, Body::text(words), at)
}

/// Asks how urgent the new ticket is; the next text then becomes it.
///
/// # Errors
/// The database's.
pub fn new_ticket(conn: &mut Conn, ctx: &Ctx, desk: &Desk, userid: &str) -> Result<()> {
    let to = [userid];
    let new = message(ctx, Kind::Choice, &to, "新建工单");
    let card = ButtonInteraction {
        source: Some(Painter::source(desk)),
        main_title: Some(MainTitle::new("新建工单", "先选紧急程度，再发一句话说明问题")),
        sub_title_text: "也可以直接发送文字、图片或位置".to_owned(),
        task_id: wecom_task_id(new.card_no),
        button_list: vec![
            Button::press("普通", 1, "normal"),
            Button::press("紧急", 2, "high"),
            Button::press("特急", 4, "critical"),
            Button::press("取消", 3, "cancel"),
        ],
        ..ButtonInteraction::default()
    };
    outbox::send(conn, ctx, desk, &new, Body::card(Card::ButtonInteraction(card)))
}

/// Asks of which business the new ticket is; `draft` is the text that it is about, if one was
/// written already.
///
/// # Errors
/// The database's.
pub fn choose_template(
    conn: &mut Conn,
    ctx: &Ctx,
    desk: &Desk,
    userid: &str,
    (templates, draft): (&[Arc<Published>], Option<i64>),
) -> Result<()> {
    let to = [userid];
    let new =
        NewMessage { draft_id: draft, ..message(ctx, Kind::Choice, &to, "办理什么业务？") };
    let options = templates.iter().enumerate().map(|(at, one)| VoteOption {
        id: one.key.clone(),
        text: one.name.clone(),
        is_checked: at == 0,
    });
    let mut hint = "也可以直接发送业务名称和一句话，例如：报修 空调不制冷".to_owned();
    if templates.len() > VOTE_OPTIONS_MAX {
        hint = format!("这里列出前 {VOTE_OPTIONS_MAX} 项，其他的请发送业务名称和一句话");
    }
    let card = VoteInteraction {
        source: Some(Painter::source(desk)),
        main_title: Some(MainTitle::new("办理什么业务？", hint)),
        task_id: wecom_task_id(new.card_no),
        checkbox: Some(Checkbox {
            question_key: TEMPLATE.to_owned(),
            option_list: options.take(VOTE_OPTIONS_MAX).collect(),
            ..Checkbox::default()
        }),
        submit_button: Some(SubmitButton { text: "下一步".to_owned(), key: "start".to_owned() }),
        ..VoteInteraction::default()
    };
    outbox::send(conn, ctx, desk, &new, Body::card(Card::VoteInteraction(card)))
}

/// A question with options, asked in the middle of a conversation.
#[derive(Clone, Debug)]
pub struct Question {
    /// The conversation.
    pub draft: i64,
    /// What is asked.
    pub title: String,
    /// What it is asked for.
    pub desc: String,
    /// The options: what is stored, and what is read.
    pub options: Vec<(String, String)>,
    /// Whether several may be chosen.
    pub is_multiple: bool,
}

/// Asks a question with options, at most twenty.
///
/// # Errors
/// The database's.
pub fn ask(
    conn: &mut Conn,
    ctx: &Ctx,
    desk: &Desk,
    userid: &str,
    question: &Question,
) -> Result<()> {
    let to = [userid];
    let new = NewMessage {
        draft_id: Some(question.draft),
        ..message(ctx, Kind::Choice, &to, &question.title)
    };
    let options = question.options.iter().enumerate().map(|(at, (id, text))| VoteOption {
        id: id.clone(),
        text: text.clone(),
        is_checked: at == 0 && !question.is_multiple,
    });
    let card = VoteInteraction {
        source: Some(Painter::source(desk)),
        main_title: Some(MainTitle::new(question.title.clone(), question.desc.clone())),
        task_id: wecom_task_id(new.card_no),
        checkbox: Some(Checkbox {
            question_key: ANSWER.to_owned(),
            option_list: options.take(VOTE_OPTIONS_MAX).collect(),
            mode: i64::from(question.is_multiple),
            ..Checkbox::default()
        }),
        submit_button: Some(SubmitButton { text: "确定".to_owned(), key: ANSWER.to_owned() }),
        ..VoteInteraction::default()
    };
    outbox::send(conn, ctx, desk, &new, Body::card(Card::VoteInteraction(card)))
}

/// Shows on a question's card what was answered, so that it is not answered again.
///
/// # Errors
/// The database's.
pub fn answered(
    conn: &mut Conn,
    ctx: &Ctx,
    desk: &Desk,
    clicked: &Clicked,
    words: &str,
) -> Result<()> {
    let message = &clicked.message;
    let source = Some(Painter::source(desk));
    let main_title = Some(MainTitle::new(message.title.clone(), ""));
    let task_id = message.wecom_task_id();
    let card = match clicked.press {
        Press::Expect { .. } => Card::ButtonInteraction(ButtonInteraction {
            source,
            main_title,
            task_id,
            button_list: vec![Button::press(text::cut_chars(words, 10), 3, "none")],
            replace_text: words.to_owned(),
            ..ButtonInteraction::default()
        }),
        _ => Card::VoteInteraction(VoteInteraction {
            source,
            main_title,
            task_id,
            checkbox: Some(Checkbox {
                question_key: ANSWER.to_owned(),
                option_list: vec![VoteOption {
                    id: "chosen".to_owned(),
                    text: words.to_owned(),
                    is_checked: true,
                }],
                disable: true,
                ..Checkbox::default()
            }),
            submit_button: Some(SubmitButton {
                text: "已选择".to_owned(), key: "none".to_owned()
            }),
            replace_text: "已选择".to_owned(),
        }),
    };
    let face = "answered".to_owned();
    let change = Change { messages: vec![message], face, must_arrive: false, card };
    outbox::update(conn, ctx, vec![change])
}

/// Asks whether a text belongs to one of the sender's open tickets or is a new one.
///
/// # Errors
/// The database's.
pub fn choose_ticket(
    conn: &mut Conn,
    ctx: &Ctx,
    desk: &Desk,
    userid: &str,
    (draft, words): (i64, &str),
) -> Result<()> {
    let open = ticket::open_of(conn, userid, i64::try_from(CHOICES).unwrap_or(1))?;
    let first = open.first().map(|ticket| ticket.id);
    let mut options: Vec<_> = open
        .iter()
        .map(|one| VoteOption {
            id: one.id.to_string(),
            text: format!("追加到 {}", one.no.trim_start_matches("GD-")),
            is_checked: Some(one.id) == first,
        })
        .collect();
    options.push(VoteOption::new("new", "新建工单"));
    let to = [userid];
    let new = NewMessage {
        draft_id: Some(draft),
        ..message(ctx, Kind::Choice, &to, "这条消息属于哪张工单？")
    };
    let card = VoteInteraction {
        source: Some(Painter::source(desk)),
        main_title: Some(MainTitle::new(
            "这条消息属于哪张工单？",
            text::cut_chars(&explain(words, &open), 160),
        )),
        task_id: wecom_task_id(new.card_no),
        checkbox: Some(Checkbox {
            question_key: "ticket".to_owned(),
            option_list: options,
            ..Checkbox::default()
        }),
        submit_button: Some(SubmitButton { text: "确定".to_owned(), key: "choose".to_owned() }),
        ..VoteInteraction::default()
    };
    outbox::send(conn, ctx, desk, &new, Body::card(Card::VoteInteraction(card)))
}

fn explain(words: &str, open: &[Ticket]) -> String {
    let said = text::cut_chars(words, 40);
    let list: Vec<_> =
        open.iter().map(|one| format!("{} {}", one.no, text::cut_chars(&one.title, 20))).collect();
    format!("“{said}”\n{}", list.join("\n"))
}

/// Lists what the member took and what he could take.
///
/// # Errors
/// The database's.
pub fn my_tasks(conn: &mut Conn, ctx: &Ctx, desk: &Desk, userid: &str) -> Result<()> {
    let limit = Limit::new(Some(ROWS))?;
    let mine = ticket::to_do(conn, userid, ToDo::Mine, None, limit)?;
    let open = ticket::to_do(conn, userid, ToDo::Claimable, None, limit)?;
    let rows = mine.items.iter().map(|row| ("处理中", &row.ticket));
    let rows = rows.chain(open.items.iter().map(|row| ("待认领", &row.ticket)));
    let count = |page: &kernel::Page<ticket::TodoRow>| {
        let more = if page.next.is_some() { "+" } else { "" };
        format!("{}{more}", page.items.len())
    };
    let desc = format!("处理中 {} · 待认领 {}", count(&mine), count(&open));
    list(conn, ctx, desk, userid, ("我的待办", &desc), rows.collect())
}

/// Lists the open tickets that the member raised.
///
/// # Errors
/// The database's.
pub fn my_tickets(conn: &mut Conn, ctx: &Ctx, desk: &Desk, userid: &str) -> Result<()> {
    let open = ticket::open_of(conn, userid, ROWS)?;
    let desc = format!("进行中 {}", open.len());
    let rows = open.iter().map(|one| (one.status.label(), one));
    list(conn, ctx, desk, userid, ("我的工单", &desc), rows.collect())
}

fn list(
    conn: &mut Conn,
    ctx: &Ctx,
    desk: &Desk,
    userid: &str,
    (title, desc): (&str, &str),
    rows: Vec<(&str, &Ticket)>,
) -> Result<()> {
    let Some((_state, first)) = rows.first() else {
        return reply(
            conn,
            ctx,
            desk,
            userid,
            &format!("{title}：现在没有。直接发送文字即可新建工单"),
        );
    };
    let url = |one: &Ticket| desk.links.url(one.id, userid, ctx.now);
    let to = [userid];
    let new = message(ctx, Kind::Reply, &to, title);
    let row = |(state, one): &(&str, &Ticket)| {
        HorizontalContent::text(*state, text::cut_chars(&one.title, 26)).with_url(url(one))
    };
    let card = TextNotice {
        source: Some(Painter::source(desk)),
        main_title: Some(MainTitle::new(title, desc)),
        emphasis_content: Some(Emphasis {
            title: rows.len().to_string(),
            desc: "张工单".to_owned(),
        }),
        horizontal_content_list: rows
            .iter()
            .take(usize::try_from(ROWS).unwrap_or(1))
            .map(row)
            .collect(),
        card_action: Some(CardAction::url(url(first))),
        ..TextNotice::default()
    };
    outbox::send(conn, ctx, desk, &new, Body::card(Card::TextNotice(card)))
}
