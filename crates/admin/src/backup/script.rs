//! The SQL of a backup, statement by statement.
//!
//! `psql` executes more than SQL: a backslash command in a file from elsewhere can run any program on the machine
//! that restores it. So what is restored is read with `psql`'s own idea of quotes, comments and COPY data, and
//! everything is refused that `pg_dump` does not write. Nor may a file end the transaction that it is restored in.

mod statement;
#[cfg(test)]
mod tests;

use std::collections::BTreeSet;

use statement::{Statement, Verdict};

/// What is read next.
#[derive(Clone, Debug, PartialEq, Eq)]
enum State {
    Code,
    /// A string; with backslash escapes, where it began with E.
    Text {
        escapes: bool,
    },
    /// A quoted identifier.
    Name,
    /// A dollar-quoted string with its tag.
    Dollar(Vec<u8>),
    /// A comment, with how many others it is in.
    Comment(u32),
    /// Rows of COPY.
    Rows,
}

/// Reads a script line by line, passes on what may be run, and learns what it makes.
pub(super) struct Script {
    state: State,
    statement: Statement,
    tables: BTreeSet<String>,
    complete: bool,
}

impl Script {
    /// A script of which nothing is read yet.
    pub(super) fn new() -> Self {
        Self { state: State::Code, statement: Statement::default(), tables: BTreeSet::new(), complete: false }
    }

    /// Reads a line, which ends in a line feed unless it is the last, and appends what is to be run to `run`.
    ///
    /// Owners and privileges are left out, as by `--no-owner` and `--no-privileges`: their roles need not exist
    /// here. Fails with a sentence on what has no place in a backup.
    pub(super) fn line(&mut self, line: &[u8], run: &mut Vec<u8>) -> Result<(), String> {
        if self.state == State::Rows {
            run.extend_from_slice(line);
            if line.trim_ascii_end() == b"\\." {
                self.state = State::Code;
            }
            return Ok(());
        }
        if self.state == State::Code && self.statement.is_empty() {
            if is_restriction(line) {
                return Ok(());
            }
            self.complete |= line.trim_ascii_end() == b"-- PostgreSQL database dump complete";
        }
        let mut at = 0;
        while at < line.len() {
            let rest = &line[at..];
            let taken = match self.state.clone() {
                State::Code => self.code(line, at)?,
                State::Text { escapes: true } if rest.starts_with(b"\\") => rest.len().min(2),
                State::Text { .. } => self.until(rest, b"'"),
                State::Name => self.until(rest, b"\""),
                State::Dollar(tag) => self.until(rest, &tag),
                State::Comment(depth) => {
                    let (taken, deeper) = comment(rest, depth);
                    self.state = if deeper == 0 { State::Code } else { State::Comment(deeper) };
                    taken
                }
                State::Rows => return Err(after_copy(rest)),
            };
            self.statement.raw.extend_from_slice(&line[at..at + taken]);
            at += taken;
            if self.statement.ended {
                self.decide(run)?;
                if self.state == State::Rows {
                    if !line[at..].trim_ascii().is_empty() {
                        return Err(after_copy(&line[at..]));
                    }
                    run.extend_from_slice(&line[at..]);
                    return Ok(());
                }
            }
        }
        if self.state == State::Code && self.statement.is_empty() {
            // Blank lines and comments between statements.
            run.append(&mut self.statement.raw);
        }
        Ok(())
    }

    /// The end. Fails with a sentence where a statement, or the rows of a table, are not complete.
    pub(super) fn finish(&self) -> Result<(), String> {
        match self.state {
            State::Rows => Err("it ends within the rows of a table".to_owned()),
            State::Code if self.statement.is_empty() => Ok(()),
            _ => Err("it ends within a statement".to_owned()),
        }
    }

    /// The tables of the schema `public` that were made.
    pub(super) fn tables(&self) -> &BTreeSet<String> {
        &self.tables
    }

    /// Whether `pg_dump` said that this is all.
    pub(super) fn is_complete(&self) -> bool {
        self.complete
    }

