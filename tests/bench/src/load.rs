//! The load: 64 connections, kept open. A closed loop sends the next callback when the last was
//! answered; it runs on one thread, so that an answer does not wake a sleeping thread at the cost of
//! the server that sends it. An open loop sends each callback at its own time, and counts from that
//! time on, whether or not a connection was free; it has a thread a connection, which wake on time.

use std::{
    cell::Cell,
    io::{Read as _, Write as _},
    net::{SocketAddr, TcpStream},
    sync::{
        Barrier,
        atomic::{AtomicUsize, Ordering},
    },
    thread,
    time::{Duration, Instant},
};

use anyhow::{Context as _, Result, anyhow, bail};
use futures_util::future::join_all;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

use crate::message::{Dice, Shot};

/// Connections to the server.
pub(crate) const CONNECTIONS: usize = 64;
/// How long one answer may take.
const ANSWER_MAX: Duration = Duration::from_secs(10);
/// The longest answer that is read.
const ANSWER_BYTES_MAX: usize = 4 << 20;
/// Threads of the load need next to no stack.
const STACK: usize = 128 << 10;

/// What came of a load.
#[derive(Default)]
pub(crate) struct Outcome {
    /// The messages that were answered 200, a repeat once more.
    pub(crate) accepted: Vec<u64>,
    /// Milliseconds from the intended time to the answer.
    pub(crate) millis: Vec<f64>,
    /// What else was answered, or not.
    pub(crate) failures: Vec<String>,
    /// How long it all took.
    pub(crate) seconds: f64,
}

/// When callbacks are sent.
#[derive(Clone, Copy)]
pub(crate) enum Pace {
    /// As soon as a connection is free, until nothing is left or this time is over.
    Closed(Duration),
    /// So many a second, at random times.
    Open(f64),
}

impl Outcome {
    fn of(parts: Vec<Self>, began: Instant) -> Self {
        let mut all = Self { seconds: began.elapsed().as_secs_f64(), ..Self::default() };
        for one in parts {
            all.accepted.extend(one.accepted);
            all.millis.extend(one.millis);
            all.failures.extend(one.failures);
        }
        all
    }

    fn note(&mut self, shot: &Shot, intended: Instant, answer: &Result<Answer>) {
        self.millis.push(intended.elapsed().as_secs_f64() * 1000.0);
        match answer {
            Ok(answer) if answer.status == 200 => self.accepted.push(shot.message),
            Ok(answer) => self.failures.push(format!("status {}", answer.status)),
            Err(error) => self.failures.push(format!("{error:#}")),
        }
    }
}

/// Sends callbacks to a server. `begin` runs when everybody is connected, right before the first.
pub(crate) fn fire<T>(
    addr: SocketAddr,
    shots: &[Shot],
    pace: Pace,
    begin: impl FnOnce() -> Result<T>,
) -> Result<(Outcome, T)> {
    match pace {
        Pace::Closed(span) => {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
            runtime.block_on(closed(addr, shots, span, begin))
        }
        Pace::Open(rate) => open(addr, shots, &arrivals(rate, shots.len()), begin),
    }
}

async fn closed<T>(
    addr: SocketAddr,
    shots: &[Shot],
    span: Duration,
    begin: impl FnOnce() -> Result<T>,
) -> Result<(Outcome, T)> {
    let lines = join_all((0..CONNECTIONS).map(|_one| connect(addr))).await;
    let (begun, began, next) = (begin()?, Instant::now(), Cell::new(0));
    let one = async |mut line: Result<tokio::net::TcpStream>| {
        let (mut outcome, mut reading) = (Outcome::default(), Reading::new());
        while began.elapsed() < span {
            let Some(shot) = shots.get(next.replace(next.get() + 1)) else { break };
            let intended = Instant::now();
            let answer = match &mut line {
                Ok(line) => {
                    let answer = ask(line, &mut reading, &shot.bytes);
                    tokio::time::timeout(ANSWER_MAX, answer)
                        .await
                        .unwrap_or_else(|late| bail!(late))
                }
                Err(error) => Err(anyhow!("no connection: {error}")),
            };
            outcome.note(shot, intended, &answer);
            if answer.is_err() {
                line = connect(addr).await;
            }
        }
        outcome
    };
    let parts = join_all(lines.into_iter().map(one)).await;
    Ok((Outcome::of(parts, began), begun))
}

async fn connect(addr: SocketAddr) -> Result<tokio::net::TcpStream> {
    let line = tokio::net::TcpStream::connect(addr).await?;
    line.set_nodelay(true)?;
    Ok(line)
}

