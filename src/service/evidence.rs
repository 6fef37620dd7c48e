//! The evidence of a ticket as one reader may see it, gathered and sealed.
//!
//! **Never** gathers more than the reader's other calls show: it asks for what the page shows.

use std::sync::Arc;

use serde_json::json;
use tokio::sync::OwnedSemaphorePermit;

use super::audit::{self, Action, Entry};
use super::dossier::{self, Record};
use super::tickets::TicketView;
use super::{App, Error};
use crate::domain::access::Scope;
use crate::domain::id::TicketId;
use crate::seal;
pub use crate::seal::{Contents, JSON_SCHEMA, MadeFor, MadeOf, PublicKey, mark, sha256};
use crate::store;
use crate::store::Store;

/// The database's own key, where no file holds one.
const SETTING: &str = "instance_secret";
/// A conversation of a thousand messages of the greatest length stays below it.
const MOST_BYTES: usize = 32 * 1024 * 1024;

/// Everything of a ticket that its reader may see, of one version of it.
#[derive(Debug)]
pub struct Evidence {
    /// The ticket.
    pub view: TicketView,
    /// What was said and done about it.
    pub record: Record,
    /// Held while the pack is made: each takes memory of several times its size.
    pub permit: OwnedSemaphorePermit,
}

/// Gathers the evidence of a ticket of the caller's.
///
/// # Errors
/// [`Error::NotFound`] when the ticket is unknown, not theirs, or theirs without its text.
pub async fn gather(app: &App, scope: &Scope, id: TicketId) -> Result<Evidence, Error> {
    super::timeline::readable(&app.store.read_as(scope).await?, scope, id).await?;
    let stopping = |_closed| store::Error::Abandoned("the service stops");
    let permit = Arc::clone(&app.sealing).acquire_owned().await.map_err(stopping)?;
    let (view, record) = dossier::read(app, scope, id).await?;
    Ok(Evidence { view, record: record.ok_or(Error::NotFound)?, permit })
}

/// Refuses a ticket whose pack would be larger than anybody could open.
///
/// # Errors
/// [`Error::Conflict`] saying what to do instead.
pub fn within_limit(json: &[u8]) -> Result<(), Error> {
    if json.len() <= MOST_BYTES {
        return Ok(());
    }
    Err(Error::Conflict {
        code: "pack_too_large",
        message: format!(
            "the ticket's texts take more than {MOST_BYTES} bytes: read them page by page instead"
        ),
        possible: Vec::new(),
    })
}

/// The sealed pack of these documents.
///
/// # Errors
/// [`Error::Unavailable`] where the service was given no key, [`Error::Internal`].
pub fn sealed(app: &App, contents: &Contents) -> Result<Vec<u8>, Error> {
    let sealed = seal::seal(contents, app.signer()?.as_ref());
    sealed.map_err(|error| store::Error::Unusable(error.to_string()).into())
}

/// Writes down that a pack with this SHA-256 was made; to be done before it is handed out.
///
/// # Errors
/// [`Error::Internal`].
pub async fn note_made(app: &App, scope: &Scope, of: &MadeOf, hash: &str) -> Result<(), Error> {
    let entry = Entry::by(scope, Action::EvidencePackMade, app.clock.wall()).about(&of.number);
    let detail = json!({ "ticket": of.id, "sha256": hash });
    audit::record_alone(app, entry.with(detail)).await
}

/// The secret that the database keeps, made when there is none.
///
/// # Errors
/// [`store::Error`]; [`store::Error::Unusable`] for a text that is no secret.
pub async fn secret_in(store: &Store) -> Result<seal::InstanceSecret, store::Error> {
    let unusable = |error: seal::KeyError| {
        store::Error::Unusable(format!("the database's setting {SETTING}: {error}"))
    };
    let new = seal::InstanceSecret::random().map_err(unusable)?.text();
    let kept = store
        .write(move |tx| {
            let new = new.to_string();
            Box::pin(async move { store::setting::keep(tx, SETTING, new).await })
        })
        .await?;
    seal::InstanceSecret::parse(&kept).map_err(unusable)
}
