//! The port with TLS as clients meet it: good certificates, those of strangers, and files that change.

use std::path::{Path, PathBuf};

use hyper_util::rt::TokioIo;
use parasol_api::Reason;
use parasol_journey::time::{Span, Timestamp};
use rcgen::{
    BasicConstraints, CertificateParams, CertificateRevocationListParams, CertifiedKey, IsCa,
    KeyIdMethod, KeyPair, KeyUsagePurpose, RevokedCertParams, SanType, SerialNumber, date_time_ymd,
};
use rustls::ClientConfig;
use rustls::pki_types::{PrivateKeyDer, ServerName};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tonic::Code;
use tonic::transport::Endpoint;

use super::edge::Edge;
use super::*;
use crate::config::ClientCertificates;
use crate::identity::issuers::Issuers;
use crate::identity::{Bearers, Principal, Role};
use crate::transport::probe::{Answer, Bench, call};
use crate::transport::{Transport, local};

const WHOAMI: &str = "/test.Probe/Whoami";
const CENTRE: &str = "parasol://centre/au-hz?brand=aurora";

/// An authority.
struct Authority(CertifiedKey);

impl Authority {
    fn new() -> Self {
        let mut params = CertificateParams::default();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
        let key_pair = KeyPair::generate().unwrap();
        let cert = params.self_signed(&key_pair).unwrap();
        Self(CertifiedKey { cert, key_pair })
    }

    /// A certificate with these names that is good from the year until the other.
    fn certify(&self, names: &[&str], serial: u64, years: (i32, i32)) -> CertifiedKey {
        let mut params = CertificateParams::default();
        params.subject_alt_names = names
            .iter()
            .map(|name| match name.contains("://") {
                true => SanType::URI((*name).try_into().unwrap()),
                false => SanType::DnsName((*name).try_into().unwrap()),
            })
            .collect();
        params.serial_number = Some(SerialNumber::from(serial));
        params.not_before = date_time_ymd(years.0, 1, 1);
        params.not_after = date_time_ymd(years.1, 1, 1);
        let key_pair = KeyPair::generate().unwrap();
        let cert = params.signed_by(&key_pair, &self.0.cert, &self.0.key_pair).unwrap();
        CertifiedKey { cert, key_pair }
    }

    fn partner(&self, name: &str) -> CertifiedKey {
        self.certify(&[name], 7, (2020, 2030))
    }

    /// Its list of what it took back.
    fn revoking(&self, serial: u64) -> String {
        let taken = RevokedCertParams {
            serial_number: SerialNumber::from(serial),
            revocation_time: date_time_ymd(2026, 1, 1),
            reason_code: None,
            invalidity_date: None,
        };
        let list = CertificateRevocationListParams {
            this_update: date_time_ymd(2026, 1, 1),
            next_update: date_time_ymd(2030, 1, 1),
            crl_number: SerialNumber::from(1_u64),
            issuing_distribution_point: None,
            revoked_certs: vec![taken],
            key_identifier_method: KeyIdMethod::Sha256,
        };
        list.signed_by(&self.0.cert, &self.0.key_pair).unwrap().pem().unwrap()
    }
}

/// A port with TLS in front of the probe.
struct Port {
    bench: Bench,
    folder: tempfile::TempDir,
    house: Authority,
    partners: Authority,
    tls: Tls,
    address: std::net::SocketAddr,
}

impl Port {
    async fn open() -> Self {
        Self::with(ClientCertificates::Optional).await
    }

