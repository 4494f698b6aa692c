//! The side that starts child processes, waits for them, and ends those that do not end.

use std::fs::File;
use std::io::{Read as _, Seek as _, SeekFrom};
use std::os::unix::process::ExitStatusExt as _;
use std::path::{Path, PathBuf};
use std::process::{ExitStatus, Stdio};
use std::sync::Arc;

use sha2::{Digest as _, Sha256};
use tokio::io::AsyncReadExt as _;
use tokio::process::Command;
use tokio::sync::Semaphore;
use tokio::task::spawn_blocking;
use tokio::time::timeout;

use crate::fault::Fault;
use crate::kind::Kind;
use crate::limits::Limits;
use crate::look::Look;
use crate::photo::Made;
use crate::quarantine::Arrival;
use crate::worker::{self, COMMAND, Report};

/// Bytes of a child's report that are read.
const REPORT_BYTES_MAX: u64 = 4_096;
/// Where the system shows a process its own program, also after the file was replaced.
const OWN_PROGRAM: &str = "/proc/self/exe";

/// Makes renditions. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Workshop {
    how: How,
    folder: PathBuf,
    limits: Limits,
    places: Arc<Semaphore>,
}

#[derive(Clone, Debug)]
enum How {
    Program(PathBuf),
    Inside,
}

/// What is kept of a file.
#[derive(Debug)]
pub struct Rendition {
    /// The type it is served as.
    pub media_type: &'static str,
    /// SHA-256 of it, in lower-case hexadecimal digits.
    pub sha256: String,
    /// Its length.
    pub bytes: u64,
    /// Dots from left to right; 0 for a film that does not say.
    pub width: u32,
    /// Dots from top to bottom; 0 likewise.
    pub height: u32,
    /// How it looks; `None` for films and for pictures without contrast.
    pub look: Option<Look>,
    pub(crate) file: File,
}

impl Workshop {
    /// A workshop that starts `program` with [`COMMAND`] for each file; nameless files lie in `folder`.
    pub fn of_program(program: PathBuf, folder: &Path, limits: Limits) -> Self {
        Self::new(How::Program(program), folder, limits)
    }

    /// A workshop that starts the program this process runs.
    ///
    /// # Errors
    /// When the system does not say which that is.
    pub fn of_this_program(folder: &Path, limits: Limits) -> std::io::Result<Self> {
        let own = PathBuf::from(OWN_PROGRAM);
        let program = if own.exists() { own } else { std::env::current_exe()? };
        Ok(Self::of_program(program, folder, limits))
    }

    /// A workshop that reads files inside this process, for tests of services, which have no program to
    /// start. A file made to harm its reader then harms this process.
    pub fn inside(folder: &Path, limits: Limits) -> Self {
        Self::new(How::Inside, folder, limits)
    }

    fn new(how: How, folder: &Path, limits: Limits) -> Self {
        let places = Arc::new(Semaphore::new(limits.workers));
        Self { how, folder: folder.to_owned(), limits, places }
    }

    /// What is kept of a file that has come.
    ///
    /// # Errors
    /// [`Fault`]; nothing is left of it then.
    pub async fn make(&self, arrival: Arrival) -> Result<Rendition, Fault> {
        let _place = self.places.acquire().await.map_err(Fault::store)?;
        let Arrival { kind, file, .. } = arrival;
        let out = tempfile::tempfile_in(&self.folder).map_err(Fault::store)?;
        let written = out.try_clone().map_err(Fault::store)?;
        let made = match &self.how {
            How::Program(program) => self.in_child(program, file, out).await?,
            How::Inside => {
                let limits = self.limits;
                let work = spawn_blocking(move || worker::work(file, out, &limits));
                work.await.map_err(Fault::unreadable)??
            }
        };
        let hashed = spawn_blocking(move || fingerprint(written)).await.map_err(Fault::store)?;
        let (sha256, bytes, file) = hashed.map_err(Fault::store)?;
        let Made { width, height, look } = made;
        let media_type = if kind.is_film() { kind } else { Kind::Jpeg }.media_type();
        Ok(Rendition { media_type, sha256, bytes, width, height, look, file })
    }

