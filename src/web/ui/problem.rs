//! Refusals as pages: what went wrong, and the way on.
//!
//! **Never** shows one to a program: only to who asks for HTML.

use actix_web::http::header::ACCEPT;
use actix_web::{HttpRequest, web};
use askama::Template;

use super::shell::{Shell, own_address};
use crate::web::error::{Problem, RefusedField};
use crate::web::site::Site;
use crate::web::words;

/// Somebody who asks for a page.
pub(in crate::web) struct Reader {
    shell: Shell,
    is_reading: bool,
}

/// What they get instead.
pub(in crate::web) enum Answered {
    /// They have to go somewhere first.
    Elsewhere(String),
    /// A page.
    Here(String),
}

#[derive(Template)]
#[template(path = "pages/problem.html")]
struct Page<'a> {
    shell: Shell,
    title: String,
    advice: String,
    detail: &'a str,
    errors: &'a [RefusedField],
    request_id: &'a str,
}

impl Reader {
    /// The reader of a request, if it asks for a page.
    pub(in crate::web) fn of(request: &HttpRequest) -> Option<Self> {
        let accepted = request.headers().get(ACCEPT).and_then(|accepted| accepted.to_str().ok());
        let is_page = accepted.is_some_and(|accepted| accepted.contains("text/html"))
            && !request.path().starts_with("/api/");
        let site = request.app_data::<web::Data<Site>>().filter(|_| is_page)?;
        let is_reading = request.method().is_safe();
        Some(Self { shell: Shell::outside(site, request), is_reading })
    }

    /// The problem as a page; who is not signed in is asked to, and comes back to what they read.
    pub(in crate::web) fn page(self, problem: &Problem, request_id: &str) -> Option<Answered> {
        if problem.code() == "unauthenticated" {
            // The demo begins with a choice of roles.
            if self.shell.clock.is_some() && self.shell.here == "/" {
                return Some(Answered::Elsewhere("/demo".to_owned()));
            }
            let here = if self.is_reading { own_address(&self.shell.here) } else { "/" };
            let here = here
                .replace('%', "%25")
                .replace('&', "%26")
                .replace('+', "%2B")
                .replace('#', "%23");
            return Some(Answered::Elsewhere(format!("/login?next={here}")));
        }
        let known = |key: String| words::text(self.shell.language(), &key);
        let title = known(format!("problem-{}", problem.code()));
        let page = Page {
            title: title.unwrap_or_else(|| self.shell.t("problem-other")),
            advice: known(format!("advice-{}", problem.code())).unwrap_or_default(),
            detail: problem.detail(),
            errors: problem.errors(),
            request_id,
            shell: self.shell,
        };
        page.render().ok().map(Answered::Here)
    }
}
