//! What is printed, and what goes into the README: one row a thing measured, one column a database.

use std::{
    fs::{self, OpenOptions},
    io::Write as _,
    path::Path,
};

use anyhow::{Context as _, Result, bail};
use serde::{Deserialize, Serialize};

use crate::proc;

const BEGIN: &str = "<!-- bench:begin -->";
const END: &str = "<!-- bench:end -->";

/// A bound that a figure must keep.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Target {
    AtMost(f64, &'static str),
    AtLeast(f64, &'static str),
    /// Every one of them.
    Equal,
    /// Told for interest.
    None,
}

impl Target {
    pub(crate) fn is_met(self, value: f64) -> bool {
        match self {
            Self::AtMost(bound, _unit) => value <= bound,
            Self::AtLeast(bound, _unit) => value >= bound,
            Self::Equal => value == 0.0,
            Self::None => true,
        }
    }

    fn words(self) -> String {
        match self {
            Self::AtMost(bound, unit) => format!("≤ {bound}{unit}"),
            Self::AtLeast(bound, unit) => format!("≥ {bound}{unit}"),
            Self::Equal => "=".to_owned(),
            Self::None => String::new(),
        }
    }
}

/// Something that is measured, in both languages of the README.
pub(crate) struct Line {
    pub(crate) key: &'static str,
    en: &'static str,
    zh: &'static str,
    target: Target,
}

/// Everything that is measured, in the order of the table.
pub(crate) const LINES: &[Line] = &[
    Line {
        key: "intake.cpu",
        en: "Durable intake: CPU per callback ÷ floor (µs : µs)",
        zh: "可靠接收：每条回调的 CPU ÷ 下限（µs : µs）",
        target: Target::AtMost(1.8, " ×"),
    },
    Line {
        key: "intake.single",
        en: "One insert per request ÷ ours, CPU (µs : µs)",
        zh: "每请求一次插入 ÷ 本服务，CPU（µs : µs）",
        target: Target::AtLeast(3.0, " ×"),
    },
    Line {
        key: "intake.stored",
        en: "Callbacks answered 200 = rows stored, once",
        zh: "已应答 200 的回调 = 已入库的行，且不重复",
        target: Target::Equal,
    },
    Line {
        key: "intake.rate",
        en: "Callbacks a second, 64 connections: ours : one insert per request",
        zh: "每秒回调数，64 个连接：本服务 : 每请求一次插入",
        target: Target::None,
    },
    Line {
        key: "intake.half",
        en: "Latency at half of its own rate, p50 / p99: ours; one insert per request",
        zh: "半负载延迟 p50 / p99：本服务；每请求一次插入",
        target: Target::None,
    },
    Line {
        key: "intake.equal",
        en: "p99 at equal rate: ours ÷ one insert per request (ms : ms)",
        zh: "相同速率下的 p99：本服务 ÷ 每请求一次插入（ms : ms）",
        target: Target::AtMost(1.0, " ×"),
    },
    Line {
        key: "crypto",
        en: "Verify and decrypt 700 bytes ÷ bare base64 + AES-256-CBC + SHA-1 (µs : µs)",
        zh: "验签并解密 700 字节 ÷ 单纯的 base64 + AES-256-CBC + SHA-1（µs : µs）",
        target: Target::AtMost(1.3, " ×"),
    },
    Line {
        key: "flow.step",
        en: "One step of a flow of 30 steps",
        zh: "30 个节点的流程走一步",
        target: Target::AtMost(20.0, " µs"),
    },
    Line {
        key: "form.check",
        en: "Check of a form of 100 fields",
        zh: "校验 100 个字段的表单",
        target: Target::AtMost(200.0, " µs"),
    },
    Line {
        key: "template.lint",
        en: "What forbids publishing: 200 fields, 100 steps",
        zh: "发布检查：200 个字段、100 个节点",
        target: Target::AtMost(50.0, " ms"),
    },
    Line {
        key: "door",
        en: "Steps of flows through the one door ÷ the same statements bare (a second : a second)",
        zh: "经唯一入口流转一步 ÷ 同样语句的裸写（每秒 : 每秒）",
        target: Target::AtLeast(0.6, " ×"),
    },
    Line {
        key: "card",
        en: "Callback sent → card handed to WeCom, idle service, p50 (p99)",
        zh: "回调发出 → 卡片交给企业微信，空闲时 p50（p99）",
        target: Target::AtMost(50.0, " ms"),
    },
    Line {
        key: "page.thread",
        en: "Main thread until a page stands there ÷ a fixed piece of work: the worst small page (ms : ms)",
        zh: "页面画出前的主线程时间 ÷ 固定工作量：小页面中最慢的（ms : ms）",
        target: Target::AtMost(1.0, " ×"),
    },
    Line {
        key: "page.workbench",
        en: "The same of the workbench (ms : ms)",
        zh: "同上，工作台（ms : ms）",
        target: Target::AtMost(1.5, " ×"),
    },
    Line {
        key: "page.open",
        en: "Sidebar opened until it can be used: first visit; again",
        zh: "侧边栏从打开到可用：首次；再次",
        target: Target::None,
    },
    Line {
        key: "page.verb",
        en: "Tap on a verb → shown, on a line of 600 ms, p50 (largest)",
        zh: "点操作 → 界面有反应，网络往返 600 ms，p50（最大）",
        target: Target::AtMost(50.0, " ms"),
    },
    Line {
        key: "page.scroll",
        en: "Scrolling through a list of 10 000 tickets: p95 of frames (frames over 100 ms)",
        zh: "滚动 10 000 张工单的列表：帧间隔 p95（超过 100 ms 的帧）",
        target: Target::AtMost(50.0, " ms"),
    },
    Line {
        key: "memory",
        en: "Memory after start and 100 requests, RSS (PSS)",
        zh: "启动并处理 100 个请求后的内存 RSS（PSS）",
        target: Target::AtMost(60.0, " MB"),
    },
    Line {
        key: "start",
        en: "Start to ready, tables there (tables made)",
        zh: "启动到就绪：表已存在时（建表时）",
        target: Target::AtMost(1.0, " s"),
    },
];

/// One figure of one database.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Found {
    key: String,
    on: String,
    figure: String,
    is_met: bool,
}

