//! The verification of a pack.
//!
//! **Never** says that a pack is genuine when only the key inside it was asked: whoever makes
//! another pack puts another key into it.

use serde_json::Value;

use super::archive::{self, NAMES};
use super::manifest::{Document, JSON_SCHEMA, Manifest, SCHEMA, mark};
use super::signature::{ALGORITHM, PublicKey};

/// What the signature is held against.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Trust {
    /// A public key that came another way.
    Key(PublicKey),
    /// The key inside the pack: proves that nothing was changed since, and not who made it.
    KeyInside,
}

/// What is wrong with a pack.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Fault {
    /// Not an archive.
    #[error("this is no evidence pack, or a damaged one: {0}")]
    Archive(String),
    /// Other entries than those of a pack.
    #[error("the entries are not those of an evidence pack: {0}")]
    Entries(String),
    /// The bytes around the entries are others.
    #[error(
        "the archive was packed again, or changed outside its entries; use the file as it was downloaded"
    )]
    Repacked,
    /// The manifest cannot be read.
    #[error("manifest.json cannot be read: {0}")]
    Manifest(String),
    /// Signed with another key.
    #[error("signed with the key {inside}, not with the expected key {expected}")]
    OtherKey {
        /// The id of the key in the pack.
        inside: String,
        /// The id of the key it was held against.
        expected: String,
    },
    /// The signature was made over other bytes, or with another key.
    #[error("the signature in manifest.sig does not fit manifest.json")]
    Signature,
    /// A document is not what the manifest names.
    #[error("{0} is not the document that manifest.json names: its SHA-256 or length differs")]
    Document(String),
    /// A document is of another pack.
    #[error("{document} does not belong to this manifest: {problem}")]
    Foreign {
        /// Which.
        document: &'static str,
        /// What differs.
        problem: String,
    },
}

/// A pack that holds together.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Verified {
    /// What it says of itself.
    pub manifest: Manifest,
    /// The key it is signed with.
    pub key: PublicKey,
    /// The length of the signature's subject and documents, for the report.
    pub documents: Vec<Document>,
}

/// Verifies a pack: its archive, signature, documents, and that they belong together.
///
/// # Errors
/// The first [`Fault`].
pub fn verify(bytes: &[u8], trust: Trust) -> Result<Verified, Fault> {
    let [html, json, manifest_bytes, signature] = archive::read(bytes)?;
    let unreadable = |error: serde_json::Error| Fault::Manifest(error.to_string());
    let manifest: Manifest = serde_json::from_slice(&manifest_bytes).map_err(unreadable)?;
    let key = signed(&manifest, (&manifest_bytes, &signature), trust)?;
    let [html_name, json_name, _, _] = NAMES;
    let documents = vec![Document::of(html_name, &html), Document::of(json_name, &json)];
    if manifest.documents.len() != documents.len() {
        return Err(Fault::Manifest("it does not name the two documents".to_owned()));
    }
    for (named, found) in manifest.documents.iter().zip(&documents) {
        if named != found {
            return Err(Fault::Document(found.name.clone()));
        }
    }
    belongs(&manifest, &json)?;
    shows(&manifest, &html)?;
    Ok(Verified { manifest, key, documents })
}

fn signed(
    manifest: &Manifest,
    (bytes, signature): (&[u8], &[u8]),
    trust: Trust,
) -> Result<PublicKey, Fault> {
    if manifest.schema != SCHEMA {
        return Err(Fault::Manifest(format!("its schema is not {SCHEMA}")));
    }
    let inside = PublicKey::parse(&manifest.key.public);
    let inside = inside.map_err(|error| Fault::Manifest(error.to_string()))?;
    if manifest.key.algorithm != ALGORITHM || manifest.key.id != inside.id() {
        return Err(Fault::Manifest("its key is not what it says".to_owned()));
    }
    let expected = match trust {
        Trust::Key(key) => key,
        Trust::KeyInside => inside,
    };
    if inside != expected {
        return Err(Fault::OtherKey { inside: inside.id(), expected: expected.id() });
    }
    if expected.signed(bytes, signature) { Ok(expected) } else { Err(Fault::Signature) }
}

