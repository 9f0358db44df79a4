//! From the decrypted bytes to a [`Message`].

use super::{
    BatchJob, BotMessage, CardClick, ChatChange, ContactChange, CustomerAcquisition,
    CustomerChange, CustomerTagChange, Event, File, Image, Link, Location, Message, NativeApproval,
    OpenApproval, PickedLocation, Pictures, Position, ScanCode, Schedule, Video, Voice,
    fields::Fields,
};
use crate::xml::{Element, TreeError};

/// Why a message could not be read at all.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ParseError {
    /// There is nothing in it.
    #[error("the message is empty")]
    Empty,
    /// It cannot be read.
    #[error(transparent)]
    Tree(#[from] TreeError),
}

/// Reads a decrypted message, XML or JSON. Bytes that are not UTF-8 (the platform cuts long texts
/// in the middle of a character) become `U+FFFD`.
///
/// # Errors
/// When it is empty or no document; never because its content is not known.
pub fn parse(plain: &[u8]) -> Result<Message, ParseError> {
    let text = String::from_utf8_lossy(plain);
    let text = text.trim_start_matches('\u{FEFF}').trim_ascii();
    match text.as_bytes().first() {
        None => Err(ParseError::Empty),
        Some(b'{') => {
            let root = Element::parse_json(text)?;
            let fields = Fields::new(&root);
            let is_bot = fields.has("msgtype") && !fields.has("MsgType");
            Ok(if is_bot { bot(fields) } else { app(fields) })
        }
        Some(_) => Ok(app(Fields::new(&Element::parse_xml(text)?))),
    }
}

fn bot(from: Fields<'_>) -> Message {
    Message {
        to_user: from.text("aibotid"),
        from_user: from.inside("from").text("userid"),
        create_time: from.number("create_time").unwrap_or_default(),
        agent_id: None,
        msg_id: from.some("msgid"),
        event: Event::Bot(Box::new(BotMessage::read(from))),
    }
}

fn app(from: Fields<'_>) -> Message {
    let agent_id = from.any(["AgentID", "AgentId"]);
    // A suite's notices say TimeStamp and AuthCorpId instead.
    let create_time = from.number("CreateTime").or_else(|| from.number("TimeStamp"));
    Message {
        to_user: from.any(["ToUserName", "AuthCorpId"]),
        from_user: from.text("FromUserName"),
        create_time: create_time.unwrap_or_default(),
        agent_id: Some(agent_id).filter(|id| !id.is_empty()),
        msg_id: from.some("MsgId"),
        event: content(from).unwrap_or_else(|| unknown(from)),
    }
}

fn unknown(from: Fields<'_>) -> Event {
    Event::Unknown {
        msg_type: from.text("MsgType"),
        event: from.any(["Event", "InfoType"]),
        change_type: from.text("ChangeType"),
    }
}

fn content(from: Fields<'_>) -> Option<Event> {
    Some(match from.str("MsgType") {
        "text" => Event::Text { content: from.text("Content") },
        "image" => Event::Image(Image::read(from)),
        "voice" => Event::Voice(Voice::read(from)),
        "video" => Event::Video(Video::read(from)),
        "location" => Event::Location(Location::read(from)),
        "link" => Event::Link(Link::read(from)),
        "file" => Event::File(File::read(from)),
        "event" => return event(from.str("Event"), from).or_else(|| change(from)),
        _ => return None,
    })
}

