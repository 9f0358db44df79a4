//! The platform's hard rules for messages, checked before sending.

use super::{AppMessage, Article, Body, CardUpdate, DUPLICATE_CHECK_MAX, MpArticle, TEXT_MAX};
use crate::card::{CardProblem, Checker, Path, Purpose, Rule};

const USERS_MAX: usize = 1000;
const GROUPS_MAX: usize = 100;
const TITLE_MAX: usize = 128;
const DESCRIPTION_MAX: usize = 512;
const URL_MAX: usize = 2048;
const PAGE_MAX: usize = 128;
const AUTHOR_MAX: usize = 64;
const HTML_MAX: usize = 666 * 1024;
const ARTICLES_MAX: usize = 8;
const BUTTON_TEXT_CHARS: usize = 4;
const NOTICE_ITEMS_MAX: usize = 10;
const NOTICE_KEY_CHARS: usize = 10;
const NOTICE_VALUE_CHARS: usize = 30;

const BAD_MEDIA_ID: i64 = 40007;
const BAD_USER_LIST: i64 = 40032;
const BAD_PARAMETER: i64 = 40058;
const NO_TITLE: i64 = 41016;
const NO_TEXT: i64 = 44004;
const TOO_LARGE: i64 = 45002;
const TOO_MANY_ARTICLES: i64 = 45008;
const AUTHOR_TOO_LONG: i64 = 45032;
const NO_RECEIVER: i64 = 82001;
const TOO_MANY_PARTIES: i64 = 82002;
const TOO_MANY_TAGS: i64 = 82003;
const NOTICE_ITEMS: i64 = 90202;
const BAD_RESPONSE_CODE: i64 = 60140;

impl AppMessage {
    /// Checks a message that is to be sent.
    ///
    /// # Errors
    /// Every field that the platform would refuse or cut.
    pub fn check(&self) -> Result<(), Vec<CardProblem>> {
        let mut checker = Checker::default();
        let receivers = [&self.touser, &self.toparty, &self.totag];
        let any = receivers.iter().any(|list| !list.is_empty());
        checker.need(any, field("touser"), NO_RECEIVER, Rule::Missing);
        let lists = [
            ("touser", USERS_MAX, BAD_USER_LIST),
            ("toparty", GROUPS_MAX, TOO_MANY_PARTIES),
            ("totag", GROUPS_MAX, TOO_MANY_TAGS),
        ];
        for ((name, most, code), list) in lists.into_iter().zip(receivers) {
            checker.count(list.split('|').count(), (0, most), field(name), code);
        }
        let interval = self.duplicate_check_interval;
        let fits = (0..=DUPLICATE_CHECK_MAX).contains(&interval);
        checker.need(fits, field("duplicate_check_interval"), BAD_PARAMETER, Rule::Value);
        checker.body(&self.body);
        checker.done()
    }
}

impl CardUpdate {
    /// Checks an update that is to be sent.
    ///
    /// # Errors
    /// Every field that the platform would refuse.
    pub fn check(&self) -> Result<(), Vec<CardProblem>> {
        let mut checker = Checker::default();
        checker.present(&self.response_code, field("response_code"), BAD_RESPONSE_CODE);
        let any = !(self.userids.is_empty() && self.partyids.is_empty() && self.tagids.is_empty());
        checker.need(any || self.atall == 1, field("userids"), NO_RECEIVER, Rule::Missing);
        checker.count(self.userids.len(), (0, USERS_MAX), field("userids"), BAD_USER_LIST);
        checker.count(self.partyids.len(), (0, GROUPS_MAX), field("partyids"), TOO_MANY_PARTIES);
        checker.count(self.tagids.len(), (0, GROUPS_MAX), field("tagids"), TOO_MANY_TAGS);
        let one = self.button.is_some() != self.template_card.is_some();
        checker.need(one, field("template_card"), BAD_PARAMETER, Rule::Value);
        if let Some(button) = &self.button {
            let at = Path("button", None, "replace_name");
            checker.present(&button.replace_name, at, BAD_PARAMETER);
        }
        if let Some(card) = &self.template_card {
            checker.card(card, Purpose::Update);
        }
        checker.done()
    }
}

fn field(name: &str) -> Path<'_> {
    Path(name, None, "")
}

