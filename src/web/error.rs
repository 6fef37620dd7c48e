//! Why a request was refused, as problem details (RFC 9457): the only place that knows statuses.
//!
//! **Never** shows the inside of a failure: that is logged once, under the request's id.

use actix_web::http::StatusCode;
use actix_web::http::header::{self, HeaderValue};
use actix_web::{HttpResponse, ResponseError};
use serde::Serialize;
use utoipa::ToSchema;

use crate::domain::ticket::ActKind;
use crate::service::{self, FieldError};

/// Every code of a problem, with its status and title. The API's description prints this table.
pub(super) const CODES: [(&str, u16, &str); 60] = [
    ("unreadable", 400, "The request cannot be read"),
    ("unauthenticated", 401, "Sign in first"),
    ("wrong_password", 401, "User name or password is wrong"),
    ("forbidden", 403, "You may not do this"),
    ("cross_site", 403, "Another site may not act with your session"),
    ("not_found", 404, "Unknown, or not yours"),
    ("method_not_allowed", 405, "This address does not take this method"),
    ("not_acceptable", 406, "None of the accepted encodings can be given"),
    ("timeout", 408, "The request took too long to arrive"),
    ("conflict", 409, "The present state does not allow this"),
    ("state", 409, "The ticket's state does not allow this"),
    ("promise_over", 409, "The promise has run out"),
    ("urged_already", 409, "Urged already on this working day"),
    ("top_of_ladder", 409, "There is no rung above"),
    ("escalation_closed", 409, "The escalation is closed"),
    ("acknowledged_already", 409, "The escalation is acknowledged already"),
    ("returned_already", 409, "A return was asked for already"),
    ("extensions_used", 409, "No further extension can be asked for"),
    ("deadline_over", 409, "There is no deadline ahead to extend"),
    ("stopped_already", 409, "The clocks stand still already"),
    ("pending", 409, "A request waits for its decision"),
    ("nothing_to_decide", 409, "Nothing like this waits for a decision"),
    ("nothing_to_reply", 409, "No ticket of this event waits for a reply"),
    ("calendar", 409, "The calendar cannot count that far"),
    ("not_a_dead_letter", 409, "Only a failed delivery can be sent again"),
    ("own_role", 409, "Nobody changes their own role"),
    ("own_account", 409, "Nobody suspends themselves"),
    ("last_administrator", 409, "The last enabled administrator of this kind stays"),
    ("separated_roles", 409, "Nobody holds two of the three administrator roles"),
    ("suspended_already", 409, "It is suspended already"),
    ("not_suspended", 409, "It is not suspended"),
    ("merged_already", 409, "It was merged into another organisation"),
    ("link_used", 409, "This link was used already"),
    ("link_revoked", 409, "This link was taken back"),
    ("link_expired", 409, "This link has run out"),
    ("no_link", 409, "There is no link that could still be used"),
    ("policy_replaced", 409, "A newer version took the place of this one"),
    ("policy_withdrawn", 409, "This version was withdrawn"),
    ("policy_in_use", 409, "This version rules tickets, or has ruled some"),
    ("fixed_by_environment", 409, "The operator has set this; it cannot be changed here"),
    ("channel_unset", 409, "This channel is not set, or not in use"),
    ("no_address", 409, "You have no address on this channel"),
    ("pack_too_large", 409, "The ticket is too large for an evidence pack"),
    ("decided_already", 409, "This batch does not wait for a decision any more"),
    ("changed_since", 409, "Somebody changed the same days since"),
    ("in_use", 409, "It is in use"),
    ("own_calendar", 409, "Deadlines are counted with its own calendar"),
    ("impact_changed", 409, "What this would do has changed since you looked"),
    ("not_applied", 409, "This batch did not take effect"),
    ("cannot_be_undone", 409, "This batch cannot be taken back"),
    ("outdated", 412, "Changed since you read it"),
    ("too_large", 413, "The body is too large"),
    ("over_quota", 413, "There is no room for more files"),
    ("unsupported_type", 415, "The body's type is not one that is read"),
    ("invalid", 422, "The input is not valid"),
    ("precondition_required", 428, "If-Match is required here"),
    ("throttled", 429, "Too many attempts"),
    ("too_many_streams", 429, "Too many open streams"),
    ("internal", 500, "The service failed"),
    ("unavailable", 503, "The service is not ready"),
];

