//! Layers of the calendar: adding one for a region, and taking an unused one away.
//!
//! **Never** changes what a day is.

use sea_orm::DatabaseTransaction;
use serde_json::json;
use uuid::Uuid;

use super::admit;
use super::apply::conflict;
use crate::domain::access::Scope;
use crate::domain::calendar::Layer;
use crate::domain::id::CalendarId;
use crate::domain::party::Division;
use crate::service::audit::{self, Action, Entry};
use crate::service::once::once;
use crate::service::rulebook::KeptLayer;
use crate::service::{Answered, App, Error, Once};
use crate::store::{divisions, rulebook};

/// A layer to be added.
#[derive(Debug, Clone)]
pub struct NewLayer {
    /// Its name.
    pub name: String,
    /// Where it rules.
    pub division: Division,
}

/// Adds a layer for a region, which says nothing yet.
///
/// # Errors
/// [`Error::Forbidden`], and [`Error::Invalid`] for a region that is unknown or has one.
pub async fn add(
    app: &App,
    scope: &Scope,
    new: NewLayer,
    request: Once<KeptLayer>,
) -> Result<Answered, Error> {
    admit(scope)?;
    let (app_, scope) = (app.clone(), scope.clone());
    let answered = once(app, request, move |tx| {
        let (app, scope, new) = (app_.clone(), scope.clone(), new.clone());
        Box::pin(async move { add_in(tx, &app, &scope, new).await })
    })
    .await?;
    app.refresh().await?;
    Ok(answered)
}

async fn add_in(
    tx: &DatabaseTransaction,
    app: &App,
    scope: &Scope,
    new: NewLayer,
) -> Result<KeptLayer, Error> {
    rulebook::claimed(tx).await?;
    if divisions::names(tx, &[new.division]).await?.is_empty() {
        return Err(Error::invalid("division", "unknown", "there is no such division"));
    }
    let layers = rulebook::layers(tx).await?;
    if layers.iter().any(|kept| kept.division == Some(new.division)) {
        return Err(Error::invalid("division", "taken", "this division has a calendar already"));
    }
    let kept = KeptLayer {
        id: CalendarId(Uuid::now_v7()),
        name: new.name,
        division: Some(new.division),
        version: 1,
        layer: Layer::default(),
    };
    rulebook::insert_layer(tx, &kept).await?;
    let detail = json!({"division": new.division});
    let entry = Entry::by(scope, Action::CalendarAdded, app.clock.wall()).about(kept.id);
    audit::record(tx, entry.with(detail)).await?;
    Ok(kept)
}

/// Takes a layer away that never said anything.
///
/// # Errors
/// [`Error::Forbidden`], [`Error::NotFound`], and [`Error::Conflict`] for a layer in use.
pub async fn remove(
    app: &App,
    scope: &Scope,
    id: CalendarId,
    request: Once<()>,
) -> Result<Answered, Error> {
    admit(scope)?;
    let (app_, scope) = (app.clone(), scope.clone());
    let answered = once(app, request, move |tx| {
        let (app, scope) = (app_.clone(), scope.clone());
        Box::pin(async move {
            rulebook::claimed(tx).await?;
            let layers = rulebook::layers(tx).await?;
            let found = layers.iter().find(|kept| kept.id == id).ok_or(Error::NotFound)?;
            if found.division.is_none() || found.version > 1 || !found.layer.days.is_empty() {
                let message = "deadlines may have been counted with it; clear its days instead";
                return Err(conflict("in_use", message));
            }
            rulebook::delete_layer(tx, id).await?;
            let entry = Entry::by(&scope, Action::CalendarRemoved, app.clock.wall()).about(id);
            let detail = json!({"division": found.division});
            audit::record(tx, entry.with(detail)).await
        })
    })
    .await?;
    app.refresh().await?;
    Ok(answered)
}
