//! Personal data out of the vault, and what of it may be shown.

use parasol_journey::event::Window;
use serde::Deserialize;

/// Digits in a row, spaces and dashes between them allowed, that make a telephone number.
const NUMBER_DIGITS_MIN: usize = 7;
/// What stands in place of a telephone number.
const TAKEN_OUT: &str = "***";

/// What the customer wrote when filing; kind `filing` in the vault.
#[derive(Clone, Default, Deserialize)]
#[serde(default)]
pub struct Filed {
    /// What is wrong, in the customer's words.
    pub description: String,
    /// The model, if it was known.
    pub model: String,
    /// Where the unit stands, if not at the customer's address.
    pub address: Option<Address>,
    /// Times that suit.
    pub preferred_windows: Vec<Window>,
}

/// An address as a filing keeps it; its county is the case's.
#[derive(Clone, Deserialize)]
pub struct Address {
    /// Street, house and door.
    pub street: String,
}

/// Who the customer is; kind `customer` in the vault.
#[derive(Clone, Default, Deserialize)]
#[serde(default)]
pub struct Customer {
    /// The name.
    pub name: String,
    /// Street, house and door.
    pub address: String,
}

/// A name with only its first character left: `王**`.
pub fn masked_name(name: &str) -> String {
    let mut characters = name.trim().chars();
    match characters.next() {
        Some(first) => format!("{first}{}", "*".repeat(characters.count())),
        None => String::new(),
    }
}

/// A text without telephone numbers.
pub fn without_numbers(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut run = String::new();
    for character in text.chars() {
        let continues = !run.is_empty() && matches!(character, '-' | ' ' | '\u{3000}');
        if is_digit(character) || continues {
            run.push(character);
        } else {
            flush(&mut run, &mut out);
            out.push(character);
        }
    }
    flush(&mut run, &mut out);
    out
}

/// Digits are also written in full width.
fn is_digit(character: char) -> bool {
    character.is_ascii_digit() || ('０'..='９').contains(&character)
}

fn flush(run: &mut String, out: &mut String) {
    let digits = run.chars().filter(|character| is_digit(*character)).count();
    if digits >= NUMBER_DIGITS_MIN {
        let body = run.trim_end_matches(|character| !is_digit(character)).len();
        out.push_str(TAKEN_OUT);
        out.push_str(&run[body..]);
    } else {
        out.push_str(run);
    }
    run.clear();
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_keeps_its_first_character() {
        for (name, masked) in
            [("王小明", "王**"), ("李四", "李*"), ("欧阳文静", "欧***"), ("A", "A"), (" ", "")]
        {
            assert_eq!(masked_name(name), masked);
        }
    }

    #[test]
    fn telephone_numbers_are_taken_out_and_others_stay() {
        #[rustfmt::skip]
        let table = [
            ("不制冷，打 13800138000 找我",     "不制冷，打 *** 找我"),
            ("138-0013-8000",                  "***"),
            ("138 0013 8000 or 0571-87654321", "*** or ***"),
            ("１３８００１３８０００",            "***"),
            ("故障码 E12，3 天，2026-06",       "故障码 E12，3 天，2026-06"),
            ("",                               ""),
            ("9876543",                        "***"),
            ("987654",                         "987654"),
        ];
        for (text, expected) in table {
            assert_eq!(without_numbers(text), expected);
        }
    }

    #[test]
    fn what_intake_wrote_is_read_whatever_is_missing() {
        let filed: Filed = serde_json::from_str("{}").unwrap();
        assert!(filed.description.is_empty() && filed.address.is_none());
        let json = r#"{"description":"x","address":{"county":"330106","street":"y 1"},
            "preferred_windows":[{"start":1,"end":2}],"more":true}"#;
        let filed: Filed = serde_json::from_str(json).unwrap();
        assert_eq!(filed.address.unwrap().street, "y 1");
        assert_eq!(filed.preferred_windows.len(), 1);
    }
}
