//! What can be said about a caught panic.
//!
//! The text is for logs only: it may hold anything, so no caller ever sees it.

use std::any::Any;

/// The message a panic was raised with.
pub(crate) fn panic_text(panic: &(dyn Any + Send)) -> String {
    let text = panic
        .downcast_ref::<&'static str>()
        .copied()
        .or_else(|| panic.downcast_ref::<String>().map(String::as_str));
    format!("panicked: {}", text.unwrap_or("with something that is no text"))
}
