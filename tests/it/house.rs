//! Rules of the house that no compiler checks. Each failure says the rule, the place and the way
//! out.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::{Path, PathBuf},
};

use db::diesel::{self, QueryableByName, RunQueryDsl as _, sql_query, sql_types};
use kernel::Clock;

use crate::support::Schema;

/// The longest file, tests and tables excepted.
const LINES_MAX: usize = 600;
/// The longest door of a room.
const DOOR_LINES_MAX: usize = 110;

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn files_under(folder: &Path, ending: &str, found: &mut Vec<PathBuf>) {
    let mut entries: Vec<_> =
        fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    entries.sort();
    for path in entries {
        if path.is_dir() {
            files_under(&path, ending, found);
        } else if path.to_str().unwrap().ends_with(ending) {
            found.push(path);
        }
    }
}

/// The path below `src` and the text of every source file.
fn sources() -> Vec<(String, String)> {
    let mut found = Vec::new();
    files_under(&root().join("src"), ".rs", &mut found);
    assert!(found.len() > 100, "the sources are not where they were");
    let read = |path: PathBuf| {
        let name = path.strip_prefix(root().join("src")).unwrap().to_str().unwrap().to_owned();
        (name, fs::read_to_string(&path).unwrap())
    };
    found.into_iter().map(read).collect()
}

fn is_test(path: &str) -> bool {
    path.contains("/tests/") || path.ends_with("tests.rs") || path.ends_with("test_db.rs")
}

/// What stands before the tests at the end of a file.
fn product(text: &str) -> &str {
    text.split_once("#[cfg(test)]\nmod tests {").map_or(text, |(before, _tests)| before)
}

fn rooms() -> Vec<String> {
    let entries = fs::read_dir(root().join("src")).unwrap().map(|entry| entry.unwrap());
    let rooms = entries.filter(|entry| entry.path().join("Cargo.toml").exists());
    let mut rooms: Vec<_> =
        rooms.map(|entry| entry.file_name().to_str().unwrap().to_owned()).collect();
    rooms.sort();
    rooms
}

#[test]
fn sql_is_written_where_its_tables_belong() {
    let may = |path: &str| {
        let name = path.rsplit('/').next().unwrap();
        matches!(name, "sql.rs" | "schema.rs")
            || path.contains("/sql/")
            || path.starts_with("db/")
            || path.starts_with("queue/")
    };
    // Small tables whose few queries stand beside the one thing that they are for.
    let beside = [
        "notify/budget.rs",
        "notify/links.rs",
        "notify/message.rs",
        "ticket/draft.rs",
        "ticket/list.rs",
    ];
    let uses: BTreeSet<_> = sources()
        .into_iter()
        .filter(|(path, text)| !is_test(path) && text.contains("diesel"))
        .map(|(path, _text)| path)
        .filter(|path| !may(path))
        .collect();
    let expected = beside.iter().map(|path| (*path).to_owned()).collect::<BTreeSet<_>>();
    assert_eq!(
        uses, expected,
        "put the query into the room's sql.rs and call it by what it answers"
    );
}

#[test]
fn which_database_it_is_matters_in_one_room_only() {
    for (path, text) in sources() {
        let asks = text.contains("Conn::Mysql") || text.contains("Conn::Sqlite");
        assert!(
            !asks || path.starts_with("db/"),
            "{path} asks which database it is: add a word to db/dialect.rs that says what you need"
        );
    }
}

#[test]
fn no_file_is_longer_than_one_can_read() {
    for (path, text) in sources() {
        let lines = text.lines().count();
        let is_free = is_test(&path) || path.ends_with("schema.rs");
        assert!(
            is_free || lines <= LINES_MAX,
            "{path} has {lines} lines: split it by what it hides"
        );
        let is_door = path.ends_with("/lib.rs");
        assert!(
            !is_door || lines <= DOOR_LINES_MAX,
            "{path} has {lines} lines: a door is no hall, move what it does into files"
        );
        let says = text.starts_with("//! ") || is_test(&path);
        assert!(says, "{path} does not begin by saying what it hides");
    }
}

