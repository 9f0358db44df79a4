//! A database of its own for every test: a SQLite file, or a schema of the MySQL server whose
//! address is in QIDAN_TEST_MYSQL.

use std::{
    path::PathBuf,
    sync::atomic::{AtomicU32, Ordering},
};

use db::diesel::{Connection as _, MysqlConnection, connection::SimpleConnection as _};

static NUMBER: AtomicU32 = AtomicU32::new(0);

/// A database that is gone when the test is over.
pub(crate) struct Schema {
    pub(crate) url: String,
    pub(crate) folder: PathBuf,
    server: Option<(String, String)>,
}

/// The MySQL server to test on, if there is one.
#[expect(clippy::disallowed_methods, reason = "a test's switch, not configuration")]
pub(crate) fn mysql() -> Option<String> {
    std::env::var("QIDAN_TEST_MYSQL").ok().filter(|url| !url.is_empty())
}

impl Schema {
    /// A fresh one.
    pub(crate) fn fresh() -> Self {
        let name =
            format!("qidan_it_{}_{}", std::process::id(), NUMBER.fetch_add(1, Ordering::SeqCst));
        let folder = std::env::temp_dir().join(&name);
        let _before = std::fs::remove_dir_all(&folder);
        std::fs::create_dir_all(&folder).unwrap();
        match mysql() {
            None => {
                let url = format!("sqlite://{}", folder.join("qidan.db").display());
                Self { url, folder, server: None }
            }
            Some(dsn) => {
                let server = dsn.split('?').next().unwrap_or_default().to_owned();
                let mut admin = MysqlConnection::establish(&server).unwrap();
                admin
                    .batch_execute(&format!("DROP DATABASE IF EXISTS {name}"))
                    .and_then(|()| admin.batch_execute(&format!("CREATE DATABASE {name}")))
                    .unwrap();
                let (base, _schema) = server.rsplit_once('/').unwrap();
                Self { url: format!("{base}/{name}"), folder, server: Some((server, name)) }
            }
        }
    }
}

impl Drop for Schema {
    fn drop(&mut self) {
        if let Some((server, name)) = &self.server
            && let Ok(mut admin) = MysqlConnection::establish(server)
        {
            let _gone = admin.batch_execute(&format!("DROP DATABASE IF EXISTS {name}"));
        }
        let _gone = std::fs::remove_dir_all(&self.folder);
    }
}
