//! The file that checkpoints of the audit log are added to, a line each.
//!
//! It lies outside the database, so that whoever changes that one leaves a trace here.
//!
//! **Never** rewrites a line, and never reads what one says.

use std::fs::{File, OpenOptions};
use std::io::{
    self, BufRead as _, BufReader, ErrorKind, Read as _, Seek as _, SeekFrom, Write as _,
};
use std::path::{Path, PathBuf};

/// A line is shorter, in bytes.
const MOST_BYTES: usize = 4 * 1024;

/// A file of checkpoints, there or not yet.
#[derive(Debug, Clone)]
pub struct Checkpoints {
    path: PathBuf,
}

impl Checkpoints {
    /// The file at a path.
    #[must_use]
    pub fn at(path: PathBuf) -> Self {
        Self { path }
    }

    /// Where it lies.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Adds a line and brings it to the disk. What a fall of the machine left half written at the
    /// end gives way.
    ///
    /// # Errors
    /// When the file cannot be written.
    pub fn add(&self, line: &str) -> io::Result<()> {
        let is_new = !self.path.exists();
        let mut options = OpenOptions::new();
        options.read(true).append(true).create(true);
        #[cfg(unix)]
        {
            use std::os::unix::fs::OpenOptionsExt as _;
            options.mode(0o600);
        }
        let mut file = options.open(&self.path)?;
        file.lock()?;
        cut_torn(&mut file)?;
        file.write_all(format!("{line}\n").as_bytes())?;
        file.sync_all()?;
        if is_new {
            let folder = self.path.parent().filter(|folder| !folder.as_os_str().is_empty());
            File::open(folder.unwrap_or(Path::new(".")))?.sync_all()?;
        }
        Ok(())
    }

    /// The whole lines, in their order; none where there is no file.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn lines(&self) -> io::Result<Vec<String>> {
        let file = match File::open(&self.path) {
            Ok(file) => file,
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(Vec::new()),
            Err(error) => return Err(error),
        };
        file.lock_shared()?;
        let (mut reader, mut lines) = (BufReader::new(file), Vec::new());
        loop {
            let mut line = Vec::new();
            if reader.read_until(b'\n', &mut line)? == 0 || line.pop() != Some(b'\n') {
                return Ok(lines);
            }
            line.truncate(MOST_BYTES);
            lines.push(String::from_utf8_lossy(&line).into_owned());
        }
    }
}

/// Cuts what stands after the last end of a line.
fn cut_torn(file: &mut File) -> io::Result<()> {
    let length = file.seek(SeekFrom::End(0))?;
    let most = u64::try_from(MOST_BYTES).unwrap_or(u64::MAX);
    let from = length.saturating_sub(most);
    file.seek(SeekFrom::Start(from))?;
    let mut tail = Vec::new();
    file.take(most).read_to_end(&mut tail)?;
    let whole = tail.iter().rposition(|byte| *byte == b'\n').map_or(0, |at| at + 1);
    let torn = u64::try_from(tail.len() - whole).unwrap_or(0);
    if torn > 0 { file.set_len(length - torn) } else { Ok(()) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_added_and_a_torn_one_gives_way() {
        let folder = tempfile::tempdir().expect("a folder");
        let file = Checkpoints::at(folder.path().join("checkpoints"));
        assert!(file.lines().expect("nothing yet").is_empty());
        file.add("one").expect("added");
        file.add("two").expect("added");
        let torn = OpenOptions::new().append(true).open(file.path()).expect("there");
        (&torn).write_all(b"thr").expect("written");
        assert_eq!(file.lines().expect("read"), ["one", "two"], "half a line is none");
        file.add("four").expect("added");
        assert_eq!(file.lines().expect("read"), ["one", "two", "four"]);
    }

    #[test]
    fn many_may_add_at_once() {
        let folder = tempfile::tempdir().expect("a folder");
        let file = Checkpoints::at(folder.path().join("checkpoints"));
        std::thread::scope(|scope| {
            for number in 0..8 {
                let file = &file;
                scope.spawn(move || file.add(&number.to_string()).expect("added"));
            }
        });
        let mut lines = file.lines().expect("read");
        lines.sort();
        assert_eq!(lines, ["0", "1", "2", "3", "4", "5", "6", "7"]);
    }

    #[test]
    fn a_place_that_cannot_be_written_is_said() {
        let file = Checkpoints::at("/no/such/folder/checkpoints".into());
        file.add("one").expect_err("no folder");
        assert!(file.lines().expect("nothing there").is_empty());
    }
}
