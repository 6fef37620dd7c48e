//! What stands around every page: language, person, menu, bell, the demo's clock.
//!
//! **Never** reads or decides anything about tickets.

use actix_web::http::StatusCode;
use actix_web::{HttpRequest, HttpResponse};
use askama::Template;
use chrono::{DateTime, TimeZone, Utc};
use serde::Serialize;
use serde_json::Value;
use uuid::Uuid;

use super::assets::{ICON, SCRIPT, STYLE};
use super::menu::{Entry, menu};
use crate::domain::calendar::SHANGHAI;
use crate::domain::party::{Language, Role};
use crate::domain::ticket::StateName;
use crate::service::{Error, notices};
use crate::web::auth::{self, SignedIn};
use crate::web::error::Problem;
use crate::web::evidence::sheet::Sheet;
use crate::web::site::Site;
use crate::web::words::{self, Words};

/// More unread notices are not counted.
const MOST_UNREAD: u64 = 99;

/// Who reads.
#[derive(Debug, Clone)]
pub(in crate::web) struct Person {
    pub(in crate::web) name: String,
    pub(in crate::web) username: String,
    pub(in crate::web) organisation: String,
    pub(in crate::web) role: Role,
    /// How many notices wait, `99+` at most.
    pub(in crate::web) unread: String,
}

/// Whether a page is to be used or to be printed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::web) enum Medium {
    Screen,
    Paper,
}

/// The frame of a page.
#[derive(Debug, Clone)]
pub(in crate::web) struct Shell {
    words: Words,
    /// Path and query, to come back to.
    pub(in crate::web) here: String,
    /// Who reads; `None` before signing in.
    pub(in crate::web) person: Option<Person>,
    /// The demo's business time.
    pub(in crate::web) clock: Option<String>,
    /// What has just been done, in words.
    pub(in crate::web) done: Option<String>,
    medium: Medium,
    /// Business time.
    pub(in crate::web) now: DateTime<Utc>,
    path: String,
}

impl Shell {
    /// The frame for somebody who is not signed in.
    pub(in crate::web) fn outside(site: &Site, request: &HttpRequest) -> Self {
        let now = site.app.clock.now();
        let words = Words(auth::page_language(request, None));
        Self {
            here: request.uri().path_and_query().map_or("/".to_owned(), ToString::to_string),
            person: None,
            clock: site.demo.as_ref().map(|_| minute(now)),
            done: done(words, request.query_string()),
            medium: Medium::Screen,
            now,
            path: request.path().to_owned(),
            words,
        }
    }

    /// The frame for who is signed in.
    pub(in crate::web) async fn of(
        site: &Site,
        request: &HttpRequest,
        signed: &SignedIn,
    ) -> Result<Self, Error> {
        let unread = notices::unread(&site.app, &signed.scope, MOST_UNREAD + 1).await?;
        let actor = signed.scope.actor();
        let person = Person {
            name: actor.name.clone(),
            username: signed.username.clone(),
            organisation: actor.organisation.name.clone(),
            role: actor.role,
            unread: match unread {
                0 => String::new(),
                n if n > MOST_UNREAD => format!("{MOST_UNREAD}+"),
                n => n.to_string(),
            },
        };
        let words = Words(signed.language);
        let done = done(words, request.query_string());
        Ok(Self { person: Some(person), words, done, ..Self::outside(site, request) })
    }

    /// The same for a medium.
    pub(in crate::web) fn on(self, medium: Medium) -> Self {
        Self { medium, ..self }
    }

    /// True for a page that is to be printed: nothing around it, nothing to be done on it.
    pub(in crate::web) fn is_paper(&self) -> bool {
        self.medium == Medium::Paper
    }

    /// The text under a key.
    pub(in crate::web) fn t(&self, key: &str) -> String {
        self.words.t(key)
    }

    /// The text under a key with a value in it.
    pub(in crate::web) fn with(
        &self,
        key: &str,
        name: &'static str,
        value: &(impl ToString + ?Sized),
    ) -> String {
        self.words.with(key, name, value)
    }

    /// What a word of the API is called.
    pub(in crate::web) fn name(&self, group: &str, word: &impl Serialize) -> String {
        self.words.name(group, word)
    }

    /// The words.
    pub(in crate::web) fn words(&self) -> Words {
        self.words
    }

    /// Why a field was refused.
    pub(in crate::web) fn error(&self, code: &str, message: &str) -> String {
        self.words.error(code, message)
    }

    /// The language read.
    pub(in crate::web) fn language(&self) -> Language {
        self.words.0
    }

