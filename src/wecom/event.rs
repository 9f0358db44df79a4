//! What a callback carries, typed: one variant for each message and event that the platform
//! documents. Reading never fails on what it does not know: a new event is [`Event::Unknown`], a
//! number too large or a missing field is an absent one. Only an unreadable document is an error.

mod app;
mod approval;
mod bot;
mod card;
mod contact;
mod customer;
mod fields;
mod key;
mod kind;
mod message;
mod read;

pub use app::{
    BatchJob, CustomerAcquisition, PickedLocation, Pictures, Position, ScanCode, Schedule,
};
pub use approval::{
    ApprovalComment, ApprovalDetail, ApprovalItem, ApprovalNode, ApprovalRecord, NativeApproval,
    NotifyNode, OpenApproval, ProcessNode, ProcessSubNode,
};
pub use bot::{BotContent, BotMessage, BotQuote, MixedItem};
pub use card::{CardClick, Selected};
pub use contact::{ContactChange, ExtAttr, ExtValue, PartyChange, TagChange, UserChange};
pub use customer::{
    ChatChange, ChatDetail, ChatUpdate, ChatWhat, CustomerChange, CustomerTagChange,
    CustomerTagWhat, CustomerWhat,
};
pub use key::{order_key, seen_key};
pub use message::{File, Image, Link, Location, Video, Voice};
pub use read::{ParseError, parse};

/// One decrypted callback.
#[derive(Clone, Debug, PartialEq)]
pub struct Message {
    /// Whom it was sent to: the corp id; for bots the bot's id.
    pub to_user: String,
    /// Who caused it: a userid in the case of the address book, or `sys`; may be empty (kf).
    pub from_user: String,
    /// When, in seconds since 1970; 0 when it does not say.
    pub create_time: i64,
    /// The app, unless missing or empty.
    pub agent_id: Option<String>,
    /// The message's id: opaque text, and absent from events.
    pub msg_id: Option<String>,
    /// What happened.
    pub event: Event,
}

/// What happened.
#[derive(Clone, Debug, PartialEq)]
pub enum Event {
    /// A member wrote a text.
    Text {
        /// The text.
        content: String,
    },
    /// A member sent a picture.
    Image(Image),
    /// A member sent a voice message.
    Voice(Voice),
    /// A member sent a video.
    Video(Video),
    /// A member sent a place.
    Location(Location),
    /// A member sent a link.
    Link(Link),
    /// A member sent a file. Not documented for apps; read in case it comes.
    File(File),
    /// A member can see the app from now on.
    Subscribe,
    /// A member cannot see the app any more.
    Unsubscribe,
    /// A member opened the app's conversation.
    EnterAgent,
    /// The client reported its position by itself (`LOCATION`).
    Position(Position),
    /// An asynchronous contact job ended.
    BatchJobResult(BatchJob),
    /// A menu button was pressed.
    Click {
        /// The button's key.
        event_key: String,
    },
    /// A menu link was opened.
    View {
        /// The link.
        event_key: String,
    },
    /// A menu mini program was opened.
    ViewMiniprogram {
        /// Its page.
        event_key: String,
    },
    /// A code was scanned from the menu.
    ScancodePush(ScanCode),
    /// A code was scanned from the menu and the client waits for a reply.
    ScancodeWaitmsg(ScanCode),
    /// Photos are being taken and sent.
    PicSysphoto(Pictures),
    /// Photos are being taken or chosen and sent.
    PicPhotoOrAlbum(Pictures),
    /// Photos are being chosen and sent.
    PicWeixin(Pictures),
    /// A place was chosen from the menu.
    LocationSelect(PickedLocation),
    /// An approval of the app's own engine moved.
    OpenApprovalChange(Box<OpenApproval>),
    /// An approval of WeCom's own approval app moved.
    SysApprovalChange(Box<NativeApproval>),
    /// The app was shared with another corp, or no longer.
    ShareAgentChange,
    /// The app was shared along a supply chain, or no longer.
    ShareChainChange,
    /// A button of a template card was pressed (`template_card_event`).
    CardClick(CardClick),
    /// An entry of a card's menu was chosen (`template_card_menu_event`).
    CardMenuClick(CardClick),
    /// The app will be suspended because nobody uses it.
    InactiveAlert {
        /// When, in seconds since 1970.
        effect_time: Option<i64>,
    },
    /// The app was suspended because nobody uses it.
    CloseInactiveAgent,
    /// The app was taken up again.
    ReopenInactiveAgent,
    /// The app will count as little used.
    LowActiveAlert {
        /// When, in seconds since 1970.
        effect_time: Option<i64>,
    },
    /// The app counts as little used.
    LowActive,
    /// The app no longer counts as little used.
    ActiveRestored,
    /// A button of an old task card was pressed.
    TaskcardClick {
        /// The button's key.
        event_key: String,
        /// The card's task.
        task_id: String,
    },
    /// The workbench was switched between custom (1) and standard (0).
    SwitchWorkbenchMode {
        /// The mode.
        mode: Option<i64>,
    },
    /// The address book changed.
    ChangeContact(ContactChange),
    /// A member's relation to a customer changed.
    ChangeExternalContact(CustomerChange),
    /// A customer group changed.
    ChangeExternalChat(ChatChange),
    /// The customer tags changed.
    ChangeExternalTag(CustomerTagChange),
    /// 微信客服 has news: fetch them.
    KfMsgOrEvent {
        /// Lets the next fetch pass the strict limit; 10 minutes.
        token: String,
        /// The account.
        open_kf_id: String,
    },
    /// Accounts of 微信客服 were given to the app or taken from it.
    KfAccountAuthChange {
        /// Given.
        added: Vec<String>,
        /// Taken.
        deleted: Vec<String>,
    },
    /// The app's administrators changed.
    ChangeAppAdmin,
    /// Members without a licence tried to use the app.
    UnlicensedNotify,
    /// An asynchronous upload ended.
    UploadMediaJobFinish {
        /// The job.
        job_id: String,
    },
    /// A live stream began or ended.
    LivingStatusChange {
        /// The stream.
        living_id: String,
        /// Its state.
        status: Option<i64>,
    },
    /// The chat archive has news.
    MsgauditNotify,
    /// 获客助手 has news.
    CustomerAcquisition(CustomerAcquisition),
    /// A schedule was added.
    AddSchedule(Schedule),
    /// A schedule was changed.
    ModifySchedule(Schedule),
    /// A schedule was deleted.
    DeleteSchedule(Schedule),
    /// A calendar was changed.
    ModifyCalendar {
        /// The calendar.
        cal_id: String,
    },
    /// A calendar was deleted.
    DeleteCalendar {
        /// The calendar.
        cal_id: String,
    },
    /// The supply chain changed.
    ChangeChain,
    /// The app's mailbox has news.
    AppEmailChange {
        /// What: `receive_email`.
        change_type: String,
        /// How many.
        amount: Option<i64>,
    },
    /// 微盘 is full.
    WedriveInsufficientCapacity,
    /// Something was said to a bot (智能机器人), or happened to one.
    Bot(Box<BotMessage>),
    /// Something that is not known here. Kept raw by whoever stores it.
    Unknown {
        /// `MsgType`, when there is one.
        msg_type: String,
        /// `Event`, when there is one.
        event: String,
        /// `ChangeType`, when there is one.
        change_type: String,
    },
}

#[cfg(test)]
mod tests;
