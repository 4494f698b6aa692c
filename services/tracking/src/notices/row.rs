//! Notices as rows.

use parasol_casebook::{RowOp, Store};
use parasol_journey::ids::{CaseId, CustomerId};
use parasol_journey::time::Timestamp;
use parasol_journey::vocab::Channel;
use sea_orm::ActiveValue::Set;
use sea_orm::{ColumnTrait, DbErr, EntityTrait, Order, QueryFilter, QueryOrder, QuerySelect};
use uuid::Uuid;

use super::NoticeId;
use super::course::{Notice, State};
use super::plan::Template;
use super::tables::notices::{ActiveModel, Column, Entity, Model};

impl Notice {
    /// Its row.
    pub fn row(&self) -> RowOp {
        let tried: Vec<_> = self.tried.iter().map(|one| one.as_str()).collect();
        RowOp::put(ActiveModel {
            notice: Set(self.id.0),
            case_id: Set(self.case.uuid()),
            seq: Set(i64::try_from(self.seq).unwrap_or(i64::MAX)),
            template: Set(self.template.as_str().to_owned()),
            customer: Set(self.customer.uuid()),
            state: Set(self.state.as_str().to_owned()),
            channel: Set(self.channel.map_or("", Channel::as_str).to_owned()),
            tried: Set(tried.join(",")),
            attempts: Set(self.attempts),
            asks: Set(self.asks),
            due: Set(self.due.map_or(0, |due| due.micros().max(1))),
            planned_at: Set(self.planned_at.micros()),
            sent_at: Set(self.sent_at.map_or(0, Timestamp::micros)),
            changed_at: Set(self.changed_at.micros()),
            reason: Set(self.reason.clone()),
            merged_into: Set(self.merged_into.map_or(Uuid::nil(), |id| id.0)),
        })
    }

    fn read(row: Model) -> Result<Self, DbErr> {
        let unreadable = || DbErr::Custom(format!("notice {} cannot be read", row.notice));
        let some = |micros: i64| (micros != 0).then(|| Timestamp::from_micros(micros));
        let channels = row.tried.split(',').filter(|one| !one.is_empty());
        let tried: Option<Vec<_>> = channels.map(Channel::parse).collect();
        let channel = match row.channel.as_str() {
            "" => None,
            text => Some(Channel::parse(text).ok_or_else(unreadable)?),
        };
        Ok(Self {
            id: NoticeId(row.notice),
            case: CaseId::new(row.case_id),
            seq: u64::try_from(row.seq).map_err(|_| unreadable())?,
            template: Template::parse(&row.template).ok_or_else(unreadable)?,
            customer: CustomerId::new(row.customer),
            state: State::parse(&row.state).ok_or_else(unreadable)?,
            channel,
            tried: tried.ok_or_else(unreadable)?,
            attempts: row.attempts,
            asks: row.asks,
            due: some(row.due),
            planned_at: Timestamp::from_micros(row.planned_at),
            sent_at: some(row.sent_at),
            changed_at: Timestamp::from_micros(row.changed_at),
            reason: row.reason.clone(),
            merged_into: (!row.merged_into.is_nil()).then_some(NoticeId(row.merged_into)),
        })
    }

    /// Those that are due, the longest due first.
    ///
    /// # Errors
    /// What the store says, or that a row cannot be read.
    pub async fn due(store: &Store, now: Timestamp, limit: u64) -> Result<Vec<Self>, DbErr> {
        let rows = Entity::find()
            .filter(Column::Due.gt(0))
            .filter(Column::Due.lte(now.micros()))
            .order_by(Column::Due, Order::Asc)
            .order_by(Column::Notice, Order::Asc)
            .limit(limit);
        read_all(rows.all(store.reader()).await?)
    }

    /// Some by their ids; unknown ones are left out.
    ///
    /// # Errors
    /// As [`Notice::due`].
    pub async fn find_all(
        store: &Store,
        ids: impl IntoIterator<Item = Uuid>,
    ) -> Result<Vec<Self>, DbErr> {
        let rows = Entity::find().filter(Column::Notice.is_in(ids));
        read_all(rows.all(store.reader()).await?)
    }

    /// Those that are told along with one of these. They are of the same customers.
    ///
    /// # Errors
    /// As [`Notice::due`].
    pub async fn told_along(store: &Store, leaders: &[&Self]) -> Result<Vec<Self>, DbErr> {
        if leaders.is_empty() {
            return Ok(Vec::new());
        }
        let rows = Entity::find()
            .filter(Column::Customer.is_in(leaders.iter().map(|one| one.customer.uuid())))
            .filter(Column::SentAt.eq(0))
            .filter(Column::MergedInto.is_in(leaders.iter().map(|one| one.id.0)))
            .order_by(Column::PlannedAt, Order::Asc);
        read_all(rows.all(store.reader()).await?)
    }

    /// Those of a case, the newest first.
    ///
    /// # Errors
    /// As [`Notice::due`].
    pub async fn of_case(store: &Store, case: CaseId, limit: u64) -> Result<Vec<Self>, DbErr> {
        let rows = Entity::find()
            .filter(Column::CaseId.eq(case.uuid()))
            .order_by(Column::PlannedAt, Order::Desc)
            .order_by(Column::Seq, Order::Desc)
            .limit(limit);
        read_all(rows.all(store.reader()).await?)
    }

    /// Those that have come to nothing, in the order of their ids, after one.
    ///
    /// # Errors
    /// As [`Notice::due`].
    pub async fn given_up(
        store: &Store,
        after: Option<Uuid>,
        limit: u64,
    ) -> Result<Vec<Self>, DbErr> {
        // What a channel took on and never heard of again is no failure that anybody could mend.
        let ended = [State::Failed, State::Unknown].map(State::as_str);
        let rows = Entity::find()
            .filter(Column::State.is_in(ended))
            .filter(Column::Due.eq(0))
            .filter(Column::Notice.gt(after.unwrap_or(Uuid::nil())))
            .order_by(Column::Notice, Order::Asc)
            .limit(limit);
        read_all(rows.all(store.reader()).await?)
    }

    /// How many were handed to a channel for each of these customers since an instant.
    ///
    /// # Errors
    /// What the store says.
    pub async fn sent_since(
        store: &Store,
        customers: Vec<Uuid>,
        since: Timestamp,
    ) -> Result<Vec<(Uuid, i64)>, DbErr> {
        Entity::find()
            .select_only()
            .column(Column::Customer)
            .column_as(Column::Notice.count(), "sent")
            .filter(Column::Customer.is_in(customers))
            .filter(Column::SentAt.gte(since.micros().max(1)))
            .group_by(Column::Customer)
            .into_tuple()
            .all(store.reader())
            .await
    }
}

fn read_all(rows: Vec<Model>) -> Result<Vec<Notice>, DbErr> {
    rows.into_iter().map(Notice::read).collect()
}
