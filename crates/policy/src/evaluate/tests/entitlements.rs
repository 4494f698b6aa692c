//! Stages 2 and 3.

use parasol_journey::vocab::Promise;

use super::{Row, aged, promised, province, quality, with};
use crate::facts::Facts;

const ALL_THREE: &str = "repair[seller>brand] replace[seller>brand] refund[seller>brand] 299900";
/// 100 days at 0.05 % of 2,999.00 are 149.95 off.
const EXCHANGE_DUE: &str =
    "repair[repairer>brand] replace[seller>brand] refund[seller>brand] 284905";
const EXCHANGE_UNDEPRECIATED: &str =
    "repair[repairer>brand] replace[seller>brand] refund[seller>brand] 299900";

fn young(days: u32) -> Facts {
    with(|facts| aged(facts, days, 0))
}

fn in_province(code: u8, change: fn(&mut Facts)) -> Facts {
    with(|facts| {
        facts.province = province(code);
        change(facts);
    })
}

fn insured(stock_same_model: bool) -> Facts {
    with(|facts| {
        promised(facts, Promise::Insurance365);
        aged(facts, 365, 12);
        facts.stock_same_model = stock_same_model;
    })
}

fn extended(limit_reached: bool) -> Facts {
    with(|facts| {
        aged(facts, 500, 16);
        facts.in_validity = false;
        facts.part_in_validity = false;
        promised(facts, Promise::ExtendedWarranty);
        facts.extension_covers = true;
        facts.extension_limit_reached = limit_reached;
    })
}