impl Checker {
    fn body(&mut self, body: &Body) {
        match body {
            Body::Text { text } => self.words(&text.content, Path("text", None, "content")),
            Body::Markdown { markdown } => {
                self.words(&markdown.content, Path("markdown", None, "content"));
            }
            Body::Image { image } => self.media("image", &image.media_id),
            Body::Voice { voice } => self.media("voice", &voice.media_id),
            Body::File { file } => self.media("file", &file.media_id),
            Body::Video { video } => {
                self.media("video", &video.media_id);
                let at = Path("video", None, "description");
                self.bytes(&video.title, TITLE_MAX, Path("video", None, "title"), TOO_LARGE);
                self.bytes(&video.description, DESCRIPTION_MAX, at, TOO_LARGE);
            }
            Body::Textcard { textcard: card } => {
                let at = |name| Path("textcard", None, name);
                self.present(&card.title, at("title"), NO_TITLE);
                self.bytes(&card.title, TITLE_MAX, at("title"), TOO_LARGE);
                self.present(&card.description, at("description"), BAD_PARAMETER);
                self.bytes(&card.description, DESCRIPTION_MAX, at("description"), TOO_LARGE);
                self.url(&card.url, at("url"));
                let short = card.btntxt.chars().count() <= BUTTON_TEXT_CHARS;
                self.need(short, at("btntxt"), BAD_PARAMETER, Rule::Value);
            }
            Body::News { news } => {
                let at = Path("news", None, "articles");
                self.count(news.articles.len(), (1, ARTICLES_MAX), at, TOO_MANY_ARTICLES);
                news.articles
                    .iter()
                    .enumerate()
                    .for_each(|(at, article)| self.article(at, article));
            }
            Body::Mpnews { mpnews } => {
                let at = Path("mpnews", None, "articles");
                self.count(mpnews.articles.len(), (1, ARTICLES_MAX), at, TOO_MANY_ARTICLES);
                mpnews.articles.iter().enumerate().for_each(|(at, article)| self.mp(at, article));
            }
            Body::MiniprogramNotice { miniprogram_notice: notice } => {
                let at = |name| Path("miniprogram_notice", None, name);
                self.present(&notice.appid, at("appid"), BAD_PARAMETER);
                for (text, name) in [(&notice.title, "title"), (&notice.description, "description")]
                {
                    let chars = text.chars().count();
                    let absent = name == "description" && chars == 0;
                    self.need(
                        absent || (4..=12).contains(&chars),
                        at(name),
                        BAD_PARAMETER,
                        Rule::Value,
                    );
                }
                let items = &notice.content_item;
                self.count(items.len(), (0, NOTICE_ITEMS_MAX), at("content_item"), NOTICE_ITEMS);
                for (at, item) in items.iter().enumerate() {
                    let path = |name| Path("miniprogram_notice.content_item", Some(at), name);
                    let key = item.key.chars().count() <= NOTICE_KEY_CHARS;
                    let value = item.value.chars().count() <= NOTICE_VALUE_CHARS;
                    self.need(key, path("key"), NOTICE_ITEMS, Rule::Value);
                    self.need(value, path("value"), NOTICE_ITEMS, Rule::Value);
                }
            }
            Body::TemplateCard { template_card } => self.card(template_card, Purpose::Send),
        }
    }

    fn words(&mut self, content: &str, at: Path<'_>) {
        self.present(content, at, NO_TEXT);
        self.bytes(content, TEXT_MAX, at, TOO_LARGE);
    }

    fn media(&mut self, part: &str, media_id: &str) {
        self.present(media_id, Path(part, None, "media_id"), BAD_MEDIA_ID);
    }

    fn url(&mut self, url: &str, at: Path<'_>) {
        let scheme = url.starts_with("https://") || url.starts_with("http://");
        self.need(scheme, at, BAD_PARAMETER, Rule::Value);
        self.bytes(url, URL_MAX, at, BAD_PARAMETER);
    }

    fn article(&mut self, at: usize, article: &Article) {
        let path = |name| Path("news.articles", Some(at), name);
        self.present(&article.title, path("title"), NO_TITLE);
        self.bytes(&article.title, TITLE_MAX, path("title"), TOO_LARGE);
        self.bytes(&article.description, DESCRIPTION_MAX, path("description"), TOO_LARGE);
        if article.appid.is_empty() {
            self.url(&article.url, path("url"));
        }
        self.bytes(&article.picurl, URL_MAX, path("picurl"), BAD_PARAMETER);
        self.bytes(&article.pagepath, PAGE_MAX, path("pagepath"), BAD_PARAMETER);
    }

    fn mp(&mut self, at: usize, article: &MpArticle) {
        let path = |name| Path("mpnews.articles", Some(at), name);
        self.present(&article.title, path("title"), NO_TITLE);
        self.bytes(&article.title, TITLE_MAX, path("title"), TOO_LARGE);
        self.present(&article.thumb_media_id, path("thumb_media_id"), BAD_MEDIA_ID);
        self.bytes(&article.author, AUTHOR_MAX, path("author"), AUTHOR_TOO_LONG);
        self.present(&article.content, path("content"), NO_TEXT);
        self.bytes(&article.content, HTML_MAX, path("content"), TOO_LARGE);
        self.bytes(&article.digest, DESCRIPTION_MAX, path("digest"), TOO_LARGE);
    }
}
