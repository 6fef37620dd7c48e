//! A write as it arrived: who sent it, its body, its key and its condition.
//!
//! What is wrong with them is told when the body is read, which use cases do after they know
//! that the caller may see and may do this.
//!
//! **Never** holds more of a body than the limit.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use actix_web::dev::Payload;
use actix_web::http::header::{self, HeaderMap, HeaderValue};
use actix_web::web::{Bytes, BytesMut};
use actix_web::{FromRequest, HttpRequest, HttpResponse};
use futures::StreamExt as _;
use serde::de::DeserializeOwned;
use serde_json::Value;
use sha2::{Digest, Sha256};

use super::auth::SignedIn;
use super::condition::{self, Expected};
use super::error::Problem;
use super::json;
use crate::domain::id::UserId;
use crate::service::{Answered, Error, Key, Once, Rendered};

/// The longest body, in bytes.
pub(super) const MOST_BYTES: usize = 1024 * 1024;
/// A body that has not arrived by then does not any more.
const PATIENCE: Duration = Duration::from_secs(30);
const IDEMPOTENCY_KEY: &str = "idempotency-key";

/// What is wrong with a write before its body is looked at.
#[derive(Debug, Clone, Copy)]
enum Defect {
    Type,
    Encoding,
    Key,
    Condition,
}

impl Defect {
    fn error(self) -> Error {
        match self {
            Self::Type => {
                Error::Unsupported("the body must be application/json in UTF-8".to_owned())
            }
            Self::Encoding => {
                Error::Unsupported("send the body as it is, not compressed".to_owned())
            }
            Self::Key => Error::invalid(
                "Idempotency-Key",
                "idempotency_key",
                "one key of 1 to 255 visible ASCII characters",
            ),
            Self::Condition => {
                Error::Unreadable("If-Match is `*` or a list of strong entity tags".to_owned())
            }
        }
    }
}

/// A body with the headers that say what it is.
#[derive(Debug, Clone)]
pub(super) struct Form {
    bytes: Bytes,
    /// What is wrong with its type; of no matter where a body may be left out and is.
    kind: Option<Defect>,
    /// What is wrong with the other headers.
    header: Option<Defect>,
    route: String,
    key: Option<String>,
    expected: Expected,
    /// True when it says which version it is about, be it any.
    is_conditional: bool,
}

impl Form {
    /// Reads the body, once it is time for that.
    pub(super) fn read<T: DeserializeOwned>(&self) -> Result<T, Error> {
        match self.header.or(self.kind) {
            Some(defect) => Err(defect.error()),
            None => json::parse(&self.bytes),
        }
    }

    /// As [`Form::read`], for a body that may be left out.
    pub(super) fn read_or_default<T: DeserializeOwned + Default>(&self) -> Result<T, Error> {
        match self.header {
            None if self.bytes.is_empty() => Ok(T::default()),
            Some(_) | None => self.read(),
        }
    }

    /// For writes that take no body: only the headers must be right.
    pub(super) fn read_nothing(&self) -> Result<(), Error> {
        self.header.map_or(Ok(()), |defect| Err(defect.error()))
    }

    /// Refuses a write that replaces a whole resource without saying which version it has read.
    pub(super) fn must_be_conditional(&self) -> Result<(), Problem> {
        match self.header {
            // What the header says is wrong is told as such.
            Some(defect @ Defect::Condition) => Err(defect.error().into()),
            None | Some(_) if self.is_conditional => Ok(()),
            None | Some(_) => Err(Problem::new(
                "precondition_required",
                "send If-Match with the ETag that you have read",
            )),
        }
    }

    /// A refusal for want of a condition, which is told as what it is where there was one that
    /// cannot be read.
    pub(super) fn told(&self, refusal: Error) -> Error {
        match (refusal, self.header) {
            (Error::Unconditional, Some(defect @ Defect::Condition)) => defect.error(),
            (refusal, _) => refusal,
        }
    }

    /// The same body, about the version that a page was made from.
    pub(super) fn about(mut self, version: i64) -> Self {
        (self.expected, self.is_conditional) = (Some(version), true);
        self
    }

    /// What a page's form says, as the body of a call.
    pub(super) fn of_page(request: &HttpRequest, body: &Value, key: Option<String>) -> Self {
        Self {
            bytes: body.to_string().into(),
            kind: None,
            header: None,
            route: route(request),
            key,
            expected: Expected::default(),
            is_conditional: false,
        }
    }

    /// The same, about the version that the page showed.
    pub(super) fn expecting(self, version: Option<i64>) -> Self {
        Self { expected: version.or(self.expected), ..self }
    }

