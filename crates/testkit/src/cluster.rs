//! A cell of many processes: each role played by as many as are asked for, over one PostgreSQL and one Redis of
//! its own, on free ports of this machine.
//!
//! Owns starting them from a built program, all at once as a platform would, and telling which one listens where.
//! It knows the program by its command line alone.

use std::io::{Read as _, Write as _};
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::thread;
use std::time::Duration;

use anyhow::{Context, Result, anyhow};
use rustix::process::Signal;

use crate::account::Account;
use crate::process::Server;
use crate::{Postgres, Redis};

/// The roles of a cell; the gateway is the one that outsiders call.
pub const ROLES: [&str; 6] =
    ["intake", "dispatch", "scheduling", "verification", "tracking", "gateway"];
/// How long a process may take to say whether it is ready.
const ANSWER_MAX: Duration = Duration::from_secs(2);

/// The cell. Dropping it stops every process and removes what they kept.
#[derive(Debug)]
pub struct Cluster {
    members: Vec<Member>,
    settings: Vec<String>,
    /// Holds the folder all of them share, with the signing key and the evidence.
    shared: Server,
    /// What they wake each other by; a test may break it.
    pub redis: Redis,
    /// What they keep everything in; a test may break it.
    pub postgres: Postgres,
}

/// A process of the cell.
#[derive(Debug)]
pub struct Member {
    /// The role it plays.
    pub role: &'static str,
    /// Where it serves gRPC.
    pub grpc: SocketAddr,
    /// Where it serves its probes, and the gateway its pages.
    pub http: SocketAddr,
    /// What it was started from.
    program: PathBuf,
    server: Server,
}

impl Cluster {
    /// Starts `replicas` processes of each role from the program at `program`, with these settings (`key=value`),
    /// and returns when all of them are ready.
    ///
    /// # Errors
    /// When the servers are not installed, or a process ends or is not ready within a minute; the error carries the
    /// end of its log.
    pub fn start(program: &Path, replicas: usize, settings: &[&str]) -> Result<Self> {
        let (postgres, redis) = (Postgres::start()?, Redis::start()?);
        let shared = Server::prepare("cluster", Account::caller(), Signal::TERM)?;
        let members = members(program, replicas)?;
        let settings = settings.iter().map(|setting| (*setting).to_owned()).collect();
        let mut cluster = Self { members, settings, shared, redis, postgres };
        cluster.start_all()?;
        Ok(cluster)
    }

    /// The folder they share, with the key that signs credentials.
    pub fn data(&self) -> &Path {
        self.shared.folder()
    }

    /// Every process.
    pub fn members(&self) -> &[Member] {
        &self.members
    }

    /// One of the processes of a role.
    ///
    /// # Panics
    /// When there is none.
    pub fn member(&self, role: &str, nth: usize) -> &Member {
        let mut of_role = self.members.iter().filter(|member| member.role == role);
        of_role.nth(nth).expect("there is a process of this role")
    }

    /// Kills a process with SIGKILL, in the middle of whatever it does.
    pub fn kill_9(&mut self, role: &str, nth: usize) {
        let mut of_role = self.members.iter_mut().filter(|member| member.role == role);
        of_role.nth(nth).expect("there is a process of this role").server.kill();
    }

    /// Starts a process again that was killed, and returns when it is ready.
    ///
    /// # Errors
    /// As [`Cluster::start`].
    pub fn restart(&mut self, role: &str, nth: usize) -> Result<()> {
        let member = self.member(role, nth);
        let (command, http) = (self.command(member), member.http);
        let mut of_role = self.members.iter_mut().filter(|member| member.role == role);
        let member = of_role.nth(nth).expect("there is a process of this role");
        member.server.start(command, |_| is_ready(http))
    }

    /// Lets a process finish what it has begun and end, as for an upgrade, starts its successor from `program` in the
    /// same place, and returns when that is ready.
    ///
    /// # Errors
    /// As [`Cluster::start`].
    pub fn replace(&mut self, role: &str, nth: usize, program: &Path) -> Result<()> {
        let mut of_role = self.members.iter_mut().filter(|member| member.role == role);
        let member = of_role.nth(nth).expect("there is a process of this role");
        member.server.stop();
        program.clone_into(&mut member.program);
        self.restart(role, nth)
    }

    fn start_all(&mut self) -> Result<()> {
        let commands: Vec<_> = self.members.iter().map(|member| self.command(member)).collect();
        thread::scope(|scope| {
            let starting: Vec<_> = self
                .members
                .iter_mut()
                .zip(commands)
                .map(|(member, command)| {
                    let http = member.http;
                    let starting =
                        scope.spawn(move || member.server.start(command, |_| is_ready(http)));
                    (member_name(http), starting)
                })
                .collect();
            for (name, one) in starting {
                one.join().map_err(|_| anyhow!("the start of {name} panicked"))?.context(name)?;
            }
            Ok(())
        })
    }

    fn command(&self, own: &Member) -> Command {
        let mut command = Command::new(&own.program);
        command.args(["serve", "--role", own.role]);
        command.arg("--data").arg(self.data());
        command.args(["--database", self.postgres.url(), "--redis", self.redis.url()]);
        command.args(["--grpc", &own.grpc.to_string(), "--http", &own.http.to_string()]);
        // Many processes on one server of a hundred connections.
        command.args(["--set", "pools.write=1", "--set", "pools.read=2"]);
        for role in ROLES.into_iter().filter(|role| *role != own.role && *role != "gateway") {
            let of_role = self.members.iter().filter(|member| member.role == role);
            let addresses: Vec<_> = of_role.map(|one| format!("http://{}", one.grpc)).collect();
            command.arg("--set").arg(format!("peers.{role}={}", addresses.join(",")));
        }
        for setting in &self.settings {
            command.args(["--set", setting]);
        }
        command
    }
}

fn member_name(http: SocketAddr) -> String {
    format!("the process with its probes at {http}")
}

/// Places for so many processes of each role; nothing runs yet.
fn members(program: &Path, replicas: usize) -> Result<Vec<Member>> {
    let count = ROLES.len() * replicas;
    // All are held at once, so that no port is given out twice.
    let held: Vec<_> = (0..2 * count)
        .map(|_| TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).context("looking for a free port"))
        .collect::<Result<_>>()?;
    let mut ports = held.iter().map(TcpListener::local_addr);
    let mut port = || ports.next().context("there is a port for each")?.context("a port's number");
    let mut members = Vec::new();
    for role in ROLES {
        for _ in 0..replicas {
            let server = Server::prepare(role, Account::caller(), Signal::TERM)?;
            let program = program.to_owned();
            members.push(Member { role, grpc: port()?, http: port()?, program, server });
        }
    }
    Ok(members)
}

/// Whether the process behind the probes says that it is ready.
fn is_ready(http: SocketAddr) -> bool {
    let ask = || -> std::io::Result<bool> {
        let mut stream = TcpStream::connect_timeout(&http, ANSWER_MAX)?;
        stream.set_read_timeout(Some(ANSWER_MAX))?;
        stream.write_all(b"GET /readyz HTTP/1.1\r\nHost: probe\r\nConnection: close\r\n\r\n")?;
        let mut head = [0; 12];
        stream.read_exact(&mut head)?;
        Ok(head.ends_with(b" 200"))
    };
    ask().unwrap_or(false)
}
