//! The call itself: encoded messages over the transport, whatever the method.

use std::time::Duration;

use axum::body::Body;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use bytes::Bytes;
use futures::{StreamExt as _, stream};
use parasol_api::Error;
use parasol_runtime::transport::Transport;
use parasol_runtime::transport::raw::Raw;
use tonic::Request;
use tonic::client::Grpc;
use tonic::metadata::MetadataMap;

use super::answer::Form;
use super::route::Route;

/// How long a stream lasts; whoever reads it goes on from the place of its last message.
pub(crate) const STREAM_MAX: Duration = Duration::from_secs(50);

/// Calls a method and gives its answer the wanted form.
///
/// # Errors
/// What the method says.
pub(super) async fn call(
    transport: &Transport,
    route: &Route,
    messages: Vec<Bytes>,
    headers: HeaderMap,
    form: Form,
) -> Result<Response, Error> {
    let path = route.grpc_path().parse().map_err(Error::internal)?;
    let mut client = Grpc::new(transport.clone());
    client.ready().await.map_err(|status| Error::from_status(&status))?;
    let mut request = Request::new(stream::iter(messages));
    *request.metadata_mut() = MetadataMap::from_headers(headers);
    let kind = route.method.output();
    if !route.method.is_server_streaming() {
        let answer = client.client_streaming(request, path, Raw).await;
        let answer = answer.map_err(|status| Error::from_status(&status))?;
        return form.whole(&kind, &answer.into_inner());
    }
    let answer = client.streaming(request, path, Raw).await;
    let messages = answer.map_err(|status| Error::from_status(&status))?.into_inner();
    let lines = stream::unfold(Some(messages), move |messages| {
        let (kind, form) = (kind.clone(), form);
        async move {
            let mut messages = messages?;
            match messages.message().await {
                Ok(Some(message)) => Some((form.part(&kind, &message), Some(messages))),
                Ok(None) => None,
                Err(status) => Some((form.failure(&Error::from_status(&status)), None)),
            }
        }
    });
    // The connection would be cut later on; a stream that ends before can be told from one that broke.
    let over = tokio::time::timeout(STREAM_MAX, std::future::pending::<()>());
    let lines = lines.take_until(Box::pin(over)).map(Ok::<_, std::convert::Infallible>);
    let headers =
        [(header::CONTENT_TYPE, form.content_type()), (header::CACHE_CONTROL, "no-store")];
    Ok((StatusCode::OK, headers, Body::from_stream(lines)).into_response())
}
