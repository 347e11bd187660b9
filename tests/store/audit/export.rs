use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};

use authority_store::{AuditCursor, EventFilter, ExportError, ExportFormat, Store};
use chrono::SecondsFormat;
use macro_rules_attribute::apply;
use serde_json::Value;
use tokio::io::AsyncWrite;

use super::*;

const START: u64 = 1_795_000_000_000;
const BATCH: u64 = 1000;

/// Counts the lines that it is given, a little at a time, and how many more events the store has read than that.
struct Counting {
    store: Store,
    lines: u64,
    furthest: u64,
}

impl Counting {
    fn read(&self) -> u64 {
        let metrics = self.store.metrics();
        let export = metrics.statements.iter().find(|statement| statement.name == "audit_logs.export");
        export.expect("a statement").calls * BATCH
    }
}

impl AsyncWrite for Counting {
    fn poll_write(mut self: Pin<&mut Self>, _: &mut Context<'_>, octets: &[u8]) -> Poll<io::Result<usize>> {
        let ahead = self.read().saturating_sub(self.lines);
        self.furthest = self.furthest.max(ahead);
        let some = &octets[..octets.len().min(8192)];
        self.lines += lines(some);
        Poll::Ready(Ok(some.len()))
    }

    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }
}

#[apply(both_ways)]
async fn an_export_reads_a_thousand_events_ahead_of_its_writer_and_no_more() {
    let world = World::new().await;
    fill(&world, 0, 50_000, START).await;
    let mut into = Counting { store: world.store.clone(), lines: 0, furthest: 0 };
    let exported = world
        .store
        .export_audit_events(&AuditFilter::default(), ExportFormat::JsonLines, &mut into)
        .await
        .expect("an export");
    assert_eq!(exported.events, 50_000);
    assert_eq!(into.lines, 50_000);
    assert_eq!(into.furthest, BATCH);
}

fn lines(octets: &[u8]) -> u64 {
    octets.split(|octet| *octet == b'\n').count() as u64 - 1
}

async fn export(world: &World, filter: &AuditFilter<'_>, format: ExportFormat) -> (u64, String) {
    let mut into = Vec::new();
    let exported = world.store.export_audit_events(filter, format, &mut into).await.expect("an export");
    (exported.events, String::from_utf8(into).expect("UTF-8"))
}

/// The fields of each line (RFC 4180), without the apostrophe that keeps them from being formulas.
fn parse(csv: &str) -> Vec<Vec<String>> {
    let (mut lines, mut line, mut field, mut quoted) = (Vec::new(), Vec::new(), String::new(), false);
    let mut characters = csv.chars().peekable();
    let plain = |field: String| field.strip_prefix('\'').map(str::to_owned).unwrap_or(field);
    while let Some(character) = characters.next() {
        match (character, quoted) {
            ('"', true) if characters.peek() == Some(&'"') => field.extend(characters.next()),
            ('"', _) => quoted = !quoted,
            (',', false) => line.push(plain(std::mem::take(&mut field))),
            ('\r', false) => {
                assert_eq!(characters.next(), Some('\n'));
                line.push(plain(std::mem::take(&mut field)));
                lines.push(std::mem::take(&mut line));
            }
            (other, _) => field.push(other),
        }
    }
    assert!(line.is_empty() && field.is_empty() && !quoted, "the last line has ended");
    lines
}

const COLUMNS: [&str; 14] = [
    "id",
    "created_at",
    "event",
    "outcome",
    "actor_kind",
    "actor_id",
    "resource_kind",
    "resource_id",
    "client_id",
    "session_id",
    "ip_address",
    "user_agent",
    "request_id",
    "details",
];

/// A record as the columns hold it.
fn values(record: &AuditRecord) -> [Option<String>; 14] {
    let word = |debug: String| Some(debug.to_lowercase());
    [
        Some(record.id.to_string()),
        Some(record.created_at.to_rfc3339_opts(SecondsFormat::Micros, true)),
        Some(record.event.clone()),
        word(format!("{:?}", record.outcome)),
        word(format!("{:?}", record.actor.kind)),
        record.actor.id.map(|id| id.to_string()),
        record.resource_kind.clone(),
        record.resource_id.clone(),
        record.client.map(|id| id.to_string()),
        record.session.map(|id| id.to_string()),
        record.ip_address.clone(),
        record.user_agent.clone(),
        record.request_id.clone(),
        Some(record.details.to_string()),
    ]
}

