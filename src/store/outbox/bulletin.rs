//! Writing bulletins: what is told that is about no single ticket.
//!
//! **Never** tells one thing twice: a bulletin's key says what it is.

use chrono::{DateTime, Utc};
use entity::{bulletin, delivery, notice};
use sea_orm::ActiveValue::Set;
use sea_orm::{ColumnTrait, ConnectionTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect};
use uuid::Uuid;

use super::DeliveryState;
use crate::domain::bulletin::{Bulletin, BulletinKind};
use crate::domain::id::UserId;
use crate::domain::notice::Channel;
use crate::store::row::{Place, document, word};
use crate::store::{Batch, Error};

/// Somebody who is told.
#[derive(Debug, Clone)]
pub struct Addressee {
    /// Who.
    pub user: UserId,
    /// Channel and address.
    pub ways: Vec<(Channel, String)>,
    /// When it may leave.
    pub leaves_at: DateTime<Utc>,
}

/// A bulletin about to be written.
#[derive(Debug, Clone)]
pub struct NewBulletin {
    /// What makes it this one and no other, like `digest:2026-02-24:<person>`.
    pub key: String,
    /// What it says.
    pub bulletin: Bulletin,
    /// When it was caused.
    pub at: DateTime<Utc>,
    /// Who is told.
    pub to: Vec<Addressee>,
}

/// Writes those of the bulletins that were not written before; gives how many those were.
///
/// # Errors
/// [`Error::Stale`] when somebody else writes one of them at the same time: look again.
pub async fn insert_bulletins(
    db: &impl ConnectionTrait,
    mut bulletins: Vec<NewBulletin>,
) -> Result<usize, Error> {
    let keys = bulletins.iter().map(|new| new.key.clone());
    let known: Vec<String> = bulletin::Entity::find()
        .select_only()
        .column(bulletin::Column::Key)
        .filter(bulletin::Column::Key.is_in(keys))
        .into_tuple()
        .all(db)
        .await?;
    bulletins.retain(|new| !known.contains(&new.key));
    let mut batch = Batch::on(db);
    add(&mut batch, &bulletins);
    let written = batch.run(db).await;
    written.map_err(|error| if error.is_duplicate() { Error::Stale } else { error })?;
    Ok(bulletins.len())
}

fn add(batch: &mut Batch, bulletins: &[NewBulletin]) {
    let (mut rows, mut notices, mut deliveries) = (Vec::new(), Vec::new(), Vec::new());
    for new in bulletins {
        let (id, kind) = (Uuid::now_v7(), new.bulletin.kind().name().to_owned());
        rows.push(bulletin::ActiveModel {
            id: Set(id),
            kind: Set(kind.clone()),
            key: Set(new.key.clone()),
            at: Set(new.at),
            data: Set(document(&new.bulletin)),
        });
        for person in &new.to {
            let notice_id = Uuid::now_v7();
            notices.push(notice::ActiveModel {
                id: Set(notice_id),
                bulletin_id: Set(Some(id)),
                event: Set(0),
                kind: Set(kind.clone()),
                batch: Set(0),
                recipient_id: Set(person.user.0),
                created_at: Set(new.at),
                ..Default::default()
            });
            let ways = person.ways.iter();
            deliveries.extend(ways.map(|(channel, address)| delivery::ActiveModel {
                id: Set(Uuid::now_v7()),
                notice_id: Set(notice_id),
                bulletin_id: Set(Some(id)),
                event: Set(0),
                kind: Set(kind.clone()),
                recipient_id: Set(person.user.0),
                channel: Set(word(channel)),
                address: Set(address.clone()),
                state: Set(word(&DeliveryState::Queued)),
                due_at: Set(person.leaves_at),
                attempt: Set(0),
                ..Default::default()
            }));
        }
    }
    batch.add(rows);
    batch.add(notices);
    batch.add(deliveries);
}

/// The newest bulletin whose key begins with a text, if there is one.
///
/// # Errors
/// [`Error`] when the database fails or a row is corrupt.
pub async fn newest(
    db: &impl ConnectionTrait,
    beginning: &str,
) -> Result<Option<(DateTime<Utc>, Bulletin)>, Error> {
    let row = bulletin::Entity::find()
        .filter(bulletin::Column::Key.starts_with(beginning))
        .order_by_desc(bulletin::Column::At)
        .limit(1)
        .one(db)
        .await?;
    let read = |row: bulletin::Model| {
        let place = Place { table: "bulletin", id: &row.id };
        Ok((row.at, place.document("data", &row.data)?))
    };
    row.map(read).transpose()
}

/// Forgets some digests of before an instant, with their notices; gives how many those were.
///
/// # Errors
/// [`Error::Driver`].
pub async fn delete_digests(
    db: &impl ConnectionTrait,
    before: DateTime<Utc>,
    limit: u64,
) -> Result<usize, Error> {
    let old: Vec<Uuid> = bulletin::Entity::find()
        .select_only()
        .column(bulletin::Column::Id)
        .filter(bulletin::Column::Kind.eq(BulletinKind::Digest.name()))
        .filter(bulletin::Column::At.lt(before))
        .limit(limit)
        .into_tuple()
        .all(db)
        .await?;
    if !old.is_empty() {
        let of_old = delivery::Column::BulletinId.is_in(old.clone());
        delivery::Entity::delete_many().filter(of_old).exec(db).await?;
        let of_old = notice::Column::BulletinId.is_in(old.clone());
        notice::Entity::delete_many().filter(of_old).exec(db).await?;
        let them = bulletin::Column::Id.is_in(old.clone());
        bulletin::Entity::delete_many().filter(them).exec(db).await?;
    }
    Ok(old.len())
}
