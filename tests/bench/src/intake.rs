//! Durable intake. Three servers run side by side, one a way of storing; rounds take turns, so that
//! whatever else the machine does meets all of them. The measure is CPU time of server and database
//! process together, per callback that was answered 200. The floor is the server that stores
//! nothing, plus the database's share of bare inserts of the very rows that the product stored.

use std::{
    collections::BTreeSet,
    io::{BufRead as _, BufReader},
    net::SocketAddr,
    path::Path,
    process::{Command, Stdio},
    thread,
    time::{Duration, Instant},
};

use anyhow::{Context as _, Result, bail, ensure};
use clap::ValueEnum as _;

use crate::{
    Size, Subject,
    figures::{median, median_of, number, percentile, ratio},
    load::{CONNECTIONS, Line, Outcome, Pace, fire},
    message::Mint,
    proc::{self, Folder, Guarded, Meter, of_this_thread},
    report::{Report, say},
    serve::Way,
    store::{self, Base},
};

/// How long one closed round may take.
const ROUND_MAX: Duration = Duration::from_secs(8);
/// Between rounds: what was begun in the background comes to an end.
const REST: Duration = Duration::from_millis(150);
/// How long spooled callbacks may take to reach the database.
const DRAIN_MAX: Duration = Duration::from_secs(30);
/// The server without storing is so much cheaper that it is sent its callbacks several times.
const OFF_TIMES: usize = 3;
const WARM_UP: usize = 600;

/// A server of one way, with its own database.
struct Server {
    way: Way,
    base: Base,
    addr: SocketAddr,
    process: Guarded,
    accepted: BTreeSet<u64>,
    answered: usize,
    failures: Vec<String>,
}

/// What one round of one way took.
#[derive(Clone, Copy, Debug, Default)]
struct Cost {
    /// Microseconds of CPU per answered callback: the server's and the database's.
    server: f64,
    database: f64,
    /// Callbacks a second.
    rate: f64,
    /// Callbacks that shared an insert.
    batch: f64,
}

impl Cost {
    fn sum(self) -> f64 {
        self.server + self.database
    }
}

/// One round of all.
#[derive(Clone, Copy, Debug, Default)]
struct Round {
    ours: Cost,
    off: Cost,
    single: Cost,
    /// The database's CPU for bare inserts of the rows of `ours`, per callback of `ours`.
    bare: f64,
}

impl Round {
    fn floor(&self) -> f64 {
        self.off.sum() + self.bare
    }
}

/// p50 and p99 in milliseconds.
type Latency = (f64, f64);

struct Bench<'a> {
    size: Size,
    subject: &'a Subject,
    mint: Mint,
    servers: [Server; 3],
    bare: Base,
    /// Which stored rows the bare inserts have had.
    copied: i64,
    /// CPU of the client of the bare inserts, per row: told, but not part of the floor.
    client: Vec<f64>,
}

/// Measures the intake on a database.
pub(crate) fn measure(size: Size, subject: &Subject, report: &mut Report) -> Result<()> {
    let folder = Folder::new("intake")?;
    let mut bench = Bench::start(size, subject, folder.path())?;
    // First, while both have stored the same: a table that has outgrown the database's memory would
    // answer for the design that has filled it faster.
    let single = bench.closed(Way::Single, size.requests / 3)?;
    bench.closed(Way::Batched, size.requests / 3)?;
    bench.equal(single.rate / 2.0, report)?;
    let mut rounds = Vec::new();
    for turn in 0..size.rounds {
        let others = Others::start(&bench)?;
        let round = bench.round(turn)?;
        let others = others.share(&bench)?;
        say(&format!(
            "  round {}: ours {:.1} + {:.1} µs ({:.0} an insert), off {:.1}, bare {:.1}, \
             single {:.1} + {:.1}; the rest of the machine: {others:.0} % of a core",
            turn + 1,
            round.ours.server,
            round.ours.database,
            round.ours.batch,
            round.off.sum(),
            round.bare,
            round.single.server,
            round.single.database,
        ));
        rounds.push(round);
    }
    say(&format!("  the client of the bare inserts: {:.1} µs a row", median(&bench.client)));
    tell_costs(&rounds, report);
    let rate = |find: fn(&Round) -> f64| median_of(&rounds, find);
    let (ours, single) = (rate(|round| round.ours.rate), rate(|round| round.single.rate));
    let half = [bench.half(Way::Batched, ours / 2.0)?, bench.half(Way::Single, single / 2.0)?];
    let [(our_p50, our_p99), (single_p50, single_p99)] = half;
    let figure = format!("{our_p50:.1} / {our_p99:.1} ms; {single_p50:.1} / {single_p99:.1} ms");
    report.add("intake.half", 0.0, figure);
    bench.settle(report)
}

