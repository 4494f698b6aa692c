//! The two stages of stopping: first finish what was begun, then drop it.
//!
//! Owns the two signals and who gives them. What each task does on them is the supervisor's
//! matter, and how long the first stage may last is its caller's.

use tokio_util::sync::CancellationToken;

/// Tells every task of the process when to stop. A clone is the same signal.
#[derive(Clone, Debug, Default)]
pub struct Shutdown {
    stopping: CancellationToken,
    forced: CancellationToken,
}

impl Shutdown {
    /// A signal that nobody has given yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// Gives the first signal: take nothing new, finish what was begun.
    pub fn stop(&self) {
        self.stopping.cancel();
    }

    /// Gives the second signal, and the first with it: drop whatever is still running.
    pub fn force(&self) {
        self.stopping.cancel();
        self.forced.cancel();
    }

    /// Whether the first signal was given.
    pub fn is_stopping(&self) -> bool {
        self.stopping.is_cancelled()
    }

    /// Whether the second signal was given.
    pub fn is_forced(&self) -> bool {
        self.forced.is_cancelled()
    }

    /// Returns once the first signal is given.
    pub async fn stopping(&self) {
        self.stopping.cancelled().await;
    }

    /// Returns once the second signal is given.
    pub async fn forced(&self) {
        self.forced.cancelled().await;
    }

    /// A token for code that wants one, for example to end streams when stopping begins.
    pub fn stopping_token(&self) -> CancellationToken {
        self.stopping.clone()
    }

    /// A token for code that wants one, cancelled when whatever still runs is to be dropped.
    pub fn forced_token(&self) -> CancellationToken {
        self.forced.clone()
    }

    /// Gives the first signal on SIGINT or SIGTERM and the second on the next of them; returns
    /// after the second. Run it as a task that is dropped when stopping is complete.
    ///
    /// # Errors
    /// When the operating system refuses a signal handler.
    pub async fn follow_signals(&self) -> std::io::Result<()> {
        use tokio::signal::unix::{SignalKind, signal};
        let mut interrupt = signal(SignalKind::interrupt())?;
        let mut terminate = signal(SignalKind::terminate())?;
        for force in [false, true] {
            let name = tokio::select! {
                _ = interrupt.recv() => "SIGINT",
                _ = terminate.recv() => "SIGTERM",
            };
            if force {
                tracing::warn!(signal = name, "second signal, dropping what still runs");
                self.force();
            } else {
                tracing::info!(signal = name, "stopping; a second signal aborts");
                self.stop();
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn forcing_includes_stopping_and_reaches_every_clone() {
        let shutdown = Shutdown::new();
        let other = shutdown.clone();
        assert!(!other.is_stopping());
        shutdown.stop();
        other.stopping().await;
        assert!(!other.is_forced());
        other.force();
        shutdown.forced().await;

        let straight = Shutdown::new();
        straight.force();
        assert!(straight.is_stopping());
    }
}
