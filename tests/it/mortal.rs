//! Games of the demonstration whose process is killed at random moments and started again, until they end.

use std::fs::{self, File};
use std::io::{BufRead as _, BufReader};
use std::ops::Range;
use std::path::Path;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::mpsc;
use std::time::Duration;

/// How long a run that is not killed may take.
const PATIENCE: Duration = Duration::from_secs(240);
/// Where the runs of a game say what they fail of, beside its data.
const ERRORS: &str = "errors.txt";

/// How processes die.
pub struct Kills {
    /// How many there are, over all games.
    pub all: usize,
    /// How long a process lives before it is killed, in milliseconds.
    pub life_ms: Range<u64>,
    /// What the lives are drawn from.
    pub seed: u64,
}

impl Kills {
    /// Plays games until every kill was dealt and the last game has ended; says how many there were.
    ///
    /// `command` makes the command of a run on a data folder: a run of a game that was cut off goes on with
    /// it. `check` looks at the folder of each game that ended.
    pub fn deal(&self, command: impl Fn(&Path) -> Command, mut check: impl FnMut(&Path)) -> usize {
        let (mut dealt, mut games, mut dice) = (0, 0, Dice(self.seed));
        while dealt < self.all {
            let folder = tempfile::tempdir().expect("a temp folder");
            games += 1;
            dealt += self.game(folder.path(), &command, self.all - dealt, &mut dice);
            check(folder.path());
        }
        games
    }

    /// One game to its end, with at most this many kills; says how many it took.
    fn game(
        &self,
        folder: &Path,
        command: &impl Fn(&Path) -> Command,
        most: usize,
        dice: &mut Dice,
    ) -> usize {
        let mut dealt = 0;
        loop {
            let mut child = start(command(folder), folder);
            let mortal = dealt < most;
            let life = self.life_ms.start + dice.below(self.life_ms.end - self.life_ms.start);
            let life = if mortal { Duration::from_millis(life) } else { PATIENCE };
            match ends_within(&mut child, life) {
                Some(status) => {
                    let said = fs::read_to_string(folder.join(ERRORS)).expect("what it said");
                    assert!(status.success(), "a run after {dealt} kills: {status}: {said}");
                    return dealt;
                }
                None => {
                    child.kill().expect("the process can be killed");
                    child.wait().expect("the process can be waited for");
                    let said = fs::read_to_string(folder.join(ERRORS)).expect("what it said");
                    assert!(mortal, "the last run never ended: {said}");
                    dealt += 1;
                }
            }
        }
    }
}

/// Starts or goes on with the game, and returns once it is ready.
fn start(mut command: Command, folder: &Path) -> Child {
    let errors = File::create(folder.join(ERRORS)).expect("the folder takes a file");
    let mut child =
        command.stdout(Stdio::piped()).stderr(errors).spawn().expect("the program runs");
    let mut lines = BufReader::new(child.stdout.take().expect("its output is piped")).lines();
    // The first line says that both ports are open.
    let _ = lines.next();
    std::thread::spawn(move || lines.for_each(drop));
    child
}

/// How the process ended, if it did by itself.
fn ends_within(child: &mut Child, time: Duration) -> Option<ExitStatus> {
    // A clock that only counts: the wait of an empty channel.
    let (_keep, clock) = mpsc::channel::<()>();
    let step = Duration::from_millis(5);
    for _ in 0..=time.as_millis() / step.as_millis() {
        if let Some(status) = child.try_wait().expect("the process can be asked") {
            return Some(status);
        }
        let _ = clock.recv_timeout(step);
    }
    None
}

/// Numbers without a pattern that matters; the seed makes a failure repeatable.
struct Dice(u64);

impl Dice {
    fn below(&mut self, limit: u64) -> u64 {
        self.0 =
            self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % limit
    }
}
