//! The demo's own pages: choose a role, move the clock, read everybody's mails and texts.
//!
//! **Never** there in production.

use actix_web::http::StatusCode;
use actix_web::{HttpRequest, HttpResponse, web};
use askama::Template;
use chrono::{DateTime, TimeDelta, Utc};
use uuid::Uuid;

use super::address::Address;
use super::session::{Open, let_in};
use super::shell::{Shell, own_address, page, see};
use crate::domain::id::DeliveryId;
use crate::domain::notice::{Channel, Letter};
use crate::notify::render::{Rendered, headline, link, mail, sms};
use crate::service::letters::{self, Posted, Wanted};
use crate::service::{Error, accounts, sweep};
use crate::web::api::demo::by_working_days;
use crate::web::auth::{self, SignedIn};
use crate::web::error::Problem;
use crate::web::form::Post;
use crate::web::paging::List;
use crate::web::query::{self, Query};
use crate::web::site::{Demo, Site};

/// The accounts, in the order of the story; each has a text of what it is for.
const ACCOUNTS: [&str; 13] = [
    "hospital",
    "maker",
    "city",
    "province",
    "county",
    "distributor",
    "hospital2",
    "maker2",
    "city2",
    "admin",
    "admin2",
    "security",
    "auditor",
];
/// Letters on a page.
const SHOWN: u64 = 30;

/// Somebody to be.
struct Account {
    username: &'static str,
    name: String,
    organisation: String,
    role: String,
}

#[derive(Template)]
#[template(path = "pages/demo.html")]
struct Start {
    shell: Shell,
    accounts: Vec<Account>,
}

fn demo(site: &Site) -> Result<&Demo, Error> {
    site.demo.as_ref().ok_or(Error::NotFound)
}

/// The start page: what this is, and whom to be.
pub(super) async fn start(
    site: web::Data<Site>,
    request: HttpRequest,
) -> Result<HttpResponse, Problem> {
    demo(&site)?;
    let shell = match SignedIn::of(&request).await {
        Ok(signed) => Shell::of(&site, &request, &signed).await?,
        Err(_) => Shell::outside(&site, &request),
    };
    let mut accounts = Vec::new();
    for username in ACCOUNTS {
        // A sample may lack some of them.
        if let Ok(scope) = accounts::on_behalf_of(&site.app, username).await {
            let actor = scope.actor();
            accounts.push(Account {
                username,
                name: actor.name.clone(),
                organisation: actor.organisation.name.clone(),
                role: shell.name("role", &actor.role),
            });
        }
    }
    page(StatusCode::OK, &Start { shell, accounts })
}

/// Becomes somebody.
pub(super) async fn sign_in(
    site: web::Data<Site>,
    request: HttpRequest,
    form: Open,
) -> Result<HttpResponse, Problem> {
    let password = demo(&site)?.password;
    let origin = auth::origin(&request);
    let username = form.0.get("role");
    if !ACCOUNTS.contains(&username) {
        return Err(Error::invalid("role", "unknown", "one of the demo's accounts").into());
    }
    let signed = accounts::sign_in(&site.app, username, password.to_owned(), &origin).await?;
    Ok(let_in(&site, &request, signed, "/"))
}

/// Moves business time by a step, through everything that is due.
pub(super) async fn clock(site: web::Data<Site>, post: Post) -> Result<HttpResponse, Problem> {
    let demo = demo(&site)?;
    let now = site.app.clock.now();
    let to = match post.typed.get("step") {
        "next" => next(&site, now).await?,
        "hour" => now + TimeDelta::hours(1),
        "day" => by_working_days(&site.app, now, 1)?,
        _ => return Err(Error::invalid("step", "unknown", "next, hour or day").into()),
    };
    demo.advance(&site.app, &post.signed().scope, to).await?;
    let back = own_address(post.typed.get("_back"));
    let back = Address::of(back.split('?').next().unwrap_or("/"), query_of(back));
    Ok(see(&back.with("done", "clock")))
}

/// The next instant at which something falls due; an hour later where nothing does.
async fn next(site: &Site, now: DateTime<Utc>) -> Result<DateTime<Utc>, Error> {
    let next = sweep::next_due(&site.app, now).await?;
    Ok(next.filter(|next| *next > now).unwrap_or(now + TimeDelta::hours(1)))
}

fn query_of(address: &str) -> &str {
    address.split_once('?').map_or("", |(_, query)| query)
}

