//! Who calls, and whether that role may.
//!
//! The bearer token becomes a [`Principal`] in the request's extensions; a method's path and the
//! role are looked up in the access table, which denies by default. A share link is a bearer token too; whoever keeps
//! the links says whether it is good. What a caller may see *within*
//! a method is for the method to decide from the principal.

use std::sync::Arc;
use std::task::{Context, Poll};

use futures::future::{BoxFuture, ready};
use http::header::AUTHORIZATION;
use http::{HeaderMap, Request, Response};
use parasol_api::Error;
use tonic::Status;
use tonic::body::Body;
use tower::{Layer, Service};

use super::{Access, Layers, Refusal, refused};
use crate::clock::Clock;
use crate::identity::link::{self, Links};
use crate::identity::{Principal, Role, TokenKey};

/// Checks callers.
#[derive(Clone)]
pub struct AuthLayer {
    key: Arc<TokenKey>,
    clock: Clock,
    access: Access,
    links: Option<Links>,
}

/// Who calls, as far as the headers alone tell.
enum Admitted {
    /// Somebody whose token names them, or nobody where nobody is asked.
    As(Option<Principal>),
    /// Whoever a link says, if it is good.
    ByLink(String),
}

impl AuthLayer {
    /// The layer as `layers` wants it.
    pub fn new(layers: &Layers) -> Self {
        let Layers { key, clock, access, links, .. } = layers.clone();
        Self { key, clock, access, links }
    }

    /// Whether a call would be let in, for an edge that has to know before it reads the call's body. The
    /// layer itself checks all the same.
    ///
    /// # Errors
    /// `UNAUTHENTICATED`, `PERMISSION_DENIED`.
    pub fn admits(&self, path: &str, headers: &HeaderMap) -> Result<(), Error> {
        let refused = |refusal| Error::from_status(&Status::from(refusal));
        self.admit(path, headers).map(|_| ()).map_err(refused)
    }

    /// The caller, or `None` for one without credential where none is needed.
    fn admit(&self, path: &str, headers: &HeaderMap) -> Result<Admitted, Refusal> {
        if !headers.contains_key(AUTHORIZATION) {
            let anonymous = (self.access)(path, None);
            return if anonymous { Ok(Admitted::As(None)) } else { Err(Refusal::Unauthenticated) };
        }
        let token = bearer(headers).ok_or(Refusal::Unauthenticated)?;
        if token.starts_with(link::PREFIX) {
            let may = (self.access)(path, Some(Role::Link));
            return if may {
                Ok(Admitted::ByLink(token.to_owned()))
            } else {
                Err(Refusal::Forbidden)
            };
        }
        let principal = self.key.verify(token, self.clock.now()).map_err(|error| {
            tracing::info!(%error, "a token was refused");
            Refusal::Unauthenticated
        })?;
        // A token that names a link's holder would be one that cannot be taken back.
        if principal.role == Role::Link {
            return Err(Refusal::Unauthenticated);
        }
        if (self.access)(path, Some(principal.role)) {
            Ok(Admitted::As(Some(principal)))
        } else {
            Err(Refusal::Forbidden)
        }
    }
}

/// The token of the one authorization header, if it is a bearer token (RFC 6750).
fn bearer(headers: &HeaderMap) -> Option<&str> {
    let mut values = headers.get_all(AUTHORIZATION).iter();
    let value = values.next().filter(|_| values.next().is_none())?;
    let (scheme, token) = value.to_str().ok()?.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then(|| token.trim())
}

impl<S> Layer<S> for AuthLayer {
    type Service = Auth<S>;

    fn layer(&self, inner: S) -> Self::Service {
        Auth { inner, layer: self.clone() }
    }
}

/// A service that knows its callers.
#[derive(Clone)]
pub struct Auth<S> {
    inner: S,
    layer: AuthLayer,
}

