//! Who is let in by what others vouch for, at a whole node: tokens of an issuer over every way in, and partners by
//! their certificates.

use std::io;
use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use hyper_util::rt::TokioIo;
use jsonwebtoken::{Algorithm, EncodingKey, Header};
use parasol_api::partner::v1::offer_service_client::OfferServiceClient;
use parasol_api::partner::v1::{ListWorkOrdersRequest, StreamOffersRequest};
use parasol_api::{Error, Reason};
use parasol_journey::time::Span;
use parasol_runtime::identity::{Principal, Role};
use parasol_testkit::Postgres;
use parasol_testkit::issuer::Issuer;
use rcgen::{
    BasicConstraints, CertificateParams, CertifiedKey, IsCa, KeyPair, PKCS_ED25519, SanType,
};
use rustls::pki_types::{PrivateKeyDer, ServerName};
use rustls::{ClientConfig, RootCertStore};
use serde_json::{Value, json};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tonic::transport::{Channel, Endpoint};

use crate::house::House;
use crate::http;
use crate::portal::forms::{Forms, Put};

/// How long a stream may take to end before the test gives up. It ends within a second of an idle machine.
const PATIENCE: Duration = Duration::from_secs(20);
const QUEUE: &str = "GET /v1/proposals?pageSize=1";

/// A key of an issuer.
struct SigningKey {
    name: &'static str,
    signs: EncodingKey,
    public: Value,
}

impl SigningKey {
    fn new(name: &'static str) -> Self {
        let pair = KeyPair::generate_for(&PKCS_ED25519).expect("a key");
        let x = URL_SAFE_NO_PAD.encode(pair.public_key_raw());
        let public = json!({"kty": "OKP", "crv": "Ed25519", "kid": name, "x": x});
        Self { name, signs: EncodingKey::from_ed_der(&pair.serialize_der()), public }
    }

    fn token(&self, house: &House, issuer: &Issuer, group: &str) -> String {
        let now = house.node.clock.now().micros() / 1_000_000;
        let claims = json!({
            "iss": issuer.url(), "aud": "parasol-desk", "sub": "a-7", "groups": [group, "all"],
            "nbf": now, "exp": now + 3_600,
        });
        let header = Header { kid: Some(self.name.to_owned()), ..Header::new(Algorithm::EdDSA) };
        jsonwebtoken::encode(&header, &claims, &self.signs).expect("a token")
    }
}

/// A house that takes the tokens of an issuer for agents, and for managers.
async fn trusting(issuer: &Issuer) -> House {
    let settings = json!({
        "url": issuer.url(), "audience": "parasol-desk", "grants": ["agent", "manager"],
        "role_claim": "groups", "roles": {"desk": "agent", "lead": "manager"},
    });
    House::changed(&[], |config| {
        config.issuers = vec![serde_json::from_value(settings).expect("the settings of an issuer")];
    })
    .await
}

