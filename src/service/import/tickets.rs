//! Importing tickets.
//!
//! A historic ticket was over before: it is written as it ended, with no clock and no notice.
//! Any other is filed as its hospital's person would file it now, by the same use case.
//!
//! **Never** imports a file twice: its rows have no key, so the file's hash is one.

use std::collections::{HashMap, HashSet};

use chrono::{DateTime, Utc};
use sea_orm::DatabaseTransaction;
use uuid::Uuid;

use super::houses::Houses;
use super::ledger::Ledger;
use crate::domain::access::Scope;
use crate::domain::id::{OrganisationId, ProductId, TicketId};
use crate::domain::import::{Ending, Filed, Kind, Outcome, RowError, TicketRow};
use crate::domain::party::{Organisation, OrganisationKind, Role};
use crate::domain::ticket::{self, Change, Historic, State};
use crate::service::filing::{self, Filing};
use crate::service::{App, Error, accounts};
use crate::store::catalogue::{self, Product};
use crate::store::{Batch, imports, tickets as kept};

/// Rows per round of statements.
const ROWS: usize = 500;

/// The tickets of a file, with the people who file the new ones.
pub(super) struct TicketTable {
    rows: Vec<TicketRow>,
    people: HashMap<String, Scope>,
}

impl TicketTable {
    pub(super) fn of(rows: Vec<TicketRow>) -> Self {
        Self { rows, people: HashMap::new() }
    }
}

/// Finds the people who file the new tickets.
pub(super) async fn prepare(app: &App, table: &mut TicketTable) -> Result<(), Error> {
    let who = |row: &TicketRow| match &row.filed {
        Filed::Now { by } => Some(by.clone()),
        Filed::Before { .. } => None,
    };
    let names: HashSet<String> = table.rows.iter().filter_map(who).collect();
    for name in names {
        match accounts::on_behalf_of(app, &name).await {
            Ok(scope) => drop(table.people.insert(name, scope)),
            Err(Error::NotFound) => {}
            Err(error) => return Err(error),
        }
    }
    Ok(())
}

/// What the writing of tickets needs besides their rows.
pub(super) struct Work<'a> {
    pub(super) app: &'a App,
    pub(super) hash: &'a str,
    pub(super) at: DateTime<Utc>,
}

pub(super) async fn apply(
    tx: &DatabaseTransaction,
    table: &TicketTable,
    work: Work<'_>,
    ledger: &mut Ledger,
) -> Result<(), Error> {
    if imports::is_known(tx, Kind::Tickets, work.hash).await? {
        table.rows.iter().for_each(|row| ledger.done(row.row, Outcome::Unchanged));
        return Ok(());
    }
    if ledger.writes() {
        imports::record_once(tx, Kind::Tickets, work.hash, work.at).await?;
    }
    let hospitals = Houses::of(tx, OrganisationKind::Hospital).await?;
    let makers = imports::houses(tx, OrganisationKind::Manufacturer).await?;
    let makers: HashMap<_, _> = makers.into_iter().map(|maker| (maker.id, maker)).collect();
    let mut clerk =
        Clerk { tx, work, makers, seen: HashMap::new(), numbers: HashSet::new(), ledger };
    for rows in table.rows.chunks(ROWS) {
        let mut placed = Vec::with_capacity(rows.len());
        for row in rows {
            let hospital = hospitals.find(&row.hospital, row.row, clerk.ledger);
            placed.extend(hospital.map(|hospital| (row, hospital)));
        }
        clerk.historic(&placed).await?;
        for (row, hospital) in placed {
            if let Filed::Now { by } = &row.filed {
                clerk.file(row, hospital, table.people.get(by)).await?;
            }
        }
    }
    Ok(())
}

type Placed<'a> = (&'a TicketRow, &'a Organisation);

/// Writes tickets down.
struct Clerk<'a> {
    tx: &'a DatabaseTransaction,
    work: Work<'a>,
    makers: HashMap<OrganisationId, Organisation>,
    seen: HashMap<TicketId, u32>,
    numbers: HashSet<String>,
    ledger: &'a mut Ledger,
}

