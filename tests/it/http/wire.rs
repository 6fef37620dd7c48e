//! Requests as no client library sends them, byte by byte.
//!
//! **Never** waits for more than the server says: every connection ends, or the test fails.

use std::time::Duration;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::time::timeout;

use super::stage::{HEADERS, Stage, call, id};
use crate::support::app::TestApp;
use crate::support::db::{TestDb, sqlite_only};

sqlite_only!(
    what_two_servers_might_read_differently_is_refused,
    bare_line_feeds_end_a_line_and_smuggle_nothing,
    a_path_has_one_spelling,
    an_endless_body_is_refused,
    a_body_that_ends_early_stores_nothing,
    requests_follow_each_other_on_a_connection,
);

/// Sends bytes and reads until the server closes.
pub(crate) async fn exchange(app: &TestApp, request: &[u8]) -> String {
    let address = app.base().trim_start_matches("http://");
    let mut stream = TcpStream::connect(address).await.expect("connected");
    // A server that has seen enough may close before everything is sent.
    let sent = stream.write_all(request).await;
    let mut answer = Vec::new();
    let read = timeout(Duration::from_secs(8), stream.read_to_end(&mut answer)).await;
    let text = String::from_utf8_lossy(&answer).into_owned();
    let shown: String = String::from_utf8_lossy(request).chars().take(200).collect();
    assert!(read.is_ok(), "the connection stays open after {shown:?} ({sent:?}): {text}");
    text
}

pub(crate) fn status(answer: &str) -> u16 {
    answer.split(' ').nth(1).and_then(|status| status.parse().ok()).unwrap_or_default()
}

/// A filing with these headers beside the usual ones.
fn filing(token: &str, headers: &str, body: &str) -> Vec<u8> {
    let head = format!(
        "POST /api/v1/tickets HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {token}\r\n\
         Content-Type: application/json\r\n{headers}\r\n{body}"
    );
    head.into_bytes()
}

