//! Files of tickets: what is known of them.
//!
//! **Never** holds their bytes.

use chrono::{DateTime, Utc};
use entity::{attachment, ticket};
use sea_orm::sea_query::{Alias, ExprTrait};
use sea_orm::{ColumnTrait, ConnectionTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect};

use super::super::Error;
use super::super::row::{Place, int, word};
use super::filter::visible_condition;
use crate::domain::access::Visible;
use crate::domain::attachment::Attachment;
use crate::domain::id::{AttachmentId, OrganisationId, TicketId, UserId};
use crate::domain::ticket::{Attached, Change};

/// A file with who added it, and when.
#[derive(Debug, Clone)]
pub struct AttachmentRow {
    /// What is known of the file.
    pub file: Attachment,
    /// Its ticket.
    pub ticket: TicketId,
    /// The event that tells of it.
    pub sequence: u32,
    /// When.
    pub at: DateTime<Utc>,
    /// Who.
    pub by: UserId,
    /// For which organisation.
    pub organisation: OrganisationId,
}

/// What files amount to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Usage {
    /// How many.
    pub files: u64,
    /// Their bytes together.
    pub bytes: u64,
}

pub(super) fn row_of(
    ticket: TicketId,
    change: &Change,
    attached: &Attached,
) -> Option<attachment::Model> {
    let event = change.events.iter().find(|event| event.sequence == attached.sequence)?;
    let (user, organisation) = event.by?;
    let file = &attached.file;
    Some(attachment::Model {
        id: file.id.0,
        ticket_id: ticket.0,
        sequence: int(attached.sequence),
        at: event.at,
        by_user: user.0,
        by_organisation: organisation.0,
        evidence: word(&file.evidence),
        audience: word(&file.audience),
        name: file.name.clone(),
        file_type: word(&file.file_type),
        bytes: i64::try_from(file.bytes).unwrap_or(i64::MAX),
        hash: file.hash.clone(),
    })
}

/// The files of a ticket, oldest first.
///
/// # Errors
/// [`Error`] when the database fails or a row is corrupt.
pub async fn attachments(
    db: &impl ConnectionTrait,
    id: TicketId,
) -> Result<Vec<AttachmentRow>, Error> {
    let rows = attachment::Entity::find()
        .filter(attachment::Column::TicketId.eq(id.0))
        .order_by_asc(attachment::Column::Sequence)
        .all(db)
        .await?;
    rows.into_iter().map(attachment_of).collect()
}

/// A file of a ticket that exists for the holder of `visible`.
///
/// # Errors
/// As [`attachments`].
pub async fn attachment(
    db: &impl ConnectionTrait,
    visible: Visible,
    id: AttachmentId,
) -> Result<Option<AttachmentRow>, Error> {
    let Some(condition) = visible_condition(visible) else { return Ok(None) };
    let seen = ticket::Entity::find().select_only().column(ticket::Column::Id).filter(condition);
    let row = attachment::Entity::find_by_id(id.0)
        .filter(attachment::Column::TicketId.in_subquery(sea_orm::QueryTrait::into_query(seen)))
        .one(db)
        .await?;
    row.map(attachment_of).transpose()
}

fn attachment_of(row: attachment::Model) -> Result<AttachmentRow, Error> {
    let place = Place { table: "attachment", id: &row.id };
    let file = Attachment {
        id: AttachmentId(row.id),
        evidence: place.word("evidence", &row.evidence)?,
        audience: place.word("audience", &row.audience)?,
        file_type: place.word("file_type", &row.file_type)?,
        bytes: place.number("bytes", row.bytes)?,
        name: row.name,
        hash: row.hash,
    };
    Ok(AttachmentRow {
        file,
        ticket: TicketId(row.ticket_id),
        sequence: place.number("sequence", row.sequence)?,
        at: row.at,
        by: UserId(row.by_user),
        organisation: OrganisationId(row.by_organisation),
    })
}

/// What an organisation's files amount to, over all tickets.
///
/// # Errors
/// As [`attachments`].
pub async fn usage(db: &impl ConnectionTrait, by: OrganisationId) -> Result<Usage, Error> {
    // PostgreSQL adds up to a numeric.
    let bytes = ExprTrait::cast_as(attachment::Column::Bytes.sum(), Alias::new("bigint"));
    let row: Option<(i64, Option<i64>)> = attachment::Entity::find()
        .select_only()
        .column_as(attachment::Column::Id.count(), "files")
        .column_as(bytes, "bytes")
        .filter(attachment::Column::ByOrganisation.eq(by.0))
        .into_tuple()
        .one(db)
        .await?;
    let (files, bytes) = row.unwrap_or_default();
    let count = |n: i64| u64::try_from(n).unwrap_or_default();
    Ok(Usage { files: count(files), bytes: count(bytes.unwrap_or_default()) })
}

/// Those of these ids that are files of tickets.
///
/// # Errors
/// As [`attachments`].
pub async fn known_attachments(
    db: &impl ConnectionTrait,
    ids: &[AttachmentId],
) -> Result<Vec<AttachmentId>, Error> {
    let ids = ids.iter().map(|id| id.0);
    let rows: Vec<uuid::Uuid> = attachment::Entity::find()
        .select_only()
        .column(attachment::Column::Id)
        .filter(attachment::Column::Id.is_in(ids))
        .into_tuple()
        .all(db)
        .await?;
    Ok(rows.into_iter().map(AttachmentId).collect())
}