async fn ask(
    line: &mut tokio::net::TcpStream,
    reading: &mut Reading,
    request: &[u8],
) -> Result<Answer> {
    line.write_all(request).await?;
    reading.filled = 0;
    loop {
        let read = line.read(reading.room()?).await?;
        if let Some(answer) = reading.took(read)? {
            return Ok(answer);
        }
    }
}

fn open<T>(
    addr: SocketAddr,
    shots: &[Shot],
    due: &[Duration],
    begin: impl FnOnce() -> Result<T>,
) -> Result<(Outcome, T)> {
    let (next, gate) = (AtomicUsize::new(0), Barrier::new(CONNECTIONS + 1));
    let work = Work { addr, shots, due, next: &next, gate: &gate };
    thread::scope(|scope| {
        let mut threads = Vec::with_capacity(CONNECTIONS);
        for _one in 0..CONNECTIONS {
            let builder = thread::Builder::new().stack_size(STACK);
            threads.push(builder.spawn_scoped(scope, || work.run())?);
        }
        gate.wait();
        let begun = begin();
        let began = Instant::now();
        gate.wait();
        let join = |thread: thread::ScopedJoinHandle<'_, Outcome>| {
            thread.join().map_err(|_panic| anyhow!("a thread of the load panicked"))
        };
        let parts = threads.into_iter().map(join).collect::<Result<Vec<_>>>()?;
        Ok((Outcome::of(parts, began), begun?))
    })
}

/// What the threads of an open loop share.
struct Work<'a> {
    addr: SocketAddr,
    shots: &'a [Shot],
    due: &'a [Duration],
    next: &'a AtomicUsize,
    gate: &'a Barrier,
}

impl Work<'_> {
    fn run(&self) -> Outcome {
        let mut line = Line::open(self.addr);
        let mut outcome = Outcome::default();
        self.gate.wait();
        self.gate.wait();
        let began = Instant::now();
        loop {
            let at = self.next.fetch_add(1, Ordering::Relaxed);
            let (Some(shot), Some(due)) = (self.shots.get(at), self.due.get(at)) else { break };
            let intended = began + *due;
            thread::sleep(intended.saturating_duration_since(Instant::now()));
            let answer = match &mut line {
                Ok(line) => line.ask(&shot.bytes),
                Err(error) => Err(anyhow!("no connection: {error}")),
            };
            outcome.note(shot, intended, &answer);
            if answer.is_err() {
                line = Line::open(self.addr);
            }
        }
        outcome
    }
}

/// The times of arrivals that know nothing of each other, at this many a second.
pub(crate) fn arrivals(rate: f64, count: usize) -> Vec<Duration> {
    let mut dice = Dice(7);
    let mut at = 0.0;
    let next = |_one| {
        at -= dice.fraction().ln() / rate.max(1.0);
        Duration::from_secs_f64(at)
    };
    (0..count).map(next).collect()
}

/// An answer.
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) body: Vec<u8>,
}

/// An answer as it comes in: the first `filled` bytes hold.
struct Reading {
    buffer: Vec<u8>,
    filled: usize,
}

impl Reading {
    fn new() -> Self {
        Self { buffer: vec![0; 4096], filled: 0 }
    }

    /// Where to read to.
    fn room(&mut self) -> Result<&mut [u8]> {
        if self.filled == self.buffer.len() {
            if self.filled >= ANSWER_BYTES_MAX {
                bail!("an answer is too long");
            }
            self.buffer.resize(self.filled * 2, 0);
        }
        Ok(self.buffer.get_mut(self.filled..).unwrap_or_default())
    }

    /// So many bytes were read there; gives the answer when it is whole.
    fn took(&mut self, read: usize) -> Result<Option<Answer>> {
        if read == 0 {
            bail!("the connection was closed without an answer");
        }
        self.filled += read;
        parse(self.buffer.get(..self.filled).unwrap_or_default())
    }
}

/// One connection that blocks its thread.
pub(crate) struct Line {
    stream: TcpStream,
    reading: Reading,
}

impl Line {
    pub(crate) fn open(addr: SocketAddr) -> Result<Self> {
        let stream = TcpStream::connect_timeout(&addr, ANSWER_MAX)?;
        stream.set_nodelay(true)?;
        stream.set_read_timeout(Some(ANSWER_MAX))?;
        stream.set_write_timeout(Some(ANSWER_MAX))?;
        Ok(Self { stream, reading: Reading::new() })
    }

