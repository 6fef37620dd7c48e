//! The table of days for review: each can be changed or left out before anything is shown of
//! what they do.
//!
//! **Never** hides a line that could not be judged.

use actix_web::HttpResponse;
use actix_web::http::StatusCode;
use askama::Template;

use super::super::super::choice::Choice;
use super::super::super::shell::{Shell, page};
use super::table::{Row, SKIP};
use crate::domain::holiday::{Finding, Held};
use crate::service::FieldError;
use crate::service::rulebook::KeptLayer;
use crate::web::error::Problem;

/// What is reviewed.
#[derive(Debug, Default)]
pub(super) struct Reviewed {
    pub(super) rows: Vec<Row>,
    /// The year that the table replaces.
    pub(super) year: Option<i32>,
    pub(super) held: Vec<Held>,
    /// What is odd and about no row.
    pub(super) notes: Vec<String>,
    pub(super) errors: Vec<FieldError>,
    pub(super) reason: String,
}

#[derive(Template)]
#[template(path = "pages/calendar_review.html")]
struct Page {
    shell: Shell,
    address: String,
    layer: String,
    rows: Vec<Row>,
    kinds: Vec<Choice>,
    year: Option<i32>,
    /// The line, what it says, and why it is held.
    held: Vec<(u32, String, String)>,
    notes: Vec<String>,
    errors: Vec<String>,
    reason: String,
}

/// Draws the table.
pub(super) fn draw(
    mut shell: Shell,
    kept: &KeptLayer,
    reviewed: Reviewed,
) -> Result<HttpResponse, Problem> {
    // What was sent cannot be asked for again, as a change of the language would.
    shell.here = format!("/calendars/{}/add", kept.id);
    let Reviewed { rows, year, held, notes, errors, reason } = reviewed;
    let status = if errors.is_empty() { StatusCode::OK } else { StatusCode::UNPROCESSABLE_ENTITY };
    let day = |kind: &str| Choice::new(kind, shell.named("day", kind));
    let kinds = ["rest", "makeup", "working"].map(day).into_iter();
    let drawn = Page {
        address: format!("/calendars/{}", kept.id),
        layer: kept.name.clone(),
        kinds: kinds.chain([Choice::new(SKIP, shell.t("review-skip"))]).collect(),
        held: held
            .into_iter()
            .map(|held| (held.row, held.said, shell.named("held", held.why.as_str())))
            .collect(),
        errors: errors.iter().map(|error| told(&shell, error)).collect(),
        rows,
        year,
        notes,
        reason,
        shell,
    };
    page(status, &drawn)
}

/// A refusal with the number of its row.
pub(super) fn told(shell: &Shell, error: &FieldError) -> String {
    let text = shell.error(&error.code, &error.message);
    let (base, index) = error.field.split_once('[').unwrap_or((&error.field, ""));
    let name = shell.named("col-day", base);
    match index.trim_end_matches(']').parse::<usize>() {
        Ok(index) => {
            let row = shell.with("review-row", "n", &(index + 1));
            format!("{row}, {name}: {text}")
        }
        Err(_) => format!("{name}: {text}"),
    }
}

/// A finding of a notice in words.
pub(super) fn found(shell: &Shell, finding: &Finding) -> String {
    let words = shell.words();
    match finding {
        Finding::Weekday { said, .. } => {
            let said = shell.named("weekday", &said.to_string());
            words.with("finding-weekday", "weekday", &said)
        }
        Finding::Count { said, counted } => {
            let values = [("said", said.to_string()), ("counted", counted.to_string())];
            words.with_all("finding-count", &values)
        }
        Finding::Conflict { .. } => words.t("finding-conflict"),
        Finding::YearAssumed { .. } => words.t("finding-year_assumed"),
        Finding::WorkOnWeekday { .. } => words.t("finding-work_on_weekday"),
        Finding::TitleYear { said } => words.with("finding-title_year", "year", said),
    }
}
