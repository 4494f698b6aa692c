//! The rules that settings must keep, each by itself and with each other.

use std::net::SocketAddr;
use std::ops::RangeInclusive;

use parasol_journey::deadline::{Clock, Unit};
use parasol_journey::time::Timestamp;
use secrecy::ExposeSecret;
use tracing_subscriber::EnvFilter;

use super::{Config, NodeRole, Problem};

/// The longest a clock may be set to, in seconds: ten years.
const DEADLINE_SECONDS_MAX: u64 = 315_360_000;
/// The most origins of programs in browsers.
const BROWSER_ORIGINS_MAX: usize = 64;
/// The most processes that play one role.
const PEERS_MAX: usize = 64;

/// Collects problems instead of stopping at the first.
#[derive(Default)]
struct Findings(Vec<Problem>);

impl Findings {
    fn note(&mut self, key: &'static str, text: impl Into<String>) {
        self.0.push(Problem { key, text: text.into() });
    }

    fn demand(&mut self, holds: bool, key: &'static str, text: &str) {
        if !holds {
            self.note(key, text);
        }
    }

    fn range<N: TryInto<u64>>(&mut self, key: &'static str, value: N, range: RangeInclusive<u64>) {
        if !value.try_into().is_ok_and(|value| range.contains(&value)) {
            self.note(key, format!("must be {} to {}", range.start(), range.end()));
        }
    }
}

impl Config {
    /// Every problem of these settings; empty when they are fit for use.
    pub fn validate(&self) -> Vec<Problem> {
        let mut findings = Findings::default();
        self.check_ranges(&mut findings);
        self.check_texts(&mut findings);
        self.check_stores(&mut findings);
        self.check_evidence(&mut findings);
        self.check_notices(&mut findings);
        self.check_deadlines(&mut findings);
        self.check_together(&mut findings);
        self.tls_problems().into_iter().for_each(|(key, text)| findings.note(key, text));
        self.cell_problems().into_iter().for_each(|(key, text)| findings.note(key, text));
        self.issuer_problems().into_iter().for_each(|text| findings.note("issuers", text));
        findings.0
    }

    fn check_ranges(&self, findings: &mut Findings) {
        let limits = &self.limits;
        findings.range("limits.request_timeout_ms", limits.request_timeout_ms, 10..=600_000);
        findings.range("limits.message_bytes", limits.message_bytes, 65_536..=67_108_864);
        findings.range("limits.header_bytes", limits.header_bytes, 4_096..=1_048_576);
        findings.range("limits.connections", limits.connections, 1..=1_000_000);
        findings.range("limits.streams_per_connection", limits.streams_per_connection, 1..=10_000);
        findings.range("limits.calls", limits.calls, 8..=1_000_000);
        findings.range("limits.opening_ms", limits.opening_ms, 100..=60_000);
        findings.range("limits.keepalive_s", limits.keepalive_s, 1..=3_600);
        findings.range("limits.keepalive_timeout_s", limits.keepalive_timeout_s, 1..=600);
        findings.range("limits.connection_age_s", limits.connection_age_s, 10..=86_400);
        findings.range("limits.connection_age_grace_s", limits.connection_age_grace_s, 1..=86_400);
        findings.range("limits.drain_s", limits.drain_s, 1..=600);
        findings.range("committer.batch_max", self.committer.batch_max, 1..=1_024);
        findings.range("committer.queue_max", self.committer.queue_max, 1..=65_536);
        findings.range("pools.write", self.pools.write, 1..=256);
        findings.range("pools.read", self.pools.read, 1..=256);
        findings.range("tasks.batch", self.tasks.batch, 1..=1_000);
        findings.range("tasks.lease_ms", self.tasks.lease_ms, 1_000..=600_000);
        findings.range("tasks.poll_ms", self.tasks.poll_ms, 10..=60_000);
        findings.range("tasks.attempts_max", self.tasks.attempts_max, 1..=100);
        findings.range("otlp.metrics_period_s", self.otlp.metrics_period_s, 1..=3_600);
        findings.range("notices.per_day", self.notices.per_day, 1..=1_000);
        for (key, days, least) in self.retention.lengths() {
            findings.range(key, days, u64::from(least)..=36_525);
        }
        let choosing = &self.choosing;
        findings.range("choosing.distance", choosing.distance, 0..=1_000);
        findings.range("choosing.load", choosing.load, 0..=1_000);
        findings.range("choosing.score", choosing.score, 0..=1_000);
        findings.range("choosing.history", choosing.history, 0..=1_000);
        let ratio = self.otlp.sample_ratio;
        findings.demand((0.0..=1.0).contains(&ratio), "otlp.sample_ratio", "must be 0.0 to 1.0");
    }

