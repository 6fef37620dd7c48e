//! The texts of notices, as administrators word them: read, replaced, restored.
//!
//! What ships with the service is version 0 and stands in the repository; every edit and every
//! restoration is a new version, with who, when and why.
//!
//! **Never** keeps a text that could not be filled or sent, and never changes a version.

use std::collections::HashMap;
use std::sync::Arc;

use sea_orm::ConnectionTrait;
use serde_json::{Value, json};

use super::audit::{self, Action, Entry};
use super::names::Names;
use super::once::once;
use super::{Answered, App, Error, FieldError, Once};
use crate::domain::access::Scope;
use crate::domain::notice::Channel;
use crate::domain::party::{Language, Role};
use crate::domain::template::{self, PartyKind, Slot, Topic, Warning, Wording};
use crate::store::templates as kept;
pub use crate::store::templates::{Kept, Stored};

/// Which texts are asked for.
#[derive(Debug, Clone, Copy, Default)]
pub struct Filter {
    /// Only about this.
    pub kind: Option<Topic>,
    /// Only for this party.
    pub party: Option<PartyKind>,
    /// Only on this channel.
    pub channel: Option<Channel>,
    /// Only in this language.
    pub language: Option<Language>,
    /// Only those worded anew, or only those as shipped.
    pub edited: Option<bool>,
}

/// A version of a text, with its author's name.
#[derive(Debug, Clone)]
pub struct TemplateView {
    /// What it is for.
    pub slot: Slot,
    /// The version; 0 = never edited.
    pub version: i32,
    /// What it says.
    pub stored: Stored,
    /// Why, when and by whom it was worded so; `None` for version 0.
    pub edit: Option<Edit>,
}

impl TemplateView {
    /// True when it says something else than what ships.
    #[must_use]
    pub fn is_edited(&self) -> bool {
        self.stored != Stored::Shipped
    }

    fn shipped(slot: Slot) -> Self {
        Self { slot, version: 0, stored: Stored::Shipped, edit: None }
    }

    fn of(kept: Kept, names: &Names) -> Self {
        let edit = Edit { reason: kept.reason, at: kept.at, by: names.person(kept.by) };
        Self { slot: kept.slot, version: kept.version, stored: kept.stored, edit: Some(edit) }
    }
}

/// How a version came to be.
#[derive(Debug, Clone)]
pub struct Edit {
    /// Why.
    pub reason: String,
    /// When.
    pub at: chrono::DateTime<chrono::Utc>,
    /// The author's name.
    pub by: String,
}

/// A text about to replace another.
#[derive(Debug, Clone)]
pub struct Draft {
    /// What it says, as typed.
    pub wording: Wording,
    /// Why.
    pub reason: String,
}

/// A version that is to be used again.
#[derive(Debug, Clone)]
pub struct Restoration {
    /// Which; 0 = what ships.
    pub version: i32,
    /// Why.
    pub reason: String,
}

/// Refuses whoever may not keep the texts.
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
            Err(Error::Forbidden("only an administrator may see or change the texts".to_owned()))
        }
    }
}

/// Every text that fits, in the order of the kinds.
///
/// # Errors
/// [`Error::Forbidden`] unless an administrator asks.
pub async fn list(app: &App, scope: &Scope, filter: Filter) -> Result<Vec<TemplateView>, Error> {
    admit(scope)?;
    let db = &app.store.read_as(scope).await?;
    let kinds = filter.kind.map_or_else(|| Topic::all().collect(), |kind| vec![kind]);
    let mut newest: HashMap<Slot, Kept> = HashMap::new();
    for kept in kept::of_kinds(db, &kinds).await? {
        newest.entry(kept.slot).or_insert(kept);
    }
    let names = Names::read(db, newest.values().map(|kept| kept.by), []).await?;
    let wanted = Slot::all().filter(|slot| {
        filter.kind.is_none_or(|kind| slot.kind == kind)
            && filter.party.is_none_or(|party| slot.party == party)
            && filter.channel.is_none_or(|channel| slot.channel == channel)
            && filter.language.is_none_or(|language| slot.language == language)
    });
    let view = |slot: Slot| match newest.remove(&slot) {
        Some(kept) => TemplateView::of(kept, &names),
        None => TemplateView::shipped(slot),
    };
    let views = wanted.map(view);
    let fits = |view: &TemplateView| filter.edited.is_none_or(|edited| view.is_edited() == edited);
    Ok(views.filter(fits).collect())
}

/// A text as it is used.
///
/// # Errors
/// [`Error::Forbidden`] unless an administrator asks, [`Error::NotFound`] for what nobody is told.
pub async fn show(app: &App, scope: &Scope, slot: Slot) -> Result<TemplateView, Error> {
    Ok(versions(app, scope, slot).await?.into_iter().next().unwrap_or(TemplateView::shipped(slot)))
}

/// Every version of a text, newest first; the last one is what ships.
///
/// # Errors
/// As [`show`].
pub async fn versions(app: &App, scope: &Scope, slot: Slot) -> Result<Vec<TemplateView>, Error> {
    admit(scope)?;
    exists(slot)?;
    views(&app.store.read_as(scope).await?, slot).await
}