fn tell_costs(rounds: &[Round], report: &mut Report) {
    let find = |find: fn(&Round) -> f64| median_of(rounds, find);
    let (ours, single) = (find(|round| round.ours.sum()), find(|round| round.single.sum()));
    let (times, floor) = (find(|round| ratio(round.ours.sum(), round.floor())), find(Round::floor));
    report.add("intake.cpu", times, format!("{times:.2} ({ours:.0} : {floor:.0})"));
    let times = find(|round| ratio(round.single.sum(), round.ours.sum()));
    report.add("intake.single", times, format!("{times:.1} ({single:.0} : {ours:.0})"));
    let (our_rate, single_rate) = (find(|round| round.ours.rate), find(|round| round.single.rate));
    report.add("intake.rate", 0.0, format!("{our_rate:.0} : {single_rate:.0}"));
}

/// Measures what everybody else on the machine does: with much of it, caches are cold and figures
/// high, those of many small batches more than those of few large ones.
struct Others {
    began: Instant,
    machine: f64,
    ours: f64,
}

impl Others {
    fn start(bench: &Bench<'_>) -> Result<Self> {
        Ok(Self { began: Instant::now(), machine: proc::machine()?, ours: bench.used()? })
    }

    /// In percent of one core.
    fn share(&self, bench: &Bench<'_>) -> Result<f64> {
        let rest = (proc::machine()? - self.machine) - (bench.used()? - self.ours);
        Ok(rest.max(0.0) / self.began.elapsed().as_secs_f64() / 1e6 * 100.0)
    }
}

impl<'a> Bench<'a> {
    /// CPU time of everything that takes part, so far.
    fn used(&self) -> Result<f64> {
        let servers = self.servers.iter().map(|server| server.process.id());
        let all = servers.chain(self.subject.pid).chain([std::process::id()]);
        all.map(proc::whole).sum()
    }

    fn start(size: Size, subject: &'a Subject, folder: &Path) -> Result<Self> {
        let start = |way| Server::start(way, subject, folder);
        let servers = [start(Way::Batched)?, start(Way::Off)?, start(Way::Single)?];
        let bare = Base::fresh(subject.server.as_deref(), folder, "bare")?;
        // Its tables are made as everybody's are.
        let settings = db::Settings::parse(bare.url())?;
        db::migrate(&db::Db::new(settings), &kernel::Clock::System, 1)?;
        let mint = Mint::new()?;
        let mut bench = Self { size, subject, mint, servers, bare, copied: 0, client: Vec::new() };
        for way in Way::value_variants() {
            bench.fire(*way, WARM_UP, Pace::Closed(ROUND_MAX))?;
        }
        bench.copy()?;
        bench.client.clear();
        Ok(bench)
    }

    fn server(&mut self, way: Way) -> Result<&mut Server> {
        self.servers.iter_mut().find(|server| server.way == way).context("no such server")
    }

