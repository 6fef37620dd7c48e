//! The bureau's ledger: the figures of a period, of the tickets in the caller's reach.
//!
//! **Never** counts a ticket that the reader could not open by itself, and never holds them all.

use std::collections::HashMap;

use sea_orm::ConnectionTrait;

use super::{App, Error};
use crate::domain::access::Scope;
use crate::domain::calendar::Calendar;
use crate::domain::id::{OrganisationId, ProductId};
pub use crate::domain::ledger::{DEFINITION, Figures, Grouping, Ratio};
use crate::domain::ledger::{Group, Ledger};
use crate::domain::party::{Division, Organisation, Role};
use crate::store::catalogue::{self, Product};
pub use crate::store::tickets::Period;
use crate::store::tickets::ledger_lines;
use crate::store::{accounts, divisions};

/// Names read at once.
const MANY: usize = 1_000;

/// The ledger with its names.
#[derive(Debug, Clone)]
pub struct LedgerView {
    /// By what it is split.
    pub by: Grouping,
    /// A row per group, in the order of what it is about.
    pub rows: Vec<(Subject, Figures)>,
    /// Of everything.
    pub total: Figures,
}

/// What a row is about.
#[derive(Debug, Clone)]
pub enum Subject {
    /// A manufacturer.
    Manufacturer(Organisation),
    /// A product.
    Product {
        /// The product.
        product: Product,
        /// Who owes it.
        manufacturer: Organisation,
        /// In whose catalogue it is.
        province: Division,
    },
    /// A city.
    City {
        /// Its code.
        division: Division,
        /// Its name; empty when the code is not a known one.
        name: String,
    },
    /// A county.
    County {
        /// Its code.
        division: Division,
        /// Its name; empty when the code is not a known one.
        name: String,
    },
    /// A month of a year.
    Month(i32, u32),
}

/// Admits whoever may read the ledger.
///
/// # Errors
/// [`Error::Forbidden`] unless a bureau or a manufacturer asks.
pub fn admit(scope: &Scope) -> Result<(), Error> {
    match scope.actor().role {
        Role::Bureau | Role::Manufacturer => Ok(()),
        Role::Hospital | Role::Distributor | Role::Admin | Role::Security | Role::Auditor => {
            let message = "the ledger is the bureaus'; a manufacturer reads its own figures";
            Err(Error::Forbidden(message.to_owned()))
        }
    }
}

/// Reckons the ledger of the tickets in the caller's reach.
///
/// # Errors
/// As [`admit`]; [`Error::Invalid`] when it has too many rows.
pub async fn read(
    app: &App,
    scope: &Scope,
    by: Grouping,
    period: &Period,
) -> Result<LedgerView, Error> {
    let [view] = read_split(app, scope, [by], period).await?;
    Ok(view)
}

/// The same split several ways at once: the tickets are read a single time.
///
/// # Errors
/// As [`read`].
pub async fn read_split<const N: usize>(
    app: &App,
    scope: &Scope,
    by: [Grouping; N],
    period: &Period,
) -> Result<[LedgerView; N], Error> {
    admit(scope)?;
    let _turn = app.long_read().await?;
    let mut ledgers = by.map(Ledger::by);
    let (book, mut calendars) = (app.book(), HashMap::new());
    let db = app.store.snapshot_as(scope).await?;
    let mut after = None;
    loop {
        let (lines, last) = ledger_lines(&db, scope.tickets(), period, after).await?;
        for line in &lines {
            let calendar: &Calendar =
                calendars.entry(line.division).or_insert_with(|| book.calendar(line.division));
            ledgers.iter_mut().for_each(|ledger| ledger.add(line, calendar));
        }
        if ledgers.iter().any(|ledger| ledger.rows.len() > app.most_rows) {
            return Err(app.too_many_rows());
        }
        after = match last {
            Some(last) => Some(last),
            None => break,
        };
    }
    let names = Names::of(&db, ledgers.iter().flat_map(|ledger| ledger.rows.keys())).await?;
    Ok(ledgers.map(|ledger| names.view(ledger)))
}

impl Subject {
    /// Where it stands among others of its kind.
    fn rank(&self) -> String {
        match self {
            Self::Manufacturer(house) => format!("{} {}", house.name, house.id),
            Self::Product { product, province, .. } => format!("{} {province}", product.code),
            Self::City { division, .. } | Self::County { division, .. } => division.to_string(),
            Self::Month(year, month) => format!("{year:04}-{month:02}"),
        }
    }
}

/// The names that rows need.
#[derive(Default)]
struct Names {
    products: HashMap<ProductId, Product>,
    makers: HashMap<OrganisationId, Organisation>,
    places: HashMap<Division, String>,
}

impl Names {
    async fn of(
        db: &impl ConnectionTrait,
        groups: impl Iterator<Item = &Group>,
    ) -> Result<Self, Error> {
        let (mut products, mut makers, mut places) = (Vec::new(), Vec::new(), Vec::new());
        for group in groups {
            match group {
                Group::Manufacturer(id) => makers.push(*id),
                Group::Product(_, id) => products.push(*id),
                Group::City(code) | Group::County(code) => places.push(*code),
                Group::Month(..) => {}
            }
        }
        let places = divisions::names(db, &places).await?;
        let mut names = Self { places, ..Self::default() };
        for ids in products.chunks(MANY) {
            let found = catalogue::products(db, ids).await?.into_iter();
            names.products.extend(found.map(|product| (product.id, product)));
        }
        makers.extend(names.products.values().map(|product| product.manufacturer));
        makers.sort_unstable();
        makers.dedup();
        for ids in makers.chunks(MANY) {
            let found = accounts::organisations(db, ids).await?.into_iter();
            names.makers.extend(found.map(|house| (house.id, house)));
        }
        Ok(names)
    }

    fn view(&self, ledger: Ledger) -> LedgerView {
        let Ledger { by, rows, total } = ledger;
        let subject = |(group, figures)| Some((self.subject(group)?, figures));
        let mut rows: Vec<(Subject, Figures)> = rows.into_iter().filter_map(subject).collect();
        rows.sort_by_cached_key(|(subject, _)| subject.rank());
        LedgerView { by, rows, total }
    }

    fn place(&self, division: Division) -> String {
        self.places.get(&division).cloned().unwrap_or_default()
    }

    fn subject(&self, group: Group) -> Option<Subject> {
        match group {
            Group::Manufacturer(id) => self.makers.get(&id).cloned().map(Subject::Manufacturer),
            Group::Product(province, id) => {
                let product = self.products.get(&id)?.clone();
                let manufacturer = self.makers.get(&product.manufacturer)?.clone();
                Some(Subject::Product { product, manufacturer, province })
            }
            Group::City(division) => Some(Subject::City { division, name: self.place(division) }),
            Group::County(division) => {
                Some(Subject::County { division, name: self.place(division) })
            }
            Group::Month(year, month) => Some(Subject::Month(year, month)),
        }
    }
}
