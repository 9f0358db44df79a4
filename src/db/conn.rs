//! The connection: one enum over both drivers, opened by the URL's scheme and prepared the same
//! way every time.

use diesel::{Connection as _, RunQueryDsl as _, connection::SimpleConnection as _};
use kernel::{Error, Kind, Result};

use crate::{
    error::{AWAY, OrDb as _},
    settings::{Engine, Settings},
};

/// A connection to either database. Rooms pass it through; only `db` looks inside.
#[derive(diesel::MultiConnection)]
pub enum Conn {
    /// MySQL 8.4/9, MariaDB 10.11 and later.
    Mysql(diesel::MysqlConnection),
    /// The embedded default.
    Sqlite(diesel::SqliteConnection),
}

/// Messages are classified by their text, so the server must speak English; READ COMMITTED with
/// compare-and-set is what the house reasons about.
const MYSQL_SESSION: &str = "SET SESSION TRANSACTION ISOLATION LEVEL READ COMMITTED; \
     SET SESSION innodb_lock_wait_timeout = 10; \
     SET SESSION lc_messages = 'en_US'; \
     SET SESSION sql_mode = 'STRICT_TRANS_TABLES,NO_ZERO_DATE,ERROR_FOR_DIVISION_BY_ZERO'";

/// FULL: a commit that was acknowledged survives a power cut; WAL: readers never wait for it.
const SQLITE_SESSION: &str = "PRAGMA busy_timeout = 10000; PRAGMA journal_mode = WAL; \
     PRAGMA synchronous = FULL; PRAGMA foreign_keys = ON";

#[derive(diesel::QueryableByName)]
struct Variable {
    #[diesel(sql_type = diesel::sql_types::Text, column_name = "Value")]
    value: String,
}

impl Conn {
    /// Opens a connection.
    ///
    /// # Errors
    /// `db.away` when the database cannot be reached or refuses us.
    pub fn open(settings: &Settings) -> Result<Self> {
        let away = |error: diesel::ConnectionError| {
            Error::new(Kind::Busy, AWAY, "数据库暂时无法连接").caused_by(error)
        };
        match settings.engine() {
            Engine::Mysql => {
                let mut conn = diesel::MysqlConnection::establish(settings.url()).map_err(away)?;
                for statement in MYSQL_SESSION.split("; ") {
                    conn.batch_execute(statement).or_db()?;
                }
                if settings.wants_tls() {
                    require_tls(&mut conn)?;
                }
                Ok(Self::Mysql(conn))
            }
            Engine::Sqlite => {
                settings.make_folder()?;
                let mut conn =
                    diesel::SqliteConnection::establish(settings.path()).map_err(away)?;
                conn.batch_execute(SQLITE_SESSION).or_db()?;
                Ok(Self::Sqlite(conn))
            }
        }
    }
}

/// The client library falls back to clear text when the server offers no TLS, so we look.
fn require_tls(conn: &mut diesel::MysqlConnection) -> Result<()> {
    let cipher = diesel::sql_query("SHOW SESSION STATUS LIKE 'Ssl_cipher'")
        .load::<Variable>(conn)
        .or_db()?;
    match cipher.first() {
        Some(row) if !row.value.is_empty() => Ok(()),
        _ => Err(Error::new(
            Kind::Invalid,
            "db.no_tls",
            "database.url 要求 TLS（ssl_ca），但服务器以明文应答：请在服务器上启用 TLS",
        )),
    }
}
