//! Live updates: what has just changed, told at once to whoever listens and may know it.
//!
//! ```text
//! feed ──one poll──▶ hub ──ring of news──▶ listener: its own place, scope and session
//!   └──────────────── what a listener missed ──────────▲
//! ```
//!
//! The hub reads each change once, whoever made it on whichever replica, and keeps the last of
//! them in a ring. A listener takes what comes after its place out of the ring; what has left the
//! ring before it came, it reads from the table. So a slow one costs no memory and misses nothing.
//! While nobody listens, nothing is read.
//!
//! **Never** tells a listener anything but through [`crate::domain::feed::News::seen_by`], and
//! nothing more once its session has ended.

mod hub;
mod listener;
mod register;
mod ring;

pub use hub::Hub;
pub use listener::{Begun, Heard, Listener};
pub use register::{Full, MOST_STREAMS};
