//! What was measured, for whoever reads it at a terminal.

use std::fmt::Write as _;

use super::holding::Held;
use super::{Load, Round, parts_of};
use crate::bench::stats::Report;

/// The report as text, a round after the other.
pub fn table(report: &Report<Round>) -> String {
    let mut text = String::new();
    for (nth, round) in report.rounds.iter().enumerate() {
        let yardstick = &round.yardstick;
        line(&mut text, &format!("Round {}", nth + 1));
        line(
            &mut text,
            &format!(
                "  yardstick  {:>8.0}/s  p50 {:.2} ms  p99 {:.2} ms  {:.0} us CPU each  {} connections",
                yardstick.transactions.per_second,
                yardstick.transactions.p50_ms,
                yardstick.transactions.p99_ms,
                yardstick.cpu_us,
                yardstick.connections,
            ),
        );
        cell(&mut text, "plain", &round.plain);
        if let Some(traced) = &round.traced {
            cell(&mut text, "traced", traced);
        }
        if let Some(held) = &round.held {
            stock(&mut text, held);
        }
    }
    for (name, ratio) in &report.ratio {
        line(&mut text, &format!("{name:<40} {:.3}", ratio.as_f64().unwrap_or(f64::NAN)));
    }
    text.truncate(text.trim_end().len());
    text
}

fn cell(text: &mut String, name: &str, load: &Load) {
    line(
        text,
        &format!(
            "  {name:<9}  asked/s  answered/s  p50 ms  p99 ms  lost  driver p99 ms  others' CPU  kept"
        ),
    );
    for step in &load.steps {
        line(
            text,
            &format!(
                "             {:>7.0}  {:>10.1}  {:>6.2}  {:>6.2}  {:>4}  {:>13.2}  {:>11.2}  {}",
                step.rate,
                step.commands.per_second,
                step.commands.p50_ms,
                step.commands.p99_ms,
                step.failed + step.shed + step.unanswered,
                step.driver_behind_p99_ms,
                step.others_cpu,
                if step.kept { "yes" } else { "no" },
            ),
        );
        if let Some(failure) = &step.first_failure {
            line(text, &format!("             first failure: {failure}"));
        }
    }
    let Some(best) = &load.best else {
        line(text, "             no rate was kept");
        return;
    };
    line(text, "             part            us CPU a command    MiB");
    for (part, cpu, memory) in parts_of(best) {
        line(text, &format!("             {part:<14}  {cpu:>16.0}  {memory:>5.0}"));
    }
}

fn stock(text: &mut String, held: &Held) {
    let (timers, overdue) = (&held.timers, &held.overdue);
    line(
        text,
        &format!(
            "  held       {} open cases with {} deadlines, put there at {:.0} a second and read by all after {:.0} s",
            held.cases, held.deadlines, held.put_per_second, held.level_s,
        ),
    );
    line(
        text,
        &format!(
            "             {:.0} calls a second beside them: p50 {:.2} ms, p99 {:.2} ms, {}",
            held.step.rate,
            held.step.commands.p50_ms,
            held.step.commands.p99_ms,
            if held.step.kept { "kept" } else { "not kept" },
        ),
    );
    line(
        text,
        &format!(
            "             {} of {} deadlines passed: p50 {:.1} ms late, p99 {:.1} ms, at most {:.1} ms, {} early",
            timers.passed,
            timers.due,
            timers.late_p50_ms,
            timers.late_p99_ms,
            timers.late_max_ms,
            timers.early,
        ),
    );
    line(
        text,
        &format!(
            "             {} overdue: ready after {:.1} s, made up for after {:.1} s",
            overdue.deadlines, overdue.ready_s, overdue.made_up_s,
        ),
    );
}

fn line(text: &mut String, line: &str) {
    // A string takes any text.
    let _ = writeln!(text, "{line}");
}
