//! Filing a ticket: find the product, say what is missing, see what it will start, send.
//!
//! **Never** asks for what is known: the manufacturer, the unit, who can be called.

use std::sync::Arc;

use actix_web::http::StatusCode;
use actix_web::{HttpRequest, HttpResponse, web};
use askama::Template;

use super::choice::{Choice, words};
use super::fields::{Fields, Need};
use super::rows::{Row, rows};
use super::shell::{Shell, page, see};
use super::ticket::deadlines::{DayMark, marks};
use crate::domain::id::OrganisationId;
use crate::domain::party::Role;
use crate::domain::policy::Urgency;
use crate::domain::search;
use crate::domain::ticket::Category;
use crate::service::catalogue::{self, ProductView};
use crate::service::drafts::{self, Draft};
use crate::service::tickets::{self, Filter, Order, TicketView};
use crate::service::{Error, Rendered};
use crate::web::api::deadline::DeadlineBody;
use crate::web::api::filing::NewTicket;
use crate::web::api::lens::Lens;
use crate::web::api::products::ProductBody;
use crate::web::auth::SignedIn;
use crate::web::check;
use crate::web::error::Problem;
use crate::web::form::{Post, Typed};
use crate::web::query::{self, Query};
use crate::web::site::Site;
use crate::web::words::Words;

/// Products offered at once.
const OFFERED: u64 = 20;
/// The longest code of a product, in characters.
const LONGEST_CODE: usize = 64;
/// The fields of the form.
const FIELDS: [&str; 12] = [
    "category",
    "contact.name",
    "contact.phone",
    "days_of_stock",
    "description",
    "follows",
    "order_refs",
    "product_code",
    "quantity_short",
    "summary",
    "unit",
    "urgency",
];
/// Open tickets for the product that are shown beside the form.
const SHOWN: u64 = 5;

#[derive(Template)]
#[template(path = "pages/find_product.html")]
struct Find {
    shell: Shell,
    q: String,
    follows: String,
    products: Vec<ProductBody>,
    has_more: bool,
    drafts: Vec<Kept>,
}

/// A draft in a list.
struct Kept {
    code: String,
    title: String,
    at: String,
}

#[derive(Template)]
#[template(path = "pages/file_ticket.html")]
struct File {
    shell: Shell,
    product: ProductBody,
    f: Fields,
    categories: Vec<Choice>,
    urgencies: Vec<Choice>,
    due: Vec<Due>,
    open: Vec<Row>,
    draft: Option<String>,
    policy: String,
}

/// The deadlines that a ticket would get.
struct Due {
    urgency: String,
    lines: Vec<(String, String, String, bool, Vec<DayMark>)>,
}

fn hospitals_only(signed: &SignedIn) -> Result<(), Error> {
    if signed.role() == Role::Hospital {
        return Ok(());
    }
    Err(Error::Forbidden("only a hospital may file a ticket".to_owned()))
}

/// The form: first for the product, then for the rest.
pub(super) async fn form(
    site: web::Data<Site>,
    signed: SignedIn,
    request: HttpRequest,
) -> Result<HttpResponse, Problem> {
    hospitals_only(&signed)?;
    let known = ["q", "product", "follows", "done"];
    let mut query = Query::read(request.query_string(), &known)?;
    let q = query.search("q");
    let follows = query.text("follows").filter(|id| query::uuid(id).is_some());
    let follows = follows.unwrap_or_default().to_owned();
    let code = query.text("product").filter(|code| !code.is_empty()).map(str::to_owned);
    let q = query.done(q)?;
    if let Some(code) = code {
        let product = product(&site, &signed, &code).await?.ok_or(Error::NotFound)?;
        return rest(&site, &signed, &request, (product, follows), None).await;
    }
    let shell = Shell::of(&site, &request, &signed).await?;
    let q = q.unwrap_or_default();
    let mut found = catalogue::products(&site.app, &signed.scope, &q, None, OFFERED + 1).await?;
    let has_more = u64::try_from(found.len()).unwrap_or(u64::MAX) > OFFERED;
    found.truncate(usize::try_from(OFFERED).unwrap_or(usize::MAX));
    let products = found.iter().map(ProductBody::shown).collect();
    let drafts = drafts::list(&site.app, &signed.scope).await?;
    let drafts = drafts.into_iter().map(|draft| kept(&shell, draft)).collect();
    page(StatusCode::OK, &Find { shell, q, follows, products, has_more, drafts })
}

