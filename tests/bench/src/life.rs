//! The service as people run it, `qidan serve`, with the simulator beside it: how soon it is ready,
//! how much memory it takes, and how long a card takes from the callback that causes it.

use std::{
    fs,
    net::{SocketAddr, TcpListener},
    path::{Path, PathBuf},
    process::{Command, Stdio},
    thread,
    time::{Duration, Instant},
};

use anyhow::{Context as _, Result, bail, ensure};
use kernel::{Clock, Entropy, time::MILLI};
use serde_json::{Value, json};
use sim::{CorpSeed, Member, Options, Pace};

use crate::{
    Size, Subject,
    figures::{median, percentile},
    load::Line,
    message::Mint,
    proc::{self, Folder, Guarded},
    report::{Report, say},
    store::Base,
};

/// Who gets the card.
const HANDLER: &str = "liuyang";
/// How long anything here may take.
const PATIENCE: Duration = Duration::from_secs(10);
/// How often the simulator is asked whether the card came.
const LOOK: Duration = Duration::from_millis(4);
/// Between two messages: the service has nothing to do when the next comes.
const REST: Duration = Duration::from_millis(15);
const WARM_UP: usize = 5;

struct Life {
    program: PathBuf,
    settings: PathBuf,
    addr: SocketAddr,
}

/// Measures the service on a database.
pub(crate) fn measure(size: Size, subject: &Subject, report: &mut Report) -> Result<()> {
    let folder = Folder::new("life")?;
    let base = Base::fresh(subject.server.as_deref(), folder.path(), "life")?;
    let corp = company(size);
    let options = Options {
        bind: SocketAddr::from(([127, 0, 0, 1], 0)),
        clock: Clock::System,
        entropy: Entropy::seeded(3),
        corp: corp.clone(),
        pace: Pace::REAL,
    };
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let simulator = runtime.block_on(sim::start(options))?;
    let life = Life::new(folder.path(), &base, &corp, &simulator.base_url())?;
    // As the console asks for one before an app may send cards with buttons.
    let callback = format!("http://{}/wecom/callback/desk", life.addr);
    ensure!(simulator.set_callback("desk", &callback), "the simulator has no app");
    let (process, first) = life.start()?;
    process.end()?;
    life.run("sync")?;
    let mut later = Vec::new();
    for _start in 0..size.starts {
        let (process, seconds) = life.start()?;
        later.push(seconds);
        process.end()?;
    }
    let middle = median(&later);
    report.add("start", middle, format!("{middle:.2} s ({first:.2} s)"));
    let (mut process, _seconds) = life.start()?;
    memory(&life, &process, report)?;
    let mut cards = Cards::new(life.addr, simulator.addr())?;
    cards.measure(size, report)?;
    process.check()?;
    process.end()?;
    runtime.block_on(simulator.stop());
    Ok(())
}

/// The sample company, with enough people that each raises one ticket.
fn company(size: Size) -> CorpSeed {
    let mut corp = CorpSeed::sample();
    let someone = |number: usize| Member {
        userid: person(number),
        name: format!("员工{number}"),
        position: String::new(),
        department: vec![2],
        avatar: String::new(),
        status: 1,
        is_leader_in_dept: vec![0],
        direct_leader: Vec::new(),
        alias: String::new(),
    };
    corp.members.extend((0..size.cards + WARM_UP).map(someone));
    corp
}

fn person(number: usize) -> String {
    format!("person{number:04}")
}

impl Life {
    fn new(folder: &Path, base: &Base, corp: &CorpSeed, api_base: &str) -> Result<Self> {
        let program = std::env::current_exe()?.with_file_name("qidan");
        if !program.exists() {
            bail!("{} is not built; build the workspace", program.display());
        }
        let addr = TcpListener::bind("127.0.0.1:0")?.local_addr()?;
        let settings = folder.join("qidan.toml");
        let app = corp.apps.first().context("the sample company has no app")?;
        // The limits are those of a company in which one person does not get every card.
        let text = format!(
            "[server]\nbind = \"{addr}\"\n[database]\nurl = \"{}\"\n\
             [wecom]\ncorp_id = \"{}\"\napi_base = \"{api_base}\"\n\
             [wecom.apps.desk]\nagent_id = {}\nsecret = \"{}\"\ntoken = \"{}\"\n\
             encoding_aes_key = \"{}\"\n\
             [files]\nstore = \"fs:{}\"\n[intake]\nspool = \"{}\"\n\
             [groups.handlers]\nname = \"维修一组\"\nmembers = [\"{HANDLER}\"]\n\
             [notify]\nmember_minute = 1000000\nmember_hour = 1000000\n\
             [log]\nlevel = \"warn\"\n",
            base.url(),
            corp.corp_id,
            app.agent_id,
            app.secret,
            app.token,
            app.encoding_aes_key,
            folder.join("files").display(),
            folder.join("spool").display(),
        );
        fs::write(&settings, text)?;
        Ok(Self { program, settings, addr })
    }

