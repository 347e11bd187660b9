use super::*;
use crate::fixture::{check, column, foreign_key, grant, index, schema, strings};
use crate::model::{Deferral, Domain, Enum, Function, Grant, ReferentialAction, Sequence, View};

#[test]
fn a_table_is_one_line_an_item_with_comments_beneath() {
    let expected = "\
table users
    -- People who log in. A row outlives its owner's erasure.

columns
  id                               uuid                             not null
      -- The id.
  email                            text                             not null
      -- The email.
  role                             user_role                        not null default 'user'::user_role
      -- The role.

primary key
  pk_users                         (id)

checks
  ck_users_email                   (length(email) <= 320) OR (email = '|'::text)
      -- Longer ones | are refused.

indexes
  uq_users_email                   unique btree (lower(email))

grants
  app                              INSERT, SELECT, UPDATE
";
    assert_eq!(table(schema().table("users").unwrap()), expected);
}

#[test]
fn partitions_and_grants_on_columns_are_shown() {
    let schema = schema();
    let logs = table(schema.table("audit_logs").unwrap());
    let partitions =
        "partitions by RANGE (id)\n  audit_logs_default               DEFAULT with (fillfactor=100)\n";
    assert!(logs.ends_with(partitions), "{logs}");
    let sessions = table(schema.table("sessions").unwrap());
    assert!(sessions.contains("btree (user_id) where user_id IS NOT NULL\n"), "{sessions}");
    let grants =
        "app                              SELECT\n  app                              UPDATE (tags)\n";
    assert!(sessions.ends_with(grants), "{sessions}");
}

#[test]
fn a_foreign_key_shows_only_what_is_not_the_default() {
    let mut of = Table { name: "t".into(), ..Table::default() };
    let mut key = foreign_key("fk_t_a_b", &["a", "b"], "u", &["x", "y"]);
    key.on_delete = ReferentialAction::SetNull;
    key.on_delete_columns = strings(&["b"]);
    key.on_update = ReferentialAction::Cascade;
    key.deferral = Deferral::InitiallyDeferred;
    key.validated = false;
    of.foreign_keys = vec![key];
    let long = "  fk_t_a_b                         (a, b)
      -> u (x, y) on delete set null (b) on update cascade deferrable initially deferred not valid\n";
    assert!(table(&of).ends_with(long), "{}", table(&of));
    of.foreign_keys = vec![crate::model::ForeignKey {
        on_delete: ReferentialAction::NoAction,
        ..foreign_key("fk_t_a", &["a"], "u", &["x"])
    }];
    assert!(table(&of).ends_with("  fk_t_a                           (a) -> u (x)\n"), "{}", table(&of));
}

#[test]
fn a_long_check_is_broken_at_its_outermost_conditions() {
    let mut of = Table { name: "t".into(), ..Table::default() };
    let long = "(kind = 'a'::text) AND ((secret IS NULL) OR (octet_length(secret) = 32)) AND (name <> ' AND '::text)";
    of.checks = vec![check("ck_t_kind", long)];
    let broken = "checks
  ck_t_kind
      (kind = 'a'::text)
      AND ((secret IS NULL) OR (octet_length(secret) = 32))
      AND (name <> ' AND '::text)\n";
    assert!(table(&of).ends_with(broken), "{}", table(&of));
}

#[test]
fn an_invalid_index_stands_out() {
    let mut of = Table { name: "t".into(), ..Table::default() };
    of.indexes = vec![crate::model::Index { valid: false, ..index("idx_t_a", &["a"]) }];
    assert!(table(&of).ends_with("btree (a) INVALID\n"));
}

#[test]
fn comments_are_wrapped_and_cannot_pass_for_items() {
    let mut of = column("a", "text", false);
    of.comment = Some(format!("{}end\n\nindexes", "word ".repeat(30)));
    let of = Table { name: "t".into(), columns: vec![of], ..Table::default() };
    let text = table(&of);
    assert!(text.lines().all(|line| line.len() <= 110), "{text}");
    assert!(text.ends_with("word end\n      --\n      -- indexes\n"), "{text}");
}

#[test]
fn a_change_of_one_item_changes_its_lines_only() {
    let before = schema();
    let mut after = before.clone();
    after.tables[2]
        .columns
        .insert(1, column("a_name_that_is_much_longer_than_every_other_one", "text", false));
    let (before, after) = (whole(&before), whole(&after));
    let added: Vec<_> = after.lines().filter(|line| !before.lines().any(|other| other == *line)).collect();
    assert_eq!(added.len(), 2, "{added:?}");
    assert_eq!(after.lines().count(), before.lines().count() + 2);
}

#[test]
fn built_in_grants_are_left_out_and_their_absence_is_not() {
    let mut of = schema();
    assert_eq!(access(&of), "");
    assert!(!enums(&of).contains("grants"));
    of.enums[0].grants.clear();
    assert!(enums(&of).ends_with("  admin\n  grants none\n"));
    of.grants = vec![Grant { grantable: strings(&["USAGE"]), ..grant("app", &["CREATE", "USAGE"]) }];
    assert_eq!(access(&of), "schema public\n  grants app: CREATE, USAGE with grant option\n");
}

#[test]
fn a_label_that_is_no_plain_word_is_quoted() {
    let labels = strings(&["plain", "two words", "it's", ""]);
    let of =
        Schema { enums: vec![Enum { name: "e".into(), labels, ..Enum::default() }], ..Schema::default() };
    assert_eq!(enums(&of), "enum e\n  plain\n  'two words'\n  'it''s'\n  ''\n  grants none\n");
}

#[test]
fn the_other_objects_have_documents_of_their_own() {
    let usage = vec![grant("PUBLIC", &["USAGE"])];
    let of = Schema {
        domains: vec![Domain {
            name: "scope_name".into(),
            data_type: "text".into(),
            not_null: true,
            default: Some("'openid'::text".into()),
            checks: vec![check("ck_scope_name", "length(VALUE) < 64")],
            grants: usage.clone(),
            ..Domain::default()
        }],
        functions: vec![Function {
            name: "touch".into(),
            definition: "CREATE OR REPLACE FUNCTION public.touch()\n RETURNS trigger".into(),
            grants: vec![grant("PUBLIC", &["EXECUTE"])],
            ..Function::default()
        }],
        sequences: vec![Sequence {
            name: "s".into(),
            data_type: "bigint".into(),
            start: 1,
            increment: 1,
            minimum: 1,
            maximum: 9,
            cache: 1,
            cycle: true,
            owned_by: Some("t.a".into()),
            ..Sequence::default()
        }],
        views: vec![View { name: "v".into(), columns: vec![column("a", "text", false)], ..View::default() }],
        grants: usage,
        ..schema()
    };
    let names: Vec<_> = documents(&of).into_iter().map(|(name, _)| name).collect();
    let expected = [
        "domains",
        "enums",
        "functions",
        "sequences",
        "table-audit_logs",
        "table-sessions",
        "table-users",
        "views",
    ];
    assert_eq!(names, expected);
    let domain = "domain scope_name as text not null default 'openid'::text
  ck_scope_name                    length(VALUE) < 64\n";
    assert_eq!(domains(&of), domain);
    let function = "function touch()\n  CREATE OR REPLACE FUNCTION public.touch()\n   RETURNS trigger\n";
    assert_eq!(functions(&of), function);
    assert_eq!(
        sequences(&of),
        "sequence s\n  bigint start 1 by 1 from 1 to 9 cache 1 cycle\n  owned by t.a\n"
    );
    assert_eq!(views(&of), "view v\n  a                                text\n      -- The a.\n");
}
