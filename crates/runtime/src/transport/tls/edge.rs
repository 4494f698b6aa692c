//! What the port with TLS does before a call is anybody's: a certificate becomes a credential.
//!
//! A partner whose certificate names it calls as that partner, with a token of this cell that is made for the one
//! call; so the call may be handed on to another process, and is let in by the same table and register as every other.
//! A token beside a certificate must name the same partner.

use std::sync::Arc;

use http::header::AUTHORIZATION;
use http::{HeaderMap, HeaderValue, Request, Response};
use parasol_api::Reason;
use parasol_journey::time::Span;
use tonic::body::Body;
use tower::{Service as _, ServiceExt as _};

use super::name::Peer;
use crate::clock::Clock;
use crate::config::has_brand;
use crate::identity::{Bearers, Principal, Role, TokenError, TokenKey, link};
use crate::transport::Transport;
use crate::transport::auth::bearer;
use crate::transport::refusal::{Refusal, refused};

/// How long the token of a call is good: until it is let in, wherever that is.
const TOKEN: Span = Span::minutes(1);

/// Puts certificates into force in front of services.
#[derive(Clone)]
pub struct Edge {
    /// Signs the credential of a call.
    pub key: Arc<TokenKey>,
    /// Reads tokens beside certificates.
    pub bearers: Bearers,
    /// Tells the time.
    pub clock: Clock,
    /// Whether partners are let in by a certificate only.
    pub required: bool,
}

impl Edge {
    /// The services, as the port with TLS answers with them.
    pub fn around(self, service: Transport) -> Transport {
        Transport::new(tower::service_fn(move |mut request: Request<Body>| {
            let (edge, mut service) = (self.clone(), service.clone());
            async move {
                let peer = request.extensions().get::<Peer>().cloned().unwrap_or_default();
                match edge.credential(&peer, request.headers()).await {
                    Ok(None) => {}
                    Ok(Some(header)) => {
                        request.headers_mut().insert(AUTHORIZATION, header);
                    }
                    Err(refusal) => {
                        tracing::info!(?peer, ?refusal, "a certificate was not let in");
                        let answer: Response<Body> = refused(refusal);
                        return Ok(answer);
                    }
                }
                service.ready().await?.call(request).await
            }
        }))
    }

    /// The credential that a call is to have; `None` for the one it has.
    async fn credential(
        &self,
        peer: &Peer,
        headers: &HeaderMap,
    ) -> Result<Option<HeaderValue>, Refusal> {
        let partner = match peer {
            Peer::Nobody => return Err(Refusal::Barred(Reason::ClientCertificateUnnamed)),
            Peer::Unknown => {
                return self.without(headers).await.map(|()| None);
            }
            Peer::Partner(partner) => partner,
        };
        if !headers.contains_key(AUTHORIZATION) {
            let token = self.key.issue(partner, self.clock.now(), TOKEN);
            let header = HeaderValue::try_from(format!("Bearer {token}"));
            let mut header = header.map_err(|_| Refusal::Unauthenticated)?;
            header.set_sensitive(true);
            return Ok(Some(header));
        }
        let token = bearer(headers).ok_or(Refusal::Unauthenticated)?;
        let (named, _) = self.bearers.read(token).await.map_err(unread)?;
        if is_same(&named, partner) {
            Ok(None)
        } else {
            Err(Refusal::Barred(Reason::ClientCertificateOther))
        }
    }

    /// Whether a call without a certificate may go on.
    async fn without(&self, headers: &HeaderMap) -> Result<(), Refusal> {
        let Some(token) = bearer(headers).filter(|_| self.required) else { return Ok(()) };
        // Links are no such tokens.
        if token.starts_with(link::PREFIX) || token.starts_with(link::SURVEY_PREFIX) {
            return Ok(());
        }
        // Whom it names is not left to be found out by another process later on.
        let (named, _) = self.bearers.read(token).await.map_err(unread)?;
        if is_partner(named.role) {
            return Err(Refusal::Barred(Reason::ClientCertificateRequired));
        }
        Ok(())
    }
}

/// Whether somebody of a role has to show a certificate where that is required. Technicians call from telephones.
fn is_partner(role: Role) -> bool {
    role == Role::Lab || (has_brand(role) && role != Role::Technician)
}

/// Whether a token names the partner of a certificate. It need not repeat the brand.
fn is_same(named: &Principal, partner: &Principal) -> bool {
    let other_brand = named.brand.is_some() && named.brand != partner.brand;
    named.role == partner.role && named.subject == partner.subject && !other_brand
}

fn unread(error: TokenError) -> Refusal {
    match error {
        TokenError::Unreachable => Refusal::Barred(Reason::IssuerUnreachable),
        _ => Refusal::Unauthenticated,
    }
}