    fn command(&self, verb: &str) -> Command {
        let mut command = Command::new(&self.program);
        command.arg("--config").arg(&self.settings).arg(verb);
        command.stdin(Stdio::null()).stdout(Stdio::null());
        command
    }

    fn run(&self, verb: &str) -> Result<()> {
        let status = self.command(verb).status()?;
        if status.success() { Ok(()) } else { bail!("qidan {verb} failed: {status}") }
    }

    /// Starts the service; gives how many seconds passed until it said that it is ready.
    fn start(&self) -> Result<(Guarded, f64)> {
        let began = Instant::now();
        let mut process = Guarded::start(&mut self.command("serve"))?;
        loop {
            let status = get(self.addr, "/readyz").unwrap_or_default();
            if status == 200 {
                return Ok((process, began.elapsed().as_secs_f64()));
            }
            process.check()?;
            if began.elapsed() > PATIENCE {
                bail!("qidan serve was not ready within {PATIENCE:?}: {status}");
            }
            thread::sleep(Duration::from_millis(2));
        }
    }
}

fn get(addr: SocketAddr, path: &str) -> Result<u16> {
    let request = format!("GET {path} HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n");
    Ok(Line::open(addr)?.ask(request.as_bytes())?.status)
}

/// Memory after a hundred requests of every kind that needs no setting up, and a moment of rest.
fn memory(life: &Life, process: &Guarded, report: &mut Report) -> Result<()> {
    for path in ["/healthz", "/readyz", "/api/v1/tickets", "/api/openapi.json"].repeat(25) {
        get(life.addr, path)?;
    }
    thread::sleep(Duration::from_millis(500));
    let (resident, proportional) = proc::memory(process.id())?;
    report.add("memory", resident, format!("{resident:.1} MB ({proportional:.1} MB)"));
    Ok(())
}

/// Messages in, cards out.
struct Cards {
    service: Line,
    simulator: Line,
    mint: Mint,
    seen: u64,
}

impl Cards {
    fn new(service: SocketAddr, simulator: SocketAddr) -> Result<Self> {
        let mut simulator = Line::open(simulator)?;
        let limits = json!({
            "member_minute": 1_000_000, "member_hour": 1_000_000, "app_day": 1_000_000_000,
            "api_minute": 1_000_000, "api_hour": 1_000_000,
        });
        simulator.json("POST", "/_sim/limits", &limits)?;
        Ok(Self { service: Line::open(service)?, simulator, mint: Mint::new()?, seen: 0 })
    }

    fn measure(&mut self, size: Size, report: &mut Report) -> Result<()> {
        let mut millis = Vec::new();
        for number in 0..size.cards + WARM_UP {
            millis.push(self.one(number)?);
            thread::sleep(REST);
        }
        let millis = millis.get(WARM_UP..).unwrap_or_default();
        let (half, most) = (percentile(millis, 50), percentile(millis, 99));
        say(&format!("  {} messages, each of another person, one after the other", millis.len()));
        report.add("card", half, format!("{half:.0} ms ({most:.0} ms)"));
        Ok(())
    }

    /// Milliseconds from sending a message to the call that carries the handler's card. The
    /// simulator notes whole milliseconds; they are rounded up.
    fn one(&mut self, number: usize) -> Result<f64> {
        let words = format!("空调坏了，第{number:04}次");
        let shot = self.mint.text(&person(number), &words)?;
        let sent = Clock::System.now();
        let answer = self.service.ask(&shot.bytes)?;
        if answer.status != 200 {
            bail!("a callback was answered {}", answer.status);
        }
        let until = Instant::now() + PATIENCE;
        while Instant::now() < until {
            if let Some(at) = self.card_with(&words)? {
                let micros = i32::try_from((at + 1) * MILLI - sent.0)?;
                return Ok(f64::from(micros) / 1000.0);
            }
            thread::sleep(LOOK);
        }
        bail!("no card came within {PATIENCE:?} of message {number}")
    }

    /// When the handler's card with these words came, in unix milliseconds.
    fn card_with(&mut self, words: &str) -> Result<Option<i64>> {
        let path = format!("/_sim/calls?after={}", self.seen);
        let calls = self.simulator.json("GET", &path, &Value::Null)?;
        let calls = calls.get("items").and_then(Value::as_array).cloned().unwrap_or_default();
        let mut found = None;
        for call in calls {
            let seq = call.get("seq").and_then(Value::as_u64).unwrap_or_default();
            self.seen = self.seen.max(seq);
            let is_send = call.get("path").and_then(Value::as_str) == Some("/cgi-bin/message/send");
            let request = call.get("request").cloned().unwrap_or_default();
            let is_handlers = request.get("touser").and_then(Value::as_str) == Some(HANDLER);
            let is_taken = call.get("errcode").and_then(Value::as_i64) == Some(0);
            if is_send && is_handlers && is_taken && request.to_string().contains(words) {
                found = call.get("at").and_then(Value::as_i64);
            }
        }
        Ok(found)
    }
}
