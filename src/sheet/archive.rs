//! The archive a workbook comes in, measured before anything is built from it.
//!
//! Everything is inflated once into nothing, counting: what an entry says of its size is held
//! against what comes out, and both against our limits. The workbook's reader then meets only
//! what was measured here.
//!
//! **Never** keeps what it inflates, and never writes a file.

use std::io::{Cursor, Read as _};

use zip::ZipArchive;
use zip::read::ZipFile;

use super::SheetError;
use super::measure::Measure;

/// More than any workbook of one table has.
const MOST_ENTRIES: usize = 1_000;
/// All entries together, inflated: 200,000 rows of a dozen columns stay below it.
const MOST_INFLATED: u64 = 256 * 1024 * 1024;
/// How much larger than its packed size an entry may become. Tables of one repeated number
/// stay below a hundred.
const MOST_RATIO: u64 = 150;
/// Small entries may be packed as well as they like.
const RATIO_FROM: u64 = 1024 * 1024;

/// Accepts an archive that can be read within the limits.
///
/// # Errors
/// [`SheetError`] saying which limit it breaks.
pub(super) fn check(bytes: &[u8]) -> Result<(), SheetError> {
    let headers = headers_in(bytes);
    if headers > MOST_ENTRIES {
        return Err(too_many());
    }
    let mut archive = ZipArchive::new(Cursor::new(bytes)).map_err(|_broken| broken())?;
    if archive.len() > MOST_ENTRIES {
        return Err(too_many());
    }
    let overlapping = archive.has_overlapping_entries().map_err(|_broken| broken())?;
    if archive.has_duplicate_names() || overlapping {
        return Err(unsafe_entry("two entries share a name or their bytes"));
    }
    let mut declared = 0_u64;
    for index in 0..archive.len() {
        let entry = archive.by_index_data(index).map_err(|_broken| broken())?;
        if entry.encrypted() {
            let message = "the workbook is encrypted: save it without a password";
            return Err(SheetError::new("encrypted", message));
        }
        if entry.is_symlink() || !is_inside(entry.name_raw()) {
            return Err(unsafe_entry("an entry is a link or leaves its folder"));
        }
        let size = entry.size();
        declared = declared.saturating_add(size);
        if declared > MOST_INFLATED || is_bomb(size, entry.compressed_size()) {
            return Err(bomb());
        }
    }
    let mut total = 0;
    for index in 0..archive.len() {
        let entry = archive.by_index(index).map_err(|_broken| broken())?;
        total += measured(entry)?;
        if total > MOST_INFLATED {
            return Err(bomb());
        }
    }
    Ok(())
}

/// How many headers of a directory stand in the file, before memory is spent on any.
fn headers_in(bytes: &[u8]) -> usize {
    bytes.windows(4).filter(|window| *window == b"PK\x01\x02").count()
}

/// Inflates an entry into nothing; gives how much came out.
fn measured(mut entry: ZipFile<'_, Cursor<&[u8]>>) -> Result<u64, SheetError> {
    let (said, packed) = (entry.size(), entry.compressed_size());
    let name = entry.name().map(std::borrow::Cow::into_owned).map_err(|_broken| broken())?;
    if name.to_ascii_lowercase().ends_with(".zip") {
        return Err(unsafe_entry("an archive stands in the archive"));
    }
    let mut measure = Measure::of(&name);
    let mut buffer = vec![0_u8; 64 * 1024];
    let mut size = 0_u64;
    loop {
        let count = entry.read(&mut buffer).map_err(|_broken| broken())?;
        if count == 0 {
            break;
        }
        size += u64::try_from(count).unwrap_or(u64::MAX);
        if size > said {
            return Err(unsafe_entry("an entry is larger than it says"));
        }
        if is_bomb(size, packed) {
            return Err(bomb());
        }
        measure.take(buffer.get(..count).unwrap_or_default())?;
    }
    if size < said {
        return Err(unsafe_entry("an entry is smaller than it says"));
    }
    Ok(size)
}

/// True for a name that stays in its folder, on any system.
fn is_inside(name: &[u8]) -> bool {
    let is_plain = |byte: &u8| !matches!(byte, 0 | b'\\' | b':');
    let mut parts = name.split(|byte| *byte == b'/');
    name.iter().all(is_plain) && !name.starts_with(b"/") && !parts.any(|part| part == b"..")
}

fn is_bomb(size: u64, packed: u64) -> bool {
    size > RATIO_FROM && size / packed.max(1) > MOST_RATIO
}

fn broken() -> SheetError {
    SheetError::new("not_a_table", "this workbook is damaged or is none")
}

fn bomb() -> SheetError {
    SheetError::new("too_large_inside", "the workbook is far larger inside than the file")
}

fn too_many() -> SheetError {
    SheetError::new("too_many_entries", "the workbook has too many parts")
}

fn unsafe_entry(why: &str) -> SheetError {
    SheetError::new("unsafe_archive", format!("this workbook is not read: {why}"))
}
