//! The fields of a form as they are drawn: what was typed, and what is wrong with it.
//!
//! **Never** loses what was typed.

use crate::service::FieldError;
use crate::web::form::Typed;
use crate::web::words::{self, Words};

/// Whether a field must be filled in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::web) struct Need(bool);

impl Need {
    /// It must.
    pub(in crate::web) const REQUIRED: Self = Self(true);
    /// It may be left empty.
    pub(in crate::web) const OPTIONAL: Self = Self(false);

    /// True when it must.
    pub(in crate::web) fn is(self) -> bool {
        self.0
    }
}

/// Something wrong, where, in words.
#[derive(Debug, Clone)]
pub(in crate::web) struct Told {
    /// The field's name.
    pub(in crate::web) field: String,
    /// What is wrong.
    pub(in crate::web) text: String,
}

/// A form on its way to the reader.
#[derive(Debug, Clone)]
pub(in crate::web) struct Fields {
    form: &'static str,
    typed: Typed,
    told: Vec<Told>,
    words: Words,
}

impl Fields {
    /// A form that nobody has sent yet, with what is known already.
    pub(in crate::web) fn fresh(form: &'static str, words: Words, known: &[(&str, &str)]) -> Self {
        let known = known.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
        Self { form, typed: Typed::of(known), told: Vec::new(), words }
    }

    /// A form that was kept.
    pub(in crate::web) fn kept(form: &'static str, words: Words, typed: Typed) -> Self {
        Self { form, typed, told: Vec::new(), words }
    }

    /// A form that was refused.
    pub(in crate::web) fn refused(
        form: &'static str,
        words: Words,
        typed: Typed,
        errors: &[FieldError],
    ) -> Self {
        let told = errors.iter().map(|error| Told {
            field: error.field.clone(),
            text: words.error(&error.code, &error.message),
        });
        Self { form, typed, told: told.collect(), words }
    }

    /// The form's name.
    pub(in crate::web) fn form(&self) -> &'static str {
        self.form
    }

    /// The attributes of a line, by its kind.
    #[expect(clippy::unused_self, reason = "templates call it")]
    pub(in crate::web) fn attributes(&self, kind: &str) -> &'static str {
        match kind {
            "number" => "type=\"text\" inputmode=\"numeric\" maxlength=\"20\"",
            "date" => "type=\"date\"",
            "moment" => "type=\"datetime-local\"",
            "tel" => "type=\"tel\" maxlength=\"30\" autocomplete=\"tel\"",
            "password" => "type=\"password\" maxlength=\"1000\" autocomplete=\"current-password\"",
            "new-password" => "type=\"password\" maxlength=\"1000\" autocomplete=\"new-password\"",
            _ => "type=\"text\"",
        }
    }

    /// The id of a field's control.
    pub(in crate::web) fn id(&self, name: &str) -> String {
        format!("{}-{}", self.form, dashed(name))
    }

    /// What stands in a field.
    pub(in crate::web) fn value(&self, name: &str) -> &str {
        self.typed.get(name)
    }

    /// True when a choice is chosen.
    pub(in crate::web) fn has(&self, name: &str, value: impl AsRef<str>) -> bool {
        self.typed.has(name, value.as_ref())
    }

    /// What is wrong with a field, or with an item of it.
    pub(in crate::web) fn error(&self, name: &str) -> Option<&str> {
        let is_it = |told: &&Told| {
            told.field == name
                || told.field.strip_prefix(name).is_some_and(|rest| rest.starts_with('['))
        };
        self.told.iter().find(is_it).map(|told| told.text.as_str())
    }

    /// True when it comes back to its sender.
    pub(in crate::web) fn is_refused(&self) -> bool {
        !self.told.is_empty()
    }

    /// The label of a field.
    pub(in crate::web) fn label(&self, name: &str) -> String {
        let base = name.split('[').next().unwrap_or(name);
        // Rows of the same kind have the same labels.
        let is_row = |part: &&str| part.parse::<u16>().is_err();
        let base = &base.split('.').filter(is_row).collect::<Vec<_>>().join(".");
        let known = |key: String| words::text(self.words.0, &key);
        let own = known(format!("label-{}-{}", self.form, dashed(base)));
        let own = own.or_else(|| known(format!("label-{}", dashed(base))));
        own.unwrap_or_else(|| self.words.named("field", base))
    }

    /// Everything wrong, with the id of the control it is about.
    pub(in crate::web) fn summary(&self) -> Vec<(String, String)> {
        let line = |told: &Told| {
            let base = told.field.split('[').next().unwrap_or_default();
            (self.id(base), format!("{}: {}", self.label(&told.field), told.text))
        };
        self.told.iter().map(line).collect()
    }
}

fn dashed(name: &str) -> String {
    let kept = |c: char| if c.is_ascii_alphanumeric() || c == '_' { c } else { '-' };
    name.chars().map(kept).collect()
}
