//! What became of a form of an administrator's: done, or the page again with what was wrong.
//!
//! **Never** loses what was typed.

use actix_web::http::StatusCode;

use super::super::fields::Fields;
use super::super::shell::Shell;
use crate::service::{Error, FieldError};
use crate::web::error::Problem;
use crate::web::form::Typed;

/// A form that was refused.
pub(super) struct Refused {
    /// Which form of the page.
    form: &'static str,
    typed: Typed,
    errors: Vec<FieldError>,
    /// Why the state does not allow it.
    conflict: Option<(&'static str, String)>,
    /// Of the page.
    pub(super) status: StatusCode,
}

impl Refused {
    /// What can be corrected on the page; everything else is an answer of its own.
    pub(super) fn of(form: &'static str, typed: &Typed, error: Error) -> Result<Self, Problem> {
        let typed = typed.clone();
        match error {
            Error::Invalid(errors) => {
                let status = StatusCode::UNPROCESSABLE_ENTITY;
                Ok(Self { form, typed, errors, conflict: None, status })
            }
            Error::Conflict { code, message, .. } => {
                let (conflict, status) = (Some((code, message)), StatusCode::CONFLICT);
                Ok(Self { form, typed, errors: Vec::new(), conflict, status })
            }
            Error::Outdated => {
                let conflict = Some(("outdated", error.to_string()));
                let status = StatusCode::PRECONDITION_FAILED;
                Ok(Self { form, typed, errors: Vec::new(), conflict, status })
            }
            error @ (Error::Unreadable(_)
            | Error::Unsupported(_)
            | Error::Unauthenticated
            | Error::WrongPassword
            | Error::Throttled(_)
            | Error::NotFound
            | Error::Forbidden(_)
            | Error::Unconditional
            | Error::OverQuota(_)
            | Error::Unavailable(_)
            | Error::Internal(_)) => Err(error.into()),
        }
    }
}

/// The fields of a form: as they came back, or fresh with what is known.
pub(super) fn fields(
    form: &'static str,
    shell: &Shell,
    refused: Option<&Refused>,
    known: &[(&str, &str)],
) -> Fields {
    match refused.filter(|refused| refused.form == form) {
        Some(refused) => {
            Fields::refused(form, shell.words(), refused.typed.clone(), &refused.errors)
        }
        None => Fields::fresh(form, shell.words(), known),
    }
}

/// The status of the page.
pub(super) fn status(refused: Option<&Refused>) -> StatusCode {
    refused.map_or(StatusCode::OK, |refused| refused.status)
}

/// Why the state does not allow what was asked, in words.
pub(super) fn conflict(shell: &Shell, refused: Option<&Refused>) -> Option<String> {
    let (code, message) = refused?.conflict.as_ref()?;
    Some(shell.words().problem(code, message))
}
