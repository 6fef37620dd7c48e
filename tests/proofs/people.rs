//! Who acts in proofs: the demo's hospital and manufacturer, and what they write.
//!
//! **Never** signs in more often than needed: sessions outlive the process that made them.

use std::net::SocketAddr;

use serde_json::{Value, json};

use super::client::{Client, Request};

/// Everybody's of the demo.
pub(crate) const PASSWORD: &str = "supplyline-demo";
/// A product of `maker`, which `hospital` has an agreement for.
pub(crate) const PRODUCT: &str = "XA01ABD075A002010100594";

/// Those who act on a ticket, by their sessions.
#[derive(Debug, Clone)]
pub(crate) struct People {
    pub(crate) hospital: String,
    pub(crate) maker: String,
}

impl People {
    /// Signs them in.
    pub(crate) async fn sign_in(address: SocketAddr) -> Self {
        Self {
            hospital: sign_in(address, "hospital").await,
            maker: sign_in(address, "maker").await,
        }
    }
}

/// A session of one of the demo's people.
pub(crate) async fn sign_in(address: SocketAddr, username: &str) -> String {
    let answer = Client::to(address).send(&signing_in(username)).await;
    let answer = answer.expect("the service answers");
    let token = answer.json()["token"].as_str().map(str::to_owned);
    token.unwrap_or_else(|| panic!("{username}: {} {}", answer.status, answer.text()))
}

/// The request that signs one of the demo's people in.
pub(crate) fn signing_in(username: &str) -> Request {
    let body = json!({ "username": username, "password": PASSWORD });
    let request = Request::post("/api/v1/session".to_owned(), "", String::new(), &body);
    Request { key: None, ..request }
}

/// What is done to a ticket in its life, in this order.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Deed {
    File,
    Message,
    Attach,
    Reply,
    Answer,
    Solve,
    Confirm,
}

impl Deed {
    pub(crate) const LIFE: [Self; 7] = [
        Self::File,
        Self::Message,
        Self::Attach,
        Self::Reply,
        Self::Answer,
        Self::Solve,
        Self::Confirm,
    ];

    /// The kind of the event that it leaves in the timeline.
    pub(crate) fn event(self) -> &'static str {
        match self {
            Self::File => "filed",
            Self::Message | Self::Answer => "message",
            Self::Attach => "attached",
            Self::Reply => "replied",
            Self::Solve => "solved",
            Self::Confirm => "confirmed",
        }
    }

    /// The request that does it to a ticket, known again by its mark, which is its key, too.
    pub(crate) fn request(self, people: &People, ticket: &str, mark: &str) -> Request {
        let (action, token, body) = match self {
            Self::File => return filing(&people.hospital, mark),
            Self::Attach => return attaching(&people.hospital, ticket, mark),
            Self::Message => {
                ("messages", &people.hospital, json!({ "body": mark, "audience": "all" }))
            }
            Self::Answer => ("messages", &people.maker, json!({ "body": mark, "audience": "all" })),
            Self::Reply => ("reply", &people.maker, reply(mark)),
            Self::Solve => {
                ("solve", &people.maker, json!({ "message": mark, "delivered_quantity": 500 }))
            }
            Self::Confirm => {
                ("confirm", &people.hospital, json!({ "result": "solved", "comment": mark }))
            }
        };
        Request::post(format!("/api/v1/tickets/{ticket}/{action}"), token, mark.to_owned(), &body)
    }
}

/// A filing whose summary is its mark.
pub(crate) fn filing(token: &str, mark: &str) -> Request {
    let body = json!({
        "product_code": PRODUCT,
        "category": "supply_stop",
        "urgency": "ordinary",
        "summary": mark,
        "description": "连续三周下单均未配送，库存仅够两天，请尽快安排供货。",
        "quantity_short": 500,
        "unit": "盒",
        "days_of_stock": 2,
        "order_refs": ["DD-0001"],
        "contact": { "name": "张心晴", "phone": "13900000001" },
    });
    Request::post("/api/v1/tickets".to_owned(), token, mark.to_owned(), &body)
}

fn reply(mark: &str) -> Value {
    let week = chrono::TimeDelta::days(7);
    json!({
        "cause": "logistics",
        "promised_on": (chrono::Utc::now() + week).date_naive().to_string(),
        "promised_quantity": 500,
        "message": mark,
        "contact": { "name": "曹秋然", "phone": "13900000003" },
    })
}

/// The bytes of the file that goes with a mark.
pub(crate) fn file_of(mark: &str) -> Vec<u8> {
    format!("停供说明 {mark}\n").repeat(200).into_bytes()
}

fn attaching(token: &str, ticket: &str, mark: &str) -> Request {
    let boundary = "a-boundary-of-proofs";
    let head = format!(
        "--{boundary}\r\nContent-Disposition: form-data; name=\"kind\"\r\n\r\norder_screenshot\r\n\
         --{boundary}\r\nContent-Disposition: form-data; name=\"file\"; filename=\"{mark}.txt\"\r\n\
         Content-Type: text/plain\r\n\r\n"
    );
    let tail = format!("\r\n--{boundary}--\r\n");
    Request {
        method: "POST",
        path: format!("/api/v1/tickets/{ticket}/attachments"),
        token: token.to_owned(),
        key: Some(mark.to_owned()),
        media_type: format!("multipart/form-data; boundary={boundary}"),
        body: [head.into_bytes(), file_of(mark), tail.into_bytes()].concat(),
    }
}
