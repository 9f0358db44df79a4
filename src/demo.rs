//! `qidan demo` and `qidan simulator`: everything on one machine, with nothing to configure.

use std::{
    collections::BTreeMap,
    io::IsTerminal as _,
    net::{IpAddr, Ipv4Addr, SocketAddr},
    path::Path,
};

use customer::{Asset, Belonging, Opportunity, Order, Place};
use db::Conn;
use kernel::{Actor, Ctx, Error, Kind, Result, TicketId};
use serde::Deserialize;
use serde_json::{Map, Value, json};
use sim::{CorpSeed, Options, Pace, Pages};

use crate::{Config, House, Parts, config, ops};

/// Who handles tickets in the sample company: the first repair team.
const HANDLERS: [&str; 3] = ["liuyang", "zhaomin", "zhoujie"];

const SAMPLE: &str = include_str!("../config/demo.toml");

/// What the demo begins with.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Sample {
    presets: Vec<String>,
    groups: BTreeMap<String, config::Group>,
    tickets: Vec<SampleTicket>,
    places: BTreeMap<String, Place>,
    opportunities: Vec<Opportunity>,
    orders: Vec<Order>,
    assets: Vec<Asset>,
}

/// A ticket, and what was done to it.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct SampleTicket {
    by: String,
    template: String,
    form: Map<String, Value>,
    customer: Option<String>,
    chat_id: Option<String>,
    acts: Vec<SampleAct>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct SampleAct {
    by: String,
    verb: String,
    #[serde(default)]
    input: Map<String, Value>,
}

impl Sample {
    fn read() -> Result<Self> {
        toml::from_str(SAMPLE)
            .map_err(|error| Error::bug("config/demo.toml cannot be read").caused_by(error))
    }
}

/// Fills an empty house: publishes the sample's businesses, raises its tickets and does what was
/// done to them, by the commands that people use.
async fn stock(house: &House, sample: Sample) -> Result<()> {
    let (ctx, setup) = (house.ctx(), house.shared().setup.clone());
    let fill = move |conn: &mut Conn| {
        if !ticket::ids_after(conn, TicketId(0), 1)?.is_empty() {
            return Ok(());
        }
        for key in &sample.presets {
            catalog::import(conn, &ctx, key)?;
        }
        setup.catalog.refresh(conn)?;
        for (chat_id, place) in &sample.places {
            customer::put_place(conn, &ctx, chat_id, place.clone())?;
        }
        register(conn, &ctx, &sample.opportunities)?;
        register(conn, &ctx, &sample.orders)?;
        register(conn, &ctx, &sample.assets)?;
        for one in &sample.tickets {
            let new = ticket::New {
                template: &one.template,
                source: "workbench",
                form: &one.form,
                customer: one.customer.clone(),
                chat_id: one.chat_id.clone(),
                tags: Vec::new(),
            };
            let by = |userid: &str| ctx.with_actor(Actor::member(userid));
            let made = ticket::create(conn, &by(&one.by), &setup, &new)?;
            for act in &one.acts {
                let command = ticket::Command::new(&act.verb, &act.input);
                ticket::act(conn, &by(&act.by), &setup, made.id, &command)?;
            }
        }
        Ok(())
    };
    house.db().write(fill).await
}

/// Registers what belongs to the sample's customers.
fn register<T: Belonging>(conn: &mut Conn, ctx: &Ctx, all: &[T]) -> Result<()> {
    all.iter().try_for_each(|one| customer::put_belonging(conn, ctx, one.clone()).map(|_put| ()))
}

/// Starts a simulator of the sample company.
///
/// # Errors
/// When its address cannot be bound.
pub async fn start_simulator(bind: SocketAddr, parts: &Parts) -> Result<sim::Running> {
    let options = Options {
        bind,
        clock: parts.clock.clone(),
        entropy: parts.entropy.clone(),
        corp: CorpSeed::sample(),
        pace: Pace::REAL,
    };
    sim::start(options).await.map_err(|error| {
        let detail = format!("simulator.bind = {bind}：无法监听，端口可能已被占用");
        Error::new(Kind::Invalid, "simulator.bind", detail).caused_by(error)
    })
}

/// The configuration of a house that uses this simulator.
pub fn against(mut config: Config, simulator: &sim::Running) -> Config {
    let corp = CorpSeed::sample();
    config.wecom.corp_id = corp.corp_id;
    config.wecom.api_base = simulator.base_url();
    config.wecom.oauth_base = simulator.base_url();
    config.wecom.login_base = simulator.base_url();
    config.wecom.simulator = simulator.base_url();
    config.wecom.apps = corp
        .apps
        .into_iter()
        .map(|app| {
            let known = config::App {
                agent_id: app.agent_id,
                secret: app.secret,
                token: app.token,
                encoding_aes_key: app.encoding_aes_key,
                receivers: Vec::new(),
                workbench: false,
            };
            (app.name, known)
        })
        .collect();
    let members = HANDLERS.map(str::to_owned).into();
    config
        .groups
        .entry("handlers".to_owned())
        .or_insert_with(|| config::Group { name: "维修一组".to_owned(), members });
    config
}

