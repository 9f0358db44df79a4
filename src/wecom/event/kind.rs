//! The name of an event, for topics, logs and lists.

use super::Event;

impl Event {
    /// The name: `text`, `event.click`, `event.change_contact.create_user`, `bot.text`.
    pub fn kind(&self) -> String {
        match self {
            Self::Bot(bot) => bot.kind(),
            Self::Unknown { msg_type, event, change_type } => {
                dotted(&[msg_type, event, change_type])
            }
            known => {
                let (name, change) = known.name();
                dotted(&[name, change])
            }
        }
    }

    /// The name, and the `ChangeType` of what has one.
    fn name(&self) -> (&'static str, &str) {
        let name = match self {
            Self::Text { .. } => "text",
            Self::Image(_) => "image",
            Self::Voice(_) => "voice",
            Self::Video(_) => "video",
            Self::Location(_) => "location",
            Self::Link(_) => "link",
            Self::File(_) => "file",
            Self::Subscribe => "event.subscribe",
            Self::Unsubscribe => "event.unsubscribe",
            Self::EnterAgent => "event.enter_agent",
            Self::Position(_) => "event.LOCATION",
            Self::BatchJobResult(_) => "event.batch_job_result",
            Self::Click { .. } => "event.click",
            Self::View { .. } => "event.view",
            Self::ViewMiniprogram { .. } => "event.view_miniprogram",
            Self::ScancodePush(_) => "event.scancode_push",
            Self::ScancodeWaitmsg(_) => "event.scancode_waitmsg",
            Self::PicSysphoto(_) => "event.pic_sysphoto",
            Self::PicPhotoOrAlbum(_) => "event.pic_photo_or_album",
            Self::PicWeixin(_) => "event.pic_weixin",
            Self::LocationSelect(_) => "event.location_select",
            Self::OpenApprovalChange(_) => "event.open_approval_change",
            Self::SysApprovalChange(_) => "event.sys_approval_change",
            Self::ShareAgentChange => "event.share_agent_change",
            Self::ShareChainChange => "event.share_chain_change",
            Self::CardClick(_) => "event.template_card_event",
            Self::CardMenuClick(_) => "event.template_card_menu_event",
            Self::InactiveAlert { .. } => "event.inactive_alert",
            Self::CloseInactiveAgent => "event.close_inactive_agent",
            Self::ReopenInactiveAgent => "event.reopen_inactive_agent",
            Self::LowActiveAlert { .. } => "event.low_active_alert",
            Self::LowActive => "event.low_active",
            Self::ActiveRestored => "event.active_restored",
            Self::TaskcardClick { .. } => "event.taskcard_click",
            Self::SwitchWorkbenchMode { .. } => "event.switch_workbench_mode",
            Self::KfMsgOrEvent { .. } => "event.kf_msg_or_event",
            Self::KfAccountAuthChange { .. } => "event.kf_account_auth_change",
            Self::ChangeAppAdmin => "event.change_app_admin",
            Self::UnlicensedNotify => "event.unlicensed_notify",
            Self::UploadMediaJobFinish { .. } => "event.upload_media_job_finish",
            Self::LivingStatusChange { .. } => "event.living_status_change",
            Self::MsgauditNotify => "event.msgaudit_notify",
            Self::AddSchedule(_) => "event.add_schedule",
            Self::ModifySchedule(_) => "event.modify_schedule",
            Self::DeleteSchedule(_) => "event.delete_schedule",
            Self::ModifyCalendar { .. } => "event.modify_calendar",
            Self::DeleteCalendar { .. } => "event.delete_calendar",
            Self::ChangeChain => "event.change_chain",
            Self::WedriveInsufficientCapacity => "event.wedrive_insufficient_capacity",
            Self::ChangeContact(_) => "event.change_contact",
            Self::ChangeExternalContact(_) => "event.change_external_contact",
            Self::ChangeExternalChat(_) => "event.change_external_chat",
            Self::ChangeExternalTag(_) => "event.change_external_tag",
            Self::CustomerAcquisition(_) => "event.customer_acquisition",
            Self::AppEmailChange { .. } => "event.app_email_change",
            Self::Bot(_) => "bot",
            Self::Unknown { .. } => "unknown",
        };
        (name, self.change_type())
    }

    fn change_type(&self) -> &str {
        match self {
            Self::ChangeContact(change) => change.kind(),
            Self::ChangeExternalContact(change) => change.kind(),
            Self::ChangeExternalChat(change) => change.kind(),
            Self::ChangeExternalTag(change) => change.kind(),
            Self::CustomerAcquisition(change) => &change.change_type,
            Self::AppEmailChange { change_type, .. } => change_type,
            _ => "",
        }
    }
}

/// The parts that are there, joined by dots. Of what strangers wrote only plain characters stay.
fn dotted(parts: &[&str]) -> String {
    let plain = |c: &char| c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '-');
    let short = parts.iter().map(|part| part.chars().filter(plain).take(64).collect::<String>());
    let parts: Vec<String> = short.filter(|part| !part.is_empty()).collect();
    if parts.is_empty() { "unknown".to_owned() } else { parts.join(".") }
}
