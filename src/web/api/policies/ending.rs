//! Why a version of the rules is taken back, and what follows one that ends, as they arrive.
//!
//! **Never** decides anything.

use serde::Deserialize;
use utoipa::ToSchema;

use super::proposal::LONGEST_SOURCE;
use crate::service::Error;
use crate::service::policies::End;
use crate::web::api::filing::LONGEST_REASON;
use crate::web::api::words;
use crate::web::check::{self, Check};
use crate::web::extract::Form;

/// Why something is done.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(in crate::web) struct Withdrawing {
    reason: String,
}

impl Withdrawing {
    /// Reads it off a body.
    pub(in crate::web) fn read(form: &Form) -> Result<String, Error> {
        let body: Self = form.read()?;
        let mut check = Check::default();
        let reason = check.block("reason", &body.reason, LONGEST_REASON);
        check.done(reason)
    }
}

/// What is to become of rules that end.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(in crate::web) struct NewEnd {
    /// `continued`: they go on by local decision; `national`: the rules of the region above apply.
    #[schema(schema_with = words::end)]
    decision: String,
    /// The last filing date of what goes on; null = without end.
    #[schema(value_type = Option<chrono::NaiveDate>)]
    until: Option<String>,
    /// The document that continues them; needed for `continued`.
    source: Option<String>,
    reason: String,
}

/// The words of a decision.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(in crate::web) enum EndWord {
    Continued,
    National,
}

impl NewEnd {
    /// Reads it off a body.
    pub(in crate::web) fn read(form: &Form) -> Result<End, Error> {
        let body: Self = form.read()?;
        let mut check = Check::default();
        let word: Option<EndWord> = check::word(&body.decision);
        let reason = check.block("reason", &body.reason, LONGEST_REASON);
        // A page's form sends fields that were left empty.
        let given = |text: Option<String>| text.filter(|text| !text.trim().is_empty());
        let (until, source) = (given(body.until), given(body.source));
        let end = match word {
            Some(EndWord::Continued) => End::Continue {
                until: until.map(|date| check.date("until", &date)),
                source: check.line("source", &source.unwrap_or_default(), LONGEST_SOURCE),
                reason,
            },
            Some(EndWord::National) => {
                for (field, given) in [("until", until), ("source", source)] {
                    if given.is_some() {
                        check.refuse(field, "not_here", "this belongs to what is continued");
                    }
                }
                End::National { reason }
            }
            None => {
                check.refuse("decision", "unknown", "continued or national");
                End::National { reason }
            }
        };
        check.done(end)
    }
}
