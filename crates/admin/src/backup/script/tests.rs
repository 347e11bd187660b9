use super::Script;

/// What of a script would be run.
fn run(script: &str) -> Result<String, String> {
    let mut reader = Script::new();
    let mut run = Vec::new();
    for line in script.as_bytes().split_inclusive(|byte| *byte == b'\n') {
        reader.line(line, &mut run)?;
    }
    reader.finish()?;
    Ok(String::from_utf8(run).unwrap())
}

#[test]
fn what_pg_dump_writes_passes_unchanged() {
    let script = r#"--
-- PostgreSQL database dump
--

SET standard_conforming_strings = on;
SELECT pg_catalog.set_config('search_path', '', false);
CREATE FUNCTION public.f(a text) RETURNS boolean
    LANGUAGE sql
    AS $_$ SELECT a ~ '\d' AND $$ ; \! $$ = $1; $_$;
CREATE FUNCTION public.g(a integer) RETURNS integer
    LANGUAGE sql
    BEGIN ATOMIC
 SELECT CASE WHEN (a > 0) THEN 1 ELSE 2 END AS "case";
 SELECT 2;
END;
CREATE RULE r AS ON INSERT TO public.t DO ALSO (SELECT 1; SELECT 2);
COMMENT ON TABLE public.users IS 'It''s \ ; -- not a comment';
INSERT INTO public.t VALUES (E'a\'b;\\', e'\\', 'x
\y', "odd;\name", U&'\0041');
/* one /* in another */ \! not run */
COPY public.users (id, name) FROM stdin;
\\N	\!
--
\N	; COMMIT;
\.

-- PostgreSQL database dump complete
"#;
    assert_eq!(run(script).as_deref(), Ok(script));
}

#[test]
fn owners_privileges_and_restrictions_are_left_out() {
    let script = "\\restrict abc123\nSET transaction_timeout = 0;\nALTER TABLE public.users OWNER TO authority;\n\
                  ALTER FUNCTION public.f(a text) OWNER TO \"odd role\";\nGRANT SELECT ON TABLE public.users TO authority_app;\n\
                  REVOKE ALL ON SCHEMA public FROM PUBLIC;\n\
                  ALTER DEFAULT PRIVILEGES FOR ROLE a IN SCHEMA public GRANT SELECT ON TABLES TO b;\n\
                  BEGIN;\nSELECT 1;\nCOMMIT;\n\\unrestrict abc123\n";
    let run = run(script).unwrap();
    assert_eq!(run.trim(), "SELECT 1;");
}

#[test]
fn commands_of_psql_are_refused_wherever_it_would_run_them() {
    for script in [
        "\\! id\n",
        "SELECT 1; \\! id\n",
        "SELECT 1 \\g | id\n",
        "SELECT '\\'; \\! id\n",
        "SELECT E'\\'' \\! id --'\n",
        "SELECT $a$ $b$ $a$ \\! id\n",
        "SELECT a$b$ \\! id $b$\n",
        "SELECT \"a\"\"\" \\! id\n",
        "SELECT E'a''\\''; \\! id --'\n",
        "COPY \"a from stdin\" FROM '/dev/null';\n\\! id\n",
        "COPY (SELECT 1 from stdin) TO stdout;\n\\! id\n",
        "COPY t FROM PROGRAM 'id';\n",
        "/* /* */ */ \\! id\n",
        "\\restrict a b\n",
        "\\restrict a`id`\n",
        "\\unrestrict\n",
        "COPY public.t FROM stdin;\n1\n\\.\n\\copy t from program 'id'\n",
        "COPY public.t FROM stdin; \\! id\n1\n\\.\n",
        "COPY public.t FROM stdin; SELECT 1;\n1\n\\.\n",
    ] {
        assert!(run(script).is_err(), "{script}");
    }
}

#[test]
fn what_could_end_the_transaction_or_change_the_quoting_is_refused() {
    for script in [
        "ROLLBACK;\n",
        "COMMIT AND CHAIN;\n",
        "/* */ End;\n",
        "SELECT 1; abort;\n",
        "START TRANSACTION;\n",
        "PREPARE TRANSACTION 'x';\n",
        "SAVEPOINT a;\n",
        "SET standard_conforming_strings = off;\n",
        "SELECT set_config('Standard_Conforming_Strings', 'off', false);\n",
    ] {
        assert!(run(script).is_err(), "{script}");
    }
}

#[test]
fn a_script_that_ends_too_early_is_refused() {
    let whole =
        "CREATE TABLE public.t (\n    a text DEFAULT 'x;'\n);\nCOPY public.t (a) FROM stdin;\nb\n\\.\n";
    for end in 1..whole.len() {
        let part = &whole[..end];
        let ends_a_statement = part.trim_end().ends_with(");") || part.trim_end().ends_with("\\.");
        assert_eq!(run(part).is_ok(), ends_a_statement, "{part:?}");
    }
}

#[test]
fn the_tables_that_a_script_makes_are_known() {
    let mut reader = Script::new();
    let mut run = Vec::new();
    for line in [
        "CREATE TABLE public.users (\n",
        "    id uuid\n",
        ");\n",
        "CREATE UNLOGGED TABLE public.\"Odd\" (a text);\n",
        "CREATE TABLE other.sessions (a text);\n",
        "CREATE INDEX table_x ON public.users (id);\n",
    ] {
        reader.line(line.as_bytes(), &mut run).unwrap();
    }
    let tables: Vec<_> = reader.tables().iter().map(String::as_str).collect();
    assert_eq!(tables, ["Odd", "users"]);
    assert!(!reader.is_complete());
}
