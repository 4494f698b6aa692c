//! What a query within a scope may see: policies of tables, and the words that a query begins with.

use std::sync::LazyLock;

use sea_orm::{ConnectionTrait, DbErr};

use crate::scope::{HIDDEN, READERS, SEEN_BY};

/// Makes the role and lets us take it on, then lets it see of each table the rows of its reader's cases, or of one
/// case. A table that has the policy is left alone, so that nothing is locked where there is nothing to do.
static GUARD: LazyLock<String> = LazyLock::new(|| {
    let hidden: Vec<_> = HIDDEN.iter().map(|table| format!("'{table}'")).collect();
    include_str!("guard.sql")
        .replace("{role}", SEEN_BY)
        .replace("{readers}", READERS)
        .replace("{hidden}", &hidden.join(", "))
});

/// Guards every table that is not guarded yet.
pub(in crate::dialect) async fn guard(connection: &impl ConnectionTrait) -> Result<(), DbErr> {
    connection.execute_unprepared(&GUARD).await.map(|_| ())
}

/// The first words of a transaction that sees no more than a reader's cases, or one; after those that its connection
/// begins every transaction with, if there are any.
pub(super) fn begin(first: Option<&str>, (reader, case): (&str, String)) -> String {
    let begin = first.unwrap_or("BEGIN READ ONLY");
    let reader = reader.replace('\'', "''");
    format!(
        "{begin}; SET LOCAL ROLE {SEEN_BY}; SET LOCAL parasol.reader = '{reader}'; \
         SET LOCAL parasol.case_id = '{case}'"
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reader_cannot_say_more_than_who_it_is() {
        let words = begin(None, ("brand:o'neill'; RESET ROLE; --", String::new()));
        assert_eq!(
            words,
            "BEGIN READ ONLY; SET LOCAL ROLE parasol_seen_by; \
             SET LOCAL parasol.reader = 'brand:o''neill''; RESET ROLE; --'; \
             SET LOCAL parasol.case_id = ''"
        );
    }
}
