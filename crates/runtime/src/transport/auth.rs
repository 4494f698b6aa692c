//! Who calls, and whether that role may.
//!
//! The bearer token, of this cell or of an issuer that it knows, becomes a [`Principal`] in the request's extensions;
//! a method's path and the role are looked up in the access table, which denies by default. The retailer's people are looked up in
//! the register as well, when a call begins and for as long as a stream runs; who is registered goes on in
//! the extensions as a [`Member`]. A share link is a bearer token too; whoever keeps the links says whether it is
//! good. What a caller may see *within* a method is for the method to decide from the principal.

use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use futures::FutureExt;
use futures::future::{BoxFuture, Either, ready, select};
use http::header::AUTHORIZATION;
use http::{HeaderMap, Request, Response};
use http_body::{Body as HttpBody, Frame};
use parasol_api::{Error, Reason};
use tonic::Status;
use tonic::body::Body;
use tower::{Layer, Service};

use super::body::{Onlooker, watched};
use super::{Access, Layers, Refusal, refused};
use crate::clock::Clock;
use crate::identity::api_keys::{self, ApiKeys};
use crate::identity::link::{self, Links};
use crate::identity::{Bearers, Member, Principal, Role, Staff, TokenError, TokenKey};

/// Checks callers.
#[derive(Clone)]
pub struct AuthLayer {
    key: Arc<TokenKey>,
    bearers: Bearers,
    api_keys: ApiKeys,
    clock: Clock,
    access: Access,
    staff: Staff,
    links: Option<Links>,
    long_lived: fn(path: &str) -> bool,
}

/// Who calls, as far as the headers alone tell.
enum Admitted {
    /// Nobody, where nobody is asked.
    Nobody,
    /// Somebody whose token names them, and who that is of the retailer's people, if they are registered.
    As(Principal, Option<Arc<Member>>),
    /// Whoever a link says, if it is good.
    ByLink(String),
    /// Whoever a token of an issuer says, once that one's keys have been looked at.
    ByIssuer(String),
}

impl AuthLayer {
    /// The layer as `layers` wants it.
    pub fn new(layers: &Layers) -> Self {
        let Layers { key, issuers, api_keys, clock, access, staff, links, long_lived, .. } =
            layers.clone();
        let bearers =
            Bearers::new(Arc::clone(&key), issuers, clock.clone()).with_api_keys(api_keys.clone());
        Self { key, bearers, api_keys, clock, access, staff, links, long_lived }
    }

    /// Whether a call would be let in, for an edge that has to know before it reads the call's body. The
    /// layer itself checks all the same.
    ///
    /// # Errors
    /// `UNAUTHENTICATED`, `PERMISSION_DENIED`.
    pub async fn admits(&self, path: &str, headers: &HeaderMap) -> Result<(), Error> {
        let admitted = match self.admit(path, headers) {
            Ok(Admitted::ByIssuer(token)) => self.by_issuer(path, &token).await,
            known => known,
        };
        let refused = |refusal| Error::from_status(&Status::from(refusal));
        admitted.map(|_| ()).map_err(refused)
    }

