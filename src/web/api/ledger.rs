//! The bureau's ledger: figures of a period, split by manufacturer, product, city or month.
//!
//! **Never** shows a rate without the numbers it is made of.

use actix_web::{HttpRequest, HttpResponse, web};
use serde::Serialize;
use utoipa::ToSchema;

use super::docs::Problems;
use super::parties::Named;
use super::products::ProductBody;
use super::words;
use crate::domain::id::OrganisationId;
use crate::service::ledger::{
    self, DEFINITION, Figures, Grouping, LedgerView, Period, Ratio, Subject,
};
use crate::web::auth::SignedIn;
use crate::web::error::Problem;
use crate::web::query::Query;
use crate::web::site::Site;

/// The ledger of a period.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct LedgerBody {
    /// The version of the indicators' definitions.
    definition: &'static str,
    #[schema(schema_with = words::grouping)]
    by: Grouping,
    /// A row per group that has tickets.
    pub(super) items: Vec<LedgerRowBody>,
    /// Of everything; a hospital counts once.
    pub(super) total: FiguresBody,
}

/// A group with its figures.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct LedgerRowBody {
    #[serde(skip_serializing_if = "Option::is_none")]
    manufacturer: Option<Named>,
    #[serde(skip_serializing_if = "Option::is_none")]
    product: Option<ProductBody>,
    /// The province in whose catalogue the product is.
    #[serde(skip_serializing_if = "Option::is_none")]
    province: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    city: Option<CityBody>,
    /// The month of filing.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(example = "2026-02")]
    month: Option<String>,
    #[serde(flatten)]
    figures: FiguresBody,
}

/// A city.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct CityBody {
    #[schema(example = "371000")]
    division: String,
    name: String,
}

/// A share with its parts.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct RatioBody {
    numerator: u32,
    denominator: u32,
    /// Between 0 and 1; null when the denominator is 0.
    rate: Option<f64>,
}

/// Figures of a group, or of everything.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct FiguresBody {
    /// Tickets filed, historic, withdrawn and returned ones included.
    tickets: u32,
    /// Of how many hospitals.
    hospitals: u32,
    /// Replied within the limit.
    replied_in_time: u32,
    /// Replied after it.
    replied_late: u32,
    /// The limit passed, and there is no reply.
    not_replied: u32,
    /// Replied in time, of the three above.
    on_time_reply: RatioBody,
    /// Promised days kept, of those kept or missed.
    promise_kept: RatioBody,
    /// Issues solved within the limit, of those where that is decided (M07).
    timely_resolution: RatioBody,
    /// Tickets that M07 is about: not returned, and with an agreed quantity.
    issues: u32,
    /// Of how many hospitals those are.
    issue_hospitals: u32,
    /// At least 5 issues of 3 hospitals: below that the ratio says little.
    enough: bool,
    /// Tickets whose hospital has no agreed quantity of the product.
    without_agreement: u32,
    closed: u32,
    withdrawn: u32,
    returned: u32,
    /// How many ever entered the ladder.
    escalated: u32,
    /// How many hospitals' ratings were `dissatisfied`.
    dissatisfied: u32,
    /// How many were over before the service began.
    historic: u32,
    /// From the filing to the solution that was confirmed; null when nothing is closed.
    median_working_days: Option<f64>,
}

impl From<Ratio> for RatioBody {
    fn from(ratio: Ratio) -> Self {
        let Ratio { numerator, denominator } = ratio;
        Self { numerator, denominator, rate: ratio.rate() }
    }
}

