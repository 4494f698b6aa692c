//! What can be wrong with a unit: coded, in words, and with a drawing (see [`picture`](crate::customer::picture)).

use parasol_api::{Language, Listed as _};
use parasol_journey::vocab::Category;

use crate::web::words::Pick as _;

/// The code of what no other code says.
pub(in crate::customer) const OTHER: &str = "other";

/// A symptom.
pub(in crate::customer) struct Symptom {
    /// Its code.
    pub code: &'static str,
    /// What a customer says in Chinese.
    pub zh: &'static str,
    /// The same in English.
    pub en: &'static str,
    of: &'static [Category],
}

impl Symptom {
    /// What a customer says.
    pub(in crate::customer) fn label(&self, language: Language) -> &'static str {
        language.pick(self.zh, self.en)
    }
}

use Category::{
    AirConditioner, Fan, Microwave, RangeHood, Refrigerator, Television, Vacuum, WashingMachine,
    WaterHeater,
};

const fn s(
    code: &'static str,
    zh: &'static str,
    en: &'static str,
    of: &'static [Category],
) -> Symptom {
    Symptom { code, zh, en, of }
}

/// Every symptom; those of a category come in this order.
#[rustfmt::skip]
const SYMPTOMS: &[Symptom] = &[
    s("not_cooling",     "不制冷",         "Does not cool",      &[Refrigerator, AirConditioner]),
    s("not_heating",     "不加热",         "Does not heat",      &[WaterHeater, Microwave]),
    s("not_starting",    "不启动",         "Does not start",     Category::ALL),
    s("leaking",         "漏水",           "Leaks",              &[Refrigerator, WashingMachine, AirConditioner, WaterHeater]),
    s("noisy",           "声音很大",       "Loud or rattling",   &[Refrigerator, WashingMachine, AirConditioner, RangeHood, Fan, Vacuum]),
    s("not_spinning",    "不脱水",         "Does not spin",      &[WashingMachine]),
    s("no_picture",      "没有图像",       "No picture",         &[Television]),
    s("lines_on_screen", "屏幕有线或花屏", "Lines on the screen", &[Television]),
    s("restarting",      "自动重启",       "Restarts by itself", &[Television]),
    s("tripping",        "跳闸",           "Trips the breaker",  &[WaterHeater, AirConditioner]),
    s("weak_suction",    "吸力弱",         "Weak suction",       &[RangeHood, Vacuum]),
    s("sparking",        "打火",           "Sparks",             &[Microwave]),
    s("not_charging",    "充不上电",       "Does not charge",    &[Vacuum]),
    s("damaged",         "外观破损",       "Broken or dented",   Category::ALL),
    s(OTHER,             "其他问题",       "Something else",     Category::ALL),
];

/// The symptoms of a category, as the contract numbers it.
pub(in crate::customer) fn of(category: i32) -> impl Iterator<Item = &'static Symptom> {
    let known = Category::of_number(category);
    SYMPTOMS.iter().filter(move |one| known.is_some_and(|known| one.of.contains(&known)))
}

/// The symptom with this code.
pub(in crate::customer) fn named(code: &str) -> Option<&'static Symptom> {
    SYMPTOMS.iter().find(|one| one.code == code)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_category_has_a_few_and_something_else() {
        for category in Category::ALL {
            let codes: Vec<_> = of(category.number()).map(|one| one.code).collect();
            assert!((4..=8).contains(&codes.len()), "{category}: {codes:?}");
            assert_eq!(codes.last(), Some(&OTHER));
        }
        assert_eq!(of(0).count(), 0);
        let unnamed = crate::customer::picture::symptom("nothing of ours").into_string();
        for one in SYMPTOMS.iter().filter(|one| one.code != OTHER) {
            let drawn = crate::customer::picture::symptom(one.code).into_string();
            assert_ne!(drawn, unnamed, "{} has no drawing", one.code);
        }
    }
}
