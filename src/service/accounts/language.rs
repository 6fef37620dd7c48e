//! The language a person is told things in.
//!
//! **Never** writes an entry where nothing changes.

use serde_json::json;

use crate::domain::access::Scope;
use crate::domain::party::Language;
use crate::service::audit::{self, Action, Entry};
use crate::service::{App, Error};
use crate::store::accounts;

/// Changes the language that the caller is told things in.
///
/// # Errors
/// [`Error::Internal`].
pub async fn set_language(app: &App, scope: &Scope, language: Language) -> Result<(), Error> {
    let user = scope.actor().user;
    let entry = Entry::by(scope, Action::LanguageChanged, app.clock.wall());
    app.store
        .write(move |tx| {
            let entry = entry.clone();
            Box::pin(async move {
                let before = accounts::set_language(tx, user, language).await?;
                if before != Some(language) {
                    let detail = json!({ "before": { "language": before }, "after": { "language": language } });
                    audit::record(tx, entry.with(detail)).await?;
                }
                Ok::<_, Error>(())
            })
        })
        .await
}
