//! ZIP files that notice every changed byte.
//!
//! The SHA-256 of everything before it ends the file, as the archive's comment, so any program
//! opens such a file and any changed byte shows, in names, sizes and times, too. It protects
//! from accidents; who can write the file can seal it again, so what must be proved is signed.
//!
//! **Never** unpacks anything: names and sizes are for the reader to judge.

use std::io::{self, Read, Seek, SeekFrom, Write};

use sha2::{Digest as _, Sha256};
use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, DateTime, ZipArchive, ZipWriter};

/// Before the digest, in the comment.
const LABEL: &str = "sha256:";
/// A digest in hex.
const DIGITS: usize = 64;
/// An entry of more bytes needs the larger format.
const LARGE: u64 = 0xffff_ffff;

/// Why a sealed file is not read.
#[derive(Debug, thiserror::Error)]
pub enum SealError {
    /// The file cannot be read or written.
    #[error("the file cannot be read or written: {0}")]
    Io(#[from] io::Error),
    /// It ends otherwise than a sealed file.
    #[error("it does not end with a digest: it is cut off, or of another kind")]
    Foreign,
    /// Its bytes are not those that were sealed.
    #[error("its bytes are not those that were written: the digest at its end differs")]
    Changed,
    /// The archive itself cannot be read.
    #[error("the archive cannot be read: {0}")]
    Archive(String),
}

impl From<zip::result::ZipError> for SealError {
    fn from(error: zip::result::ZipError) -> Self {
        Self::Archive(error.to_string())
    }
}

/// How an entry is packed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Packing {
    /// As it stands.
    Stored,
    /// Made smaller.
    Deflated,
}

/// A sealed file in the making.
pub struct Sealing<F: Read + Write + Seek> {
    zip: ZipWriter<F>,
}

impl<F: Read + Write + Seek> Sealing<F> {
    /// Begins in an empty file.
    #[must_use]
    pub fn begin(file: F) -> Self {
        Self { zip: ZipWriter::new(file) }
    }

    /// Begins an entry of about so many bytes; what is written to the outcome goes into it.
    ///
    /// # Errors
    /// [`SealError`].
    pub fn entry(
        &mut self,
        name: &str,
        bytes: u64,
        packing: Packing,
    ) -> Result<&mut ZipWriter<F>, SealError> {
        let method = match packing {
            Packing::Stored => CompressionMethod::Stored,
            Packing::Deflated => CompressionMethod::Deflated,
        };
        let options = SimpleFileOptions::default()
            .compression_method(method)
            .last_modified_time(DateTime::default())
            .unix_permissions(0o600)
            .large_file(bytes >= LARGE);
        self.zip.start_file(name, options)?;
        Ok(&mut self.zip)
    }

    /// Ends and seals the file.
    ///
    /// # Errors
    /// [`SealError`].
    pub fn finish(mut self) -> Result<F, SealError> {
        self.zip.set_comment(format!("{LABEL}{}", "0".repeat(DIGITS)))?;
        let mut file = self.zip.finish()?;
        let length = file.seek(SeekFrom::End(0))?;
        let end = length.saturating_sub(u64::try_from(DIGITS).unwrap_or_default());
        let digest = digest_of(&mut file, end)?;
        file.seek(SeekFrom::Start(end))?;
        file.write_all(digest.as_bytes())?;
        file.flush()?;
        Ok(file)
    }
}

