//! The other processes of the cell, and whether it is one of ours that has taken a port.

use std::net::SocketAddr;
use std::time::Duration;

use parasol_runtime::config::{Config, NodeRole};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tonic::transport::Endpoint;
use tonic_health::pb::HealthCheckRequest;
use tonic_health::pb::health_check_response::ServingStatus;
use tonic_health::pb::health_client::HealthClient;

use super::Finding;
use crate::node::service_of;

/// How long a process may take to say how it is.
const PATIENCE: Duration = Duration::from_secs(3);

/// Whether each role that this process leaves out is played where the settings say.
pub(super) async fn peers(config: &Config) -> Vec<Finding> {
    let left_out = NodeRole::ALL.into_iter().filter(|role| !config.plays(*role));
    let mut findings = Vec::new();
    for role in left_out {
        // Nobody calls the gateway.
        let Some(service) = service_of(role) else { continue };
        let addresses = config.peers.of(role);
        let silent = silent(addresses, service).await;
        findings.push(played(role.as_str(), addresses.len(), &silent));
    }
    findings
}

/// Whether the cells of a router are where the settings say.
pub(super) async fn cells(config: &Config) -> Vec<Finding> {
    let mut findings = Vec::new();
    for cell in &config.cells {
        let silent = silent(&cell.addresses, "").await;
        let next =
            "start a gateway of the cell there, or correct its addresses in cells".to_owned();
        findings.push(answers("cells", (&cell.label, next), cell.addresses.len(), &silent));
    }
    findings
}

/// The addresses where nobody serves it, each with what was wrong.
async fn silent(addresses: &[String], service: &str) -> Vec<String> {
    let mut silent = Vec::new();
    for address in addresses {
        if let Err(why) = serves(address, service).await {
            silent.push(format!("{address} {why}"));
        }
    }
    silent
}

fn played(role: &str, asked: usize, silent: &[String]) -> Finding {
    let next = format!("start a process that plays {role} there, or correct peers.{role}");
    answers("peers", (role, next), asked, silent)
}

fn answers(
    check: &'static str,
    (who, next): (&str, String),
    asked: usize,
    silent: &[String],
) -> Finding {
    let serving = asked - silent.len();
    let found = format!("{who}: {serving} of {asked} address(es) serve it");
    if silent.is_empty() {
        return Finding::ok(check, found);
    }
    let found = format!("{found}; {}", silent.join(", "));
    if serving == 0 { Finding::fail(check, found, next) } else { Finding::warn(check, found, next) }
}

/// Whether a process at this address says that it serves; the empty service is the whole process.
async fn serves(address: &str, service: &str) -> Result<(), String> {
    let asked = async {
        let endpoint = Endpoint::from_shared(address.to_owned()).map_err(|_| "is no address")?;
        let channel = endpoint.connect().await.map_err(|_| "cannot be reached")?;
        let request = HealthCheckRequest { service: service.to_owned() };
        let answer = HealthClient::new(channel).check(request).await;
        match answer.map(|answer| answer.into_inner().status()) {
            Ok(ServingStatus::Serving) => Ok(()),
            Ok(_) => Err("does not serve now"),
            Err(_) => Err("does not know the service"),
        }
    };
    let answer = tokio::time::timeout(PATIENCE, asked).await;
    answer.unwrap_or(Err("does not answer")).map_err(str::to_owned)
}

/// Whether a node answers at the port, as it should where one runs already.
pub(super) async fn is_node(check: &str, address: SocketAddr) -> bool {
    if check == "gRPC port" {
        return serves(&format!("http://{address}"), "").await.is_ok();
    }
    matches!(tokio::time::timeout(PATIENCE, live(address)).await, Ok(Ok(true)))
}

/// What `/livez` of a node says.
async fn live(address: SocketAddr) -> std::io::Result<bool> {
    let mut stream = TcpStream::connect(address).await?;
    stream.write_all(b"GET /livez HTTP/1.1\r\nHost: doctor\r\nConnection: close\r\n\r\n").await?;
    let mut answer = Vec::new();
    // A node's answer is a few hundred bytes; whoever else is there may go on for ever.
    stream.take(4_096).read_to_end(&mut answer).await?;
    Ok(answer.starts_with(b"HTTP/1.1 200") && answer.ends_with(b"ok\n"))
}

#[cfg(test)]
mod tests {
    use super::super::Status;
    use super::*;

    #[test]
    fn a_role_that_nobody_plays_fails_and_one_that_some_play_is_to_be_looked_at() {
        let silent = ["http://10.0.0.7:7443 cannot be reached".to_owned()];
        assert_eq!(played("intake", 1, &[]).status, Status::Ok);
        assert_eq!(played("intake", 2, &silent).status, Status::Warn);
        let nobody = played("intake", 1, &silent);
        assert_eq!(nobody.status, Status::Fail);
        assert!(nobody.found.contains("10.0.0.7") && nobody.next.contains("peers.intake"));
    }

    #[tokio::test]
    async fn nobody_at_a_port_is_no_node() {
        let gone = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
        assert!(!is_node("gRPC port", gone).await);
        assert!(!is_node("HTTP port", gone).await);
    }
}
