//! The store and what is in it.

use std::time::Duration;

use parasol_casebook::tables::cases;
use parasol_casebook::{Engine, Scope, Store};
use parasol_journey::ids::CaseId;
use parasol_journey::time::{HOUR, MINUTE, Span, Timestamp};
use parasol_runtime::config::Config;
use sea_orm::{EntityTrait as _, Order, QueryOrder as _, QuerySelect as _};

use super::Finding;
use crate::{migrations, node};

/// How long a database may take to answer.
const PATIENCE: Duration = Duration::from_secs(10);
/// A task this late has been missed by every worker.
const LATE_WARN: Span = Span::minutes(1);
/// This late, nobody works at all.
const LATE_FAIL: Span = Span::hours(1);
/// How far the clocks of two machines may differ before it matters.
const SKEW_MAX: Span = Span::minutes(1);
/// Newest cases whose last change is looked at.
const NEWEST: u64 = 100;
/// Parked tasks that are counted.
const PARKED_MAX: u64 = 1_000;

/// Opens the store if there is one; a missing one is not made.
pub(super) async fn open(config: &Config) -> (Option<Store>, Finding) {
    let check = "store";
    if config.is_embedded() && !config.data_dir.join(node::STORE_FILE).exists() {
        return (None, Finding::ok(check, "not there yet; the first start makes it"));
    }
    let opened = tokio::time::timeout(PATIENCE, node::open_store(config)).await;
    let error = match opened {
        Ok(Ok(store)) => {
            let engine = match store.engine() {
                Engine::Sqlite => "the embedded store",
                Engine::Postgres => "PostgreSQL",
            };
            let found = format!("{engine} answers and loses nothing it has acknowledged");
            return (Some(store), Finding::ok(check, found));
        }
        Ok(Err(error)) => format!("{error:#}"),
        Err(_) => format!("the database did not answer within {} s", PATIENCE.as_secs()),
    };
    let next = if config.is_embedded() {
        "check that the file is whole and may be written; else put it back from a backup"
    } else {
        "check database_url, that the server runs, and its settings fsync and synchronous_commit"
    };
    (None, Finding::fail(check, error, next))
}

/// Looks into an open store. Tables of a store that is not up to date are left alone.
pub(super) async fn content(store: &Store, now: Timestamp, in_use: bool) -> Vec<Finding> {
    let pending = match migrations::pending(store).await {
        Ok(pending) => pending,
        Err(error) => return vec![unreadable("migrations", &error)],
    };
    if pending > 0 {
        let found = format!("{pending} are pending");
        let next = "run `parasol migrate`, or start the node, which does it too";
        return vec![Finding::warn("migrations", found, next)];
    }
    let mut findings = vec![Finding::ok("migrations", "up to date")];
    findings.push(match newest_change(store).await {
        Ok(newest) => clock(newest, now),
        Err(error) => unreadable("clock", &error),
    });
    findings.push(match store.try_keys().await {
        Ok(()) => Finding::ok("vault", "opens with the keys of the data folder"),
        Err(error) => {
            let next = "put back the vault.keys (or secret.key) that belongs to this database";
            Finding::fail("vault", error.to_string(), next)
        }
    });
    findings.push(match hidden(store).await {
        Ok(()) => Finding::ok("scopes", "the engine hides cases of others"),
        Err(error) => {
            let next = "run `parasol migrate` as a user who may create roles, or as an administrator the statements \
                        that the log of a start prints";
            Finding::fail("scopes", error.to_string(), next)
        }
    });
    findings.push(match store.overdue(now).await {
        Ok((oldest, count)) => {
            let oldest = oldest.map(|task| (task.obligation.task.to_string(), task.obligation.due));
            overdue(oldest, count, now, in_use)
        }
        Err(error) => unreadable("tasks", &error),
    });
    findings.push(match store.parked_tasks(PARKED_MAX).await {
        Ok(parked) => given_up(parked.len(), parked.first().map(|task| task.why.as_str())),
        Err(error) => unreadable("parked", &error),
    });
    findings
}

/// Asks for a case as somebody who may see another one, which there is not.
async fn hidden(store: &Store) -> anyhow::Result<()> {
    let newest = cases::Entity::find()
        .select_only()
        .column(cases::Column::Id)
        .order_by(cases::Column::Id, Order::Desc)
        .into_tuple()
        .one(store.reader())
        .await?;
    let asked = newest.map_or(CaseId::new(uuid::Uuid::nil()), CaseId::new);
    let strange = store.within(Scope::Case(CaseId::new(uuid::Uuid::nil())));
    anyhow::ensure!(strange.case(asked).await?.is_none(), "a case can be read by anybody");
    Ok(())
}