    /// Takes the next piece outside of quotes; how long it is.
    fn code(&mut self, line: &[u8], at: usize) -> Result<usize, String> {
        let rest = &line[at..];
        let before = at.checked_sub(1).map(|before| line[before]);
        match rest[0] {
            b'-' if rest.starts_with(b"--") => Ok(rest.len()),
            b'/' if rest.starts_with(b"/*") => {
                self.state = State::Comment(1);
                Ok(2)
            }
            b'\\' => Err(format!("it holds a command for psql: {}", shown(rest))),
            b'\'' => {
                let escapes = matches!(before, Some(b'e' | b'E'))
                    && !continues_word(at.checked_sub(2).map(|at| line[at]));
                self.state = State::Text { escapes };
                self.statement.code(b'\'');
                Ok(1)
            }
            b'"' => {
                self.state = State::Name;
                self.statement.code(b'"');
                Ok(1)
            }
            b'$' if !continues_word(before) => {
                let tag = dollar_tag(rest).unwrap_or_default().to_vec();
                let length = tag.len().max(1);
                self.statement.code(if tag.is_empty() { b'$' } else { b'\'' });
                if !tag.is_empty() {
                    self.state = State::Dollar(tag);
                }
                Ok(length)
            }
            byte => {
                self.statement.code(byte);
                Ok(1)
            }
        }
    }

    /// Takes what stands before the end of a quotation, and that end; how long it is. In names, what is quoted
    /// counts; in texts it does not.
    fn until(&mut self, rest: &[u8], end: &[u8]) -> usize {
        let is_name = self.state == State::Name;
        let escape = self.state == State::Text { escapes: true };
        let stop = |window: &[u8]| window == end || (escape && window == b"\\");
        let found = rest.windows(end.len()).position(stop);
        if is_name {
            rest[..found.unwrap_or(rest.len())].iter().for_each(|byte| self.statement.named(*byte));
        }
        let Some(found) = found else { return rest.len() };
        if escape && rest[found] == b'\\' {
            return found;
        }
        let doubled = end.len() == 1 && rest.get(found + 1) == Some(&end[0]);
        if doubled {
            return found + 2;
        }
        self.state = State::Code;
        if is_name {
            self.statement.named(b'"');
        }
        found + end.len()
    }

    fn decide(&mut self, run: &mut Vec<u8>) -> Result<(), String> {
        let statement = std::mem::take(&mut self.statement);
        match statement.verdict()? {
            Verdict::Run => run.extend_from_slice(&statement.raw),
            Verdict::LeaveOut => {}
            Verdict::CreateTable(name) => {
                run.extend_from_slice(&statement.raw);
                self.tables.insert(name);
            }
            Verdict::CopyRows => {
                run.extend_from_slice(&statement.raw);
                self.state = State::Rows;
            }
        }
        Ok(())
    }
}

/// `\restrict` and `\unrestrict`, which `pg_dump` writes since August 2025: whoever restores says it better.
fn is_restriction(line: &[u8]) -> bool {
    let argument = line.strip_prefix(b"\\restrict ").or_else(|| line.strip_prefix(b"\\unrestrict "));
    argument.is_some_and(|key| key.trim_ascii_end().iter().all(u8::is_ascii_alphanumeric))
}

/// `$$` or `$tag$` at the start of a text.
fn dollar_tag(text: &[u8]) -> Option<&[u8]> {
    let length = text[1..].iter().position(|byte| *byte == b'$')?;
    let tag = &text[1..=length];
    let is_tag = tag.iter().all(|byte| continues_word(Some(*byte)) && *byte != b'$')
        && !tag.first().is_some_and(u8::is_ascii_digit);
    is_tag.then_some(&text[..length + 2])
}

fn continues_word(byte: Option<u8>) -> bool {
    byte.is_some_and(|byte| byte.is_ascii_alphanumeric() || byte == b'_' || byte == b'$' || byte >= 0x80)
}

/// Takes the next piece of a comment: how long it is, and in how many comments one is after it.
fn comment(rest: &[u8], depth: u32) -> (usize, u32) {
    match rest.windows(2).position(|two| two == b"/*" || two == b"*/") {
        None => (rest.len(), depth),
        Some(at) if rest[at] == b'/' => (at + 2, depth + 1),
        Some(at) => (at + 2, depth - 1),
    }
}

fn after_copy(rest: &[u8]) -> String {
    format!("something stands after COPY on its line: {}", shown(rest))
}

/// The start of a text, for an error.
fn shown(text: &[u8]) -> String {
    let text = String::from_utf8_lossy(text);
    text.trim().chars().take(40).filter(|char| !char.is_control()).collect()
}
