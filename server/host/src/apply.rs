//! Files of operations on the command line: done in the data folder, or, while a server holds it,
//! by that server.

use vivarium_store::port::StoreError;

use crate::{
    config::ApplyConfig,
    kept::{Kept, KeptError, beside, read_operations},
    remote::{Applied, Remote, RemoteError},
};

/// Why the operations of a file were not done.
#[derive(Debug, thiserror::Error)]
pub enum ApplyError {
    /// The file or the data folder.
    #[error(transparent)]
    Kept(#[from] KeptError),
    /// A running server.
    #[error(transparent)]
    Remote(#[from] RemoteError),
}

/// Does the operations of a file; gives how many, and what became of them.
pub async fn apply(config: &ApplyConfig) -> Result<(usize, Applied), ApplyError> {
    let ApplyConfig { file, stored, author } = config;
    let operations = read_operations(file)?;
    let count = operations.len();
    let remote = match Remote::named(&stored.remote)? {
        Some(remote) => remote,
        None => {
            let (data, database) = (stored.data.clone(), stored.database.clone());
            match beside(move || Kept::open_any(&data, database.as_deref())).await {
                Err(KeptError::Store(in_use @ StoreError::InUse(_))) => {
                    Remote::running(&stored.data, in_use)?
                }
                kept => {
                    let (mut kept, stored, author) = (kept?, stored.clone(), author.clone());
                    let revision = beside(move || {
                        let source = kept.open_world(&stored.assets, &stored.world)?;
                        kept.apply(&source, &author, operations)
                    });
                    return Ok((count, Applied { revision: revision.await?, parts: 1 }));
                }
            }
        }
    };
    Ok((count, remote.apply(&stored.world, author, operations).await?))
}
