//! A kernel by itself: the store with its keys and the one way to write into it, without services, loops or ports.
//!
//! For whoever fills a store with cases that nobody could file one by one in the time there is. Deeds and projections
//! are the product's own; what handlers check before a deed is not checked.

use std::sync::Arc;

use parasol_bell::Bell;
use parasol_casebook::{Handoff, Lease, Limits, Now, Parts, Rules, Store, Submitter, committer};
use parasol_journey::deadline::Deadlines;
use parasol_journey::time::Span;
use parasol_runtime::clock::Clock;
use parasol_runtime::config::Config;
use parasol_runtime::ids::IdSource;
use tokio::task::JoinSet;

use super::base::Base;

/// Commands in one commit: whoever fills a store waits for no single one.
const BATCH: usize = 256;

/// A kernel that runs until it is dropped; what was not answered by then may or may not be written.
pub(crate) struct Kernel {
    /// The store.
    pub store: Store,
    /// The way to the committer.
    pub submitter: Submitter,
    /// The cell's time.
    pub clock: Clock,
    /// Ids of this cell.
    pub ids: IdSource,
    _committer: JoinSet<()>,
}

impl Kernel {
    /// Opens the store of the configuration, up to date. `now` is what the log is to say; it may differ from the cell's
    /// time, which it is given.
    ///
    /// # Errors
    /// What keeps the store from being opened.
    pub async fn open(config: &Config, now: impl FnOnce(&Clock) -> Now) -> anyhow::Result<Self> {
        let base = Base::open(config).await?;
        let lease = Lease { holder: base.ids.next(), length: Span::minutes(1) };
        // It works for no role: what is due is left to the cell.
        let (handoff, _) = Handoff::new(lease, Span::ZERO, &[], 1);
        let parts = Parts {
            store: base.store.clone(),
            now: now(&base.clock),
            new_id: base.new_id(),
            rules: Rules {
                calendar: Arc::new(parasol_verification::calendar_in_force(&base.store).await?),
                deadlines: Arc::new(Deadlines::default()),
            },
            projectors: super::projectors(config, &base.key)?,
            bell: Bell::in_process(),
            handoff,
            limits: Limits { batch_max: BATCH, ..Limits::default() },
        };
        let (submitter, committer) = committer(parts);
        let mut running = JoinSet::new();
        running.spawn(committer.run());
        let Base { store, clock, ids, .. } = base;
        Ok(Self { store, submitter, clock, ids, _committer: running })
    }
}