fn kept(shell: &Shell, draft: Draft) -> Kept {
    let title = draft.fields.get("summary").cloned().unwrap_or_default();
    Kept { title, at: shell.minute(&draft.saved_at), code: draft.product_code }
}

async fn product(site: &Site, signed: &SignedIn, code: &str) -> Result<Option<ProductView>, Error> {
    // What is longer is no code, and would be searched for by every word in it.
    if code.chars().count() > LONGEST_CODE {
        return Ok(None);
    }
    let found = catalogue::products(&site.app, &signed.scope, code, None, OFFERED).await?;
    Ok(found.into_iter().find(|view| view.product.code == code))
}

/// A form that was refused.
struct Refused {
    fields: Fields,
    status: StatusCode,
}

async fn rest(
    site: &Site,
    signed: &SignedIn,
    request: &HttpRequest,
    (view, follows): (ProductView, String),
    refused: Option<Refused>,
) -> Result<HttpResponse, Problem> {
    let shell = Shell::of(site, request, signed).await?;
    let lens = Lens::of(&site.app, signed);
    let open = unfinished(site, signed, &view.product.code).await?;
    let draft = draft_of(site, signed, &view.product.code).await?;
    let status = refused.as_ref().map_or(StatusCode::OK, |refused| refused.status);
    let saved = draft.as_ref().filter(|_| refused.is_none());
    let restored = saved.map(|draft| shell.minute(&draft.saved_at));
    let f = match (refused, saved) {
        (Some(refused), _) => refused.fields,
        (None, Some(draft)) => Fields::kept("file", shell.words(), Typed::of(draft.fields.clone())),
        (None, None) => {
            let phone = known_phone(site, signed).await?;
            let name = signed.scope.actor().name.clone();
            Fields::fresh(
                "file",
                shell.words(),
                &[
                    ("unit", &view.product.unit),
                    ("urgency", "ordinary"),
                    ("contact.name", &name),
                    ("contact.phone", &phone),
                    ("follows", &follows),
                ],
            )
        }
    };
    let of = (check::word(f.value("category")), view.manufacturer.id);
    let (due, policy) = due(site, signed, &shell, of)?;
    let drawn = File {
        product: ProductBody::shown(&view),
        categories: words(&shell, "category"),
        urgencies: words(&shell, "urgency"),
        open: rows(&shell, &lens, &open),
        draft: restored,
        due,
        policy,
        f,
        shell,
    };
    page(status, &drawn)
}

/// The hospital's own open tickets for the product: perhaps this one is among them.
async fn unfinished(site: &Site, signed: &SignedIn, code: &str) -> Result<Vec<TicketView>, Error> {
    let filter =
        Filter { query: Some(search::query(code)), over: Some(false), ..Filter::default() };
    let page = (None, SHOWN);
    tickets::list(&site.app, &signed.scope, &filter, Order::NewestFirst, page).await
}

/// The phone that the person gave last time.
async fn known_phone(site: &Site, signed: &SignedIn) -> Result<String, Error> {
    let page = (None, SHOWN);
    let (app, scope) = (&site.app, &signed.scope);
    let last = tickets::list(app, scope, &Filter::default(), Order::NewestFirst, page).await?;
    let own = last.into_iter().map(|view| view.ticket.report.contact);
    let mut own = own.filter(|contact| contact.name == scope.actor().name);
    Ok(own.next().map(|contact| contact.phone).unwrap_or_default())
}

