//! A file as it arrives: a form (`multipart/form-data`, RFC 7578) with one file and short texts.
//!
//! The file goes to the system's temporary folder, under no name, so that nothing of it is left
//! when the sender or the service vanishes.
//!
//! **Never** believes what a part says of its size or type.

use std::collections::BTreeMap;
use std::fs::File;
use std::future::Future;
use std::io::{Read as _, Seek as _, SeekFrom, Write as _};
use std::pin::Pin;
use std::time::Duration;

use actix_multipart::{Field, Multipart, MultipartError};
use actix_web::dev::Payload;
use actix_web::http::header::{self, HeaderMap};
use actix_web::web::Bytes;
use actix_web::{FromRequest, HttpRequest};
use futures::StreamExt as _;
use sha2::{Digest as _, Sha256};

use super::auth::SignedIn;
use super::check::Check;
use super::error::Problem;
use super::extract::{Keyed, key_of};
use crate::service::Error;

/// The largest file, in bytes.
pub(super) const MOST_BYTES: u64 = 20 * 1024 * 1024;
/// The longest text beside it, in bytes.
const LONGEST_TEXT: usize = 4 * 1024;
/// What the form's own words may add to the file.
const OVERHEAD: u64 = 64 * 1024;
/// RFC 2046 §5.1.1.
const LONGEST_BOUNDARY: usize = 70;
/// A form that has not arrived by then does not any more: 20 MB over 1 Mbit/s take 160 s.
const PATIENCE: Duration = Duration::from_secs(240);

/// A signed-in person's form, not read yet: who may not do it sends the file for nothing.
pub(super) struct Upload {
    /// Who.
    pub(super) signed: SignedIn,
    headers: HeaderMap,
    payload: Payload,
    keyed: Keyed,
}

/// A form that has arrived.
pub(super) struct Received {
    /// The file, at its beginning.
    file: File,
    /// What the sender calls it, as it came.
    pub(super) name: String,
    /// The SHA-256 of what is in it, in hex.
    pub(super) hash: String,
    /// The texts beside it.
    texts: BTreeMap<String, String>,
    keyed: Keyed,
}

impl FromRequest for Upload {
    type Error = Problem;
    type Future = Pin<Box<dyn Future<Output = Result<Self, Problem>>>>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let (request, payload) = (request.clone(), payload.take());
        Box::pin(async move {
            let signed = SignedIn::of(&request).await?;
            let headers = request.headers().clone();
            Ok(Self { signed, headers, payload, keyed: key_of(&request) })
        })
    }
}

impl Upload {
    /// Receives the form: a part `file`, and texts of the `known` names.
    pub(super) async fn receive(self, known: &[&str]) -> Result<Received, Problem> {
        self.receive_with_texts(known).await.1
    }

    /// The same, and the texts that came even if the file was refused: a page shows them again.
    pub(super) async fn receive_with_texts(
        self,
        known: &[&str],
    ) -> (BTreeMap<String, String>, Result<Received, Problem>) {
        let keyed = self.keyed.clone();
        match self.parts(known).await {
            Ok(parts) => (parts.texts.clone(), parts.into_received(keyed)),
            Err(problem) => (BTreeMap::new(), Err(problem)),
        }
    }

    async fn parts(self, known: &[&str]) -> Result<Parts, Problem> {
        self.keyed.checked()?;
        checked(&self.headers)?;
        let form = Multipart::new(&self.headers, self.payload);
        match actix_web::rt::time::timeout(PATIENCE, read(form, known)).await {
            Ok(parts) => parts,
            Err(_elapsed) => Err(Problem::new("timeout", "the file did not arrive in time")),
        }
    }
}

/// What can be told without reading anything.
fn checked(headers: &HeaderMap) -> Result<(), Problem> {
    let length = headers.get(header::CONTENT_LENGTH).and_then(|length| length.to_str().ok());
    let length = length.and_then(|length| length.parse::<u64>().ok());
    if length.is_some_and(|length| length > MOST_BYTES + OVERHEAD) {
        return Err(too_large());
    }
    let kind = headers.get(header::CONTENT_TYPE).and_then(|kind| kind.to_str().ok());
    let kind = kind.unwrap_or_default();
    let essence = kind.split(';').next().unwrap_or_default().trim();
    if !essence.eq_ignore_ascii_case("multipart/form-data") {
        let message = "send a form, multipart/form-data, with the file in a part called file";
        return Err(Error::Unsupported(message.to_owned()).into());
    }
    let boundary = kind.split(';').skip(1).find_map(|parameter| {
        let (name, value) = parameter.split_once('=')?;
        name.trim().eq_ignore_ascii_case("boundary").then(|| value.trim().trim_matches('"'))
    });
    if boundary.is_none_or(|text| text.is_empty() || text.len() > LONGEST_BOUNDARY) {
        let message = format!("the form needs a boundary of 1 to {LONGEST_BOUNDARY} characters");
        return Err(Problem::new("unreadable", message));
    }
    Ok(())
}

