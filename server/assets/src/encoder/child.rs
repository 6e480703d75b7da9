//! A program as a process of its own, with an end to everything that it may take.

use std::{
    fs::File,
    io::Read,
    path::Path,
    process::{Child, Command, Stdio},
    time::{Duration, Instant},
};

use super::EncodeError;

/// How often it is seen whether it has ended.
const LOOK_EVERY: Duration = Duration::from_millis(5);
/// Bytes of what it says that are told.
const WORDS_BYTES_MAX: u64 = 400;

/// Runs a program to its end in a folder, which gets `words.txt` of what it says.
pub(super) fn run(mut command: Command, folder: &Path, end: Instant) -> Result<(), EncodeError> {
    let words = folder.join("words.txt");
    let said = File::create(&words)?;
    // Keys of the server are nothing that it needs to know.
    command.env_clear().envs(std::env::var_os("PATH").map(|path| ("PATH", path)));
    command.current_dir(folder).stdin(Stdio::null());
    command.stdout(said.try_clone()?).stderr(said);
    #[cfg(unix)]
    std::os::unix::process::CommandExt::process_group(&mut command, 0);
    let mut child = command.spawn()?;
    bound(&child);
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
#[cfg(unix)]
fn has_ended(child: &mut Child) -> std::io::Result<bool> {
    use rustix::process::{WaitId, WaitIdOptions, waitid};
    let Some(id) = id_of(child) else { return Ok(true) };
    let options = WaitIdOptions::EXITED | WaitIdOptions::NOHANG | WaitIdOptions::NOWAIT;
    Ok(waitid(WaitId::Pid(id), options)?.is_some())
}

#[cfg(not(unix))]
fn has_ended(child: &mut Child) -> std::io::Result<bool> {
    Ok(child.try_wait()?.is_some())
}

#[cfg(unix)]
fn id_of(child: &Child) -> Option<rustix::process::Pid> {
    i32::try_from(child.id()).ok().and_then(rustix::process::Pid::from_raw)
}

fn kill(child: &mut Child) {
    #[cfg(unix)]
    if let Some(group) = id_of(child) {
        // Mostly there is nobody left.
        let _ = rustix::process::kill_process_group(group, rustix::process::Signal::KILL);
    }
    let _ = child.kill();
}

/// Memory, bytes of a file and processor time have an end, and worlds come first.
#[cfg(target_os = "linux")]
fn bound(child: &Child) {
    use crate::limits::{IMAGE_BYTES_MAX, PACKING_IMAGE_MAX, PACKING_MEMORY_BYTES_MAX};
    use rustix::process::{Resource, Rlimit, prlimit, setpriority_process};
    const NICENESS: i32 = 15;
    let Some(id) = id_of(child) else { return };
    let bounds = [
        (Resource::As, PACKING_MEMORY_BYTES_MAX),
        (Resource::Fsize, IMAGE_BYTES_MAX as u64),
        (Resource::Cpu, PACKING_IMAGE_MAX.as_secs()),
        (Resource::Core, 0),
    ];
    for (resource, most) in bounds {
        let bound = Rlimit { current: Some(most), maximum: Some(most) };
        if let Err(error) = prlimit(Some(id), resource, bound) {
            tracing::debug!(%error, "a program that packs textures is not bounded");
        }
    }
    if let Err(error) = setpriority_process(Some(id), NICENESS) {
        tracing::debug!(%error, "a program that packs textures does not stand back");
    }
}

#[cfg(not(target_os = "linux"))]
fn bound(_: &Child) {}
