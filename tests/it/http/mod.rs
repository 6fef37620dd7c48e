//! HTTP as clients use it, rightly and wrongly.

mod attachments;
mod bad_fields;
mod bad_requests;
mod checks;
mod directory;
mod duplicates_and_order;
mod evidence;
mod exports;
mod headers;
mod imports;
mod keys_and_tags;
mod ledger;
mod life;
mod notices;
mod paging;
mod policies;
mod reckoning;
mod requests;
mod sessions;
mod shortage;
mod stage;
mod stream;
mod tenancy;
mod texts;
mod values;
mod wire;
