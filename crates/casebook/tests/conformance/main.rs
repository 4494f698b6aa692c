//! What the kernel promises, on both engines alike.
//!
//! Every case is written once, against an opened [`world::World`], and run on a real SQLite file and
//! on a real PostgreSQL server. Time and ids come from the world; nothing here waits for a clock.

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

/// Runs cases once more on a PostgreSQL server behind a pooler that keeps no sessions, under
/// `behind_a_pooler::case`. They have to leave the store's own connection alone.
macro_rules! behind_a_pooler {
    ($($case:ident),+ $(,)?) => {
        mod behind_a_pooler {
            use crate::world::World;
            $(
                #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
                async fn $case() {
                    Box::pin(super::$case(World::behind_a_pooler(stringify!($case)).await)).await;
                }
            )+
        }
    };
}

mod ask;
mod books;
mod chaining;
mod claiming;
mod crashing;
mod deadlines;
mod erasing;
mod feeding;
mod following;
mod holding;
mod leasing;
mod opening;
mod property;
mod reading;
mod reconciling;
mod repeating;
mod rivals;
mod rows;
mod scoping;
mod sealing;
mod tasks;
mod working;
mod world;
mod writing;
