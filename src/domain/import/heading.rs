//! Which column of somebody's table is which of ours.
//!
//! **Never** guesses by position: a column is known by its name, Chinese or English.

use unicode_normalization::UnicodeNormalization as _;

use super::{Column, Kind, RowError, columns};

/// Where each column stands.
#[derive(Debug, Clone)]
pub struct Heading {
    columns: &'static [Column],
    /// By the place in the row, the place among the kind's columns.
    places: Vec<Option<usize>>,
}

impl Heading {
    /// Reads the names in a heading row.
    ///
    /// # Errors
    /// A [`RowError`] for each name that is unknown or stands twice, and for each that is
    /// missing.
    pub fn read(kind: Kind, row: u32, names: &[&str]) -> Result<Self, Vec<RowError>> {
        let columns = columns(kind);
        let mut errors = Vec::new();
        let mut places: Vec<Option<usize>> = Vec::with_capacity(names.len());
        for name in names {
            // Templates and people mark required columns with a star.
            let bare = folded(name.trim().trim_end_matches(['*', '＊']).trim());
            if bare.is_empty() {
                places.push(None);
                continue;
            }
            let is_it =
                |column: &Column| folded(column.code) == bare || folded(column.heading) == bare;
            let found = columns.iter().position(is_it);
            if found.is_none() {
                let message = format!("{name} is not a column of this table");
                errors.push(RowError::new(row, name, "unknown_column", message));
            } else if places.contains(&found) {
                let message = format!("the column {name} stands twice");
                errors.push(RowError::new(row, name, "duplicate_column", message));
            }
            places.push(found);
        }
        for (at, column) in columns.iter().enumerate() {
            if column.is_required && !places.contains(&Some(at)) {
                let message = format!("the column {} ({}) is missing", column.heading, column.code);
                errors.push(RowError::new(row, column.code, "missing_column", message));
            }
        }
        if errors.is_empty() { Ok(Self { columns, places }) } else { Err(errors) }
    }

    /// The kind's columns.
    #[must_use]
    pub fn columns(&self) -> &'static [Column] {
        self.columns
    }

    /// True when the table has the kind's column of that place.
    #[must_use]
    pub fn stands(&self, at: usize) -> bool {
        self.places.contains(&Some(at))
    }

    /// Where the column of that place in the row belongs; `None` = it has no name.
    #[must_use]
    pub fn place(&self, at: usize) -> Option<usize> {
        self.places.get(at).copied().flatten()
    }
}

/// Without the differences that nobody sees: width and case.
pub(super) fn folded(text: &str) -> String {
    text.trim().nfkc().flat_map(char::to_lowercase).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn codes(kind: Kind, names: &[&str]) -> Vec<(&'static str, String)> {
        let errors = Heading::read(kind, 1, names).expect_err("refused");
        errors.into_iter().map(|error| (error.code, error.column)).collect()
    }

    #[test]
    fn columns_have_two_names_and_any_order() {
        let heading =
            Heading::read(Kind::Organisations, 1, &["行政区划代码", "", "Name *", "机构类别"])
                .expect("read");
        let places: Vec<_> = (0..5).map(|at| heading.place(at)).collect();
        assert_eq!(places, [Some(2), None, Some(1), Some(0), None]);
    }

    #[test]
    fn what_is_unknown_double_or_missing_is_told_at_once() {
        assert_eq!(
            codes(Kind::Organisations, &["name", "机构名称", "颜色"]),
            [
                ("duplicate_column", "机构名称".to_owned()),
                ("unknown_column", "颜色".to_owned()),
                ("missing_column", "kind".to_owned()),
                ("missing_column", "division".to_owned()),
            ]
        );
    }
}
