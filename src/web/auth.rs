//! Who asks: the bearer token or the session cookie, and nothing else.
//!
//! **Never** gives out a [`Scope`] but for a session that was checked; an unsafe request with a
//! cookie must come from our own pages.

use std::future::Future;
use std::pin::Pin;

use actix_web::cookie::{Cookie, SameSite, time::Duration};
use actix_web::dev::Payload;
use actix_web::http::header::{self, HeaderMap};
use actix_web::{FromRequest, HttpRequest, web};
use chrono::{DateTime, Utc};

use super::error::Problem;
use super::site::Site;
use crate::domain::access::Scope;
use crate::domain::id::UserId;
use crate::domain::party::{Language, Role};
use crate::service::audit::Origin;
use crate::service::{Error, accounts};

/// A signed-in person's request.
#[derive(Debug, Clone)]
pub(super) struct SignedIn {
    /// What they can reach.
    pub(super) scope: Scope,
    /// What they typed to sign in.
    pub(super) username: String,
    /// When the session ends, wall time.
    pub(super) expires_at: DateTime<Utc>,
    /// The session's token.
    pub(super) token: String,
    /// The language they read.
    pub(super) language: Language,
}

impl SignedIn {
    /// Checks the request's session.
    pub(super) async fn of(request: &HttpRequest) -> Result<Self, Problem> {
        let site = site(request)?;
        let (token, is_cookie) = token(request, site).ok_or(Error::Unauthenticated)?;
        let session = accounts::authenticate(&site.app, &token).await?;
        if is_cookie && !request.method().is_safe() {
            same_origin(request, site)?;
        }
        Ok(Self {
            scope: session.scope.reached_from(origin(request)),
            username: session.username,
            expires_at: session.expires_at,
            token,
            language: if is_cookie {
                page_language(request, Some(session.language))
            } else {
                language(request.headers())
            },
        })
    }

    /// Their role.
    pub(super) fn role(&self) -> Role {
        self.scope.actor().role
    }

    /// Their id.
    pub(super) fn user(&self) -> UserId {
        self.scope.actor().user
    }
}

impl FromRequest for SignedIn {
    type Error = Problem;
    type Future = Pin<Box<dyn Future<Output = Result<Self, Problem>>>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let request = request.clone();
        Box::pin(async move { Self::of(&request).await })
    }
}

/// Where a request came from: the other end of the connection, whatever its headers say.
pub(super) fn origin(request: &HttpRequest) -> Origin {
    let address = request.peer_addr().map(|peer| peer.ip().to_canonical().to_string());
    Origin { address }
}

/// The site a request came to.
pub(super) fn site(request: &HttpRequest) -> Result<&Site, Problem> {
    let site = request.app_data::<web::Data<Site>>();
    site.map(web::Data::get_ref).ok_or_else(|| Problem::new("unavailable", "not set up"))
}

/// The token and whether it came as a cookie. An `Authorization` header decides alone.
fn token(request: &HttpRequest, site: &Site) -> Option<(String, bool)> {
    if let Some(authorization) = request.headers().get(header::AUTHORIZATION) {
        let (scheme, token) = authorization.to_str().ok()?.split_once(' ')?;
        let is_bearer = scheme.eq_ignore_ascii_case("bearer");
        return is_bearer.then(|| (token.trim().to_owned(), false));
    }
    let cookie = request.cookie(site.cookie_name())?;
    Some((cookie.value().to_owned(), true))
}

/// Refuses what another site's page sent.
pub(super) fn same_origin(request: &HttpRequest, site: &Site) -> Result<(), Problem> {
    let own = match text(request.headers(), "sec-fetch-site") {
        Some(from) => matches!(from, "same-origin" | "none"),
        None => match text(request.headers(), "origin") {
            Some(origin) => is_ours(origin, request, site),
            None => !request.headers().contains_key(header::ORIGIN),
        },
    };
    if own {
        Ok(())
    } else {
        Err(Problem::new("cross_site", "use the service's own pages, or a bearer token"))
    }
}

fn is_ours(origin: &str, request: &HttpRequest, site: &Site) -> bool {
    let host = text(request.headers(), "host").unwrap_or_default();
    let named = origin.split_once("://").map(|(_, named)| named);
    origin == site.public_url.origin().ascii_serialization()
        || named.is_some_and(|named| !host.is_empty() && named.eq_ignore_ascii_case(host))
}

fn text<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    headers.get(name).and_then(|value| value.to_str().ok())
}

/// The cookie that keeps the language of the pages.
pub(super) const LANGUAGE_COOKIE: &str = "supplyline-language";

/// The language of the pages: what was chosen in this browser, then what the person reads, then
/// what the browser prefers.
pub(super) fn page_language(request: &HttpRequest, person: Option<Language>) -> Language {
    let chosen = request.cookie(LANGUAGE_COOKIE);
    let chosen = chosen.and_then(|cookie| super::check::word(cookie.value()));
    chosen.or(person).unwrap_or_else(|| language(request.headers()))
}

/// The cookie that remembers a language.
pub(super) fn language_cookie(site: &Site, language: Language) -> Cookie<'static> {
    let tag = match language {
        Language::Chinese => "zh-CN",
        Language::English => "en",
    };
    Cookie::build(LANGUAGE_COOKIE, tag)
        .path("/")
        .http_only(true)
        .same_site(SameSite::Lax)
        .secure(site.is_secure())
        .max_age(Duration::days(365))
        .finish()
}

/// The cookie of a session.
pub(super) fn cookie(site: &Site, token: String) -> Cookie<'static> {
    Cookie::build(site.cookie_name(), token)
        .path("/")
        .http_only(true)
        .same_site(SameSite::Lax)
        .secure(site.is_secure())
        .finish()
}

/// The cookie that takes a session's away.
pub(super) fn no_cookie(site: &Site) -> Cookie<'static> {
    let mut cookie = cookie(site, String::new());
    cookie.make_removal();
    cookie
}

/// The language a reader prefers; Chinese unless they prefer English.
pub(super) fn language(headers: &HeaderMap) -> Language {
    let accepted = text(headers, "accept-language").unwrap_or_default();
    let weight = |wanted: &str| {
        let ranges = accepted.split(',').filter_map(|range| {
            let (tag, weight) = range.split_once(";").unwrap_or((range, "q=1"));
            let primary = tag.trim().split('-').next()?.to_lowercase();
            let weight: f32 = weight.trim().strip_prefix("q=")?.parse().ok()?;
            (primary == wanted).then_some(weight)
        });
        ranges.fold(0.0_f32, f32::max)
    };
    if weight("en") > weight("zh") { Language::English } else { Language::Chinese }
}

#[cfg(test)]
mod tests {
    use super::*;
    use actix_web::http::header::HeaderValue;

    #[test]
    fn the_reader_chooses_the_language() {
        for (accepted, expected) in [
            ("", Language::Chinese),
            ("en", Language::English),
            ("en-GB,en;q=0.9", Language::English),
            ("zh-CN,zh;q=0.9,en;q=0.8", Language::Chinese),
            ("en;q=0.5, zh;q=0.4", Language::English),
            ("fr", Language::Chinese),
            ("en;q=nan;;,,*", Language::Chinese),
        ] {
            let mut headers = HeaderMap::new();
            headers.insert(header::ACCEPT_LANGUAGE, HeaderValue::from_static(accepted));
            assert_eq!(language(&headers), expected, "{accepted}");
        }
    }
}
