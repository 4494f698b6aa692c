//! A call: its caller, its method, and what makes its repetition safe.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use parasol_api::{Error, Reason};
use parasol_casebook::{Caller, RequestKey};
use parasol_journey::time::Timestamp;
use parasol_runtime::identity::{Member, Principal};
use parasol_runtime::trace_context::current_traceparent;
use prost::Message;
use uuid::Uuid;

use crate::judge::Judge;

/// Tells whoever put it into a request whether the answer was that of an earlier call.
#[derive(Clone, Debug, Default)]
pub struct Repeated(Arc<AtomicBool>);

impl Repeated {
    /// Whether it was.
    pub fn is_set(&self) -> bool {
        self.0.load(Ordering::Relaxed)
    }
}

/// Who calls what.
#[derive(Clone, Debug)]
pub struct Call {
    /// The caller, from its credential.
    pub principal: Principal,
    /// The method, for example `FileCase`.
    pub method: &'static str,
    /// Who that is of the retailer's people, if they are registered.
    pub member: Option<Arc<Member>>,
    key: Option<RequestKey>,
    repeated: Option<Repeated>,
}

impl Call {
    /// A call that reads.
    ///
    /// # Errors
    /// `UNAUTHENTICATED` when no layer has put a caller into the request.
    pub fn reading<T>(request: &tonic::Request<T>, method: &'static str) -> Result<Self, Error> {
        let principal = request.extensions().get::<Principal>().cloned();
        let principal = principal.ok_or_else(|| Error::new(Reason::Unauthenticated))?;
        let member = request.extensions().get::<Arc<Member>>().cloned();
        let repeated = request.extensions().get::<Repeated>().cloned();
        Ok(Self { principal, method, member, key: None, repeated })
    }

    /// A call that changes something. The whole request is the fingerprint: the same id with anything
    /// else in it is refused.
    ///
    /// # Errors
    /// `UNAUTHENTICATED`; `REQUEST_ID_MISSING` when the id is not a UUID.
    pub fn changing<T: Message>(
        request: &tonic::Request<T>,
        method: &'static str,
        request_id: &str,
    ) -> Result<Self, Error> {
        let mut call = Self::reading(request, method)?;
        let id = Uuid::try_parse(request_id).ok().filter(|id| !id.is_nil());
        let id = id.ok_or_else(|| {
            Error::field("request_id", Reason::RequestIdMissing, "a UUID made by the caller")
        })?;
        call.key = Some(call.key_for(id, &request.get_ref().encode_to_vec()));
        Ok(call)
    }

    /// The same for a stream, whose body is all of its messages.
    #[must_use]
    pub fn with_key(mut self, request_id: Uuid, body: &[u8]) -> Self {
        self.key = Some(self.key_for(request_id, body));
        self
    }

    fn key_for(&self, request_id: Uuid, body: &[u8]) -> RequestKey {
        RequestKey::new(&self.principal.to_string(), self.method, request_id, body)
    }

    /// Whether the caller may judge cases, as they are certified at a time.
    pub fn judge(&self, at: Timestamp) -> Judge {
        Judge::new(self.member.clone(), at)
    }

    /// Notes that the answer is that of an earlier call.
    pub(crate) fn note_repeated(&self) {
        if let Some(repeated) = &self.repeated {
            repeated.0.store(true, Ordering::Relaxed);
        }
    }

    /// The key of the saved answer; `None` for a call that reads.
    pub fn key(&self) -> Option<RequestKey> {
        self.key
    }

    /// The caller as the audit trail names it, with the trace it called in.
    pub fn caller(&self) -> Caller {
        Caller {
            principal: self.principal.to_string(),
            method: self.method,
            trace: current_traceparent().unwrap_or_default(),
        }
    }
}
