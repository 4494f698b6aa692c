//! How much of everything one file may take.

use std::time::Duration;

/// Bytes of a photo as it comes.
pub const PHOTO_BYTES_MAX: u64 = 16 * 1024 * 1024;
/// Bytes of a film as it comes.
pub const VIDEO_BYTES_MAX: u64 = 64 * 1024 * 1024;
/// Pixels of a photo, width times height; telephones make 12 million, the largest 50 million in one shot.
const PIXELS_MAX: u64 = 50_000_000;
/// Pixels of a side of a photo.
const SIDE_MAX: u32 = 16_384;
/// Bytes of address space of the child process that reads a file.
const WORKER_MEMORY_MAX: u64 = 1024 * 1024 * 1024;
/// Processor seconds of that process.
const WORKER_CPU_MAX: u64 = 20;
/// How long it may take by the clock; then it is killed.
const WORKER_TIME_MAX: Duration = Duration::from_secs(30);
/// How long a sender may be silent between two pieces of a file.
const QUIET_MAX: Duration = Duration::from_secs(20);
/// How long a file may take to come, however steadily.
const COMING_MAX: Duration = Duration::from_secs(600);
/// Child processes at a time; further files wait in the quarantine.
const WORKERS_MAX: usize = 2;

/// The limits of one workshop. They are the constants of this file unless a test wants to meet one.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// Bytes of a photo as it comes.
    pub photo_bytes: u64,
    /// Bytes of a film as it comes.
    pub video_bytes: u64,
    /// Pixels of a photo.
    pub pixels: u64,
    /// Pixels of a side of a photo.
    pub side: u32,
    /// Bytes of address space of the child process.
    pub memory: u64,
    /// Processor seconds of the child process.
    pub cpu_s: u64,
    /// How long the child process may take by the clock.
    pub time: Duration,
    /// Child processes at a time.
    pub workers: usize,
    /// How long a sender may be silent.
    pub quiet: Duration,
    /// How long a file may take to come.
    pub coming: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            photo_bytes: PHOTO_BYTES_MAX,
            video_bytes: VIDEO_BYTES_MAX,
            pixels: PIXELS_MAX,
            side: SIDE_MAX,
            memory: WORKER_MEMORY_MAX,
            cpu_s: WORKER_CPU_MAX,
            time: WORKER_TIME_MAX,
            workers: WORKERS_MAX,
            quiet: QUIET_MAX,
            coming: COMING_MAX,
        }
    }
}

impl Limits {
    /// What the child process has to know, as arguments of its command line.
    pub(crate) fn arguments(&self) -> [String; 5] {
        [
            self.pixels.to_string(),
            self.side.to_string(),
            self.memory.to_string(),
            self.cpu_s.to_string(),
            self.photo_bytes.max(self.video_bytes).to_string(),
        ]
    }

    /// Reads [`Limits::arguments`]; `None` for anything else.
    pub(crate) fn of_arguments(arguments: &[String]) -> Option<Self> {
        let [pixels, side, memory, cpu_s, bytes] = arguments else { return None };
        let bytes = bytes.parse().ok()?;
        Some(Self {
            pixels: pixels.parse().ok()?,
            side: side.parse().ok()?,
            memory: memory.parse().ok()?,
            cpu_s: cpu_s.parse().ok()?,
            photo_bytes: bytes,
            video_bytes: bytes,
            ..Self::default()
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_child_reads_the_limits_it_is_given() {
        let given = Limits { pixels: 7, memory: 9, ..Limits::default() };
        let read = Limits::of_arguments(&given.arguments()).unwrap();
        assert_eq!((read.pixels, read.memory, read.cpu_s), (7, 9, given.cpu_s));
        assert!(Limits::of_arguments(&["7".to_owned()]).is_none());
    }
}
