//! What a decision rests on and what can be done now, in sentences for people.

use parasol_api::Language;
use parasol_journey::vocab::{Cause, Function, Party, Promise, Remedy};
use parasol_journey::{Case, Stage};
use parasol_policy::{Facts, Finding, Identity, Pack};

/// Picks the sentence of a language.
pub fn say(language: Language, zh: impl Into<String>, en: impl Into<String>) -> String {
    match language {
        Language::Zh => zh.into(),
        Language::En => en.into(),
    }
}

/// Puts sentences one after another.
pub fn join(language: Language, sentences: &[String]) -> String {
    sentences.join(match language {
        Language::Zh => "",
        Language::En => " ",
    })
}

/// The facts a decision rests on, one sentence each. Broken promises are called as their pack calls them.
pub fn facts(language: Language, facts: &Facts, pack: Option<&Pack>) -> Vec<String> {
    let say = |zh: String, en: String| say(language, zh, en);
    let days = facts.age.service_start_days();
    let mut told = vec![
        say(
            format!("申请时为收货（或安装）后第{days}天。"),
            format!("The claim was made {days} days after delivery or installation."),
        ),
        say(
            format!("实付金额{}元。", yuan(facts.prices.paid_fen)),
            format!("The price paid was {} yuan.", yuan(facts.prices.paid_fen)),
        ),
        match facts.in_validity {
            true => say("在三包有效期内。".into(), "The unit is in warranty.".into()),
            false => say("已过三包有效期。".into(), "The unit is out of warranty.".into()),
        },
    ];
    told.push(match &facts.finding {
        Some(found) => finding(language, found),
        None => say("尚未检测。".into(), "Nobody has inspected the unit yet.".into()),
    });
    if facts.history.repairs > 0 {
        let repairs = facts.history.repairs;
        told.push(say(
            format!("已维修{repairs}次仍有故障。"),
            format!("The fault persisted after {repairs} completed repairs."),
        ));
    }
    for promise in facts.promises.iter() {
        let (zh, en) = promised(promise);
        told.push(say(format!("享有{zh}。"), format!("A promise is in force: {en}.")));
    }
    told.extend(troubles(language, facts));
    told.extend(broken(language, facts, pack));
    told
}

fn finding(language: Language, found: &Finding) -> String {
    let (who_zh, who_en) = match found.level {
        1 => ("上门检测", "The first inspection"),
        2 => ("复检", "The second inspection"),
        _ => ("第三方检测", "The laboratory"),
    };
    if found.identity == Identity::Differs {
        return say(
            language,
            format!("{who_zh}的机身序列号与订单不一致。"),
            format!("{who_en} names another serial than the one sold."),
        );
    }
    let (zh, en) = match (found.function, found.cause) {
        (Function::Normal, _) => ("未发现故障", "found no fault"),
        (Function::Untested, _) => ("未能检测", "could not test the unit"),
        (_, Cause::Product) => ("确认为产品故障", "found a fault of the product"),
        (_, Cause::Transport) => ("认定为运输损坏", "found damage from transport"),
        (_, Cause::Installation) => ("认定为安装问题", "found a fault of the installation"),
        (_, Cause::User) => ("认定为使用不当", "found damage from use"),
        (_, Cause::UnauthorisedOpening) => ("认定曾被擅自拆机", "found that the unit was opened"),
        (_, Cause::Environment) => ("认定为环境原因", "found the surroundings to be the cause"),
        (_, Cause::ForceMajeure) => ("认定为不可抗力", "found force majeure to be the cause"),
        (_, Cause::Undetermined) => ("未能判定原因", "could not tell the cause"),
    };
    let blames = found.cause == Cause::User && found.function == Function::Fault;
    match blames && !found.evidence_ok {
        false => say(language, format!("{who_zh}{zh}。"), format!("{who_en} {en}.")),
        true => say(
            language,
            format!("{who_zh}{zh}，但证据不足。"),
            format!("{who_en} {en}, without sufficient proof."),
        ),
    }
}

/// What went wrong on the way.
fn troubles(language: Language, facts: &Facts) -> Vec<String> {
    let breaches = &facts.breaches;
    let table = [
        (facts.danger, "存在安全隐患。", "A safety danger was reported or seen."),
        (!facts.intact, "取件时发现商品不完好。", "The unit was found not intact at pick-up."),
        (facts.customer_disputes, "您对检测结论有异议。", "The customer contests the finding."),
        (breaches.brand_silent, "厂家方面有环节超时。", "The brand's side let a deadline pass."),
        (
            facts.history.parts_wait_days > 0,
            "配件等待已超过九十天。",
            "Parts have been awaited for more than ninety days.",
        ),
        (
            facts.history.repairer_wait_days > 0,
            "维修已超过三十天。",
            "The repair has taken more than thirty days.",
        ),
    ];
    let told = table.iter().filter(|(holds, ..)| *holds);
    told.map(|(_, zh, en)| say(language, *zh, *en)).collect()
}

