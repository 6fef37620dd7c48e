//! What must not stand in the XML of a workbook, seen while it streams by.
//!
//! **Never** holds more of the text than the few bytes it looks at.

use super::SheetError;

/// The longest tag or piece of text, in bytes: far above the longest cell, and low enough that
/// a hundred thousand attributes do not fit.
const LONGEST_PIECE: usize = 256 * 1024;
/// The most tags of one part.
const MOST_TAGS: u64 = 24_000_000;
/// The most texts a workbook may say that it shares.
const MOST_SHARED: u64 = 4_000_000;
/// What may stand between a name and its number, and the longest number.
const MOST_BETWEEN: usize = 16;
const MOST_DIGITS: usize = 12;
/// As long as a name, what follows it, and its number.
const WINDOW: usize = 48;

/// Watches one part of a workbook.
pub(super) struct Measure {
    is_xml: bool,
    piece: usize,
    tags: u64,
    /// The last bytes, for what reaches over two buffers.
    tail: Vec<u8>,
}

impl Measure {
    /// For the part of that name.
    pub(super) fn of(name: &str) -> Self {
        // Pictures and printer settings are never read as XML.
        const OTHERS: [&str; 6] = [".png", ".jpg", ".jpeg", ".gif", ".emf", ".bin"];
        let name = name.to_ascii_lowercase();
        let is_xml = !OTHERS.iter().any(|end| name.ends_with(end));
        Self { is_xml, piece: 0, tags: 0, tail: Vec::new() }
    }

    /// Looks at the next bytes.
    ///
    /// # Errors
    /// [`SheetError`] for what must not be there.
    pub(super) fn take(&mut self, bytes: &[u8]) -> Result<(), SheetError> {
        if !self.is_xml {
            return Ok(());
        }
        for byte in bytes {
            match *byte {
                b'<' => {
                    self.tags += 1;
                    self.piece = 0;
                }
                // Encodings in which these traps would look different need one of these.
                0..=8 | 11 | 12 | 14..=31 => return Err(refused("control bytes stand in it")),
                _ => self.piece += 1,
            }
            if self.piece > LONGEST_PIECE {
                return Err(refused("a piece of it is longer than any cell"));
            }
        }
        if self.tags > MOST_TAGS {
            return Err(refused("it has too many cells"));
        }
        self.look_for_traps(bytes)
    }

    fn look_for_traps(&mut self, bytes: &[u8]) -> Result<(), SheetError> {
        self.tail.extend_from_slice(bytes.get(..WINDOW).unwrap_or(bytes));
        let seam = std::mem::take(&mut self.tail);
        traps(&seam)?;
        traps(bytes)?;
        let from = bytes.len().saturating_sub(WINDOW);
        self.tail = bytes.get(from..).unwrap_or_default().to_vec();
        Ok(())
    }
}

/// A document type (entities), or a claim that makes the reader reserve memory.
fn traps(bytes: &[u8]) -> Result<(), SheetError> {
    if found(bytes, b"<!DOCTYPE").next().is_some() {
        return Err(refused("it declares a document type"));
    }
    for after in found(bytes, b"uniqueCount") {
        let is_between =
            |byte: &&u8| byte.is_ascii_whitespace() || matches!(byte, b'=' | b'"' | b'\'');
        let between = after.iter().take_while(is_between).count();
        let digits = after.iter().skip(between).take_while(|byte| byte.is_ascii_digit());
        let (mut length, mut count) = (0, 0_u64);
        for digit in digits {
            length += 1;
            count = count.saturating_mul(10).saturating_add(u64::from(digit - b'0'));
        }
        // Longer than the window, it could hide where two buffers meet.
        if between > MOST_BETWEEN || length > MOST_DIGITS || count > MOST_SHARED {
            return Err(refused("it claims more texts than a table has"));
        }
    }
    Ok(())
}

/// What follows each place where `word` stands.
fn found<'a>(bytes: &'a [u8], word: &'static [u8]) -> impl Iterator<Item = &'a [u8]> {
    places(bytes, word).map(move |at| bytes.get(at + word.len()..).unwrap_or_default())
}

fn places<'a>(bytes: &'a [u8], word: &'static [u8]) -> impl Iterator<Item = usize> + 'a {
    let first = word.first().copied().unwrap_or_default();
    let starts = bytes.iter().enumerate().filter(move |(_, byte)| **byte == first);
    starts.map(|(at, _)| at).filter(move |at| {
        bytes.get(*at..at + word.len()).is_some_and(|piece| piece.eq_ignore_ascii_case(word))
    })
}

fn refused(why: &str) -> SheetError {
    SheetError::new("unsafe_xml", format!("this workbook is not read: {why}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, is_accepted: bool) {
        // Whole, and cut anywhere.
        for cut in 0..=text.len() {
            let (head, tail) = text.as_bytes().split_at(cut);
            let mut measure = Measure::of("xl/sharedStrings.xml");
            let seen = measure.take(head).and_then(|()| measure.take(tail));
            assert_eq!(seen.is_ok(), is_accepted, "{text} cut at {cut}");
        }
    }

    #[test]
    fn traps_are_seen_wherever_the_buffers_meet() {
        check(r#"<?xml version="1.0" encoding="UTF-8"?><sst uniqueCount="12"><si/></sst>"#, true);
        check(&format!("<sst uniqueCount{}=\"99999999\"></sst>", " ".repeat(60)), false);
        check("<!DOCTYPE x [<!ENTITY a \"b\">]><sst></sst>", false);
        check(r#"<sst count="1" uniqueCount = "99999999999"></sst>"#, false);
        check("<sst>\u{1b}</sst>", false);
    }

    #[test]
    fn a_piece_has_a_longest_length() {
        let mut measure = Measure::of("xl/worksheets/sheet1.xml");
        let attributes = "a=\"1\" ".repeat(100_000);
        assert!(measure.take(format!("<c {attributes}>").as_bytes()).is_err());
        let mut picture = Measure::of("xl/media/1.png");
        assert!(picture.take(&[0; 1000]).is_ok());
    }
}
