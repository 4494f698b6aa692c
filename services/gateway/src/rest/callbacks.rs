//! Callbacks: partners whose systems call back with signed webhooks instead of holding a credential.
//!
//! `POST /v1/callbacks/{partner}` takes a message of Standard Webhooks: its headers `webhook-id`,
//! `webhook-timestamp` and `webhook-signature`, and a body `{"type": …, "data": {…}}`. Dispatch says whose
//! it is; then the method that the type stands for is called as that partner, with `data` as its request, and
//! answers as it would over REST. The types are a closed set, and each is a method a partner may call anyway.
//!
//! A caller is whoever has the secret. Nothing of the body is looked at before that is known.

use std::sync::Arc;

use axum::body::Body;
use axum::http::{HeaderMap, header};
use axum::response::Response;
use http::request::Parts;
use parasol_api::admin::v1::network_service_client::NetworkServiceClient;
use parasol_api::admin::v1::{CheckCallbackRequest, CheckedCallback};
use parasol_api::{Error, Reason};
use parasol_runtime::identity::{Principal, Role};
use parasol_runtime::transport::Transport;
use serde_json::{Map, Value};

use super::{Admits, READING_MAX, ROUTES, Rest, answer, request, wire};
use crate::edge::{self, Held};

/// Bytes of a callback; the largest is a certificate with fifty pieces of evidence.
const CALLBACK_BYTES_MAX: usize = 256 * 1024;

/// What each type stands for: a service and a method of the partner's side.
const TYPES: [(&str, &str); 21] = [
    ("offer.accept", "parasol.partner.v1.OfferService/AcceptOffer"),
    ("offer.decline", "parasol.partner.v1.OfferService/DeclineOffer"),
    ("technician.assign", "parasol.partner.v1.OfferService/AssignTechnician"),
    ("technician.reassign", "parasol.partner.v1.OfferService/ReassignTechnician"),
    ("anomaly.raise", "parasol.partner.v1.OfferService/RaiseAnomaly"),
    ("parts.request", "parasol.partner.v1.OfferService/RequestParts"),
    ("parts.backorder", "parasol.partner.v1.OfferService/ReportBackorder"),
    ("parts.ship", "parasol.partner.v1.OfferService/ShipParts"),
    ("parts.receive", "parasol.partner.v1.OfferService/ReceiveParts"),
    ("parts.install", "parasol.partner.v1.OfferService/InstallParts"),
    ("parts.return", "parasol.partner.v1.OfferService/ReturnParts"),
    ("goods.receive", "parasol.partner.v1.OfferService/ReportReceived"),
    ("goods.return", "parasol.partner.v1.OfferService/ReportReturned"),
    ("appointment.book", "parasol.partner.v1.AppointmentService/BookAppointment"),
    ("appointment.reschedule", "parasol.partner.v1.AppointmentService/RescheduleAppointment"),
    ("contact.fail", "parasol.partner.v1.AppointmentService/ReportContactFailed"),
    ("certificate.submit", "parasol.partner.v1.VerdictService/SubmitCertificate"),
    ("certificate.confirm", "parasol.partner.v1.VerdictService/ConfirmCertificate"),
    ("certificate.contest", "parasol.partner.v1.VerdictService/ContestCertificate"),
    ("visit.check_in", "parasol.technician.v1.VisitService/CheckIn"),
    ("visit.unable", "parasol.technician.v1.VisitService/ReportUnable"),
];

/// Makes the credential of a partner whose callback was found to be its own.
pub type Vouches = Arc<dyn Fn(&Principal) -> String + Send + Sync>;

/// How callbacks reach the services.
#[derive(Clone)]
pub struct Callbacks {
    /// Calls as the gateway.
    service: Transport,
    vouches: Vouches,
}

impl Callbacks {
    /// `service` calls dispatch as a service of the house; `vouches` makes the credential that the partner's
    /// method is then called with.
    pub fn new(service: Transport, vouches: Vouches) -> Self {
        Self { service, vouches }
    }

    /// The way to services as the gateway.
    pub(super) fn service(&self) -> Transport {
        self.service.clone()
    }

    async fn sender(&self, asked: CheckCallbackRequest) -> Result<CheckedCallback, Error> {
        let checked = NetworkServiceClient::new(self.service.clone()).check_callback(asked).await;
        Ok(checked.map_err(|status| Error::from_status(&status))?.into_inner())
    }
}

