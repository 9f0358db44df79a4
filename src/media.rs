//! Fetches what members send before WeCom forgets it (three days), and adds it to its ticket.

use std::sync::Arc;

use files::FileStore;
use kernel::{Actor, Ctx, Error, Kind, Result, TicketId};
use notify::Desk;
use queue::{End, Job, Record};
use serde::{Deserialize, Serialize};
use serde_json::{Map, json};
use wecom::{Client, api::media, error::Class};

use crate::intake::Reception;

/// The topic of files that are to be fetched.
pub(crate) const TOPIC_MEDIA: &str = "media.fetch";

/// The body of a job of [`TOPIC_MEDIA`].
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Media {
    /// Where it is added; nowhere when the sender was asked for it.
    pub(crate) ticket: Option<TicketId>,
    /// The question of the conversation that it answers.
    #[serde(default)]
    pub(crate) asked: Option<String>,
    pub(crate) userid: String,
    pub(crate) kind: String,
    pub(crate) media_id: String,
    pub(crate) name: String,
}

/// Fetches files.
#[derive(Clone)]
pub(crate) struct Fetcher {
    pub(crate) client: Arc<Client>,
    pub(crate) app: String,
    pub(crate) store: FileStore,
    pub(crate) desk: Arc<Desk>,
}

impl Fetcher {
    /// Does a job of [`TOPIC_MEDIA`].
    pub(crate) async fn fetch(self, _ctx: Ctx, job: Job) -> (End, Option<Record>) {
        match self.try_fetch(&job).await {
            Ok(outcome) => outcome,
            Err(error) => (End::Failed(error), None),
        }
    }

    async fn try_fetch(&self, job: &Job) -> Result<(End, Option<Record>)> {
        let media: Media = serde_json::from_str(&job.body)
            .map_err(|error| Error::bug("a media job cannot be read").caused_by(error))?;
        let found = match media::get(&self.client, &self.app, &media.media_id).await {
            Ok(found) => found,
            Err(error) if matches!(error.class, Class::Gone | Class::Data | Class::Unknown) => {
                let words = format!("[{}] 无法从企业微信取回：{error}", media.name);
                return Ok((End::Expired(words.clone()), Some(self.note(media, words))));
            }
            Err(error) => return Err(error.into()),
        };
        let name = found.file_name.unwrap_or_else(|| media.name.clone());
        let store = self.store.clone();
        let bytes = found.bytes;
        let saved = tokio::task::spawn_blocking(move || store.save(&bytes)).await;
        let saved = saved.map_err(|error| Error::bug("saving a file panicked").caused_by(error))?;
        let stored = match saved {
            Ok(stored) => stored,
            Err(error) if error.kind() == Kind::Invalid => {
                let words = format!("[{name}] 未保存：{}", error.detail());
                return Ok((End::Expired(words.clone()), Some(self.note(media, words))));
            }
            Err(error) => return Err(error),
        };
        let desk = self.desk.clone();
        let record: Record = Box::new(move |conn, ctx| {
            let new = files::NewFile {
                stored: &stored,
                name: &name,
                source_media_id: Some(&media.media_id),
            };
            let ctx = ctx.with_actor(Actor::member(&media.userid));
            let file = files::put(conn, &ctx, new)?;
            let Some(ticket) = media.ticket else {
                let asked = media.asked.as_deref().unwrap_or_default();
                let reception = Reception { desk: desk.clone() };
                return reception.handed(conn, &ctx, (&media.userid, asked), file.id);
            };
            let mut input = Map::new();
            input.insert("kind".to_owned(), json!(media.kind));
            input.insert("file".to_owned(), json!(file.id));
            input.insert("name".to_owned(), json!(file.name));
            let command = ticket::Command::new("attach", &input);
            ticket::act(conn, &ctx, &desk.setup, ticket, &command).map(|_ticket| ())
        });
        Ok((End::Done("已保存".to_owned()), Some(record)))
    }

    /// A file that cannot be had is said on the ticket, or to who was asked for it.
    fn note(&self, media: Media, words: String) -> Record {
        let desk = self.desk.clone();
        Box::new(move |conn, ctx| {
            let ctx = ctx.with_actor(Actor::System);
            let Some(ticket) = media.ticket else {
                return notify::reply(conn, &ctx, &desk, &media.userid, &words);
            };
            let mut input = Map::new();
            input.insert("text".to_owned(), json!(words));
            let command = ticket::Command::new("comment", &input);
            ticket::act(conn, &ctx, &desk.setup, ticket, &command).map(|_ticket| ())
        })
    }
}
