//! A throwaway PostgreSQL server that keeps every durability promise.

use std::fs;
use std::path::Path;
use std::process::Command;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU32, Ordering};

use anyhow::{Context, Result, anyhow, bail, ensure};
use rustix::process::Signal;

use crate::account::Account;
use crate::process::Server;
use crate::programs::need;
use crate::{POSTGRES_VAR, shared_url};

/// The package that holds the server programs and `psql`.
const PACKAGE: &str = "postgresql";

/// The superuser of every throwaway server. There is no password: the server listens on 127.0.0.1
/// only and never holds anything but test data.
const USER: &str = "parasol";

/// The longest name given to [`Postgres::fresh_database`], in bytes.
const NAME_MAX: usize = 40;

/// A PostgreSQL server: one that was started here, or the one of the whole test run.
///
/// `fsync`, `full_page_writes` and `synchronous_commit` are on, because durability is what many
/// tests are about; up to 100 connections. A server started here is stopped and its folder removed
/// when this value is dropped or the process ends.
#[derive(Debug)]
pub struct Postgres {
    /// The URL of the database `postgres`, for administration.
    url: String,
    /// `None` for the server of the whole test run, which is only ever lent out by `&`.
    own: Option<(Server, u16)>,
}

impl Postgres {
    /// Starts a server of the caller's own; takes about a second.
    ///
    /// # Errors
    /// When the programs are not installed or the server does not come up.
    pub fn start() -> Result<Self> {
        let account = Account::choose(&["postgres", "nobody"])?;
        // SIGQUIT ends PostgreSQL at once, yet gives its shared memory back.
        let mut server = Server::prepare("postgres", account, Signal::QUIT)?;
        let data = server.folder().join("data");
        server.run(
            Command::new(need("initdb", PACKAGE)?)
                .args(["--auth=trust", "--encoding=UTF8", "--locale=C", "--no-sync"])
                .args([format!("--username={USER}"), format!("--pgdata={}", data.display())]),
        )?;
        let postgres = need("postgres", PACKAGE)?;
        let port = server.start_on_free_port(
            |port| server_command(&postgres, &data, port),
            |_, process| is_ready(&data, process),
        )?;
        let url = format!("postgres://{USER}@127.0.0.1:{port}/postgres");
        Ok(Self { url, own: Some((server, port)) })
    }

    /// The server of the whole test run: the one named in [`POSTGRES_VAR`], else one started for
    /// this process.
    ///
    /// # Errors
    /// As [`Postgres::start`]; the first answer, good or bad, holds for the process.
    pub fn shared() -> Result<&'static Self> {
        static SHARED: OnceLock<Result<Postgres, String>> = OnceLock::new();
        let shared = SHARED.get_or_init(|| match shared_url(POSTGRES_VAR) {
            Some(url) => Ok(Self { url, own: None }),
            None => Self::start().map_err(|error| format!("{error:#}")),
        });
        shared.as_ref().map_err(|error| anyhow!(error.clone()))
    }

    /// The URL of the server's database `postgres`; tests take a [`Postgres::fresh_database`].
    pub fn url(&self) -> &str {
        &self.url
    }

    /// Makes an empty database for one test and answers its URL. It lives as long as the server.
    ///
    /// `name` is 1 to 40 lower-case letters, digits or underscores and only helps whoever looks at
    /// the server: two calls with one name make two databases, in whatever processes they run.
    ///
    /// # Errors
    /// When the name is none, or the server cannot be reached.
    pub fn fresh_database(&self, name: &str) -> Result<String> {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        let plain = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_';
        ensure!(
            (1..=NAME_MAX).contains(&name.len()) && name.bytes().all(plain),
            "{name:?} is not a plain database name"
        );
        let count = COUNT.fetch_add(1, Ordering::Relaxed);
        let database = format!("{name}_{}_{count}", std::process::id());
        // template0, because nobody can be connected to it, which would make the copy fail.
        self.query(&format!("CREATE DATABASE \"{database}\" TEMPLATE template0"))?;
        let (address, query) = self.url.split_once('?').unwrap_or((&self.url, ""));
        let (server, _) = address.rsplit_once('/').context("the URL names no database")?;
        let query = if query.is_empty() { String::new() } else { format!("?{query}") };
        Ok(format!("{server}/{database}{query}"))
    }

    /// Runs one SQL command as superuser in the database `postgres` and answers what `psql` prints:
    /// one line per row, columns parted by `|`.
    ///
    /// # Errors
    /// When the command fails or the server cannot be reached.
    pub fn query(&self, sql: &str) -> Result<String> {
        ask(&self.url, sql)
    }

    /// Kills every process of this server with SIGKILL, in the middle of whatever it does.
    pub fn kill_9(&mut self) {
        self.owned().0.kill();
    }

    /// Starts the server again on the same port and data, killing it first where it still runs;
    /// returns when it has recovered.
    ///
    /// # Errors
    /// When it does not come up again.
    pub fn restart(&mut self) -> Result<()> {
        let (server, port) = self.owned();
        server.kill();
        let data = server.folder().join("data");
        let command = server_command(&need("postgres", PACKAGE)?, &data, *port);
        server.start(command, |process| is_ready(&data, process))
    }

    fn owned(&mut self) -> &mut (Server, u16) {
        self.own.as_mut().expect("the shared server is never handed out by &mut")
    }
}

