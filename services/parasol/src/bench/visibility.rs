//! `parasol bench visibility`: what masking an answer costs, beside writing it and beside doing the same by reflection.

use std::hint::black_box;

use parasol_api::common::v1::{Address, GeoPoint};
use parasol_api::partner::v1::WorkOrder;
use parasol_api::tracking::v1::watch_case_response::Event as Sent;
use parasol_api::tracking::v1::{Timeline, TimelineEntry, WatchCaseResponse};
use parasol_api::visibility::{Class, View};
use parasol_api::{descriptor, mask};
use parasol_runtime::clock::Stopwatch;
use prost::Message;
use prost_reflect::{DynamicMessage, Value};
use serde::Serialize;

use super::stats::{COMMIT, Report, median};

/// Entries of the long answer.
const ENTRIES: i64 = 40;

/// What to measure.
#[derive(Clone, Debug, clap::Args)]
pub struct Args {
    /// Messages of each kind in each round.
    #[arg(long, default_value_t = 20_000, value_parser = clap::value_parser!(u32).range(1..=10_000_000))]
    pub messages: u32,
    /// Rounds.
    #[arg(long, default_value_t = 5, value_parser = clap::value_parser!(u16).range(1..=50))]
    pub rounds: u16,
}

/// One kind of message in one round, nanoseconds each.
#[derive(Clone, Debug, Serialize)]
pub struct Cell {
    /// Which.
    pub message: &'static str,
    /// Its length, bytes.
    pub bytes: usize,
    /// Writing it, as it is done anyway.
    pub encode_ns: f64,
    /// Masking it.
    pub mask_ns: f64,
    /// The same by reflection: read, change, write.
    pub reflect_ns: f64,
}

/// One round.
#[derive(Clone, Debug, Serialize)]
pub struct Round {
    /// Each kind of message.
    pub cells: Vec<Cell>,
}

/// Runs it.
///
/// # Errors
/// Never for messages of the contract.
pub fn run(args: &Args, mut progress: impl FnMut(&str)) -> anyhow::Result<Report<Round>> {
    let mut rounds = Vec::new();
    for nth in 1..=args.rounds {
        progress(&format!("round {nth}"));
        let watch = measure(
            args,
            ("entry", "parasol.tracking.v1.WatchCaseResponse", Class::Customer),
            &WatchCaseResponse {
                event: Some(Sent::Entry(Box::new(entry(1)))),
                resume_token: "0".repeat(144),
            },
            &["entry"],
        )?;
        let timeline =
            Timeline { entries: (1..=ENTRIES).map(entry).collect(), ..Timeline::default() };
        let of_timeline = ("timeline", "parasol.tracking.v1.Timeline", Class::Customer);
        let timeline = measure(args, of_timeline, &timeline, &["entries"])?;
        let of_order = ("work_order", "parasol.partner.v1.WorkOrder", Class::Brand);
        let order = measure(args, of_order, &work_order(), &[])?;
        rounds.push(Round { cells: vec![watch, timeline, order] });
    }
    Ok(report(args, rounds))
}

fn entry(seq: i64) -> TimelineEntry {
    TimelineEntry {
        seq,
        headline: "工程师已出发".to_owned(),
        actor_name: "王小明".to_owned(),
        actor_phone: "13800138000".to_owned(),
        stage_label: "已预约".to_owned(),
        ..TimelineEntry::default()
    }
}

fn work_order() -> WorkOrder {
    WorkOrder {
        work_order_id: "wo_01905af12b3c7def8123456789abcdef".to_owned(),
        customer_name: "王小明".to_owned(),
        description: "不制冷，打 13800138000 找我".to_owned(),
        address: Some(Address {
            county: "330106".to_owned(),
            street: "文三路 1 号".to_owned(),
            location: Some(GeoPoint { lat: 30.2, lon: 120.1 }),
        }),
        ..WorkOrder::default()
    }
}

/// Measures a message; `path` leads to the messages of it that are masked by reflection.
fn measure<M: Message>(
    args: &Args,
    (label, name, class): (&'static str, &str, Class),
    message: &M,
    path: &[&str],
) -> anyhow::Result<Cell> {
    let bytes = message.encode_to_vec();
    let view = View::of(name, class);
    let kind = descriptor::pool().get_message_by_name(name);
    let kind = kind.ok_or_else(|| anyhow::anyhow!("{name} is no message"))?;
    let each = |run: &mut dyn FnMut() -> anyhow::Result<()>| {
        let clock = Stopwatch::start();
        for _ in 0..args.messages {
            run()?;
        }
        anyhow::Ok(clock.elapsed().as_secs_f64() * 1e9 / f64::from(args.messages))
    };
    let encode_ns = each(&mut || {
        black_box(black_box(message).encode_to_vec());
        Ok(())
    })?;
    let mask_ns = each(&mut || {
        if let Some(view) = view {
            black_box(view.shown(black_box(&bytes))?);
        }
        Ok(())
    })?;
    let reflect_ns = each(&mut || {
        let mut message = DynamicMessage::decode(kind.clone(), black_box(&*bytes))?;
        reflected(&mut message, path);
        black_box(message.encode_to_vec());
        Ok(())
    })?;
    Ok(Cell { message: label, bytes: bytes.len(), encode_ns, mask_ns, reflect_ns })
}

/// The same masking on a message that was read by reflection, with the fields known beforehand.
fn reflected(message: &mut DynamicMessage, path: &[&str]) {
    if let Some((field, rest)) = path.split_first() {
        match message.get_field_by_name_mut(field) {
            Some(Value::Message(inner)) => reflected(inner, rest),
            Some(Value::List(list)) => {
                for one in list {
                    if let Value::Message(inner) = one {
                        reflected(inner, rest);
                    }
                }
            }
            _ => {}
        }
        return;
    }
    type Mask = fn(&str) -> String;
    let masks: [(&str, Mask); 3] = [
        ("actor_phone", mask::phone),
        ("customer_name", mask::name),
        ("description", mask::without_numbers),
    ];
    for (field, masked) in masks {
        if let Some(Value::String(text)) = message.get_field_by_name_mut(field) {
            *text = masked(text);
        }
    }
}

fn report(args: &Args, rounds: Vec<Round>) -> Report<Round> {
    let mut medians = serde_json::Map::new();
    let mut ratios = serde_json::Map::new();
    let kinds = rounds.first().map(|round| round.cells.len()).unwrap_or_default();
    for nth in 0..kinds {
        let of = |pick: fn(&Cell) -> f64| {
            median(rounds.iter().map(|round| pick(&round.cells[nth])).collect())
        };
        let label = rounds[0].cells[nth].message;
        medians.insert(format!("visibility.{label}.encode_ns"), of(|one| one.encode_ns).into());
        medians.insert(format!("visibility.{label}.mask_ns"), of(|one| one.mask_ns).into());
        medians.insert(format!("visibility.{label}.reflect_ns"), of(|one| one.reflect_ns).into());
        let ratio = of(|one| one.mask_ns / one.encode_ns);
        ratios.insert(format!("visibility.{label}.mask_over_encode"), ratio.into());
        let ratio = of(|one| one.mask_ns / one.reflect_ns);
        ratios.insert(format!("visibility.{label}.mask_over_reflect"), ratio.into());
    }
    Report {
        name: "visibility",
        commit: COMMIT,
        settings: serde_json::json!({ "messages": args.messages, "rounds": args.rounds }),
        rounds,
        median: medians,
        ratio: ratios,
    }
}
