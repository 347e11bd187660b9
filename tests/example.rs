//! The authorization server of `examples/`, driven by a client library that nobody here wrote, by a browser of sorts, and
//! by requests that no honest client makes.

mod browser;
mod code;
mod device;
mod hostile;
mod http;
mod pages;
mod program;
mod refresh;
mod server;
mod tokens;
