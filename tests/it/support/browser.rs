//! A browser as far as pages and forms go: a session in a cookie, pages asked for, forms sent from
//! where the service is.
//!
//! **Never** runs a script, and never follows a redirection.

use std::collections::BTreeMap;

use reqwest::{Method, RequestBuilder};
use serde_json::Value;
use url::form_urlencoded;

use super::app::{Answer, As, TestApp};

/// How browsers send a form.
pub(crate) const FORM: &str = "application/x-www-form-urlencoded";
/// Pages of one kind that a crawl opens.
const MOST_OF_A_KIND: usize = 3;

/// What is typed into a form, field by field.
pub(crate) type Typed = Vec<(String, String)>;

/// Somebody with a browser.
pub(crate) struct Browser<'a> {
    app: &'a TestApp,
    token: Option<String>,
}

impl<'a> Browser<'a> {
    /// The browser of somebody who is signed in.
    pub(crate) fn of(app: &'a TestApp, who: &As<'_>) -> Self {
        Self { app, token: Some(who.token.clone()) }
    }

    /// The browser of nobody known.
    pub(crate) fn stranger(app: &'a TestApp) -> Self {
        Self { app, token: None }
    }

    /// A request as a browser makes it, without an origin.
    pub(crate) fn bare(&self, method: Method, path: &str) -> RequestBuilder {
        let request = self.app.request(method, path);
        let request = request.header("Accept", "text/html,application/xhtml+xml;q=0.9,*/*;q=0.8");
        match &self.token {
            Some(token) => request.header("Cookie", format!("supplyline={token}")),
            None => request,
        }
    }

    pub(crate) async fn send(&self, request: RequestBuilder) -> Answer {
        self.app.send(request).await
    }

    pub(crate) async fn get(&self, path: &str) -> Answer {
        self.send(self.bare(Method::GET, path)).await
    }

    /// Sends a form from one of the service's pages.
    pub(crate) async fn post(&self, path: &str, typed: &[(String, String)]) -> Answer {
        self.post_raw(path, FORM, encoded(typed).into_bytes()).await
    }

    /// Sends bytes of any type from one of the service's pages.
    pub(crate) async fn post_raw(&self, path: &str, kind: &str, body: Vec<u8>) -> Answer {
        let request = self.bare(Method::POST, path).header("Origin", self.app.base());
        self.send(request.header("Content-Type", kind).body(body)).await
    }

    /// Every page that links lead to, some of each kind.
    pub(crate) async fn crawl(&self, from: &[String]) -> BTreeMap<String, Answer> {
        let mut found = BTreeMap::new();
        let mut of_kind: BTreeMap<String, usize> = BTreeMap::new();
        let mut waiting: Vec<String> = from.iter().rev().cloned().collect();
        while let Some(path) = waiting.pop() {
            let kind = masked(path.split('?').next().unwrap_or_default());
            let count = of_kind.entry(kind).or_default();
            if *count == MOST_OF_A_KIND || found.contains_key(&path) {
                continue;
            }
            *count += 1;
            let answer = self.get(&path).await;
            waiting.extend(links(&answer.text));
            found.insert(path, answer);
        }
        found
    }
}

/// Addresses of pages in a page.
fn links(html: &str) -> Vec<String> {
    let all = [" href=\"", " src=\""].into_iter().flat_map(|before| html.split(before).skip(1));
    // A `#` of an escape is no beginning of a fragment.
    let whole = |rest: &str| plain(rest.split('"').next().unwrap_or_default());
    let all = all.map(|rest| whole(rest).replace("&amp;", "&"));
    let all = all.map(|link| link.split('#').next().unwrap_or_default().to_owned());
    let is_page = |link: &String| {
        link.starts_with('/') && !link.starts_with("/api/") && !link.starts_with("/assets/")
    };
    all.filter(is_page).collect()
}

/// A form's body.
pub(crate) fn encoded(typed: &[(String, String)]) -> String {
    form_urlencoded::Serializer::new(String::new()).extend_pairs(typed).finish()
}

/// The fields that say what a body of the API says.
pub(crate) fn typed(body: &Value) -> Typed {
    let mut typed = Vec::new();
    for (name, value) in body.as_object().into_iter().flatten() {
        match value {
            Value::Null => {}
            Value::Object(inner) => {
                let pairs = inner.iter().map(|(key, value)| (format!("{name}.{key}"), text(value)));
                typed.extend(pairs);
            }
            Value::Array(items) if name == "order_refs" => {
                let lines: Vec<_> = items.iter().map(text).collect();
                typed.push((name.clone(), lines.join("\r\n")));
            }
            Value::Array(items) => {
                typed.extend(items.iter().map(|item| (name.clone(), text(item))));
            }
            other => typed.push((name.clone(), text(other))),
        }
    }
    typed
}

fn text(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

/// Text of a page without its escapes.
pub(crate) fn plain(html: &str) -> String {
    let (quote, apostrophe) = (html.replace("&#34;", "\""), "&#39;");
    let text = quote.replace(apostrophe, "'").replace("&#60;", "<").replace("&#62;", ">");
    text.replace("&#38;", "&")
}

/// What stands in the control of this id.
pub(crate) fn kept(html: &str, id: &str) -> Option<String> {
    if let Some((_, rest)) = html.split_once(&format!("<textarea id=\"{id}\"")) {
        let (_, rest) = rest.split_once(">\n")?;
        return rest.split_once("</textarea>").map(|(text, _)| plain(text));
    }
    let (_, rest) = html.split_once(&format!("<input id=\"{id}\""))?;
    let (_, rest) = rest.split_once(" value=\"")?;
    rest.split_once('"').map(|(text, _)| plain(text))
}

/// The text with every id in it made the same.
pub(crate) fn masked(text: &str) -> String {
    let mut masked = String::new();
    let mut run = String::new();
    for c in text.chars().chain(['\n']) {
        if c.is_ascii_digit() || matches!(c, 'a'..='f' | '-') {
            run.push(c);
            continue;
        }
        let tail = run.len().checked_sub(36).and_then(|at| run.split_at_checked(at));
        match tail.filter(|(_, id)| uuid::Uuid::try_parse(id).is_ok()) {
            Some((before, _)) => masked.extend([before, "<id>"]),
            None => masked.push_str(&run),
        }
        run.clear();
        masked.push(c);
    }
    masked.pop();
    masked
}
