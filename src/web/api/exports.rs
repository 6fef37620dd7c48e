//! Lists as files: CSV or XLSX, every page of them.
//!
//! A file is made of the rows that the list itself shows its reader, read by the list's own
//! filters and use case; here they are only put one after the other.
//!
//! **Never** holds a whole list.

use actix_web::body::SizedStream;
use actix_web::http::header::{CONTENT_DISPOSITION, CONTENT_TYPE};
use actix_web::{HttpRequest, HttpResponse, web};
use serde_json::{Value, json};
use tokio_util::io::ReaderStream;

use super::docs::Problems;
use super::imports::{made_as, paper};
use super::ledger::LedgerBody;
use super::lens::Lens;
use super::{deliveries, escalations, ledger, notices, products, shortage, tickets};
use crate::domain::calendar::local_date;
use crate::domain::party::{Language, Role};
use crate::service::export::{Export, Exported, Paper, Table};
use crate::service::import::Kind;
use crate::service::ledger::Grouping;
use crate::service::{self, Error};
use crate::web::auth::SignedIn;
use crate::web::download::attachment;
use crate::web::error::Problem;
use crate::web::query::Query;
use crate::web::site::Site;

/// Rows read at once.
const PAGE: u64 = 200;
/// Shortage events read at once: each page gathers all of them.
const PAGE_OF_EVENTS: usize = 10_000;

/// Download a list as a file: all of its pages, as the caller sees them.
///
/// Takes the parameters of the list, without `page_size` and `cursor`. A list of more than
/// 100,000 rows is refused, to be narrowed by its filters.
#[utoipa::path(
    get, path = "/api/v1/exports/{list}", operation_id = "exports_run", tag = "exports",
    params(
        ("list" = String, Path, description = "tickets, escalations, shortage-events, products, notices, deliveries or ledger; for administrators organisations, users, products and agreements as an import reads them"),
        ("format" = Option<String>, Query, description = "`csv` or `xlsx`, which is the default"),
    ),
    responses((status = 200, description = "The file", content_type = "application/octet-stream"), Problems)
)]
pub(in crate::web) async fn run(
    site: web::Data<Site>,
    signed: SignedIn,
    request: HttpRequest,
) -> Result<HttpResponse, Problem> {
    let name = request.match_info().get("list").unwrap_or_default();
    // What stands in a table is Chinese, as its headings are.
    let lens = Lens { language: Language::Chinese, ..Lens::of(&site.app, &signed) };
    let desk = Desk { site: &site, signed: &signed, lens, raw: request.query_string() };
    let (exported, paper) = desk.file(name).await?;
    answered(&site, name, exported, paper)
}

/// What administrators keep under a list's name.
fn kept_by(role: Role, name: &str) -> Option<Kind> {
    match name {
        "organisations" => Some(Kind::Organisations),
        "users" => Some(Kind::Users),
        "agreements" => Some(Kind::Agreements),
        "products" if role == Role::Admin => Some(Kind::Products),
        _ => None,
    }
}

fn answered(
    site: &Site,
    name: &str,
    exported: Exported,
    paper: Paper,
) -> Result<HttpResponse, Problem> {
    tracing::info!(list = name, rows = exported.rows, "a list was exported");
    let today = local_date(site.app.clock.now()).format("%Y%m%d");
    let (mime, ending) = made_as(paper);
    let mut response = HttpResponse::Ok();
    response
        .insert_header((CONTENT_TYPE, mime))
        .insert_header((CONTENT_DISPOSITION, attachment(&format!("{name}-{today}.{ending}"))))
        // Its length is known, and a workbook is packed already.
        .insert_header(("content-encoding", "identity"));
    let bytes = ReaderStream::new(tokio::fs::File::from_std(exported.file));
    Ok(response.body(SizedStream::new(exported.bytes, bytes)))
}

/// Somebody's request for a list.
struct Desk<'a> {
    site: &'a Site,
    signed: &'a SignedIn,
    lens: Lens,
    raw: &'a str,
}

/// A list's file.
type File = Result<(Exported, Paper), Problem>;