/// A letter in the list.
struct Item {
    id: Uuid,
    at: String,
    to: String,
    address: String,
    is_mail: bool,
    state: String,
    headline: String,
    text: String,
}

#[derive(Template)]
#[template(path = "pages/mailbox.html")]
struct Mailbox {
    shell: Shell,
    items: Vec<Item>,
    accounts: Vec<(String, String, bool)>,
    first: Option<String>,
    next: Option<String>,
}

impl Mailbox {
    /// True when nobody is chosen.
    fn is_all(&self) -> bool {
        !self.accounts.iter().any(|(_, _, is_here)| *is_here)
    }
}

/// Everybody's mails and texts, newest first.
pub(super) async fn mailbox(
    site: web::Data<Site>,
    signed: SignedIn,
    request: HttpRequest,
) -> Result<HttpResponse, Problem> {
    demo(&site)?;
    let address = Address::of("/demo/mailbox", request.query_string());
    let query = Query::read(&address.query(), &["to", "cursor"])?;
    let to = query.text("to").map(str::to_owned);
    let cursor = query.text("cursor").map(str::to_owned);
    query.done(())?;
    let person = match &to {
        // PostgreSQL would not even look for a NUL.
        Some(username) if username.contains(char::is_control) => {
            return Err(Error::NotFound.into());
        }
        Some(username) => Some(accounts::on_behalf_of(&site.app, username).await?.actor().user),
        None => None,
    };
    let list = List { name: "mailbox", reader: signed.user() };
    let after: Option<Uuid> = list.after(cursor.as_deref())?;
    let wanted = Wanted::Newest { to: person, after };
    let rows = letters::mailbox(&site.app, wanted, SHOWN + 1).await?;
    let found = list.page(rows, SHOWN, |(posted, _)| posted.delivery.id.0);
    let shell = Shell::of(&site, &request, &signed).await?;
    let chosen = |name: &str| to.as_deref() == Some(name);
    let accounts = ACCOUNTS.map(|name| (name.to_owned(), address.with("to", name), chosen(name)));
    let drawn = Mailbox {
        items: found.items.iter().map(|one| item(&site, &shell, one)).collect(),
        accounts: accounts.into(),
        first: cursor.map(|_| address.with("cursor", "")),
        next: found.next_cursor.map(|cursor| address.with("cursor", &cursor)),
        shell,
    };
    page(StatusCode::OK, &drawn)
}

fn item(site: &Site, shell: &Shell, (posted, letter): &(Posted, Letter)) -> Item {
    let delivery = &posted.delivery;
    let is_mail = delivery.channel == Channel::Mail;
    Item {
        id: delivery.id.0,
        at: shell.minute(&posted.at),
        to: letter.name.clone(),
        address: letter.address.clone(),
        is_mail,
        state: shell.name("delivery", &posted.state),
        headline: headline(&letter.matter, letter.language),
        text: if is_mail { as_mail(site, letter).text } else { sms(letter) },
    }
}

fn as_mail(site: &Site, letter: &Letter) -> Rendered {
    mail(letter, &link(letter, &site.public_url))
}

#[derive(Template)]
#[template(path = "pages/letter.html")]
struct One {
    shell: Shell,
    item: Item,
    subject: String,
}

/// A letter as its recipient sees it.
pub(super) async fn letter(
    site: web::Data<Site>,
    signed: SignedIn,
    request: HttpRequest,
) -> Result<HttpResponse, Problem> {
    demo(&site)?;
    let one = find(&site, &request).await?;
    let shell = Shell::of(&site, &request, &signed).await?;
    let subject = as_mail(&site, &one.1).subject;
    page(StatusCode::OK, &One { item: item(&site, &shell, &one), subject, shell })
}

/// A mail's own page, to be framed: it has the style that mail programs need.
pub(super) async fn html(
    site: web::Data<Site>,
    _signed: SignedIn,
    request: HttpRequest,
) -> Result<HttpResponse, Problem> {
    demo(&site)?;
    let (_, letter) = find(&site, &request).await?;
    let html = as_mail(&site, &letter).html;
    Ok(HttpResponse::Ok().content_type("text/html; charset=utf-8").body(html))
}

async fn find(site: &Site, request: &HttpRequest) -> Result<(Posted, Letter), Error> {
    let id = request.match_info().get("id").and_then(query::uuid).ok_or(Error::NotFound)?;
    let found = letters::mailbox(&site.app, Wanted::One(DeliveryId(id)), 1).await?;
    found.into_iter().next().ok_or(Error::NotFound)
}
