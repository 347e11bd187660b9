use super::*;
use crate::Schema;
use crate::fixture::{check, column, foreign_key, index, key, schema, strings};
use crate::model::{Index, IndexKey, ReferentialAction, Table};

fn objects(findings: Vec<Finding>) -> Vec<String> {
    findings.into_iter().map(|finding| finding.object).collect()
}

fn with_indexes(indexes: Vec<Index>) -> Schema {
    let table = Table {
        name: "t".into(),
        primary_key: Some(key("pk_t", &["id"])),
        foreign_keys: vec![foreign_key("fk_t_a_b", &["a", "b"], "u", &["x", "y"])],
        indexes,
        ..Table::default()
    };
    Schema { tables: vec![table], ..Schema::default() }
}

fn partial(name: &str, columns: &[&str], predicate: &str) -> Index {
    Index { predicate: Some(predicate.into()), ..index(name, columns) }
}

fn unique(name: &str, columns: &[&str]) -> Index {
    Index { unique: true, ..index(name, columns) }
}

#[test]
fn a_schema_that_keeps_to_the_rules_has_no_findings() {
    let schema = schema();
    let all = [
        unindexed_foreign_keys(&schema),
        cascades_without_index(&schema),
        invalid_indexes(&schema),
        duplicate_indexes(&schema),
        naming(&schema, &[]),
        timestamps_without_time_zone(&schema),
        tables_without_comment(&schema),
        columns_without_comment(&schema),
    ];
    assert_eq!(all.concat(), []);
}

#[test]
fn an_index_serves_a_foreign_key_by_its_leading_columns_in_any_order() {
    for served in [
        index("i", &["a", "b"]),
        index("i", &["b", "a", "c"]),
        partial("i", &["a", "b"], "b IS NOT NULL"),
        partial("i", &["a", "b"], "(a IS NOT NULL)"),
    ] {
        assert_eq!(unindexed_foreign_keys(&with_indexes(vec![served.clone()])), [], "{served:?}");
    }
    for not in [
        index("i", &["a"]),
        index("i", &["a", "c", "b"]),
        partial("i", &["a", "b"], "c IS NOT NULL"),
        partial("i", &["a", "b"], "(a IS NOT NULL) AND (c > 1)"),
        Index { valid: false, ..index("i", &["a", "b"]) },
        Index { method: "gin".into(), ..index("i", &["a", "b"]) },
        Index { keys: vec![IndexKey { column: None, definition: "lower(a)".into() }], ..index("i", &[]) },
    ] {
        let findings = unindexed_foreign_keys(&with_indexes(vec![not.clone()]));
        assert_eq!(objects(findings), ["fk_t_a_b"], "{not:?}");
    }
}

#[test]
fn the_index_of_a_key_serves_a_foreign_key_too() {
    let mut schema = with_indexes(Vec::new());
    schema.tables[0].primary_key = Some(key("pk_t", &["b", "a"]));
    assert_eq!(unindexed_foreign_keys(&schema), []);
}

#[test]
fn a_comment_excuses_a_missing_index_but_not_a_cascade() {
    let mut schema = with_indexes(Vec::new());
    let key = &mut schema.tables[0].foreign_keys[0];
    key.comment = Some("Unindexed: because.".into());
    key.on_delete = ReferentialAction::Cascade;
    assert_eq!(unindexed_foreign_keys(&schema), []);
    let findings = cascades_without_index(&schema);
    assert_eq!(findings[0].message, "is on delete cascade, which reads all of t for every row");
    schema.tables[0].foreign_keys[0].on_delete = ReferentialAction::Restrict;
    assert_eq!(cascades_without_index(&schema), []);
}

