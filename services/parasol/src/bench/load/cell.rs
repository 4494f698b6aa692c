//! The cell under load: processes of this very program, as a platform would start them.
//!
//! Owns starting and ending them. They share the roles as the files in `deploy/` do: gateways in front, intake and
//! tracking together, dispatch, scheduling and verification together, each as often as there are replicas.

use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::path::Path;
use std::process::Stdio;
use std::time::Duration;

use anyhow::{Context as _, bail};
use parasol_runtime::clock::Stopwatch;
use parasol_runtime::config::{Config, NodeRole};
use rustix::process::{Pid, Signal, kill_process};
use secrecy::ExposeSecret as _;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::process::{Child, Command};

/// Who plays what, as in `deploy/`.
const GROUPS: [(&str, &[NodeRole]); 3] = [
    ("gateway", &[NodeRole::Gateway]),
    ("customers", &[NodeRole::Intake, NodeRole::Tracking]),
    ("partners", &[NodeRole::Dispatch, NodeRole::Scheduling, NodeRole::Verification]),
];
/// How long a process may take until it is ready, and until it has ended.
const PATIENCE: Duration = Duration::from_secs(90);
/// How often it is asked.
const ASK_EVERY: Duration = Duration::from_millis(25);
/// Writing and reading connections of each process that works on cases: six of them and two gateways stay below the
/// hundred that PostgreSQL has by default, with the yardstick's beside them.
const POOLS: [&str; 2] = ["pools.write=2", "pools.read=3"];

/// What every process is started with beside its place.
pub struct Common<'a> {
    /// Database, Redis and folder.
    pub config: &'a Config,
    /// Arguments of this run that every process is to have too.
    pub arguments: &'a [String],
    /// Settings of this cell, `key=value`.
    pub settings: Vec<String>,
}

/// A process with its place.
struct Member {
    name: String,
    group: usize,
    grpc: SocketAddr,
    http: SocketAddr,
    child: Child,
}

/// A cell that runs. Dropping it kills its processes.
pub struct Cell {
    members: Vec<Member>,
}

impl Cell {
    /// Starts `replicas` of each group and returns when all of them are ready.
    ///
    /// # Errors
    /// When a process ends or is not ready in time; the error carries what it said last.
    pub async fn start(common: &Common<'_>, replicas: usize) -> anyhow::Result<Self> {
        let count = GROUPS.len() * replicas;
        // All are held at once, so that no port is given out twice.
        let held: Vec<TcpListener> = (0..2 * count)
            .map(|_| TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).context("no port is free"))
            .collect::<anyhow::Result<_>>()?;
        let ports: Vec<SocketAddr> =
            held.iter().map(TcpListener::local_addr).collect::<Result<_, _>>()?;
        drop(held);
        let places: Vec<(usize, SocketAddr, SocketAddr)> =
            (0..count).map(|nth| (nth / replicas, ports[2 * nth], ports[2 * nth + 1])).collect();
        let mut members = Vec::new();
        for (nth, place) in places.iter().enumerate() {
            let (name, _) = GROUPS[place.0];
            let name = format!("{name} {}", nth % replicas + 1);
            let log = common.config.data_dir.join(format!("{}.log", name.replace(' ', "-")));
            let child = command(common, *place, &places, &log)?.spawn().context("this program")?;
            members.push(Member { name, group: place.0, grpc: place.1, http: place.2, child });
        }
        let mut cell = Self { members };
        for member in &mut cell.members {
            ready(member, &common.config.data_dir).await?;
        }
        Ok(cell)
    }

    /// Where the gateways listen.
    pub fn gateways(&self) -> impl Iterator<Item = SocketAddr> {
        self.members.iter().filter(|member| member.group == 0).map(|member| member.grpc)
    }

    /// Each process by its name.
    pub fn processes(&self) -> impl Iterator<Item = (String, u32)> {
        self.members.iter().filter_map(|member| Some((member.name.clone(), member.child.id()?)))
    }

    /// Ends all of them as a platform does, gateways first, and waits for that.
    pub async fn stop(mut self) {
        for member in &self.members {
            let process = member.child.id().and_then(|id| Pid::from_raw(id.try_into().ok()?));
            if let Some(process) = process {
                // One that has ended cannot be signalled, and that is what is wanted.
                let _ = kill_process(process, Signal::TERM);
            }
        }
        for member in &mut self.members {
            // What does not end in time is killed when it is dropped.
            let _ = tokio::time::timeout(PATIENCE, member.child.wait()).await;
        }
    }
}

fn command(
    common: &Common<'_>,
    (group, grpc, http): (usize, SocketAddr, SocketAddr),
    places: &[(usize, SocketAddr, SocketAddr)],
    log: &Path,
) -> anyhow::Result<Command> {
    let config = common.config;
    let said = std::fs::File::create(log).with_context(|| log.display().to_string())?;
    let mut command = Command::new(std::env::current_exe().context("this program")?);
    let roles: Vec<_> = GROUPS[group].1.iter().map(|role| role.as_str()).collect();
    command.args(["serve", "--role", &roles.join(",")]).args(common.arguments);
    command.arg("--data").arg(&config.data_dir);
    command.args(["--grpc", &grpc.to_string(), "--http", &http.to_string()]);
    // Both may hold a password, and arguments are everybody's to read.
    command.env("PARASOL__DATABASE_URL", config.database_url.expose_secret());
    command.env("PARASOL__REDIS_URL", config.redis_url.expose_secret());
    let own = ["staff.registered_only=false", "log.level=warn"];
    for setting in own.iter().chain(&POOLS) {
        command.args(["--set", setting]);
    }
    for (other, (_, roles)) in GROUPS.iter().enumerate() {
        if other == group || roles.contains(&NodeRole::Gateway) {
            continue;
        }
        let of_group = places.iter().filter(|place| place.0 == other);
        let addresses: Vec<_> = of_group.map(|(_, grpc, _)| format!("http://{grpc}")).collect();
        for role in *roles {
            let peers = format!("peers.{}={}", role.as_str(), addresses.join(","));
            command.args(["--set", &peers]);
        }
    }
    for setting in &common.settings {
        command.args(["--set", setting]);
    }
    command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(said).kill_on_drop(true);
    Ok(command)
}

/// Waits until a process is ready.
async fn ready(member: &mut Member, folder: &Path) -> anyhow::Result<()> {
    let since = Stopwatch::start();
    loop {
        let answer = tokio::time::timeout(ASK_EVERY * 40, is_ready(member.http)).await;
        if matches!(answer, Ok(Ok(true))) {
            return Ok(());
        }
        let ended = member.child.try_wait()?;
        if ended.is_some() || since.elapsed() > PATIENCE {
            let log = folder.join(format!("{}.log", member.name.replace(' ', "-")));
            let said = std::fs::read_to_string(log).unwrap_or_default();
            let last: Vec<_> = said.lines().rev().take(5).collect();
            bail!("{} does not get ready: {}", member.name, last.join(" | "));
        }
        let _ = tokio::time::timeout(ASK_EVERY, std::future::pending::<()>()).await;
    }
}

async fn is_ready(http: SocketAddr) -> std::io::Result<bool> {
    let mut stream = TcpStream::connect(http).await?;
    stream.write_all(b"GET /readyz HTTP/1.1\r\nHost: probe\r\nConnection: close\r\n\r\n").await?;
    let mut head = [0; 12];
    stream.read_exact(&mut head).await?;
    Ok(head.ends_with(b" 200"))
}