/// Runs one SQL command in a database, as [`Postgres::query`].
pub(crate) fn ask(url: &str, sql: &str) -> Result<String> {
    let output = Command::new(need("psql", PACKAGE)?)
        .args(["--no-psqlrc", "--quiet", "--tuples-only", "--no-align", "--no-password"])
        .args(["--set=ON_ERROR_STOP=1", "--command", sql, url])
        .output()
        .context("running psql")?;
    if !output.status.success() {
        bail!("{sql}: {}", String::from_utf8_lossy(&output.stderr).trim());
    }
    Ok(String::from_utf8_lossy(&output.stdout).trim().to_owned())
}

fn server_command(postgres: &Path, data: &Path, port: u16) -> Command {
    let mut command = Command::new(postgres);
    command.arg("-D").arg(data).arg("-p").arg(port.to_string()).env("LC_ALL", "C");
    for setting in [
        "listen_addresses=127.0.0.1",
        "unix_socket_directories=",
        "max_connections=100",
        "fsync=on",
        "full_page_writes=on",
        "synchronous_commit=on",
    ] {
        command.arg("-c").arg(setting);
    }
    command
}

/// Whether this process of the server takes commands.
fn is_ready(data: &Path, process: u32) -> bool {
    state(data) == Some((process, "ready".to_owned()))
}

/// Reads what a server says about itself: process id in line 1, state in line 8, of its own file.
pub(crate) fn state(data: &Path) -> Option<(u32, String)> {
    let text = fs::read_to_string(data.join("postmaster.pid")).ok()?;
    let line = |number: usize| text.lines().nth(number).map(str::trim);
    Some((line(0)?.parse().ok()?, line(7)?.to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_committed_row_survives_kill_9_and_no_process_or_folder_survives_the_drop() {
        let mut server = Postgres::start().unwrap();
        for (setting, wanted) in
            [("fsync", "on"), ("synchronous_commit", "on"), ("max_connections", "100")]
        {
            assert_eq!(server.query(&format!("SHOW {setting}")).unwrap(), wanted, "{setting}");
        }
        server.query("CREATE TABLE kept (id int)").unwrap();
        server.query("INSERT INTO kept VALUES (7)").unwrap();
        server.kill_9();
        assert!(server.query("SELECT 1").is_err(), "a killed server answered");
        server.restart().unwrap();
        assert_eq!(server.query("SELECT id FROM kept").unwrap(), "7");

        let folder = server.owned().0.folder().to_owned();
        let url = server.url().to_owned();
        drop(server);
        assert!(!folder.exists(), "{} was left behind", folder.display());
        assert!(Postgres { url, own: None }.query("SELECT 1").is_err(), "the server still runs");
    }

    #[test]
    fn one_name_makes_two_databases_and_a_bad_name_none() {
        let server = Postgres::shared().unwrap();
        let first = server.fresh_database("twins").unwrap();
        let second = server.fresh_database("twins").unwrap();
        assert_ne!(first, second);
        let inside = Postgres { url: first, own: None };
        assert!(inside.query("SELECT current_database()").unwrap().starts_with("twins_"));
        for bad in ["", "Robert", "a\"b", &"x".repeat(41)] {
            assert!(server.fresh_database(bad).is_err(), "{bad:?} was accepted");
        }
    }
}
