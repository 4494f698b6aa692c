//! The journey of a case, as pure functions: which entry may follow which, whose turn it is, what
//! must happen by when.
//!
//! Owns the case's states, commands, events, the turn clock, deadlines and calendars. It reads no
//! clock, makes no id, draws no random number and does no I/O: all of that is handed in, so the same
//! inputs give the same bytes for ever.

pub mod actor;
pub mod asked;
pub mod calendar;
pub mod case;
pub mod certificate;
pub mod command;
pub mod deadline;
mod decide;
pub mod event;
mod fact;
mod fold;
pub mod gift;
pub mod ids;
mod payout;
pub mod pinned;
pub mod promise;
pub mod proposal;
mod rejection;
pub mod repairs;
pub mod stage;
mod subject;
pub mod survey;
pub mod table;
pub mod task;
pub mod time;
pub mod turn;
pub mod vocab;

pub use actor::{Actor, ActorKind};
pub use case::Case;
pub use command::{Command, Verb};
pub use decide::{Ctx, Decided, decide, file};
pub use event::{Event, Fact};
pub use rejection::Rejection;
pub use stage::Stage;
pub use task::{Obligation, Task};