    #[expect(clippy::disallowed_methods, reason = "the test's own server goes with its runtime")]
    async fn with(client_certificates: ClientCertificates) -> Self {
        let bench = Bench::start().await;
        let folder = tempfile::tempdir().unwrap();
        let (house, partners) = (Authority::new(), Authority::new());
        let file = |name: &str| folder.path().join(name).to_str().unwrap().to_owned();
        let settings = config::Tls {
            addr: "127.0.0.1:0".to_owned(),
            certificate_file: file("port.pem"),
            key_file: file("port.key"),
            client_ca_file: file("partners.pem"),
            client_crl_file: file("revoked.pem"),
            client_certificates,
        };
        let own = house.certify(&["localhost"], 1, (2020, 2030));
        put(folder.path(), &own);
        std::fs::write(folder.path().join("partners.pem"), partners.0.cert.pem()).unwrap();
        std::fs::write(folder.path().join("revoked.pem"), partners.revoking(99)).unwrap();
        let tls = Tls::new(&settings, &bench.clock).unwrap();
        let (key, clock) = (Arc::clone(&bench.key), bench.clock.clone());
        let bearers = Bearers::new(Arc::clone(&key), Issuers::default(), clock.clone());
        let required = client_certificates == ClientCertificates::Required;
        let service = Edge { key, bearers, clock, required }.around(bench.local.clone());
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let (shown, limits, shutdown) = (tls.clone(), bench.limits.clone(), bench.shutdown.clone());
        tokio::spawn(async move {
            crate::transport::server::serve_tls(listener, &shown, service, &limits, &shutdown).await
        });
        Self { bench, folder, house, partners, tls, address }
    }

    /// A client that trusts the house, and shows a certificate if it has one.
    fn client(&self, own: Option<&CertifiedKey>) -> Transport {
        let mut roots = RootCertStore::empty();
        roots.add(self.house.0.cert.der().clone()).unwrap();
        let time = Arc::new(HouseTime(self.bench.clock.clone()));
        let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
        let builder = ClientConfig::builder_with_details(provider, time)
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_root_certificates(roots);
        let mut config = match own {
            None => builder.with_no_client_auth(),
            Some(own) => {
                let key = PrivateKeyDer::try_from(own.key_pair.serialize_der()).unwrap();
                builder.with_client_auth_cert(vec![own.cert.der().clone()], key).unwrap()
            }
        };
        config.alpn_protocols = vec![b"h2".to_vec()];
        let (connector, address) = (TlsConnector::from(Arc::new(config)), self.address);
        let connect = tower::service_fn(move |_: http::Uri| {
            let connector = connector.clone();
            async move {
                let name = ServerName::try_from("localhost").unwrap();
                let stream = TcpStream::connect(address).await?;
                io::Result::Ok(TokioIo::new(connector.connect(name, stream).await?))
            }
        });
        let endpoint = Endpoint::from_static("http://localhost");
        local::remote(endpoint.connect_with_connector_lazy(connect))
    }

    async fn ask(&self, own: Option<&CertifiedKey>, token: Option<&Principal>) -> Answer {
        let header = token.map(|who| format!("Bearer {}", self.bench.token(who)));
        let headers: Vec<_> =
            header.iter().map(|header| ("authorization", header.as_str())).collect();
        call(&self.client(own), WHOAMI, &headers).await
    }
}

fn put(folder: &Path, own: &CertifiedKey) {
    let file = |name: &str| -> PathBuf { folder.join(name) };
    std::fs::write(file("port.pem"), own.cert.pem()).unwrap();
    std::fs::write(file("port.key"), own.key_pair.serialize_pem()).unwrap();
}

/// Whether no connection was made: the call came to nobody, and no error of ours came back. In TLS 1.3 the client
/// learns that it was refused after its own part is done, so it may call it either of two things.
fn is_shut_out(answer: &Answer) -> bool {
    let is_transport = matches!(answer.code, Code::Unavailable | Code::Unknown);
    is_transport && answer.told.is_empty()
}

fn centre() -> Principal {
    Principal::new(Role::Centre, "au-hz").of_brand("aurora")
}

#[tokio::test]
async fn a_partner_is_whom_its_certificate_names() {
    let port = Port::open().await;
    let own = port.partners.partner(CENTRE);
    let answer = port.ask(Some(&own), None).await;
    assert_eq!((answer.code, answer.told.as_str()), (Code::Ok, "centre:au-hz@aurora"));
    let brand =
        port.partners.certify(&["hooks.example", "parasol://brand/aurora"], 8, (2020, 2030));
    assert_eq!(port.ask(Some(&brand), None).await.told, "brand:aurora@aurora");
    // It is let in by the same table as everybody.
    let operators = call(&port.client(Some(&own)), "/test.Probe/OperatorsOnly", &[]).await;
    assert_eq!(operators.code, Code::PermissionDenied);
    // Whoever has none is let in by a token, or is nobody.
    assert_eq!(port.ask(None, Some(&centre())).await.told, "centre:au-hz@aurora");
    assert_eq!(port.ask(None, None).await.told, "nobody");
}

