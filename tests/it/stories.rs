//! `parasol demo --once` for every story in both languages: what README promises.

use crate::program::command;

fn plays(story: &str, language: &str) {
    let folder = tempfile::tempdir().expect("a temp folder");
    let output = command("demo", folder.path())
        .args(["--once", "--pace", "0", "--story", story, "--lang", language])
        .output()
        .expect("the program runs");
    let told = String::from_utf8(output.stdout).expect("the timeline is text");
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{story} in {language} failed:\n{told}\n{errors}");
    let (closed, account, turn) = match language {
        "zh" => ("已完成", "各方用时", "厂家"),
        _ => ("Closed", "Whose turn it was", "brand"),
    };
    for expected in [closed, account, turn] {
        assert!(
            told.contains(expected),
            "{story} in {language} does not say {expected:?}:\n{told}"
        );
    }
    assert!(!told.contains("!!"), "the turn account does not add up:\n{told}");
    assert!(told.contains("198****"), "the technician's number is not shown masked:\n{told}");
    assert!(!told.contains("1980000"), "a full number stands in the timeline:\n{told}");
}

macro_rules! stories {
    ($($name:ident: $story:literal,)+) => {$(
        mod $name {
            #[test]
            fn in_chinese() {
                super::plays($story, "zh");
            }

            #[test]
            fn in_english() {
                super::plays($story, "en");
            }
        }
    )+};
}

stories! {
    repair: "repair",
    replace: "replace",
    refund: "refund",
    decline_cascade: "decline-cascade",
    no_show: "no-show",
    dispute: "dispute",
}