/// How long to wait for a database that does not answer.
const RETRY_SECONDS: u64 = 5;
/// A connection that is lost during a commit does not say whether it was done.
const ABSENT: &str = "the database does not answer now, and this may have been done or not; send it \
    again with the same Idempotency-Key, and it is done once";

/// A refused field.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub(super) struct RefusedField {
    /// Its path, like `contact.phone`; or the name of a parameter or header.
    pub(super) field: String,
    /// A stable code.
    pub(super) code: String,
    /// For people.
    pub(super) message: String,
}

/// A refusal on its way out. The request's id is added when it leaves.
#[derive(Debug, Clone)]
pub(super) struct Problem {
    code: &'static str,
    detail: String,
    errors: Vec<RefusedField>,
    possible: Vec<ActKind>,
    retry_after: Option<u64>,
}

/// Problem details, `application/problem+json`.
#[derive(Serialize, ToSchema)]
#[schema(title = "Problem")]
pub(super) struct ProblemBody<'a> {
    /// A name of the problem's type.
    #[serde(rename = "type")]
    kind: String,
    /// The type in words.
    title: &'a str,
    /// The status again.
    status: u16,
    /// A stable code.
    code: &'a str,
    /// What happened this time.
    detail: &'a str,
    /// The fields that were refused.
    errors: &'a [RefusedField],
    /// What the caller could do with the ticket instead.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Vec<String>>)]
    possible: Option<Vec<&'static str>>,
    /// To be quoted when asking for help.
    request_id: &'a str,
}

impl Problem {
    /// A problem of the table.
    pub(super) fn new(code: &'static str, detail: impl Into<String>) -> Self {
        Self {
            code,
            detail: detail.into(),
            errors: Vec::new(),
            possible: Vec::new(),
            retry_after: None,
        }
    }

    /// For an answer that the framework gave: the first code of its status.
    pub(super) fn of_status(status: StatusCode) -> Self {
        let same = |(_, known, _): &&(&str, u16, &str)| *known == status.as_u16();
        let fallback = if status.is_server_error() { "internal" } else { "unreadable" };
        let code = CODES.iter().find(same).map_or(fallback, |(code, ..)| *code);
        Self::new(code, Self::new(code, "").title())
    }

    fn entry(&self) -> (u16, &'static str) {
        let own = CODES.iter().find(|(code, ..)| *code == self.code);
        own.map_or((500, "The service failed"), |(_, status, title)| (*status, *title))
    }

    fn title(&self) -> &'static str {
        self.entry().1
    }

    /// The stable code.
    pub(super) fn code(&self) -> &'static str {
        self.code
    }

    /// What happened this time.
    pub(super) fn detail(&self) -> &str {
        &self.detail
    }

    /// The fields that were refused.
    pub(super) fn errors(&self) -> &[RefusedField] {
        &self.errors
    }

    /// The same, as a use case would name them.
    pub(super) fn field_errors(&self) -> Vec<FieldError> {
        let field = |error: &RefusedField| {
            FieldError::new(error.field.clone(), error.code.clone(), error.message.clone())
        };
        self.errors.iter().map(field).collect()
    }

    /// The problem as JSON.
    pub(super) fn body(&self, request_id: &str) -> String {
        let (status, title) = self.entry();
        let possible =
            (status == 409).then(|| self.possible.iter().map(|act| act.as_str()).collect());
        let body = ProblemBody {
            kind: format!("urn:supplyline:problem:{}", self.code),
            title,
            status,
            code: self.code,
            detail: &self.detail,
            errors: &self.errors,
            possible,
            request_id,
        };
        serde_json::to_string(&body).unwrap_or_default()
    }
}

impl std::fmt::Display for Problem {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.code)
    }
}

