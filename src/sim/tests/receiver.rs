//! A server that is called back: answers as its script says and keeps what it was sent.

use std::{
    collections::VecDeque,
    io::{BufRead, BufReader, Read, Write},
    net::{SocketAddr, TcpListener, TcpStream},
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, Ordering},
    },
    thread,
    time::Duration,
};

use wecom::{
    crypt::{AesKey, Crypt, Opened, Signed},
    xml::envelope,
};

use crate::AppSeed;

/// What to do with the next request; an empty 200 when the script has ended.
#[derive(Clone)]
pub(super) enum Step {
    Answer(u16, String),
    /// Keeps the caller waiting.
    Hang(Duration),
    /// Hangs up without a word.
    Close,
}

#[derive(Clone)]
pub(super) struct Request {
    pub(super) method: String,
    pub(super) query: Vec<(String, String)>,
    pub(super) body: Vec<u8>,
}

impl Request {
    pub(super) fn query(&self, name: &str) -> &str {
        self.query.iter().find(|(key, _)| key == name).map_or("", |(_, value)| value)
    }

    /// Opens it as an app does.
    pub(super) fn open(&self) -> Result<Opened, wecom::crypt::CryptError> {
        let signed = Signed {
            msg_signature: self.query("msg_signature"),
            timestamp: self.query("timestamp"),
            nonce: self.query("nonce"),
        };
        crypt().open(&signed, &envelope(&self.body).unwrap().encrypt)
    }

    pub(super) fn plain(&self) -> String {
        String::from_utf8(self.open().unwrap().message).unwrap()
    }
}

/// The cipher of the sample app.
pub(super) fn crypt() -> Crypt {
    let app = AppSeed::sample();
    let key = AesKey::parse(&app.encoding_aes_key).unwrap();
    Crypt::new(app.token, key, vec![crate::CorpSeed::sample().corp_id])
}

type Script = Box<dyn FnMut(&Request) -> Step + Send>;

struct Inner {
    steps: Mutex<VecDeque<Step>>,
    script: Mutex<Option<Script>>,
    requests: Mutex<Vec<Request>>,
    stopped: AtomicBool,
}

pub(super) struct Receiver {
    addr: SocketAddr,
    inner: Arc<Inner>,
}

impl Receiver {
    pub(super) fn new() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let addr = listener.local_addr().unwrap();
        let inner = Arc::new(Inner {
            steps: Mutex::default(),
            script: Mutex::default(),
            requests: Mutex::default(),
            stopped: AtomicBool::new(false),
        });
        let shared = Arc::clone(&inner);
        thread::spawn(move || {
            for stream in listener.incoming() {
                if shared.stopped.load(Ordering::SeqCst) {
                    break;
                }
                let shared = Arc::clone(&shared);
                thread::spawn(move || serve(stream.unwrap(), &shared));
            }
        });
        Self { addr, inner }
    }

    pub(super) fn url(&self) -> String {
        format!("http://{}/wecom?own=1", self.addr)
    }

    /// The next requests are treated so.
    pub(super) fn then(&self, steps: impl IntoIterator<Item = Step>) {
        self.inner.steps.lock().unwrap().extend(steps);
    }

    /// Every request is treated as the script says.
    pub(super) fn script(&self, script: impl FnMut(&Request) -> Step + Send + 'static) {
        *self.inner.script.lock().unwrap() = Some(Box::new(script));
    }

    pub(super) fn requests(&self) -> Vec<Request> {
        self.inner.requests.lock().unwrap().clone()
    }

    pub(super) fn plains(&self) -> Vec<String> {
        self.requests().iter().map(Request::plain).collect()
    }
}

impl Drop for Receiver {
    fn drop(&mut self) {
        self.inner.stopped.store(true, Ordering::SeqCst);
        let _wakes_the_listener = TcpStream::connect(self.addr);
    }
}

fn serve(mut stream: TcpStream, inner: &Inner) {
    let Some(request) = read(&stream) else { return };
    let step = inner.steps.lock().unwrap().pop_front();
    let step = step.or_else(|| inner.script.lock().unwrap().as_mut().map(|it| it(&request)));
    inner.requests.lock().unwrap().push(request);
    match step.unwrap_or(Step::Answer(200, String::new())) {
        Step::Close => {}
        Step::Hang(time) => thread::sleep(time),
        Step::Answer(status, body) => {
            let head = format!(
                "HTTP/1.1 {status} X\r\ncontent-length: {}\r\nconnection: close\r\n\r\n",
                body.len()
            );
            let _gone = stream.write_all(format!("{head}{body}").as_bytes());
        }
    }
}

fn read(stream: &TcpStream) -> Option<Request> {
    let mut reader = BufReader::new(stream);
    let mut line = String::new();
    reader.read_line(&mut line).ok()?;
    let mut words = line.split(' ');
    let (method, target) = (words.next()?.to_owned(), words.next()?.to_owned());
    let mut length = 0;
    loop {
        let mut header = String::new();
        reader.read_line(&mut header).ok()?;
        let header = header.trim().to_lowercase();
        if header.is_empty() {
            break;
        }
        if let Some(value) = header.strip_prefix("content-length:") {
            length = value.trim().parse().ok()?;
        }
    }
    let mut body = vec![0; length];
    reader.read_exact(&mut body).ok()?;
    let query = target.split_once('?').map_or("", |(_path, query)| query);
    let query = actix_web::web::Query::<Vec<(String, String)>>::from_query(query).ok()?;
    Some(Request { method, query: query.into_inner(), body })
}
