//! An upgrade as `docs/operations.md` tells it: the tables first, beneath processes that go on; then one process after
//! the other, while cases move.
//!
//! There is no earlier release to begin from, so that both releases are played by this one. What the tables of a later
//! release may bring is put beneath it by hand: columns of their own in every table, and tables. What an earlier program
//! makes of a later one's events and messages is not shown here.

use parasol_testkit::Cluster;

use crate::cluster::{ended, play, settings};
use crate::program::program;

/// What a later release may do to tables that an earlier one works on: every table gets a column with a default, and
/// one table is new.
const LATER: &str = "DO $$ DECLARE one text; BEGIN \
FOR one IN SELECT tablename FROM pg_tables WHERE schemaname = 'public' ORDER BY tablename LOOP \
EXECUTE format('ALTER TABLE %I ADD COLUMN of_a_later_release bigint NOT NULL DEFAULT 7', one); COMMIT; \
END LOOP; \
CREATE TABLE later_release (id uuid NOT NULL PRIMARY KEY, body text NOT NULL); \
END $$";
/// Tables that have the column.
const WIDENED: &str =
    "SELECT count(*) FROM information_schema.columns WHERE column_name = 'of_a_later_release'";

#[test]
fn proc_processes_are_replaced_one_by_one_over_wider_tables_while_cases_move() {
    let settings = settings();
    let settings: Vec<_> = settings.iter().map(String::as_str).collect();
    let mut cell = Cluster::start(&program(), 2, &settings).expect("the cell comes up");
    let stories = play(&cell, 0, 24);
    // The tables, beneath those of the old release.
    cell.postgres.query(LATER).expect("the tables are widened");
    let widened: usize = cell.postgres.query(WIDENED).expect("they are counted").parse().unwrap();
    assert!(widened > 100, "{widened} tables were widened");
    // Then the processes. Of the gateways the one that nobody calls: a client of one address has nowhere else to go.
    for role in ["dispatch", "scheduling", "verification", "intake", "tracking"] {
        for nth in 0..2 {
            cell.replace(role, nth, &program()).expect("its successor comes up");
        }
    }
    cell.replace("gateway", 1, &program()).expect("its successor comes up");
    let (cases, closed, said) = ended(stories);
    assert_eq!((cases, closed), (24, 24), "{said}");
    // Whoever comes now meets the new release alone.
    cell.replace("gateway", 0, &program()).expect("its successor comes up");
    let (cases, closed, said) = ended(play(&cell, 0, 1));
    assert_eq!((cases, closed), (1, 1), "{said}");
}
