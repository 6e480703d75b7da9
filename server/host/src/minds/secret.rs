//! The secret by which users are named for what counts them.
//!
//! It lies in the data folder, so that counts go on after a restart. Whoever takes it away while the
//! server is stopped gives everybody another name: budgets of users begin anew, those of worlds and
//! of the installation do not, and what companions remember stays.

use std::{
    fs::{self, OpenOptions},
    io::{self, Write},
    os::unix::fs::OpenOptionsExt,
    path::Path,
};

/// In the data folder.
pub const FILE: &str = "dialogue.secret";
const BYTES: usize = 32;

/// The secret of a data folder; makes one when there is none.
pub fn of(data: &Path) -> io::Result<[u8; BYTES]> {
    let path = data.join(FILE);
    match read(&path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            make(&path)?;
            read(&path)
        }
        found => found,
    }
}

fn read(path: &Path) -> io::Result<[u8; BYTES]> {
    <[u8; BYTES]>::try_from(fs::read(path)?).map_err(|_| {
        let text = "it is damaged: stop the server and delete it, and budgets of users begin anew";
        io::Error::new(io::ErrorKind::InvalidData, text)
    })
}

fn make(path: &Path) -> io::Result<()> {
    let (mut secret, mut mark) = ([0; BYTES], [0; 8]);
    getrandom::fill(&mut secret).map_err(io::Error::other)?;
    getrandom::fill(&mut mark).map_err(io::Error::other)?;
    // As nobody else's from its first moment on, and never half of it. Servers that keep nothing may
    // share a folder, so each writes a file of its own first.
    let new = path.with_extension(format!("{:016x}.new", u64::from_le_bytes(mark)));
    let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(&new)?;
    file.write_all(&secret)?;
    file.sync_all()?;
    fs::rename(new, path)
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    #[test]
    fn a_folder_has_one_secret_for_its_owner_s_eyes() {
        let folder = tempfile::tempdir().unwrap();
        let data = folder.path();
        let secret = of(data).unwrap();
        assert_eq!(of(data).unwrap(), secret);
        let mode = fs::metadata(data.join(FILE)).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
        fs::remove_file(data.join(FILE)).unwrap();
        assert_ne!(of(data).unwrap(), secret);
        fs::write(data.join(FILE), "short").unwrap();
        assert!(of(data).unwrap_err().to_string().contains("delete it"));
    }
}
