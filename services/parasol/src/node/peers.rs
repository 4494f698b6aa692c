//! How services of one process reach each other: through the same clients and layers as over TCP.
//!
//! Services are made before the transport that leads to them, so the way is laid first and connected
//! once all of them stand.

use std::sync::{Arc, OnceLock};

use parasol_api::{Error, Reason};
use parasol_runtime::transport::Transport;
use tonic::Status;
use tower::{Service as _, ServiceExt as _};

/// A way to the services of this process.
#[derive(Clone, Default)]
pub struct Peers(Arc<OnceLock<Transport>>);

impl Peers {
    /// The way. Calls before it is connected answer that the service is not there yet.
    pub fn transport(&self) -> Transport {
        let target = Arc::clone(&self.0);
        Transport::new(tower::service_fn(move |request| {
            let target = target.get().cloned();
            async move {
                let Some(mut target) = target else {
                    return Err(Status::from(Error::new(Reason::StoreUnavailable)));
                };
                target.ready().await?.call(request).await
            }
        }))
    }

    /// Connects the way, once.
    pub fn connect(&self, transport: Transport) {
        // A second call would change nothing, and there is none.
        let _ = self.0.set(transport);
    }
}
