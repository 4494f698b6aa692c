//! Many messages in one call: each is worked on like a call of its own, all at the same time, so that they
//! share commits.

use futures::future::join_all;
use parasol_api::common::v1::Refusal;
use parasol_api::limits::BATCH_MAX;
use parasol_api::{Checker, Error, Reason};
use parasol_desk::Call;
use parasol_runtime::identity::Principal;
use prost::Message;
use tonic::{Request, Response, Status};
use uuid::Uuid;

/// A request that may be an item.
pub(super) trait Item: Message + Clone {
    /// Its own request id; empty for one that follows from the batch.
    fn request_id(&mut self) -> &mut String;
}

macro_rules! items {
    ($($request:ty),+ $(,)?) => {$(
        impl Item for $request {
            fn request_id(&mut self) -> &mut String {
                &mut self.request_id
            }
        }
    )+};
}

items!(
    parasol_api::partner::v1::AcceptOfferRequest,
    parasol_api::partner::v1::DeclineOfferRequest,
    parasol_api::partner::v1::AssignTechnicianRequest,
);

/// What became of an item.
pub(super) type Became<A> = Result<A, Refusal>;

/// Works on every item with the method of a single call; answers in their order.
///
/// # Errors
/// When the call itself is wrong; what an item meets is in its answer.
pub(super) async fn each<B: Message, I: Item, A, F>(
    request: &Request<B>,
    method: &'static str,
    (request_id, items): (&str, &[I]),
    single: impl Fn(Request<I>) -> F,
) -> Result<Vec<Became<A>>, Error>
where
    F: Future<Output = Result<Response<A>, Status>>,
{
    let Call { principal, .. } = Call::changing(request, method, request_id)?;
    let mut check = Checker::new();
    let batch = check.request_id(request_id);
    let some = match items.is_empty() {
        true => check.refuse("items", Reason::FieldInvalid, "at least one item"),
        false => check.at_most("items", items, BATCH_MAX),
    };
    let (batch, ()) = check.all((batch, some))?;
    let calls = items.iter().enumerate().map(|(place, item)| {
        let call = single(item_request(&principal, batch, place, item.clone()));
        async {
            call.await
                .map(Response::into_inner)
                .map_err(|status| Error::from_status(&status).to_refusal())
        }
    });
    Ok(join_all(calls).await)
}

/// The request of an item, as its sender would have made it alone.
fn item_request<I: Item>(principal: &Principal, batch: Uuid, place: usize, item: I) -> Request<I> {
    let mut item = item;
    if item.request_id().is_empty() {
        let place = u64::try_from(place).unwrap_or(u64::MAX).to_be_bytes();
        *item.request_id() = Uuid::new_v5(&batch, &place).to_string();
    }
    let mut request = Request::new(item);
    request.extensions_mut().insert(principal.clone());
    request
}

#[cfg(test)]
mod tests {
    use parasol_api::partner::v1::AcceptOfferRequest;
    use parasol_runtime::identity::Role;

    use super::*;

    #[test]
    fn an_item_without_a_request_id_gets_the_same_one_whenever_the_batch_comes() {
        let me = Principal::new(Role::Centre, "c-1");
        let batch = Uuid::from_u128(7);
        let id = |place, given: &str| {
            let item = AcceptOfferRequest { request_id: given.into(), ..Default::default() };
            item_request(&me, batch, place, item).into_inner().request_id
        };
        assert_eq!(id(0, ""), id(0, ""));
        assert_ne!(id(0, ""), id(1, ""));
        assert_eq!(id(1, "own"), "own");
    }
}
