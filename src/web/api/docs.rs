//! The API's description, and the page that shows it.
//!
//! **Never** describes what is not there: the routes name the same handlers.

use actix_web::HttpResponse;
use actix_web::http::header::LOCATION;
use utoipa::openapi::security::{HttpAuthScheme, HttpBuilder, SecurityScheme};
use utoipa::{IntoResponses, Modify, OpenApi};
use utoipa_swagger_ui::{Config, SwaggerUi};

use super::{
    acts, agreements, attachments, audit, batch_acts, batches, calendar_edits, calendars, channels,
    contacts, deadline, deliveries, demo, divisions, escalations, evidence, exports, filing,
    imports, invitations, ledger, locks, merging, messages, notices, organisations, people,
    policies, products, requests, session, shelf, shortage, stream, templates, tickets, timeline,
    users,
};
use crate::web::error::{CODES, ProblemBody, RefusedField};

/// What every call may answer instead.
#[derive(IntoResponses)]
#[expect(dead_code, reason = "it only describes")]
pub(in crate::web) enum Problems {
    /// The request cannot be read.
    #[response(status = 400, content_type = "application/problem+json")]
    Unreadable(ProblemBody<'static>),
    /// Not signed in.
    #[response(status = 401, content_type = "application/problem+json")]
    Unauthenticated(ProblemBody<'static>),
    /// The caller may not do this.
    #[response(status = 403, content_type = "application/problem+json")]
    Forbidden(ProblemBody<'static>),
    /// Unknown, or not the caller's.
    #[response(status = 404, content_type = "application/problem+json")]
    NotFound(ProblemBody<'static>),
    /// The present state does not allow it.
    #[response(status = 409, content_type = "application/problem+json")]
    Conflict(ProblemBody<'static>),
    /// `If-Match` names another version.
    #[response(status = 412, content_type = "application/problem+json")]
    Outdated(ProblemBody<'static>),
    /// The body is larger than 1 MiB.
    #[response(status = 413, content_type = "application/problem+json")]
    TooLarge(ProblemBody<'static>),
    /// The body is not JSON in UTF-8.
    #[response(status = 415, content_type = "application/problem+json")]
    Unsupported(ProblemBody<'static>),
    /// The input is not valid; `errors` names the fields.
    #[response(status = 422, content_type = "application/problem+json")]
    Invalid(ProblemBody<'static>),
    /// Too many attempts, and `Retry-After` says for how long; or too many open streams.
    #[response(status = 429, content_type = "application/problem+json")]
    Throttled(ProblemBody<'static>),
}

#[derive(OpenApi)]
#[openapi(
    info(title = "Supplyline 供应保障诉求对接平台", license(name = "Apache-2.0")),
    security(("bearer" = [])),
    modifiers(&Additions),
    components(schemas(
        ProblemBody<'static>, RefusedField, channels::NewSms, channels::NewRobot,
    )),
    paths(
        session::begin, session::show, session::end,
        products::list, shelf::show, shelf::create, shelf::replace, shelf::suspend, shelf::resume,
        agreements::list, agreements::agree, agreements::change, agreements::lapse, agreements::revive,
        filing::file, tickets::list, tickets::show,
        acts::reply, acts::promise, acts::solve, acts::confirm, acts::withdraw, acts::urge,
        acts::escalate, requests::ask_return, requests::extension, requests::force_majeure,
        requests::distributor, requests::decide,
        messages::list, messages::write, timeline::events, deliveries::of_ticket,
        attachments::list, attachments::add, attachments::read,
        evidence::pack, evidence::key,
        escalations::list, escalations::acknowledge, escalations::measure, escalations::close,
        shortage::list, shortage::show, shortage::reply, ledger::show,
        notices::list, notices::read, stream::open,
        deadline::reckon, calendars::list, calendars::show, divisions::list,
        calendar_edits::add, calendar_edits::remove, calendar_edits::set, calendar_edits::clear,
        calendar_edits::import, batches::list, batches::show, batches::preview, batch_acts::approve,
        batch_acts::reject, batch_acts::undo, batch_acts::judge, policies::list, policies::show, organisations::list,
        users::list, audit::list, audit::show, audit::verify, audit::download, locks::list,
        organisations::show, organisations::create, organisations::replace,
        organisations::suspend, organisations::resume, people::show, people::create,
        people::replace, people::role, people::suspend, people::resume, people::password,
        people::invite, people::uninvite, invitations::accept, templates::list, templates::show,
        templates::replace, templates::preview, templates::versions, templates::restore,
        policies::keeping::create, policies::keeping::replace, policies::keeping::withdraw,
        policies::keeping::decide, merging::merge, channels::list, channels::show,
        channels::replace, channels::test, policies::simulate::simulate,
        policies::simulate::of_version, contacts::list,
        contacts::create, contacts::replace, contacts::remove, contacts::send, contacts::verify,
        deliveries::log, deliveries::replay,
        imports::run, imports::template, exports::run,
        demo::show, demo::advance,
    )
)]
struct Description;

struct Additions;

impl Modify for Additions {
    fn modify(&self, description: &mut utoipa::openapi::OpenApi) {
        let bearer = HttpBuilder::new().scheme(HttpAuthScheme::Bearer).build();
        let components = description.components.get_or_insert_default();
        components.add_security_scheme("bearer", SecurityScheme::Http(bearer));
        description.info.description = Some(introduction());
    }
}

fn introduction() -> String {
    let rows = CODES.map(|(code, status, title)| format!("| {status} | `{code}` | {title} |"));
    format!(
        "The channel through which hospitals get the centrally procured drugs they are owed.\n\n\
        Sign in with `POST /api/v1/session` and send the token as `Authorization: Bearer`. Times \
        are RFC 3339 with an offset; dates `YYYY-MM-DD`; lists take `page_size` and `cursor`. \
        Writes take an `Idempotency-Key`, acts on tickets an `If-Match`.\n\n\
        Refusals are problem details with a stable `code`:\n\n\
        | status | code | meaning |\n|---|---|---|\n{}\n",
        rows.join("\n")
    )
}

/// The description as JSON.
pub(in crate::web) async fn description() -> HttpResponse {
    HttpResponse::Ok().json(Description::openapi())
}

/// From the address people type to the page's.
pub(in crate::web) async fn redirect() -> HttpResponse {
    HttpResponse::PermanentRedirect().insert_header((LOCATION, "/api/docs/")).finish()
}

/// The page and its files.
pub(in crate::web) fn pages() -> SwaggerUi {
    SwaggerUi::new("/api/docs/{_:.*}").config(Config::from("/api/openapi.json"))
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use serde_json::Value;

    use super::*;

    fn references(value: &Value, found: &mut BTreeSet<String>) {
        match value {
            Value::Object(members) => {
                for (name, member) in members {
                    match member.as_str() {
                        Some(to) if name == "$ref" => {
                            found.insert(to.to_owned());
                        }
                        Some(_) | None => references(member, found),
                    }
                }
            }
            Value::Array(items) => items.iter().for_each(|item| references(item, found)),
            Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
        }
    }

    #[test]
    fn every_operation_is_described_with_its_problems() {
        let description = serde_json::to_value(Description::openapi()).expect("JSON");
        let paths = description["paths"].as_object().expect("paths");
        assert_eq!(paths.len(), 96);
        let problem = "#/components/schemas/ProblemBody";
        let mut names = BTreeSet::new();
        for (path, operations) in paths {
            for operation in operations.as_object().expect("operations").values() {
                let refused = &operation["responses"]["422"]["content"]["application/problem+json"];
                assert_eq!(refused["schema"]["$ref"], problem, "{path}");
                assert!(names.insert(operation["operationId"].to_string()), "{path}");
            }
        }
    }

    #[test]
    fn every_schema_that_is_named_is_there() {
        let description = serde_json::to_value(Description::openapi()).expect("JSON");
        let mut found = BTreeSet::new();
        references(&description, &mut found);
        for reference in found {
            let pointer = reference.trim_start_matches('#');
            assert!(description.pointer(pointer).is_some(), "{reference}");
        }
    }
}
