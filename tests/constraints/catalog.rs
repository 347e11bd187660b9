use std::collections::BTreeMap;

use sqlx::{PgConnection, Row};

/// What the database says about its own tables. Partitions are left out: they have what their table has.
pub(super) struct Catalog {
    /// The server's `server_version_num`.
    pub(super) version: i32,
    pub(super) tables: BTreeMap<String, Vec<Column>>,
    pub(super) objects: Vec<Object>,
    pub(super) foreign_keys: Vec<ForeignKey>,
    pub(super) conditions: Vec<Condition>,
    /// The table or index that a partition belongs to, for errors name the partition.
    roots: BTreeMap<String, String>,
}

pub(super) struct Column {
    pub(super) name: String,
    pub(super) not_null: bool,
    /// The enum that it or its elements are of.
    pub(super) enumeration: Option<String>,
    pub(super) is_array: bool,
    pub(super) in_primary_key: bool,
    /// The name of its type.
    pub(super) data_type: String,
}

/// A constraint, an index that refuses or leaves out rows, a trigger or an enum.
pub(super) struct Object {
    /// None for an enum, which belongs to no table.
    pub(super) table: Option<String>,
    pub(super) name: String,
    pub(super) kind: Kind,
    /// The condition of a check or a partial index.
    pub(super) definition: Option<String>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Check,
    Unique,
    PrimaryKey,
    ForeignKey,
    /// It refuses nothing: rows are in it or not.
    PartialIndex,
    Trigger,
    Enum,
    /// Something that these tests do not know.
    Other,
}

pub(super) struct ForeignKey {
    pub(super) table: String,
    pub(super) name: String,
    pub(super) column: String,
    pub(super) parent: String,
}

/// A function that says yes or no, which checks call.
pub(super) struct Condition {
    pub(super) name: String,
    /// The statement that makes it.
    definition: String,
    body: String,
    /// The table and the name of each check that calls it.
    pub(super) checks: Vec<(String, String)>,
}

impl Catalog {
    pub(super) async fn read(connection: &mut PgConnection) -> Self {
        let version = "SELECT current_setting('server_version_num')::int";
        let version = sqlx::query_scalar(version).fetch_one(&mut *connection).await.expect("a version");
        let objects = sqlx::query(OBJECTS).fetch_all(&mut *connection).await.expect("the objects");
        let keys = sqlx::query(FOREIGN_KEYS).fetch_all(&mut *connection).await.expect("the foreign keys");
        let roots = sqlx::query(ROOTS).fetch_all(&mut *connection).await.expect("the partitions");
        let functions = sqlx::query(CONDITIONS).fetch_all(&mut *connection).await.expect("the functions");
        Self {
            version,
            tables: tables(connection).await,
            objects: objects
                .iter()
                .map(|row| Object {
                    table: row.get("table_name"),
                    name: row.get("name"),
                    kind: Kind::from_letter(row.get("kind")),
                    definition: row.get("definition"),
                })
                .collect(),
            foreign_keys: keys
                .iter()
                .map(|row| ForeignKey {
                    table: row.get("table_name"),
                    name: row.get("name"),
                    column: row.get("column_name"),
                    parent: row.get("parent"),
                })
                .collect(),
            conditions: functions
                .iter()
                .map(|row| Condition {
                    name: row.get("name"),
                    definition: row.get("definition"),
                    body: row.get("body"),
                    checks: row
                        .get::<Vec<String>, _>("tables")
                        .into_iter()
                        .zip(row.get::<Vec<String>, _>("checks"))
                        .collect(),
                })
                .collect(),
            roots: roots.iter().map(|row| (row.get("name"), row.get("root"))).collect(),
        }
    }

    /// What a case of this table may be about; enums are everybody's.
    pub(super) fn object(&self, table: &str, name: &str) -> Option<&Object> {
        self.objects.iter().find(|object| {
            object.name == name && object.table.as_deref().is_none_or(|its_table| its_table == table)
        })
    }

    /// The checks of a table by name.
    pub(super) fn checks(&self, table: &str) -> impl Iterator<Item = &str> {
        let of_table = self.objects.iter().filter(move |object| object.table.as_deref() == Some(table));
        of_table.filter(|object| object.kind == Kind::Check).map(|check| &check.name[..])
    }

    /// The name itself, or that of the table or index of which it is a partition.
    pub(super) fn root<'a>(&'a self, name: &'a str) -> &'a str {
        self.roots.get(name).map_or(name, String::as_str)
    }
}

impl Condition {
    /// What it returns, unless it is more than one expression.
    pub(super) fn expression(&self) -> Option<&str> {
        self.body.trim().strip_prefix(BEFORE)?.strip_suffix(AFTER)
    }

    /// The statement that has it return something else.
    pub(super) fn returning(&self, expression: &str) -> String {
        let body = match self.expression() {
            Some(_) => format!("{BEFORE}{expression}{AFTER}"),
            None => format!("SELECT {expression}"),
        };
        self.definition.replace(&self.body, &body)
    }
}

/// What stands around the expression that a function in PL/pgSQL returns.
const BEFORE: &str = "BEGIN RETURN ";
const AFTER: &str = "; END";

