//! Verification on a real embedded database, with the other services' steps given directly.

#![expect(clippy::unwrap_used, reason = "helpers of tests stand outside of test functions")]

/// Runs each case on both engines: `case::on_sqlite` and `case::on_postgres`. It is given a `World` or a
/// `Cell`.
macro_rules! on_both_engines {
    ($given:ident: $($case:ident),+ $(,)?) => {$(
        mod $case {
            #[tokio::test]
            async fn on_sqlite() {
                Box::pin(super::$case(super::$given::on_sqlite().await)).await;
            }

            #[tokio::test]
            async fn on_postgres() {
                let name = stringify!($case);
                Box::pin(super::$case(super::$given::on_postgres(name).await)).await;
            }
        }
    )+};
}

mod authority;
mod books;
mod calendars;
mod charges;
mod courses;
mod decisions;
mod disputes;
mod faults;
mod judging;
mod money;
mod pairs;
mod policies;
mod promises;
mod seals;
mod settling;
mod staff;
mod tills;
mod verdicts;
mod world;
