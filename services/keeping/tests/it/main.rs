//! Keeping on both engines: what is over goes, what is held does not, and who was shown what is on record.

#![expect(clippy::unwrap_used, reason = "helpers of tests stand outside of test functions")]

/// Runs each case on both engines: `case::on_sqlite` and `case::on_postgres`.
macro_rules! on_both_engines {
    ($($case:ident),+ $(,)?) => {$(
        mod $case {
            use crate::world::World;

            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn on_sqlite() {
                Box::pin(super::$case(World::on_sqlite().await)).await;
            }

            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn on_postgres() {
                Box::pin(super::$case(World::on_postgres(stringify!($case)).await)).await;
            }
        }
    )+};
}

mod held;
mod over;
mod page;
mod seen;
mod world;
