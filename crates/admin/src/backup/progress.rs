use std::path::Path;
use std::time::Duration;

use indicatif::{ProgressBar, ProgressStyle};

/// How far a command is, on standard error where that is a terminal, and nowhere otherwise.
pub(super) struct Progress(ProgressBar);

impl Progress {
    /// Progress towards an unknown end.
    pub(super) fn open_ended(what: &'static str) -> Self {
        Self::with(ProgressBar::no_length(), "{spinner} {msg} {bytes}, {bytes_per_sec}, {elapsed}", what)
    }

    /// Progress through a number of bytes.
    pub(super) fn through(what: &'static str, bytes: u64) -> Self {
        let template = "{spinner} {msg} {bytes} of {total_bytes} ({percent} %), {bytes_per_sec}, {eta} left";
        Self::with(ProgressBar::new(bytes), template, what)
    }

    /// Progress without any numbers.
    pub(super) fn unmeasured(what: &'static str) -> Self {
        Self::with(ProgressBar::no_length(), "{spinner} {msg}, {elapsed}", what)
    }

    /// What is told of bytes as they pass, on any thread.
    pub(super) fn counter(&self) -> impl Fn(u64) + Send + 'static {
        let bar = self.0.clone();
        move |bytes| bar.inc(bytes)
    }

    /// So many bytes in all.
    pub(super) fn at(&self, bytes: u64) {
        self.0.set_position(bytes);
    }

    fn with(bar: ProgressBar, template: &str, what: &'static str) -> Self {
        if let Ok(style) = ProgressStyle::with_template(template) {
            bar.set_style(style);
        }
        bar.set_message(what);
        bar.enable_steady_tick(Duration::from_millis(200));
        Self(bar)
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        self.0.finish_and_clear();
    }
}

/// The size of a file, or of all files in a directory.
pub(super) fn size(path: &Path) -> u64 {
    if !path.is_dir() {
        return path.metadata().map_or(0, |metadata| metadata.len());
    }
    let files = path.read_dir().into_iter().flatten().flatten();
    files.filter_map(|file| file.metadata().ok()).map(|metadata| metadata.len()).sum()
}

/// A number of bytes for people.
pub(super) fn in_words(bytes: u64) -> String {
    indicatif::HumanBytes(bytes).to_string()
}
