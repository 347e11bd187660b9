//! The tests that need a PostgreSQL server, in one program: a file for each area.

mod support;

mod backup;
mod constraints;
mod entities;
mod migrations;
mod programs;
mod runner;
mod schema;
mod workspace;
