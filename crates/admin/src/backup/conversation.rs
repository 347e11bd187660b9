//! Talking with a `psql` that reads statements from a pipe.

use std::fs::File;
use std::io::{self, BufRead, BufReader, Write};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::thread;

/// The pipes to and from `psql`. All of it blocks.
pub(super) struct Conversation {
    stdin: File,
    answers: Receiver<String>,
    /// What nobody who wrote the file that is restored can know.
    token: String,
}

impl Conversation {
    /// Takes over the pipes of a `psql` that prints tuples only.
    pub(super) fn new(stdin: File, stdout: File, token: String) -> Self {
        let (sender, answers) = channel();
        let mark = token.clone();
        thread::spawn(move || listen(stdout, &mark, &sender));
        Self { stdin, answers, token }
    }

    /// Passes statements on, whatever they print. Fails when `psql` has ended, which it does at the first error.
    pub(super) fn tell(&mut self, sql: &str) -> io::Result<()> {
        self.stdin.write_all(sql.as_bytes())
    }

    /// Asks a query of one column without line breaks; the answers. Fails when `psql` has ended.
    pub(super) fn ask(&mut self, query: &str) -> io::Result<Vec<String>> {
        let Self { token, .. } = self;
        let framed = format!("SELECT '{token} begin';\n{query};\nSELECT '{token} end';\n");
        self.stdin.write_all(framed.as_bytes())?;
        let mut answers = Vec::new();
        loop {
            let line = self.answers.recv().map_err(|_| io::Error::from(io::ErrorKind::BrokenPipe))?;
            match line.strip_prefix(&self.token) {
                Some(" begin") => answers.clear(),
                Some(" end") => return Ok(answers),
                _ => answers.push(line),
            }
        }
    }
}

impl Write for Conversation {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.stdin.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.stdin.flush()
    }
}

/// Reads everything, so that `psql` never waits, and passes on what stands between the marks.
fn listen(stdout: File, token: &str, answers: &Sender<String>) {
    let mut between = false;
    for line in BufReader::new(stdout).split(b'\n').map_while(Result::ok) {
        let line = String::from_utf8_lossy(&line).into_owned();
        let mark = line.strip_prefix(token).map(str::to_owned);
        between |= mark.as_deref() == Some(" begin");
        if between && answers.send(line).is_err() {
            between = false;
        }
        between &= mark.as_deref() != Some(" end");
    }
}
