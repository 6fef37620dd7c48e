//! Entity tags: `"<version>"`, and the headers that compare them.
//!
//! **Never** takes a tag it cannot read for one that matches.

use actix_web::http::header::{HeaderMap, HeaderName, IF_MATCH, IF_NONE_MATCH};

/// The version that a request is about; `None` = any.
pub(super) type Expected = Option<i64>;

/// What no ticket's version is.
const NO_VERSION: i64 = -1;

/// The header is not a list of entity tags, or holds a weak one where a strong one is needed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Malformed;

/// The tag of a version.
pub(super) fn tag(version: i64) -> String {
    format!("\"{version}\"")
}

/// The version of `If-Match`; any when it is absent or `*`. Versions only grow, so of a list the
/// newest decides. Weak tags never match strongly, so they are malformed here.
pub(super) fn if_match(headers: &HeaderMap) -> Result<Expected, Malformed> {
    let Some(tags) = listed(headers, &IF_MATCH)? else { return Ok(None) };
    if tags.iter().any(|tag| tag.starts_with("W/")) {
        return Err(Malformed);
    }
    Ok(Some(versions(&tags).into_iter().max().unwrap_or(NO_VERSION)))
}

/// True when the reader has this version already. A header that cannot be read is ignored: then
/// the whole answer is given.
pub(super) fn none_match(headers: &HeaderMap, version: i64) -> bool {
    if !headers.contains_key(&IF_NONE_MATCH) {
        return false;
    }
    match listed(headers, &IF_NONE_MATCH) {
        Ok(Some(tags)) => versions(&tags).contains(&version),
        Ok(None) => true,
        Err(Malformed) => false,
    }
}

/// The tags of a header; `None` for an absent one and for `*`.
fn listed(headers: &HeaderMap, name: &HeaderName) -> Result<Option<Vec<String>>, Malformed> {
    let mut tags = Vec::new();
    let mut values = headers.get_all(name).peekable();
    if values.peek().is_none() {
        return Ok(None);
    }
    for value in values {
        let value = value.to_str().map_err(|_error| Malformed)?;
        if value.trim() == "*" {
            return Ok(None);
        }
        for tag in value.split(',').map(str::trim).filter(|tag| !tag.is_empty()) {
            let opaque = tag.strip_prefix("W/").unwrap_or(tag);
            let inner = opaque.strip_prefix('"').and_then(|rest| rest.strip_suffix('"'));
            if inner.is_none_or(|inner| inner.contains('"')) {
                return Err(Malformed);
            }
            tags.push(tag.to_owned());
        }
    }
    if tags.is_empty() { Err(Malformed) } else { Ok(Some(tags)) }
}

/// The versions among the tags; others' tags match nothing.
fn versions(tags: &[String]) -> Vec<i64> {
    let inner = |tag: &String| tag.trim_start_matches("W/").trim_matches('"').parse().ok();
    tags.iter().filter_map(inner).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use actix_web::http::header::HeaderValue;

    fn headers(name: HeaderName, value: &'static str) -> HeaderMap {
        let mut headers = HeaderMap::new();
        headers.insert(name, HeaderValue::from_static(value));
        headers
    }

    #[test]
    fn if_match_names_versions() {
        for (value, expected) in [
            ("*", Ok(None)),
            ("\"3\"", Ok(Some(3))),
            ("\"3\", \"x\", \"5\"", Ok(Some(5))),
            ("\"abc\"", Ok(Some(NO_VERSION))),
            ("W/\"3\"", Err(Malformed)),
            ("3", Err(Malformed)),
            ("\"3", Err(Malformed)),
            ("", Err(Malformed)),
        ] {
            assert_eq!(if_match(&headers(IF_MATCH, value)), expected, "{value}");
        }
        assert_eq!(if_match(&HeaderMap::new()), Ok(None));
    }

    #[test]
    fn if_none_match_compares_weakly() {
        for (value, expected) in [
            ("\"3\"", true),
            ("W/\"3\"", true),
            ("\"2\", W/\"3\"", true),
            ("*", true),
            ("\"4\"", false),
            ("nonsense", false),
        ] {
            assert_eq!(none_match(&headers(IF_NONE_MATCH, value), 3), expected, "{value}");
        }
        assert!(!none_match(&HeaderMap::new(), 3));
    }
}
