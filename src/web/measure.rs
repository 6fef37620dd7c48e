//! Counting what was answered, and how fast; and telling clients to go elsewhere before the end.
//!
//! **Never** keeps whose request it was, or for what.

use std::time::Instant;

use actix_web::body::MessageBody;
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::http::ConnectionType;
use actix_web::middleware::Next;
use actix_web::{Error, web};

use super::site::Site;

/// Counts a request by its status, up to where its answer begins: a stream may last for hours.
pub(super) async fn requests(
    request: ServiceRequest,
    next: Next<impl MessageBody + 'static>,
) -> Result<ServiceResponse<impl MessageBody>, Error> {
    let (begun, site) = (Instant::now(), request.app_data::<web::Data<Site>>().cloned());
    let mut outcome = next.call(request).await;
    let Some(site) = site else { return outcome };
    let status = match &outcome {
        Ok(response) => response.status(),
        Err(error) => error.as_response_error().status_code(),
    };
    site.app.vitals.answered(status.as_u16(), begun.elapsed());
    if site.app.vitals.is_draining()
        && let Ok(response) = &mut outcome
    {
        // A connection that stays open would be cut under its next request.
        response.response_mut().head_mut().set_connection_type(ConnectionType::Close);
    }
    outcome
}
