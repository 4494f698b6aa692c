//! The way to a role that several processes play.
//!
//! Owns which of them is called, and what happens to a call when one of them has gone: it goes to the next
//! one as long as nothing of what it says has left, and fails in words when it has. It does not know what is
//! called, and it repeats nothing that may have arrived: repeating is the caller's, whose request id makes a
//! repetition take effect once.

use std::pin::Pin;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll};
use std::time::Duration;

use http::{Request, Response};
use http_body::{Body as HttpBody, Frame};
use parasol_api::{Error, Reason};
use tokio::sync::Mutex as Turnstile;
use tonic::Status;
use tonic::body::Body;
use tonic::transport::{Channel, Endpoint};
use tower::ServiceExt as _;

use super::Transport;
use super::local::{dialled, endpoint};
use crate::clock::Stopwatch;
use crate::config::Limits;

/// How long connecting to a process of the same cell may take.
const CONNECT_MAX: Duration = Duration::from_secs(2);
/// After how much silence a process is probed.
const PROBE_AFTER: Duration = Duration::from_secs(3);
/// How long the answer to a probe may take: a process that hangs keeps its calls this much longer.
const PROBE_ANSWER: Duration = Duration::from_secs(2);
/// How long a process that could not be reached is left alone while others can be.
const LEFT_ALONE: Duration = Duration::from_secs(1);

/// Calls whoever plays a role, at `addresses` (`http://host:port`), in turn.
///
/// A call that meets a process that has gone goes to the next one; if it may have begun there it fails with
/// `STORE_UNAVAILABLE`, and the caller sends it again.
///
/// # Errors
/// When an address is none.
pub fn replicas(
    addresses: &[String],
    limits: &Limits,
) -> Result<Transport, tonic::transport::Error> {
    let all = addresses.iter().map(|address| {
        let endpoint = endpoint(address, limits)?
            .connect_timeout(CONNECT_MAX)
            .http2_keep_alive_interval(PROBE_AFTER)
            .keep_alive_timeout(PROBE_ANSWER);
        Ok(Replica { endpoint, line: Turnstile::default() })
    });
    let replicas =
        Arc::new(Replicas { all: all.collect::<Result<_, _>>()?, next: AtomicUsize::new(0) });
    Ok(dialled(tower::service_fn(move |request| {
        let replicas = Arc::clone(&replicas);
        async move { replicas.call(request).await }
    })))
}

struct Replicas {
    all: Vec<Replica>,
    next: AtomicUsize,
}

struct Replica {
    endpoint: Endpoint,
    /// Whoever stands in it is dialling; the others need not wait if there is another process.
    line: Turnstile<Line>,
}

#[derive(Default)]
struct Line {
    channel: Option<Channel>,
    /// Since the last time nobody could be reached there.
    failed: Option<Stopwatch>,
    /// Counts the channels, so that a call closes the one it failed on and no later one.
    nth: u64,
}

impl Replicas {
    async fn call(&self, request: Request<Body>) -> Result<Response<Body>, Status> {
        let (parts, mut body) = request.into_parts();
        let first = self.next.fetch_add(1, Ordering::Relaxed);
        let in_turn = || (0..self.all.len()).map(|nth| &self.all[(first + nth) % self.all.len()]);
        // At first whoever is there or was not tried lately; then everybody, for as long as it takes.
        let tries = in_turn().map(|one| (one, false)).chain(in_turn().map(|one| (one, true)));
        for (replica, patient) in tries {
            let Some((channel, nth)) = replica.channel(patient).await else { continue };
            let lent = Lent::new(body);
            let request = Request::from_parts(parts.clone(), Body::new(lent.clone()));
            let error = match channel.oneshot(request).await {
                Ok(response) => return Ok(response),
                Err(error) => error,
            };
            replica.hang_up(nth).await;
            tracing::debug!(%error, to = %replica.endpoint.uri(), "a process could not be reached");
            match lent.take() {
                Some(whole) => body = whole,
                None => break,
            }
        }
        Err(Status::from(Error::new(Reason::StoreUnavailable)))
    }
}

impl Replica {
    /// A connection, dialled if there is none. Without patience only where it is not known to be in vain and
    /// nobody else is dialling.
    async fn channel(&self, patient: bool) -> Option<(Channel, u64)> {
        let mut line = if patient { self.line.lock().await } else { self.line.try_lock().ok()? };
        if let Some(channel) = &line.channel {
            return Some((channel.clone(), line.nth));
        }
        let in_vain = line.failed.is_some_and(|failed| failed.elapsed() < LEFT_ALONE);
        if in_vain && !patient {
            return None;
        }
        match self.endpoint.connect().await {
            Ok(channel) => {
                line.nth += 1;
                line.channel = Some(channel.clone());
                line.failed = None;
                Some((channel, line.nth))
            }
            Err(error) => {
                tracing::debug!(%error, to = %self.endpoint.uri(), "a process does not answer");
                line.failed = Some(Stopwatch::start());
                None
            }
        }
    }

