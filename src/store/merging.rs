//! Making one organisation a part of another: everything that names the one names the other.
//!
//! **Never** forgets which party of a ticket was the other one before.

use std::collections::HashMap;

use chrono::{DateTime, Utc};
use entity::{
    agreement, app_user, attachment, contact, escalation, event, merged_ticket, message,
    organisation, product, request, ticket, timer,
};
use sea_orm::sea_query::{BinOper, Expr, ExprTrait};
use sea_orm::{
    ColumnTrait, ConnectionTrait, EntityTrait, PaginatorTrait, QueryFilter, QuerySelect,
};
use uuid::Uuid;

use super::counterparts::under_way;
use super::{Batch, Error};
use crate::domain::id::OrganisationId;
use crate::domain::search::terms;

/// How much changes hands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Moved {
    /// People.
    pub people: u64,
    /// Tickets under way.
    pub open_tickets: u64,
    /// Tickets that are over.
    pub closed_tickets: u64,
    /// Open escalations.
    pub escalations: u64,
    /// Products.
    pub products: u64,
    /// Agreements.
    pub agreements: u64,
}

/// The parties of a ticket, each with its column.
const PARTIES: [(&str, ticket::Column); 3] = [
    ("hospital", ticket::Column::HospitalId),
    ("manufacturer", ticket::Column::ManufacturerId),
    ("distributor", ticket::Column::DistributorId),
];

/// How much would change hands.
///
/// # Errors
/// [`Error::Driver`].
pub async fn count(db: &impl ConnectionTrait, from: OrganisationId) -> Result<Moved, Error> {
    let of = |columns: [agreement::Column; 2]| {
        let [one, other] = columns.map(|column| column.eq(from.0));
        one.or(other)
    };
    let named = PARTIES.iter().map(|(_, column)| column.eq(from.0));
    let named = named.reduce(ExprTrait::or).unwrap_or_else(|| Expr::val(false));
    let tickets = ticket::Entity::find().filter(named);
    let all = tickets.clone().count(db).await?;
    let open = tickets.filter(ticket::Column::State.is_in(under_way())).count(db).await?;
    let own = agreement::Entity::find()
        .filter(of([agreement::Column::HospitalId, agreement::Column::DistributorId]));
    let held = escalation::Entity::find()
        .filter(escalation::Column::BureauId.eq(from.0))
        .filter(escalation::Column::ClosedAt.is_null());
    let people = app_user::Entity::find().filter(app_user::Column::OrganisationId.eq(from.0));
    let products = product::Entity::find().filter(product::Column::ManufacturerId.eq(from.0));
    Ok(Moved {
        people: people.count(db).await?,
        open_tickets: open,
        closed_tickets: all - open,
        escalations: held.count(db).await?,
        products: products.count(db).await?,
        agreements: own.count(db).await?,
    })
}

/// Makes everything that names the one name the other, whose `name` is added to what the tickets
/// are found by.
///
/// # Errors
/// [`Error::Driver`]; the transaction is then to be undone.
pub async fn merge(
    db: &impl ConnectionTrait,
    (from, into): (OrganisationId, OrganisationId),
    name: &str,
    at: DateTime<Utc>,
) -> Result<(), Error> {
    remember(db, from, at).await?;
    agreements(db, from, into).await?;
    let mut batch = Batch::on(db);
    // Set apart as the texts of a ticket are, so that no phrase reaches over.
    let found_by = format!(" \u{fb01} {}", terms(name));
    for (_, column) in PARTIES {
        let longer = Expr::col(ticket::Column::SearchTerms)
            .binary(BinOper::Custom("||"), Expr::val(found_by.clone()));
        let update = ticket::Entity::update_many()
            .col_expr(column, Expr::value(into.0))
            .col_expr(ticket::Column::SearchTerms, longer)
            .col_expr(ticket::Column::Version, Expr::col(ticket::Column::Version).add(1));
        batch.push(&update.filter(column.eq(from.0)));
    }
    macro_rules! rename {
        ($($table:ident $column:ident),+ $(,)?) => {
            $({
                let column = $table::Column::$column;
                let update = $table::Entity::update_many().col_expr(column, Expr::value(into.0));
                batch.push(&update.filter(column.eq(from.0)));
            })+
        };
    }
    rename!(
        app_user OrganisationId,
        product ManufacturerId,
        agreement DistributorId,
        escalation BureauId,
        request BureauId,
        request ByOrganisation,
        event ByOrganisation,
        message ByOrganisation,
        attachment ByOrganisation,
        timer OrganisationId,
        contact OrganisationId,
        // What was merged into the one before is now a part of the other.
        organisation MergedInto,
    );
    batch.run(db).await
}

