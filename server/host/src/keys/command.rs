//! Keys on the command line: in the database, or, while a server holds it, by that server.

use vivarium_store::port::{StoreError, WorldStore};

use super::{
    KeysError, NewKey,
    api::{Listed, Made},
};
use crate::{
    config::KeyPlaceConfig,
    kept::{Kept, KeptError, beside},
    remote::{Remote, RemoteError},
};

/// Why something was not done with a key.
#[derive(Debug, thiserror::Error)]
pub enum KeyError {
    /// The database or its folder.
    #[error(transparent)]
    Kept(#[from] KeptError),
    /// What was asked for.
    #[error(transparent)]
    Keys(#[from] KeysError),
    /// A running server.
    #[error(transparent)]
    Remote(#[from] RemoteError),
}

/// Does something with the database, or asks the server that has it.
async fn either<T: Send + 'static>(
    place: &KeyPlaceConfig,
    here: impl FnOnce(&mut dyn WorldStore) -> Result<T, KeysError> + Send + 'static,
    there: impl AsyncFnOnce(Remote) -> Result<T, RemoteError>,
) -> Result<T, KeyError> {
    if let Some(remote) = Remote::named(&place.remote)? {
        return Ok(there(remote).await?);
    }
    let (data, database) = (place.data.clone(), place.database.clone());
    // All of it where waiting is allowed: some databases wait even when they are closed.
    let done = beside(move || {
        let mut store = Kept::open_any(&data, database.as_deref())?.into_store();
        Ok(here(&mut *store))
    });
    match done.await {
        Err(KeptError::Store(in_use @ StoreError::InUse(_))) => {
            Ok(there(Remote::running(&place.data, in_use)?).await?)
        }
        done => Ok(done??),
    }
}

/// Makes a key.
pub async fn create(place: &KeyPlaceConfig, new: NewKey) -> Result<Made, KeyError> {
    let asked = new.clone();
    let here = move |store: &mut dyn WorldStore| {
        let (known, secret) = new.make()?;
        store.api_keys().add_key(&known)?;
        Ok(Made::from((known, secret)))
    };
    either(place, here, async |remote| remote.create_key(&asked).await).await
}

/// All keys.
pub async fn list(place: &KeyPlaceConfig) -> Result<Vec<Listed>, KeyError> {
    let here = |store: &mut dyn WorldStore| {
        let keys = store.api_keys().keys()?;
        Ok(keys.into_iter().map(Listed::from).collect())
    };
    either(place, here, async |remote| remote.keys().await).await
}

/// Ends a key.
pub async fn revoke(place: &KeyPlaceConfig, id: &str) -> Result<(), KeyError> {
    let of = id.to_owned();
    let here = move |store: &mut dyn WorldStore| match store.api_keys().revoke_key(&of)? {
        true => Ok(()),
        false => Err(KeysError::Missing(of)),
    };
    either(place, here, async |remote| remote.revoke_key(id).await).await
}