/// Collects figures and prints each as it comes.
pub(crate) struct Report {
    on: String,
    found: Vec<Found>,
}

/// The one place that talks to the terminal.
#[expect(clippy::print_stdout, reason = "a benchmark's product is what it prints")]
pub(crate) fn say(line: &str) {
    println!("{line}");
}

impl Report {
    /// A report on a database.
    pub(crate) fn on(name: &str) -> Self {
        Self { on: name.to_owned(), found: Vec::new() }
    }

    /// Adds a figure: the value that the target bounds, and the words to show.
    pub(crate) fn add(&mut self, key: &str, value: f64, figure: String) {
        let Some(line) = LINES.iter().find(|line| line.key == key) else { return };
        let is_met = line.target.is_met(value);
        let (target, verdict) = match line.target {
            Target::None => (String::new(), ""),
            target => (format!("   [{}]", target.words()), if is_met { " ok" } else { " MISSED" }),
        };
        say(&format!("  {}: {figure}{target}{verdict}", line.en));
        self.found.push(Found { key: key.to_owned(), on: self.on.clone(), figure, is_met });
    }

    /// What was found.
    pub(crate) fn found(self) -> Vec<Found> {
        self.found
    }
}

/// Whether every target was met.
pub(crate) fn all_met(found: &[Found]) -> bool {
    found.iter().all(|one| one.is_met)
}

/// Adds figures to a file, a line of JSON each, and gives everything that is in it.
pub(crate) fn keep(path: &Path, found: &[Found]) -> Result<Vec<Found>> {
    let place = || format!("{}", path.display());
    let mut file = OpenOptions::new().create(true).append(true).open(path).with_context(place)?;
    for one in found {
        writeln!(file, "{}", serde_json::to_string(one)?)?;
    }
    let text = fs::read_to_string(path).with_context(place)?;
    text.lines().map(|line| serde_json::from_str(line).with_context(place)).collect()
}