async fn views(db: &impl ConnectionTrait, slot: Slot) -> Result<Vec<TemplateView>, Error> {
    let rows = kept::versions(db, slot).await?;
    let names = Names::read(db, rows.iter().map(|kept| kept.by), []).await?;
    let views = rows.into_iter().map(|kept| TemplateView::of(kept, &names));
    Ok(views.chain([TemplateView::shipped(slot)]).collect())
}

fn exists(slot: Slot) -> Result<(), Error> {
    if slot.exists() { Ok(()) } else { Err(Error::NotFound) }
}

/// A text as it would be kept, and what is doubtful about it.
///
/// # Errors
/// [`Error::Invalid`] naming every part that is wrong.
pub fn checked(slot: Slot, wording: &Wording) -> Result<(Wording, Vec<Warning>), Error> {
    template::check(slot, wording).map_err(|faults| {
        let field =
            |fault: template::Fault| FieldError::new(fault.field, fault.code, fault.message);
        Error::Invalid(faults.into_iter().map(field).collect())
    })
}

/// Words a text anew; it is used from the next notice on.
///
/// # Errors
/// As [`show`]; [`Error::Invalid`]; [`Error::Outdated`] when somebody else was first.
pub async fn replace(
    app: &App,
    scope: &Scope,
    slot: Slot,
    draft: Draft,
    request: Once<TemplateView>,
) -> Result<Answered, Error> {
    admit(scope)?;
    exists(slot)?;
    let (wording, _) = checked(slot, &draft.wording)?;
    let make = Make::Own(wording);
    write(app, scope, (slot, make, draft.reason), request).await
}

/// Uses an earlier version again, as a new one.
///
/// # Errors
/// As [`replace`]; [`Error::Invalid`] on `version` for one that is unknown or may not be used now.
pub async fn restore(
    app: &App,
    scope: &Scope,
    slot: Slot,
    restoration: Restoration,
    request: Once<TemplateView>,
) -> Result<Answered, Error> {
    admit(scope)?;
    exists(slot)?;
    let make = Make::Again(restoration.version);
    write(app, scope, (slot, make, restoration.reason), request).await
}

/// What a new version says.
#[derive(Debug, Clone)]
enum Make {
    Own(Wording),
    Again(i32),
}

async fn write(
    app: &App,
    scope: &Scope,
    (slot, make, reason): (Slot, Make, String),
    request: Once<TemplateView>,
) -> Result<Answered, Error> {
    let (at, by) = (app.clock.now(), scope.actor().user);
    let action = match make {
        Make::Own(_) => Action::TemplateReplaced,
        Make::Again(_) => Action::TemplateRestored,
    };
    let entry = Entry::by(scope, action, app.clock.wall()).about(name(slot));
    let (expected, made) = (request.expected_version, Arc::new((make, reason)));
    once(app, request, move |tx| {
        let (entry, made) = (entry.clone(), Arc::clone(&made));
        Box::pin(async move {
            let (make, reason) = &*made;
            let known = views(tx, slot).await?;
            let before = known.first().cloned().unwrap_or(TemplateView::shipped(slot));
            if expected.is_some_and(|expected| expected != i64::from(before.version)) {
                return Err(Error::Outdated);
            }
            let stored = match make {
                Make::Own(wording) => Stored::Own(wording.clone()),
                Make::Again(version) => again(slot, &known, *version)?,
            };
            let reason = reason.clone();
            let new = Kept { slot, version: before.version + 1, stored, reason, at, by };
            kept::insert(tx, &new).await?;
            let detail = json!({
                "reason": new.reason, "version": new.version,
                "before": said(&before.stored), "after": said(&new.stored),
            });
            audit::record(tx, entry.with(detail)).await?;
            let names = Names::read(tx, [by], []).await?;
            Ok(TemplateView::of(new, &names))
        })
    })
    .await
}

/// What an earlier version says, if it may still be used.
fn again(slot: Slot, known: &[TemplateView], version: i32) -> Result<Stored, Error> {
    let refuse = |message: &str| Error::invalid("version", "unknown", message);
    let found = known.iter().find(|view| view.version == version);
    match found.map(|view| &view.stored) {
        None => Err(refuse("there is no such version")),
        Some(Stored::Unreadable(_)) => Err(refuse("this version cannot be read any more")),
        Some(Stored::Shipped) => Ok(Stored::Shipped),
        Some(Stored::Own(wording)) => Ok(Stored::Own(checked(slot, wording)?.0)),
    }
}

fn said(stored: &Stored) -> Value {
    match stored {
        Stored::Own(wording) => json!(wording),
        Stored::Shipped | Stored::Unreadable(_) => json!({ "shipped": true }),
    }
}

/// A text's name in the audit log, like `filed/manufacturer/mail/zh-CN`.
#[must_use]
pub fn name(slot: Slot) -> String {
    let channel = match slot.channel {
        Channel::Mail => "mail",
        Channel::Sms => "sms",
        Channel::Robot => "robot",
    };
    let language = match slot.language {
        Language::Chinese => "zh-CN",
        Language::English => "en",
    };
    format!("{}/{}/{channel}/{language}", slot.kind.name(), slot.party.name())
}
