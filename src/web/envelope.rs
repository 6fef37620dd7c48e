//! What every answer carries: a request id, the security headers, and, where it refuses,
//! problem details.
//!
//! **Never** logs a query string, a header or anything personal.

use actix_web::body::{BoxBody, MessageBody};
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::http::header::{self, HeaderMap, HeaderName, HeaderValue};
use actix_web::middleware::Next;
use actix_web::{Error, HttpMessage as _, web};
use tracing::{Span, field};
use tracing_actix_web::{RequestId, RootSpanBuilder};

use super::error::Problem;
use super::site::Site;
use super::ui;

const ALWAYS: [(&str, &str); 6] = [
    ("x-content-type-options", "nosniff"),
    ("referrer-policy", "no-referrer"),
    ("cross-origin-opener-policy", "same-origin"),
    ("cross-origin-resource-policy", "same-origin"),
    ("permissions-policy", "camera=(), geolocation=(), microphone=(), payment=(), usb=()"),
    ("x-frame-options", "DENY"),
];
const HSTS: &str = "max-age=31536000; includeSubDomains";
/// Data is never a page: nothing may be loaded or framed.
const DATA_POLICY: &str =
    "default-src 'none'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'";
/// A file that somebody opens all the same gets no origin, and runs nothing.
const FILE_POLICY: &str =
    "sandbox; default-src 'none'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'";
/// Our own pages: our own files, nothing inline.
const PAGE_POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; \
    connect-src 'self'; frame-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'";
/// A mail in the demo's mailbox: styled inline as mail programs need it, running nothing, and shown
/// in a frame of ours.
const MAIL_POLICY: &str = "sandbox; default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; \
    form-action 'none'; frame-ancestors 'self'";
/// Swagger UI draws with inline styles.
const DOCS_POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; \
    img-src 'self' data:; connect-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'";

/// Gives every answer its id and headers.
pub(super) async fn headers(
    request: ServiceRequest,
    next: Next<impl MessageBody + 'static>,
) -> Result<ServiceResponse<impl MessageBody>, Error> {
    let id = request_id(&request);
    let is_secure = request.app_data::<web::Data<Site>>().is_some_and(|site| site.is_secure());
    let path = request.path().to_owned();
    let mut response = next.call(request).await?;
    let is_page = is_html(response.headers());
    let is_file = response.headers().contains_key(header::CONTENT_DISPOSITION);
    let headers = response.headers_mut();
    for (name, value) in ALWAYS {
        headers.insert(HeaderName::from_static(name), HeaderValue::from_static(value));
    }
    let policy = if path.starts_with("/api/docs") {
        DOCS_POLICY
    } else if is_file {
        FILE_POLICY
    } else if is_mail(&path) {
        headers.insert(header::X_FRAME_OPTIONS, HeaderValue::from_static("SAMEORIGIN"));
        MAIL_POLICY
    } else if is_page {
        PAGE_POLICY
    } else {
        DATA_POLICY
    };
    headers.insert(header::CONTENT_SECURITY_POLICY, HeaderValue::from_static(policy));
    if is_page && !path.starts_with("/api/docs") {
        // With `no-referrer` a form's origin would be sent as `null`.
        let same_origin = HeaderValue::from_static("same-origin");
        headers.insert(header::REFERRER_POLICY, same_origin);
    }
    if !path.starts_with("/api/docs") && !path.starts_with("/assets/") {
        headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    }
    if is_secure {
        headers.insert(header::STRICT_TRANSPORT_SECURITY, HeaderValue::from_static(HSTS));
    }
    if let Ok(id) = HeaderValue::from_str(&id) {
        headers.insert(HeaderName::from_static("x-request-id"), id);
    }
    Ok(response)
}

fn is_mail(path: &str) -> bool {
    let is_framed = path.starts_with("/demo/mailbox/") || path.starts_with("/templates/");
    is_framed && path.ends_with("/html")
}

fn is_html(headers: &HeaderMap) -> bool {
    let kind = headers.get(header::CONTENT_TYPE).and_then(|kind| kind.to_str().ok());
    kind.is_some_and(|kind| kind.starts_with("text/html"))
}

/// Writes refusals, ours and the framework's, as problem details.
pub(super) async fn problems(
    request: ServiceRequest,
    next: Next<impl MessageBody + 'static>,
) -> Result<ServiceResponse<BoxBody>, Error> {
    let id = request_id(&request);
    let reader = ui::Reader::of(request.request());
    let mut response = next.call(request).await?.map_into_boxed_body();
    let status = response.status();
    let problem = response.response_mut().extensions_mut().remove::<Problem>();
    let is_refusal = status.is_client_error() || status.is_server_error();
    let problem = match problem {
        Some(problem) => problem,
        None if is_refusal && !is_html(response.headers()) => Problem::of_status(status),
        None => return Ok(response),
    };
    let (body, kind) = match reader.and_then(|reader| reader.page(&problem, &id)) {
        Some(ui::Answered::Elsewhere(address)) => {
            let request = response.request().clone();
            return Ok(ServiceResponse::new(request, ui::see(&address)).map_into_boxed_body());
        }
        Some(ui::Answered::Here(html)) => (html, "text/html; charset=utf-8"),
        None => (problem.body(&id), "application/problem+json"),
    };
    let mut response = response.map_body(|_, _| BoxBody::new(body));
    response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static(kind));
    // The body that was compressed is gone.
    response.headers_mut().remove(header::CONTENT_ENCODING);
    Ok(response)
}

fn request_id(request: &ServiceRequest) -> String {
    request.extensions().get::<RequestId>().map(ToString::to_string).unwrap_or_default()
}

/// One span per request: method, route and status, under the request's id.
#[derive(Debug)]
pub(super) struct Spans;

impl RootSpanBuilder for Spans {
    fn on_request_start(request: &ServiceRequest) -> Span {
        tracing::info_span!(
            "request",
            request.id = %request_id(request),
            http.method = %request.method(),
            http.route = request.match_pattern().unwrap_or_default(),
            http.status = field::Empty,
        )
    }

    fn on_request_end<B: MessageBody>(span: Span, outcome: &Result<ServiceResponse<B>, Error>) {
        let status = match outcome {
            Ok(response) => response.status(),
            Err(error) => error.as_response_error().status_code(),
        };
        span.record("http.status", status.as_u16());
        tracing::debug!(parent: &span, "a request was answered");
    }
}
