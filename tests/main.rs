//! The tests that need a PostgreSQL server, in one program: a file for each area.

mod support;

mod constraints;
mod database_setup;
mod migrations;
mod pgbouncer;
mod schema;
mod tune;
