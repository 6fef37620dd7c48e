//! Opening a link by which somebody chooses a password.
//!
//! **Never** uses a link up by looking at it.

use actix_web::{HttpRequest, HttpResponse, web};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::docs::Problems;
use crate::domain::invitation::Purpose;
use crate::service::Error;
use crate::service::keeping::invitations::{self, Invited};
use crate::web::auth;
use crate::web::error::Problem;
use crate::web::extract::Form;
use crate::web::site::Site;

/// The secret of a link, and the password that is chosen by it.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(in crate::web) struct Acceptance {
    /// What stands at the end of the link.
    token: String,
    /// At least 10 characters, without the user name.
    #[schema(format = Password)]
    new_password: String,
}

/// Whose password it is now.
#[derive(Debug, Serialize, ToSchema)]
pub(in crate::web) struct AcceptedBody {
    username: String,
    /// `invited` for a new account, `reset` for a password that was lost.
    #[schema(value_type = String)]
    purpose: Purpose,
}

impl From<Invited> for AcceptedBody {
    fn from(invited: Invited) -> Self {
        Self { username: invited.username, purpose: invited.purpose }
    }
}

/// Choose a password by a link that was mailed; it opens once.
#[utoipa::path(
    post, path = "/api/v1/invitations/accept", operation_id = "invitations_accept", tag = "session",
    request_body = Acceptance, security(()),
    responses((status = 200, description = "Chosen: sign in with it", body = AcceptedBody), Problems)
)]
pub(in crate::web) async fn accept(
    site: web::Data<Site>,
    form: Form,
    request: HttpRequest,
) -> Result<HttpResponse, Problem> {
    let body: Acceptance = form.read()?;
    if body.new_password.is_empty() {
        return Err(Error::invalid("new_password", "required", "this field is required").into());
    }
    let (token, new) = (body.token, body.new_password);
    let invited = invitations::accept(&site.app, &token, new, &auth::origin(&request)).await?;
    Ok(HttpResponse::Ok().json(AcceptedBody::from(invited)))
}
