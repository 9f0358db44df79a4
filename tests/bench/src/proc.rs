//! What the kernel knows of a process: its CPU time, its memory; and processes that end with us.

use std::{
    collections::BTreeMap,
    fs,
    path::Path,
    process::{Child, Command},
    thread,
    time::{Duration, Instant},
};

use anyhow::{Context as _, Result, bail};

/// What one tick of `/proc/PID/stat` lasts: Linux has counted 100 a second for programs on every
/// architecture that this runs on.
const TICK_MICROS: f64 = 10_000.0;
/// User and system time are both rounded down to ticks.
const COARSE_MICROS: f64 = 2.0 * TICK_MICROS;
/// How long a process that was asked to end may take.
const END_MAX: Duration = Duration::from_secs(30);
const LOOK: Duration = Duration::from_millis(10);

/// Measures the CPU time that a process uses from here on.
pub(crate) struct Meter {
    pid: u32,
    threads: BTreeMap<String, f64>,
    whole: f64,
}

impl Meter {
    pub(crate) fn start(pid: u32) -> Result<Self> {
        Ok(Self { pid, threads: threads(pid), whole: whole(pid)? })
    }

    /// Microseconds since the start. The threads' own counters are exact, but know no thread that
    /// has ended; the process's counter knows all, in ticks: it counts where it is clearly more.
    pub(crate) fn micros(&self) -> Result<f64> {
        let before = |thread: &str| self.threads.get(thread).copied().unwrap_or_default();
        let fine: f64 = threads(self.pid).iter().map(|(id, now)| now - before(id)).sum();
        let coarse = whole(self.pid)? - self.whole;
        Ok(if coarse > fine + COARSE_MICROS { coarse } else { fine })
    }
}

/// CPU time of the calling thread in microseconds.
pub(crate) fn of_this_thread() -> Result<f64> {
    // The counter is brought up to date when the thread goes off the CPU.
    thread::sleep(Duration::from_millis(1));
    let text = fs::read_to_string("/proc/thread-self/schedstat").context("no schedstat")?;
    run_micros(&text).context("schedstat is not as expected")
}

/// The first number of a schedstat: nanoseconds on a CPU.
fn run_micros(text: &str) -> Option<f64> {
    let nanos: f64 = text.split_ascii_whitespace().next()?.parse().ok()?;
    Some(nanos / 1000.0)
}

fn threads(pid: u32) -> BTreeMap<String, f64> {
    let Ok(entries) = fs::read_dir(format!("/proc/{pid}/task")) else { return BTreeMap::new() };
    let one = |entry: fs::DirEntry| {
        let text = fs::read_to_string(entry.path().join("schedstat")).ok()?;
        Some((entry.file_name().into_string().ok()?, run_micros(&text)?))
    };
    entries.flatten().filter_map(one).collect()
}

/// CPU time of a process so far, in microseconds, by ticks.
pub(crate) fn whole(pid: u32) -> Result<f64> {
    let text = fs::read_to_string(format!("/proc/{pid}/stat"))
        .with_context(|| format!("process {pid} is gone"))?;
    stat_micros(&text).with_context(|| format!("/proc/{pid}/stat is not as expected"))
}

/// User and system time of a process with all its threads. The name before them may hold blanks
/// and brackets, so fields are counted from the last bracket.
fn stat_micros(text: &str) -> Option<f64> {
    let (_name, fields) = text.rsplit_once(')')?;
    let mut fields = fields.split_ascii_whitespace().skip(11);
    let mut ticks = || fields.next()?.parse::<f64>().ok();
    Some((ticks()? + ticks()?) * TICK_MICROS)
}

/// CPU time of everything on the machine so far, in microseconds.
pub(crate) fn machine() -> Result<f64> {
    let text = fs::read_to_string("/proc/stat").context("no /proc/stat")?;
    machine_micros(&text).context("/proc/stat is not as expected")
}

/// User, nice, system, and, after idle and waiting, the two kinds of interrupts.
fn machine_micros(text: &str) -> Option<f64> {
    let numbers = text.lines().next()?.strip_prefix("cpu ")?.split_ascii_whitespace();
    let ticks: Vec<f64> = numbers.map_while(|ticks| ticks.parse().ok()).collect();
    let [user, nice, system, _idle, _waiting, hard, soft, ..] = ticks.as_slice() else {
        return None;
    };
    Some((user + nice + system + hard + soft) * TICK_MICROS)
}

