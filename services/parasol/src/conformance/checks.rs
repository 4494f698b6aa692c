//! The checks by their codes, what came of each, and how a run is shown.
//!
//! A code is for ever, as a reason of an error is: partners' records name it. Evidence is in English and holds
//! ids and figures only.

use parasol_api::Language;
use serde::Serialize;
use unicode_width::UnicodeWidthStr as _;

/// Something that is checked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Check {
    /// The code.
    pub code: &'static str,
    /// What is checked, in Chinese.
    pub zh: &'static str,
    /// The same in English.
    pub en: &'static str,
}

const fn check(code: &'static str, zh: &'static str, en: &'static str) -> Check {
    Check { code, zh, en }
}

/// A brand's system against a platform.
#[rustfmt::skip]
pub const OF_A_PLATFORM: &[Check] = &[
    check("course.repair", "接单、派工、预约、签到、检测单、维修，直到完成", "accept, assign, book, check in, certificate, repair, to the end"),
    check("course.decline", "拒单后派往下一网点或由平台处理，同一派单不再重来", "a declined offer goes on to the next centre or to the platform"),
    check("repeat.same", "同一请求重发，得到完全相同的应答", "the same request again gets the same bytes"),
    check("repeat.other", "同一编号、不同内容的请求被拒绝且不生效", "another body under a used request id is refused and moves nothing"),
    check("repeat.at_once", "同一请求同时发送多次，只生效一次", "the same request many times at once takes effect once"),
    check("late.superseded", "对已失效派单的应答留作证据，不推动工单", "an answer to an offer that is no longer live is kept as evidence and moves nothing"),
    check("late.version", "基于旧版本的写入被拒绝，并告知当前版本", "a write over an old version is refused and told the current one"),
    check("order.early", "未到时机的步骤被拒绝且不生效", "a step before its time is refused and moves nothing"),
    check("order.sequence", "序号较旧的消息不推动工单", "a message with an older sequence moves nothing"),
    check("lost.answer", "应答丢失后重发，只生效一次", "sent again after the answer was lost, it takes effect once"),
    check("clock.future", "发生时间在未来的消息被拒绝", "a message that happened in the future is refused"),
    check("clock.past", "发生时间较早的消息被接受", "a message that happened a while ago is taken"),
    check("cursor.pages", "无论每页多少条，都不遗漏任何变更", "no change is missed, whatever the size of the page"),
    check("cursor.resume", "从任一游标继续，得到其后的全部变更", "from every cursor exactly what follows is told"),
    check("cursor.stream", "流与分页给出相同的变更", "the stream tells what the pages tell"),
    check("cursor.foreign", "无效的或他人的游标被拒绝", "a cursor that is nonsense or another's is refused"),
    check("tenancy.others", "他人的编号与不存在的编号应答相同", "another partner's ids are answered exactly like unknown ones"),
    check("tenancy.list", "列表中没有他人的工单", "no list shows another partner's work"),
    check("tenancy.role", "合作方不能调用不属于它的方法", "a partner cannot call what is not a partner's"),
    check("credential.bad", "没有凭证或凭证无效的调用被拒绝", "a call without a valid credential is refused"),
    check("refusal.reason", "每个拒绝都带有已登记的原因", "every refusal carries a registered reason"),
];

/// A retailer's platform against a partner's system.
#[rustfmt::skip]
pub const OF_A_PARTNER: &[Check] = &[
    check("course.worked", "从派单到维修完成", "a case is worked from the offer to the repair"),
    check("request.ids", "每次变更都有请求编号，同一编号只对应同一内容", "every change has a request id, and an id has one body"),
    check("hook.duplicate", "推送重复到达，只处理一次", "deliveries that come twice are acted on once"),
    check("hook.old_news", "迟到的旧推送不造成任何影响", "old news that comes last does no harm"),
    check("hook.forged", "他人签名的推送被拒绝", "a delivery that somebody else signed is refused"),
    check("hook.tampered", "内容被改动的推送被拒绝", "a delivery whose body was changed is refused"),
    check("hook.unsigned", "没有签名的推送被拒绝", "a delivery without a signature is refused"),
    check("hook.stale", "一小时前签名的推送被拒绝", "a delivery signed an hour ago is refused"),
    check("hook.future", "签名时间在一小时后的推送被拒绝", "a delivery signed an hour ahead is refused"),
    check("clock.skew", "时钟相差两分钟以内的推送被接受", "a delivery two minutes off is taken"),
    check("hook.rotation", "更换密钥期间，两个签名之一正确即接受", "while secrets change, one right signature of two is enough"),
    check("hook.unknown", "未知的类型和字段不影响接收", "types and fields of a later release are taken"),
    check("lost.answer", "应答丢失后用同一编号重发", "asked again under the same id after an answer was lost"),
    check("answer.unavailable", "平台暂不可用时稍后重试", "asked again after the platform was not there"),
    check("refusal.goes_on", "派单已撤销时被拒绝，其他工单不受影响", "an offer that is gone is passed over and other cases go on"),
    check("hook.prompt", "每次推送在十秒内应答", "every delivery is answered within ten seconds"),
];

/// What came of a check.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// It held.
    Pass,
    /// It did not, or could not be tried to the end.
    Fail,
    /// It does not apply here; the evidence says why.
    NotApplicable,
}

/// A check that was made.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Finding {
    /// Its code.
    pub code: &'static str,
    /// What was checked, in the language asked for.
    pub checks: &'static str,
    /// What came of it.
    pub outcome: Outcome,
    /// What was seen.
    pub evidence: String,
}