/// Promises whose time is over.
fn broken(language: Language, facts: &Facts, pack: Option<&Pack>) -> Vec<String> {
    let rows = pack.map(Pack::promises).unwrap_or_default();
    let missed: Vec<&str> = facts.breaches.promises.ids().collect();
    let rows = rows.iter().filter(|row| missed.contains(&row.id.as_str()));
    rows.map(|row| {
        let zh = format!("“{}”未按时兑现。", row.name_zh);
        say(language, zh, format!("A promise was not kept in time: {}.", row.name_en))
    })
    .collect()
}

/// What the customer can do now, one sentence each.
pub fn next_steps(language: Language, case: &Case) -> Vec<String> {
    let say = |zh: &str, en: &str| say(language, zh, en);
    let dispute = || {
        say(
            "如有异议，您可以申诉并补充证据，我们将重新核实。",
            "If you do not agree you can dispute it and add evidence; it will be looked at again.",
        )
    };
    match case.stage {
        Stage::RemedyOffered => {
            let offered = case.decision.iter().flat_map(|decision| &decision.offered);
            let names: Vec<_> = offered.map(|one| remedy(language, one.remedy)).collect();
            let zh = format!("请在以下处理方式中选择：{}。", names.join("、"));
            let en = format!("Choose one of these remedies: {}.", names.join(", "));
            vec![say(&zh, &en), dispute()]
        }
        Stage::Denied => denied(language, case, dispute()),
        Stage::Refunding | Stage::Compensating => vec![say(
            "款项正在退回原支付账户，无需操作。",
            "The money is on its way to the account you paid from; nothing is left for you to do.",
        )],
        Stage::Replacing => vec![say(
            "新机正在安排配送，交付时请交回旧机。",
            "The new unit is being sent; please hand over the old one when it comes.",
        )],
        Stage::Repairing => vec![say(
            "维修完成并满意后，请将验收码告知工程师。",
            "Once repaired to your satisfaction, give the technician the completion code.",
        )],
        Stage::Deciding => vec![say(
            "专人正在审核，请稍候。",
            "A person is looking at the case; please wait a moment.",
        )],
        Stage::AwaitConfirm => vec![
            say("请确认处理结果。", "Please confirm the outcome."),
            say(
                "如问题仍未解决，请点选“未解决”，我们将继续处理。",
                "If the problem is not solved, reject the outcome and we go on.",
            ),
        ],
        Stage::Disputed => vec![say(
            "争议正在处理，您可以补充证据。",
            "The dispute is being heard; you can add evidence.",
        )],
        Stage::Closed => vec![say(
            "案件已结束；七天内如有异议可以重新申请。",
            "The case is closed; within seven days you can appeal.",
        )],
        _ => vec![waiting(language, case)],
    }
}

fn denied(language: Language, case: &Case, dispute: String) -> Vec<String> {
    let accept = say(
        language,
        "您可以接受此结论，案件随即结束。",
        "You can accept this, which ends the case.",
    );
    let quote = case.quote.map(|quote| {
        let price = yuan(quote.amount_fen);
        say(
            language,
            format!("您也可以接受付费维修报价{price}元。"),
            format!("Or have the unit repaired for {price} yuan."),
        )
    });
    [accept, dispute].into_iter().chain(quote).collect()
}

fn waiting(language: Language, case: &Case) -> String {
    match case.turn.holder() {
        Some(Party::Customer) => say(
            language,
            "请按页面提示完成下一步。",
            "The next step is yours; the case page says which.",
        ),
        _ => say(
            language,
            "案件处理中，目前无需您操作。",
            "The case is being worked on; nothing is left for you to do now.",
        ),
    }
}

/// What a remedy is called.
pub fn remedy(language: Language, remedy: Remedy) -> &'static str {
    match (remedy, language) {
        (Remedy::Repair, Language::Zh) => "维修",
        (Remedy::Repair, Language::En) => "repair",
        (Remedy::Replace, Language::Zh) => "换新",
        (Remedy::Replace, Language::En) => "replacement",
        (Remedy::Refund, Language::Zh) => "退款",
        (Remedy::Refund, Language::En) => "refund",
    }
}

fn promised(promise: Promise) -> (&'static str, &'static str) {
    match promise {
        Promise::Return30 => ("30天质量问题退换承诺", "return within 30 days"),
        Promise::ReplaceOnly180 => ("180天只换不修承诺", "replacement instead of repair, 180 days"),
        Promise::Insurance365 => ("365天只换不修保险", "exchange insurance, 365 days"),
        Promise::ExtendedWarranty => ("延长保修", "extended warranty"),
        Promise::FiveWorkingDays => ("五日售后承诺", "solved within five working days"),
        Promise::HundredMinutes => ("售后100分承诺", "solved within a hundred minutes"),
        Promise::FreightInsurance => ("运费险", "freight insurance"),
    }
}

/// An amount in yuan with two digits after the point.
pub fn yuan(fen: i64) -> String {
    format!("{}.{:02}", fen / 100, (fen % 100).abs())
}