/// The floors as they stand in ARCHITECTURE.md: room to number.
fn floors() -> BTreeMap<String, u32> {
    let text = fs::read_to_string(root().join("ARCHITECTURE.md")).unwrap();
    let mut floors = BTreeMap::new();
    for line in text.lines().filter_map(|line| line.strip_prefix("floor ")) {
        let (number, rest) = line.split_once(' ').unwrap();
        let names = rest.trim().split("   ").next().unwrap();
        for name in names.split('·').map(str::trim) {
            floors.insert(name.to_owned(), number.parse().unwrap());
        }
    }
    floors
}

#[test]
fn rooms_know_lower_floors_only() {
    let floors = floors();
    let mut known: Vec<_> = floors.keys().filter(|name| *name != "qidan").cloned().collect();
    known.sort();
    assert_eq!(known, rooms(), "ARCHITECTURE.md shows every room on its floor");
    for room in rooms() {
        let manifest =
            fs::read_to_string(root().join("src").join(&room).join("Cargo.toml")).unwrap();
        let (_head, rest) = manifest.split_once("[dependencies]").unwrap();
        let section = rest.split("\n[").next().unwrap();
        for line in section.lines() {
            let name = line.split(['.', ' ', '=']).next().unwrap();
            let Some(floor) = floors.get(name) else { continue };
            assert!(
                *floor < floors[&room],
                "{room} (floor {}) imports {name} (floor {floor}): tell it by an event instead",
                floors[&room]
            );
            let is_platform = matches!(name, "kernel" | "wecom");
            assert!(
                room != "sim" || is_platform,
                "the simulator must not know the product: {name}"
            );
        }
    }
}

#[test]
fn every_call_of_the_platform_has_its_twin_in_the_simulator() {
    let sources = sources();
    let texts = |folder: &str| -> String {
        let of = sources.iter().filter(|(path, _text)| path.starts_with(folder) && !is_test(path));
        of.map(|(_path, text)| product(text)).collect()
    };
    let (calls, twins) = (texts("wecom/api/"), texts("sim/api/"));
    let is_path = |text: &&str| {
        text.contains('/') && text.chars().all(|c| c.is_ascii_lowercase() || "/_".contains(c))
    };
    let calls: BTreeSet<_> = calls.split('"').skip(1).step_by(2).filter(is_path).collect();
    assert!(calls.len() > 10, "the calls are not where they were: {calls:?}");
    for call in calls {
        assert!(
            twins.contains(&format!("\"/cgi-bin/{call}\"")),
            "wecom/api calls {call}, and sim/api does not answer it"
        );
    }
}

#[test]
fn every_action_has_a_name_and_a_label_of_its_own() {
    let mut seen = BTreeSet::new();
    for action in ticket::ACTIONS {
        let (name, label) = (action.name(), action.label());
        let is_verb = name.chars().all(|c| c.is_ascii_lowercase() || c == '_');
        assert!(is_verb, "{name} is no bare verb");
        assert!(label.chars().all(|c| !c.is_ascii()) && !label.is_empty(), "{name}: {label}");
        assert!(seen.insert(name) && seen.insert(label), "{name} or {label} is there twice");
        let file = root().join(format!("src/ticket/actions/{name}.rs"));
        assert!(file.exists(), "{name} has its file: {}", file.display());
    }
}

#[test]
fn every_migration_can_be_read_by_both_databases_and_undone() {
    let mut found = Vec::new();
    files_under(&root().join("migrations"), "up.sql", &mut found);
    assert_eq!(found.len(), db::known().unwrap().len());
    for up in found {
        let down = up.with_file_name("down.sql");
        assert!(down.exists(), "{} has no down.sql", up.display());
        let folder = up.parent().unwrap().file_name().unwrap().to_str().unwrap().to_owned();
        let room = folder.split('_').nth(1).unwrap();
        let text = fs::read_to_string(&up).unwrap();
        for line in text.lines().filter(|line| line.starts_with("CREATE TABLE")) {
            let table = line.split_whitespace().find(|word| word.contains('_')).unwrap();
            assert!(
                table.starts_with(&format!("{room}_")),
                "{folder} makes {table}: a table begins with the name of its room"
            );
        }
        for word in ["AUTO_INCREMENT", "AUTOINCREMENT", " JSON", "ENUM(", "DATETIME", "DECIMAL"] {
            assert!(!text.to_uppercase().contains(word), "{folder}: {word} means two things");
        }
    }
}