/// `qidan simulator`
///
/// # Errors
/// When its address cannot be bound.
pub async fn simulator(config: &Config, parts: &Parts) -> Result<()> {
    let running = start_simulator(config.simulator.bind, parts).await?;
    let corp = CorpSeed::sample();
    ops::print(&format!("企业微信模拟器  {}", running.base_url()));
    ops::print(&format!("corp_id         {}", corp.corp_id));
    for app in &corp.apps {
        ops::print(&format!("[wecom.apps.{}]", app.name));
        ops::print(&format!("agent_id = {}", app.agent_id));
        ops::print(&format!("secret = {:?}", app.secret));
        ops::print(&format!("token = {:?}", app.token));
        ops::print(&format!("encoding_aes_key = {:?}", app.encoding_aes_key));
    }
    ops::asked_to_stop().await;
    running.stop().await;
    Ok(())
}

/// `qidan demo`
///
/// # Errors
/// When an address cannot be bound or the folder cannot be written.
pub async fn run(config: Config, parts: Parts, as_json: bool) -> Result<()> {
    let simulator = start_simulator(config.simulator.bind, &parts).await?;
    let mut config = against(config, &simulator);
    let folder = Path::new(&config.demo.dir);
    let inside = |name: &str| folder.join(name).display().to_string();
    config.database.url = match config.demo.database.as_str() {
        "" => format!("sqlite://{}", inside("qidan.db")),
        url => url.to_owned(),
    };
    config.files.store = format!("fs:{}", inside("files"));
    config.intake.spool = inside("spool");
    config.server.bind = free(config.server.bind)?;
    let addr = reachable(config.server.bind);
    config.server.public_url = format!("http://{addr}");
    for app in config.wecom.apps.values_mut() {
        app.workbench = true;
    }
    let sample = Sample::read()?;
    for (key, group) in &sample.groups {
        config.groups.entry(key.clone()).or_insert_with(|| group.clone());
    }
    let house = House::open(config, parts).await?;
    house.sync().await?;
    stock(&house, sample).await?;
    let token = demo_token(&house).await?;
    let (stopper, stop) = queue::stop();
    let simulator_url = format!("http://{}", reachable(simulator.addr()));
    let serving = house.serve(stop, |addr| {
        let service = format!("http://{}", reachable(addr));
        simulator.set_callback("desk", &format!("{service}/wecom/callback/desk"));
        simulator.set_pages("desk", pages(&service));
        simulator.set_trusted_domains("desk", vec![reachable(addr).to_string()]);
        welcome(&service, &simulator_url, &token, as_json);
    });
    let done = tokio::select! {
        done = serving => done,
        never = async {
            ops::asked_to_stop().await;
            stopper.stop();
            std::future::pending().await
        } => never,
    };
    simulator.stop().await;
    done
}

/// The service's pages, as a company's administrator would enter them in the console.
fn pages(service: &str) -> Pages {
    let page = |name: &str| format!("{service}/h5/{name}");
    Pages {
        home: page("workbench"),
        sidebar: page("sidebar"),
        profile: page("profile"),
        group: page("group"),
    }
}

/// A port that is free, where the configuration leaves it open: links must know it beforehand.
fn free(bind: SocketAddr) -> Result<SocketAddr> {
    if bind.port() != 0 {
        return Ok(bind);
    }
    let probe = std::net::TcpListener::bind(bind).and_then(|listener| listener.local_addr());
    probe.map_err(|error| {
        Error::new(Kind::Invalid, "server.bind", format!("server.bind = {bind}")).caused_by(error)
    })
}

/// An address that a browser on this machine can open.
fn reachable(addr: SocketAddr) -> SocketAddr {
    let ip = if addr.ip().is_unspecified() { IpAddr::V4(Ipv4Addr::LOCALHOST) } else { addr.ip() };
    SocketAddr::new(ip, addr.port())
}

async fn demo_token(house: &House) -> Result<String> {
    let (ctx, entropy) = (house.ctx(), house.shared().entropy.clone());
    let made = house
        .db()
        .write(move |conn| org::create_token(conn, &ctx, &entropy, "demo", &[org::Scope::Admin]))
        .await?;
    Ok(made.1)
}

fn welcome(service: &str, simulator: &str, token: &str, as_json: bool) {
    if as_json {
        let line = json!({ "service": service, "simulator": simulator, "token": token });
        return ops::print(&line.to_string());
    }
    let (bold, plain) =
        if std::io::stdout().is_terminal() { ("\x1b[1m", "\x1b[0m") } else { ("", "") };
    ops::print("");
    ops::print(&format!("  {bold}企单已启动{plain}"));
    ops::print("");
    ops::print(&format!("  企业微信模拟器   {bold}{simulator}{plain}"));
    ops::print(&format!("  接口文档         {service}/api/docs"));
    ops::print(&format!("  管理令牌         {token}"));
    ops::print("");
    ops::print(
        "  打开模拟器，选一个人，发送「空调坏了」；再换成 刘洋，点卡片上的「认领」和「完成」",
    );
    ops::print(
        "  换一个行业：点菜单「新建工单」选一项业务，或发送「报修 空调不制冷」「客诉 牛奶过期」",
    );
    ops::print("  按 Ctrl-C 结束");
}
