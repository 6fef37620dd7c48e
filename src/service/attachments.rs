//! Files of tickets: adding, listing and reading them.
//!
//! The bytes are kept before the row that names them, so that a row never lacks its file; bytes
//! without a row are swept a day later.
//!
//! **Never** gives out a file beyond its audience.

use std::sync::Arc;

use chrono::{DateTime, TimeDelta, Utc};
use futures::TryStreamExt as _;
use sea_orm::{ConnectionTrait, DatabaseTransaction};
use uuid::Uuid;

use super::names::Names;
use super::once::{answered, once};
use super::tickets::{Acting, TicketView, act_in, policy_version};
use super::{Answered, App, Error, Once};
use crate::crash::{self, Point};
use crate::domain::access::{self, Scope};
use crate::domain::attachment::{Attachment, Evidence, shown_name};
use crate::domain::id::{AttachmentId, TicketId};
use crate::domain::party::Actor;
use crate::domain::ticket::{self, Act, ActKind, Audience, Rules, Ticket};
use crate::files::{self, Vault};
use crate::service::timeline::readable;
use crate::store;
use crate::store::tickets::{self as kept, AttachmentRow};

/// How much may be kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Quota {
    /// Files of one ticket.
    pub per_ticket: u64,
    /// Files of one organisation.
    pub files: u64,
    /// Bytes of one organisation.
    pub bytes: u64,
}

impl Default for Quota {
    fn default() -> Self {
        Self { per_ticket: 100, files: 100_000, bytes: 50 * 1024 * 1024 * 1024 }
    }
}

/// Orphans are left alone for so many hours: their row may still be on its way.
const ORPHAN_HOURS: i64 = 24;
/// Orphans looked up at once.
const AT_ONCE: usize = 500;

/// A file that has arrived.
#[derive(Debug, Clone)]
pub struct NewFile {
    /// Its bytes.
    pub bytes: bytes::Bytes,
    /// What its sender calls it.
    pub name: String,
    /// The SHA-256 of its bytes, in lower-case hex.
    pub hash: String,
    /// What it proves.
    pub evidence: Evidence,
    /// Who may read it.
    pub audience: Audience,
}

/// A file with the names of who added it.
#[derive(Debug, Clone)]
pub struct AttachmentView {
    /// The file.
    pub row: AttachmentRow,
    /// Who added it.
    pub by: String,
    /// Their organisation.
    pub organisation: String,
}

/// Admits whoever may add a file to this ticket now, before the file has arrived.
///
/// # Errors
/// [`Error::NotFound`], [`Error::Forbidden`], [`Error::Conflict`].
pub async fn admit(app: &App, scope: &Scope, id: TicketId) -> Result<(), Error> {
    let found = kept::find(&app.store.read_as(scope).await?, scope.tickets(), id).await?;
    let ticket = found.ok_or(Error::NotFound)?;
    let book = app.book();
    let policy = book.policy_of(policy_version(&ticket));
    let calendar = book.calendar_for(policy, ticket.division, Some(ticket.manufacturer));
    let rules = Rules { calendar: &calendar, policy, desks: &[] };
    Ok(ticket::admit(&ticket, scope.actor(), ActKind::Attach, app.clock.now(), &rules)?)
}