impl Kind {
    fn from_letter(letter: &str) -> Self {
        match letter {
            "c" => Self::Check,
            "u" => Self::Unique,
            "p" => Self::PrimaryKey,
            "f" => Self::ForeignKey,
            "i" => Self::PartialIndex,
            "t" => Self::Trigger,
            "e" => Self::Enum,
            _ => Self::Other,
        }
    }
}

async fn tables(connection: &mut PgConnection) -> BTreeMap<String, Vec<Column>> {
    let mut tables = BTreeMap::<_, Vec<_>>::new();
    for row in sqlx::query(COLUMNS).fetch_all(connection).await.expect("the columns") {
        tables.entry(row.get("table_name")).or_default().push(Column {
            name: row.get("name"),
            not_null: row.get("not_null"),
            enumeration: row.get("enumeration"),
            is_array: row.get("is_array"),
            in_primary_key: row.get("in_primary_key"),
            data_type: row.get("data_type"),
        });
    }
    tables
}

/// Constraints, without those of version 18 that say what `attnotnull` says; indexes that no constraint
/// has made; triggers that no constraint has made; enums.
const OBJECTS: &str = "
    WITH tables AS (
        SELECT oid, relname::text AS table_name FROM pg_class
        WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'p') AND NOT relispartition
          AND relname <> 'seaql_migrations'
    )
    SELECT table_name, conname::text AS name, contype::text AS kind,
           pg_get_expr(conbin, conrelid) AS definition
    FROM pg_constraint JOIN tables ON tables.oid = conrelid
    WHERE contype NOT IN ('n', 't')
    UNION ALL
    SELECT table_name, pg_class.relname::text, CASE WHEN indisunique THEN 'u' ELSE 'i' END,
           pg_get_expr(indpred, indrelid)
    FROM pg_index JOIN tables ON tables.oid = indrelid JOIN pg_class ON pg_class.oid = indexrelid
    WHERE (indisunique OR indpred IS NOT NULL)
      AND NOT EXISTS (SELECT FROM pg_constraint WHERE conindid = indexrelid AND conrelid = indrelid)
    UNION ALL
    SELECT table_name, tgname::text, 't', NULL
    FROM pg_trigger JOIN tables ON tables.oid = tgrelid
    WHERE NOT tgisinternal
    UNION ALL
    SELECT NULL, typname::text, 'e', NULL
    FROM pg_type WHERE typtype = 'e' AND typnamespace = 'public'::regnamespace
    ORDER BY 1, 2";

const COLUMNS: &str = "
    SELECT relname::text AS table_name, attname::text AS name, attnotnull AS not_null,
           enum.typname::text AS enumeration, type.typcategory = 'A' AS is_array,
           coalesce(attnum = ANY (conkey), false) AS in_primary_key,
           format_type(atttypid, atttypmod) AS data_type
    FROM pg_class
    JOIN pg_attribute ON attrelid = pg_class.oid AND attnum > 0 AND NOT attisdropped
    JOIN pg_type type ON type.oid = atttypid
    LEFT JOIN pg_type enum ON enum.oid IN (type.oid, type.typelem) AND enum.typtype = 'e'
    LEFT JOIN pg_constraint ON conrelid = pg_class.oid AND contype = 'p'
    WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'p') AND NOT relispartition
      AND relname <> 'seaql_migrations'
    ORDER BY relname, attnum";

const FOREIGN_KEYS: &str = "
    SELECT child.relname::text AS table_name, conname::text AS name, attname::text AS column_name,
           parent.relname::text AS parent
    FROM pg_constraint
    JOIN pg_class child ON child.oid = conrelid
    JOIN pg_class parent ON parent.oid = confrelid
    JOIN pg_attribute ON attrelid = conrelid AND attnum = ANY (conkey)
    WHERE contype = 'f' AND NOT child.relispartition AND child.relnamespace = 'public'::regnamespace
    ORDER BY 1, 2";

/// Functions that return a boolean, with the checks of tables that call them.
const CONDITIONS: &str = "
    SELECT proname::text AS name, pg_get_functiondef(pg_proc.oid) AS definition, prosrc AS body,
           array_remove(array_agg(relname::text ORDER BY relname, conname), NULL) AS tables,
           array_remove(array_agg(conname::text ORDER BY relname, conname), NULL) AS checks
    FROM pg_proc
    LEFT JOIN pg_depend ON refclassid = 'pg_proc'::regclass AND refobjid = pg_proc.oid
                       AND classid = 'pg_constraint'::regclass
    LEFT JOIN (pg_constraint JOIN pg_class ON pg_class.oid = conrelid AND NOT relispartition)
           ON pg_constraint.oid = objid
    WHERE pronamespace = 'public'::regnamespace AND prorettype = 'boolean'::regtype
    GROUP BY pg_proc.oid, proname, prosrc
    ORDER BY 1";

const ROOTS: &str = "
    SELECT relname::text AS name, pg_partition_root(oid)::regclass::text AS root
    FROM pg_class
    WHERE relispartition AND relnamespace = 'public'::regnamespace";
