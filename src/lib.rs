//! Supplyline: the channel through which hospitals get the drugs they are owed.

pub mod domain;
