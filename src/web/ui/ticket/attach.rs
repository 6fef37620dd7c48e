//! Files sent from the page of a ticket.
//!
//! **Never** judges a file: the API's reader does.

use actix_web::http::StatusCode;
use actix_web::{HttpRequest, HttpResponse, web};

use super::super::fields::Fields;
use super::super::shell::{Medium, see};
use super::{Refusal, draw, id};
use crate::service::attachments;
use crate::web::api::attachments::{new_file, once_as};
use crate::web::error::Problem;
use crate::web::form::Typed;
use crate::web::site::Site;
use crate::web::upload::Upload;
use crate::web::words::Words;

/// Adds a file to a ticket.
pub(in crate::web::ui) async fn attach(
    site: web::Data<Site>,
    upload: Upload,
    request: HttpRequest,
) -> Result<HttpResponse, Problem> {
    let (ticket, signed) = (id(&request)?, upload.signed.clone());
    attachments::admit(&site.app, &signed.scope, ticket).await?;
    let (typed, received) = upload.receive_with_texts(&["kind", "audience", "_key"]).await;
    let outcome = match received {
        Ok(received) => {
            let once = once_as(&received, &signed, move |_| crate::service::Rendered {
                status: 303,
                etag: None,
                body: format!("/tickets/{ticket}?done=attachments#files"),
            });
            match new_file(received) {
                Ok(new) => attachments::attach(&site.app, &signed.scope, ticket, new, once)
                    .await
                    .map_err(Problem::from),
                Err(problem) => Err(problem),
            }
        }
        Err(problem) => Err(problem),
    };
    let problem = match outcome {
        Ok(answered) => return Ok(see(&answered.answer.body)),
        Err(problem) => problem,
    };
    let words = Words(signed.language);
    let status = actix_web::ResponseError::status_code(&problem);
    let mut errors = problem.field_errors();
    for error in &mut errors {
        // Of numbers, the same code says that they are none.
        if error.field == "file" && error.code == "type" {
            "file_type".clone_into(&mut error.code);
        }
    }
    let refusal = match status {
        StatusCode::UNPROCESSABLE_ENTITY => Refusal {
            form: Some(Fields::refused("attachments", words, Typed::of(typed), &errors)),
            conflict: None,
            status,
        },
        StatusCode::CONFLICT | StatusCode::PAYLOAD_TOO_LARGE => Refusal {
            form: None,
            conflict: Some(words.problem(problem.code(), problem.detail())),
            status,
        },
        _ => return Err(problem),
    };
    draw(&site, &signed, &request, (ticket, Medium::Screen), Some(refusal)).await
}
