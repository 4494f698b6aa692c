//! The fictitious brands, what they make, where they sell it, and what goes wrong with it.

use anyhow::{Context, Result, bail, ensure};

/// A category, in the word the product uses for it; a test compares the words with the product's.
pub(super) type Category = &'static str;
/// 冰箱
const REFRIGERATOR: Category = "refrigerator";
/// 洗衣机
const WASHING_MACHINE: Category = "washing_machine";
/// 空调
pub(super) const AIR_CONDITIONER: Category = "air_conditioner";
/// 平板电视
const TELEVISION: Category = "television";
/// 热水器
pub(super) const WATER_HEATER: Category = "water_heater";
/// 油烟机
pub(super) const RANGE_HOOD: Category = "range_hood";
/// 微波炉
const MICROWAVE: Category = "microwave";
/// 吸尘器
const VACUUM: Category = "vacuum";
/// 电风扇
const FAN: Category = "fan";

/// One fictitious brand.
pub(super) struct Maker {
    pub id: &'static str,
    pub name_zh: &'static str,
    pub name_en: &'static str,
    pub mode: &'static str,
    pub hotline: &'static str,
    pub categories: &'static [Category],
    /// Cities with centres, by the first four digits of the county codes. Orders of the brand come
    /// from these cities only.
    pub cities: &'static [&'static str],
    /// Centres per city. The first two cover the whole city; a third covers a part of it.
    pub centres_per_city: usize,
}

/// The brands, the widest network first.
pub(super) static MAKERS: [Maker; 5] = [
    Maker {
        id: "aurora",
        name_zh: "朔光",
        name_en: "Aurora",
        mode: "api",
        hotline: "400-000-0101",
        categories: &[REFRIGERATOR, WASHING_MACHINE, AIR_CONDITIONER],
        cities: &[
            "3301", "3302", "3701", "3702", "1101", "3101", "3201", "3205", "4201", "4401", "4403",
            "5101",
        ],
        centres_per_city: 3,
    },
    Maker {
        id: "hanlu",
        name_zh: "寒麓",
        name_en: "Hanlu",
        mode: "api",
        hotline: "400-000-0102",
        categories: &[AIR_CONDITIONER, REFRIGERATOR],
        cities: &["3301", "3302", "3701", "3702", "1101", "3101", "4401", "4403", "5101"],
        centres_per_city: 2,
    },
    Maker {
        id: "jingting",
        name_zh: "镜汀",
        name_en: "Jingting",
        mode: "portal",
        hotline: "400-000-0103",
        categories: &[TELEVISION],
        cities: &["3301", "3302", "3701", "3702", "1101", "3101", "3201", "4201", "4403"],
        centres_per_city: 2,
    },
    Maker {
        id: "muyan",
        name_zh: "沐岩",
        name_en: "Muyan",
        mode: "portal",
        hotline: "400-000-0104",
        categories: &[WATER_HEATER, RANGE_HOOD],
        cities: &["3301", "3302", "3701", "1101", "3101", "3205", "5101"],
        centres_per_city: 2,
    },
    Maker {
        id: "rongyu",
        name_zh: "绒羽",
        name_en: "Rongyu",
        mode: "managed",
        hotline: "400-000-0105",
        categories: &[MICROWAVE, VACUUM, FAN],
        cities: &["3301", "3702", "1101", "3101", "4401"],
        centres_per_city: 2,
    },
];

/// One model on sale.
pub(super) struct Model {
    pub sku: &'static str,
    pub maker: &'static Maker,
    pub category: Category,
    pub name_zh: &'static str,
    pub name_en: &'static str,
    /// The usual price in yuan.
    pub price_yuan: i64,
}

/// All models, by brand.
pub(super) fn models() -> Result<Vec<Model>> {
    include_str!("../../data/models.tsv")
        .lines()
        .filter(|line| !line.starts_with('#'))
        .map(|line| model(line).with_context(|| format!("in models.tsv: {line}")))
        .collect()
}

fn model(line: &'static str) -> Result<Model> {
    let fields: Vec<&'static str> = line.split('\t').collect();
    let [sku, brand, category, name_zh, name_en, price] = fields[..] else {
        bail!("{} fields instead of 6", fields.len());
    };
    let maker = MAKERS.iter().find(|maker| maker.id == brand).context("an unknown brand")?;
    ensure!(maker.categories.contains(&category), "the brand does not make this category");
    let price_yuan = price.parse().context("the price")?;
    Ok(Model { sku, maker, category, name_zh, name_en, price_yuan })
}

/// Whether the seller installs goods of this category, so that periods run from the installation.
pub(super) fn seller_installs(category: Category) -> bool {
    matches!(category, AIR_CONDITIONER | TELEVISION | WATER_HEATER | RANGE_HOOD)
}

/// What customers report about a category: the coded symptom and their words.
pub(super) fn faults(category: &str) -> &'static [Fault] {
    let of = FAULTS.iter().find(|(of, _)| *of == category);
    of.map(|(_, faults)| *faults).expect("every category has faults")
}

/// A coded symptom and a customer's words for it.
type Fault = (&'static str, &'static str);

const FAULTS: [(Category, &[Fault]); 9] = [
    (
        REFRIGERATOR,
        &[
            ("not_cooling", "冷藏室不制冷，温度一直在15度以上，食物都坏了。"),
            ("noisy", "压缩机噪音很大，晚上没法睡觉。"),
            ("leaking", "冰箱底部一直漏水，地板都泡了。"),
        ],
    ),
    (
        WASHING_MACHINE,
        &[
            ("not_spinning", "洗完不脱水，显示E4，重启几次都一样。"),
            ("leaking", "排水的时候从机器下面漏水。"),
            ("noisy", "脱水时震动非常大，机器会自己走。"),
        ],
    ),
    (
        AIR_CONDITIONER,
        &[
            ("not_cooling", "开了一个小时还是不凉，吹出来的是常温风。"),
            ("leaking", "室内机滴水，墙面湿了一片。"),
            ("not_starting", "按遥控器没有反应，指示灯不亮。"),
        ],
    ),
    (
        TELEVISION,
        &[
            ("no_picture", "有声音没有图像，屏幕全黑。"),
            ("lines_on_screen", "屏幕右侧出现一条竖线，换信号源也在。"),
            ("restarting", "看一会儿就自动重启，一天好几次。"),
        ],
    ),
    (
        WATER_HEATER,
        &[
            ("not_heating", "加热一整晚水还是凉的。"),
            ("leaking", "内胆下方一直滴水，已经关掉进水阀。"),
            ("tripping", "一通电就跳闸，漏保推不上去。"),
        ],
    ),
    (
        RANGE_HOOD,
        &[
            ("weak_suction", "吸力很小，炒菜满屋都是烟。"),
            ("noisy", "开到二档就有金属摩擦的声音。"),
            ("not_starting", "按键没有反应，灯也不亮。"),
        ],
    ),
    (
        MICROWAVE,
        &[
            ("not_heating", "转盘会转，灯会亮，就是不加热。"),
            ("sparking", "加热时里面打火，有烧焦的味道。"),
        ],
    ),
    (
        VACUUM,
        &[
            ("not_charging", "充电一晚上还是没电，指示灯一直闪红。"),
            ("weak_suction", "清理过尘杯和滤网，吸力还是很弱。"),
        ],
    ),
    (
        FAN,
        &[
            ("not_starting", "插上电没有反应，换插座也一样。"),
            ("noisy", "转动时有咔咔的声音，越来越响。"),
        ],
    ),
];
