//! The benchmarks behind `make bench`. Everything is a ratio of things measured in the same run,
//! in turns, so that it survives a slow or busy machine; medians of rounds are told. The exit code
//! is 1 when a target was missed or a callback lost.

mod crypto;
mod door;
mod figures;
mod intake;
mod life;
mod load;
mod message;
mod proc;
mod pure;
mod report;
mod serve;
mod store;

use std::{io::BufRead, path::PathBuf, process::ExitCode, time::Instant};

use anyhow::{Context as _, Result};
use clap::{Parser, Subcommand};
use serde::Deserialize;

use report::{Found, Report, say};

/// Benchmarks of qidan: on SQLite, or on the server that QIDAN_TEST_MYSQL names, whose process is
/// QIDAN_TEST_MYSQL_PID
#[derive(Parser)]
#[command(name = "bench")]
struct Cli {
    /// Fewer and shorter rounds
    #[arg(long)]
    quick: bool,
    /// Add the figures to this file
    #[arg(long, value_name = "FILE")]
    results: Option<PathBuf>,
    /// Measure nothing, show the table of what is in the file
    #[arg(long, requires = "results")]
    table: bool,
    /// Measure nothing, take what another program measured: lines of JSON with key, value and figure
    #[arg(long, conflicts_with = "table")]
    take: bool,
    /// Put the table between the marks of these files
    #[arg(long, num_args = 1.., value_name = "README")]
    write: Vec<PathBuf>,
    #[command(subcommand)]
    inner: Option<Inner>,
}

#[derive(Subcommand)]
enum Inner {
    /// A server that is measured; the benchmarks start it themselves
    #[command(hide = true)]
    Serve { way: serve::Way, url: String, folder: PathBuf },
}

/// How much is measured.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Size {
    rounds: usize,
    requests: usize,
    half_rounds: usize,
    half_seconds: f64,
    equal_rounds: usize,
    equal_seconds: f64,
    crypto_rounds: usize,
    pure_rounds: usize,
    tickets: usize,
    door_rounds: usize,
    cards: usize,
    starts: usize,
}

impl Size {
    const FULL: Self = Self {
        rounds: 5,
        requests: 12_000,
        half_rounds: 3,
        half_seconds: 2.0,
        equal_rounds: 15,
        equal_seconds: 0.8,
        crypto_rounds: 4000,
        pure_rounds: 400,
        tickets: 320,
        door_rounds: 12,
        cards: 200,
        starts: 3,
    };
    const QUICK: Self = Self {
        rounds: 3,
        requests: 4000,
        half_rounds: 1,
        half_seconds: 1.0,
        equal_rounds: 5,
        equal_seconds: 0.4,
        crypto_rounds: 600,
        pure_rounds: 60,
        tickets: 160,
        door_rounds: 5,
        cards: 30,
        starts: 1,
    };
}

/// The database that is measured.
pub(crate) struct Subject {
    name: String,
    /// The address of a server; none for the embedded database.
    server: Option<String>,
    /// The server's process.
    pid: Option<u32>,
}

impl Subject {
    fn of_environment() -> Result<Self> {
        let Some(server) = variable("QIDAN_TEST_MYSQL") else {
            return Ok(Self { name: "SQLite".to_owned(), server: None, pid: None });
        };
        let pid = variable("QIDAN_TEST_MYSQL_PID").context("QIDAN_TEST_MYSQL_PID is not set")?;
        let pid = pid.trim().parse().context("QIDAN_TEST_MYSQL_PID is not a number")?;
        Ok(Self { name: store::version(&server)?, server: Some(server), pid: Some(pid) })
    }
}

#[expect(clippy::disallowed_methods, reason = "a benchmark's switch, not configuration")]
fn variable(name: &str) -> Option<String> {
    std::env::var(name).ok().filter(|value| !value.is_empty())
}

fn main() -> Result<ExitCode> {
    let cli = Cli::parse();
    if let Some(Inner::Serve { way, url, folder }) = cli.inner {
        serve::run(way, &url, &folder)?;
        return Ok(ExitCode::SUCCESS);
    }
    let found = match (cli.table, cli.take) {
        (true, _) => Vec::new(),
        (false, true) => take(std::io::stdin().lock())?,
        (false, false) => measure(cli.quick)?,
    };
    let is_met = report::all_met(&found);
    let all = match &cli.results {
        None => found,
        Some(path) => report::keep(path, &found)?,
    };
    if cli.table || cli.results.is_none() {
        say(&format!("\n{}\n", report::table(&all, false)));
    }
    for readme in &cli.write {
        report::write(readme, &all)?;
    }
    Ok(if is_met { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// A figure that another program measured, as it tells it.
#[derive(Deserialize)]
struct Told {
    key: String,
    value: f64,
    figure: String,
}

fn take(lines: impl BufRead) -> Result<Vec<Found>> {
    let mut report = Report::on(&Subject::of_environment()?.name);
    for line in lines.lines() {
        let line = line?;
        let told: Told =
            serde_json::from_str(&line).with_context(|| format!("not a figure: {line}"))?;
        report.add(&told.key, told.value, told.figure);
    }
    Ok(report.found())
}

fn measure(is_quick: bool) -> Result<Vec<Found>> {
    let size = if is_quick { Size::QUICK } else { Size::FULL };
    let subject = Subject::of_environment()?;
    let began = Instant::now();
    say(&format!("{}, load {}: {}", subject.name, proc::load(), intake::describe(size)));
    let mut report = Report::on(&subject.name);
    if subject.server.is_none() {
        crypto::measure(size, &mut report)?;
        pure::measure(size, &mut report)?;
    }
    intake::measure(size, &subject, &mut report)?;
    door::measure(size, &subject, &mut report)?;
    life::measure(size, &subject, &mut report)?;
    say(&format!("  {:.0} s, load {}", began.elapsed().as_secs_f64(), proc::load()));
    Ok(report.found())
}
