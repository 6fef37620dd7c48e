//! The API under `/api/v1`: one file per subject, each with its wire types and handlers.
//!
//! **Never** reads a write's body before the use case asks for it: who may not see or do it
//! learns nothing about the input.

pub(super) mod acts;
pub(super) mod agreements;
pub(super) mod attachments;
pub(super) mod audit;
pub(super) mod batch_acts;
pub(super) mod batches;
pub(super) mod calendar_edits;
pub(super) mod calendars;
pub(super) mod channels;
pub(super) mod contacts;
pub(super) mod deadline;
pub(super) mod deliveries;
pub(super) mod demo;
pub(super) mod divisions;
mod docs;
pub(super) mod escalations;
pub(super) mod evidence;
pub(super) mod exports;
pub(super) mod filing;
pub(super) mod imports;
pub(super) mod invitations;
pub(super) mod ledger;
pub(super) mod lens;
pub(super) mod locks;
pub(super) mod merging;
pub(super) mod messages;
pub(super) mod notices;
pub(super) mod organisations;
pub(super) mod parties;
pub(super) mod people;
pub(super) mod policies;
pub(super) mod products;
pub(super) mod requests;
pub(super) mod session;
pub(super) mod shelf;
pub(super) mod shortage;
pub(super) mod stream;
pub(super) mod templates;
pub(super) mod tickets;
pub(super) mod timeline;
pub(super) mod users;
pub(super) mod words;

use actix_web::HttpRequest;
use actix_web::web::{self, ServiceConfig, delete, post, put, resource, scope};
use uuid::Uuid;

use super::{error, get, query};
use crate::service::Error;

/// The routes of the API and its description.
pub(super) fn routes(config: &mut ServiceConfig) {
    let api = scope("/api/v1")
        .service(
            get(resource("/session"), session::show)
                .route(post().to(session::begin))
                .route(delete().to(session::end)),
        )
        .service(get(resource("/divisions"), divisions::list))
        .configure(of_shelves)
        .configure(of_tickets)
        .configure(of_templates)
        .service(get(resource("/attachments/{id}"), attachments::read))
        .service(get(resource("/evidence-key"), evidence::key))
        .service(get(resource("/escalations"), escalations::list))
        .service(
            resource("/escalations/{id}/acknowledge").route(post().to(escalations::acknowledge)),
        )
        .service(resource("/escalations/{id}/measures").route(post().to(escalations::measure)))
        .service(resource("/escalations/{id}/close").route(post().to(escalations::close)))
        .service(get(resource("/shortage-events"), shortage::list))
        .service(get(resource("/shortage-events/{id}"), shortage::show))
        .service(resource("/shortage-events/{id}/reply").route(post().to(shortage::reply)))
        .service(get(resource("/ledger"), ledger::show))
        .service(get(resource("/exports/{list}"), exports::run))
        .service(get(resource("/notices"), notices::list))
        .service(resource("/notices/{id}/read").route(post().to(notices::read)))
        .service(get(resource("/events/stream"), stream::open))
        .service(get(resource("/deadline"), deadline::reckon))
        .configure(of_calendars)
        .configure(of_policies)
        .configure(of_houses)
        .configure(of_contacts)
        .configure(of_people)
        .service(get(resource("/audit"), audit::list))
        .service(get(resource("/audit/verify"), audit::verify))
        .service(get(resource("/audit/export"), audit::download))
        .service(get(resource("/audit/{id}"), audit::show))
        .service(get(resource("/locks"), locks::list))
        .service(get(resource("/deliveries"), deliveries::log))
        .service(resource("/deliveries/{id}/replay").route(post().to(deliveries::replay)))
        .service(resource("/imports/{kind}").route(post().to(imports::run)))
        .service(get(resource("/imports/{kind}/template"), imports::template))
        .service(get(resource("/demo/clock"), demo::show).route(post().to(demo::advance)))
        .default_service(web::to(error::unknown));
    config
        .service(get(resource("/api/openapi.json"), docs::description))
        .service(get(resource("/api/docs"), docs::redirect))
        .service(docs::pages())
        .service(api);
}

/// Calendars, and the batches that change them.
fn of_calendars(config: &mut ServiceConfig) {
    config
        .service(get(resource("/calendars"), calendars::list).route(post().to(calendar_edits::add)))
        .service(
            get(resource("/calendars/{id}"), calendars::show)
                .route(delete().to(calendar_edits::remove)),
        )
        .service(
            resource("/calendars/{id}/days/{date}")
                .route(put().to(calendar_edits::set))
                .route(delete().to(calendar_edits::clear)),
        )
        .service(resource("/calendars/{id}/import").route(post().to(calendar_edits::import)))
        .service(get(resource("/batches"), batches::list))
        .service(get(resource("/batches/{id}"), batches::show))
        .service(get(resource("/batches/{id}/preview"), batches::preview))
        .service(resource("/batches/{id}/approve").route(post().to(batch_acts::approve)))
        .service(resource("/batches/{id}/reject").route(post().to(batch_acts::reject)))
        .service(resource("/batches/{id}/undo").route(post().to(batch_acts::undo)));
}

/// The catalogue and the agreements.
fn of_shelves(config: &mut ServiceConfig) {
    config
        .service(get(resource("/products"), products::list).route(post().to(shelf::create)))
        .service(get(resource("/products/{code}"), shelf::show).route(put().to(shelf::replace)))
        .service(resource("/products/{code}/suspend").route(post().to(shelf::suspend)))
        .service(resource("/products/{code}/resume").route(post().to(shelf::resume)))
        .service(get(resource("/agreements"), agreements::list).route(post().to(agreements::agree)))
        .service(resource("/agreements/{id}/{code}").route(put().to(agreements::change)))
        .service(resource("/agreements/{id}/{code}/suspend").route(post().to(agreements::lapse)))
        .service(resource("/agreements/{id}/{code}/resume").route(post().to(agreements::revive)));
}

