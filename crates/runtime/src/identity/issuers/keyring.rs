//! Keys and tokens as an issuer makes them, for tests.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jsonwebtoken::jwk::Jwk;
use jsonwebtoken::{Algorithm, EncodingKey, Header};
use parasol_journey::time::{SECOND, Timestamp};
use rcgen::{KeyPair, PKCS_ECDSA_P256_SHA256, PKCS_ED25519, PKCS_RSA_SHA256, SignatureAlgorithm};
use serde_json::{Value, json};

/// One key of an issuer.
pub(crate) struct SigningKey {
    pub(crate) name: String,
    pub(crate) algorithm: Algorithm,
    pub(crate) signs: EncodingKey,
    /// As it is published.
    pub(crate) public: Value,
}

impl SigningKey {
    /// A new key.
    pub(crate) fn new(name: &str, algorithm: Algorithm) -> Self {
        let made = |of: &'static SignatureAlgorithm| KeyPair::generate_for(of).unwrap();
        let text = |bytes: &[u8]| URL_SAFE_NO_PAD.encode(bytes);
        let (signs, mut public) = match algorithm {
            Algorithm::ES256 => {
                let pair = made(&PKCS_ECDSA_P256_SHA256);
                let (x, y) = pair.public_key_raw()[1..].split_at(32);
                let public = json!({"kty": "EC", "crv": "P-256", "x": text(x), "y": text(y)});
                (EncodingKey::from_ec_der(&pair.serialize_der()), public)
            }
            Algorithm::EdDSA => {
                let pair = made(&PKCS_ED25519);
                let x = text(pair.public_key_raw());
                let public = json!({"kty": "OKP", "crv": "Ed25519", "x": x});
                (EncodingKey::from_ed_der(&pair.serialize_der()), public)
            }
            _ => {
                let pem = made(&PKCS_RSA_SHA256).serialize_pem();
                let signs = EncodingKey::from_rsa_pem(pem.as_bytes()).unwrap();
                let public = Jwk::from_encoding_key(&signs, Algorithm::RS256).unwrap();
                (signs, serde_json::to_value(public).unwrap())
            }
        };
        public["kid"] = json!(name);
        Self { name: name.to_owned(), algorithm, signs, public }
    }

    /// A token signed with it.
    pub(crate) fn token(&self, claims: &Value) -> String {
        self.token_with(&self.header(), claims)
    }

    /// The head that its tokens have.
    pub(crate) fn header(&self) -> Header {
        Header { kid: Some(self.name.clone()), ..Header::new(self.algorithm) }
    }

    /// A token with another head.
    pub(crate) fn token_with(&self, header: &Header, claims: &Value) -> String {
        jsonwebtoken::encode(header, claims, &self.signs).unwrap()
    }
}

/// What the tokens of an issuer say that are good for an hour.
pub(crate) fn claims(issuer: &str, role: &str, now: Timestamp) -> Value {
    let now = now.micros() / SECOND;
    json!({
        "iss": issuer, "aud": "parasol-desk", "sub": "a-7", "role": role,
        "iat": now, "nbf": now, "exp": now + 3_600,
    })
}

/// The settings of an issuer that may grant agents and managers.
pub(crate) fn settings(url: &str) -> crate::config::Issuer {
    let text = format!(
        "url = \"{url}\"\naudience = \"parasol-desk\"\ngrants = [\"agent\", \"manager\"]\n\
         role_claim = \"role\"\nroles = {{ desk = \"agent\", lead = \"manager\" }}\n"
    );
    toml::from_str(&text).unwrap()
}
