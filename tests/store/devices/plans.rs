use super::*;
use crate::store::plans::generic_plan;

#[tokio::test]
async fn an_index_finds_a_code_in_a_generic_plan() {
    let world = world().await;
    let sql = format!(
        "INSERT INTO device_codes (id, digest, user_code, client_id, status, answered_at, issued_at, expires_at)
         SELECT (lpad(to_hex(n), 12, '0') || '70008000' || lpad(to_hex(n), 12, '0'))::uuid, sha256(n::text::bytea),
                'CODE' || n, '{}', (CASE n % 2 WHEN 0 THEN 'pending' ELSE 'denied' END)::device_code_status,
                CASE n % 2 WHEN 1 THEN now() END, now(), now() + interval '5 minutes'
         FROM generate_series(10000, 30000) n;
         ANALYZE device_codes",
        world.client
    );
    world.database.execute(&sql).await;
    let id = "'00000000-0000-7000-8000-000000000001'";
    let audited = "NULL, NULL, NULL, NULL, NULL, now()";
    for (operation, values, index) in [
        (
            "issue",
            format!("{id}, '', 'CODE1', {id}, '{{}}', '{{}}', 5, NULL, NULL"),
            "uq_device_codes_user_code",
        ),
        ("look_up", "'CODE1', NULL, NULL".to_owned(), "uq_device_codes_user_code"),
        ("answer", format!("{id}, 'CODE1', {id}, {id}, 'approved', NULL"), "pk_device_codes"),
        (
            "exchange",
            format!("{id}, '', '', {id}, NULL, NULL, {id}, '', '{{}}', NULL, NULL, NULL, NULL"),
            "pk_device_codes",
        ),
    ] {
        let name = format!("device_codes.{operation}");
        let plan = generic_plan(&world.database, &name, &format!("{audited}, {values}")).await;
        assert!(plan.contains(&format!("Index Scan using {index} on device_codes")), "{plan}");
        assert!(!plan.contains("Seq Scan on device_codes"), "{plan}");
    }
}