    /// Sends callbacks to a server; gives what came of them and what they cost.
    fn fire(&mut self, way: Way, count: usize, pace: Pace) -> Result<(Outcome, Cost)> {
        let shots = self.mint.shots(count)?;
        let database = self.subject.pid;
        let server = self.server(way)?;
        server.process.check()?;
        thread::sleep(REST);
        let (process, before) = (server.process.id(), server.batches()?);
        let (outcome, (of_server, of_database)) = fire(server.addr, &shots, pace, || {
            Ok((Meter::start(process)?, database.map(Meter::start).transpose()?))
        })?;
        let (of_server, after) = (of_server.micros()?, server.batches()?);
        let of_database = of_database.map_or(Ok(0.0), |meter| meter.micros())?;
        server.take(&outcome);
        let answered = number(outcome.accepted.len());
        let cost = Cost {
            server: of_server / answered.max(1.0),
            database: of_database / answered.max(1.0),
            rate: answered / outcome.seconds,
            batch: ratio(after.0 - before.0, after.1 - before.1),
        };
        Ok((outcome, cost))
    }

    fn closed(&mut self, way: Way, count: usize) -> Result<Cost> {
        Ok(self.fire(way, count, Pace::Closed(ROUND_MAX))?.1)
    }

    /// Each way once. Who begins changes from round to round.
    fn round(&mut self, turn: usize) -> Result<Round> {
        let mut round = Round::default();
        for step in 0..3 {
            match (turn + step) % 3 {
                0 => {
                    let (outcome, cost) =
                        self.fire(Way::Batched, self.size.requests, Pace::Closed(ROUND_MAX))?;
                    let rows = outcome.accepted.iter().collect::<BTreeSet<_>>().len();
                    let share = ratio(number(rows), number(outcome.accepted.len()));
                    (round.ours, round.bare) = (cost, self.copy()? * share);
                }
                1 => round.off = self.closed(Way::Off, self.size.requests * OFF_TIMES)?,
                _ => round.single = self.closed(Way::Single, self.size.requests / 3)?,
            }
        }
        Ok(round)
    }

    /// Inserts what the product has stored since the last time into a table of its own; gives the
    /// database's CPU per row.
    fn copy(&mut self) -> Result<f64> {
        let after = self.copied;
        let rows = self.server(Way::Batched)?.base.rows_after(after)?;
        self.copied = rows.last().map_or(self.copied, |row| row.id);
        let mut conn = self.bare.open()?;
        thread::sleep(REST);
        let database = self.subject.pid.map(Meter::start).transpose()?;
        let client = of_this_thread()?;
        let count = number(store::insert_bare(&mut conn, &rows)?).max(1.0);
        let client = (of_this_thread()? - client) / count;
        match database {
            // An embedded database works in its client's thread.
            None => Ok(client),
            Some(database) => {
                self.client.push(client);
                Ok(database.micros()? / count)
            }
        }
    }

    /// Latency at a rate.
    fn open(&mut self, way: Way, rate: f64, seconds: f64) -> Result<Latency> {
        let count = seconds * rate;
        // No float becomes an integer without a cast, but a span of time does.
        let count = usize::try_from(Duration::from_secs_f64(count.max(1.0)).as_secs())?;
        let (outcome, _cost) = self.fire(way, count, Pace::Open(rate))?;
        Ok((percentile(&outcome.millis, 50), percentile(&outcome.millis, 99)))
    }

    fn half(&mut self, way: Way, rate: f64) -> Result<Latency> {
        let mut found = Vec::new();
        for _round in 0..self.size.half_rounds {
            found.push(self.open(way, rate, self.size.half_seconds)?);
        }
        Ok((median_of(&found, |one| one.0), median_of(&found, |one| one.1)))
    }

