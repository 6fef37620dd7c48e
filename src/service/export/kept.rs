//! What administrators keep, as the tables that an import reads: organisations, people, products
//! and agreements.
//!
//! The same file imported again changes nothing. Addresses of people are left out: nobody is shown
//! them in full, and a table without these columns leaves them as they are.
//!
//! **Never** writes a column that the import of its kind does not know.

use std::collections::HashMap;

use super::{Exported, blocking, ending, unwritten};
use crate::domain::access::Scope;
use crate::domain::calendar::{local_date, local_time};
use crate::domain::id::OrganisationId;
use crate::domain::import::{Column, Kind, columns};
use crate::domain::keeping;
use crate::domain::party::{Division, Organisation};
use crate::service::audit::{self, Action, Entry};
use crate::service::keeping::agreements::views;
use crate::service::{App, Error};
use crate::sheet::table::{self, Cell, Paper};
use crate::store::accounts::{self, OrganisationFilter, UserFilter};
use crate::store::shelves;

/// Rows read at once.
const PAGE: u64 = 500;
/// What nobody is shown in full.
const LEFT_OUT: [&str; 2] = ["email", "phone"];

/// A row: what stands under a column.
type Row = Vec<(&'static str, String)>;

/// A kind of table as it is kept, ready to be imported again; for the system administrator.
///
/// # Errors
/// [`Error::Forbidden`] for everybody else, [`Error::NotFound`] for another kind, and
/// [`Error::Invalid`] when there are too many rows.
pub async fn kept(app: &App, scope: &Scope, kind: Kind, paper: Paper) -> Result<Exported, Error> {
    keeping::organisations(scope.actor().role)?;
    let rows = match kind {
        Kind::Organisations => organisations(app, scope).await?,
        Kind::Users => people(app, scope).await?,
        Kind::Products => products(app, scope).await?,
        Kind::Agreements => agreements(app, scope).await?,
        Kind::Calendar | Kind::Divisions | Kind::Tickets => return Err(Error::NotFound),
    };
    let turn = app.long_read().await?;
    let (count, now) = (rows.len(), app.clock.now());
    let made_at = local_date(now).and_time(local_time(now));
    let exported = blocking(move || {
        let columns: Vec<&Column> =
            columns(kind).iter().filter(|column| !LEFT_OUT.contains(&column.code)).collect();
        let heading =
            |column: &&Column| table::Heading { title: column.heading.to_owned(), width: 24 };
        let headings: Vec<_> = columns.iter().map(heading).collect();
        let file = tempfile::tempfile().map_err(|error| unwritten(&error))?;
        let begun = table::Table::begin(paper, kind.title(), &headings, made_at, file);
        let mut table = begun.map_err(|error| unwritten(&error))?;
        for row in rows {
            let cells: Vec<Cell> = columns.iter().map(|column| cell(&row, column)).collect();
            table.add(&cells).map_err(|error| unwritten(&error))?;
        }
        let file = table.finish().map_err(|error| unwritten(&error))?;
        drop(turn);
        Exported::of(file, count)
    })
    .await?;
    let entry = Entry::by(scope, Action::ExportMade, app.clock.wall()).about(kind.as_str());
    let detail = serde_json::json!({ "format": ending(paper), "rows": count });
    audit::record_alone(app, entry.with(detail)).await?;
    Ok(exported)
}

fn cell(row: &Row, column: &Column) -> Cell {
    let found = row.iter().find(|(code, _)| *code == column.code).map(|(_, text)| text.as_str());
    let text = found.unwrap_or_default();
    let word = column.words.iter().find(|(word, _)| *word == text);
    match word.map_or(text, |(_, name)| name) {
        "" => Cell::Empty,
        text => Cell::Text(text.to_owned()),
    }
}

fn word(value: &impl serde::Serialize) -> String {
    let word = serde_json::to_value(value).unwrap_or_default();
    word.as_str().unwrap_or_default().to_owned()
}

fn place(division: Division) -> String {
    division.to_string()
}

fn fits(app: &App, rows: &[Row]) -> Result<(), Error> {
    if rows.len() > app.most_rows { Err(app.too_many_rows()) } else { Ok(()) }
}

async fn organisations(app: &App, scope: &Scope) -> Result<Vec<Row>, Error> {
    let (mut rows, mut after) = (Vec::new(), None);
    loop {
        let filter = OrganisationFilter::default();
        let db = &app.store.read_as(scope).await?;
        let page = accounts::list_organisations(db, &filter, after.as_ref(), PAGE).await?;
        let Some(last) = page.last() else { return Ok(rows) };
        after = Some((last.organisation.name.clone(), last.organisation.id.0));
        // What was merged is another name of what goes on, and no organisation.
        rows.extend(page.into_iter().filter(|one| one.merged_into.is_none()).map(|one| {
            vec![
                ("kind", word(&one.organisation.kind)),
                ("division", place(one.organisation.division)),
                ("name", one.organisation.name),
                ("credit_code", one.credit_code.unwrap_or_default()),
                ("institution_code", one.institution_code.unwrap_or_default()),
            ]
        }));
        fits(app, &rows)?;
    }
}

async fn people(app: &App, scope: &Scope) -> Result<Vec<Row>, Error> {
    let (mut rows, mut after) = (Vec::new(), None);
    loop {
        let filter = UserFilter::default();
        let db = &app.store.read_as(scope).await?;
        let page = accounts::list_users(db, &filter, after.as_ref(), PAGE).await?;
        let Some(last) = page.last() else { return Ok(rows) };
        after = Some((last.username.clone(), last.id.0));
        rows.extend(page.into_iter().map(|one| {
            vec![
                ("username", one.username),
                ("name", one.name),
                ("role", word(&one.role)),
                ("organisation", one.organisation.name),
                ("organisation_division", place(one.organisation.division)),
                ("territory", one.territory.map(place).unwrap_or_default()),
                ("language", word(&one.language)),
            ]
        }));
        fits(app, &rows)?;
    }
}

async fn products(app: &App, scope: &Scope) -> Result<Vec<Row>, Error> {
    let (mut rows, mut after) = (Vec::new(), None);
    loop {
        let db = &app.store.read_as(scope).await?;
        let page = shelves::products_after(db, after, PAGE).await?;
        let Some(last) = page.last() else { return Ok(rows) };
        after = Some(last.product.id);
        let makers: Vec<_> = page.iter().map(|one| one.product.manufacturer).collect();
        let makers: HashMap<OrganisationId, Organisation> =
            accounts::organisations(db, &makers).await?.into_iter().map(|o| (o.id, o)).collect();
        rows.extend(page.into_iter().filter_map(|one| {
            let maker = makers.get(&one.product.manufacturer)?;
            Some(vec![
                ("code", one.product.code),
                ("province", place(one.province)),
                ("name", one.product.name),
                ("form", one.product.form),
                ("specification", one.product.specification),
                ("unit", one.product.unit),
                ("manufacturer", maker.name.clone()),
                ("manufacturer_division", place(maker.division)),
            ])
        }));
        fits(app, &rows)?;
    }
}

async fn agreements(app: &App, scope: &Scope) -> Result<Vec<Row>, Error> {
    let (mut rows, mut after) = (Vec::new(), None);
    loop {
        let db = &app.store.read_as(scope).await?;
        let page = shelves::agreements(db, None, after, PAGE).await?;
        let Some(last) = page.last() else { return Ok(rows) };
        after = Some((last.hospital.0, last.agreement.product.0));
        rows.extend(views(db, page).await?.into_iter().map(|one| {
            let by = one.distributor;
            vec![
                ("hospital", one.hospital.name),
                ("hospital_division", place(one.hospital.division)),
                ("product_code", one.product.code),
                ("agreed_quantity", one.kept.agreement.agreed_quantity.to_string()),
                ("distributor", by.as_ref().map(|one| one.name.clone()).unwrap_or_default()),
                ("distributor_division", by.map(|one| place(one.division)).unwrap_or_default()),
            ]
        }));
        fits(app, &rows)?;
    }
}
