//! What partners see of offers and work orders.
//!
//! An offer shows the area and what is wrong, with telephone numbers taken out. A live work order shows
//! the street and the masked name as well. Neither shows anything of the customer once it is over: what
//! is not gathered cannot leak. Relay numbers do not exist yet, so no number is ever shown.

mod gather;
mod private;
mod render;

pub use gather::Views;
pub use render::{offer, work_order, work_order_of};