/// Events of the app itself.
fn event(name: &str, from: Fields<'_>) -> Option<Event> {
    let event_key = || from.text("EventKey");
    Some(match name {
        "subscribe" => Event::Subscribe,
        "unsubscribe" => Event::Unsubscribe,
        "enter_agent" => Event::EnterAgent,
        "LOCATION" => Event::Position(Position::read(from)),
        "batch_job_result" => Event::BatchJobResult(BatchJob::read(from)),
        "click" => Event::Click { event_key: event_key() },
        "view" => Event::View { event_key: event_key() },
        "view_miniprogram" => Event::ViewMiniprogram { event_key: event_key() },
        "scancode_push" => Event::ScancodePush(ScanCode::read(from)),
        "scancode_waitmsg" => Event::ScancodeWaitmsg(ScanCode::read(from)),
        "pic_sysphoto" => Event::PicSysphoto(Pictures::read(from)),
        "pic_photo_or_album" => Event::PicPhotoOrAlbum(Pictures::read(from)),
        "pic_weixin" => Event::PicWeixin(Pictures::read(from)),
        "location_select" => Event::LocationSelect(PickedLocation::read(from)),
        "open_approval_change" => Event::OpenApprovalChange(Box::new(OpenApproval::read(from))),
        "sys_approval_change" => Event::SysApprovalChange(Box::new(NativeApproval::read(from))),
        "share_agent_change" => Event::ShareAgentChange,
        "share_chain_change" => Event::ShareChainChange,
        "template_card_event" => Event::CardClick(CardClick::read(from)),
        "template_card_menu_event" => Event::CardMenuClick(CardClick::read(from)),
        "inactive_alert" => Event::InactiveAlert { effect_time: from.number("EffectTime") },
        "close_inactive_agent" => Event::CloseInactiveAgent,
        "reopen_inactive_agent" => Event::ReopenInactiveAgent,
        "low_active_alert" => Event::LowActiveAlert { effect_time: from.number("EffectTime") },
        "low_active" => Event::LowActive,
        "active_restored" => Event::ActiveRestored,
        "taskcard_click" => {
            Event::TaskcardClick { event_key: event_key(), task_id: from.text("TaskId") }
        }
        "switch_workbench_mode" => Event::SwitchWorkbenchMode { mode: from.number("Mode") },
        _ => return None,
    })
}

/// Changes of what the corp has: contacts, customers, accounts, calendars.
fn change(from: Fields<'_>) -> Option<Event> {
    let change = from.str("ChangeType");
    Some(match from.str("Event") {
        "change_contact" => Event::ChangeContact(ContactChange::read(change, from)?),
        "change_external_contact" => {
            Event::ChangeExternalContact(CustomerChange::read(change, from)?)
        }
        "change_external_chat" => Event::ChangeExternalChat(ChatChange::read(change, from)?),
        "change_external_tag" => Event::ChangeExternalTag(CustomerTagChange::read(change, from)?),
        "kf_msg_or_event" => {
            Event::KfMsgOrEvent { token: from.text("Token"), open_kf_id: from.text("OpenKfId") }
        }
        "kf_account_auth_change" => Event::KfAccountAuthChange {
            added: from.texts("AuthAddOpenKfId"),
            deleted: from.texts("AuthDelOpenKfId"),
        },
        "change_app_admin" => Event::ChangeAppAdmin,
        "unlicensed_notify" => Event::UnlicensedNotify,
        "upload_media_job_finish" => Event::UploadMediaJobFinish { job_id: from.text("JobId") },
        "living_status_change" => Event::LivingStatusChange {
            living_id: from.text("LivingId"),
            status: from.number("Status"),
        },
        "msgaudit_notify" => Event::MsgauditNotify,
        "customer_acquisition" => Event::CustomerAcquisition(CustomerAcquisition::read(from)),
        "add_schedule" => Event::AddSchedule(Schedule::read(from)),
        "modify_schedule" => Event::ModifySchedule(Schedule::read(from)),
        "delete_schedule" => Event::DeleteSchedule(Schedule::read(from)),
        "modify_calendar" => Event::ModifyCalendar { cal_id: from.text("CalId") },
        "delete_calendar" => Event::DeleteCalendar { cal_id: from.text("CalId") },
        "change_chain" => Event::ChangeChain,
        "app_email_change" => {
            Event::AppEmailChange { change_type: change.to_owned(), amount: from.number("Amount") }
        }
        "wedrive_insufficient_capacity" => Event::WedriveInsufficientCapacity,
        _ => return None,
    })
}
