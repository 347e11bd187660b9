use std::path::Path;

/// Compares a text with `snapshots/<area>/<name>.snap`.
pub(crate) fn assert_snapshot(area: &str, name: &str, text: &str) {
    let mut settings = insta::Settings::clone_current();
    settings.set_snapshot_path(Path::new(env!("CARGO_MANIFEST_DIR")).join("snapshots").join(area));
    settings.set_prepend_module_to_snapshot(false);
    settings.set_omit_expression(true);
    settings.bind(|| insta::assert_snapshot!(name, text));
}

/// Compares texts, by name, with the snapshots of an area.
pub(crate) fn assert_snapshots(area: &str, texts: &[(String, String)]) {
    for (name, text) in texts {
        assert_snapshot(area, name, text);
    }
}
