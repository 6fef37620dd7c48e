//! Bytes to text: UTF-8 with or without its mark, or the GBK that spreadsheets in China write.
//!
//! **Never** guesses what would give a wrong character: a text that is neither is refused.

use std::borrow::Cow;

use encoding_rs::GB18030;

use super::SheetError;

/// The text of a file.
///
/// # Errors
/// [`SheetError`], for UTF-16, binary files and broken UTF-8.
pub(super) fn text(bytes: &[u8]) -> Result<Cow<'_, str>, SheetError> {
    if bytes.starts_with(&[0xFF, 0xFE]) || bytes.starts_with(&[0xFE, 0xFF]) {
        let message = "this is UTF-16 (“Unicode text”): save it as “CSV UTF-8” or as .xlsx";
        return Err(SheetError::new("utf16", message));
    }
    if let Some(at) = bytes.iter().position(|byte| *byte == 0) {
        let row = row_of(bytes, at);
        // Every other byte of UTF-16 without its mark is zero where the text is Latin.
        let code = if row == 1 { "not_a_table" } else { "control_characters" };
        let message = "this is neither a CSV file nor a workbook: a zero byte stands in it";
        return Err(SheetError::new(code, message).in_row(row));
    }
    let (marked, bare) = match bytes.strip_prefix(&[0xEF, 0xBB, 0xBF]) {
        Some(bare) => (true, bare),
        None => (false, bytes),
    };
    let error = match std::str::from_utf8(bare) {
        Ok(text) => return Ok(Cow::Borrowed(text)),
        Err(error) => error,
    };
    let sound = bare.get(..error.valid_up_to()).unwrap_or_default();
    if !marked && !begins_like_utf8(sound) {
        let decoded = GB18030.decode_without_bom_handling_and_without_replacement(bare);
        if let Some(text) = decoded {
            return Ok(text);
        }
    }
    let message = "this is not UTF-8 (nor GBK): save it as “CSV UTF-8” or as .xlsx";
    Err(SheetError::new("encoding", message).in_row(row_of(bare, error.valid_up_to())))
}

/// True when an ideograph in UTF-8 comes before the first error: then it is UTF-8 that broke,
/// which as GBK would be other characters.
fn begins_like_utf8(sound: &[u8]) -> bool {
    sound.iter().any(|byte| *byte >= 0xE0)
}

fn row_of(bytes: &[u8], at: usize) -> u32 {
    let lines = bytes.iter().take(at).filter(|byte| **byte == b'\n').count();
    u32::try_from(lines + 1).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(bytes: &[u8], expected: Result<&str, (&str, u32)>) {
        let read = text(bytes);
        let read = read.as_deref().map_err(|error| (error.code, error.row));
        assert_eq!(read, expected, "{bytes:?}");
    }

    #[test]
    fn utf8_with_and_without_its_mark_and_gbk_are_one_text() {
        check("名称,省\n𠮷".as_bytes(), Ok("名称,省\n𠮷"));
        check("\u{feff}名称".as_bytes(), Ok("名称"));
        check(&GB18030.encode("名称,机构类别,编码").0, Ok("名称,机构类别,编码"));
        check(&GB18030.encode("code,name\nX1,阿莫西林").0, Ok("code,name\nX1,阿莫西林"));
        check(b"", Ok(""));
    }

    #[test]
    fn what_would_be_guesswork_is_refused() {
        check(&[0xFF, 0xFE, b'a', 0], Err(("utf16", 0)));
        check(&[0xFE, 0xFF, 0, b'a'], Err(("utf16", 0)));
        check(&[b'a', 0, b'b', 0], Err(("not_a_table", 1)));
        check(b"a\nb\0", Err(("control_characters", 2)));
        let broken = [b"a\n".as_slice(), "名称".as_bytes(), &[0xE5, 0x90], b"\n"].concat();
        check(&broken, Err(("encoding", 2)));
        check(&[0xFF, 0xFF, 0xFF], Err(("encoding", 1)));
        check(&[0xEF, 0xBB, 0xBF, 0xC3, 0xFB], Err(("encoding", 1)));
    }
}