pub(super) const ROWS: &[Row] = &[
    Row {
        id: "R10",
        basis: "三包 art. 9",
        case: || young(7),
        expect: ALL_THREE,
        near: |facts| facts.age.receipt_days = 8,
    },
    Row {
        id: "R10-31",
        basis: "上海 art. 33",
        case: || Facts { province: province(31), ..young(7) },
        expect: ALL_THREE,
        near: |facts| facts.province = province(32),
    },
    Row {
        id: "R11",
        basis: "三包 art. 10",
        case: || young(15),
        expect: "repair[seller>brand] replace[seller>brand] refund[seller>brand] 297651",
        near: |facts| facts.age.receipt_days = 16,
    },
    Row {
        id: "R12",
        basis: "retailer's promise: 30 days free return",
        case: || {
            with(|facts| {
                promised(facts, Promise::Return30);
                aged(facts, 30, 0);
            })
        },
        expect: EXCHANGE_UNDEPRECIATED,
        near: |facts| facts.age.receipt_days = 31,
    },
    Row {
        id: "R13",
        basis: "retailer's promise: 180天只换不修, once",
        case: || {
            with(|facts| {
                promised(facts, Promise::ReplaceOnly180);
                aged(facts, 180, 5);
            })
        },
        expect: "repair[repairer>brand] replace[seller>brand]",
        near: |facts| facts.age.receipt_days = 181,
    },
    Row {
        id: "R14",
        basis: "365天只换不修 insurance terms, once",
        case: || insured(true),
        expect: "repair[repairer>brand] replace[insurer]",
        near: |facts| facts.age.receipt_days = 366,
    },
    Row {
        id: "R14-no-stock",
        basis: "365天只换不修 insurance terms, out of stock",
        case: || insured(false),
        expect: "repair[repairer>brand] replace[insurer] refund[insurer] 299900",
        near: |facts| facts.age.receipt_days = 7,
    },
    Row {
        id: "R20",
        basis: "三包 art. 11",
        case: || with(|facts| facts.history.repairs = 2),
        expect: EXCHANGE_DUE,
        near: |facts| facts.history.repairs = 1,
    },
    Row {
        id: "R21",
        basis: "三包 art. 12",
        case: || with(|facts| facts.history.parts_wait_days = 91),
        expect: EXCHANGE_DUE,
        near: |facts| facts.history.parts_wait_days = 90,
    },
    Row {
        id: "R22",
        basis: "三包 art. 12",
        case: || with(|facts| facts.history.repairer_wait_days = 31),
        expect: "repair[repairer>brand] replace[repairer] refund[seller>brand] 284905",
        near: |facts| facts.history.repairer_wait_days = 30,
    },
    Row {
        id: "R22-33-loaner",
        basis: "浙江 art. 26",
        case: || in_province(33, |facts| facts.history.repairer_wait_days = 6),
        expect: "repair[repairer>brand]",
        near: |facts| facts.history.repairer_wait_days = 5,
    },
    Row {
        id: "R23-33-repairs",
        basis: "浙江 art. 26",
        case: || in_province(33, |facts| facts.history.repairs = 2),
        expect: EXCHANGE_UNDEPRECIATED,
        near: |facts| facts.history.repairs = 1,
    },
    Row {
        id: "R23-33-days",
        basis: "浙江 art. 26",
        case: || in_province(33, |facts| facts.history.repair_days = 36),
        expect: EXCHANGE_UNDEPRECIATED,
        near: |facts| facts.history.repair_days = 35,
    },
    Row {
        id: "R23-33-service",
        basis: "浙江 art. 26",
        case: || in_province(33, |facts| facts.no_service = true),
        expect: EXCHANGE_UNDEPRECIATED,
        near: |facts| facts.no_service = false,
    },
    Row {
        id: "R23-37",
        basis: "山东 art. 27",
        case: || in_province(37, |facts| facts.history.repairer_wait_days = 31),
        expect: "repair[repairer>brand] replace[repairer] refund[seller>brand] 299900",
        near: |facts| facts.history.repairer_wait_days = 30,
    },
    Row {
        id: "R30",
        basis: "三包 art. 15",
        case: quality,
        expect: "repair[repairer>brand]",
        near: |facts| facts.in_validity = false,
    },
    Row {
        id: "R30-part",
        basis: "三包 art. 15 and catalogue (main parts)",
        case: || with(|facts| facts.in_validity = false),
        expect: "repair[repairer>brand]",
        near: |facts| facts.part_in_validity = false,
    },
    Row {
        id: "R30-11",
        basis: "北京 art. 7-9",
        case: || in_province(11, |facts| facts.no_service = true),
        expect: "repair[repairer>brand]",
        near: |facts| facts.no_service = false,
    },
    Row {
        id: "R30-31",
        basis: "上海 art. 33",
        case: || {
            in_province(31, |facts| {
                facts.in_validity = false;
                facts.part_in_validity = false;
                facts.age.months = 5;
            })
        },
        expect: "repair[seller>brand]",
        near: |facts| facts.age.months = 6,
    },
    Row {
        id: "R31",
        basis: "extended warranty terms (延保)",
        case: || extended(false),
        expect: "repair[insurer]",
        near: |facts| facts.extension_covers = false,
    },
    Row {
        id: "R31-limit",
        basis: "extended warranty terms (延保)",
        case: || extended(true),
        expect: "replace[insurer]",
        near: |facts| facts.extension_limit_reached = false,
    },
    Row {
        id: "R24",
        basis: "三包 art. 13",
        case: || {
            with(|facts| {
                facts.history.repairs = 2;
                facts.stock_same_model = false;
            })
        },
        expect: EXCHANGE_UNDEPRECIATED,
        near: |facts| facts.stock_same_model = true,
    },
    Row {
        id: "R24-11",
        basis: "北京 art. 10",
        case: || {
            in_province(11, |facts| {
                aged(facts, 5, 0);
                facts.prices.now_fen = Some(329_900);
            })
        },
        expect: "repair[seller>brand] replace[seller>brand] refund[seller>brand] 329900",
        near: |facts| facts.age.receipt_days = 100,
    },
    Row {
        id: "R25",
        basis: "三包 art. 13",
        case: || {
            with(|facts| {
                facts.history.repairs = 2;
                facts.history.repair_days = 12;
                facts.history.waiting_days = 8;
            })
        },
        // 80 days at 0.05 % are 119.96 off.
        expect: "repair[repairer>brand] replace[seller>brand] refund[seller>brand] 287904",
        near: |facts| facts.stock_same_model = false,
    },
    Row {
        id: "R25-33",
        basis: "三包 art. 13; 浙江 art. 26 (no depreciation)",
        case: || in_province(33, |facts| aged(facts, 15, 0)),
        expect: ALL_THREE,
        near: |facts| facts.province = province(32),
    },
    Row {
        id: "R26",
        basis: "purchase contract: repaired unit back within 24 hours",
        case: || with(|facts| facts.breaches.vendor_return_late = true),
        expect: "repair[repairer>brand] refund[brand] 299900",
        near: |facts| facts.breaches.vendor_return_late = false,
    },
    Row {
        id: "R27",
        basis: "retailer's promise: 五日售后; 消法实施条例 art. 18 (never below the price paid)",
        case: || {
            with(|facts| {
                promised(facts, Promise::FiveWorkingDays);
                facts.breaches.five_days_missed = true;
                facts.prices.overdue_day_fen = Some(309_900);
            })
        },
        expect: "repair[repairer>brand] refund[seller>brand] 309900",
        near: |facts| promised(facts, Promise::HundredMinutes),
    },
    Row {
        id: "R28",
        basis: "retailer's promise: 售后100分",
        case: || {
            with(|facts| {
                promised(facts, Promise::HundredMinutes);
                facts.breaches.hundred_minutes_missed = true;
            })
        },
        expect: "repair[repairer>brand] refund[seller] 299900",
        near: |facts| facts.finding = None,
    },
    Row {
        id: "R70-cost",
        basis: "house rule: whoever is silent past a deadline bears the cost",
        case: || {
            with(|facts| {
                aged(facts, 3, 0);
                facts.breaches.brand_silent = true;
            })
        },
        expect: "repair[brand] replace[brand] refund[brand] 299900",
        near: |facts| facts.breaches.brand_silent = false,
    },
];