#[expect(clippy::too_many_lines, reason = "a table of cases")]
async fn what_two_servers_might_read_differently_is_refused(db: TestDb) {
    let app = TestApp::spawn(&db).await;
    let stage = Stage::set(&app).await;
    let place = stage.place("tickets").await;
    let before = stage.memory(&place).await;
    let body = call("tickets").body.to_string();
    let (length, chunked) = (body.len(), format!("{:x}\r\n{body}\r\n0\r\n\r\n", body.len()));
    let token = &stage.hospital.token;
    let file = |headers: &str, body: &str| filing(token, headers, body);
    let huge = format!("X-Long: {}\r\nContent-Length: {length}\r\n", "a".repeat(300_000));
    let many = format!("{}Content-Length: {length}\r\n", "X-A: b\r\n".repeat(1_000));
    let requests: Vec<(&str, Vec<u8>)> = vec![
        (
            "CL and TE",
            file(&format!("Content-Length: {length}\r\nTransfer-Encoding: chunked\r\n"), &chunked),
        ),
        (
            "TE and CL",
            file(&format!("Transfer-Encoding: chunked\r\nContent-Length: {length}\r\n"), &chunked),
        ),
        ("two lengths", file(&format!("Content-Length: 2\r\nContent-Length: {length}\r\n"), &body)),
        ("a list of lengths", file(&format!("Content-Length: {length}, {length}\r\n"), &body)),
        ("length +n", file(&format!("Content-Length: +{length}\r\n"), &body)),
        ("length -1", file("Content-Length: -1\r\n", &body)),
        ("length abc", file("Content-Length: abc\r\n", &body)),
        ("length 0x", file(&format!("Content-Length: 0x{length:x}\r\n"), &body)),
        ("length too long", file("Content-Length: 99999999999999999999\r\n", &body)),
        ("chunked, identity", file("Transfer-Encoding: chunked, identity\r\n", &chunked)),
        (
            "identity",
            file(&format!("Transfer-Encoding: identity\r\nContent-Length: {length}\r\n"), &body),
        ),
        ("xchunked", file("Transfer-Encoding: xchunked\r\n", &chunked)),
        ("two TEs", file("Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n", &chunked)),
        ("TE in HTTP/1.0", {
            let text =
                String::from_utf8(file("Transfer-Encoding: chunked\r\n", &chunked)).expect("text");
            text.replacen("HTTP/1.1", "HTTP/1.0", 1).into_bytes()
        }),
        ("chunk size Z", file("Transfer-Encoding: chunked\r\n", "Z\r\nabc\r\n0\r\n\r\n")),
        ("chunk size -1", file("Transfer-Encoding: chunked\r\n", "-1\r\nabc\r\n0\r\n\r\n")),
        (
            "chunk size overflows",
            file("Transfer-Encoding: chunked\r\n", "FFFFFFFFFFFFFFFFF\r\nabc\r\n0\r\n\r\n"),
        ),
        ("space before colon", file(&format!("Content-Length : {length}\r\n"), &body)),
        (
            "tab before colon",
            file(&format!("Transfer-Encoding\t: chunked\r\nContent-Length: {length}\r\n"), &body),
        ),
        ("folded header", file(&format!("X-A: b\r\n c\r\nContent-Length: {length}\r\n"), &body)),
        ("header without colon", file(&format!("nonsense\r\nContent-Length: {length}\r\n"), &body)),
        ("header without name", file(&format!(": x\r\nContent-Length: {length}\r\n"), &body)),
        ("no host", b"GET /health/live HTTP/1.1\r\nConnection: close\r\n\r\n".to_vec()),
        (
            "two hosts",
            b"GET /health/live HTTP/1.1\r\nHost: x\r\nHost: y\r\nConnection: close\r\n\r\n"
                .to_vec(),
        ),
        (
            "zero byte in a header",
            file(&format!("X-A: a\0b\r\nContent-Length: {length}\r\n"), &body),
        ),
        ("bare CR in a header", file(&format!("X-A: a\rb\r\nContent-Length: {length}\r\n"), &body)),
        (
            "header name with a zero",
            file(&format!("X\0A: b\r\nContent-Length: {length}\r\n"), &body),
        ),
        ("a long header", file(&huge, &body)),
        ("a thousand headers", file(&many, &body)),
        ("no version", b"GET /\r\n\r\n".to_vec()),
        ("HTTP/9.9", b"GET / HTTP/9.9\r\nHost: x\r\n\r\n".to_vec()),
        ("HTTP/2 preface", b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".to_vec()),
        ("zero in the path", b"GET /\0 HTTP/1.1\r\nHost: x\r\n\r\n".to_vec()),
        ("space in the path", b"GET /a b HTTP/1.1\r\nHost: x\r\n\r\n".to_vec()),
        ("a TLS greeting", b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n".to_vec()),
        ("noise", b"\xff\xfe\xfd\r\n\r\n".to_vec()),
        ("no method", b" / HTTP/1.1\r\nHost: x\r\n\r\n".to_vec()),
    ];
    let mut wrong = Vec::new();
    for (what, request) in &requests {
        let answer = exchange(&app, request).await;
        let is_one = answer.matches("HTTP/1.").count() == 1;
        // Where the body cannot be followed, the connection may end without a word.
        let is_mute = what.starts_with("chunk size") && answer.is_empty();
        let is_refused = is_one && matches!(status(&answer), 400 | 413 | 431 | 505);
        if is_mute || is_refused {
            continue;
        }
        wrong.push((what, answer));
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
    assert_eq!(stage.memory(&place).await, before);
    app.stop().await;
}

async fn bare_line_feeds_end_a_line_and_smuggle_nothing(db: TestDb) {
    let app = TestApp::spawn(&db).await;
    let one = b"GET /health/live HTTP/1.1\nHost: x\nConnection: close\n\n";
    let answer = exchange(&app, one).await;
    assert!(matches!(status(&answer), 200 | 400), "RFC 9112, 2.2 leaves the choice: {answer}");
    let two = b"POST /nowhere HTTP/1.1\nHost: x\nContent-Length: 48\nConnection: close\n\n\
        GET /health/live HTTP/1.1\r\nHost: smuggled\r\n\r\n\r\n";
    let answer = exchange(&app, two).await;
    assert_eq!((answer.matches("HTTP/1.1 ").count(), status(&answer)), (1, 404), "{answer}");
    app.stop().await;
}

async fn a_path_has_one_spelling(db: TestDb) {
    let app = TestApp::spawn(&db).await;
    let stage = Stage::set(&app).await;
    let ticket = id(&stage.hospital.file().await);
    let own = format!("/api/v1/tickets/{ticket}");
    let mut paths: Vec<String> = [
        "/api/v1/tickets/",
        "/api/v1/tickets.",
        "/api/v1/tickets..",
        "/api/v1/tickets%00",
        "/api/v1/tickets/%00",
        "/api/v1//tickets",
        "/api//v1/tickets",
        "//api/v1/tickets",
        "/api/v1/tickets;jsessionid=1",
        "/api/v1/./tickets",
        "/api/v1/../v1/tickets",
        "/api/v1/%2e%2e/v1/tickets",
        "/api/v1/tickets/..",
        "/api/v1/tickets/..%2f..%2fhealth",
        "/api/v1/tickets/%2e%2e%2f",
        "/api/v1/tickets/%252e%252e%252f",
        "/api/v1/tickets/..%5c..%5c",
        "/api/v1/tickets\\",
        "/api/v1/tickets%20",
        "/api/v1/tickets%2f",
        "/api/v1/tickets%0d%0aX: y",
        "/api/v1/tickets/%ff",
        "/api/v1/tickets/%c0%af",
        "/api/v1/tickets/%ED%A0%80",
        "/api/v1/tickets/%zz",
        "/api/v1/tickets/%",
        "/API/v1/tickets",
        "/api/V1/tickets",
        "/api/v1/Tickets",
        "/api",
        "/api/",
        "/api/v1",
        "/api/v1/",
        "/api/v2/tickets",
        "/api/v1/tickets/*",
        "/api/v1/tickets/{id}",
        "/api/docs/..%2f..%2fetc%2fpasswd",
        "/api/docs/../../etc/passwd",
        "/api/docs/%2e%2e/%2e%2e/etc/passwd",
        "/%2e%2e/%2e%2e/etc/passwd",
        "/../../etc/passwd",
        "/.env",
        "/.git/config",
        "/health",
        "/health/",
        "/health/ready/",
        "/metrics/",
        "/login/",
        "/admin",
        "/api/openapi.json/",
        "/tickets/",
        "/tickets/1",
    ]
    .iter()
    .map(|path| path.replace(' ', "%20"))
    .collect();
    for tail in [
        "/", ".", "..", "%00", "%20", ";a=b", "/.", "/..", "%2freply", "/nowhere", "/reply/", "x",
        "%3Fa",
    ] {
        paths.push(format!("{own}{tail}"));
    }
    paths.push(format!("/api/v1/tickets/{}", ticket.to_uppercase()));
    paths.push(format!("/api/v1/tickets/{}", ticket.replace('-', "")));
    paths.push(format!("/api/v1/tickets/%7b{ticket}%7d"));
    paths.push(format!("/api/v1/tickets/%20{ticket}"));
    for path in paths {
        let request = format!(
            "GET {path} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {}\r\nConnection: close\r\n\r\n",
            stage.hospital.token
        );
        let answer = exchange(&app, request.as_bytes()).await;
        assert_eq!(status(&answer), 404, "{path}: {answer}");
        assert!(
            answer.contains("application/problem+json") && answer.contains("not_found"),
            "{path}: {answer}"
        );
        for (name, value) in HEADERS {
            assert!(answer.contains(&format!("{name}: {value}")), "{path}: {answer}");
        }
        assert!(!answer.contains("root:"), "{path}");
    }
    app.stop().await;
}

async fn an_endless_body_is_refused(db: TestDb) {
    let app = TestApp::spawn(&db).await;
    let stage = Stage::set(&app).await;
    let place = stage.place("tickets").await;
    let before = stage.memory(&place).await;
    let head = filing(&stage.hospital.token, "Transfer-Encoding: chunked\r\n", "");
    let stream =
        TcpStream::connect(app.base().trim_start_matches("http://")).await.expect("connected");
    let (mut read, mut write) = stream.into_split();
    let pour = async {
        let chunk = [b"4000\r\n".as_slice(), &[b' '; 0x4000], b"\r\n"].concat();
        write.write_all(&head).await.expect("a head");
        // actix-web reads on for as long as the client sends, and lets it go.
        for _ in 0..1_024 {
            if write.write_all(&chunk).await.is_err() {
                break;
            }
        }
    };
    let listen = async {
        let mut answer = vec![0; 16_384];
        let length = read.read(&mut answer).await.unwrap_or_default();
        String::from_utf8_lossy(&answer[..length]).into_owned()
    };
    let poured = timeout(Duration::from_secs(8), futures::future::join(pour, listen)).await;
    let (_, answer) = poured.expect("the server answers");
    assert_eq!(status(&answer), 413, "{answer}");
    assert!(
        answer.contains("too_large") && answer.contains("application/problem+json"),
        "{answer}"
    );
    let declared =
        filing(&stage.hospital.token, "Content-Length: 1048577\r\nConnection: close\r\n", "");
    assert_eq!(
        status(&exchange(&app, &declared).await),
        413,
        "said in advance, refused in advance"
    );
    assert_eq!(stage.memory(&place).await, before);
    app.stop().await;
}

async fn a_body_that_ends_early_stores_nothing(db: TestDb) {
    let app = TestApp::spawn(&db).await;
    let stage = Stage::set(&app).await;
    let place = stage.place("tickets").await;
    let before = stage.memory(&place).await;
    let body = call("tickets").body.to_string();
    let length = format!("Content-Length: {}\r\n", body.len() + 1);
    let chunked = format!("{:x}\r\n{body}", body.len() + 1);
    for request in [
        filing(&stage.hospital.token, &length, &body),
        filing(&stage.hospital.token, "Transfer-Encoding: chunked\r\n", &chunked),
    ] {
        let address = app.base().trim_start_matches("http://");
        let mut stream = TcpStream::connect(address).await.expect("connected");
        stream.write_all(&request).await.expect("sent");
        stream.shutdown().await.expect("the writing side is closed");
        let mut answer = Vec::new();
        let read = timeout(Duration::from_secs(8), stream.read_to_end(&mut answer)).await;
        assert!(read.is_ok(), "the server gives up when the client has");
        let answer = String::from_utf8_lossy(&answer).into_owned();
        assert!(matches!(status(&answer), 0 | 400 | 408), "{answer}");
    }
    assert_eq!(stage.memory(&place).await, before);
    app.stop().await;
}

async fn requests_follow_each_other_on_a_connection(db: TestDb) {
    let app = TestApp::spawn(&db).await;
    let stage = Stage::set(&app).await;
    let body = call("tickets").body.to_string();
    let mut all = Vec::new();
    for wrong in ["{", "[]"] {
        let length = format!("Content-Length: {}\r\n", wrong.len());
        all.extend(filing(&stage.hospital.token, &length, wrong));
    }
    all.extend(filing(
        &stage.hospital.token,
        "Transfer-Encoding: chunked\r\n",
        &format!("{:X}\r\n{body}\r\n0\r\n\r\n", body.len()),
    ));
    all.extend(b"GET /health/live HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
    let answer = exchange(&app, &all).await;
    let statuses: Vec<u16> =
        answer.split("HTTP/1.1 ").skip(1).filter_map(|part| part.get(..3)?.parse().ok()).collect();
    assert_eq!(statuses, [400, 422, 201, 200], "{answer}");
    app.stop().await;
}