    async fn of(request: &HttpRequest, payload: Payload) -> Result<Self, Problem> {
        let headers = request.headers();
        let key = key(headers);
        let expected = condition::if_match(headers);
        let kind = kind(headers);
        let header = match (&key, &expected) {
            (Err(defect), _) => Some(*defect),
            (_, Err(condition::Malformed)) => Some(Defect::Condition),
            (Ok(_), Ok(_)) => None,
        };
        let route = route(request);
        let (key, expected) = (key.unwrap_or_default(), expected.unwrap_or_default());
        Ok(Self {
            bytes: bytes(headers, payload, MOST_BYTES).await?,
            kind,
            header,
            route,
            key,
            expected,
            is_conditional: headers.contains_key(header::IF_MATCH),
        })
    }
}

/// The body, up to a limit and no longer than patience lasts.
pub(super) async fn bytes(
    headers: &HeaderMap,
    mut payload: Payload,
    most: usize,
) -> Result<Bytes, Problem> {
    let too_large = || Problem::new("too_large", format!("at most {most} bytes"));
    let length = headers.get(header::CONTENT_LENGTH).and_then(|length| length.to_str().ok());
    if length
        .and_then(|length| length.parse::<u64>().ok())
        .is_some_and(|n| n > u64::try_from(most).unwrap_or(u64::MAX))
    {
        return Err(too_large());
    }
    let arrival = async {
        let mut body = BytesMut::new();
        while let Some(chunk) = payload.next().await {
            let unreadable = |_error| Problem::new("unreadable", "the body ended too early");
            let chunk = chunk.map_err(unreadable)?;
            if body.len() + chunk.len() > most {
                return Err(too_large());
            }
            body.extend_from_slice(&chunk);
        }
        Ok(body.freeze())
    };
    match actix_web::rt::time::timeout(PATIENCE, arrival).await {
        Ok(body) => body,
        Err(_elapsed) => Err(Problem::new("timeout", "the body did not arrive in time")),
    }
}

fn kind(headers: &HeaderMap) -> Option<Defect> {
    let is_identity = |value: &HeaderValue| value.as_bytes().eq_ignore_ascii_case(b"identity");
    if !headers.get_all(header::CONTENT_ENCODING).all(is_identity) {
        return Some(Defect::Encoding);
    }
    let value = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok());
    let mut parts = value.unwrap_or_default().split(';').map(str::trim);
    let is_json = parts.next().is_some_and(|kind| kind.eq_ignore_ascii_case("application/json"));
    let is_utf8 = parts.all(|parameter| match parameter.split_once('=') {
        Some((name, value)) if name.trim().eq_ignore_ascii_case("charset") => {
            value.trim().trim_matches('"').eq_ignore_ascii_case("utf-8")
        }
        Some(_) | None => true,
    });
    (!is_json || !is_utf8).then_some(Defect::Type)
}

/// True for what may be an idempotency key.
pub(super) fn is_key(key: &str) -> bool {
    (1..=255).contains(&key.len()) && key.bytes().all(|byte| byte.is_ascii_graphic())
}

fn key(headers: &HeaderMap) -> Result<Option<String>, Defect> {
    let mut keys = headers.get_all(IDEMPOTENCY_KEY);
    match (keys.next(), keys.next()) {
        (None, _) => Ok(None),
        (Some(key), None) => {
            let key = key.to_str().ok().filter(|key| is_key(key)).ok_or(Defect::Key)?;
            Ok(Some(key.to_owned()))
        }
        (Some(_), Some(_)) => Err(Defect::Key),
    }
}

impl FromRequest for Form {
    type Error = Problem;
    type Future = Pin<Box<dyn Future<Output = Result<Self, Problem>>>>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let (request, payload) = (request.clone(), payload.take());
        Box::pin(async move { Self::of(&request, payload).await })
    }
}

/// What a key belongs to, beside its owner.
fn route(request: &HttpRequest) -> String {
    format!("{} {}", request.method(), request.path())
}

/// The idempotency key of a request, and what it belongs to.
#[derive(Debug, Clone)]
pub(super) struct Keyed {
    route: String,
    key: Result<Option<String>, Defect>,
}

/// The key of a request whose body is read in another way.
pub(super) fn key_of(request: &HttpRequest) -> Keyed {
    Keyed { route: route(request), key: key(request.headers()) }
}

impl Keyed {
    /// The same with the key of a page's form, where the header gives none.
    pub(super) fn or_of_page(mut self, key: String) -> Self {
        if matches!(self.key, Ok(None)) && is_key(&key) {
            self.key = Ok(Some(key));
        }
        self
    }

    /// Refuses a key that is none.
    pub(super) fn checked(&self) -> Result<(), Error> {
        self.key.as_ref().map(drop).map_err(|defect| defect.error())
    }

