//! The chain of the audit log: which entries are linked, where it begins, how it is read.
//!
//! Entries are linked by one sealer at a time, whoever holds the first anchor's row; those that
//! write entries never wait for it. What commits late is simply linked later: an entry waits as
//! long as it has no number, so none can be passed over.
//!
//! **Never** decides which entries without a signature are signed afterwards.

use chrono::{DateTime, Utc};
use entity::audit::{self, Column};
use entity::audit_anchor;
use sea_orm::sea_query::Expr;
use sea_orm::{
    ColumnTrait, Condition, ConnectionTrait, EntityTrait, IntoActiveModel, PaginatorTrait,
    QueryFilter, QueryOrder, QuerySelect,
};
use uuid::Uuid;

use crate::domain::audit::chain::{Anchor, Head, Key, Record, link};
use crate::store::row::{Place, word};
use crate::store::{Batch, Error, dialect};

/// An entry as it lies there.
pub(super) fn record(row: &audit::Model) -> Record {
    Record {
        id: row.id,
        at: row.at,
        user: row.user_id,
        username: row.username.clone(),
        organisation: row.organisation_id,
        role: row.role.clone(),
        address: row.address.clone(),
        action: row.action.clone(),
        subject: row.subject.clone(),
        detail: row.detail.clone(),
        mac: row.mac.clone(),
        seq: row.seq,
        link: row.link.clone(),
    }
}

fn records(rows: &[audit::Model]) -> Vec<Record> {
    rows.iter().map(record).collect()
}

/// Where the chain begins, the first beginning first.
///
/// # Errors
/// [`Error`] when the database fails or a row is corrupt.
pub async fn anchors(db: &impl ConnectionTrait) -> Result<Vec<Anchor>, Error> {
    let rows = audit_anchor::Entity::find().order_by_asc(audit_anchor::Column::Seq).all(db).await?;
    rows.into_iter().map(anchor).collect()
}

fn anchor(row: audit_anchor::Model) -> Result<Anchor, Error> {
    let kind = Place { table: "audit_anchor", id: &row.seq }.word("kind", &row.kind)?;
    let audit_anchor::Model { seq, link, entries, at, mac, .. } = row;
    Ok(Anchor { seq, link, entries, at, kind, mac })
}

/// Writes an anchor.
///
/// # Errors
/// [`Error::Driver`]; a duplicate where there is one already.
pub async fn insert_anchor(db: &impl ConnectionTrait, anchor: &Anchor) -> Result<(), Error> {
    let row = audit_anchor::Model {
        seq: anchor.seq,
        link: anchor.link.clone(),
        entries: anchor.entries,
        at: anchor.at,
        kind: word(&anchor.kind),
        mac: anchor.mac.clone(),
    };
    let insert = audit_anchor::Entity::insert(row.into_active_model());
    insert.exec_without_returning(db).await?;
    Ok(())
}

/// Signs some of the entries that nobody has signed or linked, after an id; gives the last one's
/// id. Only for entries from before the chain, or from replicas that do not know of it yet.
///
/// # Errors
/// [`Error::Driver`].
pub async fn sign_some(
    db: &impl ConnectionTrait,
    key: &Key,
    after: Option<Uuid>,
    limit: u64,
) -> Result<Option<Uuid>, Error> {
    let after = after.map(|after| Column::Id.gt(after));
    let unsigned = Condition::all().add(Column::Seq.is_null()).add(Column::Mac.is_null());
    let unsigned = unsigned.add_option(after);
    let select = audit::Entity::find().filter(unsigned).order_by_asc(Column::Id).limit(limit);
    let rows = select.all(db).await?;
    let mut batch = Batch::on(db);
    for row in &rows {
        let mac = record(row).signature(key);
        let update = audit::Entity::update_many().col_expr(Column::Mac, Expr::val(mac));
        batch.push(&update.filter(Column::Id.eq(row.id)));
    }
    batch.run(db).await?;
    Ok(rows.last().map(|row| row.id))
}

/// How many entries there are.
///
/// # Errors
/// [`Error::Driver`].
pub async fn count(db: &impl ConnectionTrait) -> Result<u64, Error> {
    Ok(audit::Entity::find().count(db).await?)
}

/// The end of the chain; `None` before it begins.
///
/// # Errors
/// [`Error`] when the database fails or a row is corrupt.
pub async fn head(db: &impl ConnectionTrait) -> Result<Option<Head>, Error> {
    let select = audit::Entity::find().filter(Column::Seq.is_not_null());
    let last = select.order_by_desc(Column::Seq).limit(1).one(db).await?;
    let last = last.and_then(|row| Some(Head { seq: row.seq?, link: row.link? }));
    let begun = anchors(db).await?.pop().map(|anchor| anchor.head());
    Ok(match (last, begun) {
        (Some(last), Some(begun)) if begun.seq > last.seq => Some(begun),
        (Some(last), _) => Some(last),
        (None, begun) => begun,
    })
}