/// Organisations, and what is done to them.
fn of_houses(config: &mut ServiceConfig) {
    use organisations::{create, list, replace, resume, show, suspend};
    config
        .service(get(resource("/organisations"), list).route(post().to(create)))
        .service(get(resource("/organisations/{id}"), show).route(put().to(replace)))
        .service(resource("/organisations/{id}/suspend").route(post().to(suspend)))
        .service(resource("/organisations/{id}/resume").route(post().to(resume)))
        .service(resource("/organisations/{id}/merge").route(post().to(merging::merge)));
}

/// Whom to ask in organisations.
fn of_contacts(config: &mut ServiceConfig) {
    use contacts::{create, list, remove, replace, send, verify};
    config
        .service(get(resource("/organisations/{id}/contacts"), list).route(post().to(create)))
        .service(resource("/contacts/{id}").route(put().to(replace)).route(delete().to(remove)))
        .service(resource("/contacts/{id}/code").route(post().to(send)))
        .service(resource("/contacts/{id}/verify").route(post().to(verify)));
}

/// People, and what is done to them.
fn of_people(config: &mut ServiceConfig) {
    config
        .service(get(resource("/users"), users::list).route(post().to(people::create)))
        .service(get(resource("/users/{id}"), people::show).route(put().to(people::replace)))
        .service(resource("/users/{id}/role").route(put().to(people::role)))
        .service(resource("/users/{id}/suspend").route(post().to(people::suspend)))
        .service(resource("/users/{id}/resume").route(post().to(people::resume)))
        .service(resource("/users/{id}/password").route(post().to(people::password)))
        .service(
            resource("/users/{id}/invitation")
                .route(post().to(people::invite))
                .route(delete().to(people::uninvite)),
        )
        .service(resource("/invitations/accept").route(post().to(invitations::accept)));
}

/// Time-limit rules, and what is done about them.
fn of_policies(config: &mut ServiceConfig) {
    use policies::keeping;
    config
        .service(get(resource("/policies"), policies::list).route(post().to(keeping::create)))
        .service(resource("/policies/simulate").route(post().to(policies::simulate::simulate)))
        .service(get(resource("/policies/{id}"), policies::show).route(put().to(keeping::replace)))
        .service(resource("/policies/{id}/withdraw").route(post().to(keeping::withdraw)))
        .service(resource("/policies/{id}/replan").route(post().to(batch_acts::judge)))
        .service(get(resource("/policies/{id}/simulation"), policies::simulate::of_version))
        .service(resource("/policies/{id}/decision").route(post().to(keeping::decide)));
}

/// Tickets, and what is done to them.
fn of_tickets(config: &mut ServiceConfig) {
    config
        .service(get(resource("/tickets"), tickets::list).route(post().to(filing::file)))
        .service(get(resource("/tickets/{id}"), tickets::show))
        .service(resource("/tickets/{id}/reply").route(post().to(acts::reply)))
        .service(resource("/tickets/{id}/promise").route(post().to(acts::promise)))
        .service(resource("/tickets/{id}/solve").route(post().to(acts::solve)))
        .service(resource("/tickets/{id}/confirm").route(post().to(acts::confirm)))
        .service(resource("/tickets/{id}/withdraw").route(post().to(acts::withdraw)))
        .service(resource("/tickets/{id}/urge").route(post().to(acts::urge)))
        .service(resource("/tickets/{id}/escalate").route(post().to(acts::escalate)))
        .service(resource("/tickets/{id}/return").route(post().to(requests::ask_return)))
        .service(resource("/tickets/{id}/extensions").route(post().to(requests::extension)))
        .service(resource("/tickets/{id}/force-majeure").route(post().to(requests::force_majeure)))
        .service(resource("/tickets/{id}/distributor").route(post().to(requests::distributor)))
        .service(resource("/tickets/{id}/decisions").route(post().to(requests::decide)))
        .service(
            get(resource("/tickets/{id}/messages"), messages::list)
                .route(post().to(messages::write)),
        )
        .service(
            get(resource("/tickets/{id}/attachments"), attachments::list)
                .route(post().to(attachments::add)),
        )
        .service(get(resource("/tickets/{id}/events"), timeline::events))
        .service(get(resource("/tickets/{id}/deliveries"), deliveries::of_ticket))
        .service(get(resource("/tickets/{id}/evidence-pack"), evidence::pack));
}

/// The texts of notices, and the channels they leave on.
fn of_templates(config: &mut ServiceConfig) {
    config
        .service(get(resource("/templates"), templates::list))
        .service(
            get(resource("/templates/{kind}/{party}/{channel}/{language}"), templates::show)
                .route(put().to(templates::replace)),
        )
        .service(
            resource("/templates/{kind}/{party}/{channel}/{language}/preview")
                .route(post().to(templates::preview)),
        )
        .service(get(
            resource("/templates/{kind}/{party}/{channel}/{language}/versions"),
            templates::versions,
        ))
        .service(
            resource("/templates/{kind}/{party}/{channel}/{language}/restore")
                .route(post().to(templates::restore)),
        )
        .service(get(resource("/channels"), channels::list))
        .service(
            get(resource("/channels/{name}"), channels::show).route(put().to(channels::replace)),
        )
        .service(resource("/channels/{name}/test").route(post().to(channels::test)));
}

/// The id in a request's path.
fn id(request: &HttpRequest) -> Result<Uuid, Error> {
    request.match_info().get("id").and_then(query::uuid).ok_or(Error::NotFound)
}