impl From<&Figures> for FiguresBody {
    fn from(figures: &Figures) -> Self {
        Self {
            tickets: figures.tickets,
            hospitals: figures.hospitals(),
            replied_in_time: figures.replied_in_time,
            replied_late: figures.replied_late,
            not_replied: figures.not_replied,
            on_time_reply: figures.replies().into(),
            promise_kept: figures.promises.into(),
            timely_resolution: figures.resolved.into(),
            issues: figures.issues,
            issue_hospitals: figures.issue_hospitals(),
            enough: figures.is_enough(),
            without_agreement: figures.without_agreement,
            closed: figures.closed,
            withdrawn: figures.withdrawn,
            returned: figures.returned,
            escalated: figures.escalated,
            dissatisfied: figures.dissatisfied,
            historic: figures.historic,
            median_working_days: figures.median_working_days(),
        }
    }
}

impl LedgerRowBody {
    fn shown((subject, figures): &(Subject, Figures)) -> Self {
        let figures = figures.into();
        let (mut manufacturer, mut product, mut province) = (None, None, None);
        let (mut city, mut month) = (None, None);
        match subject {
            Subject::Manufacturer(house) => manufacturer = Some(house.into()),
            Subject::Product { product: own, manufacturer: maker, province: place } => {
                product = Some(ProductBody::of(own, Some(maker)));
                province = Some(place.to_string());
            }
            Subject::City { division, name } => {
                city = Some(CityBody { division: division.to_string(), name: name.clone() });
            }
            Subject::Month(year, of_year) => month = Some(format!("{year:04}-{of_year:02}")),
        }
        Self { manufacturer, product, province, city, month, figures }
    }
}

impl LedgerBody {
    /// A ledger as it is shown.
    pub(super) fn shown(view: &LedgerView) -> Self {
        Self {
            definition: DEFINITION,
            by: view.by,
            items: view.rows.iter().map(LedgerRowBody::shown).collect(),
            total: (&view.total).into(),
        }
    }
}

/// The parameters that say what is counted.
pub(super) const FILTERS: [&str; 6] = ["by", "from", "to", "manufacturer", "product", "division"];
/// The longest product code.
const LONGEST_CODE: usize = 64;

/// Reads what is counted.
pub(super) fn asked(query: &mut Query) -> (Grouping, Period) {
    let by = query.word("by").unwrap_or(Grouping::Manufacturer);
    let product_code = query.text("product").map(str::to_owned);
    let is_code = |code: &String| {
        (1..=LONGEST_CODE).contains(&code.len()) && code.bytes().all(|b| b.is_ascii_graphic())
    };
    if product_code.as_ref().is_some_and(|code| !is_code(code)) {
        query.refuse("product", "unknown", "this is not a product's code");
    }
    let period = Period {
        filed_from: query.from("from"),
        filed_before: query.to("to"),
        manufacturer: query.id("manufacturer").map(OrganisationId),
        product_code,
        division: query.word("division"),
    };
    (by, period)
}

/// Read the ledger: for bureaus of their division, for a manufacturer of its own tickets.
#[utoipa::path(
    get, path = "/api/v1/ledger", operation_id = "ledger_show", tag = "ledger",
    params(
        ("by" = Option<String>, Query, description = "`manufacturer` (default), `product`, `city` or `month`"),
        ("from" = Option<String>, Query, description = "Filed from, a local date or an instant, inclusive"),
        ("to" = Option<String>, Query, description = "Filed until, a local date or an instant, inclusive"),
        ("manufacturer" = Option<String>, Query, description = "Only of this manufacturer, by id"),
        ("product" = Option<String>, Query, description = "Only of products with this code"),
        ("division" = Option<String>, Query, description = "Only in this division and below"),
    ),
    responses((status = 200, description = "The figures by group, and of everything", body = LedgerBody), Problems)
)]
pub(super) async fn show(
    site: web::Data<Site>,
    signed: SignedIn,
    request: HttpRequest,
) -> Result<HttpResponse, Problem> {
    ledger::admit(&signed.scope)?;
    let mut query = Query::read(request.query_string(), &FILTERS)?;
    let (by, period) = asked(&mut query);
    query.done(())?;
    let view = ledger::read(&site.app, &signed.scope, by, &period).await?;
    Ok(HttpResponse::Ok().json(LedgerBody::shown(&view)))
}
