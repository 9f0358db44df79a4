//! The load: 64 connections, a thread and a raw socket each, so that its own cost stays small. A
//! closed loop sends the next callback when the last was answered. An open loop sends each at its
//! own time, and counts from that time on, whether or not a connection was free.

use std::{
    io::{Read as _, Write as _},
    net::{SocketAddr, TcpStream},
    sync::{
        Barrier,
        atomic::{AtomicUsize, Ordering},
    },
    thread,
    time::{Duration, Instant},
};

use anyhow::{Context as _, Result, bail};

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

/// Sends callbacks to a server. `begin` runs when everybody is connected, right before the first.
pub(crate) fn fire<T>(
    addr: SocketAddr,
    shots: &[Shot],
    pace: Pace,
    begin: impl FnOnce() -> Result<T>,
) -> Result<(Outcome, T)> {
    let due = match pace {
        Pace::Closed(_) => Vec::new(),
        Pace::Open(rate) => arrivals(rate, shots.len()),
    };
    let until = match pace {
        Pace::Closed(span) => span,
        Pace::Open(_) => Duration::MAX,
    };
    let (next, gate) = (AtomicUsize::new(0), Barrier::new(CONNECTIONS + 1));
    let work = Work { shots, due: &due, until, next: &next, gate: &gate };
    thread::scope(|scope| {
        let mut threads = Vec::with_capacity(CONNECTIONS);
        for _one in 0..CONNECTIONS {
            let builder = thread::Builder::new().stack_size(STACK);
            threads.push(builder.spawn_scoped(scope, || work.run(addr))?);
        }
        gate.wait();
        let begun = begin();
        let began = Instant::now();
        gate.wait();
        let mut all = Outcome::default();
        for thread in threads {
            let Ok(one) = thread.join() else { bail!("a thread of the load panicked") };
            all.accepted.extend(one.accepted);
            all.millis.extend(one.millis);
            all.failures.extend(one.failures);
        }
        all.seconds = began.elapsed().as_secs_f64();
        Ok((all, begun?))
    })
}

struct Work<'a> {
    shots: &'a [Shot],
    due: &'a [Duration],
    until: Duration,
    next: &'a AtomicUsize,
    gate: &'a Barrier,
}

impl Work<'_> {
    fn run(&self, addr: SocketAddr) -> Outcome {
        let mut line = Line::open(addr);
        let mut outcome = Outcome::default();
        self.gate.wait();
        self.gate.wait();
        let began = Instant::now();
        while began.elapsed() < self.until {
            let at = self.next.fetch_add(1, Ordering::Relaxed);
            let Some(shot) = self.shots.get(at) else { break };
            let intended = match self.due.get(at) {
                None => Instant::now(),
                Some(due) => {
                    let due = began + *due;
                    thread::sleep(due.saturating_duration_since(Instant::now()));
                    due
                }
            };
            let answered = match &mut line {
                Ok(line) => line.ask(&shot.bytes),
                Err(error) => Err(anyhow::anyhow!("no connection: {error}")),
            };
            outcome.millis.push(intended.elapsed().as_secs_f64() * 1000.0);
            match answered {
                Ok(answer) if answer.status == 200 => outcome.accepted.push(shot.message),
                Ok(answer) => outcome.failures.push(format!("status {}", answer.status)),
                Err(error) => {
                    outcome.failures.push(format!("{error:#}"));
                    line = Line::open(addr);
                }
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

/// One connection, kept open.
pub(crate) struct Line {
    stream: TcpStream,
    /// What was read; the first `filled` bytes hold.
    buffer: Vec<u8>,
    filled: usize,
}

/// An answer.
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) body: Vec<u8>,
}

impl Line {
    pub(crate) fn open(addr: SocketAddr) -> Result<Self> {
        let stream = TcpStream::connect_timeout(&addr, ANSWER_MAX)?;
        stream.set_nodelay(true)?;
        stream.set_read_timeout(Some(ANSWER_MAX))?;
        stream.set_write_timeout(Some(ANSWER_MAX))?;
        Ok(Self { stream, buffer: vec![0; 4096], filled: 0 })
    }

    /// Sends a request and reads the whole answer.
    pub(crate) fn ask(&mut self, request: &[u8]) -> Result<Answer> {
        self.stream.write_all(request)?;
        self.filled = 0;
        loop {
            if self.filled == self.buffer.len() {
                if self.filled >= ANSWER_BYTES_MAX {
                    bail!("an answer is too long");
                }
                self.buffer.resize(self.filled * 2, 0);
            }
            let room = self.buffer.get_mut(self.filled..).unwrap_or_default();
            let read = self.stream.read(room)?;
            if read == 0 {
                bail!("the connection was closed without an answer");
            }
            self.filled += read;
            let read = self.buffer.get(..self.filled).unwrap_or_default();
            if let Some(answer) = parse(read)? {
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