/// Notes which party of which ticket was the one.
async fn remember(
    db: &impl ConnectionTrait,
    from: OrganisationId,
    at: DateTime<Utc>,
) -> Result<(), Error> {
    let mut batch = Batch::on(db);
    for (party, column) in PARTIES {
        let tickets: Vec<Uuid> = ticket::Entity::find()
            .select_only()
            .column(ticket::Column::Id)
            .filter(column.eq(from.0))
            .into_tuple()
            .all(db)
            .await?;
        batch.add(tickets.into_iter().map(|ticket_id| merged_ticket::Model {
            ticket_id,
            party: party.to_owned(),
            organisation_id: from.0,
            at,
        }));
    }
    batch.run(db).await
}

/// Moves the agreements of a hospital; of a product that both were promised, the other one is
/// promised both quantities.
async fn agreements(
    db: &impl ConnectionTrait,
    from: OrganisationId,
    into: OrganisationId,
) -> Result<(), Error> {
    use agreement::Column;
    let theirs =
        |house: OrganisationId| agreement::Entity::find().filter(Column::HospitalId.eq(house.0));
    let moved = theirs(from).all(db).await?;
    if moved.is_empty() {
        return Ok(());
    }
    let known = theirs(into).all(db).await?;
    let known: HashMap<Uuid, agreement::Model> =
        known.into_iter().map(|one| (one.product_id, one)).collect();
    agreement::Entity::delete_many().filter(Column::HospitalId.eq(from.0)).exec(db).await?;
    let rows = moved.into_iter().map(|one| match known.get(&one.product_id) {
        Some(kept) => agreement::Model {
            agreed_quantity: kept.agreed_quantity.saturating_add(one.agreed_quantity),
            ..kept.clone()
        },
        None => agreement::Model { hospital_id: into.0, ..one },
    });
    let mut batch = Batch::on(db);
    let key = [Column::ProductId, Column::HospitalId];
    batch.upsert_counted(rows, &key, &[Column::AgreedQuantity], Column::Version);
    batch.run(db).await
}

/// Who was a party of a ticket before they were merged, with the party they were: `hospital`,
/// `manufacturer` or `distributor`.
///
/// # Errors
/// [`Error::Driver`].
pub async fn former(
    db: &impl ConnectionTrait,
    ticket: crate::domain::id::TicketId,
) -> Result<Vec<(String, String)>, Error> {
    let rows = merged_ticket::Entity::find()
        .filter(merged_ticket::Column::TicketId.eq(ticket.0))
        .all(db)
        .await?;
    if rows.is_empty() {
        return Ok(Vec::new());
    }
    let ids = rows.iter().map(|row| row.organisation_id);
    let names: HashMap<Uuid, String> = organisation::Entity::find()
        .filter(organisation::Column::Id.is_in(ids))
        .all(db)
        .await?
        .into_iter()
        .map(|row| (row.id, row.name))
        .collect();
    let named =
        |row: merged_ticket::Model| Some((row.party, names.get(&row.organisation_id)?.clone()));
    Ok(rows.into_iter().filter_map(named).collect())
}
