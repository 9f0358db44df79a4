//! The command line of qidan.

use std::{path::PathBuf, process::ExitCode};

use clap::{Parser, Subcommand};
use kernel::{Error, Kind};
use qidan::{Config, Parts, demo, doctor, library, ops};

/// 企单：企业微信里的工单系统
#[derive(Parser)]
#[command(name = "qidan", version, arg_required_else_help = true)]
struct Cli {
    /// Configuration file; see config/default.toml for every key
    #[arg(long, global = true, value_name = "FILE")]
    config: Option<PathBuf>,
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Run the service: HTTP, workers, timers
    Serve,
    /// Run service, WeCom simulator and a sample company on this machine, nothing to configure
    Demo {
        /// Print the addresses as one line of JSON
        #[arg(long)]
        json: bool,
    },
    /// Run the WeCom simulator alone
    Simulator,
    /// Apply database migrations
    Migrate {
        /// Only show what is pending
        #[arg(long)]
        status: bool,
    },
    /// Check configuration, database, callback keys, tokens and stuck tickets
    Doctor,
    /// Fetch members, departments, customers and groups from WeCom
    Sync {
        /// Also set the app's menu (新建工单, 我的待办, 我的工单), replacing the present one
        #[arg(long)]
        menu: bool,
    },
    /// API tokens
    #[command(subcommand)]
    Token(ops::TokenCommand),
    /// What came in
    #[command(subcommand)]
    Inbox(ops::InboxCommand),
    /// What goes out
    #[command(subcommand)]
    Outbox(ops::OutboxCommand),
    /// The library of industry templates
    #[command(subcommand)]
    Preset(library::PresetCommand),
    /// Templates and groups as files
    #[command(subcommand)]
    Config(library::ConfigCommand),
    /// Print the OpenAPI document
    Openapi,
}

fn main() -> ExitCode {
    let cli = Cli::parse();
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build();
    let outcome = match runtime {
        Ok(runtime) => runtime.block_on(run(cli)),
        Err(error) => Err(Error::bug("the runtime cannot start").caused_by(error)),
    };
    match outcome {
        Ok(code) => code,
        Err(error) => {
            ops::complain(&error);
            let is_usage = error.kind() == Kind::Invalid;
            ExitCode::from(if is_usage { 2 } else { 1 })
        }
    }
}

async fn run(cli: Cli) -> kernel::Result<ExitCode> {
    if matches!(cli.command, Command::Openapi) {
        ops::print(&http::openapi());
        return Ok(ExitCode::SUCCESS);
    }
    let mut config = Config::load(cli.config.as_deref())?;
    if !matches!(cli.command, Command::Serve) && config.log.level == "info" {
        // Every other command talks to a person, who asked for its answer only.
        config.log.level = "warn".to_owned();
    }
    ops::log_to_stderr(&config.log)?;
    ops::install_tls()?;
    let parts = Parts::system(ops::metrics()?);
    match cli.command {
        Command::Serve => ops::serve(config, parts).await?,
        Command::Demo { json } => demo::run(config, parts, json).await?,
        Command::Simulator => demo::simulator(&config, &parts).await?,
        Command::Migrate { status } => ops::migrate(&config, &parts, status)?,
        Command::Doctor => {
            let is_well = doctor::run(config, parts).await?;
            return Ok(if is_well { ExitCode::SUCCESS } else { ExitCode::FAILURE });
        }
        Command::Sync { menu } => ops::sync(config, parts, menu).await?,
        Command::Token(command) => ops::token(config, parts, command).await?,
        Command::Inbox(command) => ops::inbox(config, parts, command).await?,
        Command::Outbox(command) => ops::outbox(config, parts, command).await?,
        Command::Preset(command) => library::preset(config, parts, command).await?,
        Command::Config(command) => library::config(config, parts, command).await?,
        Command::Openapi => {}
    }
    Ok(ExitCode::SUCCESS)
}
