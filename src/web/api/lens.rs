//! How a reader sees things: their role, their language, and the rulebook that explains.
//!
//! **Never** shows an administrator a party's text.

use std::sync::Arc;

use chrono::{DateTime, FixedOffset};
use serde_json::Value;

use crate::domain::party::{Language, Role};
use crate::service::App;
use crate::service::rulebook::Rulebook;
use crate::web::auth::SignedIn;
use crate::web::moment::shown;

/// A reader's view.
#[derive(Debug, Clone)]
pub(in crate::web) struct Lens {
    /// Calendars and policies in force.
    pub(in crate::web) book: Arc<Rulebook>,
    /// Who reads.
    pub(in crate::web) role: Role,
    /// In which language.
    pub(in crate::web) language: Language,
}

impl Lens {
    /// The view of who is signed in.
    pub(in crate::web) fn of(app: &App, signed: &SignedIn) -> Self {
        Self { book: app.book(), role: signed.role(), language: signed.language }
    }

    /// True for those who may know of the earlier ticket: it may name another manufacturer.
    pub(in crate::web) fn sees_follows(&self) -> bool {
        matches!(self.role, Role::Hospital | Role::Bureau)
    }

    /// True for those who see of a ticket only number, state and deadlines.
    pub(in crate::web) fn is_bare(&self) -> bool {
        self.role == Role::Admin
    }
}

/// A document of the domain as it is shown: instants in Shanghai time.
pub(in crate::web) fn localised(value: &impl serde::Serialize) -> Value {
    let mut value = serde_json::to_value(value).unwrap_or_default();
    localise(&mut value);
    value
}

fn localise(value: &mut Value) {
    match value {
        Value::Object(members) => {
            for (name, member) in members.iter_mut() {
                let at: Option<DateTime<FixedOffset>> = match member.as_str() {
                    Some(text) if name.ends_with("_at") => text.parse().ok(),
                    Some(_) | None => None,
                };
                match at {
                    Some(at) => *member = serde_json::json!(shown(at.to_utc())),
                    None => localise(member),
                }
            }
        }
        Value::Array(items) => items.iter_mut().for_each(localise),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

#[cfg(test)]
mod tests {
    #[test]
    fn instants_inside_documents_are_local() {
        let document = serde_json::json!({
            "reasons": [{ "kind": "missed", "missed_at": "2026-02-13T16:00:00Z", "reason": "2026-02-13T16:00:00Z" }]
        });
        let shown = super::localised(&document);
        assert_eq!(shown["reasons"][0]["missed_at"], "2026-02-14T00:00:00+08:00");
        assert_eq!(shown["reasons"][0]["reason"], "2026-02-13T16:00:00Z");
    }
}