    /// The caller, or nobody for one without credential where none is needed.
    fn admit(&self, path: &str, headers: &HeaderMap) -> Result<Admitted, Refusal> {
        if !headers.contains_key(AUTHORIZATION) {
            let anonymous = (self.access)(path, None);
            return if anonymous { Ok(Admitted::Nobody) } else { Err(Refusal::Unauthenticated) };
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
        if token.starts_with(link::SURVEY_PREFIX) {
            let of_survey = link::survey_of(&self.key, token, self.clock.now());
            let case = of_survey.map_err(|error| {
                tracing::info!(%error, "a survey's token was refused");
                Refusal::Unauthenticated
            })?;
            let may = (self.access)(path, Some(Role::Link));
            return if may {
                Ok(Admitted::As(link::survey(case), None))
            } else {
                Err(Refusal::Forbidden)
            };
        }
        match self.bearers.read_now(token) {
            Some(read) => self.named(path, read.map(|(principal, _)| principal)),
            None => Ok(Admitted::ByIssuer(token.to_owned())),
        }
    }

    /// Whoever a token of an issuer names, whose keys are looked at first.
    async fn by_issuer(&self, path: &str, token: &str) -> Result<Admitted, Refusal> {
        let read = self.bearers.read(token).await;
        self.named(path, read.map(|(principal, _)| principal))
    }

    /// Whoever a token names, if the role may and the person may act.
    fn named(&self, path: &str, read: Result<Principal, TokenError>) -> Result<Admitted, Refusal> {
        let principal = read.map_err(|error| {
            tracing::info!(%error, "a token was refused");
            match error {
                // Its bearer may be whom it names: they should try again, and not sign in anew.
                TokenError::Unreachable => Refusal::Barred(Reason::IssuerUnreachable),
                _ => Refusal::Unauthenticated,
            }
        })?;
        if !(self.access)(path, Some(principal.role)) {
            return Err(Refusal::Forbidden);
        }
        let member = self.staff.admit(&principal).map_err(|reason| {
            tracing::info!(%principal, %reason, "a person was not let in");
            Refusal::Barred(reason)
        })?;
        Ok(Admitted::As(principal, member))
    }
}

/// The token of the one authorization header, if it is a bearer token (RFC 6750).
pub fn bearer(headers: &HeaderMap) -> Option<&str> {
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
        let admitted = match self.layer.admit(request.uri().path(), request.headers()) {
            Ok(admitted) => admitted,
            Err(refusal) => return Box::pin(ready(Ok(refused(refusal)))),
        };
        let gone = self.layer.taken_back(&request);
        // The service gets the principal; the credential stays here.
        request.headers_mut().remove(AUTHORIZATION);
        match admitted {
            Admitted::Nobody => Box::pin(self.inner.call(request)),
            Admitted::As(principal, member) => {
                self.layer.accompanied(&mut self.inner, request, (principal, member), gone)
            }
            Admitted::ByLink(token) => self.by_link(token, request),
            Admitted::ByIssuer(token) => self.by_issuer(token, request),
        }
    }
}

impl AuthLayer {
    /// Resolves once the API key of a call that streams is taken back, if it has one.
    fn taken_back(&self, request: &Request<Body>) -> Option<BoxFuture<'static, Reason>> {
        let token =
            bearer(request.headers()).filter(|token| token.starts_with(api_keys::PREFIX))?;
        (self.long_lived)(request.uri().path()).then(|| self.api_keys.departure(token))
    }

    /// A call of somebody who is known. The stream of one of the retailer's people ends when they may no longer act,
    /// and that of an API key once it is `gone`.
    fn accompanied<S>(
        &self,
        inner: &mut S,
        mut request: Request<Body>,
        (principal, member): (Principal, Option<Arc<Member>>),
        gone: Option<BoxFuture<'static, Reason>>,
    ) -> BoxFuture<'static, Result<Response<Body>, S::Error>>
    where
        S: Service<Request<Body>, Response = Response<Body>>,
        S::Future: Send + 'static,
        S::Error: Send + 'static,
    {
        let stays = !(self.long_lived)(request.uri().path()) || !Staff::has(principal.role);
        let departure = (!stays).then(|| self.staff.departure(principal.clone())).or(gone);
        request.extensions_mut().insert(principal);
        if let Some(member) = member {
            request.extensions_mut().insert(member);
        }
        let call = inner.call(request);
        match departure {
            None => Box::pin(call),
            Some(departure) => Box::pin(until(departure, call)),
        }
    }
}

impl<S> Auth<S>
where
    S: Service<Request<Body>, Response = Response<Body>> + Clone + Send + 'static,
    S::Future: Send + 'static,
    S::Error: Send + 'static,
{
    /// A call of whoever holds a link, once it is known to be good.
    fn by_link(
        &mut self,
        token: String,
        mut request: Request<Body>,
    ) -> BoxFuture<'static, Result<Response<Body>, S::Error>> {
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

    /// A call with a token of an issuer, whose keys are looked at first.
    fn by_issuer(
        &mut self,
        token: String,
        request: Request<Body>,
    ) -> BoxFuture<'static, Result<Response<Body>, S::Error>> {
        let waiting = self.inner.clone();
        let mut inner = std::mem::replace(&mut self.inner, waiting);
        let layer = self.layer.clone();
        Box::pin(async move {
            match layer.by_issuer(request.uri().path(), &token).await {
                Ok(Admitted::As(principal, member)) => {
                    layer.accompanied(&mut inner, request, (principal, member), None).await
                }
                Ok(_) => Ok(refused(Refusal::Unauthenticated)),
                Err(refusal) => Ok(refused(refusal)),
            }
        })
    }
}