impl<S> Service<Request<Body>> for Auth<S>
where
    S: Service<Request<Body>, Response = Response<Body>> + Clone + Send + 'static,
    S::Future: Send + 'static,
    S::Error: Send + 'static,
{
    type Response = Response<Body>;
    type Error = S::Error;
    type Future = BoxFuture<'static, Result<Response<Body>, S::Error>>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.inner.poll_ready(cx)
    }

    fn call(&mut self, mut request: Request<Body>) -> Self::Future {
        match self.layer.admit(request.uri().path(), request.headers()) {
            Ok(Admitted::As(principal)) => {
                // The service gets the principal; the credential stays here.
                request.headers_mut().remove(AUTHORIZATION);
                if let Some(principal) = principal {
                    request.extensions_mut().insert(principal);
                }
                Box::pin(self.inner.call(request))
            }
            Ok(Admitted::ByLink(token)) => {
                request.headers_mut().remove(AUTHORIZATION);
                let holder = self.layer.links.as_ref().map(|links| links(token));
                // What was made ready is what is called; the copy waits for the next call.
                let waiting = self.inner.clone();
                let mut inner = std::mem::replace(&mut self.inner, waiting);
                Box::pin(async move {
                    let holder = match holder {
                        Some(holder) => holder.await,
                        None => None,
                    };
                    let Some(holder) = holder else {
                        return Ok(refused(Refusal::Unauthenticated));
                    };
                    request.extensions_mut().insert(holder);
                    inner.call(request).await
                })
            }
            Err(refusal) => Box::pin(ready(Ok(refused(refusal)))),
        }
    }
}

#[cfg(test)]
mod tests {
    use parasol_journey::time::Span;
    use tonic::Code;

    use super::*;
    use crate::identity::Role;
    use crate::transport::probe::{Bench, call};

    const WHOAMI: &str = "/test.Probe/Whoami";
    const OPERATORS: &str = "/test.Probe/OperatorsOnly";

    fn operator() -> Principal {
        Principal::new(Role::Operator, "ops").of_brand("aurora")
    }

    #[tokio::test]
    async fn a_valid_token_becomes_a_principal_on_both_transports() {
        let bench = Bench::start().await;
        let header = format!("Bearer {}", bench.token(&operator()));
        for transport in bench.both() {
            let answer = call(&transport, OPERATORS, &[("authorization", &header)]).await;
            assert_eq!((answer.code, answer.told.as_str()), (Code::Ok, "operator:ops@aurora"));
        }
    }

    #[tokio::test]
    async fn missing_or_invalid_credentials_are_unauthenticated() {
        let bench = Bench::start().await;
        let (valid, stranger) = (bench.token(&operator()), TokenKey::from_secret(&[9; 32]));
        let foreign = stranger.issue(&operator(), bench.clock.now(), Span::hours(1));
        let headers = [
            format!("Bearer {foreign}"),
            format!("Basic {valid}"),
            valid.clone(),
            "Bearer".to_owned(),
            String::new(),
        ];
        for transport in bench.both() {
            assert_eq!(call(&transport, OPERATORS, &[]).await.code, Code::Unauthenticated);
            for header in &headers {
                for path in [OPERATORS, WHOAMI] {
                    let answer = call(&transport, path, &[("authorization", header)]).await;
                    assert_eq!(answer.code, Code::Unauthenticated, "{path} {header}");
                }
            }
        }
        let good = format!("Bearer {valid}");
        let twice = [("authorization", good.as_str()), ("authorization", good.as_str())];
        assert_eq!(call(&bench.local, OPERATORS, &twice).await.code, Code::Unauthenticated);
        bench.clock.advance(Span::hours(2)).unwrap();
        let answer = call(&bench.local, OPERATORS, &twice[..1]).await;
        assert_eq!(answer.code, Code::Unauthenticated, "the token has expired");
    }

    #[tokio::test]
    async fn a_role_that_may_not_is_denied_and_so_is_every_unlisted_method() {
        let bench = Bench::start().await;
        let customer = format!("Bearer {}", bench.token(&Principal::new(Role::Customer, "c")));
        let operator = format!("Bearer {}", bench.token(&operator()));
        for transport in bench.both() {
            for (path, header) in [(OPERATORS, &customer), ("/test.Probe/Unlisted", &operator)] {
                let answer = call(&transport, path, &[("authorization", header)]).await;
                assert_eq!(answer.code, Code::PermissionDenied, "{path}");
            }
        }
    }

    #[tokio::test]
    async fn methods_for_anybody_need_no_token() {
        let bench = Bench::start().await;
        for transport in bench.both() {
            let answer = call(&transport, WHOAMI, &[]).await;
            assert_eq!((answer.code, answer.told.as_str()), (Code::Ok, "nobody"));
        }
    }
}
