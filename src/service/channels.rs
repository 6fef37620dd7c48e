//! The settings of the ways out, as administrators see, edit and try them.
//!
//! What the operator sets in the environment or the settings file takes precedence and can only
//! be looked at.
//!
//! **Never** gives a secret out again, and never sends a kept one to another place than the one
//! it was given for.

use std::sync::Arc;

use chrono::{DateTime, Utc};
use futures::future::BoxFuture;
use sea_orm::ConnectionTrait;
use serde_json::json;
use url::Url;

use super::audit::{self, Action, Entry};
use super::names::Names;
use super::once::once;
use super::{Answered, App, Error, FieldError, Once};
use crate::domain::access::Scope;
use crate::domain::channel::{ChannelName, Secrets, Settings, Step};
use crate::domain::party::{Language, OrganisationKind, Role};
use crate::store::accounts;
use crate::store::channels as kept;
pub use kept::Kept;
pub use trial::{Destination, Trial, destination, test};

mod trial;

/// Names and versions of everything that is set.
pub type Stamp = Vec<(String, i32)>;

/// What knows how to send: the service says what, and asks what became of it.
pub trait Outlet: Send + Sync {
    /// What the operator has set of a channel, if anything.
    fn fixed(&self, name: ChannelName) -> Option<Settings>;
    /// Says what of some settings cannot be used.
    ///
    /// # Errors
    /// The fields at fault; no secret is repeated.
    fn check(&self, settings: &Settings, secrets: &Secrets) -> Result<(), Vec<FieldError>>;
    /// Sends a test message as the channel is set now.
    fn test<'a>(
        &'a self,
        app: &'a App,
        name: ChannelName,
        reader: &'a Reader,
    ) -> BoxFuture<'a, Vec<Step>>;
}

/// Who gets a test message.
#[derive(Debug, Clone)]
pub struct Reader {
    /// Their name.
    pub name: String,
    /// Their own address on the channel.
    pub address: String,
    /// Their language.
    pub language: Language,
}

/// Who has set a channel.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Source {
    /// The operator: it can only be looked at.
    Environment,
    /// An administrator.
    Database,
    /// Nobody.
    Unset,
}

/// A channel as it is shown.
#[derive(Debug, Clone)]
pub struct ChannelView {
    /// Which.
    pub name: ChannelName,
    /// Whose robot it is.
    pub organisation: Option<String>,
    /// Who has set it.
    pub source: Source,
    /// False while it is not used.
    pub enabled: bool,
    /// Counts the edits; 0 = none.
    pub version: i32,
    /// What may be shown.
    pub settings: Option<Settings>,
    /// Which secrets there are, by name.
    pub secrets: Vec<&'static str>,
    /// When it was set last, and the name of whom.
    pub edit: Option<(DateTime<Utc>, String)>,
}

/// Settings about to be kept.
#[derive(Debug, Clone)]
pub struct Draft {
    /// False = not used.
    pub enabled: bool,
    /// What may be shown.
    pub settings: Settings,
    /// New secrets; those left out stay, empty ones go.
    pub secrets: Secrets,
    /// Why.
    pub reason: String,
}

/// Settings with their secrets, for who sends.
#[derive(Debug, Clone)]
pub struct Opened {
    /// Which channel.
    pub name: ChannelName,
    /// What may be shown.
    pub settings: Settings,
    /// `None` where they cannot be opened.
    pub secrets: Option<Secrets>,
}

/// Refuses whoever may not keep the channels.
///
/// # Errors
/// [`Error::Forbidden`].
pub fn admit(scope: &Scope) -> Result<(), Error> {
    match scope.actor().role {
        Role::Admin => Ok(()),
        Role::Hospital
        | Role::Manufacturer
        | Role::Distributor
        | Role::Bureau
        | Role::Security
        | Role::Auditor => {
            Err(Error::Forbidden("only an administrator may see or set channels".to_owned()))
        }
    }
}

/// Mail, text messages, and every robot.
///
/// # Errors
/// [`Error::Forbidden`] unless an administrator asks.
pub async fn list(app: &App, scope: &Scope) -> Result<Vec<ChannelView>, Error> {
    admit(scope)?;
    let db = &app.store.read_as(scope).await?;
    let mut rows = kept::all(db).await?;
    let mut views = Vec::with_capacity(rows.len() + 2);
    for name in [ChannelName::Mail, ChannelName::Sms] {
        let at = rows.iter().position(|row| row.name == name);
        views.push(view(app, db, name, at.map(|at| rows.remove(at))).await?);
    }
    for row in rows {
        views.push(view(app, db, row.name, Some(row)).await?);
    }
    Ok(views)
}

