//! HTTP in, HTTP out: the API, the pages, and what monitoring asks for.
//!
//! A request passes the log, the measuring, the headers, the problems, the compression and the
//! runtime, in this order; a handler reads it, calls one use case and shows the outcome. Whoever
//! needs a [`crate::domain::access::Scope`] gets it from `auth`, where a session is checked.
//!
//! **Never** decides anything, and never speaks to the store.

mod api;
mod auth;
mod check;
mod condition;
mod download;
mod envelope;
mod error;
mod evidence;
mod exposition;
mod extract;
mod form;
mod health;
mod json;
mod measure;
mod moment;
mod paging;
mod query;
mod runtime;
mod site;
mod ui;
mod upload;
mod words;

use actix_web::body::MessageBody;
use actix_web::dev::{Handler, ServiceFactory, ServiceRequest, ServiceResponse};
use actix_web::middleware::{Compress, from_fn};
use actix_web::web::{self, ServiceConfig, resource};
use actix_web::{App, Error, FromRequest, Resource, Responder};
use tracing_actix_web::TracingLogger;

pub use site::{Arrival, Demo, Site};

/// The web application, ready to be served.
pub fn app(
    site: web::Data<Site>,
) -> App<
    impl ServiceFactory<
        ServiceRequest,
        Config = (),
        Response = ServiceResponse<impl MessageBody>,
        Error = Error,
        InitError = (),
    >,
> {
    App::new()
        .app_data(site)
        .configure(routes)
        .default_service(web::to(error::unknown))
        .wrap(from_fn(runtime::at_home))
        .wrap(Compress::default())
        .wrap(from_fn(envelope::problems))
        .wrap(from_fn(envelope::headers))
        .wrap(from_fn(measure::requests))
        .wrap(TracingLogger::<envelope::Spans>::new())
}

fn routes(config: &mut ServiceConfig) {
    config
        .service(get(resource("/health/live"), health::live))
        .service(get(resource("/health/ready"), health::ready))
        .service(get(resource("/metrics"), health::metrics))
        .configure(ui::routes)
        .configure(api::routes);
}

/// A resource that can be read: what answers `GET` answers `HEAD`.
fn get<F, A>(resource: Resource, handler: F) -> Resource
where
    F: Handler<A>,
    A: FromRequest + 'static,
    F::Output: Responder + 'static,
{
    resource.route(web::get().to(handler.clone())).route(web::head().to(handler))
}
