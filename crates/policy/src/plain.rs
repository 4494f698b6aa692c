//! What a reader of TOML or JSON says is wrong, in the words of whoever writes a pack.
//!
//! The libraries speak to programmers: of types, variants and fields. Whoever edits a row knows words, numbers,
//! texts and lists, and is helped most by the word that was probably meant.

/// Words that are listed when none of them is near; of more, none is.
const LISTED_MAX: usize = 12;
/// How many letters a word may be off to be taken for another.
const OFF_MAX: usize = 2;
/// How many letters of a word tell which one was begun.
const BEGUN_MIN: usize = 3;
/// Marks of Chinese punctuation that look like those of the form and are none.
const LOOKALIKES: [char; 14] =
    ['，', '。', '；', '：', '“', '”', '‘', '’', '（', '）', '【', '】', '＝', '、'];

/// A message of the libraries that read TOML and JSON, in plain words. `line` is the line it is about, where
/// there is one.
pub fn plainly(message: &str, line: Option<&str>) -> String {
    let message = message.replace('\n', ", ");
    // Where it stands is told apart from what it says.
    let message = message.split(" at line ").next().unwrap_or_default().to_owned();
    let said = unknown(&message, "unknown field `", "there is no word")
        .or_else(|| unknown(&message, "unknown variant `", "nothing is called"))
        .or_else(|| missing(&message))
        .or_else(|| wrong_type(&message))
        .or_else(|| special(&message));
    said.unwrap_or_else(|| {
        let stray = line.and_then(|line| outside_texts(line).find(|c| LOOKALIKES.contains(c)));
        match stray {
            Some(stray) => format!(
                "`{stray}` stands outside a text; the form knows only the marks , = \" [ ] {{ }} ({message})"
            ),
            None => message,
        }
    })
}

/// A word that is not known, with the one that was probably meant, or with all there are.
fn unknown(message: &str, start: &str, says: &str) -> Option<String> {
    let mut ticked = message.strip_prefix(start)?.split('`');
    let word = ticked.next()?;
    // Between ticks and outside them by turns.
    let known: Vec<&str> = ticked.skip(1).step_by(2).collect();
    let near = known.iter().min_by_key(|one| strsim::osa_distance(one, word));
    let near = near.filter(|one| {
        let is_begun =
            word.len() >= BEGUN_MIN && (one.starts_with(word) || word.starts_with(**one));
        strsim::osa_distance(one, word) <= OFF_MAX || is_begun
    });
    let help = match near {
        Some(near) => format!("; did you mean `{near}`?"),
        None if (1..=LISTED_MAX).contains(&known.len()) => {
            format!("; there are `{}`", known.join("`, `"))
        }
        None => String::new(),
    };
    Some(format!("{says} `{word}` here{help}"))
}

fn missing(message: &str) -> Option<String> {
    let word = message.strip_prefix("missing field `")?.split('`').next()?;
    Some(format!("`{word}` is missing"))
}

/// Something else than was wanted, both in words.
fn wrong_type(message: &str) -> Option<String> {
    let rest = message
        .strip_prefix("invalid type: ")
        .or_else(|| message.strip_prefix("invalid value: "))?;
    let (found, wanted) = rest.split_once(", expected ")?;
    let found = match found.split_once(' ') {
        Some(("string", text)) => format!("the text {text}"),
        Some(("integer" | "float" | "floating", _)) => {
            format!("the number {}", found.split('`').nth(1).unwrap_or(found))
        }
        Some(("boolean", _)) => found.split('`').nth(1).unwrap_or(found).to_owned(),
        _ if found == "sequence" => "a list".to_owned(),
        _ if found == "map" => "a table".to_owned(),
        _ => found.to_owned(),
    };
    let wanted = match wanted.split(' ').next().unwrap_or(wanted) {
        "u8" | "u16" | "u32" | "u64" | "usize" => "a whole number that is not below 0",
        "i8" | "i16" | "i32" | "i64" | "isize" => "a whole number",
        "a" if wanted.starts_with("a boolean") => "true or false",
        "a" if wanted.starts_with("a string") => "a text in quotation marks",
        "a" if wanted.starts_with("a sequence") => "a list in [ ]",
        "a" if wanted.starts_with("a map") => "a table in { }",
        "struct" => "a table in { }",
        _ => wanted,
    };
    Some(format!("{wanted} is wanted here, not {found}"))
}

fn special(message: &str) -> Option<String> {
    // Of days, as the library that reads them says it.
    let no_day = ["input is out of range", "premature end of input", "input contains invalid"];
    if no_day.iter().any(|start| message.starts_with(start)) {
        return Some(format!("there is no such day; one is written like 2026-01-31 ({message})"));
    }
    (message == "duplicate key").then(|| {
        "the word stands here for the second time; does a line such as [[rule]] lack above it?"
            .to_owned()
    })
}

/// The characters of a line that are in no text and no remark.
fn outside_texts(line: &str) -> impl Iterator<Item = char> {
    let (mut is_inside, mut is_over) = (false, false);
    line.chars().filter(move |c| {
        if *c == '"' {
            is_inside = !is_inside;
        }
        is_over |= *c == '#' && !is_inside;
        !is_inside && !is_over
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_reader_says_is_put_in_plain_words() {
        for (said, plain) in [
            (
                "unknown field `day_max`, expected one of `days_min`, `days_max`, `kind`",
                "there is no word `day_max` here; did you mean `days_max`?",
            ),
            (
                "unknown variant `tea`, expected one of `seller`, `brand`, `carrier`",
                "nothing is called `tea` here; there are `seller`, `brand`, `carrier`",
            ),
            ("unknown field `x`, there are no fields", "there is no word `x` here"),
            ("missing field `say_en`", "`say_en` is missing"),
            (
                "invalid type: string \"8\", expected u32",
                "a whole number that is not below 0 is wanted here, not the text \"8\"",
            ),
            (
                "invalid value: integer `-8`, expected u32",
                "a whole number that is not below 0 is wanted here, not the number -8",
            ),
            (
                "invalid type: integer `1`, expected a boolean",
                "true or false is wanted here, not the number 1",
            ),
            (
                "input is out of range",
                "there is no such day; one is written like 2026-01-31 (input is out of range)",
            ),
            ("invalid basic string, expected `\"`", "invalid basic string, expected `\"`"),
        ] {
            assert_eq!(plainly(said, None), plain);
        }
        let line = "when = { causes = [\"product\"]， days_max = 7 } # ，";
        assert!(plainly("missing comma", Some(line)).starts_with("`，` stands outside a text"));
        let fine = "say_zh = \"您好，请选择。\" # ，";
        assert_eq!(plainly("missing comma", Some(fine)), "missing comma");
    }
}
