//! Server-sent events: the page hears that something changed and reads it again.

use actix_web::{HttpResponse, http::header, web};
use bytes::Bytes;
use futures_util::stream;
use tokio::sync::broadcast::{Receiver, error::RecvError};

use crate::server::Shared;

pub(crate) async fn events(shared: web::Data<Shared>) -> HttpResponse {
    let hello = stream::iter([Ok::<_, actix_web::Error>(Bytes::from_static(b": hello\n\n"))]);
    let events = stream::unfold(shared.listen(), next);
    HttpResponse::Ok()
        .content_type("text/event-stream")
        .insert_header((header::CACHE_CONTROL, "no-cache"))
        .streaming(futures_util::StreamExt::chain(hello, events))
}

async fn next(
    mut receiver: Receiver<Option<String>>,
) -> Option<(Result<Bytes, actix_web::Error>, Receiver<Option<String>>)> {
    let text = match receiver.recv().await {
        Ok(Some(text)) => text,
        // A page that lagged behind reads everything again.
        Err(RecvError::Lagged(_)) => r#"{"type":"state","seq":0}"#.to_owned(),
        Ok(None) | Err(RecvError::Closed) => return None,
    };
    Some((Ok(Bytes::from(format!("data: {text}\n\n"))), receiver))
}
