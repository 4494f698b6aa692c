//! Throwaway PostgreSQL servers that Patroni keeps available: a primary and its synchronous standby, over one etcd.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, ensure};
use rustix::process::Signal;

use crate::account::Account;
use crate::postgres::{ask, state};
use crate::process::{Server, free_port, kill_with_children, wait_until};
use crate::programs::need;

/// Seconds after which a primary that renews nothing has lost its place. It has to hold one round and two tries of
/// the next constant.
const TTL: u8 = 10;
/// Seconds that anything Patroni asks may take, of PostgreSQL too; less is too little for a machine that is busy.
const TRY: u8 = 4;

/// A primary and a synchronous standby. A primary that dies is replaced in about ten seconds by the standby, which has
/// everything that was acknowledged.
///
/// Everything is stopped when this value is dropped or the process ends.
#[derive(Debug)]
pub struct Patroni {
    members: Vec<Member>,
    /// Outlives those who need it.
    _etcd: Server,
}

#[derive(Debug)]
struct Member {
    patroni: Server,
    /// Stops the server that Patroni has started, however this process ends.
    postgres: Server,
    port: u16,
}

impl Patroni {
    /// Starts everything and returns once there is a primary with a synchronous standby; takes about ten seconds.
    ///
    /// # Errors
    /// When a program is not installed, or they do not come up.
    pub fn start() -> Result<Self> {
        let (etcd, port) = start_etcd()?;
        let mut members = Vec::new();
        for nth in 0..2 {
            // The first is the primary before the second begins to copy it.
            members.push(Member::start(nth, port)?);
        }
        let cell = Self { members, _etcd: etcd };
        let asked = "SELECT count(*) FROM pg_stat_replication WHERE sync_state = 'sync'";
        let first = cell.members[0].url();
        let synchronous = || ask(&first, asked).is_ok_and(|count| count == "1");
        ensure!(wait_until(synchronous), "no standby became synchronous");
        Ok(cell)
    }

    /// The URL that names every host.
    pub fn url(&self) -> String {
        let hosts: Vec<_> =
            self.members.iter().map(|member| format!("127.0.0.1:{}", member.port)).collect();
        format!("postgres://parasol@{}/postgres?target_session_attrs=primary", hosts.join(","))
    }

    /// The URL of the primary alone.
    ///
    /// # Errors
    /// When there is none.
    pub fn primary_url(&self) -> Result<String> {
        self.primary().map(|nth| self.members[nth].url()).context("there is no primary")
    }

    /// The URL of the standby alone.
    ///
    /// # Errors
    /// When there is none.
    pub fn standby_url(&self) -> Result<String> {
        let mut standbys = self.members.iter().filter(|member| !member.is_primary());
        standbys.next().map(Member::url).context("there is no standby")
    }

    /// Kills the primary with SIGKILL, its Patroni first, so that nobody starts it again.
    ///
    /// # Errors
    /// When there is none.
    pub fn kill_9_primary(&mut self) -> Result<()> {
        let nth = self.primary().context("there is no primary")?;
        self.members[nth].kill_9()
    }

    /// Waits until there is a primary again.
    ///
    /// # Errors
    /// When there is none within a minute.
    pub fn wait_for_primary(&self) -> Result<()> {
        ensure!(wait_until(|| self.primary().is_some()), "no standby was promoted");
        Ok(())
    }

    /// Who runs and follows nobody.
    fn primary(&self) -> Option<usize> {
        self.members.iter().position(Member::is_primary)
    }
}

impl Member {
    fn start(nth: usize, etcd: u16) -> Result<Self> {
        let account = Account::choose(&["postgres", "nobody"])?;
        let mut patroni = Server::prepare("patroni", account, Signal::TERM)?;
        let mut postgres = Server::prepare("member", account, Signal::QUIT)?;
        let data = postgres.folder().join("data");
        let (rest, program) = (free_port()?, need("patroni", "patroni")?);
        let folder = patroni.folder().to_owned();
        // Where its other programs are too; on the path there may be a link to this one alone.
        let bin = need("postgres", "postgresql")?.canonicalize().context("a program's own path")?;
        let bin = bin.parent().context("a program is in a folder")?.to_owned();
        let port = patroni.start_on_free_port(
            |port| {
                let place =
                    Place { nth, etcd, rest, port, data: &data, folder: &folder, bin: &bin };
                command(&program, &place)
            },
            |_, _| state(&data).is_some_and(|(_, state)| state == "ready" || state == "standby"),
        )?;
        if let Some((process, _)) = state(&data) {
            postgres.adopt(process)?;
        }
        let member = Self { patroni, postgres, port };
        ensure!(nth > 0 || wait_until(|| member.is_primary()), "there is no primary");
        Ok(member)
    }

