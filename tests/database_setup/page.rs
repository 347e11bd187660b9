use std::path::{Path, PathBuf};

/// A block of code of the page.
#[derive(Debug)]
pub(super) struct Block {
    /// Where it begins, counted from 1.
    pub(super) line: usize,
    /// `bash`, `sql`, `ini` or `text`.
    pub(super) language: String,
    pub(super) text: String,
}

impl Block {
    /// By which the table of treatments knows it.
    pub(super) fn first_line(&self) -> &str {
        self.text.lines().next().unwrap_or_default()
    }
}

/// The folder of the page.
pub(super) fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("a folder of the workspace").join("docs")
}

pub(super) fn page() -> String {
    std::fs::read_to_string(folder().join("database-setup.md")).expect("the page")
}

/// The fenced blocks, in their order. Panics at one that is not closed.
pub(super) fn blocks(page: &str) -> Vec<Block> {
    let mut blocks = Vec::new();
    let mut lines = page.lines().enumerate();
    while let Some((at, line)) = lines.next() {
        let Some(language) = line.trim_start().strip_prefix("```") else { continue };
        let mut text = String::new();
        loop {
            let (_, line) =
                lines.next().unwrap_or_else(|| panic!("the block of line {} is not closed", at + 1));
            if line.trim_start() == "```" {
                break;
            }
            text.push_str(line);
            text.push('\n');
        }
        blocks.push(Block { line: at + 1, language: language.to_owned(), text });
    }
    blocks
}

/// What stands in the first column of the table under a heading, without its quotes.
pub(super) fn first_column<'a>(page: &'a str, heading: &str) -> Vec<&'a str> {
    let (_, section) = page.split_once(&format!("\n{heading}\n")).unwrap_or_else(|| panic!("no {heading}"));
    let section = section.split("\n#").next().unwrap_or_default();
    let rows = section.lines().skip_while(|line| !line.starts_with("| ---"));
    let rows = rows.filter_map(|line| line.strip_prefix("| `"));
    rows.filter_map(|row| row.split('`').next()).collect()
}

#[test]
fn blocks_are_found_with_their_languages() {
    let found = blocks("a\n```bash\nls\n\npwd\n```\n```sql\nSELECT 1;\n```\n");
    let found: Vec<_> = found.iter().map(|it| (it.line, it.language.as_str(), it.text.as_str())).collect();
    assert_eq!(found, [(2, "bash", "ls\n\npwd\n"), (7, "sql", "SELECT 1;\n")]);
}
