//! What a file is, by its bytes.
//!
//! **Never** runs, draws or inflates what it looks at, but for the list of an office document's
//! parts.

use std::io::{Cursor, Read as _};

use zip::ZipArchive;

use crate::domain::attachment::FileType;

/// More parts than any letter has.
const MOST_PARTS: usize = 5_000;
/// The list of a document's parts, inflated.
const LONGEST_LIST: u64 = 4 * 1024 * 1024;

/// Why a file is not taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Refused {
    /// Its name ends in nothing that is taken.
    #[error("pdf, ofd, jpg, png, webp, docx, xlsx, csv and txt files are taken")]
    Ending,
    /// Its bytes are those of another type than its name says.
    #[error("what is in this file is not what its name says")]
    Mismatch,
    /// It is a document with macros, or one that hides what it holds.
    #[error("save the document without macros and without a password")]
    Macros,
}

/// The type of a file of this name, if it is one that is taken and its bytes agree.
///
/// # Errors
/// [`Refused`].
pub fn recognise(name: &str, bytes: &[u8]) -> Result<FileType, Refused> {
    let claimed = FileType::claimed(name).ok_or(Refused::Ending)?;
    let is_it = match claimed {
        FileType::Pdf => bytes.starts_with(b"%PDF-"),
        FileType::Jpeg => infer::image::is_jpeg(bytes),
        FileType::Png => infer::image::is_png(bytes),
        FileType::Webp => infer::image::is_webp(bytes),
        FileType::Ofd | FileType::Docx | FileType::Xlsx => package(bytes)? == Some(claimed),
        FileType::Csv | FileType::Txt => is_text(bytes),
    };
    if is_it { Ok(claimed) } else { Err(Refused::Mismatch) }
}

/// What a package of parts is: an office document, or nothing that is taken.
fn package(bytes: &[u8]) -> Result<Option<FileType>, Refused> {
    let headers = bytes.windows(4).filter(|window| *window == b"PK\x01\x02").count();
    if !bytes.starts_with(b"PK\x03\x04") || headers > MOST_PARTS {
        return Ok(None);
    }
    let Ok(mut archive) = ZipArchive::new(Cursor::new(bytes)) else { return Ok(None) };
    let mut names = Vec::with_capacity(archive.len());
    for index in 0..archive.len() {
        let Ok(part) = archive.by_index_raw(index) else { return Ok(None) };
        if part.encrypted() {
            return Err(Refused::Macros);
        }
        names.push(part.name_raw().to_ascii_lowercase());
    }
    let has = |name: &[u8]| names.iter().any(|known| known == name);
    let runs = |name: &Vec<u8>| {
        name.ends_with(b"vbaproject.bin")
            || contains(name, b"activex/")
            || contains(name, b"macrosheets/")
    };
    if names.iter().any(runs) {
        return Err(Refused::Macros);
    }
    if has(b"ofd.xml") {
        return Ok(Some(FileType::Ofd));
    }
    let mut list = Vec::new();
    if let Ok(part) = archive.by_name("[Content_Types].xml") {
        let read = part.take(LONGEST_LIST).read_to_end(&mut list);
        if read.is_err() {
            return Ok(None);
        }
    }
    if contains(&list.to_ascii_lowercase(), b"macroenabled") {
        return Err(Refused::Macros);
    }
    Ok(match () {
        () if list.is_empty() => None,
        () if has(b"word/document.xml") => Some(FileType::Docx),
        () if has(b"xl/workbook.xml") => Some(FileType::Xlsx),
        () => None,
    })
}

fn contains(text: &[u8], word: &[u8]) -> bool {
    text.windows(word.len()).any(|window| window == word)
}

/// Text in UTF-8 or GB 18030 that begins like no page and no program.
fn is_text(bytes: &[u8]) -> bool {
    let is_control = |byte: &u8| matches!(byte, 0..=8 | 11 | 12 | 14..=31 | 127);
    if bytes.iter().any(is_control) || infer::get(bytes).is_some() {
        return false;
    }
    let is_chinese = || {
        let (_, _, is_broken) = encoding_rs::GB18030.decode(bytes);
        !is_broken
    };
    let body = bytes.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(bytes).trim_ascii_start();
    let is_code = body.starts_with(b"<") || body.starts_with(b"#!");
    !is_code && (std::str::from_utf8(bytes).is_ok() || is_chinese())
}

#[cfg(test)]
mod tests {
    use std::io::Write as _;

    use zip::write::SimpleFileOptions;

    use super::*;

    const TYPES: &str = "[Content_Types].xml";