/// Adds a file to a ticket.
///
/// # Errors
/// As [`admit`], and [`Error::Invalid`] for a file that is not taken, [`Error::OverQuota`],
/// [`Error::Unavailable`] while the bytes cannot be kept.
pub async fn attach(
    app: &App,
    scope: &Scope,
    id: TicketId,
    new: NewFile,
    request: Once<(TicketView, AttachmentView)>,
) -> Result<Answered, Error> {
    if let Some(earlier) = answered(app, &request).await? {
        return Ok(earlier);
    }
    let bytes = new.bytes.clone();
    let (file, vault) = (recognised(app, new).await?, app.files()?);
    within_quota(app.store.read_unscoped(), app.quota, scope.actor(), (id, file.bytes)).await?;
    crash::point(Point::FileArrived);
    vault.put(file.id, bytes).await.map_err(|error| unavailable(&error))?;
    crash::point(Point::FileKept);
    let (app_, scope, at, kept) = (app.clone(), scope.clone(), app.clock.now(), file.id);
    let done = once(app, request, move |tx| {
        let (app, scope, file) = (app_.clone(), scope.clone(), file.clone());
        Box::pin(async move {
            let found = kept::find_locked(tx, scope.tickets(), id).await?;
            let before = found.ok_or(Error::NotFound)?;
            within_quota(tx, app.quota, scope.actor(), (id, file.bytes)).await?;
            let view = view_of(&scope, (id, at), file.clone());
            let read: super::tickets::ReadAct = Arc::new(move || Ok(Act::Attach(file.clone())));
            let acting = Acting {
                before,
                escalation: None,
                kind: ActKind::Attach,
                read,
                expected: None,
                at,
            };
            let ticket = act_in(tx, &app, &scope, acting).await?;
            let row = AttachmentRow { sequence: ticket.ticket.events, ..view.row };
            crash::point(Point::FileWritten);
            Ok((ticket, AttachmentView { row, ..view }))
        })
    })
    .await;
    crash::point(Point::FileCommitted);
    if !done.as_ref().is_ok_and(|answered| !answered.replayed) {
        forget(&vault, kept).await;
    }
    done
}

fn view_of(
    scope: &Scope,
    (ticket, at): (TicketId, chrono::DateTime<chrono::Utc>),
    file: Attachment,
) -> AttachmentView {
    let actor = scope.actor();
    let row = AttachmentRow {
        file,
        ticket,
        sequence: 0,
        at,
        by: actor.user,
        organisation: actor.organisation.id,
    };
    AttachmentView { row, by: actor.name.clone(), organisation: actor.organisation.name.clone() }
}

/// What the file is, with the id it will have.
async fn recognised(app: &App, new: NewFile) -> Result<Attachment, Error> {
    // Looking through a package takes memory of its size.
    let busy = |_closed| store::Error::Abandoned("the service stops");
    let permit = Arc::clone(&app.recognising).acquire_owned().await.map_err(busy)?;
    let looked = tokio::task::spawn_blocking(move || {
        let found = files::recognise(&new.name, &new.bytes);
        drop(permit);
        found.map(|file_type| (file_type, new))
    });
    let stopped = |_panic| store::Error::Abandoned("looking at the file stopped");
    let (file_type, new) = looked.await.map_err(stopped)?.map_err(|refused| {
        let code = match refused {
            files::Refused::Ending => "type",
            files::Refused::Mismatch => "type_mismatch",
            files::Refused::Macros => "macros",
        };
        Error::invalid("file", code, refused.to_string())
    })?;
    Ok(Attachment {
        id: AttachmentId(Uuid::now_v7()),
        evidence: new.evidence,
        audience: new.audience,
        name: shown_name(&new.name, file_type),
        file_type,
        bytes: u64::try_from(new.bytes.len()).unwrap_or(u64::MAX),
        hash: new.hash,
    })
}

async fn within_quota(
    db: &impl ConnectionTrait,
    quota: Quota,
    actor: &Actor,
    (ticket, bytes): (TicketId, u64),
) -> Result<(), Error> {
    let used = kept::usage(db, actor.organisation.id).await?;
    let beside = u64::try_from(kept::attachments(db, ticket).await?.len()).unwrap_or(u64::MAX);
    let over = if beside >= quota.per_ticket {
        format!("a ticket has at most {} files", quota.per_ticket)
    } else if used.files >= quota.files {
        format!("your organisation has reached its {} files", quota.files)
    } else if used.bytes.saturating_add(bytes) > quota.bytes {
        format!(
            "your organisation has {} of its {} bytes left",
            quota.bytes.saturating_sub(used.bytes),
            quota.bytes
        )
    } else {
        return Ok(());
    };
    Err(Error::OverQuota(over))
}

fn unavailable(error: &files::FilesError) -> Error {
    tracing::error!(%error, cause = ?std::error::Error::source(error), "an attachment's bytes");
    Error::Unavailable("files cannot be kept or read now; try again later".to_owned())
}