/// What a ticket filed now would start.
fn due(
    site: &Site,
    signed: &SignedIn,
    shell: &Shell,
    (category, manufacturer): (Option<Category>, OrganisationId),
) -> Result<(Vec<Due>, String), Error> {
    let division = signed.scope.actor().organisation.division;
    let mut all = Vec::new();
    let mut name = String::new();
    for urgency in [Urgency::Ordinary, Urgency::Emergency] {
        let (division, manufacturer) = (Some(division), Some(manufacturer));
        let of = catalogue::Reckoning { division, category, manufacturer };
        let reckoned = catalogue::reckon(&site.app, shell.now, urgency, of)?;
        let line = |deadline| {
            let body = DeadlineBody::explained(
                deadline,
                &reckoned.calendar,
                &reckoned.policy,
                shell.language(),
            );
            (
                shell.name("deadline", &body.kind),
                shell.due(&body.due_at),
                body.sentence.clone(),
                body.provisional,
                marks(shell.words(), &body.explanation),
            )
        };
        let lines = reckoned.deadlines.iter().map(line).collect();
        all.push(Due { urgency: shell.name("urgency", &urgency), lines });
        name.clone_from(&reckoned.policy.name);
    }
    Ok((all, name))
}

/// Files a ticket, or shows the form again.
pub(super) async fn file(
    site: web::Data<Site>,
    post: Post,
    request: HttpRequest,
) -> Result<HttpResponse, Problem> {
    let reading = post.clone();
    let read = Arc::new(move || reading.read(NewTicket::read));
    let once = post.write.once(|view: &TicketView| Rendered {
        status: 303,
        etag: None,
        body: format!("/tickets/{}?done=filed", view.ticket.id),
    });
    let signed = post.signed();
    let errors = match tickets::file(&site.app, &signed.scope, read, once).await {
        Ok(answered) => return Ok(see(&answered.answer.body)),
        Err(Error::Invalid(errors)) => errors,
        Err(error) => return Err(error.into()),
    };
    let fields = Fields::refused("file", Words(signed.language), post.typed.clone(), &errors);
    let follows = post.typed.get("follows").to_owned();
    match product(&site, signed, post.typed.get("product_code")).await? {
        Some(view) => {
            let refused = Refused { fields, status: StatusCode::UNPROCESSABLE_ENTITY };
            rest(&site, signed, &request, (view, follows), Some(refused)).await
        }
        None => Err(Error::Invalid(errors).into()),
    }
}

/// Keeps a form for later.
pub(super) async fn keep(site: web::Data<Site>, post: Post) -> Result<HttpResponse, Problem> {
    let code = post.typed.get("product_code");
    post.typed.only(&FIELDS)?;
    let fields = post.typed.fields().map(|(name, value)| (name.to_owned(), value.to_owned()));
    let fields = fields.collect();
    let scope = &post.signed().scope;
    // Only what could be filed can be kept.
    let view = product(&site, post.signed(), code).await?;
    let view =
        view.ok_or_else(|| Error::invalid("product_code", "unknown", "not in the catalogue"))?;
    drafts::save(&site.app, scope, &view.product.code, &fields).await?;
    Ok(see(&format!("/tickets/new?product={}&done=draft", view.product.code)))
}

/// Throws a kept form away.
pub(super) async fn discard(site: web::Data<Site>, post: Post) -> Result<HttpResponse, Problem> {
    let signed = post.signed();
    if let Some(draft) = draft_of(&site, signed, post.typed.get("product_code")).await? {
        drafts::delete(&site.app, &signed.scope, draft.id).await?;
    }
    Ok(see("/?done=draft-discarded"))
}

async fn draft_of(site: &Site, signed: &SignedIn, code: &str) -> Result<Option<Draft>, Error> {
    let drafts = drafts::list(&site.app, &signed.scope).await?;
    Ok(drafts.into_iter().find(|draft| draft.product_code == code))
}
