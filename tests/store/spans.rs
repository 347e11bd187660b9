//! What an operation tells whoever listens (`tracing`).

use std::io;
use std::sync::{Arc, Mutex};

use authority_entity::sea_orm_active_enums::RevocationReason;
use authority_store::{Actor, Audit};
use tracing::level_filters::LevelFilter;
use tracing_subscriber::fmt::format::FmtSpan;

use super::with::hex;
use super::world::World;

/// Everything that was written, by whoever has a clone of it.
#[derive(Clone, Default)]
struct Written(Arc<Mutex<Vec<u8>>>);

impl io::Write for Written {
    fn write(&mut self, octets: &[u8]) -> io::Result<usize> {
        self.0.lock().expect("nobody panics while writing").write(octets)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Written {
    fn text(&self) -> String {
        String::from_utf8(self.0.lock().expect("nobody panics while writing").clone()).expect("text")
    }
}

#[tokio::test]
async fn an_operation_is_a_span_with_the_fields_of_opentelemetry_and_without_a_secret() {
    let mut world = World::new().await;
    let written = Written::default();
    let writer = written.clone();
    let subscriber = tracing_subscriber::fmt()
        .with_max_level(LevelFilter::TRACE)
        .with_span_events(FmtSpan::CLOSE)
        .with_ansi(false)
        .with_writer(move || writer.clone())
        .finish();
    // The runtime of this test has one thread, which this is.
    let listening = tracing::subscriber::set_default(subscriber);
    let code = world.code().await;
    let issued = world.tokens(&code).await;
    let (rotated, successor, access) = world.rotate(&issued.refresh).await;
    rotated.expect("rotated");
    world.introspect(&access).await.expect("active");
    // The trail refuses a detail that has the name of a credential.
    let audit = Audit::new(world.now, &mut world.random).detail("client_secret", "a");
    let (client, now) = (world.client, world.now);
    let reason = RevocationReason::Administrator;
    let refused = world.store.revoke_tokens_of_client(client, reason, Actor::System, Some(&audit), now).await;
    refused.expect_err("a detail with the name of a credential");
    drop(listening);

    let text = written.text();
    for name in [
        "db.authorization_codes.issue",
        "db.authorization_codes.exchange",
        "db.refresh_tokens.rotate",
        "db.access_tokens.introspect",
    ] {
        let line = text.lines().find(|line| line.contains(name)).unwrap_or_else(|| panic!("{name}: {text}"));
        let (table, operation) = name[3..].split_once('.').expect("a table and an operation");
        for field in [
            "db.system.name=\"postgresql\"".to_owned(),
            format!("db.collection.name=\"{table}\""),
            format!("db.operation.name=\"{operation}\""),
            "db.response.returned_rows=1".to_owned(),
        ] {
            assert!(line.contains(&field), "{field}: {line}");
        }
    }
    let failed = text.lines().find(|line| line.contains("db.clients.revoke_tokens")).expect("a span");
    assert!(failed.contains("error.type=\"constraint\""), "{failed}");

    let digests =
        [code.digest(), issued.refresh.digest(), successor.digest(), access.digest()].map(|it| hex(&it));
    let secrets =
        [code.reveal(), issued.access.reveal(), issued.refresh.reveal(), successor.reveal(), access.reveal()];
    for secret in
        secrets.iter().map(|secret| &secret[secret.len() - 20..]).chain(digests.iter().map(|it| &it[..16]))
    {
        assert!(!text.contains(secret), "{secret} in {text}");
    }
}
