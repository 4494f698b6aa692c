//! What each step of the filing asks for.

use chrono::Days;
use maud::{Markup, html};
use parasol_api::Language;
use parasol_api::common::v1::{CaseKind, Remedy};
use parasol_api::convert::timestamp;
use parasol_api::intake::v1::{Entitlement, OwnedUnit, Unit};
use parasol_api::limits::{FOREIGN_NUMBER_MAX, LONG_TEXT_MAX, PHONE_MAX, SHORT_NAME_MAX};
use parasol_journey::time::Timestamp;

use super::draft::{NO_REASON, PARTS, Step, window};
use super::{Around, symptoms};
use crate::customer::home::what;
use crate::customer::words::{REMEDIES, remedy};
use crate::customer::{case_path, picture};
use crate::web::controls::{Filled, Look, fact};
use crate::web::times;
use crate::web::words::Pick as _;

/// Days that are offered for a visit.
const DAYS_SHOWN: u64 = 7;

/// Where the filing stands.
pub(super) fn progress(step: Step, language: Language) -> Markup {
    let name = |step| match step {
        Step::Unit => language.pick("机器", "Unit"),
        Step::Fault => language.pick("问题", "Problem"),
        Step::Visit => language.pick("时间", "Visit"),
        Step::Check => language.pick("核对", "Look over"),
    };
    let place = Step::ALL.iter().position(|one| *one == step).unwrap_or_default();
    html! {
        ol.steps aria-label=(language.pick("步骤", "Steps")) {
            @for (at, one) in Step::ALL.into_iter().enumerate() {
                li.been[at < place].here[at == place] aria-current=[(at == place).then_some("step")] {
                    (name(one))
                }
            }
        }
    }
}

/// The controls of a step.
pub(super) fn controls(step: Step, filled: &Filled<'_>, around: &Around, now: Timestamp) -> Markup {
    match step {
        Step::Unit => unit(filled, around),
        Step::Fault => fault(filled, around),
        Step::Visit => visit(filled, around, now),
        Step::Check => check(filled, around),
    }
}

fn unit(filled: &Filled<'_>, around: &Around) -> Markup {
    let language = filled.language;
    let units = &around.mine.units;
    let chosen = filled.form.get("line");
    let hint = language.pick(
        "在机身铭牌上，也可以填订单号。",
        "It is on the nameplate; your order number does as well.",
    );
    let typed = filled.form.get("serial");
    let look = Look { max: FOREIGN_NUMBER_MAX, hint, value: typed, ..Look::default() };
    html! {
        @if !units.is_empty() {
            fieldset.tiles {
                legend { (language.pick("是哪一台出了问题？", "Which unit is it about?")) }
                (filled.fault_of("line"))
                @for one in units { (pick_unit(one, chosen, language)) }
            }
        }
        details.inner open[units.is_empty() || !typed.is_empty()] {
            summary { (language.pick("不在列表里？输入序列号", "Not in the list? Type its serial number")) }
            (filled.input("serial", language.pick("序列号", "Serial number"), look))
        }
    }
}

fn pick_unit(one: &OwnedUnit, chosen: &str, language: Language) -> Markup {
    let unit = one.unit.clone().unwrap_or_default();
    html! {
        @if one.open_case_id.is_empty() {
            label.tile {
                input type="radio" name="line" value=(unit.order_line)
                    checked[unit.order_line == chosen];
                span.emblem { (picture::unit(unit.category())) }
                (what(&unit, language))
            }
        } @else {
            div.tile.taken {
                span.emblem { (picture::unit(unit.category())) }
                (what(&unit, language))
                a href=(case_path(&one.open_case_id, "")) {
                    (language.pick("处理中，查看进展", "Under way: see how it goes"))
                }
            }
        }
    }
}

fn fault(filled: &Filled<'_>, around: &Around) -> Markup {
    let language = filled.language;
    let unit = chosen(filled, around);
    let picked = filled.form.get("symptom");
    let look = Look {
        max: LONG_TEXT_MAX,
        value: filled.form.get("description"),
        hint: language.pick(
            "什么时候开始的、显示什么代码、试过什么。",
            "Since when, which code it shows, what you have tried.",
        ),
        ..Look::default()
    };
    html! {
        (about(&unit, language))
        (kinds(filled, around))
        fieldset.symptoms {
            legend { (language.pick("是哪种情况？", "What does it do?")) }
            (filled.fault_of("symptom"))
            @for one in symptoms::of(unit.category) {
                label.symptom {
                    input type="radio" name="symptom" value=(one.code) checked[one.code == picked];
                    (picture::symptom(one.code))
                    span { (one.label(language)) }
                }
            }
        }
        (filled.area("description", language.pick("用您的话说", "In your words"), look))
        (filled.tick("danger", language.pick(
            "有危险：漏气、冒烟、漏电（请先停用）",
            "There is danger: gas, smoke or an electric shock (stop using it)")))
        (filled.tick("damaged", language.pick(
            "送到时就有破损，签收时或 48 小时内已反映",
            "It came damaged, and I said so at delivery or within 48 hours")))
    }
}