/// The table in Markdown.
pub(crate) fn table(found: &[Found], is_chinese: bool) -> String {
    let mut columns: Vec<&str> = Vec::new();
    for one in found {
        if !columns.contains(&one.on.as_str()) {
            columns.push(&one.on);
        }
    }
    let (what, target) = if is_chinese { ("项目", "目标") } else { ("what", "target") };
    let mut text = format!("| {what} | {target} |");
    columns.iter().for_each(|column| text.push_str(&format!(" {column} |")));
    text.push_str("\n|---|---|");
    columns.iter().for_each(|_column| text.push_str("---|"));
    for line in LINES.iter().filter(|line| found.iter().any(|one| one.key == line.key)) {
        let name = if is_chinese { line.zh } else { line.en };
        text.push_str(&format!("\n| {name} | {} |", line.target.words()));
        for column in &columns {
            let cell = found.iter().find(|one| one.key == line.key && one.on == *column);
            let miss = if is_chinese { "，未达标" } else { ", missed" };
            let words = cell.map_or_else(String::new, |one| {
                format!("{}{}", one.figure, if one.is_met { "" } else { miss })
            });
            text.push_str(&format!(" {words} |"));
        }
    }
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    let processor = proc::processor();
    text.push_str(&if is_chinese {
        format!("\n\n在 {cores} 核（{processor}）上测得，负载生成器与数据库同机运行。")
    } else {
        format!(
            "\n\nMeasured on {cores} cores ({processor}), which load generator and database share."
        )
    });
    text
}

/// Puts the table between the marks of a README; a name with `zh` gets the Chinese one.
pub(crate) fn write(path: &Path, found: &[Found]) -> Result<()> {
    let text = fs::read_to_string(path).with_context(|| format!("{}", path.display()))?;
    let is_chinese = path.to_string_lossy().contains("zh");
    let Some(new) = replaced(&text, &table(found, is_chinese)) else {
        bail!("{} has no {BEGIN} and {END}", path.display());
    };
    fs::write(path, new).with_context(|| format!("{}", path.display()))
}

fn replaced(text: &str, table: &str) -> Option<String> {
    let (before, rest) = text.split_once(BEGIN)?;
    let (_old, after) = rest.split_once(END)?;
    Some(format!("{before}{BEGIN}\n\n{table}\n\n{END}{after}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(key: &str, on: &str, figure: &str, is_met: bool) -> Found {
        Found { key: key.into(), on: on.into(), figure: figure.into(), is_met }
    }

    #[test]
    fn a_bound_holds_at_the_bound_and_not_for_what_was_not_measured() {
        assert!(Target::AtMost(1.8, "").is_met(1.8) && !Target::AtMost(1.8, "").is_met(1.81));
        assert!(Target::AtLeast(3.0, "").is_met(3.0) && !Target::AtLeast(3.0, "").is_met(2.99));
        assert!(Target::Equal.is_met(0.0) && !Target::Equal.is_met(1.0));
        for target in [Target::AtMost(1.8, ""), Target::AtLeast(3.0, ""), Target::Equal] {
            assert!(!target.is_met(f64::NAN));
        }
    }

    #[test]
    fn the_table_has_a_column_for_each_database_and_says_what_was_missed() {
        let all = [
            found("memory", "SQLite", "20 MB", true),
            found("card", "SQLite", "9 ms", true),
            found("card", "MySQL 9", "70 ms", false),
        ];
        let text = table(&all, false);
        let rows: Vec<&str> = text.lines().collect();
        assert_eq!(rows[0], "| what | target | SQLite | MySQL 9 |");
        assert_eq!(rows[1], "|---|---|---|---|");
        assert!(rows[2].ends_with("| ≤ 50 ms | 9 ms | 70 ms, missed |"), "{text}");
        assert!(rows[3].ends_with("| ≤ 60 MB | 20 MB |  |"), "{text}");
        assert!(table(&all, true).contains("70 ms，未达标"));
    }

    #[test]
    fn the_table_replaces_only_what_stands_between_the_marks() {
        let readme = "a\n<!-- bench:begin -->\nold\n<!-- bench:end -->\nb\n";
        let new = replaced(readme, "T").unwrap();
        assert_eq!(new, "a\n<!-- bench:begin -->\n\nT\n\n<!-- bench:end -->\nb\n");
        assert_eq!(replaced(&new, "T").unwrap(), new);
        assert_eq!(replaced("no marks", "T"), None);
    }

    #[test]
    fn every_key_is_there_once() {
        let mut keys: Vec<_> = LINES.iter().map(|line| line.key).collect();
        keys.sort_unstable();
        keys.dedup();
        assert_eq!(keys.len(), LINES.len());
    }
}
