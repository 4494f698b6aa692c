//! A throwaway Redis server that keeps nothing on disk.

use std::io::{BufRead, BufReader, Read as _, Write};
use std::net::{Ipv4Addr, SocketAddr, TcpStream};
use std::path::Path;
use std::process::Command;
use std::sync::OnceLock;
use std::time::Duration;

use anyhow::{Context, Result, anyhow, bail, ensure};
use rustix::process::Signal;

use crate::account::Account;
use crate::process::Server;
use crate::programs::need;
use crate::{REDIS_VAR, shared_url};

/// The package that holds the server program.
pub(crate) const PACKAGE: &str = "redis-server";

/// How long one command may take.
const PATIENCE: Duration = Duration::from_secs(5);

/// A Redis server: one that was started here, or the one of the whole test run.
///
/// It saves nothing, so a restart comes back empty: what Parasol must live with. A server started
/// here is stopped when this value is dropped or the process ends.
#[derive(Debug)]
pub struct Redis {
    url: String,
    /// `None` for the server of the whole test run, which is only ever lent out by `&`.
    own: Option<(Server, u16)>,
}

impl Redis {
    /// Starts a server of the caller's own.
    ///
    /// # Errors
    /// When the program is not installed or the server does not come up.
    pub fn start() -> Result<Self> {
        let account = Account::choose(&["redis", "nobody"])?;
        let mut server = Server::prepare("redis", account, Signal::TERM)?;
        let program = need("redis-server", PACKAGE)?;
        let port = server.start_on_free_port(
            |port| server_command(&program, port),
            |port, _| ask(port, "PING").is_ok(),
        )?;
        Ok(Self { url: format!("redis://127.0.0.1:{port}/"), own: Some((server, port)) })
    }

    /// The server of the whole test run: the one named in [`REDIS_VAR`], else one started for this
    /// process. Its users keep apart by a prefix of their own in every key and channel.
    ///
    /// # Errors
    /// As [`Redis::start`]; the first answer, good or bad, holds for the process.
    pub fn shared() -> Result<&'static Self> {
        static SHARED: OnceLock<Result<Redis, String>> = OnceLock::new();
        let shared = SHARED.get_or_init(|| match shared_url(REDIS_VAR) {
            Some(url) => Ok(Self { url, own: None }),
            None => Self::start().map_err(|error| format!("{error:#}")),
        });
        shared.as_ref().map_err(|error| anyhow!(error.clone()))
    }

    /// The server's URL.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// Empties the server (`FLUSHALL`).
    ///
    /// # Errors
    /// When the server does not answer.
    pub fn empty(&mut self) -> Result<()> {
        let (_, port) = self.owned();
        ask(*port, "FLUSHALL")
    }

    /// Sends the server one command, its words parted by spaces, and answers with what it says.
    ///
    /// # Errors
    /// When it does not answer, or refuses.
    pub fn command(&mut self, command: &str) -> Result<String> {
        let (_, port) = self.owned();
        say(*port, command)
    }

    /// Kills the server with SIGKILL.
    pub fn kill_9(&mut self) {
        self.owned().0.kill();
    }

    /// Starts the server again on the same port, empty, killing it first where it still runs.
    ///
    /// # Errors
    /// When it does not come up again.
    pub fn restart(&mut self) -> Result<()> {
        let (server, port) = self.owned();
        server.kill();
        let command = server_command(&need("redis-server", PACKAGE)?, *port);
        server.start(command, |_| ask(*port, "PING").is_ok())
    }

    /// Freezes the server (SIGSTOP): its connections stay open and nothing is answered.
    ///
    /// # Errors
    /// When it does not run.
    pub fn freeze(&mut self) -> Result<()> {
        self.owned().0.signal(Signal::STOP)
    }

    /// Lets a frozen server go on.
    ///
    /// # Errors
    /// When it does not run.
    pub fn thaw(&mut self) -> Result<()> {
        self.owned().0.signal(Signal::CONT)
    }

    fn owned(&mut self) -> &mut (Server, u16) {
        self.own.as_mut().expect("the shared server is never handed out by &mut")
    }
}

pub(crate) fn server_command(program: &Path, port: u16) -> Command {
    let mut command = Command::new(program);
    command
        .args(["--bind", "127.0.0.1", "--save", "", "--appendonly", "no", "--daemonize", "no"])
        .args(["--port", &port.to_string()])
        .env("LC_ALL", "C");
    command
}

/// Sends one command and expects a good answer on one line.
fn ask(port: u16, command: &str) -> Result<()> {
    let answer = say(port, command)?;
    ensure!(answer == "OK" || answer == "PONG", "{command}: {answer:?}");
    Ok(())
}

/// Sends one command, its words parted by spaces, and answers with what the server says: a line, a number or a text.
pub(crate) fn say(port: u16, command: &str) -> Result<String> {
    let address = SocketAddr::from((Ipv4Addr::LOCALHOST, port));
    let mut stream = TcpStream::connect_timeout(&address, PATIENCE).context("connecting")?;
    stream.set_read_timeout(Some(PATIENCE))?;
    stream.write_all(format!("{command}\r\n").as_bytes())?;
    let mut answers = BufReader::new(stream);
    let mut line = String::new();
    answers.read_line(&mut line)?;
    let (kind, rest) = line.split_at_checked(1).context("no answer")?;
    let rest = rest.trim_end();
    match kind {
        "+" | ":" => Ok(rest.to_owned()),
        "$" => {
            let mut text = vec![0; rest.parse().with_context(|| format!("{command}: {rest}"))?];
            answers.read_exact(&mut text)?;
            Ok(String::from_utf8_lossy(&text).into_owned())
        }
        _ => bail!("{command}: {rest}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn answers_after_kill_9_and_restart_and_not_in_between() {
        let mut server = Redis::start().unwrap();
        server.empty().unwrap();
        server.kill_9();
        assert!(server.empty().is_err(), "a killed server answered");
        server.restart().unwrap();
        server.empty().unwrap();
        let folder = server.owned().0.folder().to_owned();
        drop(server);
        assert!(!folder.exists(), "{} was left behind", folder.display());
    }

    #[test]
    fn the_shared_server_is_one_server() {
        let (first, second) = (Redis::shared().unwrap(), Redis::shared().unwrap());
        assert_eq!(first.url(), second.url());
    }
}