/// A return without a reason is offered while it is owed.
fn kinds(filled: &Filled<'_>, around: &Around) -> Markup {
    let language = filled.language;
    if owed(around, CaseKind::NoReason).next().is_none() {
        return html! {};
    }
    let is_return = filled.form.get("kind") == NO_REASON;
    html! {
        fieldset.radios {
            legend { (language.pick("您想做什么？", "What is it about?")) }
            label {
                input type="radio" name="kind" value="quality" checked[!is_return];
                span { (language.pick("机器有问题", "The unit has a problem")) }
            }
            label {
                input type="radio" name="kind" value=(NO_REASON) checked[is_return];
                span { (language.pick("七天无理由退货", "Return it without a reason (seven days)")) }
            }
            (filled.fault_of("intact"))
            (filled.tick("intact", language.pick(
                "退货时：我确认商品完好", "For a return: I declare that it is intact")))
        }
    }
}

fn visit(filled: &Filled<'_>, around: &Around, now: Timestamp) -> Markup {
    let language = filled.language;
    let hint = language.pick(
        "可选五个；不选表示都可以。最终时间会再与您约定。",
        "Pick up to five, or none if any time will do. The time is agreed with you afterwards.",
    );
    html! {
        fieldset.days {
            legend { (language.pick("什么时候方便上门？", "When would a visit suit you?")) }
            p.hint { (hint) }
            (filled.fault_of("window"))
            @for ahead in 0..DAYS_SHOWN { (day(filled, now, ahead)) }
        }
        (whom(filled, around))
        fieldset #photos hidden data-later {
            legend { (language.pick("照片", "Photos")) span.optional {
                " " (language.pick("（选填）", "(optional)"))
            } }
            p.hint { (language.pick(
                "会先缩小再上传，报修成功后自动发送。",
                "They are made small, and sent once your report is in.",
            )) }
            label for="photo-pick" { (language.pick("选择照片", "Choose photos")) }
            input #photo-pick type="file" accept="image/jpeg,image/png,image/webp" multiple;
            ul.photos #photo-list {}
            p #photo-said role="status" {}
        }
        noscript { p.hint { (language.pick(
            "提交后可以添加照片。", "You can add photos once your report is in.")) } }
    }
}

fn whom(filled: &Filled<'_>, around: &Around) -> Markup {
    let language = filled.language;
    let mine = &around.mine;
    let (name, phone) = (filled.form.get("name"), filled.form.get("phone"));
    let is_other = !phone.is_empty() || !name.is_empty();
    let look = |max, value| Look { max, value, ..Look::default() };
    html! {
        fieldset {
            legend { (language.pick("联系谁？", "Whom do we call?")) }
            @if !mine.phone.is_empty() {
                p { (language.pick("默认联系您：", "You: ")) strong { (mine.name) " " (mine.phone) } }
            }
            details.inner open[is_other || mine.phone.is_empty()] {
                summary { (language.pick("联系其他人", "Somebody else")) }
                (filled.input("name", language.pick("姓名", "Name"), look(SHORT_NAME_MAX, name)))
                (filled.input("phone", language.pick("电话", "Telephone"),
                    Look { kind: "tel", ..look(PHONE_MAX, phone) }))
            }
        }
    }
}

fn day(filled: &Filled<'_>, now: Timestamp, ahead: u64) -> Markup {
    let language = filled.language;
    let Some(date) = now.shanghai_day().checked_add_days(Days::new(ahead)) else { return html! {} };
    let picked = |value: &str| filled.form.all("window").any(|one| one == value);
    let parts: Vec<_> = PARTS
        .into_iter()
        .filter_map(|(part, from, to)| {
            let value = format!("{date}.{part}");
            let (starts, ends) = times::ends(window(&value).as_ref())?;
            (ends > now).then(|| (value, part, format!("{from}–{to}"), starts))
        })
        .collect();
    let said = |part| match part {
        "am" => language.pick("上午", "Morning"),
        "pm" => language.pick("下午", "Afternoon"),
        _ => language.pick("晚上", "Evening"),
    };
    let Some((.., at)) = parts.first() else { return html! {} };
    html! {
        fieldset.day {
            legend { (times::day(*at, language)) }
            @for (value, part, hours, _) in &parts {
                label.part {
                    input type="checkbox" name="window" value=(value) checked[picked(value)];
                    span { (said(*part)) " " span.hint { (hours) } }
                }
            }
        }
    }
}

