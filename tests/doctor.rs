//! `doctor`: every check finds what is wrong on a real server, is silent where nothing is, and names what mends it.

mod accounts;
mod examination;
mod healthy;
mod indexes;
mod own_server;
mod partitions;
mod pooler;
mod privileges;
mod reachability;
mod replica;
mod requirements;
mod schema;
mod security;
mod sessions;
mod settings;
mod storage;
mod usage;

use examination::{Examination, examine};