/// A channel.
///
/// # Errors
/// [`Error::Forbidden`] unless an administrator asks; [`Error::NotFound`] for the robot of an
/// organisation that cannot have one.
pub async fn show(app: &App, scope: &Scope, name: ChannelName) -> Result<ChannelView, Error> {
    admit(scope)?;
    let db = &app.store.read_as(scope).await?;
    view(app, db, name, kept::find(db, name).await?).await
}

async fn view(
    app: &App,
    db: &impl ConnectionTrait,
    name: ChannelName,
    row: Option<Kept>,
) -> Result<ChannelView, Error> {
    let organisation = house(db, name).await?;
    let fixed = app.outlet()?.fixed(name);
    let names = Names::read(db, row.iter().map(|row| row.by), []).await?;
    let opened = row.as_ref().and_then(|row| open(app, row));
    let source = match (&fixed, &row) {
        (Some(_), _) => Source::Environment,
        (None, Some(_)) => Source::Database,
        (None, None) => Source::Unset,
    };
    Ok(ChannelView {
        name,
        organisation,
        source,
        enabled: fixed.is_some() || row.as_ref().is_some_and(|row| row.enabled),
        version: row.as_ref().map_or(0, |row| row.version),
        edit: row.as_ref().map(|row| (row.at, names.person(row.by))),
        settings: fixed.or(row.map(|row| row.settings)),
        secrets: opened.as_ref().map(named).unwrap_or_default(),
    })
}

/// Whose robot it would be; bureaus and manufacturers may have one.
async fn house(db: &impl ConnectionTrait, name: ChannelName) -> Result<Option<String>, Error> {
    let ChannelName::Robot(id) = name else { return Ok(None) };
    let found = accounts::organisations(db, &[id]).await?.into_iter().next();
    let may = |kind| matches!(kind, OrganisationKind::Bureau | OrganisationKind::Manufacturer);
    match found.filter(|house| may(house.kind)) {
        Some(house) => Ok(Some(house.name)),
        None => Err(Error::NotFound),
    }
}

fn named(secrets: &Secrets) -> Vec<&'static str> {
    let all = [("password", &secrets.password), ("url", &secrets.url), ("secret", &secrets.secret)];
    all.into_iter().filter(|(_, value)| value.is_some()).map(|(name, _)| name).collect()
}

fn open(app: &App, row: &Kept) -> Option<Secrets> {
    let locker = app.locker().ok()?;
    let opened = locker.open(&row.name.to_string(), &row.secrets).ok()?;
    serde_json::from_str(&opened).ok()
}

/// What changes with every edit, on whichever replica.
///
/// # Errors
/// [`Error::Internal`].
pub async fn stamp(app: &App) -> Result<Stamp, Error> {
    Ok(kept::stamp(app.store.read_unscoped()).await?)
}

/// Everything that is set and used, with its secrets.
///
/// # Errors
/// [`Error::Internal`].
pub async fn open_all(app: &App) -> Result<Vec<Opened>, Error> {
    let rows = kept::all(app.store.read_unscoped()).await?;
    let used = rows.into_iter().filter(|row| row.enabled);
    Ok(used
        .map(|row| Opened { name: row.name, secrets: open(app, &row), settings: row.settings })
        .collect())
}

/// What stands between 【 and 】 in front of text messages; empty where nobody has said.
///
/// # Errors
/// [`Error::Internal`].
pub async fn signature(app: &App) -> Result<String, Error> {
    let found = kept::find(app.store.read_unscoped(), ChannelName::Sms).await?;
    Ok(match found.map(|row| row.settings) {
        Some(Settings::Sms { signature, .. }) => signature,
        Some(Settings::Mail { .. } | Settings::Robot { .. }) | None => String::new(),
    })
}

