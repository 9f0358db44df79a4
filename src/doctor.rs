//! `qidan doctor`: checks what can be wrong, and names the mend of each.

use catalog::{Catalog, deed::Deed};
use kernel::{Error, Micros, Result, TicketId, time};
use wecom::{
    ApiError,
    api::{agent, auth},
    error::Class,
};

use crate::{
    Config, Parts, database,
    ops::{self, Tools},
};

/// From when on a job that waits is worth a word.
const LATE: Micros = 5 * time::MINUTE;
/// Tickets whose log is replayed at once.
const BATCH: i64 = 200;

/// What was found.
struct Report {
    is_well: bool,
}

impl Report {
    fn good(&self, what: &str) {
        ops::print(&format!("  好   {what}"));
    }

    fn bad(&mut self, what: &str, mend: &str) {
        self.is_well = false;
        ops::print(&format!("  坏   {what}"));
        ops::print(&format!("       怎么办：{mend}"));
    }
}

/// Checks everything; true when all is well.
///
/// # Errors
/// Only when nothing can be checked at all.
pub async fn run(config: Config, parts: Parts) -> Result<bool> {
    let mut report = Report { is_well: true };
    ops::print("配置");
    report.good(&format!("数据库 {}", database(&config)?.settings().masked()));
    if config.server.public_url.starts_with("http://") {
        report.bad(
            &format!("server.public_url = {}", config.server.public_url),
            "生产环境请使用 https:// 的可信域名，否则卡片里的链接在手机上打不开",
        );
    }
    if config.wecom.apps.is_empty() || !config.wecom.apps.contains_key(&config.wecom.app) {
        report.bad(
            &format!("没有应用 [wecom.apps.{}]", config.wecom.app),
            "在配置中填写 agent_id、secret、token、encoding_aes_key",
        );
    }
    for (name, app) in &config.wecom.apps {
        callback_keys(&mut report, name, app, &config.wecom.corp_id, &parts)?;
    }
    ops::print("数据库");
    let tools = match ops::tools(&config, &parts) {
        Ok(tools) => tools,
        Err(error) => {
            report.bad(&error.to_string(), "检查 database.url、网络与账号权限");
            return Ok(false);
        }
    };
    tools.db.write(|_conn| Ok(())).await?;
    report.good(&format!("可读写，{} 个迁移已应用", db::known()?.len()));
    jobs(&mut report, &tools).await?;
    tickets(&mut report, &tools).await?;
    endpoints(&mut report, &tools, &config).await?;
    ops::print("企业微信");
    platform(&mut report, &tools, config.wecom.apps.keys()).await;
    pages(&mut report, &tools, &config).await;
    Ok(report.is_well)
}

/// Whether every system that templates send requests to is in the configuration.
async fn endpoints(report: &mut Report, tools: &Tools, config: &Config) -> Result<()> {
    let catalog = Catalog::built_in()?;
    let fresh = catalog.clone();
    tools.db.read(move |conn| fresh.refresh(conn)).await?;
    for template in catalog.list() {
        for step in template.flow.all() {
            let flow::Kind::Action(action) = &step.kind else { continue };
            let Ok(Deed::Webhook(webhook)) = Deed::of(action) else { continue };
            if !config.actions.contains_key(&webhook.endpoint) {
                report.bad(
                    &format!("模板 {} 的节点 {} 没有地址可发", template.key, step.key),
                    &format!("在配置中填写 [actions.{}] 的 url 与 secret", webhook.endpoint),
                );
            }
        }
    }
    Ok(())
}

/// Encrypts and decrypts with the configured key: what cannot be undone here fails there, too.
fn callback_keys(
    report: &mut Report,
    name: &str,
    app: &crate::config::App,
    corp_id: &str,
    parts: &Parts,
) -> Result<()> {
    let receiver = app.receivers.first().map_or(corp_id, String::as_str);
    let opened = wecom::AesKey::parse(&app.encoding_aes_key).map_err(|error| error.to_string());
    let opened = match opened {
        Err(error) => Err(error),
        Ok(key) => {
            let crypt = wecom::Crypt::new(app.token.clone(), key, vec![receiver.to_owned()]);
            let random = parts.entropy.bytes()?;
            let sealed = crypt.seal(b"doctor", receiver, "1700000000", "doctor", random);
            let signed = wecom::Signed {
                msg_signature: &sealed.msg_signature,
                timestamp: &sealed.timestamp,
                nonce: &sealed.nonce,
            };
            crypt.open(&signed, &sealed.encrypt).map_err(|error| error.to_string())
        }
    };
    match opened {
        Ok(_message) if !receiver.is_empty() => {
            report.good(&format!("应用 {name} 的回调密钥，接收方 {receiver}"));
        }
        Ok(_message) => report
            .bad(&format!("应用 {name} 没有接收方"), "填写 wecom.corp_id，或这个应用的 receivers"),
        Err(error) => report.bad(
            &format!("应用 {name} 的回调密钥：{error}"),
            "从企业微信管理后台的「接收消息」重新复制 Token 与 EncodingAESKey",
        ),
    }
    Ok(())
}

