//! Another system, to which action steps send requests: it writes down what it gets and answers as
//! it is told.

use std::{
    collections::{BTreeMap, VecDeque},
    sync::{Arc, Mutex},
};

use serde_json::Value;
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::{TcpListener, TcpStream},
};

use super::desk::start;

/// A request as it came.
#[derive(Clone, Debug)]
pub(crate) struct Got {
    pub(crate) path: String,
    pub(crate) headers: BTreeMap<String, String>,
    pub(crate) body: String,
}

impl Got {
    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap()
    }
}

#[derive(Default)]
struct Book {
    got: Vec<Got>,
    answers: VecDeque<u16>,
}

/// The other system.
pub(crate) struct Outlet {
    pub(crate) url: String,
    book: Arc<Mutex<Book>>,
    served: tokio::task::JoinHandle<()>,
}

impl Outlet {
    pub(crate) async fn open() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let book = Arc::new(Mutex::new(Book::default()));
        let ours = book.clone();
        let served = start(async move {
            while let Ok((stream, _from)) = listener.accept().await {
                serve(stream, &ours).await;
            }
        });
        Self { url, book, served }
    }

    /// What it answers to the next requests; 200 to every other.
    pub(crate) fn answers(&self, statuses: &[u16]) {
        self.book.lock().unwrap().answers.extend(statuses);
    }

    /// What it got, oldest first.
    pub(crate) fn got(&self) -> Vec<Got> {
        self.book.lock().unwrap().got.clone()
    }
}

impl Drop for Outlet {
    fn drop(&mut self) {
        self.served.abort();
    }
}

async fn serve(mut stream: TcpStream, book: &Mutex<Book>) {
    let (mut bytes, mut chunk) = (Vec::new(), [0; 4096]);
    let (head, length) = loop {
        let read = stream.read(&mut chunk).await.unwrap();
        bytes.extend_from_slice(&chunk[..read]);
        let text = String::from_utf8_lossy(&bytes).into_owned();
        let Some((head, _body)) = text.split_once("\r\n\r\n") else { continue };
        let length = head.lines().find_map(|line| {
            let (name, value) = line.split_once(": ")?;
            name.eq_ignore_ascii_case("content-length").then(|| value.parse::<usize>().unwrap())
        });
        break (head.to_owned(), length.unwrap_or_default());
    };
    while bytes.len() < head.len() + 4 + length {
        let read = stream.read(&mut chunk).await.unwrap();
        bytes.extend_from_slice(&chunk[..read]);
    }
    let headers = head.lines().skip(1).filter_map(|line| line.split_once(": "));
    let got = Got {
        path: head.split(' ').nth(1).unwrap_or_default().to_owned(),
        headers: headers.map(|(name, value)| (name.to_lowercase(), value.to_owned())).collect(),
        body: String::from_utf8(bytes[head.len() + 4..].to_vec()).unwrap(),
    };
    let status = {
        let mut book = book.lock().unwrap();
        book.got.push(got);
        book.answers.pop_front().unwrap_or(200)
    };
    let answer = format!("HTTP/1.1 {status} X\r\ncontent-length: 0\r\nconnection: close\r\n\r\n");
    stream.write_all(answer.as_bytes()).await.unwrap();
}
