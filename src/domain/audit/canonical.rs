//! The bytes of an entry that are signed: the same whichever database gave it back.
//!
//! Every part is preceded by its length, so that no two entries have the same bytes; the members
//! of an object stand in the order of their names.
//!
//! **Never** changes: what was signed years ago must still be so.

use serde_json::Value;

/// Parts put together.
pub(super) struct Canonical(Vec<u8>);

impl Canonical {
    pub(super) fn new() -> Self {
        Self(Vec::with_capacity(256))
    }

    /// A part that is always there.
    pub(super) fn put(&mut self, part: &[u8]) {
        let length = u64::try_from(part.len()).unwrap_or(u64::MAX);
        self.0.extend_from_slice(&length.to_be_bytes());
        self.0.extend_from_slice(part);
    }

    /// A part that may be missing, which is not the same as empty.
    pub(super) fn maybe(&mut self, part: Option<&[u8]>) {
        self.0.push(u8::from(part.is_some()));
        if let Some(part) = part {
            self.put(part);
        }
    }

    pub(super) fn text(&mut self, text: Option<&str>) {
        self.maybe(text.map(str::as_bytes));
    }

    pub(super) fn json(&mut self, value: &Value) {
        match value {
            Value::Null => self.put(b"null"),
            Value::Bool(true) => self.put(b"true"),
            Value::Bool(false) => self.put(b"false"),
            Value::Number(number) => {
                self.0.push(b'#');
                self.put(number.to_string().as_bytes());
            }
            Value::String(text) => {
                self.0.push(b'"');
                self.put(text.as_bytes());
            }
            Value::Array(all) => {
                self.0.push(b'[');
                self.put(&u64::try_from(all.len()).unwrap_or(u64::MAX).to_be_bytes());
                all.iter().for_each(|one| self.json(one));
            }
            Value::Object(members) => {
                self.0.push(b'{');
                self.put(&u64::try_from(members.len()).unwrap_or(u64::MAX).to_be_bytes());
                let mut members: Vec<_> = members.iter().collect();
                members.sort_unstable_by_key(|(name, _)| name.as_str());
                for (name, value) in members {
                    self.put(name.as_bytes());
                    self.json(value);
                }
            }
        }
    }

    pub(super) fn finish(self) -> Vec<u8> {
        self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn bytes(value: &Value) -> Vec<u8> {
        let mut canonical = Canonical::new();
        canonical.json(value);
        canonical.finish()
    }

    #[test]
    fn the_order_of_members_makes_no_difference_and_everything_else_does() {
        let one: Value = serde_json::from_str(r#"{"a":1,"b":[true,null]}"#).expect("JSON");
        let same: Value = serde_json::from_str(r#"{ "b": [true, null], "a": 1 }"#).expect("JSON");
        assert_eq!(bytes(&one), bytes(&same));
        let others = [
            json!({"a": "1", "b": [true, null]}),
            json!({"a": 1, "b": [null, true]}),
            json!({"a": 1, "b": [true]}),
            json!({"a": 1}),
            json!({"a": 1, "b": "true"}),
            json!([["a", 1], ["b", [true, null]]]),
            json!({"a": 1, "b": [true, null], "c": null}),
            json!(null),
            json!("null"),
        ];
        for other in &others {
            assert_ne!(bytes(&one), bytes(other), "{other}");
        }
    }

    #[test]
    fn what_is_missing_is_not_empty_and_parts_do_not_run_together() {
        let texts = |texts: &[Option<&str>]| {
            let mut canonical = Canonical::new();
            texts.iter().for_each(|text| canonical.text(*text));
            canonical.finish()
        };
        assert_ne!(texts(&[None]), texts(&[Some("")]));
        assert_ne!(texts(&[Some("ab"), Some("c")]), texts(&[Some("a"), Some("bc")]));
        assert_ne!(texts(&[None, Some("a")]), texts(&[Some("a"), None]));
    }
}
