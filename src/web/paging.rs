//! Pages of lists: opaque cursors, sealed for their list and reader.
//!
//! **Never** lets a cursor show more than its reader may see anyway: it says where to go on, and
//! nothing about whose rows.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use chrono::{DateTime, Utc};
use serde::Serialize;
use sha2::{Digest, Sha256};
use utoipa::ToSchema;
use uuid::Uuid;

use super::query;
use crate::domain::id::UserId;
use crate::service::Error;

/// One page of a list.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct Page<T> {
    /// The rows.
    pub(super) items: Vec<T>,
    /// Where the next page begins; null at the end.
    pub(super) next_cursor: Option<String>,
}

/// A list as one reader pages through it.
#[derive(Debug, Clone, Copy)]
pub(super) struct List {
    /// Its name, with the order where there are several.
    pub(super) name: &'static str,
    /// The reader.
    pub(super) reader: UserId,
}

impl List {
    /// A cursor that stands after `position`.
    fn seal(self, position: &str) -> String {
        URL_SAFE_NO_PAD.encode(format!("{}.{position}", self.mark(position)))
    }

    /// The position of a cursor.
    fn open(self, cursor: &str) -> Result<String, Error> {
        let bytes = URL_SAFE_NO_PAD.decode(cursor).unwrap_or_default();
        let text = String::from_utf8(bytes).unwrap_or_default();
        match text.split_once('.') {
            Some((mark, position)) if mark == self.mark(position) => Ok(position.to_owned()),
            Some(_) | None => Err(forged()),
        }
    }

    fn mark(self, position: &str) -> String {
        let sealed = format!("{} {} {position}", self.name, self.reader);
        let digest = Sha256::digest(sealed.as_bytes());
        digest.iter().take(6).map(|byte| format!("{byte:02x}")).collect()
    }

    /// Where a cursor stands.
    pub(super) fn after<P: Position>(self, cursor: Option<&str>) -> Result<Option<P>, Error> {
        let open = |cursor| P::read(&self.open(cursor)?).ok_or_else(forged);
        cursor.map(open).transpose()
    }

    /// A page of `size` rows out of one row more, if there is one.
    pub(super) fn page<T, P: Position>(
        self,
        mut rows: Vec<T>,
        size: u64,
        position: impl Fn(&T) -> P,
    ) -> Page<T> {
        let size = usize::try_from(size).unwrap_or(usize::MAX);
        let has_more = rows.len() > size;
        rows.truncate(size);
        let last = rows.last().filter(|_| has_more);
        let next_cursor = last.map(|row| self.seal(&position(row).write()));
        Page { items: rows, next_cursor }
    }

    /// The page that begins after `after`, out of all the rows in their order.
    pub(super) fn page_after<T, P: Position + PartialOrd>(
        self,
        mut rows: Vec<T>,
        after: Option<P>,
        size: u64,
        position: impl Fn(&T) -> P,
    ) -> Page<T> {
        if let Some(after) = after {
            rows.retain(|row| position(row) > after);
        }
        self.page(rows, size, position)
    }

    /// A page whose end the use case told.
    pub(super) fn page_until<T, P: Position>(self, items: Vec<T>, next: Option<P>) -> Page<T> {
        Page { items, next_cursor: next.map(|position| self.seal(&position.write())) }
    }
}

fn forged() -> Error {
    Error::Unreadable("this cursor is not one of this list's; begin without".to_owned())
}

impl<T> Page<T> {
    /// The rows as they are shown.
    pub(super) fn map<U>(self, shown: impl FnMut(T) -> U) -> Page<U> {
        let items = self.items.into_iter().map(shown).collect();
        Page { items, next_cursor: self.next_cursor }
    }
}

/// Where in a list a row stands.
pub(super) trait Position: Sized {
    /// As text.
    fn write(&self) -> String;
    /// From text.
    fn read(text: &str) -> Option<Self>;
}

impl Position for Uuid {
    fn write(&self) -> String {
        self.to_string()
    }

