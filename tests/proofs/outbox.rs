//! What the outbox says of its letters, to be compared with what receivers have.
//!
//! **Never** asks the service: the keys of letters are made here again, by what is promised of them.

use std::collections::HashMap;

use sha2::{Digest as _, Sha256};
use uuid::Uuid;

use super::cluster::Reader;

/// A letter of a ticket's, as it stands in the table.
#[derive(Debug, Clone)]
pub(crate) struct Kept {
    pub(crate) channel: String,
    pub(crate) state: String,
    /// What its receiver knows it by, without what each channel puts around it.
    pub(crate) id: String,
}

/// Every letter of tickets whose summary begins so.
pub(crate) async fn letters(reader: &Reader, prefix: &str) -> Vec<Kept> {
    let (ticket, recipient) = (reader.id("ticket_id"), reader.id("recipient_id"));
    let sql = format!(
        "select channel, state, {ticket}, cast(event as text), kind, {recipient} from delivery \
         where channel in ('mail', 'sms') \
         and ticket_id in (select id from ticket where summary like '{prefix}%')"
    );
    let rows = reader.rows(&sql).await;
    let uuid = |text: &str| Uuid::parse_str(text).expect("an id");
    let kept = |row: Vec<String>| {
        let key = format!("{}:{}:{}:{}", uuid(&row[2]), row[3], row[4], uuid(&row[5]));
        let digest = Sha256::digest(key);
        let id = digest.iter().take(16).map(|byte| format!("{byte:02x}")).collect();
        Kept { channel: row[0].clone(), state: row[1].clone(), id }
    };
    rows.into_iter().map(kept).collect()
}

/// Lets whatever waits leave now: the schedule of attempts takes two days, and quiet hours a night.
pub(crate) async fn hasten(reader: &Reader) {
    let long_ago = "(select min(filed_at) from ticket)";
    reader
        .execute(&format!(
            "update delivery set due_at = {long_ago} \
             where state = 'queued' and claimed_until is null and due_at > {long_ago}"
        ))
        .await;
}

/// Ends the leases of processes that are dead, two minutes early.
pub(crate) async fn end_leases(reader: &Reader) {
    reader
        .execute(
            "update delivery set claimed_until = (select min(filed_at) from ticket) \
             where claimed_until is not null",
        )
        .await;
}

/// How many letters wait.
pub(crate) async fn queued(reader: &Reader) -> i64 {
    reader.number("select count(*) from delivery where state = 'queued'").await
}

/// How often each id stands in a list.
pub(crate) fn counted(ids: impl Iterator<Item = String>) -> HashMap<String, usize> {
    let mut counts = HashMap::new();
    ids.for_each(|id| *counts.entry(id).or_insert(0) += 1);
    counts
}

/// The id in a mail's `Message-ID`.
pub(crate) fn message_id(raw: &[u8]) -> String {
    let text = String::from_utf8_lossy(raw);
    let line = text.lines().find(|line| line.to_ascii_lowercase().starts_with("message-id:"));
    let inside = line.and_then(|line| line.split_once('<')).map(|(_, rest)| rest);
    inside.and_then(|rest| rest.split_once('@')).map(|(id, _)| id.to_owned()).unwrap_or_default()
}
