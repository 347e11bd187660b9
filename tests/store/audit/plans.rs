use super::*;
use crate::store::plans::generic_plan;

/// 2026-11-01 and the first of the three months after it, in milliseconds.
const MONTHS: [u64; 4] = [1_793_491_200_000, 1_796_083_200_000, 1_798_761_600_000, 1_801_440_000_000];

#[tokio::test]
async fn an_index_serves_every_combination_of_filters_in_a_generic_plan() {
    let world = World::new().await;
    for (number, pair) in MONTHS.windows(2).enumerate() {
        let id = |milliseconds: u64| uuid::Uuid::from_u128(u128::from(milliseconds) << 80);
        let sql = format!(
            "CREATE TABLE audit_logs_{number} PARTITION OF audit_logs FOR VALUES FROM ('{}') TO ('{}')",
            id(pair[0]),
            id(pair[1])
        );
        world.database.execute(&sql).await;
    }
    for month in MONTHS {
        fill(&world, 0, 20_000, month).await;
    }
    world.database.execute("ANALYZE audit_logs").await;
    let all = "'00000000-0000-0000-0000-000000000000', 'ffffffff-ffff-ffff-ffff-ffffffffffff', 100, NULL";
    let actor = "'00000000-0000-7000-8000-000000000007'";
    for kind in ["page", "export"] {
        for (of, more, condition) in [
            ("", String::new(), "id >= $1"),
            ("_of_event", ", 'k7.e7'".to_owned(), "event = $5"),
            ("_of_actor", format!(", {actor}, NULL, NULL"), "actor_id = $5"),
            ("_of_resource", ", NULL, NULL, NULL, 'user', '7'".to_owned(), "resource_id = $9"),
            ("_of_events", ", 'k7.'".to_owned(), "event = n.event"),
        ] {
            let plan =
                generic_plan(&world.database, &format!("audit_logs.{kind}{of}"), &format!("{all}{more}"))
                    .await;
            let conditions: Vec<_> = plan.lines().filter(|line| line.contains("Index Cond")).collect();
            let serving = conditions.iter().filter(|line| line.contains("$1") && line.contains("id < $2"));
            let serving: Vec<_> = serving.collect();
            assert_eq!(serving.len(), 4, "{of}: {plan}");
            assert!(serving.iter().all(|line| line.contains(condition)), "{of}: {plan}");
            assert!(!plan.contains("Seq Scan") && !plan.contains("Bitmap"), "{of}: {plan}");
            // Events of several names come in an order for each; only what was found of them is sorted.
            assert_eq!(
                plan.matches("Sort Key").count(),
                plan.matches("Merge Append").count() + usize::from(of == "_of_events"),
                "{of}: {plan}"
            );
        }
    }
}