/// A historic row with everything it means.
struct Old<'a> {
    row: &'a TicketRow,
    hospital: &'a Organisation,
    product: Product,
    at: DateTime<Utc>,
    ending: &'a Ending,
    id: TicketId,
}

impl Clerk<'_> {
    /// Writes the historic ones of these rows.
    async fn historic(&mut self, rows: &[Placed<'_>]) -> Result<(), Error> {
        let old = self.meant(rows).await?;
        let ids: Vec<TicketId> = old.iter().map(|old| old.id).collect();
        let known = imports::known_tickets(self.tx, &ids).await?;
        let mut new = Vec::with_capacity(old.len());
        for old in old {
            if !self.ledger.is_first(&mut self.seen, old.id, (old.row.row, "summary")) {
                continue;
            }
            let is_known = known.contains(&old.id);
            let outcome = if is_known { Outcome::Unchanged } else { Outcome::Created };
            self.ledger.done(old.row.row, outcome);
            new.extend(Some(old).filter(|_| !is_known));
        }
        if !self.ledger.writes() || new.is_empty() {
            return Ok(());
        }
        let distributors = self.distributors(&new).await?;
        let numbers = self.numbers(&new).await?;
        let written: Vec<(Change, String)> = new
            .into_iter()
            .zip(numbers)
            .map(|(old, number)| self.over(&old, number, &distributors))
            .collect();
        let mut batch = Batch::on(self.tx);
        kept::insert_all(&mut batch, &written);
        Ok(batch.run(self.tx).await?)
    }

    /// The historic ones of these rows, with their products.
    async fn meant<'r>(&mut self, rows: &[Placed<'r>]) -> Result<Vec<Old<'r>>, Error> {
        let mut products = HashMap::new();
        let provinces: HashSet<_> = rows.iter().map(|(_, h)| h.division.province()).collect();
        for province in provinces {
            let here = rows.iter().filter(|(_, h)| h.division.province() == province);
            let codes: Vec<&str> = here.map(|(row, _)| row.product_code.as_str()).collect();
            for product in imports::products_by_code(self.tx, province, &codes).await? {
                products.insert((province, product.code.clone()), product);
            }
        }
        let mut old = Vec::new();
        for (row, hospital) in rows {
            let Filed::Before { at, ending } = &row.filed else { continue };
            let key = (hospital.division.province(), row.product_code.clone());
            match products.get(&key) {
                Some(product) => {
                    let (product, id) = (product.clone(), identity(row, hospital, (*at, ending)));
                    old.push(Old { row, hospital, product, at: *at, ending, id });
                }
                None => {
                    let message = "this code is not in the catalogue of the hospital's province";
                    let refusal = RowError::new(row.row, "product_code", "unknown", message);
                    self.ledger.refuse(refusal);
                }
            }
        }
        Ok(old)
    }

    /// The distributors of the agreements, as they are now.
    async fn distributors(
        &self,
        old: &[Old<'_>],
    ) -> Result<HashMap<(OrganisationId, ProductId), OrganisationId>, Error> {
        let mut found = HashMap::new();
        let hospitals: HashSet<OrganisationId> = old.iter().map(|old| old.hospital.id).collect();
        for hospital in hospitals {
            let own = old.iter().filter(|old| old.hospital.id == hospital);
            let products: Vec<ProductId> = own.map(|old| old.product.id).collect();
            for agreement in catalogue::agreements_in_force(self.tx, hospital, &products).await? {
                let distributor = agreement.distributor;
                found.extend(distributor.map(|house| ((hospital, agreement.product), house)));
            }
        }
        Ok(found)
    }

    /// Numbers that no ticket has, one for each.
    async fn numbers(&mut self, old: &[Old<'_>]) -> Result<Vec<String>, Error> {
        let mut numbers: Vec<String> = old.iter().map(|old| self.draw(old)).collect();
        loop {
            let taken = imports::taken_numbers(self.tx, &numbers).await?;
            if taken.is_empty() {
                return Ok(numbers);
            }
            for (number, old) in numbers.iter_mut().zip(old) {
                if taken.contains(number) {
                    *number = self.draw(old);
                }
            }
        }
    }

    /// A number that was not drawn before.
    fn draw(&mut self, old: &Old<'_>) -> String {
        loop {
            let number = filing::number(old.hospital.division, old.at);
            if self.numbers.insert(number.clone()) {
                return number;
            }
        }
    }

    fn over(
        &self,
        old: &Old<'_>,
        number: String,
        distributors: &HashMap<(OrganisationId, ProductId), OrganisationId>,
    ) -> (Change, String) {
        let ended_at = old.ending.state.ended_at().unwrap_or(old.at);
        let withdrawn = match old.ending.state {
            State::Withdrawn { .. } => Some(old.ending.reason.clone().unwrap_or_default()),
            State::Open
            | State::Promised { .. }
            | State::Solved { .. }
            | State::Closed { .. }
            | State::Returned { .. } => None,
        };
        let change = ticket::over(Historic {
            id: old.id,
            number,
            hospital: old.hospital.id,
            division: old.hospital.division,
            manufacturer: old.product.manufacturer,
            distributor: distributors.get(&(old.hospital.id, old.product.id)).copied(),
            product: old.product.id,
            urgency: old.row.urgency,
            report: old.row.report.clone(),
            filed_at: old.at,
            ended_at,
            withdrawn,
        });
        let maker = self.makers.get(&old.product.manufacturer).cloned();
        let houses = [Some(old.hospital.clone()), maker].into_iter().flatten();
        let houses = houses.map(|house| (house.id, house)).collect();
        let terms = filing::search_terms(&change.ticket, &old.product, &houses);
        (change, terms)
    }

    /// Files a new one.
    async fn file(
        &mut self,
        row: &TicketRow,
        hospital: &Organisation,
        person: Option<&Scope>,
    ) -> Result<(), Error> {
        let is_theirs = |scope: &&Scope| {
            let actor = scope.actor();
            actor.role == Role::Hospital && actor.organisation.id == hospital.id
        };
        let Some(person) = person.filter(is_theirs) else {
            let message = "this is nobody who may file for this hospital";
            self.ledger.refuse(RowError::new(row.row, "filed_by", "unknown", message));
            return Ok(());
        };
        let filing = Filing {
            product_code: row.product_code.clone(),
            urgency: row.urgency,
            report: row.report.clone(),
            follows: None,
        };
        let at = Some(self.work.at).filter(|_| self.ledger.writes());
        match filing::file_row(self.tx, self.work.app, person, filing, at).await {
            Ok(_) => self.ledger.done(row.row, Outcome::Created),
            Err(Error::Invalid(fields)) => {
                for field in fields {
                    let message = field.message;
                    self.ledger.refuse(RowError::new(row.row, &field.field, "invalid", message));
                }
            }
            Err(Error::Conflict { message, .. }) => {
                self.ledger.refuse(RowError::new(row.row, "", "conflict", message));
            }
            Err(error) => return Err(error),
        }
        Ok(())
    }
}

/// The id of a historic ticket: the same row in any file is the same ticket.
fn identity(
    row: &TicketRow,
    hospital: &Organisation,
    (at, ending): (DateTime<Utc>, &Ending),
) -> TicketId {
    let report = &row.report;
    let ended_at = ending.state.ended_at().unwrap_or(at);
    let text = [
        hospital.id.to_string(),
        row.product_code.clone(),
        at.timestamp().to_string(),
        ended_at.timestamp().to_string(),
        report.quantity_short.to_string(),
        report.summary.clone(),
        report.description.clone(),
    ]
    .join("\u{1f}");
    TicketId(Uuid::new_v5(&Uuid::NAMESPACE_OID, text.as_bytes()))
}
