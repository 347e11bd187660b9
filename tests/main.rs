//! The tests that need a PostgreSQL server, in one program: a file for each area.

mod support;

mod backup;
mod bench;
mod connection;
mod constraints;
mod database_setup;
mod doctor;
mod entities;
mod example;
mod maintain;
mod migrations;
mod pgbouncer;
mod programs;
mod runner;
mod schema;
mod seed;
mod servers;
mod setup;
mod store;
mod tls;
mod tune;
mod workspace;