async fn jobs(report: &mut Report, tools: &Tools) -> Result<()> {
    let now = tools.ctx.now;
    let stats = tools.db.read(queue::stats).await?;
    let before = report.is_well;
    for stat in stats {
        let late = now.since(stat.oldest_due) > LATE;
        if stat.state == queue::State::Failed.as_str() {
            report.bad(
                &format!("{} 个 {} 任务失败", stat.count, stat.topic),
                "用 qidan inbox list --state failed 或 qidan outbox list --state failed 查看原因，修好后 replay / retry",
            );
        } else if stat.state == queue::State::Pending.as_str() && late {
            report.bad(
                &format!("{} 个 {} 任务积压超过 5 分钟", stat.count, stat.topic),
                "确认 workers.enabled = true 的实例在运行，并查看其日志",
            );
        }
    }
    if before == report.is_well {
        report.good("没有失败或积压的任务");
    }
    Ok(())
}

async fn tickets(report: &mut Report, tools: &Tools) -> Result<()> {
    let (mut last, mut checked) = (TicketId(0), 0);
    let mut wrong: Vec<Error> = Vec::new();
    loop {
        let ids = tools.db.read(move |conn| ticket::ids_after(conn, last, BATCH)).await?;
        let Some(newest) = ids.last() else { break };
        last = *newest;
        checked += ids.len();
        let errors = tools
            .db
            .read(move |conn| {
                Ok(ids
                    .iter()
                    .filter_map(|id| ticket::check_replay(conn, *id).err())
                    .collect::<Vec<_>>())
            })
            .await?;
        wrong.extend(errors);
    }
    match wrong.first() {
        None => report.good(&format!("{checked} 张工单的事件日志与快照一致")),
        Some(error) => report.bad(
            &format!("{} 张工单不一致：{error}", wrong.len()),
            "不要手工修改 ticket_* 表；从备份恢复，或把这一行报告给开发者",
        ),
    }
    Ok(())
}

async fn platform(report: &mut Report, tools: &Tools, apps: impl Iterator<Item = &String>) {
    for name in apps {
        if let Err(error) = tools.client.check_token(name).await {
            report.bad(&format!("应用 {name} 取 access_token：{error}"), &mend(&error));
            continue;
        }
        match agent::get(&tools.client, name).await {
            Ok(found) if found.close != 0 => {
                report.bad(&format!("应用 {name} 已停用"), "在管理后台启用它");
            }
            Ok(found) => report.good(&format!("应用 {name}（{}）可用", found.name)),
            Err(error) => report.bad(&format!("应用 {name}：{error}"), &mend(&error)),
        }
    }
}

/// Whether members can log in, and whether WeCom's client will take our pages for ours.
async fn pages(report: &mut Report, tools: &Tools, config: &Config) {
    let app = config.wecom.app.as_str();
    let ours = http::host_of(&config.server.public_url).unwrap_or_default();
    // What is wrong with an app that cannot be asked was said before.
    let Ok(found) = agent::get(&tools.client, app).await else { return };
    if found.redirect_domain.eq_ignore_ascii_case(&ours) {
        report.good(&format!("登录与网页的可信域名 {ours}"));
    } else {
        let now = match found.redirect_domain.as_str() {
            "" => "没有设置".to_owned(),
            domain => format!("是 {domain}"),
        };
        report.bad(
            &format!(
                "应用 {app} 的可信域名{now}，与 server.public_url 的 {ours} 不一致，成员无法登录"
            ),
            &format!("在管理后台该应用的「网页授权及 JS-SDK」中把可信域名设为 {ours}（连同端口）"),
        );
    }
    let corp = auth::jsapi_ticket(&tools.client, app).await;
    let own = auth::agent_ticket(&tools.client, app).await;
    match corp.and(own) {
        Ok(_ticket) => report.good("JS-SDK 的两种票据可取"),
        Err(error) => report.bad(&format!("JS-SDK 的票据：{error}"), &mend(&error)),
    }
}

fn mend(error: &ApiError) -> String {
    match (error.errcode, error.class) {
        (60020, _) => format!(
            "把 {} 加入该应用的「企业可信IP」，约一分钟后生效",
            error.from_ip().unwrap_or("本机出口 IP")
        ),
        (40001 | 40013 | 40091, _) => "核对 wecom.corp_id 与该应用的 secret".to_owned(),
        (301_002 | 40056, _) => "核对该应用的 agent_id".to_owned(),
        (_, Class::Retry) => "检查到 wecom.api_base 的网络".to_owned(),
        (_, Class::Limit { .. }) => "调用过于频繁或 IP 被限制，稍后再试".to_owned(),
        _ => "按企业微信的错误码说明处理".to_owned(),
    }
}