    fn url(&self) -> String {
        format!("postgres://parasol@127.0.0.1:{}/postgres", self.port)
    }

    fn data(&self) -> PathBuf {
        self.postgres.folder().join("data")
    }

    fn is_primary(&self) -> bool {
        let data = self.data();
        let runs = state(&data).is_some_and(|(process, state)| {
            state == "ready" && Path::new(&format!("/proc/{process}")).exists()
        });
        runs && !data.join("standby.signal").exists()
            && ask(&self.url(), "SELECT pg_is_in_recovery()").is_ok_and(|said| said == "f")
    }

    fn kill_9(&mut self) -> Result<()> {
        self.patroni.kill();
        if let Some((process, _)) = state(&self.data()) {
            let children = kill_with_children(process);
            let gone = |process: u32| !Path::new(&format!("/proc/{process}")).exists();
            wait_until(|| gone(process) && children.iter().all(|child| gone(*child)));
        }
        self.postgres.let_go()
    }
}

impl Drop for Member {
    fn drop(&mut self) {
        // An orderly end would take seconds, and nothing of it is kept.
        let _ = self.kill_9();
    }
}

fn start_etcd() -> Result<(Server, u16)> {
    let account = Account::choose(&["postgres", "nobody"])?;
    let mut server = Server::prepare("etcd", account, Signal::TERM)?;
    let program = need("etcd", "etcd-server")?;
    let (peers, data) = (free_port()?, server.folder().join("data"));
    let port = server.start_on_free_port(
        |port| {
            let (clients, peers) =
                (format!("http://127.0.0.1:{port}"), format!("http://127.0.0.1:{peers}"));
            let mut command = Command::new(&program);
            command.args(["--name", "etcd", "--data-dir"]).arg(&data);
            command.args(["--listen-client-urls", &clients, "--advertise-client-urls", &clients]);
            command.args(["--listen-peer-urls", &peers, "--initial-advertise-peer-urls", &peers]);
            command.args(["--initial-cluster", &format!("etcd={peers}")]);
            command
        },
        |port, _| std::net::TcpStream::connect(("127.0.0.1", port)).is_ok(),
    )?;
    Ok((server, port))
}

/// Where a member is.
struct Place<'a> {
    nth: usize,
    etcd: u16,
    rest: u16,
    port: u16,
    data: &'a Path,
    folder: &'a Path,
    bin: &'a Path,
}

/// Its settings are in a file alone; one that cannot be written is missed by the program, and said in its log.
fn command(program: &Path, place: &Place<'_>) -> Command {
    let file = place.folder.join(format!("settings-{}.yaml", place.port));
    let _ = fs::write(&file, settings(place));
    let mut command = Command::new(program);
    command.arg(file).env("LC_ALL", "C.UTF-8").env("PYTHONDONTWRITEBYTECODE", "1");
    command
}

fn settings(place: &Place<'_>) -> String {
    let Place { nth, etcd, rest, port, data, folder, bin } = place;
    let (data, folder, bin) = (data.display(), folder.display(), bin.display());
    format!(
        r"scope: cell
name: member{nth}
restapi: {{listen: '127.0.0.1:{rest}', connect_address: '127.0.0.1:{rest}'}}
etcd3: {{hosts: '127.0.0.1:{etcd}'}}
bootstrap:
  dcs:
    ttl: {TTL}
    loop_wait: 1
    retry_timeout: {TRY}
    maximum_lag_on_failover: 1048576
    synchronous_mode: true
    postgresql:
      use_pg_rewind: false
      use_slots: true
      parameters: {{max_connections: 100, fsync: 'on', full_page_writes: 'on', synchronous_commit: 'on'}}
  initdb: [{{encoding: UTF8}}, {{locale: C}}, {{auth: trust}}, no-sync]
  pg_hba:
    - host all all 127.0.0.1/32 trust
    - host replication all 127.0.0.1/32 trust
postgresql:
  listen: '127.0.0.1:{port}'
  connect_address: '127.0.0.1:{port}'
  data_dir: '{data}'
  bin_dir: '{bin}'
  pgpass: '{folder}/pgpass'
  authentication:
    superuser: {{username: parasol, password: none}}
    replication: {{username: replicator, password: none}}
  parameters: {{unix_socket_directories: '{folder}'}}
"
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn proc_the_standby_takes_the_place_of_a_primary_that_dies() {
        let mut cell = Patroni::start().unwrap();
        let before = cell.primary_url().unwrap();
        ask(&before, "CREATE TABLE kept AS SELECT 7 AS id").unwrap();
        cell.kill_9_primary().unwrap();
        cell.wait_for_primary().unwrap();
        let after = cell.primary_url().unwrap();
        assert_ne!(after, before);
        assert_eq!(ask(&after, "SELECT id FROM kept").unwrap(), "7");
    }
}
