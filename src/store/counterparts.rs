//! Who stands on the other side of an organisation's open tickets.
//!
//! **Never** counts a ticket that is over.

use std::collections::BTreeMap;

use entity::{escalation, ticket};
use sea_orm::{
    ColumnTrait, ConnectionTrait, EntityTrait, ExprTrait as _, QueryFilter, QuerySelect,
};
use uuid::Uuid;

use super::Error;
use super::row::word;
use crate::domain::id::OrganisationId;
use crate::domain::ticket::StateName;

/// The states of tickets that are under way.
pub(super) fn under_way() -> Vec<String> {
    let all = StateName::ALL.iter().filter(|state| !state.is_final());
    all.map(word).collect()
}

/// The organisations on the other side of somebody's open tickets, with the number of those:
/// hospital, manufacturer and distributor are each other's, and bureaus that hold an open
/// escalation are everybody's.
///
/// # Errors
/// [`Error::Driver`].
pub async fn open(
    db: &impl ConnectionTrait,
    id: OrganisationId,
) -> Result<Vec<(OrganisationId, u32)>, Error> {
    use ticket::Column;
    let own = Column::HospitalId
        .eq(id.0)
        .or(Column::ManufacturerId.eq(id.0))
        .or(Column::DistributorId.eq(id.0));
    let rows: Vec<(Uuid, Uuid, Uuid, Option<Uuid>)> = ticket::Entity::find()
        .select_only()
        .columns([Column::Id, Column::HospitalId, Column::ManufacturerId, Column::DistributorId])
        .filter(own)
        .filter(Column::State.is_in(under_way()))
        .into_tuple()
        .all(db)
        .await?;
    let mut counts: BTreeMap<Uuid, u32> = BTreeMap::new();
    let mut count = |house: Uuid| {
        if house != id.0 {
            let known = counts.entry(house).or_default();
            *known = known.saturating_add(1);
        }
    };
    for (_, hospital, manufacturer, distributor) in &rows {
        count(*hospital);
        count(*manufacturer);
        distributor.iter().for_each(|house| count(*house));
    }
    for tickets in rows.chunks(MANY) {
        let tickets = tickets.iter().map(|(ticket, ..)| *ticket);
        let bureaus: Vec<Option<Uuid>> = escalation::Entity::find()
            .select_only()
            .column(escalation::Column::BureauId)
            .filter(escalation::Column::TicketId.is_in(tickets))
            .filter(escalation::Column::ClosedAt.is_null())
            .into_tuple()
            .all(db)
            .await?;
        bureaus.into_iter().flatten().for_each(&mut count);
    }
    Ok(counts.into_iter().map(|(house, tickets)| (OrganisationId(house), tickets)).collect())
}

/// Values per `in (…)`: well below the databases' limit of bound values.
const MANY: usize = 1_000;
