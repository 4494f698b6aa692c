//! The pages of `docs/errors/`, made from the registry so that they cannot say something else.

use std::fmt::Write;

use super::{DOMAIN, Error, Kind, Reason};
use crate::language::Language;

/// The page of a reason, in Markdown: what happened, why, what to do next, in both languages, and
/// what a client sees.
pub fn page(reason: Reason) -> String {
    let (en, zh) = (reason.words(Language::En), reason.words(Language::Zh));
    let waits =
        Error::new(reason).retry_delay().is_some() || reason.kind() == Kind::ResourceExhausted;
    let retry = if waits {
        "yes, with the same request id, after the time in `google.rpc.RetryInfo`"
    } else {
        "no, something has to change first"
    };
    format!(
        "# {code}\n\n\
         gRPC code: `{kind}` · Retry: {retry}\n\n\
         **What happened.** {}\n\n\
         **Why.** {}\n\n\
         **What to do.** {}\n\n\
         ## 中文\n\n\
         **发生了什么。** {}\n\n\
         **原因。** {}\n\n\
         **下一步。** {}\n\n\
         ## What a client sees\n\n\
         The `google.rpc.ErrorInfo` in the details of the status:\n\n\
         ```json\n\
         {{\n  \
         \"@type\": \"type.googleapis.com/google.rpc.ErrorInfo\",\n  \
         \"reason\": \"{code}\",\n  \
         \"domain\": \"{DOMAIN}\",\n  \
         \"metadata\": {metadata}\n\
         }}\n\
         ```\n",
        en.what,
        en.why,
        en.next,
        zh.what,
        zh.why,
        zh.next,
        code = reason.code(),
        kind = reason.kind().name(),
        metadata = example_metadata(reason),
    )
}

/// The page that lists all others.
pub fn index() -> String {
    let mut text = String::from(
        "# Errors\n\n\
         Every error carries a `google.rpc.ErrorInfo` with the domain `parasol` and one of these \
         reasons.\n\
         Made from the registry in `crates/api/src/error/registry.rs`.\n\n\
         | Reason | gRPC code | What happened |\n\
         |---|---|---|\n",
    );
    for reason in Reason::ALL {
        let (code, kind) = (reason.code(), reason.kind().name());
        writeln!(text, "| [{code}]({code}.md) | `{kind}` | {} |", reason.summary())
            .expect("writing into a string cannot fail");
    }
    text
}

/// Metadata as it comes with the reasons that always bring some.
fn example_metadata(reason: Reason) -> &'static str {
    match reason {
        Reason::VersionConflict => r#"{ "current_etag": "\"12\"" }"#,
        Reason::IllegalTransition => {
            r#"{ "asked": "check_in", "stage": "filed", "open": "cancel,remind" }"#
        }
        Reason::CodeWrong => r#"{ "attempts_left": "4" }"#,
        Reason::RemedyNotOffered => r#"{ "offered": "repair,replace" }"#,
        Reason::AuthorityExceeded => r#"{ "limit_fen": "40000" }"#,
        Reason::AmountOutOfRange => r#"{ "most_fen": "394900" }"#,
        _ => "{}",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_are_upper_snake_unique_and_read_back() {
        let mut seen = std::collections::BTreeSet::new();
        for reason in Reason::ALL {
            let code = reason.code();
            let shape = |c: char| c.is_ascii_uppercase() || c.is_ascii_digit() || c == '_';
            assert!(code.chars().all(shape), "{code}");
            assert!(seen.insert(code), "{code} stands twice");
            assert_eq!(Reason::parse(code), Some(*reason));
        }
    }

    #[test]
    fn every_reason_says_all_three_things_in_both_languages() {
        for reason in Reason::ALL {
            for language in [Language::En, Language::Zh] {
                let words = reason.words(language);
                let end = if language == Language::Zh { '。' } else { '.' };
                for sentence in [words.what, words.why, words.next] {
                    assert!(sentence.ends_with(end), "{reason} {language:?}: {sentence}");
                }
            }
            assert!(page(*reason).contains(reason.words(Language::Zh).next));
        }
    }
}
