//! `parasol demo`: one real case through the whole house, told as its customer sees it.
//!
//! Starts a node on a fresh folder, or goes to a cell that is running, loads the examples, and plays the customer, the brand, the centre,
//! the technician and the warehouse through the public gRPC API, each with a credential of its own.
//! Courses that last days run on the test clock; nothing else about the node is special.

mod acts;
mod conductor;
mod director;
mod house;
mod journal;
mod partners;
mod print;
mod script;
mod wire;

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::task::Poll;
use std::time::Duration;

use anyhow::Context as _;
use futures::StreamExt as _;
use futures::stream::FuturesUnordered;
use parasol_api::Language;
use parasol_api::tracking::v1::Timeline;
use parasol_runtime::config::Config;
use parasol_runtime::identity::{Principal, Role};
use parasol_runtime::transport::local;
use tokio::sync::mpsc;

pub use journal::{FILE as JOURNAL_FILE, Line as JournalLine};
pub use script::{FILES as EXAMPLES, START, Story};
pub(crate) use wire::Wire;

use crate::import;
use crate::node::Node;
use conductor::Conductor;
use director::{Director, Shown};
use house::House;
use journal::Journal;
use partners::Partners;
use print::Printer;

/// Connections the players share; one carries at most 128 streams.
const STREAMS_PER_CONNECTION: usize = 40;

/// What to show.
#[derive(Clone, Debug, clap::Args)]
pub struct Args {
    /// The course the players follow; without it, --cases takes all stories in turn.
    #[arg(long, value_enum)]
    pub story: Option<Story>,
    /// How many cases run at once, 1 to 60.
    #[arg(long, default_value_t = 1, value_parser = clap::value_parser!(u16).range(1..=60))]
    pub cases: u16,
    /// Seconds between two lines; 0 runs as fast as it goes.
    #[arg(long, default_value_t = 0.35)]
    pub pace: f64,
    /// Ends when the cases have ended instead of staying up to explore.
    #[arg(long)]
    pub once: bool,
    /// Plays in the cell that is running at --grpc, whose signing key is in the folder --data and whose test
    /// clock is on, instead of in a node of its own.
    #[arg(long, requires = "once")]
    pub running: bool,
}

/// Where and how it runs.
pub struct Stage {
    /// Settings of the node; the demonstration turns the test clock on.
    pub config: Config,
    /// Whether the data folder was named by the user: then it is kept, and a demonstration that was
    /// cut off there goes on.
    pub keep: bool,
    /// The language of the printout.
    pub language: Language,
    /// Whether lines go to standard error, because standard output carries one JSON document.
    pub quiet: bool,
}

/// What came of it.
#[derive(Debug, serde::Serialize)]
pub struct Outcome {
    /// Cases that were filed.
    pub cases: usize,
    /// Cases that ended well.
    pub closed: usize,
    /// Requests of a former run that were sent again.
    pub repeated: usize,
    /// The data folder.
    pub data: PathBuf,
}

/// Runs the demonstration; with `once` it returns when the cases have ended.
///
/// # Errors
/// When the node cannot start, the examples cannot be loaded, or a case gets stuck.
pub async fn run(args: &Args, stage: Stage) -> anyhow::Result<Outcome> {
    let mut config = stage.config.clone();
    config.test_clock = true;
    START.clone_into(&mut config.test_clock_start);
    let printer = Printer { language: stage.language };
    let out = Out { quiet: stage.quiet };
    let fresh = !config.data_dir.join(JOURNAL_FILE).exists();
    let house =
        if args.running { House::running(&config).await? } else { House::own(&config).await? };
    announce(&house, printer, out, &config.data_dir);
    let wire = connect(&house, &config, args)?;
    if fresh {
        load_examples(&wire, printer, out).await?;
    }
    let journal = Arc::new(Journal::open(&config.data_dir)?);
    let wire = Wires(wire.0.into_iter().map(|wire| wire.with_journal(&journal)).collect());
    let repeated = wire.first().repeat_unanswered().await?;
    let played = play(args, &house, &wire, printer, out, &stage).await;
    let outcome = match played {
        Ok((cases, closed)) => Outcome { cases, closed, repeated, data: config.data_dir.clone() },
        Err(error) => {
            house.leave().await?;
            return Err(error);
        }
    };
    match house.node {
        Some(node) if !args.once && outcome.closed == outcome.cases => {
            stay(node, printer, out).await?;
        }
        node => House { node, ..house }.leave().await?,
    }
    if !stage.keep && args.once {
        let _ = std::fs::remove_dir_all(&config.data_dir);
    }
    Ok(outcome)
}

