use authority_store::EventFilter;
use chrono::{DateTime, TimeDelta};
use macro_rules_attribute::apply;

use super::*;

const START: u64 = 1_795_000_000_000;

fn numbers(events: &[AuditRecord]) -> Vec<u64> {
    events.iter().map(|event| event.details["number"].as_u64().expect("a number")).collect()
}

fn actor(number: u64) -> uuid::Uuid {
    uuid::Uuid::from_u128(0x7000_8000_0000_0000_0000 | u128::from(number))
}

#[apply(both_ways)]
async fn every_combination_of_filters_finds_exactly_its_events_in_order() {
    let world = World::new().await;
    fill(&world, 0, 4000, START).await;
    let time = |milliseconds: u64| {
        DateTime::from_timestamp_millis(i64::try_from(START + milliseconds).expect("a time")).expect("a time")
    };
    let ranges = [(None, None), (Some(500), None), (Some(500), Some(3500)), (None, Some(3500))];
    let events = [
        None,
        Some(EventFilter::Is("k7.e7")),
        Some(EventFilter::Is("k7.nothing")),
        Some(EventFilter::BeginsWith("k7.")),
        Some(EventFilter::BeginsWith("k")),
        Some(EventFilter::BeginsWith("%")),
    ];
    for (since, until) in ranges {
        for event in events {
            for of_actor in [None, Some(7)] {
                for of_resource in [None, Some(1007)] {
                    for outcome in [None, Some(AuditOutcome::Failure), Some(AuditOutcome::Success)] {
                        let key = of_resource.map(|number: u64| number.to_string());
                        let filter = AuditFilter {
                            since: since.map(time),
                            until: until.map(time),
                            actor: of_actor.map(actor),
                            event,
                            resource: key.as_deref().map(|id| ResourceRef { kind: "user", id }),
                            outcome,
                        };
                        let fits = |n: &u64| {
                            let name = format!("k{}.e{}", n % 10, n % 50);
                            since.is_none_or(|since| *n >= since)
                                && until.is_none_or(|until| *n < until)
                                && of_actor.is_none_or(|actor| n % 500 == actor)
                                && of_resource.is_none_or(|resource| n % 2000 == resource)
                                && outcome.is_none_or(|outcome| {
                                    (outcome == AuditOutcome::Failure) == (n % 100 == 7)
                                })
                                && match event {
                                    None => true,
                                    Some(EventFilter::Is(is)) => name == is,
                                    Some(EventFilter::BeginsWith(prefix)) => name.starts_with(prefix),
                                }
                        };
                        let expected: Vec<u64> = (0..4000).rev().filter(fits).take(1000).collect();
                        let page =
                            world.store.page_audit_events(&filter, None, 1000).await.expect("a database");
                        assert_eq!(numbers(&page.events), expected, "{filter:?}");
                    }
                }
            }
        }
    }
}

#[apply(both_ways)]
async fn pages_neither_repeat_nor_skip_while_events_are_written() {
    let world = World::new().await;
    fill(&world, 0, 1000, START).await;
    let filters = [
        AuditFilter::default(),
        AuditFilter { event: Some(EventFilter::BeginsWith("k")), ..AuditFilter::default() },
    ];
    let mut written = 1000;
    for filter in filters {
        let (mut cursor, mut found, before) = (None, Vec::new(), written);
        loop {
            let page = world.store.page_audit_events(&filter, cursor, 97).await.expect("a database");
            assert!(page.events.len() == 97 || page.next.is_none());
            found.extend(numbers(&page.events));
            fill(&world, written, 10, START).await;
            written += 10;
            let Some(next) = page.next else { break };
            cursor = Some(next.to_string().parse().expect("a cursor"));
        }
        assert_eq!(found, (0..before).rev().collect::<Vec<_>>());
    }
}

#[apply(both_ways)]
async fn the_last_page_says_so_also_when_it_is_full_and_sizes_are_bounded() {
    let world = World::new().await;
    fill(&world, 0, 1200, START).await;
    let all = AuditFilter::default();
    let page =
        async |cursor, size| world.store.page_audit_events(&all, cursor, size).await.expect("a database");
    let first = page(None, 600).await;
    let second = page(first.next, 600).await;
    assert_eq!((first.events.len(), second.events.len()), (600, 600));
    assert!(first.next.is_some());
    assert_eq!(second.next, None);
    assert_eq!(page(None, 0).await.events.len(), 1);
    assert_eq!(page(None, u16::MAX).await.events.len(), 1000);
}

#[apply(both_ways)]
async fn times_between_milliseconds_are_kept_to() {
    let mut world = World::new().await;
    append(&mut world, "user.login", |event| event).await;
    let found = |since: Option<TimeDelta>, until: Option<TimeDelta>| AuditFilter {
        since: since.map(|delta| world.now + delta),
        until: until.map(|delta| world.now + delta),
        ..AuditFilter::default()
    };
    let (nothing, little) = (TimeDelta::zero(), TimeDelta::microseconds(1));
    assert_eq!(all(&world, &found(Some(nothing), Some(little))).await.len(), 1);
    assert_eq!(all(&world, &found(Some(little), None)).await.len(), 0);
    assert_eq!(all(&world, &found(None, Some(nothing))).await.len(), 0);
}
