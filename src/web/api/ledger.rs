//! The bureau's ledger: figures of a period, split by manufacturer, product, city, county or month.
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
use crate::domain::party::Division;
use crate::service::ledger::{
    self, DEFINITION, Figures, Grouping, LedgerView, Period, Ratio, Subject,
};
use crate::web::auth::SignedIn;
use crate::web::error::Problem;
use crate::web::query::Query;
use crate::web::site::Site;

/// The ledger of a period.
#[derive(Debug, Serialize, ToSchema)]
pub(in crate::web) struct LedgerBody {
    /// The version of the indicators' definitions.
    pub(in crate::web) definition: &'static str,
    #[schema(schema_with = words::grouping)]
    pub(in crate::web) by: Grouping,
    /// A row per group that has tickets.
    pub(in crate::web) items: Vec<LedgerRowBody>,
    /// Of everything; a hospital counts once.
    pub(in crate::web) total: FiguresBody,
}

/// A group with its figures.
#[derive(Debug, Serialize, ToSchema)]
pub(in crate::web) struct LedgerRowBody {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(in crate::web) manufacturer: Option<Named>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(in crate::web) product: Option<ProductBody>,
    /// The province in whose catalogue the product is.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(in crate::web) province: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(in crate::web) city: Option<PlaceBody>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(in crate::web) county: Option<PlaceBody>,
    /// The month of filing.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(example = "2026-02")]
    pub(in crate::web) month: Option<String>,
    #[serde(flatten)]
    pub(in crate::web) figures: FiguresBody,
}

/// A city or a county.
#[derive(Debug, Serialize, ToSchema)]
pub(in crate::web) struct PlaceBody {
    #[schema(example = "371000")]
    pub(in crate::web) division: String,
    pub(in crate::web) name: String,
}

/// A share with its parts.
#[derive(Debug, Serialize, ToSchema)]
pub(in crate::web) struct RatioBody {
    pub(in crate::web) numerator: u32,
    pub(in crate::web) denominator: u32,
    /// Between 0 and 1; null when the denominator is 0.
    pub(in crate::web) rate: Option<f64>,
}

/// Figures of a group, or of everything.
#[derive(Debug, Serialize, ToSchema)]
pub(in crate::web) struct FiguresBody {
    /// Tickets filed, historic, withdrawn and returned ones included.
    pub(in crate::web) tickets: u32,
    /// Of how many hospitals.
    pub(in crate::web) hospitals: u32,
    /// Replied within the limit.
    pub(in crate::web) replied_in_time: u32,
    /// Replied after it.
    pub(in crate::web) replied_late: u32,
    /// The limit passed, and there is no reply.
    pub(in crate::web) not_replied: u32,
    /// Replied in time, of the three above.
    pub(in crate::web) on_time_reply: RatioBody,
    /// Promised days kept, of those kept or missed.
    pub(in crate::web) promise_kept: RatioBody,
    /// Issues solved within the limit, of those where that is decided (M07).
    pub(in crate::web) timely_resolution: RatioBody,
    /// Tickets that M07 is about: not returned, and with an agreed quantity.
    pub(in crate::web) issues: u32,
    /// Of how many hospitals those are.
    pub(in crate::web) issue_hospitals: u32,
    /// At least 5 issues of 3 hospitals: below that the ratio says little.
    pub(in crate::web) enough: bool,
    /// Tickets whose hospital has no agreed quantity of the product.
    pub(in crate::web) without_agreement: u32,
    pub(in crate::web) closed: u32,
    pub(in crate::web) withdrawn: u32,
    pub(in crate::web) returned: u32,
    /// How many ever entered the ladder.
    pub(in crate::web) escalated: u32,
    /// How many hospitals' ratings were `dissatisfied`.
    pub(in crate::web) dissatisfied: u32,
    /// How many were over before the service began.
    pub(in crate::web) historic: u32,
    /// From the filing to the solution that was confirmed; null when nothing is closed.
    pub(in crate::web) median_working_days: Option<f64>,
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
        let (mut city, mut county, mut month) = (None, None, None);
        let place = |division: &Division, name: &String| {
            Some(PlaceBody { division: division.to_string(), name: name.clone() })
        };
        match subject {
            Subject::Manufacturer(house) => manufacturer = Some(house.into()),
            Subject::Product { product: own, manufacturer: maker, province: place } => {
                product = Some(ProductBody::of(own, Some(maker)));
                province = Some(place.to_string());
            }
            Subject::City { division, name } => city = place(division, name),
            Subject::County { division, name } => county = place(division, name),
            Subject::Month(year, of_year) => month = Some(format!("{year:04}-{of_year:02}")),
        }
        Self { manufacturer, product, province, city, county, month, figures }
    }
}

impl LedgerBody {
    /// A ledger as it is shown.
    pub(in crate::web) fn shown(view: &LedgerView) -> Self {
        Self {
            definition: DEFINITION,
            by: view.by,
            items: view.rows.iter().map(LedgerRowBody::shown).collect(),
            total: (&view.total).into(),
        }
    }
}

/// The parameters that say what is counted.
pub(in crate::web) const FILTERS: [&str; 6] =
    ["by", "from", "to", "manufacturer", "product", "division"];
/// The longest product code.
const LONGEST_CODE: usize = 64;

/// Reads what is counted.
pub(in crate::web) fn asked(query: &mut Query) -> (Grouping, Period) {
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
        ("by" = Option<String>, Query, description = "`manufacturer` (default), `product`, `city`, `county` or `month`"),
        ("from" = Option<String>, Query, description = "Filed from, a local date or an instant, inclusive"),
        ("to" = Option<String>, Query, description = "Filed until, a local date or an instant, inclusive"),
        ("manufacturer" = Option<String>, Query, description = "Only of this manufacturer, by id"),
        ("product" = Option<String>, Query, description = "Only of products with this code"),
        ("division" = Option<String>, Query, description = "Only in this division and below"),
    ),
    responses((status = 200, description = "The figures by group, and of everything", body = LedgerBody), Problems)
)]
pub(in crate::web) async fn show(
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
