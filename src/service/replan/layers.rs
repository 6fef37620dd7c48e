//! Layers of the calendar: who reads which, adding one for a region or a manufacturer, and taking
//! an unused one away.
//!
//! **Never** changes what a day is.

use sea_orm::{ConnectionTrait, DatabaseTransaction};
use serde_json::{Value, json};
use uuid::Uuid;

use super::admit;
use super::apply::conflict;
use crate::domain::access::Scope;
use crate::domain::calendar::{Layer, LayerOf};
use crate::domain::id::{CalendarId, OrganisationId};
use crate::domain::party::{Division, Organisation, OrganisationKind};
use crate::service::audit::{self, Action, Entry};
use crate::service::once::once;
use crate::service::rulebook::{KeptLayer, Rulebook};
use crate::service::{Answered, App, Error, Once};
use crate::store::{accounts, divisions, rulebook};

/// A layer to be added.
#[derive(Debug, Clone)]
pub struct NewLayer {
    /// Its name.
    pub name: String,
    /// Whose days it names; not the nation's, which is there.
    pub of: LayerOf,
}

/// A layer with the organisation whose it is.
#[derive(Debug, Clone)]
pub struct LayerView {
    /// The layer.
    pub kept: KeptLayer,
    /// The organisation, where it is one's.
    pub organisation: Option<Organisation>,
}

/// The layers that somebody may read, the nation's first.
#[must_use]
pub fn readable<'a>(book: &'a Rulebook, scope: &Scope) -> Vec<&'a KeptLayer> {
    book.layers().iter().filter(|kept| scope.reads_calendar(kept.of)).collect()
}

/// A layer that somebody may read.
///
/// # Errors
/// [`Error::NotFound`], also for one that is there and not theirs.
pub fn read<'a>(book: &'a Rulebook, scope: &Scope, id: CalendarId) -> Result<&'a KeptLayer, Error> {
    let kept = book.layer(id)?;
    if scope.reads_calendar(kept.of) { Ok(kept) } else { Err(Error::NotFound) }
}

/// Layers with the organisations whose they are, in their order.
///
/// # Errors
/// [`Error::Internal`].
pub async fn views(
    app: &App,
    layers: impl IntoIterator<Item = &KeptLayer>,
) -> Result<Vec<LayerView>, Error> {
    views_in(app.store.read_unscoped(), layers.into_iter().cloned().collect()).await
}

/// A layer with the organisation whose it is.
///
/// # Errors
/// [`Error::Internal`].
pub async fn view(app: &App, kept: &KeptLayer) -> Result<LayerView, Error> {
    views(app, [kept]).await?.pop().ok_or(Error::NotFound)
}

async fn views_in(
    db: &impl ConnectionTrait,
    layers: Vec<KeptLayer>,
) -> Result<Vec<LayerView>, Error> {
    let houses: Vec<_> = layers.iter().filter_map(|kept| kept.of.organisation()).collect();
    let houses =
        if houses.is_empty() { Vec::new() } else { accounts::organisations(db, &houses).await? };
    let view = |kept: KeptLayer| {
        let own = houses.iter().find(|house| Some(house.id) == kept.of.organisation());
        LayerView { organisation: own.cloned(), kept }
    };
    Ok(layers.into_iter().map(view).collect())
}

/// Adds a layer, which says nothing yet.
///
/// # Errors
/// [`Error::Forbidden`], and [`Error::Invalid`] for a region or an organisation that is unknown or
/// has one, and for an organisation that no clock counts with.
pub async fn add(
    app: &App,
    scope: &Scope,
    new: NewLayer,
    request: Once<LayerView>,
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
) -> Result<LayerView, Error> {
    rulebook::claimed(tx).await?;
    let is_taken = rulebook::layers(tx).await?.iter().any(|kept| kept.of == new.of);
    let organisation = match new.of {
        LayerOf::Nation => {
            let message = "the nation has its calendar already";
            return Err(Error::invalid("division", "taken", message));
        }
        LayerOf::Region(region) => {
            region_known(tx, region, is_taken).await?;
            None
        }
        LayerOf::Organisation(id) => Some(maker(tx, id, is_taken).await?),
    };
    let kept = KeptLayer {
        id: CalendarId(Uuid::now_v7()),
        name: new.name,
        of: new.of,
        version: 1,
        layer: Layer::default(),
    };
    rulebook::insert_layer(tx, &kept).await?;
    let entry = Entry::by(scope, Action::CalendarAdded, app.clock.wall()).about(kept.id);
    audit::record(tx, entry.with(json!({"after": told(&kept)}))).await?;
    Ok(LayerView { kept, organisation })
}

async fn region_known(
    tx: &DatabaseTransaction,
    region: Division,
    is_taken: bool,
) -> Result<(), Error> {
    if divisions::names(tx, &[region]).await?.is_empty() {
        return Err(Error::invalid("division", "unknown", "there is no such division"));
    }
    if is_taken {
        return Err(Error::invalid("division", "taken", "this division has a calendar already"));
    }
    Ok(())
}

/// A manufacturer that may have days of its own. A suspended one may: its tickets run on.
async fn maker(
    tx: &DatabaseTransaction,
    id: OrganisationId,
    is_taken: bool,
) -> Result<Organisation, Error> {
    let refused =
        |code: &'static str, message: &str| Err(Error::invalid("organisation", code, message));
    let Some(found) = accounts::held(tx, id).await? else {
        return refused("unknown_organisation", "there is no such organisation");
    };
    if found.organisation.kind != OrganisationKind::Manufacturer {
        return refused(
            "not_a_manufacturer",
            "only a manufacturer's days are counted with: the clocks of a ticket are its clocks",
        );
    }
    if found.merged_into.is_some() {
        return refused("merged", "this organisation is a part of another one now");
    }
    if is_taken {
        return refused("taken", "this organisation has a calendar already");
    }
    Ok(found.organisation)
}

/// What the audit log says of a layer.
fn told(kept: &KeptLayer) -> Value {
    json!({
        "name": kept.name,
        "division": kept.of.region(),
        "organisation": kept.of.organisation(),
    })
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
            let is_used = found.version > 1 || !found.layer.days.is_empty();
            if found.of == LayerOf::Nation || is_used {
                let message = "deadlines may have been counted with it; clear its days instead";
                return Err(conflict("in_use", message));
            }
            rulebook::delete_layer(tx, id).await?;
            let entry = Entry::by(&scope, Action::CalendarRemoved, app.clock.wall()).about(id);
            let detail = json!({"before": told(found)});
            audit::record(tx, entry.with(detail)).await
        })
    })
    .await?;
    app.refresh().await?;
    Ok(answered)
}
