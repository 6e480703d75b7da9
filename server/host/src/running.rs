//! A running server tells the command line of its own machine how to reach it.
//!
//! Owns the file `running.json` in the data folder: an address, and a device key that counts as an
//! owner's everywhere as long as this process runs. Whoever may read the folder owns what is in it
//! anyway; nobody else may read the file. Invariant: it is there whole or not at all. One that a
//! killed server has left is of no use to anybody: its key counts nowhere, and the folder's lock is
//! free, so that nobody looks for it.

use std::{
    fs::{File, OpenOptions},
    io::{self, Read, Write},
    net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr},
    os::unix::fs::OpenOptionsExt,
    path::{Path, PathBuf},
};

use serde::{Deserialize, Serialize};
use vivarium_protocol::limits::DEVICE_KEY_BYTES;

use crate::{building::roles::account_of, limits::RUNNING_BYTES_MAX};

/// Name of the file in the data folder.
pub const FILE: &str = "running.json";
/// Under this name until it is whole.
const NEW_FILE: &str = "running.json.new";

/// How to reach a running server.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reach {
    /// Its pages, as this machine reaches them.
    pub url: String,
    /// Hexadecimal digits of a device key.
    pub key: String,
    /// File of its certificate (PEM), if it serves HTTPS.
    pub certificate: Option<PathBuf>,
}

/// Takes the file away when it is dropped.
#[derive(Debug)]
pub struct Running {
    path: PathBuf,
    account: String,
}

impl Running {
    /// Writes the file for a server that listens at `address`; `certificate` is that of HTTPS.
    pub fn announce(
        data: &Path,
        address: SocketAddr,
        certificate: Option<&Path>,
    ) -> io::Result<Self> {
        let mut key = [0; DEVICE_KEY_BYTES];
        getrandom::fill(&mut key).map_err(io::Error::other)?;
        let scheme = if certificate.is_some() { "https" } else { "http" };
        let reach = Reach {
            url: format!("{scheme}://{}/", local(address)),
            key: key.iter().map(|byte| format!("{byte:02x}")).collect(),
            certificate: certificate.map(std::path::absolute).transpose()?,
        };
        let new = data.join(NEW_FILE);
        match std::fs::remove_file(&new) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
            _ => {}
        }
        // As nobody else's from its first moment on.
        let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(&new)?;
        file.write_all(&serde_json::to_vec(&reach)?)?;
        file.sync_all()?;
        let path = data.join(FILE);
        std::fs::rename(new, &path)?;
        Ok(Self { path, account: account_of(&key) })
    }

    /// Of the key in the file.
    pub fn account(&self) -> &str {
        &self.account
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        if let Err(error) = std::fs::remove_file(&self.path) {
            tracing::debug!(%error, "the file for the command line was gone");
        }
    }
}

/// Where this machine reaches a server that listens at an address.
fn local(address: SocketAddr) -> SocketAddr {
    let ip = match address.ip() {
        IpAddr::V4(ip) if ip.is_unspecified() => Ipv4Addr::LOCALHOST.into(),
        IpAddr::V6(ip) if ip.is_unspecified() => Ipv6Addr::LOCALHOST.into(),
        ip => ip,
    };
    SocketAddr::new(ip, address.port())
}

/// How to reach the server that holds a data folder. None: it has not said it.
pub fn find(data: &Path) -> io::Result<Option<Reach>> {
    let file = match File::open(data.join(FILE)) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        file => file?,
    };
    let mut json = Vec::new();
    file.take(RUNNING_BYTES_MAX).read_to_end(&mut json)?;
    Ok(Some(serde_json::from_slice(&json)?))
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    #[test]
    fn a_server_tells_how_to_reach_it_while_it_runs() {
        let folder = tempfile::tempdir().unwrap();
        let data = folder.path();
        assert_eq!(find(data).unwrap(), None);
        // As a server that was killed may leave them.
        std::fs::write(data.join(NEW_FILE), "{").unwrap();
        std::fs::write(data.join(FILE), "{").unwrap();
        find(data).unwrap_err();
        let first = Running::announce(data, "0.0.0.0:81".parse().unwrap(), None).unwrap();
        let reach = find(data).unwrap().unwrap();
        assert_eq!((reach.url.as_str(), &reach.certificate), ("http://127.0.0.1:81/", &None));
        assert_eq!(reach.key.len(), 2 * DEVICE_KEY_BYTES);
        let mode = std::fs::metadata(data.join(FILE)).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
        let account = first.account().to_owned();
        drop(first);
        assert_eq!(find(data).unwrap(), None);

        let pem = Path::new("/etc/world.pem");
        let second = Running::announce(data, "[::]:82".parse().unwrap(), Some(pem)).unwrap();
        assert_ne!(second.account(), account);
        let reach = find(data).unwrap().unwrap();
        assert_eq!(reach.url, "https://[::1]:82/");
        assert_eq!(reach.certificate.as_deref(), Some(pem));
        assert_eq!(local("192.0.2.7:83".parse().unwrap()).to_string(), "192.0.2.7:83");
    }
}