    fn check_texts(&self, findings: &mut Findings) {
        findings.demand(!self.data_dir.as_os_str().is_empty(), "data_dir", "must name a folder");
        let endpoint = &self.otlp.endpoint;
        let is_uri = endpoint.starts_with("http://") && endpoint.parse::<http::Uri>().is_ok();
        let fits = endpoint.is_empty() || is_uri;
        findings.demand(fits, "otlp.endpoint", "must be empty or like http://host:4317");
        for (key, text) in [("grpc_addr", &self.grpc_addr), ("http_addr", &self.http_addr)] {
            let fits = text.parse::<SocketAddr>().is_ok();
            findings.demand(fits, key, "must be an IP address and a port, like 127.0.0.1:7443");
        }
        for origin in &self.browser_origins {
            let fits = is_origin(origin);
            findings.demand(
                fits,
                "browser_origins",
                "must be origins, like https://app.shop.example",
            );
        }
        let fits = self.browser_origins.len() <= BROWSER_ORIGINS_MAX;
        findings.demand(fits, "browser_origins", "must be at most 64");
        if let Err(error) = EnvFilter::try_new(&self.log.level) {
            findings.note("log.level", format!("is no level and no filter: {error}"));
        }
        let start = &self.test_clock_start;
        let fits = start.is_empty() || Timestamp::parse(start).is_some();
        findings.demand(fits, "test_clock_start", "must be empty or an RFC 3339 instant");
    }

    fn check_stores(&self, findings: &mut Findings) {
        let database = self.database_url.expose_secret();
        let schemes = ["postgres://", "postgresql://"];
        let fits = database.is_empty() || schemes.iter().any(|scheme| database.starts_with(scheme));
        findings.demand(fits, "database_url", "must be empty or start with postgres://");
        let redis = self.redis_url.expose_secret();
        let schemes = ["redis://", "rediss://", "redis+cluster://"];
        let fits = redis.is_empty() || schemes.iter().any(|scheme| redis.starts_with(scheme));
        let wanted = "must be empty or start with redis://, rediss:// or redis+cluster://";
        findings.demand(fits, "redis_url", wanted);
        let once = "may not both be set";
        let twice = !database.is_empty() && !self.database_url_file.is_empty();
        findings.demand(!twice, "database_url, database_url_file", once);
        let twice = !redis.is_empty() && !self.redis_url_file.is_empty();
        findings.demand(!twice, "redis_url, redis_url_file", once);
    }

    fn check_evidence(&self, findings: &mut Findings) {
        let evidence = &self.evidence;
        let fits = evidence.store.is_empty() || evidence.bucket().is_some();
        findings.demand(fits, "evidence.store", "must be empty or like s3://bucket/prefix");
        let endpoint = &evidence.s3_endpoint;
        let is_url = endpoint.starts_with("http://") || endpoint.starts_with("https://");
        let fits = endpoint.is_empty() || (is_url && endpoint.parse::<http::Uri>().is_ok());
        findings.demand(fits, "evidence.s3_endpoint", "must be empty or like https://s3.example");
        let has_key = !evidence.s3_secret_access_key.expose_secret().is_empty();
        let has_file = !evidence.s3_secret_access_key_file.is_empty();
        findings.demand(
            !(has_key && has_file),
            "evidence.s3_secret_access_key, evidence.s3_secret_access_key_file",
            "may not both be set",
        );
        findings.demand(
            evidence.s3_access_key_id.is_empty() != (has_key || has_file),
            "evidence.s3_access_key_id, evidence.s3_secret_access_key",
            "must be set together",
        );
    }

    fn check_notices(&self, findings: &mut Findings) {
        let notices = &self.notices;
        for (key, time) in [
            ("notices.quiet_from", &notices.quiet_from),
            ("notices.quiet_until", &notices.quiet_until),
            ("notices.digest_at", &notices.digest_at),
        ] {
            let number = |text: &str, end: u32| {
                text.len() == 2 && text.parse::<u32>().is_ok_and(|number| number < end)
            };
            let parts = time.split_once(':');
            let fits = parts.is_some_and(|(hour, minute)| number(hour, 24) && number(minute, 60));
            findings.demand(fits, key, "must be a time of day, like 21:30");
        }
        let has_server = !notices.smtp_url.expose_secret().is_empty();
        let has_file = !notices.smtp_url_file.is_empty();
        let once = "may not both be set";
        findings.demand(!(has_server && has_file), "notices.smtp_url, notices.smtp_url_file", once);
        findings.demand(
            notices.mail_from.is_empty() != (has_server || has_file),
            "notices.smtp_url, notices.mail_from",
            "must be set together",
        );
        let secret = notices.receipt_secret.expose_secret();
        let twice = !secret.is_empty() && !notices.receipt_secret_file.is_empty();
        findings.demand(!twice, "notices.receipt_secret, notices.receipt_secret_file", once);
        let fits = secret.is_empty() || secret.starts_with("whsec_");
        findings.demand(fits, "notices.receipt_secret", "must be empty or start with whsec_");
        let pages = &notices.pages_url;
        let is_url = pages.starts_with("https://") || pages.starts_with("http://");
        let fits = pages.is_empty() || (is_url && pages.parse::<http::Uri>().is_ok());
        findings.demand(fits, "notices.pages_url", "must be empty or like https://shop.example");
    }