    /// The language as a tag.
    pub(in crate::web) fn lang(&self) -> &'static str {
        match self.words.0 {
            Language::Chinese => "zh-CN",
            Language::English => "en",
        }
    }

    /// The other language as a tag.
    pub(in crate::web) fn other_lang(&self) -> &'static str {
        match self.words.0 {
            Language::Chinese => "en",
            Language::English => "zh-CN",
        }
    }

    /// The text of a word in a group.
    pub(in crate::web) fn named(&self, group: &str, word: &str) -> String {
        self.words.named(group, word)
    }

    /// True when the reader has this role.
    pub(in crate::web) fn is(&self, role: &str) -> bool {
        let own = self.person.as_ref().map(|person| &person.role);
        own.is_some_and(|own| serde_json::to_value(own).is_ok_and(|own| own == role))
    }

    /// True for a word of the API's that reads like this.
    #[expect(clippy::unused_self, reason = "templates call it")]
    pub(in crate::web) fn is_word(&self, word: &impl Serialize, text: &str) -> bool {
        serde_json::to_value(word).is_ok_and(|word| word == text)
    }

    /// A state's colour; the word beside it says the same.
    #[expect(clippy::unused_self, reason = "templates call it")]
    pub(in crate::web) fn tone(&self, state: &StateName) -> &'static str {
        match state {
            StateName::Open => "amber",
            StateName::Promised => "blue",
            StateName::Solved | StateName::Closed => "green",
            StateName::Withdrawn | StateName::Returned => "",
        }
    }

    /// Reasons of an escalation, as the API tells them.
    pub(in crate::web) fn reasons(&self, reasons: &Value) -> String {
        let nothing = Value::Null;
        let sheet = Sheet::of(&nothing, self.words.0);
        let told = reasons.as_array().into_iter().flatten();
        let told: Vec<String> = told.filter_map(|reason| sheet.value("reasons", reason)).collect();
        told.join(&self.t("page-and"))
    }

    /// A length in bytes, for people.
    #[expect(clippy::unused_self, reason = "templates call it")]
    pub(in crate::web) fn size(&self, bytes: &u64) -> String {
        match bytes / 1024 {
            0 => format!("{bytes} B"),
            kilo if kilo < 1024 => format!("{kilo} KB"),
            kilo => format!("{}.{} MB", kilo / 1024, kilo % 1024 * 10 / 1024),
        }
    }

    /// A key that makes a form's repetition harmless.
    #[expect(clippy::unused_self, reason = "templates call it")]
    pub(in crate::web) fn key(&self) -> Uuid {
        Uuid::new_v4()
    }

    /// Where the style sheet is.
    #[expect(clippy::unused_self, reason = "templates call it")]
    pub(in crate::web) fn style(&self) -> String {
        STYLE.address()
    }

    /// Where the script is.
    #[expect(clippy::unused_self, reason = "templates call it")]
    pub(in crate::web) fn script(&self) -> String {
        SCRIPT.address()
    }

    /// Where the icon is.
    #[expect(clippy::unused_self, reason = "templates call it")]
    pub(in crate::web) fn icon(&self) -> String {
        ICON.address()
    }

    /// An instant by the minute, Shanghai time.
    #[expect(clippy::unused_self, reason = "templates call it")]
    pub(in crate::web) fn minute<Z: TimeZone>(&self, at: &DateTime<Z>) -> String {
        minute(at.to_utc())
    }

    /// A due instant; midnight is 24:00 of the day before.
    #[expect(clippy::unused_self, reason = "templates call it")]
    pub(in crate::web) fn due<Z: TimeZone>(&self, at: &DateTime<Z>) -> String {
        crate::domain::explanation::local_due(at.to_utc())
    }

    /// True for the menu's entry that the page belongs to.
    pub(in crate::web) fn is_here(&self, entry: &Entry) -> bool {
        match entry.address {
            "/" => self.path == "/",
            "/tickets" => self.path.starts_with("/tickets") && self.path != "/tickets/new",
            address => self.path.starts_with(address),
        }
    }

    /// True for those who may search tickets by their words.
    pub(in crate::web) fn may_search(&self) -> bool {
        self.person.as_ref().is_some_and(|person| match person.role {
            Role::Hospital | Role::Manufacturer | Role::Distributor | Role::Bureau => true,
            Role::Admin | Role::Security | Role::Auditor => false,
        })
    }

    /// The menu of the reader's role.
    pub(in crate::web) fn menu(&self) -> &'static [Entry] {
        self.person.as_ref().map_or(&[], |person| menu(person.role))
    }
}

fn minute(at: DateTime<Utc>) -> String {
    at.with_timezone(&SHANGHAI).format("%Y-%m-%d %H:%M").to_string()
}

/// `?done=reply` after a form was sent; a word without a text is nothing.
fn done(words: Words, query: &str) -> Option<String> {
    let word = query.split('&').find_map(|pair| pair.strip_prefix("done="))?;
    let is_word = word.len() <= 40 && word.bytes().all(|b| b.is_ascii_lowercase() || b == b'-');
    is_word.then(|| words::text(words.0, &format!("done-{word}")))?
}

/// Sends a page.
pub(in crate::web) fn page(
    status: StatusCode,
    template: &impl Template,
) -> Result<HttpResponse, Problem> {
    let html = template.render().map_err(|error| {
        tracing::error!(%error, "a page could not be rendered");
        Problem::new("internal", "the page could not be shown")
    })?;
    Ok(HttpResponse::build(status).content_type("text/html; charset=utf-8").body(html))
}

/// Sends the browser on after a form.
pub(in crate::web) fn see(address: &str) -> HttpResponse {
    use actix_web::http::header::LOCATION;
    HttpResponse::SeeOther().insert_header((LOCATION, address)).finish()
}

/// An address of ours to come back to; anything else is home. What a browser would read as
/// another site's never passes (`//evil`, `/\evil`).
pub(in crate::web) fn own_address(address: &str) -> &str {
    let rest = address.strip_prefix('/');
    let is_own = rest.is_some_and(|rest| {
        !rest.starts_with(['/', '\\'])
            && rest.bytes().all(|byte| byte.is_ascii_graphic() && byte != b'\\')
    });
    if is_own && address.len() <= 2_000 { address } else { "/" }
}

#[cfg(test)]
mod tests {
    use super::own_address;

    #[test]
    fn nobody_is_sent_to_another_site_b111() {
        for own in ["/", "/tickets?state=open&q=%E7%9F%AD", "/tickets/1#reply"] {
            assert_eq!(own_address(own), own);
        }
        for evil in [
            "",
            "//evil",
            "/\\evil",
            "https:evil",
            "https://evil",
            "javascript:alert(1)",
            "evil",
            "/\t/evil",
            "/a\r\nLocation: x",
            "/短",
        ] {
            assert_eq!(own_address(evil), "/", "{evil:?}");
        }
    }
}
