use std::collections::BTreeSet;
use std::path::PathBuf;

/// Compares a text with `snapshots/<area>/<name>.snap`.
pub(crate) fn assert_snapshot(area: &str, name: &str, text: &str) {
    let mut settings = insta::Settings::clone_current();
    settings.set_snapshot_path(directory(area));
    settings.set_prepend_module_to_snapshot(false);
    settings.set_omit_expression(true);
    settings.bind(|| insta::assert_snapshot!(name, text));
}

/// Compares texts, by name, with all the snapshots of an area. A snapshot of something that is gone fails.
pub(crate) fn assert_snapshots(area: &str, texts: &[(String, String)]) {
    for (name, text) in texts {
        assert_snapshot(area, name, text);
    }
    let files = directory(area).read_dir().expect("the folder of the snapshots");
    let files = files.map(|file| file.expect("a file").file_name().to_string_lossy().into_owned());
    let kept: BTreeSet<_> = files.filter_map(|name| name.strip_suffix(".snap").map(str::to_owned)).collect();
    let made: BTreeSet<_> = texts.iter().map(|(name, _)| name.clone()).collect();
    assert_eq!(kept, made, "snapshots/{area} holds a snapshot for each, and no other");
}

fn directory(area: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("snapshots").join(area)
}
