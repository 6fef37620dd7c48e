//! The archive of a pack: four entries in a fixed order, stored and not compressed, every header
//! determined by them.
//!
//! So there is one sequence of bytes for four given entries, and reading compares: whatever else
//! was slipped in between, before or after them shows. And nothing inflates.
//!
//! **Never** writes a file or follows a name: entries are known by their place.

use std::io::{Cursor, Read as _, Write as _};

use zip::result::ZipError;
use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, DateTime, ZipArchive, ZipWriter};

use super::verify::Fault;

/// The entries, in their order.
pub(super) const NAMES: [&str; 4] =
    ["evidence.html", "evidence.json", "manifest.json", "manifest.sig"];

/// What the entries hold, in their order.
pub(super) type Entries<'a> = [&'a [u8]; 4];

/// The archive of these entries.
pub(super) fn written(entries: Entries<'_>) -> Result<Vec<u8>, ZipError> {
    let options = SimpleFileOptions::default()
        .compression_method(CompressionMethod::Stored)
        .last_modified_time(DateTime::DEFAULT)
        .unix_permissions(0o644);
    let mut archive = ZipWriter::new(Cursor::new(Vec::new()));
    for (name, bytes) in NAMES.iter().zip(entries) {
        archive.start_file(*name, options)?;
        archive.write_all(bytes)?;
    }
    Ok(archive.finish()?.into_inner())
}

/// The entries of an archive that [`written`] wrote.
pub(super) fn read(bytes: &[u8]) -> Result<[Vec<u8>; 4], Fault> {
    // Before memory is spent on a directory of a million entries.
    let headers = bytes.windows(4).filter(|window| *window == b"PK\x01\x02").count();
    let broken = |error: ZipError| Fault::Archive(error.to_string());
    if headers < NAMES.len() {
        return Err(Fault::Archive("it does not hold the four entries of a pack".to_owned()));
    }
    let mut archive = ZipArchive::new(Cursor::new(bytes)).map_err(broken)?;
    if archive.len() != NAMES.len() {
        return Err(Fault::Entries(format!("{} entries instead of four", archive.len())));
    }
    let mut entries = [const { Vec::new() }; 4];
    for (index, (name, kept)) in NAMES.iter().zip(&mut entries).enumerate() {
        let entry = archive.by_index_data(index).map_err(broken)?;
        if entry.name_raw() != name.as_bytes() {
            return Err(Fault::Entries(format!("entry {} is not {name}", index + 1)));
        }
        if entry.compression() != CompressionMethod::Stored || entry.encrypted() {
            return Err(Fault::Repacked);
        }
        drop(entry);
        let entry = archive.by_index(index).map_err(broken)?;
        // A stored entry is no longer than the archive, whatever it says of itself.
        let most = u64::try_from(bytes.len()).unwrap_or(u64::MAX);
        let unreadable = |error: std::io::Error| Fault::Archive(format!("{name}: {error}"));
        entry.take(most).read_to_end(kept).map_err(unreadable)?;
    }
    let parts: Vec<&[u8]> = entries.iter().map(Vec::as_slice).collect();
    let parts: Entries<'_> = parts.try_into().map_err(|_count| Fault::Repacked)?;
    if written(parts).map_err(broken)? == bytes { Ok(entries) } else { Err(Fault::Repacked) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_archive_has_the_same_bytes_for_ever() {
        let archive = written([b"<p>", b"{}", b"[]", b"sig"]).expect("written");
        // Packs written by earlier versions are compared with what this one writes: a change
        // here would refuse all of them.
        assert_eq!(
            super::super::sha256(&archive),
            "b1edc6cdfcb881e85a518127bacb1dfad90988ced92e465f7d221d858167d003"
        );
        let entries = read(&archive).expect("read");
        assert_eq!(entries, [b"<p>".to_vec(), b"{}".to_vec(), b"[]".to_vec(), b"sig".to_vec()]);
    }
}
