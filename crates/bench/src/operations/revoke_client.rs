//! The revocation of everything of a client that has as many live access tokens as the data set has.

use std::time::{Duration, Instant};

use authority_admin::{Failure, Outcome};
use authority_entity::sea_orm_active_enums::RevocationReason;
use authority_store::{Actor, Inactive, PresentedAccessToken, Revocation, Store};

use super::audit;
use crate::credentials;
use crate::data::Data;
use crate::ground::{Ground, Way};
use crate::numbers::{Sample, grouped};
use crate::report::Report;
use crate::time::now;

/// What revoking may take.
const AIM: Duration = Duration::from_millis(50);
/// How many tokens are looked at before and after.
const LOOKED_AT: u64 = 100;

pub(super) async fn measure(ground: &Ground, data: &Data, pairs: u32, report: &mut Report) -> Outcome {
    let numbers = data.access_tokens..2 * data.access_tokens;
    let (first, client) = (numbers.start, data.large_client());
    data.copy_access_tokens(ground, "access tokens of one client", numbers, Some(client)).await?;
    ground.administer("VACUUM (ANALYZE) access_tokens").await?;
    let store = ground.store(Way::Socket).await?;
    let step = data.access_tokens / LOOKED_AT;
    let tokens: Vec<u64> = (0..LOOKED_AT).map(|number| first + number * step).collect();
    require(&store, data, &tokens, None).await?;

    let mut random = credentials::random("revoke", 0);
    let mut took = Sample::default();
    for round in 0..=pairs {
        let event = audit(now(), &mut random);
        let began = Instant::now();
        let outcome = store
            .revoke_tokens_of_client(
                client,
                RevocationReason::Administrator,
                Actor::System,
                Some(&event),
                now(),
            )
            .await
            .map_err(|error| Failure::new(&error))?;
        let time = began.elapsed();
        if outcome != Revocation::Revoked {
            return Err(Failure::saying(format!("everything of the client was not revoked: {outcome:?}")));
        }
        if round == 0 {
            require(&store, data, &tokens, Some(Inactive::Client)).await?;
        }
        took.push(time.as_secs_f64() * 1000.0);
    }
    let met = took.median() < AIM.as_secs_f64() * 1000.0;
    report.fact(
        &format!("Revoke everything of a client with {} live access tokens", grouped(data.access_tokens as f64, 0)),
        format!(
            "{} ms (aim: under {} ms, {}); {LOOKED_AT} tokens of it were active before, and each inactive at its next introspection",
            took.shown(1),
            AIM.as_millis(),
            if met { "met" } else { "missed" }
        ),
    );
    Ok(())
}

/// Every one of these tokens has to be active, or inactive for this reason.
async fn require(store: &Store, data: &Data, numbers: &[u64], wanted: Option<Inactive>) -> Outcome {
    for number in numbers {
        let token = credentials::access_token(data.access_token(*number), *number);
        let found = store.introspect_access_token(PresentedAccessToken::Opaque(&token), now()).await;
        let state = found.map_err(|error| Failure::new(&error))?.err();
        if state != wanted {
            return Err(Failure::saying(format!("access token {number} is {state:?} and not {wanted:?}")));
        }
    }
    Ok(())
}
