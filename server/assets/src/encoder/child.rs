//! A program as a process of its own, with an end to everything that it may take.

use std::{
    fs::File,
    io::Read,
    path::Path,
    process::{Child, Command, Stdio},
    time::{Duration, Instant},
};

use super::EncodeError;
use crate::limits::{IMAGE_BYTES_MAX, PACKING_IMAGE_MAX, PACKING_MEMORY_BYTES_MAX};

/// How often it is seen whether it has ended.
const LOOK_EVERY: Duration = Duration::from_millis(5);
/// How far it stands back (POSIX, nice).
const NICENESS: u8 = 15;
/// Bytes of what it says that are told.
const WORDS_BYTES_MAX: u64 = 400;

/// Runs a program to its end in a folder, which gets `words.txt` of what it says.
pub(super) fn run(command: &Command, folder: &Path, end: Instant) -> Result<(), EncodeError> {
    let words = folder.join("words.txt");
    let said = File::create(&words)?;
    let mut command = bounded(command);
    // Keys of the server are nothing that it needs to know.
    command.env_clear().envs(std::env::var_os("PATH").map(|path| ("PATH", path)));
    command.current_dir(folder).stdin(Stdio::null());
    command.stdout(said.try_clone()?).stderr(said);
    let mut child = command.spawn()?;
    let is_in_time = wait(&mut child, end);
    // Whatever it has begun itself ends with it.
    kill(&mut child);
    let status = child.wait()?;
    if !is_in_time? {
        return Err(EncodeError::TooSlow);
    }
    if status.success() {
        return Ok(());
    }
    let mut said = Vec::new();
    let _ = File::open(&words).map(|file| file.take(WORDS_BYTES_MAX).read_to_end(&mut said));
    let said = String::from_utf8_lossy(&said).split_whitespace().collect::<Vec<_>>().join(" ");
    Err(EncodeError::Failed(format!("{status}: {said}")))
}

/// Whether it ends in time.
fn wait(child: &mut Child, end: Instant) -> std::io::Result<bool> {
    while !has_ended(child)? {
        if Instant::now() >= end {
            return Ok(false);
        }
        std::thread::sleep(LOOK_EVERY);
    }
    Ok(true)
}

/// Its number stays its own until its end is asked for, so that nobody else is killed by it.
fn has_ended(child: &mut Child) -> std::io::Result<bool> {
    use rustix::process::{WaitId, WaitIdOptions, waitid};
    let Some(id) = id_of(child) else { return Ok(true) };
    let options = WaitIdOptions::EXITED | WaitIdOptions::NOHANG | WaitIdOptions::NOWAIT;
    Ok(waitid(WaitId::Pid(id), options)?.is_some())
}

fn id_of(child: &Child) -> Option<rustix::process::Pid> {
    i32::try_from(child.id()).ok().and_then(rustix::process::Pid::from_raw)
}

fn kill(child: &mut Child) {
    if let Some(group) = id_of(child) {
        // Mostly there is nobody left.
        let _ = rustix::process::kill_process_group(group, rustix::process::Signal::KILL);
    }
    let _ = child.kill();
}

/// Memory, bytes of a file and time have an end before the program begins, for all that it begins as
/// well, and worlds come first. The end of time holds when the server itself has ended meanwhile: a
/// watch in the group of the program ends it, and ends with it.
fn bounded(command: &Command) -> Command {
    // POSIX, ulimit: KiB, blocks of 512 bytes, seconds. macOS has no limit on addresses.
    let memory = match cfg!(target_os = "macos") {
        true => String::new(),
        false => format!("ulimit -v {} && ", PACKING_MEMORY_BYTES_MAX / 1024),
    };
    // Later than the server, which knows why.
    let most_s = PACKING_IMAGE_MAX.as_secs() + 1;
    let script = format!(
        "{memory}ulimit -f {} && ulimit -t {most_s} && ulimit -c 0 || exit; \
         (sleep {most_s}; kill -s KILL -- -$$) & exec nice -n {NICENESS} \"$0\" \"$@\"",
        IMAGE_BYTES_MAX / 512,
    );
    let mut shell = Command::new("/bin/sh");
    shell.arg("-c").arg(script).arg(command.get_program()).args(command.get_args());
    // So that it can be ended with all that it has begun.
    std::os::unix::process::CommandExt::process_group(&mut shell, 0);
    shell
}