impl ResponseError for Problem {
    fn status_code(&self) -> StatusCode {
        StatusCode::from_u16(self.entry().0).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR)
    }

    fn error_response(&self) -> HttpResponse {
        let mut response = HttpResponse::new(self.status_code());
        if self.status_code() == StatusCode::UNAUTHORIZED {
            let bearer = HeaderValue::from_static("Bearer");
            response.headers_mut().insert(header::WWW_AUTHENTICATE, bearer);
        }
        if let Some(seconds) = self.retry_after {
            response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from(seconds));
        }
        response.extensions_mut().insert(self.clone());
        response
    }
}

impl From<FieldError> for RefusedField {
    fn from(error: FieldError) -> Self {
        Self { field: error.field, code: error.code, message: error.message }
    }
}

impl From<service::Error> for Problem {
    fn from(error: service::Error) -> Self {
        use service::Error;
        let detail = error.to_string();
        match error {
            Error::Unreadable(_) => Self::new("unreadable", detail),
            Error::Unsupported(_) => Self::new("unsupported_type", detail),
            Error::Unauthenticated => Self::new("unauthenticated", detail),
            Error::WrongPassword => Self::new("wrong_password", detail),
            Error::Throttled(seconds) => {
                Self { retry_after: Some(seconds), ..Self::new("throttled", detail) }
            }
            Error::NotFound => Self::new("not_found", detail),
            Error::Forbidden(_) => Self::new("forbidden", detail),
            Error::Conflict { code, possible, .. } => {
                let code = CODES.iter().find(|(known, ..)| *known == code);
                let code = code.map_or("conflict", |(known, ..)| *known);
                Self { possible, ..Self::new(code, detail) }
            }
            Error::Unconditional => Self::new("precondition_required", detail),
            Error::Outdated => Self::new("outdated", detail),
            Error::Invalid(fields) => {
                let errors = fields.into_iter().map(RefusedField::from).collect();
                Self { errors, ..Self::new("invalid", detail) }
            }
            Error::OverQuota(_) => Self::new("over_quota", detail),
            Error::Unavailable(_) => Self::new("unavailable", detail),
            Error::Internal(source) if source.is_unavailable() => Self::absent(&source),
            Error::Internal(source) => Self::failed(&source),
        }
    }
}

impl Problem {
    fn absent(source: &dyn std::fmt::Display) -> Self {
        tracing::error!(error = %source, "the database does not answer");
        Self { retry_after: Some(RETRY_SECONDS), ..Self::new("unavailable", ABSENT) }
    }

    fn failed(source: &dyn std::fmt::Display) -> Self {
        tracing::error!(error = %source, "a request failed");
        Self::new("internal", "the service failed; quote the request_id when you ask for help")
    }
}

/// The answer to an unknown address.
pub(super) async fn unknown() -> Result<HttpResponse, Problem> {
    Err(Problem::new("not_found", "there is nothing at this address"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_code_stands_in_the_table_once() {
        let mut codes: Vec<_> = CODES.iter().map(|(code, ..)| *code).collect();
        codes.sort_unstable();
        codes.dedup();
        assert_eq!(codes.len(), CODES.len());
    }

    #[test]
    fn a_refused_field_keeps_its_path_and_code() {
        let error = service::Error::invalid("contact.phone", "phone", "no");
        let problem = Problem::from(error);
        assert_eq!(problem.status_code(), StatusCode::UNPROCESSABLE_ENTITY);
        let body: serde_json::Value = serde_json::from_str(&problem.body("7")).expect("JSON");
        assert_eq!(body["errors"][0]["field"], "contact.phone");
        assert_eq!(body["request_id"], "7");
        assert!(body.get("possible").is_none());
    }

    #[test]
    fn a_framework_answer_gets_a_code() {
        assert_eq!(Problem::of_status(StatusCode::NOT_FOUND).code, "not_found");
        assert_eq!(Problem::of_status(StatusCode::IM_A_TEAPOT).code, "unreadable");
        assert_eq!(Problem::of_status(StatusCode::BAD_GATEWAY).code, "internal");
    }
}