    fn check_deadlines(&self, findings: &mut Findings) {
        for (name, seconds) in &self.deadlines {
            let unit = Clock::parse(name).map(|clock| clock.row().unit);
            match unit {
                None => {
                    let text = format!("{name} is no clock; docs/journey.md lists them");
                    findings.note("deadlines", text);
                }
                Some(Unit::Given | Unit::Measure) => {
                    findings.note("deadlines", format!("{name} has no length to be set"));
                }
                Some(Unit::Natural | Unit::ServiceHours | Unit::WorkingDays) => {
                    if !(1..=DEADLINE_SECONDS_MAX).contains(seconds) {
                        let text = format!("{name} must be 1 to {DEADLINE_SECONDS_MAX}");
                        findings.note("deadlines", text);
                    }
                }
            }
        }
    }

    /// What is left out here must be played somewhere, and by several processes only over one database.
    fn check_peers(&self, findings: &mut Findings) {
        if self.plays(NodeRole::Router) {
            return;
        }
        for role in NodeRole::ALL.into_iter().filter(|role| *role != NodeRole::Gateway) {
            let key = peers_key(role);
            let (addresses, played) = (self.peers.of(role), self.plays(role));
            let known = played || self.roles.is_empty() || !addresses.is_empty();
            findings.demand(
                known,
                key,
                "must say where the role is played that `roles` leaves out",
            );
            findings.demand(
                !played || addresses.is_empty(),
                key,
                "must be empty: this process plays the role itself",
            );
            findings.demand(addresses.len() <= PEERS_MAX, key, "names more than 64 processes");
            let fit = |address: &String| {
                let uri = address.parse::<http::Uri>();
                uri.is_ok_and(|uri| {
                    uri.scheme_str() == Some("http")
                        && uri.port().is_some()
                        && uri.path_and_query().is_none_or(|path| path == "/")
                })
            };
            findings.demand(
                addresses.iter().all(fit),
                key,
                "must be addresses like http://10.0.0.7:7443",
            );
        }
        let whole = NodeRole::ALL.iter().all(|role| self.plays(*role));
        findings.demand(
            whole || self.roles.is_empty() || !self.is_embedded(),
            "roles, database_url",
            "the embedded store belongs to one process, which plays all roles; several need PostgreSQL",
        );
    }

    fn check_together(&self, findings: &mut Findings) {
        findings.demand(!self.roles.is_empty(), "roles", "must name at least one role");
        let played = |role: &NodeRole| self.roles.iter().filter(|other| *other == role).count();
        let doubled = self.roles.iter().any(|role| played(role) > 1);
        findings.demand(!doubled, "roles", "names a role twice");
        self.check_peers(findings);
        let same = self.grpc_addr == self.http_addr && !self.grpc_addr.ends_with(":0");
        findings.demand(!same, "grpc_addr, http_addr", "may not be the same address");
        let idle = self.test_clock || self.test_clock_start.is_empty();
        findings.demand(idle, "test_clock_start, test_clock", "a start needs test_clock = true");
        let choosing = &self.choosing;
        let weights = [choosing.distance, choosing.load, choosing.score, choosing.history];
        let any = weights.into_iter().any(|weight| weight > 0);
        findings.demand(any, "choosing", "must have one weight above 0 at least");
        let limits = &self.limits;
        findings.demand(
            limits.keepalive_timeout_s < limits.keepalive_s,
            "limits.keepalive_timeout_s, limits.keepalive_s",
            "the answer to a probe must be due before the next probe",
        );
        findings.demand(
            self.committer.queue_max >= self.committer.batch_max,
            "committer.queue_max, committer.batch_max",
            "the queue must hold at least one full batch",
        );
        findings.demand(
            self.tasks.lease_ms >= self.tasks.poll_ms.saturating_mul(3),
            "tasks.lease_ms, tasks.poll_ms",
            "a lease must outlast three polls, or a slow worker loses what it holds",
        );
    }
}

/// Whether a text is a scheme and a host, maybe with a port, as browsers write an origin: without the port that a
/// scheme has anyway.
fn is_origin(text: &str) -> bool {
    let host = ["https://", "http://"].iter().find_map(|scheme| text.strip_prefix(scheme));
    let plain =
        |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || b".-:[]".contains(&byte);
    let is_usual = text.starts_with("https://") && text.ends_with(":443")
        || text.starts_with("http://") && text.ends_with(":80");
    !is_usual
        && host.is_some_and(|host| !host.is_empty() && host.bytes().all(plain))
        && text.parse::<http::Uri>().is_ok_and(|uri| uri.host().is_some())
}

const fn peers_key(role: NodeRole) -> &'static str {
    match role {
        NodeRole::Intake => "peers.intake",
        NodeRole::Dispatch => "peers.dispatch",
        NodeRole::Scheduling => "peers.scheduling",
        NodeRole::Verification => "peers.verification",
        NodeRole::Tracking => "peers.tracking",
        // Nobody calls it.
        NodeRole::Gateway | NodeRole::Router => "peers",
    }
}
