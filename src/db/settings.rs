//! Where the database is and how much of it we use.

use std::path::{Path, PathBuf};

use kernel::{Error, Kind, Micros, Result, time};

/// Which database a URL means.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Engine {
    /// MySQL or one of its kin.
    Mysql,
    /// The embedded database.
    Sqlite,
}

/// Where the database is and how much of it we use.
#[derive(Clone, Debug)]
pub struct Settings {
    url: String,
    engine: Engine,
    /// Connections that serve requests and jobs at once.
    pub connections: u32,
    /// How long a caller waits for a turn before it hears "busy".
    pub wait: Micros,
    /// How long a caller waits for the whole read or write, its turn included, before it hears
    /// "busy". People are answered within three seconds, so this is less.
    pub deadline: Micros,
}

impl Settings {
    /// Settings for a URL: `sqlite://PATH` or `mysql://user:password@host:port/name[?ssl_ca=…]`.
    ///
    /// # Errors
    /// `config.database_url` that names what is wrong with it.
    pub fn parse(url: &str) -> Result<Self> {
        let wrong = |detail: &str| {
            Error::new(Kind::Invalid, "config.database_url", format!("database.url：{detail}"))
        };
        let engine = if url.starts_with("mysql://") {
            if url.contains("ssl_mode=") {
                return Err(wrong("ssl_mode 会被客户端库忽略，请改用 ssl_ca=/路径/ca.pem"));
            }
            let path = url.trim_start_matches("mysql://").split_once('/');
            if path.is_none_or(|(_host, name)| name.is_empty() || name.starts_with('?')) {
                return Err(wrong("缺少库名，写作 mysql://用户:密码@主机:3306/qidan"));
            }
            Engine::Mysql
        } else if let Some(path) = url.strip_prefix("sqlite://") {
            if path.is_empty() || path.contains(":memory:") {
                return Err(wrong("需要文件路径，写作 sqlite://data/qidan.db"));
            }
            Engine::Sqlite
        } else {
            return Err(wrong("须以 sqlite:// 或 mysql:// 开头"));
        };
        Ok(Self {
            url: url.to_owned(),
            engine,
            connections: 16,
            wait: 2 * time::SECOND,
            deadline: 2500 * time::MILLI,
        })
    }

    /// Which database it is.
    pub fn engine(&self) -> Engine {
        self.engine
    }

    /// The URL with its password masked, for logs.
    pub fn masked(&self) -> String {
        match (self.url.split_once("://"), self.url.rsplit_once('@')) {
            (Some((scheme, rest)), Some((_secret, host))) => {
                let user = rest.split(':').next().unwrap_or_default();
                format!("{scheme}://{user}:***@{host}")
            }
            _ => self.url.clone(),
        }
    }

    pub(crate) fn url(&self) -> &str {
        &self.url
    }

    pub(crate) fn path(&self) -> &str {
        self.url.trim_start_matches("sqlite://")
    }

    pub(crate) fn wants_tls(&self) -> bool {
        self.url.contains("ssl_ca=")
    }

    pub(crate) fn make_folder(&self) -> Result<()> {
        let folder: PathBuf = Path::new(self.path()).parent().map(Into::into).unwrap_or_default();
        if folder.as_os_str().is_empty() {
            return Ok(());
        }
        std::fs::create_dir_all(&folder).map_err(|error| {
            let detail = format!("database.url：无法建立目录 {}", folder.display());
            Error::new(Kind::Busy, "db.folder", detail).caused_by(error)
        })
    }
}
