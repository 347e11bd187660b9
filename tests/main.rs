//! The tests that need a PostgreSQL server, in one program: a file for each area.

mod support;

mod constraints;
mod database_setup;
mod entities;
mod migrations;
mod pgbouncer;
mod programs;
mod runner;
mod schema;
mod seed;
mod tune;
mod workspace;