/// Resident and proportional memory of a process, in MB (of 1,000,000 bytes).
pub(crate) fn memory(pid: u32) -> Result<(f64, f64)> {
    let read = |file: &str, field: &str| {
        let path = format!("/proc/{pid}/{file}");
        let text = fs::read_to_string(&path).with_context(|| format!("{path} cannot be read"))?;
        megabytes(&text, field).with_context(|| format!("{path} has no {field}"))
    };
    Ok((read("status", "VmRSS:")?, read("smaps_rollup", "Pss:")?))
}

fn megabytes(text: &str, field: &str) -> Option<f64> {
    let line = text.lines().find(|line| line.starts_with(field))?;
    let kibibytes: f64 = line.split_ascii_whitespace().nth(1)?.parse().ok()?;
    Some(kibibytes * 1024.0 / 1_000_000.0)
}

/// How busy the machine is: runnable tasks over the last minute.
pub(crate) fn load() -> String {
    let text = fs::read_to_string("/proc/loadavg").unwrap_or_default();
    text.split_ascii_whitespace().next().unwrap_or("?").to_owned()
}

/// The name of the processor.
pub(crate) fn processor() -> String {
    let text = fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let name = text.lines().find(|line| line.starts_with("model name"));
    let name = name.and_then(|line| line.split_once(": ")).map(|(_key, name)| name.trim());
    name.unwrap_or("unknown processor").to_owned()
}

/// A process that does not outlive us.
pub(crate) struct Guarded(Child);

impl Guarded {
    pub(crate) fn start(command: &mut Command) -> Result<Self> {
        let child = command.spawn();
        child.map(Self).with_context(|| format!("cannot start {:?}", command.get_program()))
    }

    pub(crate) fn id(&self) -> u32 {
        self.0.id()
    }

    pub(crate) fn child(&mut self) -> &mut Child {
        &mut self.0
    }

    /// Fails when it has ended by itself.
    pub(crate) fn check(&mut self) -> Result<()> {
        match self.0.try_wait()? {
            None => Ok(()),
            Some(status) => bail!("a process that is measured has ended: {status}"),
        }
    }

    /// Asks it to end, and waits.
    pub(crate) fn end(mut self) -> Result<()> {
        let asked = Command::new("kill").arg(self.id().to_string()).status();
        asked.context("kill cannot be run")?;
        let until = Instant::now() + END_MAX;
        while self.0.try_wait()?.is_none() {
            if Instant::now() > until {
                bail!("a process did not end within {END_MAX:?} of SIGTERM");
            }
            thread::sleep(LOOK);
        }
        Ok(())
    }
}

impl Drop for Guarded {
    fn drop(&mut self) {
        let _gone = self.0.kill();
        let _gone = self.0.wait();
    }
}

/// A folder that is gone with this value.
pub(crate) struct Folder(std::path::PathBuf);

impl Folder {
    pub(crate) fn new(name: &str) -> Result<Self> {
        let path = std::env::temp_dir().join(format!("qidan-bench-{}-{name}", std::process::id()));
        fs::create_dir_all(&path).with_context(|| format!("cannot make {}", path.display()))?;
        Ok(Self(path))
    }

    pub(crate) fn path(&self) -> &Path {
        &self.0
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _gone = fs::remove_dir_all(&self.0);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_found_behind_a_name_with_blanks_and_brackets() {
        let stat = "42 (a) b (c) S 1 42 42 0 -1 4194560 100 0 0 0 150 25 7 8 20 0 9 0 12345 0 0";
        assert_eq!(stat_micros(stat), Some(1_750_000.0));
        assert_eq!(stat_micros("42 (x) S 1"), None);
        assert_eq!(run_micros("2500 17 3\n"), Some(2.5));
        let machine = "cpu  1 2 3 100 50 4 5 60 0 0\ncpu0 1 1 1 1 1 1 1 1 0 0\n";
        assert_eq!(machine_micros(machine), Some(150_000.0));
        assert_eq!(machine_micros("cpu  1 2 3"), None);
    }

    #[test]
    fn memory_is_told_in_decimal_megabytes() {
        let status = "Name:\tx\nVmRSS:\t   50000 kB\nThreads:\t3\n";
        assert_eq!(megabytes(status, "VmRSS:"), Some(51.2));
        assert_eq!(megabytes(status, "Pss:"), None);
    }

    #[test]
    fn work_of_this_process_is_measured() {
        let (meter, began) = (Meter::start(std::process::id()).unwrap(), Instant::now());
        let (own, mut sum) = (of_this_thread().unwrap(), 0_u64);
        while began.elapsed() < Duration::from_millis(120) {
            sum = std::hint::black_box(sum.wrapping_add(1));
        }
        let own = of_this_thread().unwrap() - own;
        assert!(own > 1_000.0 && own < 200_000.0, "{own}");
        assert!(meter.micros().unwrap() + COARSE_MICROS >= own);
    }
}
