//! The generated entities against real rows.

use std::fmt::Debug;

use authority_entity::{
    access_tokens, audit_logs, authorization_codes, clients, device_codes, refresh_tokens, scopes, sessions,
    settings, users,
};
use sea_orm::{
    ActiveModelBehavior, ActiveModelTrait, DatabaseConnection, EntityTrait, IntoActiveModel,
    SqlxPostgresConnector,
};
use serde::Serialize;
use sqlx::Row;

use crate::support::Database;

const ROWS: &str = include_str!("entities/rows.sql");

/// Columns that stay null because the row could not have them beside the others.
const NULL: [&str; 6] = [
    "access_tokens.dpop_jkt",
    "access_tokens.refresh_token_id",
    "clients.jwks_uri",
    "clients.tls_client_auth_subject_dn",
    "refresh_tokens.x5t_s256",
    "users.erased_at",
];

async fn with_rows() -> (Database, DatabaseConnection) {
    let database = Database::migrated().await;
    database.execute(ROWS).await;
    let connection = SqlxPostgresConnector::from_sqlx_postgres_pool(database.pool().clone());
    (database, connection)
}

async fn the_row<E: EntityTrait>(connection: &DatabaseConnection) -> E::Model {
    E::find().one(connection).await.expect("the row can be read").expect("there is a row")
}

/// Reads the row, writes all of it back, and gets the same.
async fn survives<E>(connection: &DatabaseConnection)
where
    E: EntityTrait,
    E::Model: IntoActiveModel<E::ActiveModel> + PartialEq + Debug,
    E::ActiveModel: ActiveModelTrait<Entity = E> + ActiveModelBehavior + Send,
{
    let read = the_row::<E>(connection).await;
    let written = read.clone().into_active_model().reset_all().update(connection).await;
    assert_eq!(written.expect("the row can be written"), read);
    assert_eq!(the_row::<E>(connection).await, read);
}

/// What `Debug` and serde show of the row.
async fn shown<E>(connection: &DatabaseConnection) -> [String; 2]
where
    E: EntityTrait,
    E::Model: Debug + Serialize,
{
    let row = the_row::<E>(connection).await;
    [format!("{row:?}"), serde_json::to_string(&row).expect("the row can be serialized")]
}

#[tokio::test]
async fn every_column_of_every_table_is_read_and_written_by_its_entity() {
    let (_database, connection) = with_rows().await;
    survives::<users::Entity>(&connection).await;
    survives::<clients::Entity>(&connection).await;
    survives::<scopes::Entity>(&connection).await;
    survives::<sessions::Entity>(&connection).await;
    survives::<refresh_tokens::Entity>(&connection).await;
    survives::<authorization_codes::Entity>(&connection).await;
    survives::<access_tokens::Entity>(&connection).await;
    survives::<device_codes::Entity>(&connection).await;
    survives::<audit_logs::Entity>(&connection).await;
    survives::<settings::Entity>(&connection).await;
}

#[tokio::test]
async fn the_rows_of_these_tests_leave_no_column_out() {
    let (database, _connection) = with_rows().await;
    let tables = "SELECT relname::text FROM pg_class WHERE relnamespace = 'public'::regnamespace
                  AND relkind IN ('r', 'p') AND NOT relispartition AND relname <> 'seaql_migrations' ORDER BY 1";
    let mut null = Vec::new();
    for table in sqlx::query(tables).fetch_all(database.pool()).await.expect("the tables can be listed") {
        let table: String = table.get(0);
        let columns = format!(
            "SELECT field.key FROM {table} AS t, jsonb_each(to_jsonb(t)) AS field WHERE field.value = 'null'"
        );
        let rows = sqlx::query(sqlx::AssertSqlSafe(columns)).fetch_all(database.pool()).await;
        null.extend(
            rows.expect("the row can be read")
                .iter()
                .map(|row| format!("{table}.{}", row.get::<String, _>(0))),
        );
    }
    null.sort();
    assert_eq!(null, NULL);
}

#[tokio::test]
async fn neither_debug_nor_serde_shows_a_secret() {
    let (_database, connection) = with_rows().await;
    let shown = [
        shown::<users::Entity>(&connection).await,
        shown::<clients::Entity>(&connection).await,
        shown::<sessions::Entity>(&connection).await,
        shown::<refresh_tokens::Entity>(&connection).await,
        shown::<authorization_codes::Entity>(&connection).await,
        shown::<access_tokens::Entity>(&connection).await,
        shown::<device_codes::Entity>(&connection).await,
    ]
    .concat();
    // 0x5a is 90, and each secret of the rows is a run of it or holds this salt.
    for text in shown {
        for secret in ["90, 90", "90,90", "5a5a", "ZZZZ", "argon2id", "c29tZXNhbHQ"] {
            assert!(!text.contains(secret), "{secret} is in {text}");
        }
    }
}

#[tokio::test]
async fn an_enum_is_serialized_as_its_label() {
    let (_database, connection) = with_rows().await;
    let client =
        serde_json::to_value(the_row::<clients::Entity>(&connection).await).expect("a client is JSON");
    assert_eq!(client["token_endpoint_auth_method"], "client_secret_basic");
    assert_eq!(client["grant_types"][2], "urn:ietf:params:oauth:grant-type:device_code");
}
