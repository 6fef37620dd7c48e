//! Files on their way out.
//!
//! **Never** lets a name break out of its header.

use actix_web::http::header::{HeaderMap, IF_NONE_MATCH};

/// The `Content-Disposition` of a file to be saved under a name (RFC 6266, RFC 8187): an ASCII
/// name for old programs, and the whole one.
pub(super) fn attachment(name: &str) -> String {
    let ending = name.rsplit_once('.').map_or("", |(_, ending)| ending);
    let is_plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '_' | ' ');
    let plain = if name.chars().all(is_plain) && !name.is_empty() {
        name.to_owned()
    } else {
        let ending: String = ending.chars().filter(char::is_ascii_alphanumeric).collect();
        format!("download.{ending}").trim_end_matches('.').to_owned()
    };
    let mut whole = String::new();
    for byte in name.bytes() {
        let is_kept = byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'-' | b'_');
        if is_kept {
            whole.push(char::from(byte));
        } else {
            whole.push_str(&format!("%{byte:02X}"));
        }
    }
    format!("attachment; filename=\"{plain}\"; filename*=UTF-8''{whole}")
}

/// True when the reader has what this tag names.
pub(super) fn is_known(headers: &HeaderMap, etag: &str) -> bool {
    let values = headers.get_all(IF_NONE_MATCH).filter_map(|value| value.to_str().ok());
    let mut tags = values.flat_map(|value| value.split(',')).map(str::trim);
    tags.any(|tag| tag == "*" || tag.strip_prefix("W/").unwrap_or(tag) == etag)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_stays_in_its_header_b042() {
        for (name, expected) in [
            ("a b.pdf", "attachment; filename=\"a b.pdf\"; filename*=UTF-8''a%20b.pdf"),
            ("函.pdf", "attachment; filename=\"download.pdf\"; filename*=UTF-8''%E5%87%BD.pdf"),
            (
                "a\"\r\nx: y.pdf",
                "attachment; filename=\"download.pdf\"; filename*=UTF-8''a%22%0D%0Ax%3A%20y.pdf",
            ),
            ("", "attachment; filename=\"download\"; filename*=UTF-8''"),
        ] {
            assert_eq!(attachment(name), expected);
        }
    }
}