impl Desk<'_> {
    async fn file(&self, name: &str) -> File {
        if let Some(kind) = kept_by(self.signed.role(), name) {
            return self.kept(kind).await;
        }
        match name {
            "tickets" => self.tickets().await,
            "escalations" => self.escalations().await,
            "shortage-events" => self.shortage_events().await,
            "products" => self.products().await,
            "notices" => self.notices().await,
            "deliveries" => self.deliveries().await,
            "ledger" => self.ledger().await,
            _ => Err(Error::NotFound.into()),
        }
    }

    fn query(&self, filters: &[&str]) -> Result<Query, Error> {
        Query::read(self.raw, &[filters, &["format"]].concat())
    }

    /// Begins the file, once everything in the query is read and right.
    async fn begin(&self, mut query: Query, table: Table) -> Result<(Export, Paper), Error> {
        let paper = paper(&mut query);
        query.done(())?;
        Ok((Export::begin(&self.site.app, &self.signed.scope, table, paper).await?, paper))
    }

    async fn tickets(&self) -> File {
        let mut query = self.query(&tickets::filters(&self.lens))?;
        let tickets::Asked { filter, order } = tickets::asked(&mut query);
        let table = if self.lens.is_bare() { Table::BareTickets } else { Table::Tickets };
        let (export, paper) = self.begin(query, table).await?;
        let (app, scope) = (&self.site.app, &self.signed.scope);
        export.expect_rows(service::tickets::count(app, scope, &filter).await?)?;
        let page =
            async |after| service::tickets::list(app, scope, &filter, order, (after, PAGE)).await;
        let shown = |view: &_| json!(tickets::TicketAnswer::shown(view, &self.lens));
        Ok((every(export, page, tickets::position(order), shown).await?, paper))
    }

    async fn escalations(&self) -> File {
        let mut query = self.query(&escalations::FILTERS)?;
        let climbed = escalations::asked(&mut query, self.signed);
        let (export, paper) = self.begin(query, Table::Escalations).await?;
        let (app, scope) = (&self.site.app, &self.signed.scope);
        let page = async |after| {
            let rows = service::escalations::list(app, scope, climbed, (after, PAGE)).await?;
            Ok(rows.iter().filter_map(escalations::found).collect())
        };
        let key = |(position, _): &(_, _)| *position;
        Ok((every(export, page, key, |(_, body)| json!(body)).await?, paper))
    }

    async fn shortage_events(&self) -> File {
        let query = self.query(&[])?;
        let (export, paper) = self.begin(query, Table::ShortageEvents).await?;
        let (app, scope) = (&self.site.app, &self.signed.scope);
        let page = async |after| service::shortage::list(app, scope, after, PAGE_OF_EVENTS).await;
        let key = |view: &service::shortage::ShortageView| (view.event.hospitals, view.event.id);
        let shown = |view: &_| json!(shortage::ShortageBody::shown(view));
        Ok((every(export, page, key, shown).await?, paper))
    }

    async fn products(&self) -> File {
        let mut query = self.query(&products::FILTERS)?;
        let words = products::asked(&mut query);
        let (export, paper) = self.begin(query, Table::Products).await?;
        let (app, scope) = (&self.site.app, &self.signed.scope);
        let page = async |after: Option<String>| {
            service::catalogue::products(app, scope, &words, after.as_deref(), PAGE).await
        };
        let key = |view: &service::catalogue::ProductView| view.product.code.clone();
        let shown = |view: &_| json!(products::ProductBody::shown(view));
        Ok((every(export, page, key, shown).await?, paper))
    }

    /// What administrators keep, as the table that an import reads.
    async fn kept(&self, kind: Kind) -> File {
        crate::domain::keeping::organisations(self.signed.role()).map_err(Error::from)?;
        let mut query = self.query(&[])?;
        let paper = paper(&mut query);
        query.done(())?;
        let (app, scope) = (&self.site.app, &self.signed.scope);
        Ok((service::export::kept(app, scope, kind, paper).await?, paper))
    }

    async fn notices(&self) -> File {
        let mut query = self.query(&notices::FILTERS)?;
        let unread = notices::asked(&mut query);
        let (export, paper) = self.begin(query, Table::Notices).await?;
        let (app, scope) = (&self.site.app, &self.signed.scope);
        let page = async |after| service::notices::list(app, scope, unread, after, PAGE).await;
        let key = |view: &service::notices::NoticeView| view.notice.id.0;
        let shown = |view: &service::notices::NoticeView| {
            json!(notices::NoticeBody::shown(view.clone(), &self.lens))
        };
        Ok((every(export, page, key, shown).await?, paper))
    }

    async fn deliveries(&self) -> File {
        let mut query = self.query(&deliveries::FILTERS)?;
        let filter = deliveries::asked(&mut query);
        let (export, paper) = self.begin(query, Table::Deliveries).await?;
        let (app, scope) = (&self.site.app, &self.signed.scope);
        let page = async |after| service::notices::log(app, scope, filter, after, PAGE).await;
        let key = |view: &service::notices::DeliveryView| view.delivery.id.0;
        let shown = |view: &service::notices::DeliveryView| {
            json!(deliveries::DeliveryBody::shown(view.clone()))
        };
        Ok((every(export, page, key, shown).await?, paper))
    }

    async fn ledger(&self) -> File {
        let (app, scope) = (&self.site.app, &self.signed.scope);
        service::ledger::admit(scope)?;
        let mut query = self.query(&ledger::FILTERS)?;
        let (by, period) = ledger::asked(&mut query);
        let paper = paper(&mut query);
        query.done(())?;
        let view = service::ledger::read(app, scope, by, &period).await?;
        let body = LedgerBody::shown(&view);
        let mut rows: Vec<Value> = body.items.iter().map(|row| json!(row)).collect();
        rows.push(total(by, &body));
        let export = Export::begin(app, scope, Table::Ledger(by), paper).await?;
        Ok((export.add(rows).await?.finish().await?, paper))
    }
}

/// The ledger's last row.
fn total(by: Grouping, body: &LedgerBody) -> Value {
    const NAME: &str = "合计";
    let mut row = json!(body.total);
    let (member, name) = match by {
        Grouping::Manufacturer => ("manufacturer", json!({ "name": NAME })),
        Grouping::Product => ("product", json!({ "name": NAME })),
        Grouping::City => ("city", json!({ "name": NAME })),
        Grouping::County => ("county", json!({ "name": NAME })),
        Grouping::Month => ("month", json!(NAME)),
    };
    if let Value::Object(members) = &mut row {
        members.insert(member.to_owned(), name);
    }
    row
}

/// Every page of a list, one after the other, until one is empty.
async fn every<V, K>(
    mut export: Export,
    page: impl AsyncFn(Option<K>) -> Result<Vec<V>, Error>,
    key: impl Fn(&V) -> K,
    shown: impl Fn(&V) -> Value,
) -> Result<Exported, Error> {
    let mut after = None;
    loop {
        let rows = page(after).await?;
        after = rows.last().map(&key);
        if after.is_none() {
            return export.finish().await;
        }
        export = export.add(rows.iter().map(&shown).collect()).await?;
    }
}