async fn forget(vault: &Vault, id: AttachmentId) {
    if let Err(error) = vault.delete(id).await {
        tracing::warn!(%error, %id, "an attachment without a row stays until it is swept");
    }
}

/// The files of a ticket of the caller's, as far as they may read them, oldest first.
///
/// # Errors
/// [`Error::NotFound`] when the ticket is unknown or not theirs.
pub async fn list(app: &App, scope: &Scope, id: TicketId) -> Result<Vec<AttachmentView>, Error> {
    let db = &app.store.read_as(scope).await?;
    readable(db, scope, id).await?;
    let rows = kept::attachments(db, id).await?;
    let people = rows.iter().map(|row| row.by);
    let names = Names::read(db, people, rows.iter().map(|row| row.organisation)).await?;
    Ok(views(scope, rows, &names))
}

fn may_read(scope: &Scope, row: &AttachmentRow) -> bool {
    access::may_read(scope.actor(), row.file.audience, row.organisation)
}

/// Those files that the reader may read, with their names.
pub(super) fn views(scope: &Scope, rows: Vec<AttachmentRow>, names: &Names) -> Vec<AttachmentView> {
    let view = |row: AttachmentRow| AttachmentView {
        by: names.person(row.by),
        organisation: names.house(row.organisation),
        row,
    };
    rows.into_iter().filter(|row| may_read(scope, row)).map(view).collect()
}

/// A file of the caller's, and its bytes.
///
/// # Errors
/// [`Error::NotFound`] when it is unknown or not theirs, [`Error::Unavailable`].
pub async fn open(
    app: &App,
    scope: &Scope,
    id: AttachmentId,
) -> Result<(AttachmentRow, files::Bytes), Error> {
    let found = kept::attachment(&app.store.read_as(scope).await?, scope.tickets(), id).await?;
    let is_bare = scope.tickets() == access::Visible::Bare;
    let row = found.filter(|row| !is_bare && may_read(scope, row)).ok_or(Error::NotFound)?;
    let bytes = app.files()?.get(id).await.map_err(|error| unavailable(&error))?;
    Ok((row, bytes))
}

/// Checks the files that an act names as evidence: each of this ticket, and added by the actor's
/// organisation.
pub(super) async fn known_evidence(
    tx: &DatabaseTransaction,
    ticket: &Ticket,
    actor: &Actor,
    ids: &[AttachmentId],
) -> Result<(), Error> {
    if ids.is_empty() {
        return Ok(());
    }
    let own = kept::attachments(tx, ticket.id).await?;
    let is_own = |id: &AttachmentId| {
        own.iter().any(|row| row.file.id == *id && row.organisation == actor.organisation.id)
    };
    match ids.iter().position(|id| !is_own(id)) {
        None => Ok(()),
        Some(at) => {
            let message = "there is no such file of yours on this ticket";
            Err(Error::invalid(&format!("evidence[{at}]"), "unknown", message))
        }
    }
}

/// Forgets bytes that have had no row for a day; gives how many.
///
/// # Errors
/// [`Error::Unavailable`], [`Error::Internal`].
pub async fn sweep(app: &App) -> Result<usize, Error> {
    sweep_before(app, app.clock.wall() - TimeDelta::hours(ORPHAN_HOURS)).await
}

/// [`sweep`], of the files that were kept before this instant.
///
/// # Errors
/// As [`sweep`].
pub async fn sweep_before(app: &App, before: DateTime<Utc>) -> Result<usize, Error> {
    let vault = app.files()?;
    let mut old = vault.before(before).try_chunks(AT_ONCE);
    let mut swept = 0;
    loop {
        let ids = match old.try_next().await {
            Ok(Some(ids)) => ids,
            Ok(None) => return Ok(swept),
            Err(error) => return Err(unavailable(&error.1)),
        };
        let known = kept::known_attachments(app.store.read_unscoped(), &ids).await?;
        for id in ids.into_iter().filter(|id| !known.contains(id)) {
            vault.delete(id).await.map_err(|error| unavailable(&error))?;
            swept += 1;
        }
    }
}