    /// Sends a request and reads the whole answer.
    pub(crate) fn ask(&mut self, request: &[u8]) -> Result<Answer> {
        self.stream.write_all(request)?;
        self.reading.filled = 0;
        loop {
            let read = self.stream.read(self.reading.room()?)?;
            if let Some(answer) = self.reading.took(read)? {
                return Ok(answer);
            }
        }
    }

    /// Asks with JSON and reads JSON.
    pub(crate) fn json(
        &mut self,
        method: &str,
        path: &str,
        body: &serde_json::Value,
    ) -> Result<serde_json::Value> {
        let body = if body.is_null() { String::new() } else { body.to_string() };
        let request = format!(
            "{method} {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\n\
             Content-Length: {}\r\n\r\n{body}",
            body.len()
        );
        let answer = self.ask(request.as_bytes())?;
        if answer.status != 200 {
            bail!("{method} {path}: {}", answer.status);
        }
        serde_json::from_slice(&answer.body).with_context(|| format!("{method} {path}"))
    }
}

/// The answer, once it is all there. Every answer that is asked for here has its length.
fn parse(read: &[u8]) -> Result<Option<Answer>> {
    let Some(end) = read.windows(4).position(|four| four == b"\r\n\r\n") else { return Ok(None) };
    let (head, rest) = read.split_at(end + 4);
    let head = str::from_utf8(head).context("a head is not text")?;
    let status = head.split(' ').nth(1).and_then(|status| status.parse().ok());
    let status = status.context("a head has no status")?;
    let length = head.lines().find_map(|line| {
        let (name, value) = line.split_once(':')?;
        name.eq_ignore_ascii_case("content-length").then(|| value.trim().parse::<usize>().ok())?
    });
    let body = rest.get(..length.context("an answer has no length")?);
    Ok(body.map(|body| Answer { status, body: body.to_vec() }))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::figures::number;

    #[test]
    fn an_answer_is_read_when_it_is_whole() {
        let whole = b"HTTP/1.1 200 OK\r\ncontent-LENGTH: 3\r\nX: y\r\n\r\nabc";
        for cut in 0..whole.len() {
            assert!(parse(&whole[..cut]).unwrap().is_none(), "{cut}");
        }
        let answer = parse(whole).unwrap().unwrap();
        assert_eq!((answer.status, answer.body.as_slice()), (200, b"abc".as_slice()));
        assert!(parse(b"HTTP/1.1 200 OK\r\n\r\n").is_err());
        assert!(parse(b"nonsense\r\n\r\n").is_err());
    }

    #[test]
    fn arrivals_rise_and_keep_their_rate() {
        let times = arrivals(500.0, 5000);
        assert!(times.windows(2).all(|two| two[0] <= two[1]));
        let rate = number(times.len()) / times[4999].as_secs_f64();
        assert!((450.0..550.0).contains(&rate), "{rate}");
    }

    /// A server that answers 200 after a while, one request at a time.
    fn slow_server(wait: Duration) -> SocketAddr {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let addr = listener.local_addr().unwrap();
        thread::spawn(move || {
            for stream in listener.incoming() {
                let mut stream = stream.unwrap();
                thread::spawn(move || {
                    let mut buffer = [0; 64];
                    while stream.read(&mut buffer).unwrap_or(0) > 0 {
                        thread::sleep(wait);
                        stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n").unwrap();
                    }
                });
            }
        });
        addr
    }

    fn shots(count: u64) -> Vec<Shot> {
        (0..count).map(|message| Shot { bytes: b"x".to_vec(), message }).collect()
    }

    #[test]
    fn every_shot_is_fired_once_and_an_open_loop_counts_from_the_intended_time() {
        let addr = slow_server(Duration::from_millis(20));
        let closed = Pace::Closed(Duration::from_secs(10));
        let (mut outcome, _nothing) = fire(addr, &shots(300), closed, || Ok(())).unwrap();
        outcome.accepted.sort_unstable();
        assert_eq!(outcome.accepted, (0..300).collect::<Vec<_>>());
        assert!(outcome.failures.is_empty());
        // Six times what 64 connections can do in 20 ms: those at the end wait for their turn.
        let (outcome, _nothing) = fire(addr, &shots(640), Pace::Open(20_000.0), || Ok(())).unwrap();
        let longest = outcome.millis.iter().copied().fold(0.0, f64::max);
        assert!(longest > 100.0, "{longest}");
    }

    #[test]
    fn what_is_not_answered_is_a_failure() {
        let nobody = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
        let closed = Pace::Closed(Duration::from_secs(10));
        let (outcome, _nothing) = fire(nobody, &shots(5), closed, || Ok(())).unwrap();
        assert_eq!((outcome.accepted.len(), outcome.failures.len()), (0, 5));
    }
}