/// A run.
#[derive(Clone, Debug, Serialize)]
pub struct Report {
    /// `platform` or `partner`: whose keeping of the contract was checked.
    pub of: &'static str,
    /// The brand.
    pub partner: String,
    /// The release of the kit.
    pub release: &'static str,
    /// The commit it was built from, if the build knew.
    pub commit: &'static str,
    /// When the run began, by the clock of the node that took part.
    pub started_at: String,
    /// Whether every check that applies passed, and at least one did.
    pub passed: bool,
    /// Whether the pass was stored with the node that was asked to.
    pub recorded: bool,
    /// The checks in the order in which they were made.
    pub findings: Vec<Finding>,
}

/// What a check saw: it held, or does not apply. Whatever else is an error.
pub enum Seen {
    /// It held.
    Held(String),
    /// It does not apply.
    NotHere(String),
}

/// Collects findings, in one language.
pub struct Notes {
    language: Language,
    checks: &'static [Check],
    /// So far.
    pub findings: Vec<Finding>,
}

impl Notes {
    /// None yet; `checks` are those that may be noted.
    pub fn new(language: Language, checks: &'static [Check]) -> Self {
        Self { language, checks, findings: Vec::new() }
    }

    /// Notes what came of a check.
    pub fn add(&mut self, code: &'static str, seen: anyhow::Result<Seen>) {
        let known = self.checks.iter().find(|check| check.code == code);
        let checks = known.map_or(code, |check| match self.language {
            Language::Zh => check.zh,
            Language::En => check.en,
        });
        let (outcome, evidence) = match seen {
            Ok(Seen::Held(evidence)) => (Outcome::Pass, evidence),
            Ok(Seen::NotHere(evidence)) => (Outcome::NotApplicable, evidence),
            Err(error) => (Outcome::Fail, format!("{error:#}")),
        };
        self.findings.push(Finding { code, checks, outcome, evidence });
    }
}

impl Report {
    /// Whether these findings are a pass.
    pub fn is_pass(findings: &[Finding]) -> bool {
        let any = findings.iter().any(|one| one.outcome == Outcome::Pass);
        any && findings.iter().all(|one| one.outcome != Outcome::Fail)
    }

    /// The table, for people.
    pub fn text(&self, language: Language) -> String {
        let say = |zh, en| if language == Language::Zh { zh } else { en };
        let mut lines = vec![format!(
            "{} · {} · Parasol {} · {}",
            self.partner,
            match self.of {
                "platform" => say("平台一致性", "conformance of the platform"),
                _ => say("合作方一致性", "conformance of the partner"),
            },
            self.release,
            self.started_at
        )];
        for finding in &self.findings {
            let outcome = match finding.outcome {
                Outcome::Pass => say("通过", "pass"),
                Outcome::Fail => say("未通过", "FAIL"),
                Outcome::NotApplicable => say("不适用", "n/a"),
            };
            let code = padded(finding.code, 24);
            lines.push(format!("{} {code} {}", padded(outcome, 7), finding.checks));
            lines.push(format!("{:33}{}", "", finding.evidence));
        }
        let (zh, en) = match self.passed {
            true => ("结论: 通过", "Result: passed"),
            false => ("结论: 未通过", "Result: failed"),
        };
        let recorded = if self.recorded { say(", 已存档", ", recorded") } else { "" };
        lines.push(format!("{}{recorded}", say(zh, en)));
        lines.join("\n")
    }
}

/// Fills up to a width in columns; Chinese characters take two.
fn padded(text: &str, width: usize) -> String {
    format!("{text}{}", " ".repeat(width.saturating_sub(text.width())))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_code_names_one_check_and_is_said_in_both_languages() {
        for one in OF_A_PLATFORM.iter().chain(OF_A_PARTNER) {
            for list in [OF_A_PLATFORM, OF_A_PARTNER] {
                assert!(list.iter().filter(|other| other.code == one.code).count() <= 1);
            }
            assert!(!one.zh.is_empty() && !one.en.is_empty(), "{}", one.code);
            let plain = |c: char| c.is_ascii_lowercase() || c == '.' || c == '_';
            assert!(one.code.chars().all(plain) && one.code.contains('.'), "{}", one.code);
        }
    }

    #[test]
    fn the_page_lists_every_check_and_no_other() {
        let page = include_str!("../../../../docs/conformance.md");
        let listed: Vec<_> = page.lines().filter(|line| line.starts_with("| `")).collect();
        let checks = OF_A_PLATFORM.iter().chain(OF_A_PARTNER);
        let known: Vec<_> = checks.map(|one| format!("| `{}` | {} |", one.code, one.en)).collect();
        assert_eq!(listed, known);
    }

    #[test]
    fn one_failure_or_nothing_at_all_is_no_pass() {
        let mut notes = Notes::new(Language::En, OF_A_PLATFORM);
        assert!(!Report::is_pass(&notes.findings));
        notes.add("course.decline", Ok(Seen::NotHere("one centre".to_owned())));
        assert!(!Report::is_pass(&notes.findings));
        notes.add("course.repair", Ok(Seen::Held("case_1".to_owned())));
        assert!(Report::is_pass(&notes.findings));
        notes.add("repeat.same", Err(anyhow::anyhow!("other bytes")));
        assert!(!Report::is_pass(&notes.findings));
        assert_eq!(notes.findings[2].evidence, "other bytes");
        assert_eq!(notes.findings[1].checks, OF_A_PLATFORM[0].en);
    }
}