async fn asked(house: &House, token: &str) -> (u16, Value) {
    let answer = http::ask(house.node.http, Some(token), QUEUE, "").await;
    let reason = if answer.status == 200 { Value::Null } else { answer.json()["reason"].clone() };
    (answer.status, reason)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whoever_an_issuer_names_is_let_in_by_rest_and_pages_and_its_keys_may_change() {
    let (first, second) = (SigningKey::new("first"), SigningKey::new("second"));
    let issuer = Issuer::start().expect("an issuer");
    issuer.publish(std::slice::from_ref(&first.public));
    let house = trusting(&issuer).await;
    let token = first.token(&house, &issuer, "desk");
    assert_eq!(asked(&house, &token).await, (200, Value::Null));
    let tea = first.token(&house, &issuer, "tea");
    assert_eq!(asked(&house, &tea).await, (401, json!("UNAUTHENTICATED")), "no role of ours");

    let mut browser = Forms::new(house.node.http, "en");
    browser.go("/desk").await;
    browser.submit("/desk/sign-in", &[("credential", Put::Text(&token))]).await;
    assert_eq!((browser.status, browser.path.as_str()), (200, "/desk"), "{}", browser.page);

    // The first call under a new key has it looked for, and is let in.
    issuer.publish(std::slice::from_ref(&second.public));
    house.node.clock.advance(Span::minutes(1)).expect("a test clock");
    let renewed = second.token(&house, &issuer, "lead");
    assert_eq!(asked(&house, &renewed).await, (200, Value::Null));
    assert_eq!(asked(&house, &token).await, (401, json!("UNAUTHENTICATED")), "withdrawn");

    issuer.say(|said| said.status = 503);
    house.node.clock.advance(Span::minutes(1)).expect("a test clock");
    let unknown = SigningKey::new("third").token(&house, &issuer, "desk");
    assert_eq!(asked(&house, &unknown).await, (503, json!("ISSUER_UNREACHABLE")));
    assert_eq!(asked(&house, &renewed).await, (200, Value::Null), "who is known goes on");
}

/// Certificates in files, as a node is given them.
struct Papers {
    folder: tempfile::TempDir,
    authority: CertifiedKey,
}

impl Papers {
    fn new() -> Self {
        let mut params = CertificateParams::default();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let key_pair = KeyPair::generate().expect("a key");
        let cert = params.self_signed(&key_pair).expect("a certificate");
        let papers = Self {
            folder: tempfile::tempdir().expect("a folder"),
            authority: CertifiedKey { cert, key_pair },
        };
        let own = papers.certify(SanType::DnsName("localhost".try_into().expect("a name")));
        papers.put("ca.pem", &papers.authority.cert.pem());
        papers.put("port.pem", &own.cert.pem());
        papers.put("port.key", &own.key_pair.serialize_pem());
        papers
    }

    fn put(&self, name: &str, text: &str) {
        std::fs::write(self.path(name), text).expect("a file");
    }

    fn path(&self, name: &str) -> std::path::PathBuf {
        Path::join(self.folder.path(), name)
    }

    fn certify(&self, name: SanType) -> CertifiedKey {
        let mut params = CertificateParams::default();
        params.subject_alt_names = vec![name];
        let key_pair = KeyPair::generate().expect("a key");
        let (issuer, signs) = (&self.authority.cert, &self.authority.key_pair);
        let cert = params.signed_by(&key_pair, issuer, signs).expect("a certificate");
        CertifiedKey { cert, key_pair }
    }

    /// A connection that shows a certificate of that name.
    fn dial(&self, at: SocketAddr, name: &str) -> Channel {
        let own = self.certify(SanType::URI(name.try_into().expect("a name")));
        let mut roots = RootCertStore::empty();
        roots.add(self.authority.cert.der().clone()).expect("an authority");
        let key = PrivateKeyDer::try_from(own.key_pair.serialize_der()).expect("a key");
        let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
        let mut config = ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .expect("versions")
            .with_root_certificates(roots)
            .with_client_auth_cert(vec![own.cert.der().clone()], key)
            .expect("a certificate");
        config.alpn_protocols = vec![b"h2".to_vec()];
        let connector = TlsConnector::from(Arc::new(config));
        let connect = tower::service_fn(move |_| {
            let connector = connector.clone();
            async move {
                let stream = TcpStream::connect(at).await?;
                let name = ServerName::try_from("localhost").expect("a name");
                io::Result::Ok(TokioIo::new(connector.connect(name, stream).await?))
            }
        });
        Endpoint::from_static("http://localhost").connect_with_connector_lazy(connect)
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_partner_works_by_its_certificate_alone_and_only_as_itself() {
    let papers = Papers::new();
    let path = |name: &str| papers.path(name).to_str().expect("a path").to_owned();
    let (certificate, key, ca) = (path("port.pem"), path("port.key"), path("ca.pem"));
    let house = House::set(&[
        ("tls.addr", "127.0.0.1:0"),
        ("tls.certificate_file", &certificate),
        ("tls.key_file", &key),
        ("tls.client_ca_file", &ca),
        ("tls.client_certificates", "required"),
    ])
    .await;
    house.load_examples().await;
    let at = house.node.tls.expect("a port with TLS");
    let own = papers.dial(at, "parasol://brand/aurora");
    let list = || ListWorkOrdersRequest { page_size: 1, ..ListWorkOrdersRequest::default() };
    OfferServiceClient::new(own.clone()).list_work_orders(list()).await.expect("it is let in");

    let as_other = house.request(Role::Brand, "boreal", list());
    let refused = OfferServiceClient::new(own).list_work_orders(as_other).await.unwrap_err();
    assert_eq!(Error::from_status(&refused).reason(), Reason::ClientCertificateOther);
    let nobody = papers.dial(at, "parasol://operator/ops");
    let refused = OfferServiceClient::new(nobody).list_work_orders(list()).await.unwrap_err();
    assert_eq!(Error::from_status(&refused).reason(), Reason::ClientCertificateUnnamed);
    // Inside the cell a token goes on as before.
    let brand = Principal::new(Role::Brand, "aurora").of_brand("aurora");
    let inside = house.request_of(&brand, list());
    OfferServiceClient::new(house.channel.clone()).list_work_orders(inside).await.expect("a token");
}

const ISSUE: &str = "/parasol.admin.v1.CredentialService/IssueApiKey";
const REVOKE: &str = "/parasol.admin.v1.CredentialService/RevokeApiKey";
const LIST: &str = "GET /v1/partner/work-orders?pageSize=1";

/// Two processes of one server, with a key that was issued at the first.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_key_that_is_taken_back_at_one_process_is_out_at_another_and_its_streams_end() {
    let url = Postgres::shared().expect("a server").fresh_database("api_keys_of_partners");
    let url = url.expect("a database");
    let here = House::set(&[("database_url", &url)]).await;
    here.load_examples().await;
    let operator = Principal::new(Role::Operator, "op-1");
    let asked = json!({"centre": "aurora-hangzhou-01"});
    let issued = here.act(&operator, ISSUE, &asked).await;
    let there = here.beside(&[("database_url", &url)]).await;
    let secret = issued["secret"].as_str().expect("a secret");
    for house in [&here, &there] {
        let answer = http::ask(house.node.http, Some(secret), LIST, "").await;
        assert_eq!(answer.status, 200, "{}", answer.body);
        let forbidden = http::ask(house.node.http, Some(secret), QUEUE, "").await;
        assert_eq!(forbidden.status, 403, "{}", forbidden.body);
    }
    let mut request = tonic::Request::new(StreamOffersRequest::default());
    let header = format!("Bearer {secret}").parse().expect("a key is ASCII");
    request.metadata_mut().insert("authorization", header);
    let mut client = OfferServiceClient::new(there.channel.clone());
    let mut stream = client.stream_offers(request).await.expect("it opens").into_inner();

    let revoked = json!({"key_id": issued["key"]["key_id"]});
    here.act(&operator, REVOKE, &revoked).await;
    let answer = http::ask(here.node.http, Some(secret), LIST, "").await;
    assert_eq!(answer.json()["reason"], "UNAUTHENTICATED", "here at once");
    let ended = async {
        loop {
            match stream.message().await {
                Ok(Some(_)) => {}
                Ok(None) => panic!("the stream ended well"),
                Err(status) => return Error::from_status(&status).reason(),
            }
        }
    };
    let ended = tokio::time::timeout(PATIENCE, ended).await.expect("the stream goes on");
    assert_eq!(ended, Reason::Unauthenticated);
    let answer = http::ask(there.node.http, Some(secret), LIST, "").await;
    assert_eq!(answer.json()["reason"], "UNAUTHENTICATED");
    there.leave().await;
    here.leave().await;
}