    /// How a use case does this once for its caller.
    pub(super) fn once<T>(
        self,
        user: UserId,
        fingerprint: String,
        render: impl Fn(&T) -> Rendered + Send + Sync + 'static,
    ) -> Once<T> {
        let key = self.key.ok().flatten();
        let key = key.map(|key| Key { user, route: self.route, key, fingerprint });
        Once { key, expected_version: None, render: Arc::new(render) }
    }
}

/// A signed-in person's write: first who, then what.
#[derive(Debug, Clone)]
pub(super) struct Write {
    /// Who.
    pub(super) signed: SignedIn,
    /// What.
    pub(super) form: Form,
}

impl Write {
    /// How a use case does this write once, answering with what `render` makes of the outcome.
    pub(super) fn once<T>(
        &self,
        render: impl Fn(&T) -> Rendered + Send + Sync + 'static,
    ) -> Once<T> {
        let fingerprint = Sha256::digest(&self.form.bytes);
        let fingerprint = fingerprint.iter().map(|byte| format!("{byte:02x}")).collect::<String>();
        let key = self.form.key.clone().map(|key| Key {
            user: self.signed.user(),
            route: self.form.route.clone(),
            key,
            fingerprint,
        });
        Once { key, expected_version: self.form.expected, render: Arc::new(render) }
    }
}

impl FromRequest for Write {
    type Error = Problem;
    type Future = Pin<Box<dyn Future<Output = Result<Self, Problem>>>>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let (request, payload) = (request.clone(), payload.take());
        Box::pin(async move {
            let signed = SignedIn::of(&request).await?;
            Ok(Self { signed, form: Form::of(&request, payload).await? })
        })
    }
}

/// An answer to be sent, and kept for a repetition.
pub(super) fn rendered(
    status: u16,
    version: Option<i64>,
    body: &impl serde::Serialize,
) -> Rendered {
    let body = serde_json::to_string(body).unwrap_or_default();
    Rendered { status, etag: version.map(condition::tag), body }
}

/// Sends an answer.
pub(super) fn answer(answered: Answered) -> HttpResponse {
    let status = actix_web::http::StatusCode::from_u16(answered.answer.status);
    let mut response = HttpResponse::build(status.unwrap_or_default());
    response.content_type("application/json");
    if let Some(etag) = answered.answer.etag {
        response.insert_header((header::ETAG, etag));
    }
    if answered.replayed {
        response.insert_header(("Idempotent-Replayed", "true"));
    }
    response.body(answered.answer.body)
}

#[cfg(test)]
mod tests {
    use super::*;
    use actix_web::test::TestRequest;

    async fn form(request: TestRequest) -> Result<Form, Problem> {
        let (request, mut payload) = request.to_http_parts();
        Form::from_request(&request, &mut payload).await
    }

    fn verdict(form: &Form) -> &'static str {
        match form.read::<serde_json::Map<String, serde_json::Value>>() {
            Ok(_) => "ok",
            Err(Error::Unsupported(_)) => "415",
            Err(Error::Unreadable(_)) => "400",
            Err(Error::Invalid(_)) => "422",
            Err(_) => "other",
        }
    }

    #[actix_web::test]
    async fn headers_decide_before_the_body() {
        let typed = |kind: &'static str| {
            TestRequest::post().insert_header(("content-type", kind)).set_payload("{}")
        };
        let json = || typed("application/json");
        for (request, expected) in [
            (json(), "ok"),
            (typed("Application/JSON; charset=\"UTF-8\""), "ok"),
            (typed("application/json; charset=gb18030"), "415"),
            (typed("text/plain"), "415"),
            (TestRequest::post().set_payload("{}"), "415"),
            (json().insert_header(("content-encoding", "gzip")), "415"),
            (json().insert_header(("content-encoding", "identity")), "ok"),
            (json().insert_header(("idempotency-key", "a key")), "422"),
            (json().insert_header(("idempotency-key", "")), "422"),
            (json().insert_header(("idempotency-key", "k".repeat(256))), "422"),
            (json().insert_header(("idempotency-key", "k".repeat(255))), "ok"),
            (json().insert_header(("if-match", "3")), "400"),
            (json().insert_header(("if-match", "\"3\"")), "ok"),
        ] {
            assert_eq!(verdict(&form(request).await.expect("read")), expected);
        }
    }

    #[actix_web::test]
    async fn a_body_over_the_limit_is_refused() {
        let at = |bytes: usize| TestRequest::post().set_payload(vec![b' '; bytes]);
        assert!(form(at(MOST_BYTES)).await.is_ok());
        assert!(form(at(MOST_BYTES + 1)).await.is_err());
    }
}
