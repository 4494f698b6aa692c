//! A throwaway PgBouncer that lends its connections for one transaction at a time.

use std::fs;
use std::net::{Ipv4Addr, SocketAddr, TcpStream};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use rustix::process::Signal;

use crate::Postgres;
use crate::account::Account;
use crate::process::Server;
use crate::programs::need;

/// The package that holds the program.
const PACKAGE: &str = "pgbouncer";
/// How long it may take to accept a connection.
const PATIENCE: Duration = Duration::from_secs(5);

/// A PgBouncer in its mode `transaction` before a PostgreSQL server, which has to outlive it.
///
/// It takes no parameter of a session beside those that it knows, as its own defaults have it.
#[derive(Debug)]
pub struct PgBouncer {
    port: u16,
    /// Stopped, and its folder removed, when this value is dropped or the process ends.
    _server: Server,
}

impl PgBouncer {
    /// Starts one that opens at most `connections` to each database of the server.
    ///
    /// # Errors
    /// When the program is not installed or does not come up.
    pub fn before(postgres: &Postgres, connections: u16) -> Result<Self> {
        Self::start(postgres, connections, "")
    }

    /// The same, told to take no notice of what a session asks for, as many are.
    ///
    /// # Errors
    /// As [`PgBouncer::before`].
    pub fn forgetful_before(postgres: &Postgres, connections: u16) -> Result<Self> {
        Self::start(postgres, connections, "options, extra_float_digits")
    }

    fn start(postgres: &Postgres, connections: u16, ignored: &str) -> Result<Self> {
        let account = Account::choose(&["postgres", "nobody"])?;
        let mut server = Server::prepare("pgbouncer", account, Signal::TERM)?;
        let folder = server.folder().to_owned();
        let users = folder.join("users");
        fs::write(&users, "\"parasol\" \"\"\n").context("writing the list of users")?;
        let (host, _) = parts(postgres.url())?;
        let (host, behind) = host.split_once(':').context("the URL names no port")?;
        let text = |port: u16| {
            format!(
                "[databases]\n* = host={host} port={behind}\n[pgbouncer]\nlisten_addr = 127.0.0.1\n\
                 listen_port = {port}\nunix_socket_dir =\nauth_type = trust\nauth_file = {}\n\
                 pool_mode = transaction\ndefault_pool_size = {connections}\nmax_client_conn = 400\n\
                 ignore_startup_parameters = {ignored}\nsyslog = 0\n",
                users.display()
            )
        };
        let settings = |port: u16| folder.join(format!("settings-{port}"));
        let program = need("pgbouncer", PACKAGE)?;
        let port = server.start_on_free_port(
            |port| command(&program, &settings(port), &text(port)),
            |port, _| accepts(port),
        )?;
        Ok(Self { port, _server: server })
    }

    /// The address of a database of the server, through this pooler, which it says.
    ///
    /// # Errors
    /// When `url` is none of a database.
    pub fn url_of(&self, url: &str) -> Result<String> {
        let (host, database) = parts(url)?;
        ensure!(!database.contains('?'), "the URL has parameters already");
        let (before, _) = url.split_once(host).context("the host is a part of the URL")?;
        Ok(format!("{before}127.0.0.1:{}/{database}?pooler=transaction", self.port))
    }
}

/// Host with port, and what comes behind them.
fn parts(url: &str) -> Result<(&str, &str)> {
    let (_, place) = url.split_once('@').context("the URL names no user")?;
    place.split_once('/').context("the URL names no database")
}

/// Its settings are in a file alone; one that cannot be written is missed by the program, and said in its log.
fn command(program: &Path, file: &PathBuf, text: &str) -> Command {
    let _ = fs::write(file, text);
    let mut command = Command::new(program);
    command.arg(file).env("LC_ALL", "C");
    command
}

fn accepts(port: u16) -> bool {
    let address = SocketAddr::from((Ipv4Addr::LOCALHOST, port));
    TcpStream::connect_timeout(&address, PATIENCE).is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn many_sessions_share_one_connection() {
        let server = Postgres::shared().unwrap();
        let database = server.fresh_database("pooled").unwrap();
        let pooler = PgBouncer::before(server, 1).unwrap();
        let url = pooler.url_of(&database).unwrap();
        assert!(url.ends_with("?pooler=transaction"), "{url}");
        let url = url.trim_end_matches("?pooler=transaction");
        let asked = "SELECT pg_backend_pid()";
        assert_eq!(
            crate::postgres::ask(url, asked).unwrap(),
            crate::postgres::ask(url, asked).unwrap()
        );
    }
}