/// Checks that the JSON is of the manifest's ticket, time and organisation.
fn belongs(manifest: &Manifest, json: &[u8]) -> Result<(), Fault> {
    let foreign = |problem: String| Fault::Foreign { document: "evidence.json", problem };
    let document: Value =
        serde_json::from_slice(json).map_err(|error| foreign(error.to_string()))?;
    for (pointer, expected) in [
        ("/schema", JSON_SCHEMA),
        ("/ticket/id", &manifest.ticket.id),
        ("/ticket/number", &manifest.ticket.number),
        ("/made_at", &manifest.made_at),
        ("/made_for/id", &manifest.made_for.id),
        ("/made_for/name", &manifest.made_for.name),
    ] {
        if document.pointer(pointer).and_then(Value::as_str) != Some(expected) {
            return Err(foreign(format!("{pointer} is not {expected:?}")));
        }
    }
    Ok(())
}

/// Checks that the page shows this ticket, and says that it was made from this JSON.
fn shows(manifest: &Manifest, html: &[u8]) -> Result<(), Fault> {
    let json = manifest.documents.iter().find(|document| document.name == "evidence.json");
    let hash = json.map(|document| document.sha256.as_str()).unwrap_or_default();
    let mark = mark(&manifest.ticket.number, hash);
    let tag = format!("<meta name=\"supplyline-evidence\" content=\"{mark}\">");
    let page = std::str::from_utf8(html).unwrap_or_default();
    if page.matches(&tag).count() == 1 {
        return Ok(());
    }
    let problem = "it was not made from this evidence.json".to_owned();
    Err(Fault::Foreign { document: "evidence.html", problem })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::super::manifest::{Contents, MadeFor, MadeOf, seal};
    use super::super::secret::InstanceSecret;
    use super::super::sha256;
    use super::super::signature::Signer;
    use super::*;

    fn signer(first: char) -> Signer {
        let text = format!("supplyline-key-1:{first}AECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=");
        Signer::of(&InstanceSecret::parse(&text).expect("a secret")).expect("a signer")
    }

    fn contents(number: &str) -> Contents {
        let (id, at, name) = ("0190", "2026-02-13T10:30:00+08:00", "滨海市第一人民医院");
        let json = json!({"schema": JSON_SCHEMA, "made_at": at, "made_for": {"id": "1", "name": name},
            "ticket": {"id": id, "number": number}});
        let json = json.to_string().into_bytes();
        let mark = mark(number, &sha256(&json));
        let html = format!("<p><meta name=\"supplyline-evidence\" content=\"{mark}\">");
        Contents {
            ticket: MadeOf { id: id.to_owned(), number: number.to_owned() },
            made_at: at.to_owned(),
            made_for: MadeFor { id: "1".to_owned(), name: name.to_owned() },
            json,
            html: html.into_bytes(),
        }
    }

    fn entries(pack: &[u8]) -> [Vec<u8>; 4] {
        archive::read(pack).expect("a pack")
    }

    fn packed(entries: &[Vec<u8>; 4]) -> Vec<u8> {
        archive::written(entries.each_ref().map(Vec::as_slice)).expect("written")
    }

    #[test]
    fn a_pack_is_verified_by_its_key_and_no_other() {
        let (own, other) = (signer('A'), signer('B'));
        let pack = seal(&contents("SQ-1"), &own).expect("sealed");
        let verified = verify(&pack, Trust::Key(own.public())).expect("genuine");
        assert_eq!(verified.manifest.ticket.number, "SQ-1");
        assert_eq!(verify(&pack, Trust::KeyInside).expect("intact").key, own.public());
        let fault = verify(&pack, Trust::Key(other.public())).expect_err("another key");
        assert!(matches!(fault, Fault::OtherKey { .. }), "{fault}");
        let forged = seal(&contents("SQ-1"), &other).expect("sealed");
        assert!(verify(&forged, Trust::KeyInside).is_ok(), "integrity is not origin");
        let fault = verify(&forged, Trust::Key(own.public())).expect_err("forged");
        assert!(matches!(fault, Fault::OtherKey { .. }), "{fault}");
    }

    #[test]
    fn any_changed_byte_is_refused() {
        let own = signer('A');
        let pack = seal(&contents("SQ-1"), &own).expect("sealed");
        for position in 0..pack.len() {
            for flip in [0x01, 0x20, 0x80] {
                let mut changed = pack.clone();
                changed[position] ^= flip;
                assert!(verify(&changed, Trust::Key(own.public())).is_err(), "{position} {flip}");
                assert!(verify(&changed, Trust::KeyInside).is_err(), "{position} {flip}");
            }
        }
        for length in 0..pack.len() {
            assert!(verify(&pack[..length], Trust::KeyInside).is_err(), "cut at {length}");
        }
        for more in [&b"\0"[..], b"<p>", &pack] {
            assert!(verify(&[&pack, more].concat(), Trust::KeyInside).is_err(), "added behind");
            assert!(verify(&[more, &pack].concat(), Trust::KeyInside).is_err(), "added before");
        }
    }

    #[test]
    fn parts_of_two_packs_do_not_mix() {
        let own = signer('A');
        let one = entries(&seal(&contents("SQ-1"), &own).expect("sealed"));
        let two = entries(&seal(&contents("SQ-2"), &own).expect("sealed"));
        for mask in 1..15_usize {
            let mut mixed = one.clone();
            for index in (0..4).filter(|index| mask & (1 << index) != 0) {
                mixed[index].clone_from(&two[index]);
            }
            let fault = verify(&packed(&mixed), Trust::Key(own.public()));
            assert!(fault.is_err(), "{mask:04b}");
        }
        let mut swapped = one.clone();
        swapped.swap(0, 1);
        assert!(verify(&packed(&swapped), Trust::KeyInside).is_err());
    }

    #[test]
    fn a_page_of_another_json_is_refused_though_signed() {
        let own = signer('A');
        let foreign = Contents { html: contents("SQ-2").html, ..contents("SQ-1") };
        let pack = seal(&foreign, &own).expect("sealed");
        let fault = verify(&pack, Trust::Key(own.public())).expect_err("another page");
        assert!(matches!(fault, Fault::Foreign { document: "evidence.html", .. }), "{fault}");
        let foreign = Contents { json: contents("SQ-2").json, ..contents("SQ-1") };
        let pack = seal(&foreign, &own).expect("sealed");
        let fault = verify(&pack, Trust::Key(own.public())).expect_err("another document");
        assert!(matches!(fault, Fault::Foreign { document: "evidence.json", .. }), "{fault}");
    }

    fn foreign_archive(names: &[(&str, &[u8])], method: zip::CompressionMethod) -> Vec<u8> {
        use std::io::Write as _;
        let options = zip::write::SimpleFileOptions::default().compression_method(method);
        let mut archive = zip::ZipWriter::new(std::io::Cursor::new(Vec::new()));
        for (name, bytes) in names {
            archive.start_file(*name, options).expect("started");
            archive.write_all(bytes).expect("written");
        }
        archive.finish().expect("finished").into_inner()
    }

    #[test]
    fn other_archives_are_named() {
        let own = signer('A');
        let parts = entries(&seal(&contents("SQ-1"), &own).expect("sealed"));
        let named: Vec<(&str, &[u8])> =
            NAMES.into_iter().zip(parts.each_ref().map(Vec::as_slice)).collect();
        let stored = zip::CompressionMethod::Stored;
        let refused = |archive: &[u8]| verify(archive, Trust::KeyInside).expect_err("refused");
        assert_eq!(
            refused(&foreign_archive(&named, zip::CompressionMethod::Deflated)),
            Fault::Repacked
        );
        let extra = [&named[..], &[("evil.exe", b"MZ")]].concat();
        assert!(matches!(refused(&foreign_archive(&extra, stored)), Fault::Entries(_)));
        assert!(matches!(refused(&foreign_archive(&named[1..], stored)), Fault::Archive(_)));
        let mut renamed = named.clone();
        renamed[0].0 = "../../evidence.html";
        assert!(matches!(refused(&foreign_archive(&renamed, stored)), Fault::Entries(_)));
        let mut turned = named.clone();
        turned.reverse();
        assert!(matches!(refused(&foreign_archive(&turned, stored)), Fault::Entries(_)));
        for rubbish in
            [&b""[..], b"PK\x05\x06", b"PK\x01\x02PK\x01\x02PK\x01\x02PK\x01\x02", &[0; 9999]]
        {
            assert!(matches!(refused(rubbish), Fault::Archive(_)));
        }
        // A bomb: small when packed, and never unpacked.
        let zeros = vec![0_u8; 64 * 1024 * 1024];
        let mut bomb = named.clone();
        bomb[0].1 = &zeros;
        let bomb = foreign_archive(&bomb, zip::CompressionMethod::Deflated);
        assert!(bomb.len() < 1024 * 1024);
        assert_eq!(refused(&bomb), Fault::Repacked);
    }
}