/// Answers a callback to the partner that `path` names.
///
/// # Errors
/// `CALLBACK_UNSIGNED`, `CALLBACK_EXPIRED`, `CALLBACK_TYPE_UNKNOWN`, `MESSAGE_TOO_LARGE`, `FIELD_INVALID`,
/// `OVERLOADED` where the partner has its share of the places, and what the method says.
pub(super) async fn take(
    rest: &Rest,
    partner: &str,
    parts: &Parts,
    body: Body,
) -> Result<Response, Error> {
    let unsigned = || Error::new(Reason::CallbackUnsigned);
    let head = |name: &str| parts.headers.get(name).and_then(|value| value.to_str().ok());
    let (id, timestamp) = head("webhook-id").zip(head("webhook-timestamp")).ok_or_else(unsigned)?;
    let signature = head("webhook-signature").ok_or_else(unsigned)?;
    let body = edge::read(body, CALLBACK_BYTES_MAX, READING_MAX).await?;
    let sender = rest.callbacks.sender(CheckCallbackRequest {
        partner: partner.to_owned(),
        id: id.to_owned(),
        timestamp: timestamp.to_owned(),
        signature: signature.to_owned(),
        body: body.to_vec(),
    });
    let sender = sender.await?;
    let (method, data) = asked(&body)?;
    let route = ROUTES.of_method(method).ok_or_else(|| Error::new(Reason::Unimplemented))?;
    let message = request::message(route, data, &sender.request_id)?;
    let role = if sender.role == Role::Centre.as_str() { Role::Centre } else { Role::Brand };
    let principal = Principal::new(role, sender.subject).of_brand(sender.brand);
    if let Some(held) = parts.extensions.get::<Held>() {
        held.pass_to(&principal)?;
    }
    let headers = credential(&(rest.callbacks.vouches)(&principal))?;
    let may: &Admits = &rest.admits;
    may(&route.grpc_path(), &headers).await?;
    let form = answer::Form::of(route, &parts.headers);
    wire::call(&rest.transport, route, vec![message], headers, form).await
}

/// The method that a callback asks for, and its request.
fn asked(body: &[u8]) -> Result<(&'static str, Map<String, Value>), Error> {
    let wrong = |expected: &str| Error::field("body", Reason::FieldInvalid, expected);
    let whole: Value =
        serde_json::from_slice(body).map_err(|error| wrong("a JSON object").because(error))?;
    let name = whole.get("type").and_then(Value::as_str).unwrap_or_default();
    let known = TYPES.iter().find(|(known, _)| *known == name);
    let (_, method) = known.ok_or_else(|| {
        let error = Error::new(Reason::CallbackTypeUnknown);
        // A value of the metadata is short, so the types are told group by group.
        TYPES
            .iter()
            .fold(std::collections::BTreeMap::new(), |mut groups, (name, _)| {
                let (group, verb) = name.split_once('.').unwrap_or((name, ""));
                groups.entry(group).or_insert_with(Vec::new).push(verb);
                groups
            })
            .into_iter()
            .fold(error, |error, (group, verbs)| error.with(group, verbs.join(",")))
    })?;
    match whole.get("data") {
        Some(Value::Object(data)) => Ok((method, data.clone())),
        _ => Err(Error::field("data", Reason::FieldInvalid, "the fields of the method's request")),
    }
}

fn credential(token: &str) -> Result<HeaderMap, Error> {
    let value = format!("Bearer {token}").parse().map_err(Error::internal)?;
    Ok(HeaderMap::from_iter([(header::AUTHORIZATION, value)]))
}

#[cfg(test)]
mod tests {
    use parasol_api::access;

    use super::*;

    #[test]
    fn every_type_stands_for_a_method_that_partners_may_call() {
        for (name, method) in TYPES {
            let route = ROUTES.of_method(method).unwrap_or_else(|| panic!("{name}"));
            let path = route.grpc_path();
            let may = [Role::Brand, Role::Centre].iter().any(|role| access::allows(&path, *role));
            assert!(may, "{name} is open to no partner");
            let input = route.method.input();
            assert!(
                input.get_field_by_name("request_id").is_some(),
                "{name} could not be repeated"
            );
        }
    }

    #[test]
    fn a_body_names_a_type_and_has_data() {
        let (method, data) =
            asked(br#"{"type": "offer.accept", "data": {"caseId": "case_1"}, "timestamp": "x"}"#)
                .unwrap();
        assert!(method.ends_with("/AcceptOffer"));
        assert_eq!(data["caseId"], "case_1");
        let reason = |body: &[u8]| asked(body).unwrap_err().reason();
        assert_eq!(reason(br#"{"type": "offer.eat", "data": {}}"#), Reason::CallbackTypeUnknown);
        assert_eq!(reason(br#"{"data": {}}"#), Reason::CallbackTypeUnknown);
        assert_eq!(reason(br#"{"type": "offer.accept"}"#), Reason::FieldInvalid);
        assert_eq!(reason(b"offer.accept"), Reason::FieldInvalid);
        let unknown = asked(br#"{"type": "offer.eat", "data": {}}"#).unwrap_err();
        assert_eq!(unknown.metadata()["offer"], "accept,decline");
    }
}
