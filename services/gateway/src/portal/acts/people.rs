//! Naming technicians, and a centre where a brand has not yet.

use maud::{Markup, html};
use parasol_api::admin::v1::Technician;
use parasol_api::common::v1::Category;
use parasol_api::limits::REMARK_MAX;
use parasol_api::partner::v1::{AssignTechnicianRequest, ReassignTechnicianRequest};
use parasol_api::{Error, Language};
use parasol_journey::Verb;
use parasol_journey::time::Timestamp;

use super::Sent;
use crate::portal::HOME;
use crate::portal::act::Done;
use crate::portal::calls::failed;
use crate::portal::case_page::Sheet;
use crate::portal::controls::{Filled, Look};
use crate::portal::words::{Pick as _, licence};

pub(super) async fn assign(sent: &Sent<'_>) -> Result<Done, Error> {
    let request = AssignTechnicianRequest {
        request_id: sent.request_id(),
        case_id: sent.case_id(),
        technician: sent.form.text("technician"),
        centre: sent.form.text("centre"),
        ..Default::default()
    };
    let answer = sent.calls.offers().assign_technician(request).await.map_err(failed)?;
    Ok(Done::of(answer.into_inner().effect))
}

pub(super) fn assign_form(sheet: &Sheet, filled: &Filled<'_>) -> Markup {
    let named = if sheet.is_open(Verb::AssignCentre) { sheet.query.get("centre") } else { "" };
    html! {
        @if !named.is_empty() { input type="hidden" name="centre" value=(named); }
        (people(sheet, filled))
    }
}

/// For a brand that has named no centre: which one, before whom.
pub(super) fn choose_centre(sheet: &Sheet) -> Markup {
    if !sheet.is_open(Verb::AssignCentre) {
        return html! {};
    }
    let language = sheet.language;
    let named = sheet.query.get("centre");
    html! {
        form method="get" action={ (HOME) "/cases/" (sheet.case) } {
            div.field {
                label for="centre" { (language.pick("网点", "Centre")) }
                select id="centre" name="centre" required {
                    option value="" { (language.pick("请选择", "Choose")) }
                    @for one in &sheet.centres {
                        option value=(one.centre) selected[one.centre == named] {
                            (language.pick(&one.name_zh, &one.name_en))
                        }
                    }
                }
            }
            button { (language.pick("显示该网点的工程师", "Show this centre's technicians")) }
        }
    }
}

pub(super) async fn reassign(sent: &Sent<'_>) -> Result<Done, Error> {
    let request = ReassignTechnicianRequest {
        request_id: sent.request_id(),
        case_id: sent.case_id(),
        etag: sent.form.text("etag"),
        technician: sent.form.text("technician"),
        reason: sent.form.text("reason"),
        ..Default::default()
    };
    let answer = sent.calls.offers().reassign_technician(request).await.map_err(failed)?;
    Ok(Done::of(answer.into_inner().effect))
}

pub(super) fn reassign_form(sheet: &Sheet, filled: &Filled<'_>) -> Markup {
    let language = filled.language;
    let view = sheet.order.as_ref().and_then(|order| order.case.as_ref());
    let hint = language.pick("已预约的上门会取消。", "A booked visit is called off.");
    html! {
        // Two people at the centre may have the page open: the second is told of the first.
        input type="hidden" name="etag" value=(view.map_or("", |view| view.etag.as_str()));
        (people(sheet, filled))
        (filled.input("reason", language.pick("原因", "Reason"), Look {
            required: true,
            max: REMARK_MAX,
            hint,
            ..Look::default()
        }))
    }
}

/// Who could be named: those with the skill first.
fn people(sheet: &Sheet, filled: &Filled<'_>) -> Markup {
    let language = filled.language;
    let order = sheet.order.as_ref();
    let category = order.map_or(Category::Unspecified, |order| order.category());
    let present = order.map_or("", |order| order.technician.as_str());
    let mut people: Vec<_> =
        sheet.technicians.iter().filter(|one| one.technician != present).collect();
    people.sort_by_key(|one| std::cmp::Reverse(level(one, category)));
    let options: Vec<_> = people
        .into_iter()
        .map(|one| (one.technician.clone(), person(one, category, sheet.now, language)))
        .collect();
    let legend = language.pick("工程师", "Technician");
    html! {
        @if options.is_empty() {
            p.hint { (language.pick("没有可选的工程师。", "There is nobody to choose.")) }
        } @else {
            (filled.radios("technician", legend, &options, ""))
        }
    }
}

/// How well somebody knows a category; 0 for not at all.
fn level(one: &Technician, category: Category) -> i32 {
    let skill = one.skills.iter().find(|skill| skill.category() == category);
    skill.map_or(0, |skill| skill.level)
}

fn person(one: &Technician, category: Category, now: Timestamp, language: Language) -> Markup {
    let skill = match level(one, category) {
        0 => language.pick("没有该品类技能", "no skill for this category"),
        1 => language.pick("初级", "learning"),
        2 => language.pick("熟练", "skilled"),
        _ => language.pick("专家", "expert"),
    };
    let today = now.shanghai_day().to_string();
    html! {
        strong { (one.name) } " " span.hint { (skill) }
        @for paper in &one.certificates {
            // Days written YYYY-MM-DD come in the order of their text.
            @let is_valid = paper.valid_until >= today;
            " " span.badge.late[!is_valid] {
                (licence(&paper.kind, language)) " "
                (language.pick("至", "until ")) (paper.valid_until)
                @if !is_valid { " " (language.pick("已过期", "expired")) }
            }
        }
    }
}