/// When the newest cases last changed. Case ids grow with time, so that the newest are found by key.
async fn newest_change(store: &Store) -> Result<Option<Timestamp>, sea_orm::DbErr> {
    let changes: Vec<i64> = cases::Entity::find()
        .select_only()
        .column(cases::Column::UpdatedAt)
        .order_by(cases::Column::Id, Order::Desc)
        .limit(NEWEST)
        .into_tuple()
        .all(store.reader())
        .await?;
    Ok(changes.into_iter().max().map(Timestamp::from_micros))
}

fn clock(newest: Option<Timestamp>, now: Timestamp) -> Finding {
    match newest {
        Some(newest) if newest > now + SKEW_MAX => Finding::fail(
            "clock",
            format!("the newest case changed at {newest}, and it is {now} here"),
            "set this machine's clock right; for a store that ran on the test clock, turn \
             test_clock on",
        ),
        _ => Finding::ok("clock", format!("{now}, not before anything in the store")),
    }
}

fn overdue(
    oldest: Option<(String, Timestamp)>,
    count: u64,
    now: Timestamp,
    in_use: bool,
) -> Finding {
    let check = "tasks";
    let Some((task, due)) = oldest else {
        return Finding::ok(check, "none is late");
    };
    let late = now.since(due);
    let found = format!("{count} late, {task} the longest: {}", length(late));
    if !in_use {
        let next = "they are done as soon as a node runs";
        return if late < LATE_WARN {
            Finding::ok(check, found)
        } else {
            Finding::warn(check, found, next)
        };
    }
    let next = "look at the log of the node for what fails; it tries again by itself";
    match late {
        late if late >= LATE_FAIL => Finding::fail(check, found, next),
        late if late >= LATE_WARN => Finding::warn(check, found, next),
        _ => Finding::ok(check, found),
    }
}

fn given_up(count: usize, why: Option<&str>) -> Finding {
    let Some(why) = why else {
        return Finding::ok("parked", "no task was given up");
    };
    let found = format!("{count} task(s) were given up; the oldest: {why}");
    let next = "mend the cause, then let them be tried again with OperationsService.RedriveTask";
    Finding::warn("parked", found, next)
}

fn unreadable(check: &'static str, error: &sea_orm::DbErr) -> Finding {
    let next = "the store opens and cannot be read: put it back from a backup, or ask for help";
    Finding::fail(check, error.to_string(), next)
}

fn length(span: Span) -> String {
    let micros = span.micros();
    match micros {
        micros if micros >= 2 * HOUR => format!("{} h", micros / HOUR),
        micros if micros >= 2 * MINUTE => format!("{} min", micros / MINUTE),
        micros => format!("{} s", micros / 1_000_000),
    }
}

#[cfg(test)]
mod tests {
    use super::super::Status;
    use super::*;

    fn now() -> Timestamp {
        Timestamp::parse("2026-06-08T09:30:00+08:00").unwrap()
    }

    #[test]
    fn a_store_from_the_future_means_a_wrong_clock() {
        assert_eq!(clock(None, now()).status, Status::Ok);
        assert_eq!(clock(Some(now() + Span::minutes(1)), now()).status, Status::Ok);
        let wrong = clock(Some(now() + Span::hours(1)), now());
        assert_eq!(wrong.status, Status::Fail);
        assert!(wrong.found.contains("2026-06-08T02:30:00"), "{}", wrong.found);
    }

    #[test]
    fn late_tasks_are_worse_when_somebody_should_be_at_work() {
        let late = |by: Span, in_use| {
            overdue(Some(("choose_centre".to_owned(), now() - by)), 3, now(), in_use).status
        };
        assert_eq!(overdue(None, 0, now(), true).status, Status::Ok);
        assert_eq!(late(Span::from_micros(5_000_000), true), Status::Ok);
        assert_eq!(late(Span::minutes(2), true), Status::Warn);
        assert_eq!(late(Span::hours(2), true), Status::Fail);
        assert_eq!(late(Span::hours(200), false), Status::Warn);
    }

    #[test]
    fn tasks_that_were_given_up_are_told_with_their_reason() {
        assert_eq!(given_up(0, None).status, Status::Ok);
        let parked = given_up(2, Some("no centre covers it"));
        assert_eq!(parked.status, Status::Warn);
        assert!(parked.found.contains("no centre covers it"));
    }
}
