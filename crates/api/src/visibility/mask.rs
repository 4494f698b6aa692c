//! What of a person may be shown to those who do their work without knowing who they are.

use std::fmt;

/// Digits in a row, spaces and dashes between them allowed, that make a telephone number.
const NUMBER_DIGITS_MIN: usize = 7;
/// Digits a number must have to show three in front and four behind.
const SHOWN_DIGITS_MIN: usize = 11;
/// What stands in place of a telephone number in a text.
const TAKEN_OUT: &str = "***";

/// A name with only its first character left: `张*`.
pub fn name(name: &str) -> String {
    let mut characters = name.trim().chars();
    let first = characters.next().map(String::from).unwrap_or_default();
    first + &"*".repeat(characters.count())
}

/// A telephone number with its middle hidden: `138****0001`. Three digits in front and four behind stay;
/// of a number too short for that nothing does. The prefix of mainland China is left out.
pub fn phone(phone: &str) -> String {
    let digits = phone_digits(phone);
    if digits.is_empty() {
        return String::new();
    }
    if digits.len() < SHOWN_DIGITS_MIN {
        // What was masked before is left as it is.
        let is_masked = phone.len() == 11 && phone.get(3..7) == Some("****") && digits.len() == 7;
        return if is_masked { phone.to_owned() } else { "****".to_owned() };
    }
    format!("{}****{}", &digits[..3], &digits[digits.len() - 4..])
}

/// The digits of a number without the prefix of mainland China, so that one number is found however it
/// is written.
pub fn phone_digits(phone: &str) -> String {
    let digits: String = phone.chars().filter(char::is_ascii_digit).collect();
    let mobile = |rest: &&str| rest.len() == 11 && rest.starts_with('1');
    let bare = digits.strip_prefix("0086").or_else(|| digits.strip_prefix("86"));
    bare.filter(mobile).map_or(digits.clone(), str::to_owned)
}

/// A text without telephone numbers: seven digits and more, however they are spaced or written, give
/// way to stars. Numbers reach people by relay and around a visit only.
pub fn without_numbers(text: &str) -> String {
    let mut left = text;
    let mut shown = String::with_capacity(text.len());
    while let Some(begin) = left.find(is_digit) {
        let (before, rest) = left.split_at(begin);
        let joins = |c: char| is_digit(c) || matches!(c, ' ' | '-' | '\u{3000}');
        let run = &rest[..rest.find(|c| !joins(c)).unwrap_or(rest.len())];
        let run = run.trim_end_matches(|c| !is_digit(c));
        let is_number = run.chars().filter(|c| is_digit(*c)).count() >= NUMBER_DIGITS_MIN;
        shown.push_str(before);
        shown.push_str(if is_number { TAKEN_OUT } else { run });
        left = &rest[run.len()..];
    }
    shown + left
}

/// Digits are also written in full width.
fn is_digit(character: char) -> bool {
    character.is_ascii_digit() || ('０'..='９').contains(&character)
}

/// Stands for a personal field where a message is logged.
pub(crate) struct Unsaid(bool);

impl Unsaid {
    /// In place of a field that is empty, or is not.
    pub(crate) fn of<T: Default + PartialEq>(value: &T) -> Self {
        Self(*value == T::default())
    }
}

impl fmt::Debug for Unsaid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(if self.0 { "\"\"" } else { "***" })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_keeps_its_first_character() {
        for (whole, masked) in [
            ("王小明", "王**"),
            ("张三", "张*"),
            (" 欧阳文静", "欧***"),
            ("A", "A"),
            (" ", ""),
            ("", ""),
        ] {
            assert_eq!(name(whole), masked);
        }
    }

    #[test]
    fn a_number_keeps_seven_digits_at_most() {
        for (whole, masked) in [
            ("13800138000", "138****8000"),
            ("+86-138-0013-8000", "138****8000"),
            ("0571-87654321", "057****4321"),
            ("86512233", "****"),
            ("12345", "****"),
            ("138****8000", "138****8000"),
            ("13*****8000", "****"),
            ("", ""),
        ] {
            assert_eq!(phone(whole), masked, "{whole}");
        }
    }

    #[test]
    fn telephone_numbers_are_taken_out_and_others_stay() {
        #[rustfmt::skip]
        let table = [
            ("不制冷，打 13800138000 找我",     "不制冷，打 *** 找我"),
            ("138-0013-8000",                  "***"),
            ("138 0013 8000 or 0571-87654321", "*** or ***"),
            ("１３８ ００１３ ８０００，E12",     "***，E12"),
            ("故障码 E12，3 天，2026-06",       "故障码 E12，3 天，2026-06"),
            ("",                               ""),
            ("9876543",                        "***"),
            ("987654",                         "987654"),
            ("987654 - ",                      "987654 - "),
        ];
        for (text, expected) in table {
            assert_eq!(without_numbers(text), expected);
        }
    }
}