/// A call whose stream, coming or going, ends when its caller may no longer act.
async fn until<E>(
    departure: BoxFuture<'static, Reason>,
    call: impl Future<Output = Result<Response<Body>, E>> + Send + 'static,
) -> Result<Response<Body>, E> {
    match select(departure, Box::pin(call)).await {
        Either::Left((reason, _)) => Ok(refused(Refusal::Barred(reason))),
        Either::Right((answer, departure)) => {
            let leaving = Leaving { departure: Some(departure) };
            answer.map(|response| response.map(|body| watched(body, leaving)))
        }
    }
}

/// Ends a stream with trailers that say why.
struct Leaving {
    departure: Option<BoxFuture<'static, Reason>>,
}

impl Onlooker for Leaving {
    fn poll(
        &mut self,
        mut body: Pin<&mut Body>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<<Body as HttpBody>::Data>, Status>>> {
        let departed = self.departure.as_mut().map(|departure| departure.poll_unpin(cx));
        let Some(Poll::Ready(reason)) = departed else { return body.as_mut().poll_frame(cx) };
        self.departure = None;
        body.set(Body::empty());
        let mut trailers = HeaderMap::new();
        let told = Status::from(Refusal::Barred(reason)).add_header(&mut trailers);
        Poll::Ready(Some(told.map(|()| Frame::trailers(trailers))))
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use jsonwebtoken::Algorithm;
    use parasol_journey::time::Span;
    use parasol_testkit::issuer::Issuer as Fake;
    use tonic::Code;

    use super::*;
    use crate::identity::Members;
    use crate::identity::api_keys::{ApiKey, Known};
    use crate::identity::issuers::Issuers;
    use crate::identity::issuers::keyring::{SigningKey, claims, settings};
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

    fn register(members: &[(&str, Role, bool)]) -> Members {
        let of = |(subject, role, suspended): &(&str, Role, bool)| {
            let member = Member { role: *role, suspended: *suspended, certifications: Vec::new() };
            ((*subject).to_owned(), Arc::new(member))
        };
        members.iter().map(of).collect()
    }

    #[tokio::test]
    async fn who_is_suspended_is_refused_at_the_next_call_on_both_transports() {
        let staff = Staff::default();
        let given = staff.clone();
        let bench = Bench::with(|layers| layers.staff = given).await;
        let agent = Principal::new(Role::Agent, "a-1");
        let header = format!("Bearer {}", bench.token(&agent));
        for (suspended, expected) in [(false, Code::Ok), (true, Code::PermissionDenied)] {
            staff.put(register(&[("a-1", Role::Agent, suspended)]));
            for transport in bench.both() {
                let answer = call(&transport, WHOAMI, &[("authorization", &header)]).await;
                assert_eq!(answer.code, expected);
                if suspended {
                    assert_eq!(answer.error.reason(), Reason::StaffSuspended);
                }
            }
        }
    }

    /// One call is still waited for, of the other the answer has begun.
    #[tokio::test]
    async fn streams_end_when_their_caller_is_suspended_and_those_of_others_go_on() {
        for path in ["/test.Probe/Stuck", "/test.Probe/Endless"] {
            let staff = Staff::default();
            let given = staff.clone();
            let bench = Bench::with(|layers| {
                layers.staff = given;
                layers.long_lived = |_| true;
            })
            .await;
            let header =
                |role, subject| format!("Bearer {}", bench.token(&Principal::new(role, subject)));
            let (theirs, others) = (header(Role::Agent, "a-1"), header(Role::Agent, "a-2"));
            for transport in bench.both() {
                staff.put(register(&[("a-2", Role::Agent, false)]));
                let headers = [("authorization", theirs.as_str())];
                let mut theirs = Box::pin(call(&transport, path, &headers));
                let headers = [("authorization", others.as_str())];
                let mut others = Box::pin(call(&transport, path, &headers));
                // Both streams run before anybody is suspended.
                let short = Duration::from_millis(100);
                assert!(tokio::time::timeout(short, &mut theirs).await.is_err());
                assert!(tokio::time::timeout(short, &mut others).await.is_err());
                staff.put(register(&[("a-1", Role::Agent, true), ("a-2", Role::Agent, false)]));
                let answer = tokio::time::timeout(100 * short, theirs).await.unwrap();
                assert_eq!(answer.error.reason(), Reason::StaffSuspended, "{path}");
                assert!(tokio::time::timeout(short, &mut others).await.is_err(), "{path}");
            }
        }
    }

    /// The first call waits for the look that it asks for; one that an issuer does not answer may be sent again.
    #[tokio::test]
    async fn a_token_of_an_issuer_is_let_in_once_its_keys_were_looked_at() {
        for is_up in [true, false] {
            let (fake, signs) = (Fake::start().unwrap(), SigningKey::new("k", Algorithm::ES256));
            fake.publish(std::slice::from_ref(&signs.public));
            fake.say(|said| said.status = if is_up { 200 } else { 503 });
            let mut issuers = Issuers::default();
            let bench = Bench::with(|layers| {
                issuers = Issuers::new(&[settings(&fake.url())], &layers.clock).unwrap();
                layers.issuers = issuers.clone();
            })
            .await;
            let issuer = Arc::clone(issuers.each().next().unwrap());
            let bell = issuer.bell();
            let looking = async {
                bell.notified().await;
                issuer.run_once().await
            };
            let token = signs.token(&claims(&fake.url(), "desk", bench.clock.now()));
            let header = format!("Bearer {token}");
            let headers = [("authorization", header.as_str())];
            let (answer, looked) = tokio::join!(call(&bench.remote, WHOAMI, &headers), looking);
            assert!(looked);
            for answer in [answer, call(&bench.local, WHOAMI, &headers).await] {
                if is_up {
                    assert_eq!((answer.code, answer.told.as_str()), (Code::Ok, "agent:a-7"));
                } else {
                    assert_eq!(answer.error.reason(), Reason::IssuerUnreachable);
                }
            }
            let denied = call(&bench.local, OPERATORS, &headers).await.code;
            assert_eq!(denied, if is_up { Code::PermissionDenied } else { Code::Unavailable });
            assert_eq!(fake.looks(), u32::from(is_up), "discovery failed before the keys");
        }
    }

    #[tokio::test]
    async fn an_api_key_is_let_in_and_its_streams_end_when_it_is_taken_back() {
        let keys = ApiKeys::default();
        let given = keys.clone();
        let bench = Bench::with(|layers| {
            layers.api_keys = given;
            layers.long_lived = |_| true;
        })
        .await;
        let text = api_keys::text(&bench.key, uuid::Uuid::from_u128(17));
        let principal = Principal::new(Role::Centre, "au-hz").of_brand("aurora");
        let ends = bench.clock.now() + Span::hours(1);
        let key = ApiKey { id: uuid::Uuid::from_u128(17), principal, ends };
        let header = format!("Bearer {text}");
        let headers = [("authorization", header.as_str())];
        for transport in bench.both() {
            keys.put(Known::from([(api_keys::fingerprint(&text), key.clone())]));
            let answer = call(&transport, WHOAMI, &headers).await;
            assert_eq!((answer.code, answer.told.as_str()), (Code::Ok, "centre:au-hz@aurora"));
            let mut stream = Box::pin(call(&transport, "/test.Probe/Endless", &headers));
            let short = Duration::from_millis(100);
            assert!(tokio::time::timeout(short, &mut stream).await.is_err());
            keys.put(Known::new());
            let ended = tokio::time::timeout(100 * short, stream).await.unwrap();
            assert_eq!(ended.code, Code::Unauthenticated);
            assert_eq!(call(&transport, WHOAMI, &headers).await.code, Code::Unauthenticated);
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
