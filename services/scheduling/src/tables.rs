//! This service's tables. Taken half hours and appointments follow from the log alone: only the
//! projection writes them.

use sea_orm::{ColumnTrait as _, Condition};

/// Half hours of technicians that are taken; the key is what makes an overlap impossible.
pub mod slot_cells {
    use sea_orm::entity::prelude::*;

    /// A row.
    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "slot_cells")]
    pub struct Model {
        /// Whose time.
        #[sea_orm(primary_key, auto_increment = false, column_type = "Text")]
        pub technician: String,
        /// Which half hour, see [`crate::cells`].
        #[sea_orm(primary_key, auto_increment = false)]
        pub cell: i64,
        /// The case that took it.
        pub case_id: Uuid,
        /// The hold or visit it was taken for.
        pub appointment: Uuid,
    }

    /// No relations: nothing is joined.
    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
}

/// Which late reports belong to which case; what they say lies in the vault.
pub mod late_actions {
    use sea_orm::entity::prelude::*;

    /// A row.
    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "late_actions")]
    pub struct Model {
        /// The case.
        #[sea_orm(primary_key, auto_increment = false)]
        pub case_id: Uuid,
        /// What the words lie under.
        #[sea_orm(primary_key, auto_increment = false)]
        pub words: Uuid,
    }

    /// No relations: rows are joined by whoever reads them.
    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
}

/// Every hold and visit there ever was, as it stands or ended.
pub mod appointments {
    use sea_orm::entity::prelude::*;

    /// A row.
    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "appointments")]
    pub struct Model {
        /// The appointment.
        #[sea_orm(primary_key, auto_increment = false)]
        pub appointment: Uuid,
        /// Its case.
        pub case_id: Uuid,
        /// Whose time.
        #[sea_orm(column_type = "Text")]
        pub technician: String,
        /// Whose time as well, where the work needs two at once; else empty.
        #[sea_orm(column_type = "Text")]
        pub helper: String,
        /// The centre that had the work order.
        #[sea_orm(column_type = "Text")]
        pub centre: String,
        /// The window's first microsecond.
        pub window_start: i64,
        /// The window's end in microseconds, exclusive.
        pub window_end: i64,
        /// What became of it, see [`super::State`].
        #[sea_orm(column_type = "Text")]
        pub state: String,
        /// The version of the case that wrote this row.
        pub version: i64,
        /// When that was.
        pub changed_at: i64,
        /// What is worked on; empty in rows of before it was kept.
        #[sea_orm(column_type = "Text")]
        pub category: String,
    }

    /// No relations: nothing is joined.
    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
}

/// Visits whose relay number has to be looked at: by the projection when a visit is new, moved or gone, and
/// by the exchange for the time when a number is given back.
pub mod relay_notes {
    use sea_orm::entity::prelude::*;

    /// A row.
    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "relay_notes")]
    pub struct Model {
        /// The visit.
        #[sea_orm(primary_key, auto_increment = false)]
        pub appointment: Uuid,
        /// The version of the case that noted it, so that a later note is another row.
        #[sea_orm(primary_key, auto_increment = false)]
        pub version: i64,
        /// Its case.
        pub case_id: Uuid,
        /// When to look.
        pub due: i64,
    }

    /// No relations: nothing is joined.
    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
}

/// The links to technicians' calendars that open something.
pub mod calendar_links {
    use sea_orm::entity::prelude::*;

    /// A row.
    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "calendar_links")]
    pub struct Model {
        /// The link.
        #[sea_orm(primary_key, auto_increment = false)]
        pub link: Uuid,
        /// Whose calendar it opens.
        #[sea_orm(column_type = "Text")]
        pub technician: String,
        /// When it was made.
        pub created_at: i64,
    }

    /// No relations: nothing is joined.
    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
}

/// The relay numbers that are lent; a row goes when its number is given back.
pub mod relay_numbers {
    use sea_orm::entity::prelude::*;

    /// A row.
    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "relay_numbers")]
    pub struct Model {
        /// The visit.
        #[sea_orm(primary_key, auto_increment = false)]
        pub appointment: Uuid,
        /// Its case.
        pub case_id: Uuid,
        /// The technician it is bound for.
        #[sea_orm(column_type = "Text")]
        pub technician: String,
        /// The number that is dialled.
        #[sea_orm(column_type = "Text")]
        pub number: String,
        /// What the provider knows it by.
        #[sea_orm(column_type = "Text")]
        pub binding: String,
        /// When it is given back.
        pub until: i64,
    }

    /// No relations: nothing is joined.
    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
}

/// The forms of inspections that operators published; a row never changes.
pub mod checklists {
    use sea_orm::entity::prelude::*;