    fn packed(parts: &[(&str, &str)]) -> Vec<u8> {
        let mut writer = zip::ZipWriter::new(Cursor::new(Vec::new()));
        for (name, text) in parts {
            writer.start_file(*name, SimpleFileOptions::default()).expect("a part");
            writer.write_all(text.as_bytes()).expect("written");
        }
        writer.finish().expect("a package").into_inner()
    }

    #[test]
    fn what_is_taken_is_what_it_says() {
        let gbk = encoding_rs::GBK.encode("产品编码,数量\n").0.into_owned();
        for (name, bytes) in [
            ("停供函.pdf", b"%PDF-1.7\n".to_vec()),
            ("a.OFD", packed(&[("OFD.xml", "<ofd:OFD/>")])),
            ("a.jpeg", vec![0xFF, 0xD8, 0xFF, 0xE0]),
            ("a.png", b"\x89PNG\r\n\x1a\n".to_vec()),
            ("a.webp", b"RIFF\x00\x00\x00\x00WEBPVP8 ".to_vec()),
            ("a.docx", packed(&[(TYPES, "<Types/>"), ("word/document.xml", "<w/>")])),
            ("a.xlsx", packed(&[(TYPES, "<Types/>"), ("xl/workbook.xml", "<w/>")])),
            ("a.csv", gbk),
            ("a.txt", "情况说明".as_bytes().to_vec()),
        ] {
            assert_eq!(
                recognise(name, &bytes),
                Ok(FileType::claimed(name).expect("taken")),
                "{name}"
            );
        }
    }

    #[test]
    fn a_disguise_is_seen_b043_b045() {
        let macros =
            packed(&[(TYPES, "<Types/>"), ("word/document.xml", ""), ("word/vbaProject.bin", "")]);
        let enabled = packed(&[
            (TYPES, "application/vnd.ms-word.document.macroEnabled.main+xml"),
            ("word/document.xml", ""),
        ]);
        let plain = packed(&[("a.txt", "x")]);
        for (name, bytes, expected) in [
            ("a.pdf", b"<html><script>1</script>".to_vec(), Refused::Mismatch),
            ("a.png", b"<svg onload=\"1\"/>".to_vec(), Refused::Mismatch),
            ("a.txt", b"<!DOCTYPE html><p>".to_vec(), Refused::Mismatch),
            ("a.csv", b"\xEF\xBB\xBF  <svg/>".to_vec(), Refused::Mismatch),
            ("a.txt", b"#!/bin/sh\n".to_vec(), Refused::Mismatch),
            ("a.txt", b"MZ\x90\x00".to_vec(), Refused::Mismatch),
            ("a.txt", b"\xFF\xFE\xFF".to_vec(), Refused::Mismatch),
            ("a.pdf", b"L\x00\x00\x00\x01\x14\x02\x00".to_vec(), Refused::Mismatch),
            ("a.docx", macros.clone(), Refused::Macros),
            ("a.pdf", macros, Refused::Mismatch),
            ("a.docx", enabled, Refused::Macros),
            ("a.docx", plain, Refused::Mismatch),
            ("a.docx", b"PK\x03\x04".to_vec(), Refused::Mismatch),
            ("a.docm", b"PK\x03\x04".to_vec(), Refused::Ending),
            ("a.html", b"<p>".to_vec(), Refused::Ending),
            ("a.svg", b"<svg/>".to_vec(), Refused::Ending),
            ("a.lnk", b"L".to_vec(), Refused::Ending),
            ("a.pdf.hta", b"%PDF-".to_vec(), Refused::Ending),
            ("a", b"%PDF-".to_vec(), Refused::Ending),
        ] {
            assert_eq!(recognise(name, &bytes), Err(expected), "{name}");
        }
    }

    #[test]
    fn two_types_in_one_are_taken_as_what_the_name_says_b044() {
        let mut both = b"%PDF-1.7\n<script>1</script>\n".to_vec();
        both.extend(packed(&[(TYPES, "<Types/>"), ("word/document.xml", "")]));
        assert_eq!(recognise("a.pdf", &both), Ok(FileType::Pdf));
        assert_eq!(recognise("a.docx", &both), Err(Refused::Mismatch));
    }

    #[test]
    fn a_picture_is_not_drawn_b054() {
        // 50,000 by 50,000 pixels: only its first bytes matter.
        let mut picture = b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR".to_vec();
        picture.extend([0, 0, 0xC3, 0x50, 0, 0, 0xC3, 0x50]);
        picture.extend(vec![0; 20 * 1024]);
        assert_eq!(recognise("a.png", &picture), Ok(FileType::Png));
    }
}
