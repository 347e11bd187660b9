/// How much of a statement is looked at; what comes later is text.
const LOOKED_AT: usize = 64 * 1024;

/// One statement: as it stands, and its code.
#[derive(Default)]
pub(super) struct Statement {
    /// All of it, with the comments before it.
    pub(super) raw: Vec<u8>,
    /// Whether its semicolon was reached.
    pub(super) ended: bool,
    /// Words in lower case and single spaces; texts are `'`, quoted names keep their quotes.
    code: Vec<u8>,
    parentheses: u32,
    /// How deep in `BEGIN ATOMIC … END` and `CASE … END` of a function's body.
    blocks: u32,
}

/// What is to become of a statement.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Verdict {
    Run,
    /// It says something about this server's roles or settings that is none of a backup's business.
    LeaveOut,
    /// It makes a table of `public`.
    CreateTable(String),
    /// Rows follow.
    CopyRows,
}

impl Statement {
    /// Whether there is no code yet.
    pub(super) fn is_empty(&self) -> bool {
        self.code.is_empty()
    }

    /// Adds a byte of code.
    pub(super) fn code(&mut self, byte: u8) {
        if !is_word(byte) {
            self.count_blocks();
        }
        match byte {
            b'(' => self.parentheses += 1,
            b')' => self.parentheses = self.parentheses.saturating_sub(1),
            b';' if self.parentheses == 0 && self.blocks == 0 => self.ended = true,
            _ => {}
        }
        if byte.is_ascii_whitespace() {
            if !self.code.is_empty() && self.code.last() != Some(&b' ') {
                self.push(b' ');
            }
        } else {
            self.push(byte.to_ascii_lowercase());
        }
    }

    /// Adds a byte of a quoted name, in which nothing means anything, or its closing quote.
    pub(super) fn named(&mut self, byte: u8) {
        self.push(if is_word(byte) || byte == b'"' || byte >= 0x80 { byte } else { b'_' });
    }

    fn push(&mut self, byte: u8) {
        if self.code.len() < LOOKED_AT {
            self.code.push(byte);
        }
    }

    /// What is to become of it. Fails with a sentence where it must not be run.
    pub(super) fn verdict(&self) -> Result<Verdict, String> {
        let code = String::from_utf8_lossy(&self.code);
        let code = code.trim_end_matches(';').trim();
        let words: Vec<&str> = code.split(' ').take(8).collect();
        let is = |start: &[&str]| words.starts_with(start);
        let names_strings =
            self.raw.windows(27).any(|part| part.eq_ignore_ascii_case(b"standard_conforming_strings"));
        if names_strings && code != "set standard_conforming_strings = on" {
            return Err("it changes how texts are quoted".to_owned());
        }
        match words[0] {
            "" | "grant" | "revoke" => return Ok(Verdict::LeaveOut),
            // Large objects come in transactions of their own.
            "begin" | "commit" if words.len() == 1 => return Ok(Verdict::LeaveOut),
            "begin" | "start" | "commit" | "end" | "rollback" | "abort" | "savepoint" | "release" => {
                return Err(format!("it ends or nests transactions: {}", words.join(" ")));
            }
            "prepare" if is(&["prepare", "transaction"]) => {
                return Err("it leaves a prepared transaction".to_owned());
            }
            "set" if code == "set transaction_timeout = 0" => return Ok(Verdict::LeaveOut),
            "alter" if is(&["alter", "default", "privileges"]) || changes_owner(code) => {
                return Ok(Verdict::LeaveOut);
            }
            "copy" if copies_rows(code) => return Ok(Verdict::CopyRows),
            "copy" => return Err(format!("it copies from or to elsewhere: {}", words.join(" "))),
            "create" => {}
            _ => return Ok(Verdict::Run),
        }
        let table = words.iter().take(3).position(|word| *word == "table").and_then(|at| words.get(at + 1));
        let name =
            table.and_then(|name| name.split('(').next()).and_then(|name| name.strip_prefix("public."));
        Ok(name.map_or(Verdict::Run, |name| Verdict::CreateTable(name.trim_matches('"').to_owned())))
    }

    /// In the body of a function that is SQL itself, semicolons do not end the statement. `psql` counts the
    /// same way.
    fn count_blocks(&mut self) {
        if self.code.len() == LOOKED_AT {
            return;
        }
        let start = self.code.iter().rposition(|byte| !is_word(*byte));
        let word = &self.code[start.map_or(0, |at| at + 1)..];
        match word {
            b"begin" if self.makes_routine() => self.blocks += 1,
            b"case" if self.blocks > 0 => self.blocks += 1,
            b"end" if self.blocks > 0 => self.blocks -= 1,
            _ => {}
        }
    }

    fn makes_routine(&self) -> bool {
        ["create function", "create procedure", "create or replace function", "create or replace procedure"]
            .iter()
            .any(|start| self.code.starts_with(start.as_bytes()))
    }
}

/// `COPY table [(columns)] FROM stdin`, after which `psql` takes lines for rows. Anything else that looks like it
/// must not be taken for it: what follows would be run.
fn copies_rows(code: &str) -> bool {
    let Some(rest) = code.strip_prefix("copy ") else { return false };
    let rest = rest[rest.find([' ', '(']).unwrap_or(rest.len())..].trim_start();
    let rest = match rest.strip_prefix('(').map(|columns| columns.split_once(')')) {
        Some(Some((columns, rest))) if !columns.contains('(') => rest.trim_start(),
        Some(_) => return false,
        None => rest,
    };
    rest == "from stdin"
}

fn is_word(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte == b'_'
}

/// `ALTER … OWNER TO role`.
fn changes_owner(code: &str) -> bool {
    code.rsplit_once(" owner to ").is_some_and(|(_, role)| !role.is_empty() && !role.contains([';', ',']))
}
