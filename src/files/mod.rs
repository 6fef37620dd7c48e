//! The bytes of attachments: what they are, and where they lie.
//!
//! A file is known by the id of its row and lies under it, never under a name that somebody
//! gave. It is written before its row: what has no row is an orphan, and swept.
//!
//! **Never** decides who may read one.

mod recognise;

use std::path::Path;
use std::sync::Arc;

use chrono::{DateTime, Utc};
use futures::stream::BoxStream;
use futures::{StreamExt as _, TryStreamExt as _};
use object_store::aws::{AmazonS3Builder, AmazonS3ConfigKey};
use object_store::local::LocalFileSystem;
use object_store::memory::InMemory;
use object_store::path::Path as Key;
use object_store::{ObjectStore, ObjectStoreExt as _, PutPayload};
use uuid::Uuid;

pub use recognise::{Refused, recognise};

use crate::domain::id::AttachmentId;

/// Why bytes are not kept or found.
#[derive(Debug, thiserror::Error)]
pub enum FilesError {
    /// The place they lie in fails.
    #[error("the attachments' storage fails")]
    Storage(#[from] object_store::Error),
    /// The setting names no place that can be used.
    #[error("{0}")]
    Setting(String),
}

/// A stream of a file's bytes.
pub type Bytes = BoxStream<'static, Result<bytes::Bytes, FilesError>>;

/// Where the files lie.
#[derive(Debug, Clone)]
pub struct Vault {
    place: Arc<dyn ObjectStore>,
}

impl Vault {
    /// A folder, made when it is not there. Files are written beside their place, brought to the
    /// disk and then renamed.
    ///
    /// # Errors
    /// [`FilesError`] when it cannot be made.
    pub fn folder(folder: &Path) -> Result<Self, FilesError> {
        let unusable = |error: &dyn std::fmt::Display| {
            FilesError::Setting(format!("{}: {error}", folder.display()))
        };
        std::fs::create_dir_all(folder).map_err(|error| unusable(&error))?;
        let place = LocalFileSystem::new_with_prefix(folder).map_err(|error| unusable(&error))?;
        Ok(Self { place: Arc::new(place.with_fsync(true)) })
    }

    /// A place that is gone with the process, for tests and for the past of the demo.
    #[must_use]
    pub fn in_memory() -> Self {
        Self { place: Arc::new(InMemory::new()) }
    }

    /// The place that a setting names: a `file://` address, or an `s3://BUCKET` one. Its keys
    /// come from the usual `AWS_*` variables; what else its server needs stands in the address,
    /// like `s3://BUCKET?endpoint=https://minio.example&region=cn-north-1`.
    ///
    /// # Errors
    /// [`FilesError`] saying what is wrong with it.
    pub fn at(address: &url::Url) -> Result<Self, FilesError> {
        match address.scheme() {
            "file" => {
                let no_path = |()| FilesError::Setting("this is no folder of this machine".into());
                Self::folder(&address.to_file_path().map_err(no_path)?)
            }
            "s3" => Self::bucket(address),
            scheme => Err(FilesError::Setting(format!("file:// or s3://, not {scheme}://"))),
        }
    }

    fn bucket(address: &url::Url) -> Result<Self, FilesError> {
        let mut plain = address.clone();
        plain.set_query(None);
        let mut place = AmazonS3Builder::from_env().with_url(plain.as_str());
        for (name, value) in address.query_pairs() {
            let unknown = |_| FilesError::Setting(format!("{name} is no setting of a bucket"));
            let key: AmazonS3ConfigKey = name.parse().map_err(unknown)?;
            place = place.with_config(key, value.as_ref());
        }
        Ok(Self { place: Arc::new(place.build()?) })
    }

    /// Keeps a file. When this returns it is on the disk.
    ///
    /// # Errors
    /// [`FilesError`]; then nothing is kept.
    pub async fn put(&self, id: AttachmentId, bytes: bytes::Bytes) -> Result<(), FilesError> {
        self.place.put(&key(id), PutPayload::from_bytes(bytes)).await?;
        Ok(())
    }

    /// The bytes of a file.
    ///
    /// # Errors
    /// [`FilesError`], when it is not there either.
    pub async fn get(&self, id: AttachmentId) -> Result<Bytes, FilesError> {
        let found = self.place.get(&key(id)).await?;
        Ok(found.into_stream().map_err(FilesError::from).boxed())
    }

    /// Forgets a file; one that is not there is forgotten.
    ///
    /// # Errors
    /// [`FilesError`].
    pub async fn delete(&self, id: AttachmentId) -> Result<(), FilesError> {
        match self.place.delete(&key(id)).await {
            Ok(()) | Err(object_store::Error::NotFound { .. }) => Ok(()),
            Err(error) => Err(error.into()),
        }
    }

    /// The files that were written before an instant of wall time, in no order.
    pub fn before(
        &self,
        instant: DateTime<Utc>,
    ) -> BoxStream<'static, Result<AttachmentId, FilesError>> {
        let old = self.place.list(None).try_filter_map(move |found| {
            let id = found.location.filename().and_then(|name| Uuid::parse_str(name).ok());
            let id = id.filter(|_| found.last_modified < instant).map(AttachmentId);
            futures::future::ready(Ok(id))
        });
        old.map_err(FilesError::from).boxed()
    }
}

/// Two letters of the random end make the folder, so that none grows too long.
fn key(id: AttachmentId) -> Key {
    let name = id.to_string();
    let folder = name.get(name.len().saturating_sub(2)..).unwrap_or_default().to_owned();
    Key::from_iter([folder, name])
}