/// Where lines go.
#[derive(Clone, Copy)]
struct Out {
    quiet: bool,
}

impl Out {
    fn line(self, text: &str) {
        if self.quiet {
            eprintln!("{text}");
        } else {
            println!("{text}");
        }
    }
}

/// Connections for many players.
struct Wires(Vec<Wire>);

impl Wires {
    fn first(&self) -> &Wire {
        &self.0[0]
    }

    fn nth(&self, place: usize) -> &Wire {
        &self.0[place % self.0.len()]
    }
}

fn connect(house: &House, config: &Config, args: &Args) -> anyhow::Result<Wires> {
    let count = usize::from(args.cases).div_ceil(STREAMS_PER_CONNECTION).max(1);
    let address = format!("http://{}", house.grpc);
    let wires = (0..count).map(|_| {
        let channel = local::dial(&address, &config.limits)?;
        Ok(Wire::new(channel, house.tokens.clone(), None))
    });
    Ok(Wires(wires.collect::<anyhow::Result<_>>()?))
}

fn announce(house: &House, printer: Printer, out: Out, data: &Path) {
    let pages = house.node.as_ref().map(|node| format!(" · HTTP http://{}", node.http));
    let pages = pages.unwrap_or_default();
    out.line(&format!("Parasol 京伞 · gRPC {}{pages} · {}", house.grpc, data.display()));
    out.line(printer.say(
        "演示使用测试时钟: 需要数天的流程会在几秒内走完, 时间均为模拟时间。",
        "This runs on the test clock: courses of days pass in seconds, and all times are simulated.",
    ));
}

async fn load_examples(wires: &Wires, printer: Printer, out: Out) -> anyhow::Result<()> {
    let wire = wires.first();
    let target = import::Target {
        channel: wire.channel(),
        operator_token: wire.token(&Principal::new(Role::Operator, "demo-operator")),
        retailer_token: wire.token(&Principal::new(Role::Retailer, "demo-retailer")),
    };
    let sources = script::FILES.iter().map(|(name, text)| import::Source::text(name, text));
    let report = import::load(&target, sources.collect(), &import::Silent).await?;
    let refused = report.refused();
    anyhow::ensure!(refused == 0, "{refused} rows of the examples were refused");
    let rows = report.rows();
    out.line(&format!("{} {rows}", printer.say("已导入示例数据, 行数:", "Examples loaded, rows:")));
    Ok(())
}

