//! A disk that fails as it is told to: a virtual file system of SQLite's that is the usual one, but
//! for `xWrite` and `xSync`.
//!
//! It knows what was written and not synced, so that a test can look at what a loss of power would
//! leave. There is one disk in a process: who uses it holds it.

#![expect(unsafe_code, reason = "SQLite's virtual file systems are tables of C functions")]

use std::{
    collections::BTreeMap,
    ffi::{CStr, CString, c_int, c_void},
    os::unix::fs::FileExt,
    path::{Path, PathBuf},
    sync::{Mutex, MutexGuard, Once, OnceLock, PoisonError},
};

use rusqlite::ffi;

/// What the shim is registered as.
pub const NAME: &str = "failing";

/// How the next write, or sync, fails.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// Nothing is written: an I/O error.
    Write,
    /// Half of it is written: an I/O error.
    HalfWrite,
    /// Nothing is written: the disk is full.
    Full,
    /// Half of it is written, and then the disk is full.
    HalfFull,
    /// What was written since the last sync is still there, or is not: nobody knows.
    Sync,
}

/// Bytes that were in a file before they were written over.
#[derive(Debug)]
struct Before {
    offset: usize,
    bytes: Vec<u8>,
    length: usize,
}

#[derive(Debug, Default)]
pub struct Disk {
    /// After so many more writes (or syncs, for [`Fault::Sync`]) it fails, so often.
    pub fault: Option<(Fault, u32, u32)>,
    /// Faults that there were.
    pub faults: u32,
    /// Writes and syncs so far.
    pub touches: u32,
    /// Open files by the address of their handle.
    files: BTreeMap<usize, PathBuf>,
    /// What is not synced, by file.
    unsynced: BTreeMap<PathBuf, Vec<Before>>,
}

/// What SQLite's own file system does.
struct Original {
    vfs: *mut ffi::sqlite3_vfs,
    /// Of databases and of logs, which lock differently and write in the same way.
    methods: [OnceLock<(ffi::sqlite3_io_methods, &'static ffi::sqlite3_io_methods)>; 2],
}

// SAFETY: the file system is never changed or freed after it was registered, and SQLite's own may
// be used from any thread.
unsafe impl Send for Original {}
// SAFETY: as above.
unsafe impl Sync for Original {}

static ORIGINAL: OnceLock<Original> = OnceLock::new();
static DISK: Mutex<Option<Disk>> = Mutex::new(None);
static HELD: Mutex<()> = Mutex::new(());
static REGISTERED: Once = Once::new();

fn disk() -> MutexGuard<'static, Option<Disk>> {
    DISK.lock().unwrap_or_else(PoisonError::into_inner)
}

/// The one disk.
pub struct Held {
    _held: MutexGuard<'static, ()>,
}

impl Held {
    /// Waits until nobody else has it, and makes it well.
    pub fn new() -> Self {
        let held = HELD.lock().unwrap_or_else(PoisonError::into_inner);
        REGISTERED.call_once(register);
        *disk() = Some(Disk::default());
        Self { _held: held }
    }

    /// Looks at the disk, or changes it.
    pub fn with<T>(&self, act: impl FnOnce(&mut Disk) -> T) -> T {
        act(disk().as_mut().expect("it is made when it is held"))
    }

    /// What a folder would have after a loss of power now, in another one: nothing of what was not
    /// synced.
    pub fn lose_power(&self, folder: &Path, copy: &Path) {
        self.with(|disk| {
            for name in ["vivarium.sqlite", "vivarium.sqlite-wal"] {
                let path = folder.join(name);
                let Ok(mut bytes) = std::fs::read(&path) else { continue };
                for before in disk.unsynced.get(&path).into_iter().flatten().rev() {
                    let end = (before.offset + before.bytes.len()).max(before.length);
                    bytes.resize(bytes.len().max(end), 0);
                    let place = before.offset..before.offset + before.bytes.len();
                    bytes[place].copy_from_slice(&before.bytes);
                    bytes.truncate(before.length);
                }
                std::fs::write(copy.join(name), bytes).unwrap();
            }
        });
    }
}

fn register() {
    // SAFETY: asks for the default file system, which lives as long as the process.
    let vfs = unsafe { ffi::sqlite3_vfs_find(std::ptr::null()) };
    assert!(!vfs.is_null(), "SQLite has a file system");
    // SAFETY: it was found above; a copy of it works as the original does, since what it needs is
    // in its `pAppData`, as with the variants that SQLite itself makes by copying.
    let mut shim = unsafe { *vfs };
    shim.zName = CString::new(NAME).expect("no zero byte").into_raw();
    shim.pNext = std::ptr::null_mut();
    shim.xOpen = Some(open);
    assert!(ORIGINAL.set(Original { vfs, methods: [OnceLock::new(), OnceLock::new()] }).is_ok());
    // SAFETY: both the table and its name were leaked, and live as long as the process.
    let registered = unsafe { ffi::sqlite3_vfs_register(Box::into_raw(Box::new(shim)), 0) };
    assert_eq!(registered, ffi::SQLITE_OK);
}

fn original() -> &'static Original {
    ORIGINAL.get().expect("it is set when the shim is registered")
}

fn methods() -> &'static ffi::sqlite3_io_methods {
    &original().methods[0].get().expect("a database was opened").0
}

