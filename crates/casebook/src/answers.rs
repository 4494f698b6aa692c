//! Saved answers that are over their time: they are emptied, and whoever repeats the request is told so.
//!
//! The row of the command stays with all that the chain of the audit trail covers: who changed what and when. The trail
//! is walked in the order of its chain, which is that of time, so that nothing has to be searched for.

use parasol_journey::time::Timestamp;
use sea_orm::sea_query::Expr;
use sea_orm::{ColumnTrait, DbErr, EntityTrait, QueryFilter, QueryOrder, QuerySelect};

use crate::audit::entries;
use crate::store::Store;
use crate::tables::{audit_chain, commands};

/// What stands in place of an answer that was emptied. No message is encoded so: its first byte promises a second one
/// of a tag, and none follows.
pub(crate) const EMPTIED: &[u8] = &[0xff];
/// The most stretches of the chain in one pass, of 256 commands at most each.
const STRETCHES_MAX: u64 = 4;

/// How far saved answers are emptied.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Emptied {
    /// How many were.
    pub answers: u64,
    /// The position in the chain up to which they are; where it was when there was nothing to do.
    pub position: i64,
    /// Whether there may be more to do at once.
    pub more: bool,
}

impl Store {
    /// Empties saved answers behind a position of the chain, of a bounded stretch, as far as they were chained before a
    /// time. In one commit.
    ///
    /// # Errors
    /// What the engine says; nothing is emptied then.
    pub async fn empty_answers(&self, after: i64, before: Timestamp) -> Result<Emptied, DbErr> {
        let stretches = audit_chain::Entity::find()
            .filter(audit_chain::Column::First.gt(after))
            .order_by_asc(audit_chain::Column::First)
            .limit(STRETCHES_MAX)
            .all(self.house())
            .await?;
        let is_over = |row: &&audit_chain::Model| row.at < before.micros();
        let over: Vec<_> = stretches.iter().take_while(is_over).collect();
        let Some(last) = over.last() else {
            return Ok(Emptied { position: after, ..Emptied::default() });
        };
        let mut done = Emptied {
            position: last.last,
            more: over.len() as u64 == STRETCHES_MAX,
            ..Emptied::default()
        };
        let transaction = self.writer.begin().await?;
        for stretch in &over {
            let keys = entries(&stretch.entries).map(|(key, _)| key);
            let emptied = commands::Entity::update_many()
                .col_expr(commands::Column::Body, Expr::value(EMPTIED.to_vec()))
                .filter(commands::Column::Key.is_in(keys))
                .filter(commands::Column::Body.ne(Vec::<u8>::new()))
                .filter(commands::Column::Body.ne(EMPTIED.to_vec()));
            done.answers += emptied.exec(&transaction).await?.rows_affected;
        }
        if done.answers > 0 {
            self.note_traces(&transaction).await?;
        }
        transaction.commit().await?;
        Ok(done)
    }
}