fn check(filled: &Filled<'_>, around: &Around) -> Markup {
    let language = filled.language;
    let t = |zh, en| language.pick(zh, en);
    let form = filled.form;
    let unit = chosen(filled, around);
    let is_return = form.get("kind") == NO_REASON;
    let symptom = symptoms::named(form.get("symptom")).filter(|_| !is_return);
    let windows: Vec<_> = form.all("window").filter_map(window).collect();
    let contact = match form.get("phone") {
        "" => format!("{} {}", around.mine.name, around.mine.phone),
        phone => format!("{} {phone}", form.get("name")),
    };
    let words = form.get("description");
    html! {
        (about(&unit, language))
        dl {
            (fact(t("类型", "Kind"), t("七天无理由退货", "Return without a reason"), is_return))
            @if let Some(symptom) = symptom {
                (fact(t("情况", "Problem"), symptom.label(language), true))
            }
            (fact(t("说明", "In your words"), words, !words.is_empty()))
            (fact(t("危险", "Danger"), t("有", "Yes"), form.is_ticked("danger")))
            (fact(t("方便的时间", "Times that suit"), html! {
                @if windows.is_empty() { (t("都可以", "Any time")) }
                @for one in &windows { div { (times::window(Some(one), language)) } }
            }, true))
            (fact(t("联系", "We call"), contact.trim(), !contact.trim().is_empty()))
        }
        p #later-photos.hint hidden {}
        (rights(around, is_return, language))
        @if !is_return { (wishes(filled, around)) }
    }
}

/// What the customer is owed for the unit today, before anybody has looked at it.
fn rights(around: &Around, is_return: bool, language: Language) -> Markup {
    let kind = if is_return { CaseKind::NoReason } else { CaseKind::Quality };
    let mut shown: Vec<&Entitlement> = Vec::new();
    for one in owed(around, kind).filter(|one| !one.explanation.is_empty()) {
        if shown.iter().all(|known| known.explanation != one.explanation) {
            shown.push(one);
        }
    }
    let looks = owed(around, kind).any(|one| one.needs_inspection);
    html! {
        section.rights aria-labelledby="rights-title" {
            h2 #rights-title { (language.pick("您享有的权益", "What you are owed")) }
            @if shown.is_empty() {
                p { (language.pick(
                    "这台机器已过保修期。我们仍会派人检测，并先报价，您同意后才维修。",
                    "The warranty of this unit is over. Somebody looks at it all the same and names a \
                     price; nothing is repaired before you agree.",
                )) }
            } @else {
                ul { @for one in &shown {
                    li {
                        (one.explanation)
                        @if let Some(until) = one.until.as_ref().and_then(timestamp) {
                            " " span.hint {
                                (language.pick("至 ", "until ")) (times::date(until, language))
                            }
                        }
                    }
                } }
                @if looks {
                    p.hint { (language.pick(
                        "有质量问题时成立，由上门检测确认。",
                        "It holds for a defect of the product, which an inspection at your home confirms.",
                    )) }
                }
            }
        }
    }
}

fn wishes(filled: &Filled<'_>, around: &Around) -> Markup {
    let language = filled.language;
    let offered =
        |wanted: Remedy| owed(around, CaseKind::Quality).any(|one| one.remedy() == wanted);
    let known: Vec<_> = REMEDIES.iter().filter(|(_, one)| offered(*one)).collect();
    if known.len() < 2 {
        return html! {};
    }
    let none = ("any".to_owned(), html! { (remedy(Remedy::Unspecified, language)) });
    let options: Vec<_> = known
        .into_iter()
        .map(|(value, one)| ((*value).to_owned(), html! { (remedy(*one, language)) }))
        .chain([none])
        .collect();
    let legend = language
        .pick("您更希望（不影响您的权益）", "What would you prefer? It takes nothing away.");
    let first = match filled.form.get("wish") {
        "" => "any",
        wish => wish,
    };
    filled.radios("wish", legend, &options, first)
}

fn owed(around: &Around, kind: CaseKind) -> impl Iterator<Item = &Entitlement> {
    let owed = around.owed.as_ref().map(|owed| &owed.entitlements);
    owed.into_iter().flatten().filter(move |one| one.kind() == kind)
}

fn chosen(filled: &Filled<'_>, around: &Around) -> Unit {
    let line = filled.form.get("line");
    let mut units = around.mine.units.iter().filter_map(|one| one.unit.as_ref());
    let listed = units.find(|unit| unit.order_line == line);
    let owed = around.owed.as_ref().and_then(|owed| owed.unit.as_ref());
    listed.or(owed).cloned().unwrap_or_default()
}

/// The unit that it is about.
fn about(unit: &Unit, language: Language) -> Markup {
    html! {
        div.tile.fixed {
            span.emblem { (picture::unit(unit.category())) }
            (what(unit, language))
        }
    }
}
