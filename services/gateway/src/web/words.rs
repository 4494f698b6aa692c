//! Words that all pages share: choosing a language, categories, and what is wrong with a certificate.

use parasol_api::common::v1::Category;
use parasol_api::{Language, Listed as _};

/// One of two texts.
pub(crate) trait Pick {
    /// The one in this language.
    fn pick<T>(self, zh: T, en: T) -> T;
}

impl Pick for Language {
    fn pick<T>(self, zh: T, en: T) -> T {
        match self {
            Self::Zh => zh,
            Self::En => en,
        }
    }
}

/// What a category is called.
pub(crate) fn category(category: Category, language: Language) -> &'static str {
    match parasol_journey::vocab::Category::of_wire(category) {
        Some(category) => {
            let (zh, en) = category.names();
            language.pick(zh, en)
        }
        None => language.pick("家电", "appliance"),
    }
}

/// Why a certificate was refused, by the journey's word for it; an unknown word stays as it is.
pub(crate) fn certificate_fault(word: &str, language: Language) -> &str {
    match word {
        "nameplate_photo_missing" => {
            language.pick("缺少铭牌照片", "there is no photo of the nameplate")
        }
        "inspected_before_visit" => {
            language.pick("检测时间早于上门签到", "inspected before the check-in")
        }
        "inspected_in_future" => language.pick("检测时间在将来", "inspected in the future"),
        "technician_not_assigned" => {
            language.pick("检测人不是派单工程师", "the technician is not the assigned one")
        }
        "contradiction" => {
            language.pick("结论与检测结果矛盾", "the conclusion contradicts the finding")
        }
        "fault_code_missing" => language.pick("有故障但没有故障代码", "a fault without a code"),
        "evidence_hash_invalid" => language.pick("照片指纹无效", "a fingerprint is not valid"),
        "too_much_evidence" => language.pick("照片太多", "too much evidence"),
        "exterior_photo_missing" => {
            language.pick("外观有损伤但没有外观照片", "damage of the outside without a photo of it")
        }
        "evidence_taken_in_future" => {
            language.pick("照片拍摄时间在将来", "a photo was taken in the future")
        }
        "supersedes_not_newest" => {
            language.pick("被替代的检测单不是最新一份", "it replaces one that is not the newest")
        }
        "level_not_due" => language.pick("检测级别不符", "not the level that is due"),
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use parasol_journey::certificate::CertificateFault;

    use super::*;

    #[test]
    fn every_category_and_fault_has_words() {
        for number in 1..=9 {
            let one = Category::try_from(number).unwrap();
            assert_ne!(category(one, Language::Zh), category(one, Language::En));
        }
        assert!(Category::try_from(10).is_err(), "a category without words");
        for fault in CertificateFault::ALL {
            let zh = certificate_fault(fault.as_str(), Language::Zh);
            assert_ne!(zh, fault.as_str(), "{fault} has no words");
        }
    }
}
