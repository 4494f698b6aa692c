//! `parasol bench`: the product beside a yardstick, or beside itself, in the same run, on the same engine.
//!
//! Benchmarks report; they never judge. What counts are the ratios of a run, because the machine is
//! rarely alone.

mod calls;
mod course;
mod decide;
mod dispatch;
mod load;
mod plan;
mod slots;
mod stats;
mod steps;
mod urgent;
mod visibility;
mod watch;
mod webhooks;
pub(crate) mod world;
pub mod yardstick;

pub use decide::{Args as DecideArgs, run as decide};
pub use dispatch::{Args as DispatchArgs, run as dispatch};
pub use load::{Args as LoadArgs, run as load, table as load_table};
pub use plan::{Args as PlanArgs, run as plan};
pub use slots::{Args as SlotsArgs, run as slots};
pub use stats::{COMMIT, Report};
pub use steps::{Args as StepsArgs, run as steps};
pub use urgent::{Args as UrgentArgs, run as urgent};
pub use visibility::{Args as VisibilityArgs, run as visibility};
pub use watch::{Args as WatchArgs, run as watch};
pub use webhooks::{Args as WebhooksArgs, run as webhooks};
