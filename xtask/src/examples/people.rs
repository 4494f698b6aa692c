//! Invented people: names, phones and street addresses that are valid in form and nobody's.
//!
//! Mobile numbers are `199 0000 nnnn` for customers and `198 0000 nnnn` for technicians, so a reader
//! sees at once that they were made up and no two people share one.

use rand::Rng;
use rand::seq::IndexedRandom;
use rand_chacha::ChaCha8Rng;

use super::places::County;

const SURNAMES: [&str; 40] = [
    "王", "李", "张", "刘", "陈", "杨", "赵", "黄", "周", "吴", "徐", "孙", "胡", "朱", "高", "林",
    "何", "郭", "马", "罗", "梁", "宋", "郑", "谢", "韩", "唐", "冯", "于", "董", "萧", "程", "曹",
    "袁", "邓", "许", "傅", "沈", "曾", "彭", "欧阳",
];

const GIVEN_NAMES: [&str; 48] = [
    "伟", "芳", "娜", "敏", "静", "丽", "强", "磊", "军", "洋", "勇", "艳", "杰", "娟", "涛", "明",
    "超", "霞", "平", "刚", "桂英", "建国", "志强", "秀兰", "海燕", "晓东", "雨欣", "子轩", "梓涵",
    "浩然", "思远", "佳怡", "文博", "雪梅", "国庆", "春华", "立新", "永康", "嘉豪", "若曦", "俊杰",
    "诗琪", "天佑", "婉清", "明轩", "晨曦", "一鸣", "书瑶",
];

const STREETS: [&str; 24] = [
    "人民路",
    "解放路",
    "建设路",
    "文化路",
    "和平路",
    "新华路",
    "学院路",
    "滨河路",
    "育才路",
    "青年路",
    "光明路",
    "胜利路",
    "友谊路",
    "长青路",
    "云栖路",
    "桃源路",
    "梅园路",
    "锦绣路",
    "望湖路",
    "丰收路",
    "幸福路",
    "东风路",
    "振兴路",
    "星海路",
];

/// A surname and a given name.
pub(super) fn name(rng: &mut ChaCha8Rng) -> String {
    format!("{}{}", pick(&SURNAMES, rng), pick(&GIVEN_NAMES, rng))
}

/// The mobile number of the customer with this number, below 10,000.
pub(super) fn customer_phone(number: usize) -> String {
    assert!(number < 10_000, "customer numbers have four digits in a phone");
    format!("1990000{number:04}")
}

/// The mobile number of the technician with this number, below 10,000.
pub(super) fn technician_phone(number: usize) -> String {
    assert!(number < 10_000, "technician numbers have four digits in a phone");
    format!("1980000{number:04}")
}

/// A home in a county, province first as a courier writes it.
pub(super) fn home(county: &County, rng: &mut ChaCha8Rng) -> String {
    let building = rng.random_range(1..=30);
    let entrance = rng.random_range(1..=4);
    let room = 100 * rng.random_range(1..=18) + rng.random_range(1..=4);
    format!("{}{building}幢{entrance}单元{room}室", street(county, rng))
}

/// A house on a street of a county.
pub(super) fn street(county: &County, rng: &mut ChaCha8Rng) -> String {
    // The four municipalities are province and city in one; the name is written once.
    let province = if county.province_zh == county.city_zh { "" } else { county.province_zh };
    let number = rng.random_range(1..=399);
    let street = pick(&STREETS, rng);
    format!("{province}{}{}{street}{number}号", county.city_zh, county.county_zh)
}

fn pick(list: &'static [&'static str], rng: &mut ChaCha8Rng) -> &'static str {
    list.choose(rng).expect("the lists above are not empty")
}
