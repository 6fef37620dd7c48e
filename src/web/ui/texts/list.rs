//! Which texts there are, by event, and which of them say something else than what ships.
//!
//! **Never** shows a text itself.

use actix_web::http::StatusCode;
use actix_web::{HttpRequest, HttpResponse, web};
use askama::Template;

use super::super::address::Address;
use super::super::choice::{Choice, words};
use super::super::shell::{Shell, page};
use super::address;
use crate::domain::template::Topic;
use crate::service::templates::{self, TemplateView};
use crate::web::api::templates::{FILTERS, asked};
use crate::web::auth::SignedIn;
use crate::web::error::Problem;
use crate::web::form::Typed;
use crate::web::query::Query;
use crate::web::site::Site;

/// The texts of an event.
struct Row {
    kind: String,
    lines: Vec<Line>,
}

/// The texts for a party on a channel.
struct Line {
    party: String,
    channel: String,
    links: Vec<Link>,
}

/// A text in a language.
struct Link {
    address: String,
    language: String,
    is_edited: bool,
}

#[derive(Template)]
#[template(path = "pages/templates.html")]
struct Page {
    shell: Shell,
    typed: Typed,
    parties: Vec<Choice>,
    channels: Vec<Choice>,
    rows: Vec<Row>,
    is_filtered: bool,
}

/// Lists the texts.
pub(in crate::web::ui) async fn list(
    site: web::Data<Site>,
    signed: SignedIn,
    request: HttpRequest,
) -> Result<HttpResponse, Problem> {
    templates::admit(&signed.scope)?;
    let given = Address::of("/templates", request.query_string());
    let mut query = Query::read(&given.query(), &FILTERS)?;
    let filter = asked(&mut query);
    let typed = Typed::of(query.pairs());
    query.done(())?;
    let views = templates::list(&site.app, &signed.scope, filter).await?;
    let shell = Shell::of(&site, &request, &signed).await?;
    let of_kind = |kind: Topic| {
        let views: Vec<_> = views.iter().filter(|view| view.slot.kind == kind).collect();
        (!views.is_empty())
            .then(|| Row { kind: shell.named("told", kind.name()), lines: lines(&shell, &views) })
    };
    let drawn = Page {
        rows: Topic::all().filter_map(of_kind).collect(),
        is_filtered: FILTERS.iter().any(|name| typed.find(name).is_some()),
        parties: words(&shell, "party"),
        channels: words(&shell, "channel"),
        typed,
        shell,
    };
    page(StatusCode::OK, &drawn)
}

/// The languages of a party and a channel stand next to each other.
fn lines(shell: &Shell, views: &[&TemplateView]) -> Vec<Line> {
    let of = |view: &TemplateView| (view.slot.party, view.slot.channel);
    let line = |views: &[&TemplateView]| {
        let first = views.first()?.slot;
        let link = |view: &&TemplateView| Link {
            address: address(view.slot),
            language: shell.name("language", &view.slot.language),
            is_edited: view.is_edited(),
        };
        Some(Line {
            party: shell.name("party", &first.party),
            channel: shell.name("channel", &first.channel),
            links: views.iter().map(link).collect(),
        })
    };
    views.chunk_by(|one, other| of(one) == of(other)).filter_map(line).collect()
}
