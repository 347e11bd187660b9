//! What a client can ask for.

use crate::Migration;
use crate::ddl::{Script, flag, length, one_line, scope_list, table, text, text_array, timestamptz_now};

pub(super) const MIGRATION: Migration = Migration::new(module_path!(), up, down);

fn up() -> Script {
    Script::new()
        .create_table(
            table("scopes", "OAuth scopes (RFC 6749 section 3.3). Known by name, not by id: tokens carry the names.")
                .column(text("name").comment("The scope token itself, such as openid."))
                .column(text("display_name").comment("Name that people see on the consent page."))
                .column(text("description").comment("What granting it means, in words for the consent page."))
                .column(text_array("claims").comment("Claims about the user that it releases (OpenID Connect Core 5.4)."))
                .column(flag("is_default", false).comment("Granted to a client that asks for no scope (RFC 6749 section 3.3)."))
                .column(flag("is_system", false).comment("Authority depends on it: it can be neither deleted nor renamed, nor stop being a system scope."))
                .column(flag("requires_consent", true).comment("A person is asked before it is granted."))
                .column(timestamptz_now("created_at"))
                .column(timestamptz_now("updated_at"))
                .primary_key("name")
.finite_times()
                .check("name", "name ~ '^[]!#-[^-~]{1,128}$'")
                .check("display_name", one_line("display_name", 200))
                .check("description", length("description", 2000))
                .check("claims", scope_list("claims")),
        )
        .sql(
            "CREATE FUNCTION keep_system_scope() RETURNS trigger
    LANGUAGE plpgsql
    AS $$
BEGIN
    RAISE EXCEPTION '%', CASE TG_OP
            WHEN 'TRUNCATE' THEN 'scopes cannot be truncated: system scopes can be neither deleted nor renamed'
            ELSE format('scope \"%s\" is a system scope: it can be neither deleted nor renamed', OLD.name) END
        USING ERRCODE = 'restrict_violation', SCHEMA = TG_TABLE_SCHEMA, TABLE = TG_TABLE_NAME, CONSTRAINT = TG_NAME;
END
$$",
        )
        .sql("COMMENT ON FUNCTION keep_system_scope() IS 'Refuses the statement that fired it.'")
        .sql(
            "CREATE TRIGGER tr_scopes_keep_system_on_delete BEFORE DELETE ON \"scopes\"
    FOR EACH ROW WHEN (OLD.is_system) EXECUTE FUNCTION keep_system_scope()",
        )
        .sql(
            "CREATE TRIGGER tr_scopes_keep_system_on_update BEFORE UPDATE ON \"scopes\"
    FOR EACH ROW WHEN (OLD.is_system AND (NEW.name <> OLD.name OR NOT NEW.is_system)) EXECUTE FUNCTION keep_system_scope()",
        )
        .sql(
            "CREATE TRIGGER tr_scopes_keep_system_on_truncate BEFORE TRUNCATE ON \"scopes\"
    FOR EACH STATEMENT EXECUTE FUNCTION keep_system_scope()",
        )
}

fn down() -> Script {
    Script::new().sql("DROP TABLE \"scopes\"").sql("DROP FUNCTION keep_system_scope()")
}