    async fn hang_up(&self, nth: u64) {
        let mut line = self.line.lock().await;
        if line.nth == nth {
            line.channel = None;
        }
    }
}

/// A request's body that can be had back as long as nobody has read from it. Clones are the same body.
#[derive(Clone)]
struct Lent(Arc<Mutex<Loan>>);

enum Loan {
    Untouched(Body),
    Begun(Body),
    TakenBack,
}

impl Lent {
    fn new(body: Body) -> Self {
        Self(Arc::new(Mutex::new(Loan::Untouched(body))))
    }

    /// The body, if nobody has read from it. Whoever still holds it finds it broken off.
    fn take(&self) -> Option<Body> {
        let mut loan = self.0.lock().expect("no holder of this lock panics");
        match std::mem::replace(&mut *loan, Loan::TakenBack) {
            Loan::Untouched(body) => Some(body),
            Loan::Begun(_) | Loan::TakenBack => None,
        }
    }
}

impl HttpBody for Lent {
    type Data = <Body as HttpBody>::Data;
    type Error = Status;

    fn poll_frame(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Self::Data>, Status>>> {
        let mut loan = self.0.lock().expect("no holder of this lock panics");
        *loan = match std::mem::replace(&mut *loan, Loan::TakenBack) {
            Loan::Untouched(body) | Loan::Begun(body) => Loan::Begun(body),
            Loan::TakenBack => Loan::TakenBack,
        };
        match &mut *loan {
            Loan::Begun(body) => Pin::new(body).poll_frame(cx),
            Loan::Untouched(_) | Loan::TakenBack => {
                Poll::Ready(Some(Err(Status::cancelled("the call goes another way"))))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use tonic::Code;

    use super::*;
    use crate::transport::probe::{Bench, call};

    const WHOAMI: &str = "/test.Probe/Whoami";

    fn over(benches: &[&Bench]) -> Transport {
        let addresses: Vec<_> =
            benches.iter().map(|bench| format!("http://{}", bench.address)).collect();
        replicas(&addresses, &benches[0].limits).unwrap()
    }

    #[tokio::test]
    async fn calls_take_turns_and_go_on_where_one_has_gone() {
        let (mut first, second) = (Bench::start().await, Bench::start().await);
        let both = over(&[&first, &second]);
        let mut gates = 0;
        for _ in 0..2 {
            let mut held = Box::pin(call(&both, "/test.Probe/Gate", &[]));
            tokio::select! {
                _ = &mut held => panic!("the gates are closed"),
                () = first.gate.arrived.notified() => { gates |= 1; first.gate.open.notify_one(); }
                () = second.gate.arrived.notified() => { gates |= 2; second.gate.open.notify_one(); }
            }
            assert_eq!(held.await.code, Code::Ok);
        }
        assert_eq!(gates, 3, "both were called");
        first.shutdown.stop();
        first.served().await;
        for _ in 0..4 {
            assert_eq!(call(&both, WHOAMI, &[]).await.code, Code::Ok);
        }
    }

    #[tokio::test]
    async fn what_may_have_begun_is_not_sent_again() {
        let (mut first, second) = (Bench::start().await, Bench::start().await);
        let both = over(&[&first, &second]);
        let mut held = Box::pin(call(&both, "/test.Probe/Gate", &[]));
        tokio::select! {
            _ = &mut held => panic!("the gates are closed"),
            () = first.gate.arrived.notified() => {}
            () = second.gate.arrived.notified() => panic!("the first is first"),
        }
        first.shutdown.stop();
        first.shutdown.force();
        first.served().await;
        assert_eq!(held.await.code, Code::Unavailable);
        let arrived = futures::FutureExt::now_or_never(second.gate.arrived.notified());
        assert!(arrived.is_none(), "it was sent to the second as well");
    }

    #[tokio::test]
    async fn where_nobody_is_left_the_answer_says_so() {
        let mut only = Bench::start().await;
        let one = over(&[&only]);
        assert_eq!(call(&one, WHOAMI, &[]).await.code, Code::Ok);
        only.shutdown.stop();
        only.served().await;
        assert_eq!(call(&one, WHOAMI, &[]).await.code, Code::Unavailable);
        assert!(replicas(&["not an address".to_owned()], &only.limits).is_err());
    }
}