#[tokio::test]
async fn a_certificate_that_is_not_good_makes_no_connection() {
    let port = Port::open().await;
    let stranger = Authority::new().partner(CENTRE);
    let expired = port.partners.certify(&[CENTRE], 8, (2020, 2026));
    let early = port.partners.certify(&[CENTRE], 9, (2027, 2030));
    let revoked = port.partners.certify(&[CENTRE], 99, (2020, 2030));
    let house = port.house.partner(CENTRE);
    for (own, who) in [
        (stranger, "another authority"),
        (expired, "expired"),
        (early, "not yet valid"),
        (revoked, "taken back"),
        (house, "the authority of the port itself"),
    ] {
        for token in [None, Some(centre())] {
            let answer = port.ask(Some(&own), token.as_ref()).await;
            assert!(is_shut_out(&answer), "{who}: {answer:?}");
        }
    }
    let plain = local::dial(&format!("http://{}", port.address), &port.bench.limits).unwrap();
    let answer = call(&local::remote(plain), WHOAMI, &[]).await;
    assert!(answer.code != Code::Ok && answer.told.is_empty(), "in the clear: {answer:?}");
}

#[tokio::test]
async fn a_certificate_ends_when_the_clock_of_the_house_says_so() {
    let port = Port::open().await;
    let own = port.partners.certify(&[CENTRE], 8, (2020, 2027));
    assert_eq!(port.ask(Some(&own), None).await.code, Code::Ok);
    port.bench.clock.advance(Span::days(300)).unwrap();
    assert!(is_shut_out(&port.ask(Some(&own), None).await));
    assert_eq!(port.ask(Some(&port.partners.partner(CENTRE)), None).await.code, Code::Ok);
}

#[tokio::test]
async fn a_name_of_nobody_is_refused_whatever_token_comes_with_it() {
    let port = Port::open().await;
    let many = ["parasol://brand/aurora", CENTRE];
    for names in [&["hooks.example"][..], &["parasol://operator/ops"], &many] {
        let own = port.partners.certify(names, 8, (2020, 2030));
        for token in [None, Some(centre()), Some(Principal::new(Role::Operator, "ops"))] {
            let answer = port.ask(Some(&own), token.as_ref()).await;
            assert_eq!(answer.error.reason(), Reason::ClientCertificateUnnamed, "{names:?}");
        }
    }
}

#[tokio::test]
async fn a_token_beside_a_certificate_names_the_same_partner_or_is_refused() {
    let port = Port::open().await;
    let own = port.partners.partner(CENTRE);
    let brandless = Principal::new(Role::Centre, "au-hz");
    for same in [centre(), brandless] {
        assert_eq!(port.ask(Some(&own), Some(&same)).await.code, Code::Ok, "{same}");
    }
    for other in [
        Principal::new(Role::Centre, "au-sh").of_brand("aurora"),
        Principal::new(Role::Centre, "au-hz").of_brand("boreal"),
        Principal::new(Role::Brand, "aurora").of_brand("aurora"),
        Principal::new(Role::Technician, "au-hz").of_brand("aurora"),
        Principal::new(Role::Operator, "ops"),
    ] {
        let answer = port.ask(Some(&own), Some(&other)).await;
        assert_eq!(answer.error.reason(), Reason::ClientCertificateOther, "{other}");
    }
    let client = port.client(Some(&own));
    for header in ["Bearer sl_AAAA", "Bearer x", "Basic x"] {
        let answer = call(&client, WHOAMI, &[("authorization", header)]).await;
        assert_eq!(answer.code, Code::Unauthenticated, "{header}");
    }
}

