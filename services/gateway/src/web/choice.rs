//! Lists that forms offer: what a browser sends, the contract's number, and what a person reads.

use parasol_api::common::v1::EvidenceKind;
use parasol_api::{Error, Language, Reason};

use super::words::Pick as _;

/// One choice of a list.
pub(crate) struct Choice {
    /// What the form sends.
    pub value: &'static str,
    /// What the contract calls it.
    pub number: i32,
    /// What a person reads in Chinese.
    pub zh: &'static str,
    /// What a person reads in English.
    pub en: &'static str,
}

impl Choice {
    /// What a person reads.
    pub(crate) fn label(&self, language: Language) -> &'static str {
        language.pick(self.zh, self.en)
    }
}

/// The number of what was chosen; 0, which every method refuses, where nothing was.
///
/// # Errors
/// `FIELD_INVALID` for what the list does not hold.
pub(crate) fn number(list: &[Choice], field: &str, value: &str) -> Result<i32, Error> {
    if value.is_empty() {
        return Ok(0);
    }
    let chosen = list.iter().find(|choice| choice.value == value);
    let chosen = chosen.map(|choice| choice.number);
    chosen.ok_or_else(|| Error::field(field, Reason::FieldInvalid, "one of the list"))
}

/// Lists of choices, each with a test that it holds what the contract knows and no more.
macro_rules! lists {
    ($($(#[$doc:meta])* $list:ident: $kind:ident {
        $($variant:ident $value:literal $zh:literal $en:literal;)+
    })+) => {
        $(
            $(#[$doc])*
            pub(crate) const $list: &[$crate::web::choice::Choice] = &[
                $($crate::web::choice::Choice {
                    value: $value,
                    number: $kind::$variant as i32,
                    zh: $zh,
                    en: $en,
                },)+
            ];
        )+

        #[cfg(test)]
        #[test]
        fn every_list_holds_what_the_contract_knows_and_no_more() {
            $($crate::web::choice::is_whole(stringify!($list), $list, |number| {
                $kind::try_from(number).is_ok()
            });)+
        }
    };
}
pub(crate) use lists;

/// A list holds every number that the contract knows, and no value twice.
#[cfg(test)]
pub(crate) fn is_whole(name: &str, list: &[Choice], known: fn(i32) -> bool) {
    use std::collections::BTreeSet;
    let numbers: BTreeSet<_> = list.iter().map(|choice| choice.number).collect();
    let contract: BTreeSet<_> = (1..100).filter(|number| known(*number)).collect();
    assert_eq!(numbers, contract, "{name}");
    let values: BTreeSet<_> = list.iter().map(|choice| choice.value).collect();
    assert_eq!(values.len(), list.len(), "{name}: a value stands twice");
}

lists! {
    /// What a photo shows.
    EVIDENCE: EvidenceKind {
        Nameplate "nameplate" "铭牌" "Nameplate";
        Exterior "exterior" "外观" "Outside";
        Fault "fault" "故障" "Fault";
        Video "video" "视频" "Film";
        Measurement "measurement" "测量值" "Measurement";
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_chosen_is_nothing_and_nonsense_is_refused() {
        assert_eq!(number(EVIDENCE, "photo", "").unwrap(), 0);
        assert_eq!(number(EVIDENCE, "photo", "fault").unwrap(), EvidenceKind::Fault as i32);
        let error = number(EVIDENCE, "photo", "<x>").unwrap_err();
        assert_eq!(error.violations()[0].field, "photo");
    }
}
