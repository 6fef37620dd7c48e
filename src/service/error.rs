//! Why a use case did not happen.
//!
//! **Never** carries what the caller may not know; the cause of [`Error::Internal`] is for the
//! log.

use crate::domain::calendar::CalendarError;
use crate::domain::ticket::{ActKind, Refusal};
use crate::store;

/// A field that was refused.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FieldError {
    /// Its path on the wire, like `contact.phone`.
    pub field: String,
    /// A stable code.
    pub code: String,
    /// For people.
    pub message: String,
}

impl FieldError {
    /// A refused field.
    pub fn new(
        field: impl Into<String>,
        code: impl Into<String>,
        message: impl Into<String>,
    ) -> Self {
        Self { field: field.into(), code: code.into(), message: message.into() }
    }
}

/// Why a use case did not happen, in the order of the checks.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The input cannot even be read.
    #[error("{0}")]
    Unreadable(String),
    /// The input's form is not one that is read.
    #[error("{0}")]
    Unsupported(String),
    /// Nobody is signed in, or not any more.
    #[error("sign in first")]
    Unauthenticated,
    /// User name or password is wrong, or the account may not sign in: the same answer for all.
    #[error("user name or password is wrong")]
    WrongPassword,
    /// Too many attempts.
    #[error("too many failed attempts; try again in {0} seconds")]
    Throttled(u64),
    /// Unknown, or not the caller's.
    #[error("there is no such thing, or it is not yours")]
    NotFound,
    /// The caller's role may not do this.
    #[error("{0}")]
    Forbidden(String),
    /// The state does not allow it.
    #[error("{message}")]
    Conflict {
        /// A stable code.
        code: &'static str,
        /// For people.
        message: String,
        /// What is possible instead.
        possible: Vec<ActKind>,
    },
    /// A whole thing is to be replaced, and the caller does not say which version was read.
    #[error("say with If-Match which version you have read")]
    Unconditional,
    /// The caller's copy is not the newest.
    #[error("it has changed since you read it")]
    Outdated,
    /// Fields were refused.
    #[error("the input is not valid")]
    Invalid(Vec<FieldError>),
    /// There is no room for more.
    #[error("{0}")]
    OverQuota(String),
    /// Something the service needs does not answer now.
    #[error("{0}")]
    Unavailable(String),
    /// The service failed.
    #[error("the service failed")]
    Internal(#[source] store::Error),
}

impl Error {
    /// One refused field.
    pub fn invalid(field: &str, code: &str, message: impl Into<String>) -> Self {
        Self::Invalid(vec![FieldError::new(field, code, message)])
    }
}

impl From<store::Error> for Error {
    fn from(error: store::Error) -> Self {
        Self::Internal(error)
    }
}

impl store::Transient for Error {
    fn is_transient(&self) -> bool {
        match self {
            Self::Internal(error) => error.is_transient(),
            Self::Unreadable(_)
            | Self::Unsupported(_)
            | Self::Unauthenticated
            | Self::WrongPassword
            | Self::Throttled(_)
            | Self::NotFound
            | Self::Forbidden(_)
            | Self::Conflict { .. }
            | Self::Unconditional
            | Self::Outdated
            | Self::Invalid(_)
            | Self::OverQuota(_)
            | Self::Unavailable(_) => false,
        }
    }
}

impl From<CalendarError> for Error {
    fn from(error: CalendarError) -> Self {
        Self::Conflict { code: "calendar", message: error.to_string(), possible: Vec::new() }
    }
}

impl From<Refusal> for Error {
    fn from(refusal: Refusal) -> Self {
        let message = refusal.to_string();
        let conflict = |code, possible| Self::Conflict { code, message: message.clone(), possible };
        match refusal {
            Refusal::Forbidden(_) => Self::Forbidden(message),
            Refusal::State { possible, .. } => conflict("state", possible),
            Refusal::OutOfTurn { code, message, possible } => {
                Self::Conflict { code, message, possible }
            }
            Refusal::PromiseOver(_) => conflict("promise_over", vec![ActKind::Solve]),
            Refusal::UrgedAlready(_) => conflict("urged_already", Vec::new()),
            Refusal::TopOfLadder => conflict("top_of_ladder", Vec::new()),
            Refusal::EscalationClosed => conflict("escalation_closed", Vec::new()),
            Refusal::AcknowledgedAlready => conflict("acknowledged_already", Vec::new()),
            Refusal::Invalid { field, code, message } => Self::invalid(field, code, message),
            Refusal::Calendar(error) => error.into(),
        }
    }
}
