//! Backups of what a server keeps: the database in one file of SQLite, whether it is one or
//! PostgreSQL, and beside it a folder with the uploaded assets that lie in the data folder. Those in
//! a bucket are for whoever runs it to keep. A backup goes back into either kind of database.
//!
//! The database is copied first: what it names was on the shelf before.

use std::{
    ffi::OsString,
    fs::{self, File},
    io::{self, Write},
    path::{Path, PathBuf},
};

use vivarium_assets::address::{Address, FOLDER};
use vivarium_store::{
    adapters::{sqlite, transfer},
    port::StoreError,
};

use crate::{
    kept::{KeptError, restore_backup},
    server::SHELF_FOLDER,
};

/// Why a backup was not made, or not put back.
#[derive(Debug, thiserror::Error)]
pub enum BackupError {
    /// The database.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The database, when it is put back.
    #[error(transparent)]
    Kept(#[from] KeptError),
    /// An asset.
    #[error("{path}: {error}")]
    File {
        /// Which.
        path: PathBuf,
        /// Why.
        error: io::Error,
    },
    /// An asset is not what its name says.
    #[error("{0}: the file is damaged: its content is not what its name says")]
    Damaged(PathBuf),
}

/// Where the assets of a backup are: its name with `.assets` behind it.
fn assets_of(backup: &Path) -> PathBuf {
    let mut name = OsString::from(backup);
    name.push(".assets");
    name.into()
}

/// Copies everything that a server keeps, while it runs or not, from the database of PostgreSQL if
/// one is named; gives how many assets it has.
pub fn back_up(data: &Path, database: Option<&str>, to: &Path) -> Result<usize, BackupError> {
    match database {
        Some(url) => transfer::back_up(url, to)?,
        None => sqlite::back_up(data, to)?,
    }
    copy(&data.join(SHELF_FOLDER), &assets_of(to))
}

/// Puts a backup into a data folder that has no database yet, or its worlds into a database of
/// PostgreSQL that keeps nothing; gives how many assets it had.
pub fn restore(from: &Path, data: &Path, database: Option<&str>) -> Result<usize, BackupError> {
    // Otherwise the assets would be copied before the rest is refused.
    sqlite::check_backup(from)?;
    let assets = || copy(&assets_of(from), &data.join(SHELF_FOLDER));
    if let Some(url) = database {
        transfer::check_empty(url)?;
        let assets = assets()?;
        transfer::restore(from, url)?;
        return Ok(assets);
    }
    let assets = if sqlite::is_in(data) { 0 } else { assets()? };
    restore_backup(from, data)?;
    Ok(assets)
}

/// Copies what is not there yet; what is damaged is told.
fn copy(from: &Path, to: &Path) -> Result<usize, BackupError> {
    let failed = |path: &Path| {
        let path = path.to_owned();
        move |error| BackupError::File { path, error }
    };
    let (from, to) = (from.join(FOLDER), to.join(FOLDER));
    let found = match fs::read_dir(&from) {
        Ok(found) => found,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(0),
        Err(error) => return Err(failed(&from)(error)),
    };
    fs::create_dir_all(&to).map_err(failed(&to))?;
    let (mut count, mut damaged) = (0, None);
    for entry in found {
        let path = entry.map_err(failed(&from))?.path();
        let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
        let Some(address) = Address::from_file(name) else { continue };
        count += 1;
        let target = to.join(name);
        let is_there = |from: fs::Metadata, to: fs::Metadata| from.len() == to.len();
        if let (Ok(from), Ok(to)) = (fs::metadata(&path), fs::metadata(&target))
            && is_there(from, to)
        {
            continue;
        }
        let bytes = match fs::read(&path) {
            Ok(bytes) => bytes,
            // Nobody used it, and it was just taken away.
            Err(error) if error.kind() == io::ErrorKind::NotFound => continue,
            Err(error) => return Err(failed(&path)(error)),
        };
        if Address::of(&bytes, address.format()) != address {
            // The others are worth keeping all the same.
            damaged.get_or_insert(path);
            continue;
        }
        // Under another name until it is whole.
        let part = to.join(format!("{name}.part"));
        let written = File::create(&part).and_then(|mut file| {
            file.write_all(&bytes)?;
            file.sync_all()
        });
        written.map_err(failed(&part))?;
        fs::rename(&part, &target).map_err(failed(&target))?;
    }
    damaged.map_or(Ok(count), |path| Err(BackupError::Damaged(path)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use vivarium_assets::address::Format;
    use vivarium_store::{adapters::sqlite::SqliteStore, port::WorldStore};

    #[test]
    fn a_backup_has_the_assets_and_they_come_back() {
        let folder = tempfile::tempdir().unwrap();
        let [data, other] = ["data", "other"].map(|name| folder.path().join(name));
        fs::create_dir_all(data.join(SHELF_FOLDER).join(FOLDER)).unwrap();
        SqliteStore::open(&data).unwrap().create("plaza", b"{}").unwrap();
        let address = Address::of(b"a chair", Format::Glb);
        fs::write(data.join(SHELF_FOLDER).join(address.to_string()), "a chair").unwrap();
        fs::write(data.join(SHELF_FOLDER).join(FOLDER).join("notes.txt"), "not ours").unwrap();
        let backup = folder.path().join("backup.sqlite");
        assert_eq!(back_up(&data, None, &backup).unwrap(), 1);
        assert_eq!(restore(&backup, &other, None).unwrap(), 1);
        let back = fs::read(other.join(SHELF_FOLDER).join(address.to_string())).unwrap();
        assert_eq!(back, b"a chair");
        assert_eq!(SqliteStore::open(&other).unwrap().worlds().unwrap(), ["plaza"]);
        restore(&backup, &other, None).unwrap_err();

        // What a server writes to is none, unless everything is in it.
        let mut running = SqliteStore::open(&data).unwrap();
        running.create("garden", b"{}").unwrap();
        let fourth = folder.path().join("fourth");
        let file = data.join(sqlite::FILE);
        fs::create_dir_all(assets_of(&file).join(FOLDER)).unwrap();
        fs::write(assets_of(&file).join(address.to_string()), "a chair").unwrap();
        let in_use = restore(&file, &fourth, None).unwrap_err();
        assert!(in_use.to_string().contains("use `vivarium backup`"), "{in_use}");
        let nobody = "postgresql://nobody@localhost:1/nothing";
        let before = restore(&file, &fourth, Some(nobody)).unwrap_err();
        assert!(before.to_string().contains("use `vivarium backup`"), "{before}");
        assert!(!fourth.exists(), "no asset is put back either");
        drop(running);
        assert_eq!(restore(&file, &fourth, None).unwrap(), 1);
        // Nor is anything put before changes that are left of another one.
        let left = folder.path().join("left");
        fs::create_dir(&left).unwrap();
        fs::write(left.join(format!("{}-wal", sqlite::FILE)), "of another").unwrap();
        let occupied = restore(&backup, &left, None).unwrap_err();
        assert!(occupied.to_string().contains("a database"), "{occupied}");

        fs::write(assets_of(&backup).join(address.to_string()), "a table").unwrap();
        let third = folder.path().join("third");
        let damaged = restore(&backup, &third, None).unwrap_err();
        assert!(damaged.to_string().contains("is damaged"), "{damaged}");
        assert!(!third.join(sqlite::FILE).exists(), "nothing is put back by halves");

        // One rotten file does not keep the others from being saved.
        let sound = Address::of(b"a lamp", Format::Glb);
        fs::write(data.join(SHELF_FOLDER).join(sound.to_string()), "a lamp").unwrap();
        fs::write(data.join(SHELF_FOLDER).join(address.to_string()), "rotten!").unwrap();
        let second = folder.path().join("second.sqlite");
        back_up(&data, None, &second).unwrap_err();
        assert!(assets_of(&second).join(sound.to_string()).exists());
    }
}