#[apply(both_ways)]
async fn what_was_exported_reads_back_equal() {
    let mut world = World::new().await;
    let nasty = [
        "=cmd|'/c calc'!A0",
        "+1",
        "-1",
        "@SUM(1)",
        "'",
        "''=1",
        "a,b",
        "a\"b",
        "\"",
        "\"\"",
        ",",
        "\r\n",
        "a\nb",
        "\t",
        "ünï\u{1f511}\u{202e}",
        "\u{2028}\u{feff}",
        "\\",
        "\\u0000",
        "{}",
        "null",
        " ",
        "＝1",
    ];
    for text in nasty {
        world.wait(1);
        let audit = Audit::new(world.now, &mut world.random)
            .user_agent(text)
            .request_id(text)
            .ip_address(std::net::Ipv6Addr::LOCALHOST.into())
            .detail("text", text)
            .detail(format!("name {text}"), 1.5);
        let id: String = text.chars().filter(|letter| !letter.is_control()).collect();
        let resource = (!id.is_empty()).then_some(ResourceRef { kind: "thing", id: &id });
        let event = AuditEvent { resource, ..event(&world, "user.say", &audit) };
        world.store.append_audit_event(&event, world.now).await.expect("a database");
    }
    append(&mut world, "system.start", |event| AuditEvent {
        actor: Actor::System.into(),
        resource: None,
        client: None,
        session: None,
        ..event
    })
    .await;
    let mut records = all(&world, &AuditFilter::default()).await;
    records.reverse();
    assert_eq!(records.len(), nasty.len() + 1);
    let expected: Vec<_> = records.iter().map(values).collect();

    let (count, csv) = export(&world, &AuditFilter::default(), ExportFormat::Csv).await;
    assert_eq!(count, records.len() as u64);
    let mut lines = parse(&csv);
    assert_eq!(lines.remove(0), COLUMNS);
    let shown: Vec<Vec<String>> = expected
        .iter()
        .map(|row| row.iter().map(|value| value.clone().unwrap_or_default()).collect())
        .collect();
    assert_eq!(lines, shown);

    let (count, lines) = export(&world, &AuditFilter::default(), ExportFormat::JsonLines).await;
    assert_eq!(count, records.len() as u64);
    let objects: Vec<Value> =
        lines.lines().map(|line| serde_json::from_str(line).expect("an object a line")).collect();
    assert_eq!(objects.len(), records.len());
    for ((object, row), record) in objects.iter().zip(&expected).zip(&records) {
        assert_eq!(object.as_object().expect("an object").len(), COLUMNS.len());
        assert_eq!(object["details"], record.details);
        for (column, value) in COLUMNS.iter().zip(row).take(13) {
            assert_eq!(object[*column].as_str(), value.as_deref(), "{column}");
        }
    }
}

#[apply(both_ways)]
async fn an_export_has_what_pages_have_the_oldest_first() {
    let world = World::new().await;
    fill(&world, 0, 5000, START).await;
    let actor = uuid::Uuid::from_u128(0x7000_8000_0000_0000_0007);
    for filter in [
        AuditFilter::default(),
        AuditFilter { event: Some(EventFilter::BeginsWith("k7.")), ..AuditFilter::default() },
        AuditFilter { event: Some(EventFilter::Is("k7.e7")), ..AuditFilter::default() },
        AuditFilter { actor: Some(actor), ..AuditFilter::default() },
        AuditFilter { resource: Some(ResourceRef { kind: "user", id: "7" }), ..AuditFilter::default() },
        AuditFilter { outcome: Some(AuditOutcome::Failure), ..AuditFilter::default() },
    ] {
        let (mut pages, mut cursor): (Vec<String>, Option<AuditCursor>) = (Vec::new(), None);
        loop {
            let page = world.store.page_audit_events(&filter, cursor, 1000).await.expect("a database");
            pages.extend(page.events.iter().map(|event| event.id.to_string()));
            cursor = page.next;
            if cursor.is_none() {
                break;
            }
        }
        pages.reverse();
        let (count, lines) = export(&world, &filter, ExportFormat::Csv).await;
        let ids: Vec<String> = parse(&lines).into_iter().skip(1).map(|mut line| line.remove(0)).collect();
        assert_eq!(count, pages.len() as u64);
        assert_eq!(ids, pages, "{filter:?}");
    }
}

#[apply(both_ways)]
async fn what_is_written_during_an_export_after_its_end_is_not_in_it() {
    use tokio::io::AsyncReadExt;

    let world = World::new().await;
    fill(&world, 0, 3000, START).await;
    let until = chrono::DateTime::from_timestamp_millis(i64::try_from(START + 3000).expect("a time"));
    let filter = AuditFilter { until, ..AuditFilter::default() };
    let (mut reader, mut writer) = tokio::io::duplex(4096);
    let exporting = async {
        let exported = world.store.export_audit_events(&filter, ExportFormat::JsonLines, &mut writer).await;
        drop(writer);
        exported.expect("an export")
    };
    let reading = async {
        let mut text = vec![0; 4096];
        reader.read_exact(&mut text).await.expect("the beginning");
        // The export waits for its reader, in the middle of the first thousand.
        fill(&world, 3000, 2000, START).await;
        reader.read_to_end(&mut text).await.expect("the rest");
        text
    };
    let (exported, text) = tokio::join!(exporting, reading);
    assert_eq!(exported.events, 3000);
    assert_eq!(lines(&text), 3000);
}

#[apply(both_ways)]
async fn a_reader_that_goes_away_ends_the_export() {
    let world = World::new().await;
    fill(&world, 0, 3000, START).await;
    let (reader, mut writer) = tokio::io::duplex(64);
    drop(reader);
    let outcome =
        world.store.export_audit_events(&AuditFilter::default(), ExportFormat::Csv, &mut writer).await;
    assert!(matches!(outcome, Err(ExportError::Write(_))), "{outcome:?}");
}
