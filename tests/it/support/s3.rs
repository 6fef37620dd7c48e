//! A bucket on a port of its own: what the service needs of S3, and nothing else.
//!
//! **Never** takes a request that is not signed.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use actix_web::http::Method;
use actix_web::web::{self, Bytes, Data};
use actix_web::{App, HttpRequest, HttpResponse, HttpServer};

type Objects = Arc<Mutex<BTreeMap<String, Bytes>>>;

/// The bucket; it ends when dropped.
pub(crate) struct Bucket {
    /// For `SUPPLYLINE_ATTACHMENTS_URL`.
    pub(crate) url: String,
    objects: Objects,
    server: actix_web::dev::ServerHandle,
}

impl Drop for Bucket {
    fn drop(&mut self) {
        tokio::spawn(self.server.stop(false));
    }
}

impl Bucket {
    /// Starts an empty one on a free port.
    pub(crate) fn spawn() -> Self {
        let objects = Objects::default();
        let shared = Data::new(Arc::clone(&objects));
        let server = HttpServer::new(move || {
            App::new().app_data(shared.clone()).default_service(web::to(serve))
        });
        let server = server.workers(1).disable_signals().bind(("127.0.0.1", 0)).expect("bound");
        let address = server.addrs()[0];
        let server = server.run();
        let handle = server.handle();
        tokio::spawn(server);
        let url = format!(
            "s3://evidence?endpoint=http://{address}&allow_http=true&region=cn-north-1\
             &access_key_id=test&secret_access_key=test"
        );
        Self { url, objects, server: handle }
    }

    /// The keys that are kept.
    pub(crate) fn keys(&self) -> Vec<String> {
        self.objects.lock().expect("free").keys().cloned().collect()
    }
}

async fn serve(request: HttpRequest, body: Bytes, objects: Data<Objects>) -> HttpResponse {
    let signed = request.headers().get("authorization").and_then(|value| value.to_str().ok());
    if !signed.is_some_and(|value| value.starts_with("AWS4-HMAC-SHA256 Credential=test/")) {
        return HttpResponse::Forbidden().finish();
    }
    let key = request.path().trim_start_matches("/evidence").trim_start_matches('/').to_owned();
    let mut objects = objects.lock().expect("free");
    match *request.method() {
        Method::PUT => {
            objects.insert(key, body);
            HttpResponse::Ok().insert_header(("etag", "\"1\"")).finish()
        }
        Method::POST if request.query_string() == "delete" => {
            HttpResponse::Ok().content_type("application/xml").body(delete(&mut objects, &body))
        }
        Method::GET if key.is_empty() => {
            HttpResponse::Ok().content_type("application/xml").body(list(&objects))
        }
        Method::GET => match objects.get(&key) {
            Some(bytes) => HttpResponse::Ok()
                .insert_header(("etag", "\"1\""))
                .insert_header(("last-modified", "Fri, 13 Feb 2026 02:30:00 GMT"))
                .body(bytes.clone()),
            None => HttpResponse::NotFound().finish(),
        },
        _ => HttpResponse::MethodNotAllowed().finish(),
    }
}

/// Many at once, as the client asks for it, even of one.
fn delete(objects: &mut BTreeMap<String, Bytes>, body: &Bytes) -> String {
    let text = String::from_utf8_lossy(body);
    let keys = text.split("<Key>").skip(1).filter_map(|part| part.split("</Key>").next());
    let mut deleted = String::new();
    for key in keys {
        objects.remove(key);
        deleted += &format!("<Deleted><Key>{key}</Key></Deleted>");
    }
    format!("<?xml version=\"1.0\"?><DeleteResult>{deleted}</DeleteResult>")
}

fn list(objects: &BTreeMap<String, Bytes>) -> String {
    let one = |(key, bytes): (&String, &Bytes)| {
        format!(
            "<Contents><Key>{key}</Key><LastModified>2026-02-13T02:30:00.000Z</LastModified>\
             <ETag>\"1\"</ETag><Size>{}</Size></Contents>",
            bytes.len()
        )
    };
    let contents: String = objects.iter().map(one).collect();
    format!(
        "<?xml version=\"1.0\"?><ListBucketResult><Name>evidence</Name>\
         <KeyCount>{}</KeyCount><IsTruncated>false</IsTruncated>{contents}</ListBucketResult>",
        objects.len()
    )
}