#[tokio::test]
async fn where_certificates_are_required_partners_need_one_and_others_do_not() {
    let port = Port::with(ClientCertificates::Required).await;
    let own = port.partners.partner(CENTRE);
    assert_eq!(port.ask(Some(&own), None).await.code, Code::Ok);
    for partner in [
        centre(),
        Principal::new(Role::Brand, "aurora").of_brand("aurora"),
        Principal::new(Role::Lab, "north"),
    ] {
        let answer = port.ask(None, Some(&partner)).await;
        assert_eq!(answer.error.reason(), Reason::ClientCertificateRequired, "{partner}");
    }
    for other in [
        Principal::new(Role::Technician, "t-1").of_brand("aurora"),
        Principal::new(Role::Customer, "c-1"),
    ] {
        assert_eq!(port.ask(None, Some(&other)).await.code, Code::Ok, "{other}");
    }
}

#[tokio::test]
async fn files_that_change_are_in_force_without_a_restart_and_halves_are_not() {
    let port = Port::open().await;
    let (old, next) = (port.partners.partner(CENTRE), Authority::new());
    let new = next.partner(CENTRE);
    assert!(!port.tls.run_once(), "nothing has changed");
    let standing = port.client(Some(&old));
    assert_eq!(call(&standing, WHOAMI, &[]).await.code, Code::Ok);

    // The certificate is there and its key is not yet.
    let own = port.house.certify(&["localhost"], 2, (2020, 2030));
    std::fs::write(port.folder.path().join("port.pem"), own.cert.pem()).unwrap();
    assert!(!port.tls.run_once());
    assert_eq!(port.ask(Some(&old), None).await.code, Code::Ok, "the last ones go on");
    put(port.folder.path(), &own);
    std::fs::write(port.folder.path().join("partners.pem"), next.0.cert.pem()).unwrap();
    std::fs::remove_file(port.folder.path().join("revoked.pem")).unwrap();
    assert!(!port.tls.run_once(), "a file is missing");
    for nothing in [String::new(), next.0.cert.pem()] {
        std::fs::write(port.folder.path().join("revoked.pem"), nothing).unwrap();
        assert!(!port.tls.run_once(), "a file without a list revokes nobody");
    }
    std::fs::write(port.folder.path().join("revoked.pem"), next.revoking(99)).unwrap();
    assert!(port.tls.run_once());
    assert_eq!(port.ask(Some(&new), None).await.code, Code::Ok);
    assert!(is_shut_out(&port.ask(Some(&old), None).await), "of no authority now");
    assert_eq!(call(&standing, WHOAMI, &[]).await.code, Code::Ok, "a connection that stands");
}

#[test]
fn files_that_do_not_fit_are_refused_at_the_start() {
    let clock = Clock::manual(Timestamp::from_micros(0));
    let folder = tempfile::tempdir().unwrap();
    let house = Authority::new();
    put(folder.path(), &house.certify(&["localhost"], 1, (2020, 2030)));
    let file = |name: &str| folder.path().join(name).to_str().unwrap().to_owned();
    let settings = config::Tls {
        addr: "127.0.0.1:0".to_owned(),
        certificate_file: file("port.pem"),
        key_file: file("port.key"),
        client_ca_file: String::new(),
        client_crl_file: String::new(),
        client_certificates: ClientCertificates::Optional,
    };
    assert!(Tls::new(&settings, &clock).is_ok());
    let wrong = |change: fn(&mut config::Tls)| {
        let mut settings = settings.clone();
        change(&mut settings);
        Tls::new(&settings, &clock).err().unwrap()
    };
    assert!(wrong(|tls| tls.key_file.push('x')).starts_with("tls.key_file"));
    assert!(wrong(|tls| tls.certificate_file = tls.key_file.clone()).contains("no certificate"));
    assert!(wrong(|tls| tls.client_ca_file = tls.key_file.clone()).contains("no certificate"));
    std::fs::write(file("port.key"), KeyPair::generate().unwrap().serialize_pem()).unwrap();
    assert!(Tls::new(&settings, &clock).is_err(), "the key of another certificate");
}