    async fn in_child(&self, program: &Path, from: File, to: File) -> Result<Made, Fault> {
        let mut child = Command::new(program)
            .arg(COMMAND)
            .args(self.limits.arguments())
            .env_clear()
            // The allocator would take a gigabyte of address space before the limit on it is set, or fail to.
            .env("MIMALLOC_ARENA_RESERVE", "0")
            .stdin(Stdio::from(from))
            .stdout(Stdio::from(to))
            .stderr(Stdio::piped())
            .kill_on_drop(true)
            .spawn()
            .map_err(Fault::store)?;
        let mut told = Vec::new();
        let stderr = child.stderr.take();
        let ended = timeout(self.limits.time, async {
            if let Some(stderr) = stderr {
                stderr.take(REPORT_BYTES_MAX).read_to_end(&mut told).await?;
            }
            child.wait().await
        });
        match ended.await {
            Ok(status) => verdict(&told, status.map_err(Fault::store)?),
            Err(_) => {
                // It is gone before its place is given to another.
                child.kill().await.map_err(Fault::store)?;
                Err(Fault::TooCostly("reading the file takes too long"))
            }
        }
    }
}

/// What a child's end means. One that was ended by a signal met a limit: the system's for time and length,
/// its own for memory, which it cannot go on without.
fn verdict(told: &[u8], status: ExitStatus) -> Result<Made, Fault> {
    if let Some(signal) = status.signal() {
        tracing::info!(signal, "a file was too much for its reader");
        return Err(Fault::TooCostly("reading the file takes too much time or memory"));
    }
    if !status.success() {
        return Err(Fault::unreadable("the file does not decode"));
    }
    serde_json::from_slice::<Report>(told).map_err(Fault::store)?.read()
}

fn fingerprint(mut file: File) -> std::io::Result<(String, u64, File)> {
    file.seek(SeekFrom::Start(0))?;
    let (mut hash, mut bytes, mut buffer) = (Sha256::new(), 0_u64, vec![0; 64 * 1024]);
    loop {
        let read = file.read(&mut buffer)?;
        if read == 0 {
            return Ok((hex::encode(hash.finalize()), bytes, file));
        }
        hash.update(&buffer[..read]);
        bytes += read as u64;
    }
}

#[cfg(test)]
mod tests {
    use std::io::{Seek as _, SeekFrom, Write as _};
    use std::time::Duration;

    use super::*;
    use crate::photo::samples::scene;

    fn arrival(bytes: &[u8]) -> Arrival {
        let mut file = tempfile::tempfile().unwrap();
        file.write_all(bytes).unwrap();
        file.seek(SeekFrom::Start(0)).unwrap();
        let sha256 = hex::encode(Sha256::digest(bytes));
        Arrival { kind: Kind::of(bytes).unwrap(), sha256, bytes: bytes.len() as u64, file }
    }

    fn jpeg() -> Vec<u8> {
        let mut bytes = std::io::Cursor::new(Vec::new());
        scene(1, 64, 48).write_to(&mut bytes, image::ImageFormat::Jpeg).unwrap();
        bytes.into_inner()
    }

    #[tokio::test]
    async fn a_rendition_has_a_fingerprint_of_its_own() {
        let folder = tempfile::tempdir().unwrap();
        let workshop = Workshop::inside(folder.path(), Limits::default());
        let made = workshop.make(arrival(&jpeg())).await.unwrap();
        assert_eq!((made.width, made.height, made.media_type), (64, 48, "image/jpeg"));
        let (sha256, bytes, _) = fingerprint(made.file).unwrap();
        assert_eq!((made.sha256, made.bytes), (sha256, bytes));
    }

    #[tokio::test]
    async fn a_child_that_hangs_is_killed_and_its_place_is_free() {
        let folder = tempfile::tempdir().unwrap();
        let script = folder.path().join("hang");
        std::fs::write(&script, "#!/bin/sh\nexec /bin/sleep 1000\n").unwrap();
        let mode = <std::fs::Permissions as std::os::unix::fs::PermissionsExt>::from_mode(0o755);
        std::fs::set_permissions(&script, mode).unwrap();
        let limits = Limits { time: Duration::from_millis(100), workers: 1, ..Limits::default() };
        let workshop = Workshop::of_program(script, folder.path(), limits);
        for _ in 0..2 {
            let refused = workshop.make(arrival(&jpeg())).await;
            assert!(matches!(refused, Err(Fault::TooCostly(_))), "{refused:?}");
        }
    }

    #[tokio::test]
    async fn a_child_that_talks_nonsense_or_cannot_be_started_is_our_failure() {
        let folder = tempfile::tempdir().unwrap();
        for program in ["/bin/true", "/nowhere/to/be/found"] {
            let workshop = Workshop::of_program(program.into(), folder.path(), Limits::default());
            let refused = workshop.make(arrival(&jpeg())).await;
            assert!(matches!(refused, Err(Fault::Store(_))), "{program}: {refused:?}");
        }
    }
}
