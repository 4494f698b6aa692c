//! The child process: one file in, one file out, and a line about it.
//!
//! Standard input is the file as it came, standard output the file that is written, standard error the
//! report. The process takes its own limits before it reads a byte: address space, processor time, the
//! length of what it writes, open files, no core. It has no environment, no network and no thread, and it
//! ends with the file. Whatever a decoder can be made to do, it does here.

use std::fs::File;
use std::io::{BufReader, BufWriter, Read, Seek, SeekFrom, Write as _};
use std::os::fd::AsFd as _;
use std::process::ExitCode;

use rustix::process::{Resource, Rlimit, setrlimit};
use serde::{Deserialize, Serialize};

use crate::fault::Fault;
use crate::kind::{HEAD, Kind};
use crate::limits::Limits;
use crate::look::Look;
use crate::photo::Made;
use crate::{film, photo};

/// The first argument of a child process; the limits follow. No command for people.
pub const COMMAND: &str = "evidence-worker";

/// Files open at a time: the three standard ones, and a few for the allocator and the loader.
const FILES_MAX: u64 = 16;

/// What the child tells.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) enum Report {
    /// The file was written.
    Made {
        /// Dots from left to right.
        width: u32,
        /// Dots from top to bottom.
        height: u32,
        /// The look's two numbers.
        look: Option<(u64, u64)>,
    },
    /// More pixels than are taken.
    TooLarge(String),
    /// The file does not read.
    Unreadable(String),
    /// The decoder asked for more memory than it gets.
    TooCostly,
    /// It could not be written.
    Failed(String),
}

impl Report {
    /// As the parent has it.
    pub(crate) fn read(self) -> Result<Made, Fault> {
        match self {
            Self::Made { width, height, look } => {
                let look = look.map(|(rows, columns)| Look { rows, columns });
                Ok(Made { width, height, look })
            }
            Self::TooLarge(why) => Err(Fault::TooLarge(why)),
            Self::Unreadable(why) => Err(Fault::Unreadable(why)),
            Self::TooCostly => Err(Fault::TooCostly("reading the file takes too much memory")),
            Self::Failed(why) => Err(Fault::store(why)),
        }
    }

    fn of(outcome: Result<Made, Fault>) -> Self {
        match outcome {
            Ok(Made { width, height, look }) => {
                Self::Made { width, height, look: look.map(|look| (look.rows, look.columns)) }
            }
            Err(Fault::TooLarge(why)) => Self::TooLarge(why),
            Err(Fault::Type(found)) => Self::Unreadable(format!("it turns out to be {found}")),
            Err(Fault::Unreadable(why)) => Self::Unreadable(why),
            Err(Fault::TooCostly(_)) => Self::TooCostly,
            Err(Fault::Store(cause)) if ran_out_of_memory(&*cause) => Self::TooCostly,
            Err(Fault::Store(cause)) => Self::Failed(cause.to_string()),
        }
    }
}

/// Whether the limit on memory was met where something else was read or written.
fn ran_out_of_memory(cause: &(dyn std::error::Error + 'static)) -> bool {
    let failed = cause.downcast_ref::<std::io::Error>();
    failed.is_some_and(|error| error.kind() == std::io::ErrorKind::OutOfMemory)
}

/// The child process. `arguments` are what follows [`COMMAND`].
pub fn run(arguments: &[String]) -> ExitCode {
    // A decoder that gives up says so by its exit, not in the parent's log.
    std::panic::set_hook(Box::new(|_| {}));
    let Some(limits) = Limits::of_arguments(arguments) else { return ExitCode::FAILURE };
    let report = Report::of(bound(&limits).and_then(|()| {
        let standard = |fd: std::io::Result<std::os::fd::OwnedFd>| fd.map_err(Fault::store);
        let from = standard(std::io::stdin().as_fd().try_clone_to_owned())?;
        let to = standard(std::io::stdout().as_fd().try_clone_to_owned())?;
        work(File::from(from), File::from(to), &limits)
    }));
    let line = serde_json::to_vec(&report).unwrap_or_default();
    match std::io::stderr().write_all(&line) {
        Ok(()) => ExitCode::SUCCESS,
        Err(_) => ExitCode::FAILURE,
    }
}

/// Takes the limits, for good.
fn bound(limits: &Limits) -> Result<(), Fault> {
    let longest = limits.photo_bytes.max(limits.video_bytes).saturating_mul(2);
    let taken = [
        (Resource::As, limits.memory),
        (Resource::Cpu, limits.cpu_s),
        (Resource::Fsize, longest),
        (Resource::Nofile, FILES_MAX),
        (Resource::Core, 0),
    ];
    for (resource, most) in taken {
        let most = Rlimit { current: Some(most), maximum: Some(most) };
        setrlimit(resource, most).map_err(Fault::store)?;
    }
    Ok(())
}

/// Reads one file and writes another.
pub(crate) fn work(mut from: File, to: File, limits: &Limits) -> Result<Made, Fault> {
    from.seek(SeekFrom::Start(0)).map_err(Fault::store)?;
    let mut head = Vec::with_capacity(HEAD);
    (&from).take(HEAD as u64).read_to_end(&mut head).map_err(Fault::store)?;
    let kind = Kind::of(&head)?;
    from.seek(SeekFrom::Start(0)).map_err(Fault::store)?;
    let (from, mut to) = (BufReader::new(from), BufWriter::new(to));
    let made = if kind.is_film() {
        let (width, height) = film::copy(kind, from, &mut to)?;
        Made { width, height, look: None }
    } else {
        photo::make(kind, from, &mut to, limits)?
    };
    to.flush().map_err(Fault::store)?;
    Ok(made)
}
