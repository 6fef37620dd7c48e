//! Where things lie beside the database, and how an address is shown.
//!
//! **Never** shows a password.

use std::path::{Path, PathBuf};

use anyhow::Context as _;
use url::Url;

/// The folder `attachments` beside an SQLite file, or in the working folder.
pub(super) fn beside(database_url: &str) -> anyhow::Result<Url> {
    let folder = std::path::absolute(folder_of(database_url).join("attachments"))
        .context("SUPPLYLINE_ATTACHMENTS_URL: the working folder is gone")?;
    let unusable = |()| anyhow::anyhow!("SUPPLYLINE_ATTACHMENTS_URL: {}", folder.display());
    Url::from_directory_path(&folder).map_err(unusable)
}

/// The folder of an SQLite file, or the working folder.
pub(super) fn folder_of(database_url: &str) -> PathBuf {
    let file = database_url.strip_prefix("sqlite:").map(|rest| rest.trim_start_matches("//"));
    let file = file.map(|rest| rest.split('?').next().unwrap_or_default());
    let rooted = database_url.starts_with("sqlite:///");
    let file = file.map(|file| if rooted { format!("/{file}") } else { file.to_owned() });
    let folder = file.as_deref().and_then(|file| Path::new(file).parent());
    folder.unwrap_or(Path::new("")).to_owned()
}

/// A URL without its password and query.
pub(super) fn redacted(text: &str) -> String {
    let Ok(mut url) = Url::parse(text) else { return "(set)".to_owned() };
    url.set_query(None);
    if url.password().is_some() && url.set_password(Some("***")).is_err() {
        return "(set)".to_owned();
    }
    url.to_string()
}
