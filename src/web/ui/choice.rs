//! What a field can be chosen from.
//!
//! **Never** offers a word that the API would refuse.

use super::shell::Shell;
use crate::web::api::words::ALL;

/// A value with its name.
#[derive(Debug, Clone)]
pub(in crate::web) struct Choice {
    /// What is sent.
    pub(in crate::web) value: String,
    /// What is read.
    pub(in crate::web) label: String,
}

impl Choice {
    /// A value with its name.
    pub(in crate::web) fn new(value: impl Into<String>, label: impl Into<String>) -> Self {
        Self { value: value.into(), label: label.into() }
    }
}

/// Every word of a set of the API's.
pub(in crate::web) fn words(shell: &Shell, set: &str) -> Vec<Choice> {
    let own = ALL.iter().filter(|(name, _)| *name == set);
    own.map(|(_, word)| Choice::new(*word, shell.words().named(set, word))).collect()
}
