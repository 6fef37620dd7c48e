//! The lines of a calendar file: unfolded, and taken apart into name, parameters and value.
//!
//! **Never** decodes text before it is unfolded: a fold may cut a character in two.

use crate::domain::import::RowError;

/// A content line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Line {
    /// The line of the file it begins in, from 1.
    pub(super) row: u32,
    /// In capitals.
    pub(super) name: String,
    /// Names in capitals, values without their quotes.
    pub(super) parameters: Vec<(String, String)>,
    /// As it stands, backslashes included.
    pub(super) value: String,
}

impl Line {
    /// A parameter's value.
    pub(super) fn parameter(&self, name: &str) -> Option<&str> {
        let found = self.parameters.iter().find(|(known, _)| known == name);
        found.map(|(_, value)| value.as_str())
    }

    /// The value as text: without backslashes, line ends as spaces.
    pub(super) fn text(&self) -> String {
        let mut text = String::with_capacity(self.value.len().min(4_000));
        let mut characters = self.value.chars();
        while let Some(character) = characters.next() {
            match character {
                '\\' => match characters.next() {
                    Some('n' | 'N') => text.push(' '),
                    Some(escaped) => text.push(escaped),
                    None => {}
                },
                other => text.push(other),
            }
        }
        text
    }
}

/// The unfolded lines with the rows they begin in; blank ones are passed over. Lines end in CR
/// LF, LF or CR alone, and go on after a space or a tab.
pub(super) fn unfold(bytes: &[u8]) -> Vec<(u32, Vec<u8>)> {
    let mut lines: Vec<(u32, Vec<u8>)> = Vec::new();
    let mut rest = bytes;
    for row in 1_u32.. {
        if rest.is_empty() {
            break;
        }
        let end = rest.iter().position(|byte| matches!(byte, b'\r' | b'\n')).unwrap_or(rest.len());
        let (line, after) = rest.split_at_checked(end).unwrap_or((rest, &[]));
        rest = after.strip_prefix(b"\r\n").or_else(|| after.get(1..)).unwrap_or_default();
        match (line, lines.last_mut()) {
            ([b' ' | b'\t', more @ ..], Some((_, open))) => open.extend_from_slice(more),
            (line, _) if line.trim_ascii().is_empty() => {}
            (line, _) => lines.push((row, line.to_vec())),
        }
    }
    lines
}

/// Takes a line apart.
///
/// # Errors
/// Where it has no name or no value, or is no text.
pub(super) fn read(row: u32, bytes: &[u8]) -> Result<Line, RowError> {
    let broken = || {
        let message = "a line like NAME;PARAMETER=value:value is expected";
        RowError::new(row, "", "content_line", message)
    };
    let text = std::str::from_utf8(bytes)
        .map_err(|_error| RowError::new(row, "", "encoding", "this is not UTF-8"))?;
    let mut is_quoted = false;
    let colon = text.find(|character| {
        is_quoted ^= character == '"';
        character == ':' && !is_quoted
    });
    let (head, value) = colon.and_then(|at| text.split_at_checked(at)).ok_or_else(broken)?;
    let mut is_quoted = false;
    let mut parts = head.split(|character| {
        is_quoted ^= character == '"';
        character == ';' && !is_quoted
    });
    let name = parts.next().unwrap_or_default().trim();
    // Old programs put the group of a card before the name.
    let name = name.rsplit('.').next().unwrap_or_default().to_ascii_uppercase();
    let is_name = |name: &str| name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-');
    if name.is_empty() || !is_name(&name) {
        return Err(broken());
    }
    let parameter = |part: &str| {
        // Version 1.0 writes some values without their name.
        let (name, value) = part.split_once('=').unwrap_or((part, part));
        (name.trim().to_ascii_uppercase(), value.trim().trim_matches('"').to_owned())
    };
    let parameters = parts.map(parameter).collect();
    let value = value.strip_prefix(':').unwrap_or_default().to_owned();
    Ok(Line { row, name, parameters, value })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, expected: &[(u32, &str)]) {
        let lines = unfold(text.as_bytes());
        let lines: Vec<_> = lines
            .iter()
            .map(|(row, line)| (*row, std::str::from_utf8(line).expect("text")))
            .collect();
        assert_eq!(lines, expected, "{text:?}");
    }

    #[test]
    fn lines_are_unfolded_whatever_ends_them() {
        for end in ["\r\n", "\n", "\r"] {
            check(
                &["A:1", " 2", "\t3", "", "B:4", "C:5"].join(end),
                &[(1, "A:123"), (5, "B:4"), (6, "C:5")],
            );
        }
        check("A:1\n \n 2\n", &[(1, "A:12")]);
        check("", &[]);
    }

    #[test]
    fn a_fold_may_cut_a_character_in_two() {
        let mut bytes = "SUMMARY:春节".as_bytes().to_vec();
        let cut = bytes.len() - 1;
        bytes.splice(cut..cut, *b"\r\n ");
        let (row, line) = unfold(&bytes).remove(0);
        assert_eq!(read(row, &line).expect("a line").value, "春节");
    }

    #[test]
    fn a_line_has_a_name_parameters_and_a_value() {
        let line = read(3, "dtstart;Tzid=\"Asia/Shang;hai:x\";VALUE=DATE:2026:1".as_bytes())
            .expect("a line");
        assert_eq!((line.name.as_str(), line.value.as_str()), ("DTSTART", "2026:1"));
        assert_eq!(line.parameter("TZID"), Some("Asia/Shang;hai:x"));
        assert_eq!(line.parameter("VALUE"), Some("DATE"));
        let line = read(1, br"SUMMARY:a\,b\nc\\d\").expect("a line");
        assert_eq!(line.text(), r"a,b c\d");
        for broken in ["no colon", ":value", "é:1", "A\"b:c", "ATTACH;X=\":"] {
            assert_eq!(read(9, broken.as_bytes()).expect_err(broken).code, "content_line");
        }
        assert_eq!(read(9, b"A:\xff").expect_err("no text").code, "encoding");
    }
}