async fn play(
    args: &Args,
    house: &House,
    wires: &Wires,
    printer: Printer,
    out: Out,
    stage: &Stage,
) -> anyhow::Result<(usize, usize)> {
    let parts = script::parts(story(args), usize::from(args.cases));
    anyhow::ensure!(!parts.is_empty(), "the examples hold no filing for this story");
    let conductor = Conductor::new(wires.first().clone(), house.clock.clone());
    let partners = Partners::default();
    partners.listen(&house.supervisor, wires.first(), &script::brands());
    let language = stage.language.tag();
    let count = parts.len();
    if let (Some(first), Some(node), false) = (parts.first(), &house.node, args.once) {
        out.line(printer.say(
            "以客户身份实时查看 (点开后按“登录”):",
            "Watch it live as the customer (open it and press Sign in):",
        ));
        out.line(&format!("  {}", customers_page(node, &first.customer)));
    }
    let pace = Duration::try_from_secs_f64(args.pace.clamp(0.0, 60.0)).unwrap_or_default();
    // Everybody is in the game before anybody plays, so that time stands still until then.
    parts.iter().for_each(|_| conductor.join());
    let playing: FuturesUnordered<_> = parts
        .into_iter()
        .enumerate()
        .map(|(place, part)| {
            let (shown, seen) = mpsc::channel(1);
            let wire = wires.nth(place).clone();
            let (conductor, partners) = (conductor.clone(), partners.clone());
            let director = Director::new(wire, conductor, partners, part, language, shown);
            async move {
                let alone = count == 1;
                let (ended, ()) =
                    tokio::join!(director.play(), tell(seen, printer, out, pace, alone));
                ended
            }
        })
        .collect();
    let ended: Vec<anyhow::Result<bool>> = playing.collect().await;
    let mut closed = 0;
    for result in ended {
        closed += usize::from(result?);
    }
    if count > 1 {
        let told = printer.say("全部结束, 已完成:", "All ended; closed:");
        out.line(&format!("{told} {closed}/{count}"));
    }
    Ok((count, closed))
}

/// The customer's pages with a credential that the browser keeps to itself: what stands behind the `#` is sent to
/// nobody.
fn customers_page(node: &Node, customer: &str) -> String {
    let token = node.tokens().token(&Principal::new(Role::Customer, customer));
    format!("http://{}/my/sign-in#{token}", node.http)
}

/// One case is a repair unless something else is asked for; many are a mix.
fn story(args: &Args) -> Option<Story> {
    args.story.or((args.cases == 1).then_some(Story::Repair))
}

/// Prints what one case shows: every entry when it is alone, its end when there are many.
async fn tell(
    mut seen: mpsc::Receiver<Shown>,
    printer: Printer,
    out: Out,
    pace: Duration,
    alone: bool,
) {
    if alone {
        out.line("");
        out.line(&printer.head());
    }
    while let Some(shown) = seen.recv().await {
        match shown {
            Shown::Entry(entry) if alone => {
                out.line(&printer.entry(&entry));
                pause(pace).await;
            }
            Shown::Entry(_) => {}
            Shown::Ended(timeline) => out.line(&ending(printer, &timeline, alone)),
        }
    }
}

fn ending(printer: Printer, timeline: &Timeline, alone: bool) -> String {
    if alone {
        return format!("\n{}\n", printer.account(timeline));
    }
    format!("{} {} {}", timeline.case_id, timeline.stage_label, timeline.entries.len())
}

/// Gives the reader time.
#[expect(clippy::disallowed_methods, reason = "the demonstration is paced for whoever watches it")]
async fn pause(pace: Duration) {
    if !pace.is_zero() {
        tokio::time::sleep(pace).await;
    }
}

/// Stays up with the addresses to explore, until a signal.
async fn stay(node: Node, printer: Printer, out: Out) -> anyhow::Result<()> {
    let agent = node.tokens().token(&Principal::new(Role::Agent, "demo-agent"));
    let (grpc, http) = (node.grpc, node.http);
    // Signals are followed from the first poll on, and whoever reads the lines may send one.
    let mut running = Box::pin(node.run());
    let at_once = futures::poll!(running.as_mut());
    out.line(printer.say(
        "系统继续运行, 可以继续探索 (Ctrl-C 结束):",
        "The node stays up to explore (Ctrl-C ends it):",
    ));
    out.line(&format!("  http://{http}/"));
    out.line(&format!("  http://{http}/my"));
    out.line(&format!("  grpcurl -plaintext -H 'authorization: Bearer {agent}' {grpc} list"));
    let ended = match at_once {
        Poll::Ready(ended) => ended,
        Poll::Pending => running.await,
    };
    ended.context("the node failed")?;
    Ok(())
}
