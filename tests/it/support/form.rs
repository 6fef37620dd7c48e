//! Forms as a browser sends them, and as it never would.
//!
//! **Never** checks anything.

use reqwest::Method;

use super::app::{Answer, As};

/// What separates the parts.
pub(crate) const BOUNDARY: &str = "----supplyline7MA4YWxkTrZu0gW";

/// A form in the making.
#[derive(Debug, Clone, Default)]
pub(crate) struct Form {
    body: Vec<u8>,
}

impl Form {
    /// With a file under a name, in a part called `file`.
    pub(crate) fn file(name: &str, bytes: impl AsRef<[u8]>) -> Self {
        Self::default().part(&format!("name=\"file\"; filename=\"{name}\""), bytes)
    }

    /// With a text besides.
    pub(crate) fn text(self, name: &str, text: &str) -> Self {
        self.part(&format!("name=\"{name}\""), text)
    }

    /// With any part.
    pub(crate) fn part(mut self, disposition: &str, bytes: impl AsRef<[u8]>) -> Self {
        let head = format!(
            "--{BOUNDARY}\r\nContent-Disposition: form-data; {disposition}\r\n\
             Content-Type: application/octet-stream\r\n\r\n"
        );
        self.body.extend_from_slice(head.as_bytes());
        self.body.extend_from_slice(bytes.as_ref());
        self.body.extend_from_slice(b"\r\n");
        self
    }

    /// The body, ended.
    pub(crate) fn ended(mut self) -> Vec<u8> {
        self.body.extend_from_slice(format!("--{BOUNDARY}--\r\n").as_bytes());
        self.body
    }

    /// The body as it stands.
    pub(crate) fn cut(self) -> Vec<u8> {
        self.body
    }
}

impl As<'_> {
    /// Sends a form.
    pub(crate) async fn upload(&self, path: &str, form: Form) -> Answer {
        self.upload_raw(path, &format!("multipart/form-data; boundary={BOUNDARY}"), form.ended())
            .await
    }

    /// Sends bytes of any type.
    pub(crate) async fn upload_raw(&self, path: &str, kind: &str, body: Vec<u8>) -> Answer {
        let request = self.request(Method::POST, path).header("Content-Type", kind);
        self.send(request.body(body)).await
    }
}