    fn read(text: &str) -> Option<Self> {
        query::uuid(text)
    }
}

impl Position for (u32, Uuid) {
    fn write(&self) -> String {
        format!("{} {}", self.0, self.1)
    }

    fn read(text: &str) -> Option<Self> {
        let (number, id) = text.split_once(' ')?;
        Some((number.parse().ok()?, query::uuid(id)?))
    }
}

/// Two ids: a row that is known by both.
impl Position for (Uuid, Uuid) {
    fn write(&self) -> String {
        format!("{} {}", self.0, self.1)
    }

    fn read(text: &str) -> Option<Self> {
        let (one, other) = text.split_once(' ')?;
        Some((query::uuid(one)?, query::uuid(other)?))
    }
}

impl Position for u32 {
    fn write(&self) -> String {
        self.to_string()
    }

    fn read(text: &str) -> Option<Self> {
        text.parse().ok()
    }
}

/// A product's code.
impl Position for String {
    fn write(&self) -> String {
        self.clone()
    }

    fn read(text: &str) -> Option<Self> {
        let is_code = text.len() <= 64 && text.bytes().all(|byte| byte.is_ascii_graphic());
        is_code.then(|| text.to_owned())
    }
}

/// What somebody typed for a name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Name(pub(super) String);

impl Position for Name {
    fn write(&self) -> String {
        self.0.clone()
    }

    fn read(text: &str) -> Option<Self> {
        let is_name = !text.contains(char::is_control);
        is_name.then(|| Self(text.to_owned()))
    }
}

/// A name, and the id where several have it.
impl Position for (String, Uuid) {
    fn write(&self) -> String {
        format!("{} {}", self.1, self.0)
    }

    fn read(text: &str) -> Option<Self> {
        let (id, name) = text.split_once(' ')?;
        let is_name = name.len() <= 2_000 && !name.contains(char::is_control);
        Some((name.to_owned(), query::uuid(id)?)).filter(|_| is_name)
    }
}

impl Position for (DateTime<Utc>, Uuid) {
    fn write(&self) -> String {
        format!("{}/{}", self.0.timestamp_millis(), self.1)
    }

    fn read(text: &str) -> Option<Self> {
        let (millis, id) = text.split_once('/')?;
        let at = DateTime::from_timestamp_millis(millis.parse().ok()?)?;
        Some((at, query::uuid(id)?))
    }
}

/// Where something stands in an order of its own, then an instant and an id.
impl Position for (u8, DateTime<Utc>, Uuid) {
    fn write(&self) -> String {
        format!("{} {}", self.0, (self.1, self.2).write())
    }

    fn read(text: &str) -> Option<Self> {
        let (order, rest) = text.split_once(' ')?;
        let (at, id) = Position::read(rest)?;
        Some((order.parse().ok()?, at, id))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn list(name: &'static str, reader: u128) -> List {
        List { name, reader: UserId(Uuid::from_u128(reader)) }
    }

    #[test]
    fn a_cursor_serves_its_list_and_reader_only() {
        let page = list("tickets", 1).page(vec![1_u32, 2, 3], 2, |row| *row);
        assert_eq!(page.items, [1, 2]);
        let cursor = page.next_cursor.expect("a third row");
        assert_eq!(list("tickets", 1).after(Some(&cursor)).expect("own"), Some(2_u32));
        for other in [list("tickets", 2), list("notices", 1)] {
            assert!(other.after::<u32>(Some(&cursor)).is_err());
        }
        for forged in ["", "abc", "AAAA", "短", "MTIzNDU2Nzg5MDEyLjI"] {
            assert!(list("tickets", 1).after::<u32>(Some(forged)).is_err(), "{forged}");
        }
    }

    #[test]
    fn the_last_page_has_no_cursor() {
        let page = list("tickets", 1).page(vec![1_u32, 2], 2, |row| *row);
        assert_eq!(page.next_cursor, None);
    }
}