    /// Both at one rate, in turns.
    fn equal(&mut self, rate: f64, report: &mut Report) -> Result<()> {
        let mut found = Vec::new();
        for turn in 0..self.size.equal_rounds {
            let mut pair = [(Way::Batched, 0.0), (Way::Single, 0.0)];
            if turn % 2 == 1 {
                pair.reverse();
            }
            for (way, p99) in &mut pair {
                *p99 = self.open(*way, rate, self.size.equal_seconds)?.1;
            }
            pair.sort_unstable_by_key(|(way, _p99)| *way);
            let [(_batched, ours), (_single, single)] = pair;
            found.push((ours, single));
        }
        let times = median_of(&found, |(ours, single)| ratio(*ours, *single));
        let worse = found.iter().filter(|(ours, single)| ours > single).count();
        say(&format!(
            "  p99 at {rate:.0}/s: ours was the longer one in {worse} of {}",
            found.len()
        ));
        let (ours, single) = (median_of(&found, |one| one.0), median_of(&found, |one| one.1));
        report.add("intake.equal", times, format!("{times:.2} ({ours:.1} : {single:.1})"));
        Ok(())
    }

    /// Counts rows: what was answered 200 is stored, once. Then ends the servers.
    fn settle(self, report: &mut Report) -> Result<()> {
        let mut figures = Vec::new();
        let mut wrong = 0;
        for server in self.servers {
            let (way, expected) = (server.way, server.accepted.len());
            if way == Way::Off {
                ensure!(server.base.count()? == 0, "the server that stores nothing has stored");
                continue;
            }
            let stored = server.stored()?;
            let failed = server.failures.len();
            say(&format!(
                "  {}: {} answered 200, {expected} of them distinct, {stored} stored, {failed} failed",
                way.word(),
                server.answered,
            ));
            if let Some(first) = server.failures.first() {
                say(&format!("  {}: {first}", way.word()));
            }
            if way == Way::Batched {
                figures.push(format!("{expected} = {stored}"));
                wrong += stored.abs_diff(expected) + failed;
            } else {
                ensure!(stored == expected || failed > 0, "the comparison has lost callbacks");
            }
        }
        report.add("intake.stored", number(wrong), figures.join(", "));
        Ok(())
    }
}

impl Server {
    fn start(way: Way, subject: &Subject, folder: &Path) -> Result<Self> {
        let base = Base::fresh(subject.server.as_deref(), folder, way.word())?;
        let folder = folder.join(way.word());
        std::fs::create_dir_all(&folder)?;
        let mut command = Command::new(std::env::current_exe()?);
        command.args(["serve", way.word(), base.url()]).arg(&folder);
        let mut process = Guarded::start(command.stdin(Stdio::piped()).stdout(Stdio::piped()))?;
        let output = process.child().stdout.take().context("a server has no output")?;
        let mut line = String::new();
        BufReader::new(output).read_line(&mut line)?;
        let Ok(addr) = line.trim().parse() else { bail!("a server did not start: {line:?}") };
        let (accepted, failures) = (BTreeSet::new(), Vec::new());
        Ok(Self { way, base, addr, process, accepted, answered: 0, failures })
    }

    fn take(&mut self, outcome: &Outcome) {
        self.accepted.extend(&outcome.accepted);
        self.answered += outcome.accepted.len();
        self.failures.extend(outcome.failures.iter().cloned());
    }

    /// How many callbacks were inserted so far, and with how many inserts.
    fn batches(&self) -> Result<(f64, f64)> {
        let request = b"GET /metrics HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n";
        let text = String::from_utf8(Line::open(self.addr)?.ask(request)?.body)?;
        let find = |name: &str| {
            let line = text.lines().find_map(|line| line.strip_prefix(name));
            line.and_then(|value| value.trim().parse().ok()).unwrap_or_default()
        };
        Ok((find("intake_batch_rows_sum"), find("intake_batch_rows_count")))
    }

    /// How many callbacks are stored, once those that may be in the spool have arrived.
    fn stored(&self) -> Result<usize> {
        let until = Instant::now() + DRAIN_MAX;
        loop {
            let stored = self.base.count()?;
            if stored >= self.accepted.len() || Instant::now() > until {
                return Ok(stored);
            }
            thread::sleep(Duration::from_millis(100));
        }
    }
}

/// How the run is described.
pub(crate) fn describe(size: Size) -> String {
    format!(
        "{} rounds of {} callbacks over {CONNECTIONS} connections, one in ten a redelivery",
        size.rounds, size.requests
    )
}