/// True while entries wait to be linked.
///
/// # Errors
/// [`Error::Driver`].
pub async fn is_behind(db: &impl ConnectionTrait) -> Result<bool, Error> {
    let waiting = audit::Entity::find().filter(waiting()).limit(1).one(db).await?;
    Ok(waiting.is_some())
}

/// True while there are entries that nobody has signed or linked.
///
/// # Errors
/// [`Error::Driver`].
pub async fn has_unsigned(db: &impl ConnectionTrait) -> Result<bool, Error> {
    let unsigned = Condition::all().add(Column::Seq.is_null()).add(Column::Mac.is_null());
    Ok(audit::Entity::find().filter(unsigned).limit(1).one(db).await?.is_some())
}

fn waiting() -> Condition {
    Condition::all().add(Column::Seq.is_null()).add(Column::Mac.is_not_null())
}

/// Links some of the entries that wait, the oldest first; gives how many. None where another
/// sealer is at it, or the chain has not begun.
///
/// # Errors
/// [`Error`] when the database fails or a row is corrupt.
pub async fn link_some(db: &impl ConnectionTrait, key: &Key, limit: u64) -> Result<usize, Error> {
    let first = audit_anchor::Entity::find().order_by_asc(audit_anchor::Column::Seq).limit(1);
    if dialect::locked_if_free(first).one(db).await?.is_none() {
        return Ok(0);
    }
    let Some(mut head) = head(db).await? else { return Ok(0) };
    let select = audit::Entity::find().filter(waiting());
    let select = select.order_by_asc(Column::At).order_by_asc(Column::Id).limit(limit);
    let rows = select.all(db).await?;
    let mut batch = Batch::on(db);
    for row in &rows {
        let seq = head.seq + 1;
        let next = link(key, &head.link, seq, row.mac.as_deref().unwrap_or_default());
        let update = audit::Entity::update_many()
            .col_expr(Column::Seq, Expr::val(seq))
            .col_expr(Column::Link, Expr::val(next.clone()));
        batch.push(&update.filter(Column::Id.eq(row.id)));
        head = Head { seq, link: next };
    }
    batch.run(db).await?;
    Ok(rows.len())
}

/// Linked entries after a number, in order.
///
/// # Errors
/// [`Error::Driver`].
pub async fn linked(
    db: &impl ConnectionTrait,
    after: i64,
    limit: u64,
) -> Result<Vec<Record>, Error> {
    let select = audit::Entity::find().filter(Column::Seq.gt(after));
    Ok(records(&select.order_by_asc(Column::Seq).limit(limit).all(db).await?))
}

/// Entries without a number after a place, in order; those without a signature too.
///
/// # Errors
/// [`Error::Driver`].
pub async fn unlinked(
    db: &impl ConnectionTrait,
    after: Option<(DateTime<Utc>, Uuid)>,
    limit: u64,
) -> Result<Vec<Record>, Error> {
    let after = after.map(|(at, id)| {
        let same = Condition::all().add(Column::At.eq(at)).add(Column::Id.gt(id));
        Condition::any().add(Column::At.gt(at)).add(same)
    });
    let waiting = Condition::all().add(Column::Seq.is_null()).add_option(after);
    let select = audit::Entity::find().filter(waiting);
    let select = select.order_by_asc(Column::At).order_by_asc(Column::Id).limit(limit);
    Ok(records(&select.all(db).await?))
}

/// The numbers of the first and the last linked entry written in a span of time.
///
/// # Errors
/// [`Error::Driver`].
pub async fn span(
    db: &impl ConnectionTrait,
    from: Option<DateTime<Utc>>,
    before: Option<DateTime<Utc>>,
) -> Result<Option<(i64, i64)>, Error> {
    let within = Condition::all()
        .add(Column::Seq.is_not_null())
        .add_option(from.map(|from| Column::At.gte(from)))
        .add_option(before.map(|before| Column::At.lt(before)));
    let found: Option<(Option<i64>, Option<i64>)> = audit::Entity::find()
        .select_only()
        .column_as(Column::Seq.min(), "first")
        .column_as(Column::Seq.max(), "last")
        .filter(within)
        .into_tuple()
        .one(db)
        .await?;
    Ok(found.and_then(|(first, last)| first.zip(last)))
}

/// Removes the entries up to a number; gives how many.
///
/// # Errors
/// [`Error::Driver`].
pub async fn remove_up_to(db: &impl ConnectionTrait, seq: i64) -> Result<u64, Error> {
    let old = audit::Entity::delete_many().filter(Column::Seq.lte(seq));
    Ok(old.exec(db).await?.rows_affected)
}
