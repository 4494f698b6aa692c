//! The limits that the contract states in its comments, as numbers.

/// Characters in a customer's or technician's longer text: descriptions, findings, reasons of a
/// dispute.
pub const LONG_TEXT_MAX: usize = 2_000;
/// Characters in what the customer said, on a certificate.
pub const STATEMENT_MAX: usize = 1_000;
/// Characters in a remark or a short reason.
pub const REMARK_MAX: usize = 500;
/// Characters in a street, house and door.
pub const STREET_MAX: usize = 300;
/// Characters in a display name of a centre, a part or a stock keeping unit.
pub const NAME_MAX: usize = 100;
/// Characters in a person's or a brand's name, or a carrier's.
pub const SHORT_NAME_MAX: usize = 60;
/// Characters in a code such as a fault code or a symptom.
pub const CODE_MAX: usize = 40;
/// Characters in a number others gave: a partner's order, a shipment, a licence, a model.
pub const FOREIGN_NUMBER_MAX: usize = 64;
/// Characters in a telephone number.
pub const PHONE_MAX: usize = 20;
/// Pieces of evidence in one message.
pub const EVIDENCE_MAX: usize = 50;
/// Gifts of an order line, and of those that did not come along with a unit.
pub const GIFTS_MAX: usize = 20;
/// Part lines in one message.
pub const PARTS_MAX: usize = 50;
/// Bytes of what a device has kept, in one call.
pub const SYNC_BYTES_MAX: usize = 1024 * 1024;
/// Items in a call that takes many.
pub const BATCH_MAX: usize = 100;
/// Times a customer may wish for.
pub const PREFERRED_WINDOWS_MAX: usize = 5;
/// Rows in one import call.
pub const IMPORT_ROWS_MAX: usize = 20_000;
/// Bytes of all rows of an import call together.
pub const IMPORT_BYTES_MAX: usize = 64 * 1024 * 1024;
/// Bytes in one row of an import.
pub const IMPORT_ROW_BYTES_MAX: usize = 64 * 1024;
/// Characters in the address of a webhook.
pub const URL_MAX: usize = 500;
/// Rows on a page when the caller does not say.
pub const PAGE_SIZE_DEFAULT: usize = 50;
/// Rows on a page at most.
pub const PAGE_SIZE_MAX: usize = 200;
/// Seconds between bookmarks on a quiet stream.
pub const BOOKMARK_EVERY_SECONDS: u64 = 15;