#[test]
fn an_index_that_another_begins_with_is_superfluous() {
    let found = |indexes| objects(duplicate_indexes(&with_indexes(indexes)));
    assert_eq!(found(vec![index("i1", &["a"]), index("i2", &["a", "b"])]), ["i1"]);
    assert_eq!(found(vec![index("i1", &["a"]), index("i2", &["a"])]), ["i2"]);
    assert_eq!(found(vec![index("i1", &["id"])]), ["i1"]);
    assert_eq!(found(vec![unique("u", &["a"]), index("i", &["a"])]), ["i"]);
    assert_eq!(found(vec![unique("u1", &["a"]), unique("u2", &["a"])]), ["u2"]);
}

#[test]
fn an_index_that_is_kept_is_superfluous_beside_none_and_others_are_beside_it() {
    let found = |indexes| {
        objects(duplicate_indexes_except(&with_indexes(indexes), |table, index| {
            assert_eq!(table, "t");
            index == "kept"
        }))
    };
    let none: [&str; 0] = [];
    assert_eq!(found(vec![index("kept", &["a"]), index("j", &["a", "b"])]), none);
    assert_eq!(found(vec![index("i", &["a"]), index("kept", &["a"])]), ["i"]);
    assert_eq!(found(vec![index("i", &["a"]), index("j", &["a"]), index("kept", &["b"])]), ["j"]);
}

#[test]
fn an_index_that_adds_something_is_not_superfluous() {
    let found = |indexes| objects(duplicate_indexes(&with_indexes(indexes)));
    let none: [&str; 0] = [];
    assert_eq!(found(vec![unique("u", &["a"]), index("i", &["a", "b"])]), none);
    assert_eq!(found(vec![index("i", &["a"]), partial("p", &["a", "b"], "c")]), none);
    let including = Index { include: strings(&["c"]), ..index("i", &["a"]) };
    assert_eq!(found(vec![including, index("j", &["a", "b"])]), none);
    let descending = IndexKey { column: Some("a".into()), definition: "a DESC".into() };
    let descending = Index { keys: vec![descending], ..index("d", &[]) };
    assert_eq!(found(vec![descending, index("i", &["a", "b"])]), none);
}

#[test]
fn names_follow_the_convention_unless_excepted() {
    let mut schema = with_indexes(vec![
        index("idx_t_a", &["a"]),
        unique("idx_t_b", &["b"]),
        index("idx_tokens_user_id", &["user_id"]),
        index("idx_t_", &["c"]),
    ]);
    let table = &mut schema.tables[0];
    table.primary_key = Some(key("t_pkey", &["id"]));
    table.uniques = vec![key("uq_t_c", &["c"])];
    table.foreign_keys[0].name = "fk_t_a".into();
    table.checks = vec![check("ck_other", "true"), check("ck_t_kind", "true")];
    let findings = objects(naming(&schema, &["idx_tokens_user_id"]));
    assert_eq!(findings, ["t_pkey", "fk_t_a", "ck_other", "idx_t_b", "idx_t_"]);
}

#[test]
fn a_name_that_postgresql_cut_follows_the_convention() {
    let mut schema = with_indexes(Vec::new());
    let columns = ["a_rather_long_name_of_a_column", "another_rather_long_name_of_a_column"];
    let name = &format!("fk_t_{}", columns.join("_"))[..63];
    schema.tables[0].foreign_keys = vec![foreign_key(name, &columns, "u", &["x", "y"])];
    assert_eq!(naming(&schema, &[]), []);
}

#[test]
fn timestamps_need_a_time_zone_and_things_need_words() {
    let mut schema = with_indexes(Vec::new());
    let mut silent = column("at", "timestamp(3) without time zone", true);
    silent.comment = Some(" ".into());
    schema.tables[0].columns = vec![silent, column("due", "timestamp with time zone", true)];
    assert_eq!(objects(timestamps_without_time_zone(&schema)), ["t.at"]);
    assert_eq!(objects(tables_without_comment(&schema)), ["t"]);
    assert_eq!(objects(columns_without_comment(&schema)), ["t.at"]);
}

#[test]
fn an_invalid_index_is_found() {
    let schema = with_indexes(vec![Index { valid: false, ..index("idx_t_a", &["a"]) }]);
    assert_eq!(objects(invalid_indexes(&schema)), ["idx_t_a"]);
}
