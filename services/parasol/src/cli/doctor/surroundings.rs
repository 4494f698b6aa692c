//! The calendar, the ports and Redis.

use std::io;
use std::net::{SocketAddr, TcpListener};
use std::time::Duration;

use parasol_bell::{Bell, RedisSettings};
use parasol_journey::calendar::Calendar;
use parasol_journey::time::Timestamp;
use parasol_runtime::clock::Clock;
use parasol_runtime::config::Config;
use parasol_runtime::ids::IdSource;
use secrecy::ExposeSecret as _;

use super::{Finding, cell};
use crate::node::archive;

/// How many days before the end of the calendar somebody should get the next one.
const CALENDAR_WARN_DAYS: i64 = 60;
/// How long Redis may take to answer.
const PATIENCE: Duration = Duration::from_secs(5);

/// Until when working days can be counted.
pub(super) fn calendar(now: Timestamp) -> Finding {
    let until = Calendar::china().covered_until();
    let left = until.signed_duration_since(now.shanghai_day()).num_days();
    let next = "import the calendar of the next year, or install a release that holds it; the State \
                Council announces holidays in November";
    match left {
        left if left < 0 => {
            let found = format!("ended with {until}: promises in working days cannot be counted");
            Finding::fail("calendar", found, next)
        }
        left if left < CALENDAR_WARN_DAYS => Finding::warn(
            "calendar",
            format!("holidays are known until {until}, {left} days"),
            next,
        ),
        left => Finding::ok("calendar", format!("holidays are known until {until}, {left} days")),
    }
}

/// Whether both ports can be listened on. A port taken while a node runs on the data folder is taken
/// by that node; on a server's database nothing is known of the folder, and whoever is there is asked.
pub(super) async fn ports(config: &Config, in_use: bool) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (check, option, address) in
        [("gRPC port", "--grpc", &config.grpc_addr), ("HTTP port", "--http", &config.http_addr)]
    {
        // The configuration was checked: it is an address.
        let Ok(address) = address.parse::<SocketAddr>() else { continue };
        let ours = in_use || cell::is_node(check, address).await;
        findings.push(port(check, option, address, ours));
    }
    findings
}

fn port(check: &'static str, option: &str, address: SocketAddr, in_use: bool) -> Finding {
    match TcpListener::bind(address).map_err(|error| (error.kind(), error)) {
        Ok(_) if address.port() == 0 => Finding::ok(check, "any free one"),
        Ok(_) => Finding::ok(check, format!("{address} is free")),
        Err((io::ErrorKind::AddrInUse, _)) if in_use => {
            Finding::ok(check, format!("{address}, taken, as it should be while the node runs"))
        }
        Err((io::ErrorKind::AddrInUse, _)) => Finding::fail(
            check,
            format!("{address} is taken by another program"),
            format!("stop that program, or choose another address with {option}"),
        ),
        Err((_, error)) => Finding::fail(
            check,
            format!("{address} cannot be listened on: {error}"),
            format!("choose an address of this machine with {option}"),
        ),
    }
}

/// Whether Redis carries rings, where one is configured.
pub(super) async fn redis(config: &Config) -> Option<Finding> {
    let url = config.redis_url.expose_secret();
    if url.is_empty() {
        return None;
    }
    let settings = RedisSettings {
        url: url.to_owned(),
        namespace: format!("parasol:{}:doctor", config.cell),
        origin: IdSource::new(Clock::system()).next(),
        patience: PATIENCE,
    };
    Some(match linked(settings).await {
        Ok(()) => Finding::ok("redis", "answers"),
        Err(why) => Finding::warn(
            "redis",
            why,
            "check redis_url and that the server runs; until then wake-ups stay in their process \
             and others see them a second later",
        ),
    })
}

/// The bell says that it lagged as soon as it is linked.
async fn linked(settings: RedisSettings) -> Result<(), String> {
    let (bell, link) = Bell::over_redis(settings).map_err(|error| error.to_string())?;
    let mut listener = bell.listen();
    let heard = tokio::time::timeout(PATIENCE, async {
        tokio::select! {
            lost = link.session() => lost.map_err(|error| format!("{:#}", anyhow::Error::from(error))),
            _ = listener.next() => Ok(()),
        }
    });
    let silent = format!("did not answer within {} s", PATIENCE.as_secs());
    heard.await.unwrap_or(Err(silent))
}

/// Whether photos and films can be kept where the settings say.
pub(super) async fn evidence(config: &Config) -> Finding {
    match archive::check(config).await {
        Ok(found) => Finding::ok("evidence", found),
        Err(found) => Finding::fail("evidence", found, archive::settings(config)),
    }
}

#[cfg(test)]
mod tests {
    use parasol_journey::time::Span;

    use super::super::Status;
    use super::*;

    #[test]
    fn the_calendar_is_asked_for_two_months_ahead() {
        let end = Timestamp::shanghai_midnight(Calendar::china().covered_until());
        assert_eq!(calendar(end - Span::days(60)).status, Status::Ok);
        assert_eq!(calendar(end - Span::days(59)).status, Status::Warn);
        assert_eq!(calendar(end).status, Status::Warn);
        assert_eq!(calendar(end + Span::days(1)).status, Status::Fail);
    }

    #[test]
    fn a_port_that_is_taken_is_the_node_s_own_or_a_stranger_s() {
        let taken = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = taken.local_addr().unwrap();
        assert_eq!(port("gRPC port", "--grpc", address, true).status, Status::Ok);
        let stranger = port("gRPC port", "--grpc", address, false);
        assert_eq!(stranger.status, Status::Fail);
        assert!(stranger.next.contains("--grpc"));
        drop(taken);
        assert_eq!(port("gRPC port", "--grpc", address, false).status, Status::Ok);
        let elsewhere = "192.0.2.1:7443".parse().unwrap();
        assert_eq!(port("gRPC port", "--grpc", elsewhere, true).status, Status::Fail);
    }

    #[tokio::test]
    async fn redis_that_is_not_there_is_a_warning() {
        let gone = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
        let sources = parasol_runtime::config::Sources {
            overrides: vec![("redis_url".to_owned(), format!("redis://{gone}"))],
            ..Default::default()
        };
        let config = Config::load(&sources).unwrap();
        assert_eq!(redis(&config).await.unwrap().status, Status::Warn);
        let none = Config::load(&Default::default()).unwrap();
        assert!(redis(&none).await.is_none());
    }
}