unsafe extern "C" fn open(
    _shim: *mut ffi::sqlite3_vfs,
    name: ffi::sqlite3_filename,
    file: *mut ffi::sqlite3_file,
    flags: c_int,
    out_flags: *mut c_int,
) -> c_int {
    let original = original();
    // SAFETY: the original is asked with the arguments that SQLite gave.
    let opened = unsafe {
        (*original.vfs).xOpen.expect("every file system opens files")(
            original.vfs,
            name,
            file,
            flags,
            out_flags,
        )
    };
    let is_kept = flags & (ffi::SQLITE_OPEN_MAIN_DB | ffi::SQLITE_OPEN_WAL) != 0;
    if opened != ffi::SQLITE_OK || !is_kept || name.is_null() {
        return opened;
    }
    // SAFETY: the original has opened the file, and set its methods to a table that is never freed.
    let found = unsafe { *(*file).pMethods };
    let is_log = flags & ffi::SQLITE_OPEN_WAL != 0;
    let (_, patched) = original.methods[usize::from(is_log)].get_or_init(|| {
        let mut patched = found;
        patched.xWrite = Some(write);
        patched.xSync = Some(sync);
        patched.xTruncate = Some(truncate);
        (found, Box::leak(Box::new(patched)))
    });
    // SAFETY: SQLite gives names that end with zero and live as long as the file is open.
    let path = unsafe { CStr::from_ptr(name) }.to_string_lossy().into_owned();
    // SAFETY: `file` is SQLite's, and the table lives as long as the process.
    unsafe { (*file).pMethods = *patched };
    if let Some(disk) = disk().as_mut() {
        disk.files.insert(file as usize, path.into());
    }
    opened
}

/// Whether something fails now.
fn failing(disk: &mut Disk, is_sync: bool) -> Option<Fault> {
    disk.touches += 1;
    let (fault, after, times) = disk.fault?;
    if (fault == Fault::Sync) != is_sync {
        return None;
    }
    if after > 0 {
        disk.fault = Some((fault, after - 1, times));
        return None;
    }
    disk.fault = (times > 1).then(|| (fault, 0, times - 1));
    disk.faults += 1;
    Some(fault)
}

/// Notes what is in a file at a place, which is about to be written over.
fn note(disk: &mut Disk, file: *mut ffi::sqlite3_file, offset: usize, count: usize) {
    let Some(path) = disk.files.get(&(file as usize)).cloned() else { return };
    let open = std::fs::File::open(&path).unwrap();
    let length = open.metadata().unwrap().len() as usize;
    let mut bytes = vec![0; count];
    let there = length.saturating_sub(offset).min(count);
    open.read_exact_at(&mut bytes[..there], offset as u64).unwrap();
    let before = Before { offset, bytes, length };
    disk.unsynced.entry(path).or_default().push(before);
}

unsafe extern "C" fn write(
    file: *mut ffi::sqlite3_file,
    bytes: *const c_void,
    count: c_int,
    offset: ffi::sqlite3_int64,
) -> c_int {
    let mut held = disk();
    let Some(disk) = held.as_mut() else { return ffi::SQLITE_IOERR_WRITE };
    let (written, told) = match failing(disk, false) {
        None | Some(Fault::Sync) => (count, ffi::SQLITE_OK),
        Some(Fault::Write) => (0, ffi::SQLITE_IOERR_WRITE),
        Some(Fault::HalfWrite) => (count / 2, ffi::SQLITE_IOERR_WRITE),
        Some(Fault::Full) => (0, ffi::SQLITE_FULL),
        Some(Fault::HalfFull) => (count / 2, ffi::SQLITE_FULL),
    };
    if written == 0 {
        return told;
    }
    note(disk, file, offset as usize, written as usize);
    // SAFETY: the original writes the first bytes of those that SQLite gave.
    let wrote =
        unsafe { methods().xWrite.expect("files are written")(file, bytes, written, offset) };
    if wrote == ffi::SQLITE_OK { told } else { wrote }
}

unsafe extern "C" fn truncate(file: *mut ffi::sqlite3_file, size: ffi::sqlite3_int64) -> c_int {
    let mut held = disk();
    let Some(disk) = held.as_mut() else { return ffi::SQLITE_IOERR_TRUNCATE };
    let length = disk.files.get(&(file as usize)).and_then(|path| path.metadata().ok());
    let length = length.map_or(0, |found| found.len() as usize);
    note(disk, file, size as usize, length.saturating_sub(size as usize));
    // SAFETY: as SQLite asked.
    unsafe { methods().xTruncate.expect("files are truncated")(file, size) }
}

unsafe extern "C" fn sync(file: *mut ffi::sqlite3_file, flags: c_int) -> c_int {
    let mut held = disk();
    let Some(disk) = held.as_mut() else { return ffi::SQLITE_IOERR_FSYNC };
    if failing(disk, true).is_some() {
        return ffi::SQLITE_IOERR_FSYNC;
    }
    // SAFETY: as SQLite asked.
    let synced = unsafe { methods().xSync.expect("files are synced")(file, flags) };
    if synced == ffi::SQLITE_OK
        && let Some(path) = disk.files.get(&(file as usize))
    {
        disk.unsynced.remove(path);
    }
    synced
}