/// Sets a channel; every replica uses it with the next message.
///
/// # Errors
/// As [`show`]; [`Error::Conflict`] for one that the operator has set; [`Error::Invalid`];
/// [`Error::Outdated`] when somebody else was first.
pub async fn replace(
    app: &App,
    scope: &Scope,
    name: ChannelName,
    draft: Draft,
    request: Once<ChannelView>,
) -> Result<Answered, Error> {
    admit(scope)?;
    let outlet = app.outlet()?;
    if outlet.fixed(name).is_some() {
        return Err(Error::Conflict {
            code: "fixed_by_environment",
            message: "the operator has set this channel; it can be changed there only".to_owned(),
            possible: Vec::new(),
        });
    }
    let (at, by, expected) = (app.clock.now(), scope.actor().user, request.expected_version);
    let entry = Entry::by(scope, Action::ChannelSet, app.clock.wall()).about(name);
    let (app_inside, draft) = (app.clone(), Arc::new(draft));
    once(app, request, move |tx| {
        let (app, draft, entry) = (app_inside.clone(), Arc::clone(&draft), entry.clone());
        let outlet = Arc::clone(&outlet);
        Box::pin(async move {
            house(tx, name).await?;
            let before = kept::find(tx, name).await?;
            let version = before.as_ref().map_or(0, |row| row.version);
            if expected.is_some_and(|expected| expected != i64::from(version)) {
                return Err(Error::Outdated);
            }
            let old = before.as_ref().and_then(|row| open(&app, row)).unwrap_or_default();
            let (settings, secrets) = merged(&draft, before.as_ref(), old)?;
            if draft.enabled {
                outlet.check(&settings, &secrets).map_err(Error::Invalid)?;
            }
            let text = serde_json::to_string(&secrets).unwrap_or_default();
            let locked = app.locker()?.lock(&name.to_string(), &text);
            let locked = locked.map_err(|error| Error::Unavailable(error.to_string()))?;
            let enabled = draft.enabled;
            let new =
                Kept { name, version: version + 1, enabled, settings, secrets: locked, at, by };
            kept::save(tx, &new).await?;
            let was = before.map(|row| json!({ "enabled": row.enabled, "settings": row.settings }));
            let detail = json!({
                "reason": draft.reason, "version": new.version, "before": was,
                "after": { "enabled": new.enabled, "settings": new.settings },
                "secrets": named(&draft.secrets),
            });
            audit::record(tx, entry.with(detail)).await?;
            view(&app, tx, name, Some(new)).await
        })
    })
    .await
}

/// The settings with the secrets that stay. One that was given for another place does not.
fn merged(
    draft: &Draft,
    before: Option<&Kept>,
    old: Secrets,
) -> Result<(Settings, Secrets), Error> {
    let new = draft.secrets.clone();
    let place = place(&draft.settings, new.url.as_deref());
    let stays = before.is_some_and(|row| {
        let was = self::place(&row.settings, old.url.as_deref());
        place.is_none() || place == was
    });
    let kept = |given: Option<String>, old: Option<String>, field: &'static str| match (given, old)
    {
        (Some(given), _) => Ok(Some(given).filter(|given| !given.is_empty())),
        (None, None) => Ok(None),
        (None, old) if stays => Ok(old),
        (None, Some(_)) => Err(Error::invalid(
            field,
            "required_again",
            "it was given for another place: give it again, or an empty one",
        )),
    };
    let secrets = Secrets {
        password: kept(new.password, old.password, "password")?,
        url: new.url.filter(|url| !url.is_empty()).or(old.url),
        secret: kept(new.secret, old.secret, "secret")?,
    };
    let host = secrets.url.as_deref().and_then(host_of).unwrap_or_default();
    Ok((with_host(draft.settings.clone(), host), secrets))
}

/// Where the secrets go; `None` where nothing new is said.
fn place(settings: &Settings, url: Option<&str>) -> Option<String> {
    match settings {
        Settings::Mail { host, port, security, username, .. } => {
            let username = username.as_deref().unwrap_or_default();
            Some(format!("{username}@{host}:{port} {security:?}"))
        }
        Settings::Sms { .. } | Settings::Robot { .. } => {
            host_of(url.filter(|url| !url.is_empty())?)
        }
    }
}

/// An address without what may hold a key.
fn host_of(url: &str) -> Option<String> {
    let url = Url::parse(url).ok()?;
    let port = url.port().map(|port| format!(":{port}")).unwrap_or_default();
    Some(format!("{}://{}{port}", url.scheme(), url.host_str()?))
}

fn with_host(settings: Settings, host: String) -> Settings {
    match settings {
        mail @ Settings::Mail { .. } => mail,
        Settings::Sms { shape, signature, app, templates, .. } => {
            Settings::Sms { host, shape, signature, app, templates }
        }
        Settings::Robot { kind, .. } => Settings::Robot { kind, host },
    }
}
