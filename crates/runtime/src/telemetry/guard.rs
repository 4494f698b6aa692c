//! The end of telemetry: what was recorded is sent before the process goes.

use std::sync::mpsc;
use std::time::Duration;

use opentelemetry_sdk::metrics::SdkMeterProvider;
use opentelemetry_sdk::trace::SdkTracerProvider;

/// How long a guard that is dropped without [`Guard::shutdown`] waits for the last data.
const DROP_MAX: Duration = Duration::from_secs(2);

/// Holds the exporters. Dropping it sends what is left, for at most two seconds.
#[must_use = "dropping the guard ends the export"]
pub struct Guard(Option<Providers>);

struct Providers {
    tracer: Option<SdkTracerProvider>,
    meter: Option<SdkMeterProvider>,
}

impl Guard {
    pub(super) fn new(tracer: Option<SdkTracerProvider>, meter: Option<SdkMeterProvider>) -> Self {
        Self((tracer.is_some() || meter.is_some()).then_some(Providers { tracer, meter }))
    }

    pub(super) fn tracer(&self) -> Option<&SdkTracerProvider> {
        self.0.as_ref()?.tracer.as_ref()
    }

    /// Sends what is left and ends the export; false when that failed or took longer than `limit`.
    pub async fn shutdown(mut self, limit: Duration) -> bool {
        let Some(providers) = self.0.take() else {
            return true;
        };
        // Flushing blocks its thread and needs the runtime to make progress meanwhile.
        let flush = tokio::task::spawn_blocking(move || providers.flush(limit));
        matches!(tokio::time::timeout(limit, flush).await, Ok(Ok(true)))
    }
}

impl Drop for Guard {
    fn drop(&mut self) {
        let Some(providers) = self.0.take() else {
            return;
        };
        let (done, wait) = mpsc::channel();
        std::thread::spawn(move || done.send(providers.flush(DROP_MAX)));
        let _ = wait.recv_timeout(DROP_MAX);
    }
}

impl Providers {
    fn flush(self, limit: Duration) -> bool {
        let traces = self.tracer.is_none_or(|tracer| tracer.shutdown_with_timeout(limit).is_ok());
        let figures = self.meter.is_none_or(|meter| meter.shutdown_with_timeout(limit).is_ok());
        traces && figures
    }
}