/// The tables that Diesel's command line is told of, by the room that declares them.
#[test]
fn diesel_is_told_of_every_table() {
    let told = std::fs::read_to_string("diesel.toml").unwrap();
    for table in declared().keys() {
        let (room, _name) = table.split_once('_').unwrap();
        let (_before, section) = told.split_once(&format!("[print_schema.{room}]")).unwrap();
        let section = section.split("[print_schema.").next().unwrap();
        assert!(section.contains(&format!("\"{table}\"")), "diesel.toml does not name {table}");
    }
}

/// A column as it is declared: its type in a few letters, and whether it may be nothing.
type Columns = BTreeMap<String, (&'static str, bool)>;

/// Every table that a room declares.
fn declared() -> BTreeMap<String, Columns> {
    let mut tables = BTreeMap::new();
    for (path, text) in sources().into_iter().filter(|(path, _text)| path.ends_with("schema.rs")) {
        let Some((room, _rest)) = path.split_once("/schema.rs") else { continue };
        for table in text.split("table! {").skip(1) {
            let (name, rest) = table.trim_start().split_once(" (").unwrap();
            assert!(
                name.starts_with(&format!("{room}_")),
                "{path} declares {name}: a table begins with the name of its room"
            );
            let (_key, rest) = rest.split_once('{').unwrap();
            let (body, _rest) = rest.split_once('}').unwrap();
            let columns = body.lines().filter_map(|line| line.trim().split_once(" -> "));
            let columns = columns.map(|(column, kind)| {
                let kind = kind.trim_end_matches(',');
                let bare = kind.trim_start_matches("Nullable<").trim_end_matches('>');
                let word = match bare {
                    "BigInt" => "big",
                    "Integer" => "int",
                    "Bool" => "bool",
                    "Text" | "VarChar" => "text",
                    "Binary" | "Blob" => "bytes",
                    other => {
                        panic!("{path}: {name}.{column} is {other}, which the test must learn")
                    }
                };
                (column.to_owned(), (word, kind != bare))
            });
            tables.insert(name.to_owned(), columns.collect());
        }
    }
    tables
}

#[derive(QueryableByName)]
struct Found {
    #[diesel(sql_type = sql_types::Text)]
    table_of: String,
    #[diesel(sql_type = sql_types::Text)]
    column_is: String,
    #[diesel(sql_type = sql_types::Text)]
    kind: String,
    #[diesel(sql_type = sql_types::BigInt)]
    may_be_null: i64,
}

const IN_SQLITE: &str = "SELECT m.name AS table_of, p.name AS column_is, p.type AS kind, \
    CAST(p.\"notnull\" = 0 AS BIGINT) AS may_be_null \
    FROM sqlite_master m JOIN pragma_table_info(m.name) p WHERE m.type = 'table'";
const IN_MYSQL: &str = "SELECT CAST(table_name AS CHAR) AS table_of, \
    CAST(column_name AS CHAR) AS column_is, CAST(column_type AS CHAR) AS kind, \
    CAST(is_nullable = 'YES' AS SIGNED) AS may_be_null \
    FROM information_schema.columns WHERE table_schema = DATABASE()";

#[tokio::test(flavor = "multi_thread")]
async fn the_schema_that_rooms_declare_is_the_one_that_migrations_make() {
    let schema = Schema::fresh();
    let db = db::Db::new(db::Settings::parse(&schema.url).unwrap());
    let migrating = db.clone();
    let migrated = tokio::task::spawn_blocking(move || db::migrate(&migrating, &Clock::System, 7));
    migrated.await.unwrap().unwrap();
    let query = if schema.url.starts_with("sqlite") { IN_SQLITE } else { IN_MYSQL };
    let found =
        db.read(move |conn| Ok(sql_query(query).load::<Found>(conn).unwrap())).await.unwrap();
    let mut made: BTreeMap<String, Columns> = BTreeMap::new();
    for Found { table_of, column_is, kind, may_be_null } in found {
        // What the migrations themselves need, and SQLite keeps.
        if ["__diesel", "sqlite_", "db_lease"].iter().any(|ours| table_of.starts_with(ours)) {
            continue;
        }
        let kind = kind.to_lowercase();
        let word = match kind.split('(').next().unwrap() {
            "bigint" => "big",
            "int" | "integer" => "int",
            "tinyint" | "boolean" => "bool",
            "varchar" | "char" | "text" | "mediumtext" | "longtext" => "text",
            "blob" | "longblob" | "mediumblob" | "varbinary" => "bytes",
            other => panic!("{table_of}.{column_is} is {other}, which the test must learn"),
        };
        let columns = made.entry(table_of).or_default();
        columns.insert(column_is, (word, may_be_null != 0));
    }
    let declared = declared();
    for (name, columns) in &declared {
        assert_eq!(made.get(name), Some(columns), "{name}: declared right, made left");
    }
    let names = |tables: &BTreeMap<String, Columns>| tables.keys().cloned().collect::<Vec<_>>();
    assert_eq!(names(&made), names(&declared), "every table is declared by its room");
}

/// Words of the same shape that are no errors: topics, crash points, names of cards and of files,
/// entries of the audit log.
const OTHERS: [&str; 31] = [
    "config.applied",
    "ticket.event",
    "ticket.migrated",
    "template.archived",
    "template.draft_dropped",
    "template.imported",
    "template.published",
    "ticket.timer",
    "ticket.family",
    "ticket.action",
    "ticket.trigger",
    "ticket.accept",
    "ticket.forward",
    "ticket.info",
    "ticket.rate",
    "token.created",
    "token.revoked",
    "group.saved",
    "group.deleted",
    "mirror.fetch",
    "notify.figures",
    "simulator.html",
    "group.html",
    "wecom.oauth_base",
    "wecom.login_base",
    "wecom.simulator",
    "spool.written",
    "spool.synced",
    "spool.drained",
    "server.public_url",
    "wecom.api_base",
];

/// Every stable code that an answer or a command can carry.
fn error_codes() -> BTreeSet<String> {
    let rooms: BTreeSet<_> = [
        "asset",
        "auth",
        "callback",
        "chat",
        "code",
        "config",
        "customer",
        "db",
        "files",
        "http",
        "idempotency",
        "link",
        "member",
        "mirror",
        "group",
        "notify",
        "opportunity",
        "order",
        "part",
        "place",
        "preset",
        "queue",
        "replica",
        "server",
        "simulator",
        "spool",
        "template",
        "ticket",
        "token",
        "visit",
        "webhook",
        "wecom",
    ]
    .into();
    let mut codes = BTreeSet::from(["field_invalid".to_owned(), "internal".to_owned()]);
    for (path, text) in sources().into_iter().filter(|(path, _text)| !is_test(path)) {
        if path.starts_with("sim/") {
            continue;
        }
        for word in product(&text).split('"').skip(1).step_by(2) {
            let Some((room, rest)) = word.split_once('.') else { continue };
            let is_word =
                !rest.is_empty() && rest.chars().all(|c| c.is_ascii_lowercase() || c == '_');
            if is_word && rooms.contains(room) && !OTHERS.contains(&word) {
                codes.insert(word.to_owned());
            }
        }
    }
    codes
}

#[test]
fn every_error_code_is_documented() {
    let text = fs::read_to_string(root().join("ARCHITECTURE.md")).unwrap();
    let missing: Vec<_> =
        error_codes().into_iter().filter(|code| !text.contains(&format!("`{code}`"))).collect();
    assert!(
        missing.is_empty(),
        "ARCHITECTURE.md lists every code with what it means; these are new: {missing:?}"
    );
}

#[test]
fn every_story_closes_its_desk_which_holds_each_log_against_its_snapshot() {
    let mut files = Vec::new();
    files_under(&root().join("tests/it"), ".rs", &mut files);
    let mut stories = 0;
    for file in files {
        let text = fs::read_to_string(&file).unwrap();
        for story in text.split("#[tokio::test").skip(1) {
            let opens = story.contains("= Desk::open()") || story.contains("= Desk::with(");
            let name = story.split("async fn ").nth(1).and_then(|rest| rest.split('(').next());
            assert!(
                !opens || story.contains("desk.close().await"),
                "{name:?} leaves its desk open"
            );
            stories += usize::from(opens);
        }
    }
    assert!(stories > 50, "only {stories} stories were found");
}