/// Opens a sealed file after reading all of it once.
///
/// # Errors
/// [`SealError`] saying what is wrong with it.
pub fn open<F: Read + Seek>(mut file: F) -> Result<ZipArchive<F>, SealError> {
    let comment = LABEL.len() + DIGITS;
    let length = file.seek(SeekFrom::End(0))?;
    let shortest = u64::try_from(comment).unwrap_or_default();
    let Some(start) = length.checked_sub(shortest) else { return Err(SealError::Foreign) };
    file.seek(SeekFrom::Start(start))?;
    let mut tail = String::new();
    let read = file.by_ref().take(shortest).read_to_string(&mut tail);
    let digest = read.ok().and_then(|_| tail.strip_prefix(LABEL)).ok_or(SealError::Foreign)?;
    let end = start.saturating_add(u64::try_from(LABEL.len()).unwrap_or_default());
    if digest_of(&mut file, end)? != digest {
        return Err(SealError::Changed);
    }
    let mut zip = ZipArchive::new(file)?;
    if zip.comment() != tail.as_bytes() || zip.offset() != 0 {
        return Err(SealError::Foreign);
    }
    if zip.has_duplicate_names() || zip.has_overlapping_entries()? {
        let message = "two entries share a name or their bytes";
        return Err(SealError::Archive(message.to_owned()));
    }
    Ok(zip)
}

/// The digest of the first `end` bytes.
fn digest_of<F: Read + Seek>(file: &mut F, end: u64) -> io::Result<String> {
    file.seek(SeekFrom::Start(0))?;
    let mut hash = Hashing::new(io::sink());
    io::copy(&mut file.by_ref().take(end), &mut hash)?;
    Ok(hash.finish().0)
}

/// Passes bytes on and hashes them.
pub struct Hashing<W: Write> {
    to: W,
    hash: Sha256,
    bytes: u64,
}

impl<W: Write> Hashing<W> {
    /// Passes them on to `to`.
    pub fn new(to: W) -> Self {
        Self { to, hash: Sha256::new(), bytes: 0 }
    }

    /// The SHA-256 of what was passed on, in lower-case hex, and how many bytes that were.
    pub fn finish(self) -> (String, u64) {
        (hex(&self.hash.finalize()), self.bytes)
    }
}

impl<W: Write> Write for Hashing<W> {
    fn write(&mut self, buffer: &[u8]) -> io::Result<usize> {
        let count = self.to.write(buffer)?;
        self.hash.update(buffer.get(..count).unwrap_or_default());
        self.bytes = self.bytes.saturating_add(u64::try_from(count).unwrap_or(u64::MAX));
        Ok(count)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.to.flush()
    }
}

/// Bytes in lower-case hex.
#[must_use]
pub fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// The SHA-256 of bytes, in lower-case hex.
#[must_use]
pub fn sha256(bytes: &[u8]) -> String {
    hex(&Sha256::digest(bytes))
}

#[cfg(test)]
mod tests {
    use std::io::Cursor;

    use super::*;

    fn sealed() -> Vec<u8> {
        let mut sealing = Sealing::begin(Cursor::new(Vec::new()));
        for (name, packing) in [("a.txt", Packing::Stored), ("b/c.txt", Packing::Deflated)] {
            let entry = sealing.entry(name, 5, packing).expect("an entry");
            entry.write_all("日历 a".as_bytes()).expect("written");
        }
        sealing.finish().expect("sealed").into_inner()
    }

    #[test]
    fn what_was_sealed_is_read_again() {
        let mut zip = open(Cursor::new(sealed())).expect("sound");
        let mut text = String::new();
        zip.by_name("b/c.txt").expect("there").read_to_string(&mut text).expect("read");
        assert_eq!((zip.len(), text.as_str()), (2, "日历 a"));
        assert_eq!(sealed(), sealed(), "the same content is the same file");
    }

    #[test]
    fn every_changed_byte_is_noticed() {
        let whole = sealed();
        for at in 0..whole.len() {
            for bit in [1_u8, 0x20, 0x80] {
                let mut bytes = whole.clone();
                bytes[at] ^= bit;
                assert!(open(Cursor::new(bytes)).is_err(), "byte {at}");
            }
        }
        for length in 0..whole.len() {
            assert!(open(Cursor::new(whole[..length].to_vec())).is_err(), "cut to {length}");
        }
        let longer = [whole.as_slice(), b"x"].concat();
        assert!(open(Cursor::new(longer)).is_err());
    }
}
