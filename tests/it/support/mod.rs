//! What the tests stand on: databases, a small world, servers to talk to.
//!
//! **Never** a mock of our own modules.

pub(crate) mod app;
pub(crate) mod browser;
pub(crate) mod db;
pub(crate) mod form;
pub(crate) mod papers;
pub(crate) mod postgres;
pub(crate) mod s3;
pub(crate) mod server;
pub(crate) mod smtp;
pub(crate) mod sse;
pub(crate) mod standby;
pub(crate) mod station;
pub(crate) mod webhook;
pub(crate) mod world;
