//! Between rows and values: words, numbers and documents of a column.
//!
//! **Never** guesses: what a column cannot mean is a corrupt row, named.

use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

use super::Error;
use crate::domain::party::Division;

/// The stable word of an enum, as serde writes it.
pub(super) fn word(value: &impl Serialize) -> String {
    match serde_json::to_value(value) {
        Ok(Value::String(word)) => word,
        Ok(_) | Err(_) => String::new(),
    }
}

/// A value as a document.
pub(super) fn document(value: &impl Serialize) -> Value {
    serde_json::to_value(value).unwrap_or(Value::Null)
}

/// Where a value came from, for the error.
#[derive(Clone, Copy)]
pub(super) struct Place<'a> {
    pub(super) table: &'static str,
    pub(super) id: &'a dyn std::fmt::Display,
}

impl Place<'_> {
    pub(super) fn corrupt(&self, column: &'static str, problem: &dyn std::fmt::Display) -> Error {
        let (table, id) = (self.table, self.id.to_string());
        Error::Corrupt { table, column, id, problem: problem.to_string() }
    }

    /// Reads an enum's word.
    pub(super) fn word<T: DeserializeOwned>(
        &self,
        column: &'static str,
        word: &str,
    ) -> Result<T, Error> {
        self.document(column, &Value::String(word.to_owned()))
    }

    /// Reads an optional enum's word.
    pub(super) fn maybe_word<T: DeserializeOwned>(
        &self,
        column: &'static str,
        word: Option<&String>,
    ) -> Result<Option<T>, Error> {
        word.map(|word| self.word(column, word)).transpose()
    }

    /// Reads a document.
    pub(super) fn document<T: DeserializeOwned>(
        &self,
        column: &'static str,
        value: &Value,
    ) -> Result<T, Error> {
        T::deserialize(value).map_err(|error| self.corrupt(column, &error))
    }

    /// Reads a number into a smaller or unsigned one.
    pub(super) fn number<T, U>(&self, column: &'static str, number: U) -> Result<T, Error>
    where
        T: TryFrom<U>,
        T::Error: std::fmt::Display,
    {
        T::try_from(number).map_err(|error| self.corrupt(column, &error))
    }

    /// Reads a division.
    pub(super) fn division(&self, column: &'static str, number: i32) -> Result<Division, Error> {
        Division::parse(&number.to_string()).map_err(|error| self.corrupt(column, &error))
    }
}

/// A division as its column holds it. Six digits fit.
pub(super) fn division(division: Division) -> i32 {
    i32::try_from(division.number()).unwrap_or(i32::MAX)
}

/// An ordinal as its column holds it.
pub(super) fn small(number: u16) -> i16 {
    i16::try_from(number).unwrap_or(i16::MAX)
}

/// A count as its column holds it.
pub(super) fn int(number: u32) -> i32 {
    i32::try_from(number).unwrap_or(i32::MAX)
}