fn too_large() -> Problem {
    let megabytes = MOST_BYTES / (1024 * 1024);
    Problem::new("too_large", format!("a file has at most {megabytes} MB ({MOST_BYTES} bytes)"))
}

fn unreadable(error: &MultipartError) -> Problem {
    Problem::new("unreadable", format!("the form cannot be read: {error}"))
}

/// What was read so far.
#[derive(Default)]
struct Parts {
    file: Option<Spooled>,
    texts: BTreeMap<String, String>,
    check: Check,
}

async fn read(mut form: Multipart, known: &[&str]) -> Result<Parts, Problem> {
    let mut parts = Parts::default();
    while let Some(field) = form.next().await {
        let mut field = field.map_err(|error| unreadable(&error))?;
        let name = field.name().unwrap_or_default().to_owned();
        let is_file = name == "file";
        if !is_file && !known.contains(&name.as_str()) {
            // Read no further: there may be thousands.
            let shown: String = name.chars().take(40).collect();
            let message = "there is no such part here";
            return Err(Error::invalid(&shown, "unknown_field", message).into());
        }
        if (is_file && parts.file.is_some()) || parts.texts.contains_key(&name) {
            return Err(Problem::new("unreadable", format!("the part {name} stands twice")));
        }
        if is_file {
            parts.file = Some(Spooled::read(field).await?);
        } else {
            match field.bytes(LONGEST_TEXT).await {
                Ok(bytes) => parts.text(name, &bytes.map_err(|error| unreadable(&error))?),
                Err(_limit) => {
                    let message = format!("at most {LONGEST_TEXT} bytes");
                    return Err(Error::invalid(&name, "too_long", message).into());
                }
            }
        }
    }
    Ok(parts)
}

impl Parts {
    fn text(&mut self, name: String, bytes: &Bytes) {
        match String::from_utf8(bytes.to_vec()) {
            Ok(text) => drop(self.texts.insert(name, text)),
            Err(_not_utf8) => self.check.refuse(&name, "unreadable", "this text is not UTF-8"),
        }
    }

    fn into_received(mut self, keyed: Keyed) -> Result<Received, Problem> {
        let Some(spooled) = self.file else {
            return Err(Error::invalid("file", "required", "a part called file is needed").into());
        };
        if spooled.bytes == 0 {
            self.check.refuse("file", "empty", "the file is empty");
        }
        let (mut texts, hash) = (self.texts, hex(spooled.hash));
        // A page has no way to set a header.
        let keyed = texts.remove("_key").map_or(keyed.clone(), |key| keyed.or_of_page(key));
        let received = Received { file: spooled.file, name: spooled.name, hash, texts, keyed };
        Ok(self.check.done(received)?)
    }
}

/// A file in the temporary folder.
struct Spooled {
    file: File,
    name: String,
    bytes: u64,
    hash: Sha256,
}

impl Spooled {
    async fn read(mut field: Field) -> Result<Self, Problem> {
        let disposition = field.content_disposition();
        let name = disposition.and_then(|it| it.get_filename()).unwrap_or_default().to_owned();
        let mut file = written(tempfile::tempfile())?;
        let (mut bytes, mut hash) = (0_u64, Sha256::new());
        while let Some(chunk) = field.next().await {
            let chunk = chunk.map_err(|error| unreadable(&error))?;
            bytes = bytes.saturating_add(u64::try_from(chunk.len()).unwrap_or(u64::MAX));
            if bytes > MOST_BYTES {
                return Err(too_large());
            }
            hash.update(&chunk);
            // A chunk is 64 KiB at most, and goes to the page cache.
            written(file.write_all(&chunk))?;
        }
        written(file.seek(SeekFrom::Start(0)))?;
        Ok(Self { file, name, bytes, hash })
    }
}

fn written<T>(outcome: std::io::Result<T>) -> Result<T, Problem> {
    outcome.map_err(|error| {
        tracing::error!(%error, "an uploaded file cannot be kept for a while");
        Problem::new("unavailable", "there is no room for the file now; try again later")
    })
}

fn hex(hash: Sha256) -> String {
    hash.finalize().iter().map(|byte| format!("{byte:02x}")).collect()
}

impl Received {
    /// What is in the file.
    pub(super) fn bytes(&mut self) -> Result<Bytes, Problem> {
        let mut bytes = Vec::new();
        written(self.file.read_to_end(&mut bytes))?;
        Ok(bytes.into())
    }

    /// The text of a part.
    pub(super) fn text(&self, name: &str) -> Option<&str> {
        self.texts.get(name).map(String::as_str)
    }

    /// How this is done once: the same key with the same file and texts is a repetition,
    /// whatever separates its parts.
    pub(super) fn keyed(&self) -> (Keyed, String) {
        let mut hash = Sha256::new();
        hash.update(&self.hash);
        hash.update(&self.name);
        for (name, text) in &self.texts {
            hash.update(format!("\u{1f}{name}={text}"));
        }
        (self.keyed.clone(), hex(hash))
    }
}
