//! Where the bytes of attachments lie: a folder, and a bucket.

use bytes::Bytes;
use chrono::{DateTime, Utc};
use futures::TryStreamExt as _;
use supplyline::domain::id::AttachmentId;
use supplyline::files::Vault;
use supplyline::notify::install_crypto;
use uuid::Uuid;

use crate::support::s3::Bucket;

/// Keeps, reads, lists and forgets a file, in any place.
async fn keeps_files(vault: &Vault) {
    let (one, other) = (AttachmentId(Uuid::now_v7()), AttachmentId(Uuid::now_v7()));
    vault.put(one, Bytes::from_static(b"%PDF-1.7")).await.expect("kept");
    vault.put(other, Bytes::from_static(b"other")).await.expect("kept");
    let read: Vec<Bytes> = vault.get(one).await.expect("there").try_collect().await.expect("read");
    assert_eq!(read.concat(), b"%PDF-1.7");
    let far: DateTime<Utc> = "2100-01-01T00:00:00Z".parse().expect("an instant");
    let mut kept: Vec<_> = vault.before(far).try_collect().await.expect("listed");
    kept.sort_unstable();
    assert_eq!(kept, [one, other]);
    let long_ago: DateTime<Utc> = "2020-01-01T00:00:00Z".parse().expect("an instant");
    let old: Vec<_> = vault.before(long_ago).try_collect().await.expect("listed");
    assert_eq!(old, []);
    vault.delete(one).await.expect("forgotten");
    vault.delete(one).await.expect("forgotten already");
    assert!(vault.get(one).await.is_err());
}

#[tokio::test]
async fn a_folder_keeps_files() {
    let folder = tempfile::TempDir::new().expect("a folder");
    let place = folder.path().join("attachments");
    let url = url::Url::from_directory_path(&place).expect("a URL");
    keeps_files(&Vault::at(&url).expect("made")).await;
    // Nothing half-written lies about, and no name is anybody's but ours.
    let folders = std::fs::read_dir(&place).expect("made").flatten().map(|entry| entry.path());
    let files: Vec<_> =
        folders.flat_map(|folder| std::fs::read_dir(folder).expect("one")).collect();
    assert_eq!(files.len(), 1);
}

#[tokio::test]
async fn a_bucket_keeps_files() {
    install_crypto();
    let bucket = Bucket::spawn();
    let vault = Vault::at(&bucket.url.parse().expect("a URL")).expect("a bucket");
    keeps_files(&vault).await;
    assert_eq!(bucket.keys().len(), 1);
}

#[test]
fn a_place_that_cannot_be_used_is_named() {
    for (url, problem) in [
        ("http://x/", "file:// or s3://, not http://"),
        ("s3://bucket?colour=red", "colour is no setting of a bucket"),
        ("file:///proc/nothing/here/", "/proc/nothing/here"),
    ] {
        let error = Vault::at(&url.parse().expect("a URL")).expect_err(url).to_string();
        assert!(error.contains(problem), "{error}");
    }
}