    /// A row.
    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "checklists")]
    pub struct Model {
        /// Its name with its version.
        #[sea_orm(primary_key, auto_increment = false, column_type = "Text")]
        pub checklist: String,
        /// The category it is for.
        #[sea_orm(column_type = "Text")]
        pub category: String,
        /// When it was published.
        pub published_at: i64,
        /// The message [`parasol_api::common::v1::Checklist`].
        #[sea_orm(column_type = "Blob")]
        pub body: Vec<u8>,
    }

    /// No relations: nothing is joined.
    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
}

/// What was filled with a certificate, without its free texts, which are in the vault.
pub mod filled_checklists {
    use sea_orm::entity::prelude::*;

    /// A row.
    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "filled_checklists")]
    pub struct Model {
        /// The certificate it came with.
        #[sea_orm(primary_key, auto_increment = false)]
        pub certificate: Uuid,
        /// Its case.
        pub case_id: Uuid,
        /// The form that was filled.
        #[sea_orm(column_type = "Text")]
        pub checklist: String,
        /// When it came in.
        pub filled_at: i64,
        /// The message [`parasol_api::common::v1::FilledChecklist`].
        #[sea_orm(column_type = "Blob")]
        pub body: Vec<u8>,
    }

    /// No relations: nothing is joined.
    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
}

/// Day plans that were made.
pub mod day_plans {
    use sea_orm::entity::prelude::*;

    /// A row.
    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "day_plans")]
    pub struct Model {
        /// The plan.
        #[sea_orm(primary_key, auto_increment = false)]
        pub plan: Uuid,
        /// Its centre.
        #[sea_orm(column_type = "Text")]
        pub centre: String,
        /// When it was made.
        pub made_at: i64,
        /// The plan as the wire has it.
        pub body: Vec<u8>,
    }

    /// No relations: nothing is joined.
    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
}

/// What became of an appointment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum State {
    /// A slot kept for a while.
    Held,
    /// A visit both sides agreed.
    Confirmed,
    /// The technician is on the way.
    EnRoute,
    /// The technician is at the door or at work.
    InProgress,
    /// The technician's work is done.
    Completed,
    /// Nobody came, or nobody opened.
    NoShow,
    /// The hold went free without a visit.
    Released,
    /// The visit was called off: by the customer, or because the work order went elsewhere.
    Cancelled,
    /// The technician could not finish.
    Unable,
    /// The customer called it off with the technician at the door: the visit was made.
    TurnedAway,
}

impl State {
    /// The states in which a visit stands on the technician's day.
    pub const ON_THE_DAY: [Self; 4] =
        [Self::Confirmed, Self::EnRoute, Self::InProgress, Self::Completed];

    /// Every state.
    pub const ALL: [Self; 10] = [
        Self::Held,
        Self::Confirmed,
        Self::EnRoute,
        Self::InProgress,
        Self::Completed,
        Self::NoShow,
        Self::Released,
        Self::Cancelled,
        Self::Unable,
        Self::TurnedAway,
    ];

    /// The text form.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Held => "held",
            Self::Confirmed => "confirmed",
            Self::EnRoute => "en_route",
            Self::InProgress => "in_progress",
            Self::Completed => "completed",
            Self::NoShow => "no_show",
            Self::Released => "released",
            Self::Cancelled => "cancelled",
            Self::Unable => "unable",
            Self::TurnedAway => "turned_away",
        }
    }

    /// The state with this text form.
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|state| state.as_str() == text)
    }

    /// Whether the appointment is over without its visit having been carried out; it never comes
    /// back to life.
    pub const fn is_called_off(self) -> bool {
        matches!(
            self,
            Self::NoShow | Self::Released | Self::Cancelled | Self::Unable | Self::TurnedAway
        )
    }
}

/// The appointments a technician comes to, alone, with somebody or along with somebody.
pub fn come_to(technician: &str) -> Condition {
    use appointments::Column;
    Condition::any().add(Column::Technician.eq(technician)).add(Column::Helper.eq(technician))
}

impl appointments::Model {
    /// The version of the case that wrote this row.
    pub fn case_version(&self) -> u64 {
        u64::try_from(self.version).unwrap_or_default()
    }

    /// Whether later steps of its case change nothing of what is shown of it.
    pub fn is_at_rest(&self) -> bool {
        !matches!(
            State::parse(&self.state),
            Some(State::Confirmed | State::EnRoute | State::InProgress)
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn states_read_what_they_print() {
        for state in State::ALL {
            assert_eq!(State::parse(state.as_str()), Some(state));
        }
        assert_eq!(State::parse("lost"), None);
    }
}
