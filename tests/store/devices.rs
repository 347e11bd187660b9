//! Device codes (RFC 8628).

mod answer;
mod exchange;
mod flow;
mod issue;
mod plans;
mod proof;
mod races;

use authority_store::{
    AccessToken, AnswerDeviceCode, AnswerDeviceCodeRefusal, Audit, ClientId, DeviceAnswer, DeviceCode,
    DeviceCodeId, DeviceRequest, ExchangeDeviceCode, ExchangeDeviceCodeRefusal, Grant, IssueDeviceCode,
    LookUpDeviceCode, LookUpDeviceCodeRefusal, NewAccessToken, RefreshToken, Scopes, UserCode,
};

use super::world::{AUDIENCE, World};

/// A device that has asked.
pub(super) struct Device {
    pub(super) code: DeviceCode,
    pub(super) user_code: UserCode,
}

impl Device {
    pub(super) fn id(&self) -> DeviceCodeId {
        self.code.id()
    }
}

/// A world whose client may use device codes.
async fn world() -> World {
    world_with("").await
}

/// The same, with further parameters in the address of the database.
pub(super) async fn world_with(parameters: &str) -> World {
    let world = World::with(parameters).await;
    world
        .database
        .execute("UPDATE clients SET grant_types = '{authorization_code,refresh_token,urn:ietf:params:oauth:grant-type:device_code}'")
        .await;
    world
}

/// What issues a device code, to be changed by the test.
pub(super) fn issue<'a>(client: ClientId, device: &'a Device, scopes: &'a Scopes) -> IssueDeviceCode<'a> {
    IssueDeviceCode {
        device_code: &device.code,
        user_code: device.user_code,
        client,
        scopes,
        resources: &[],
        interval: 5,
        ip_address: Some([203, 0, 113, 7].into()),
        user_agent: Some("TV/1.0"),
        audit: None,
    }
}

/// Codes that are not issued yet.
fn new_device(world: &mut World) -> Device {
    Device {
        code: DeviceCode::generate(world.now, &mut world.random),
        user_code: UserCode::generate(&mut world.random),
    }
}

/// A device that asked for these scopes.
async fn device(world: &mut World, scopes: &str) -> Device {
    let device = new_device(world);
    let scopes = scopes.parse().expect("scopes");
    let request = issue(world.client, &device, &scopes);
    world.store.issue_device_code(&request, world.now).await.expect("a database").expect("a device code");
    device
}

async fn look_up(world: &World, user_code: UserCode) -> Result<DeviceRequest, LookUpDeviceCodeRefusal> {
    let request =
        LookUpDeviceCode { user_code, user: Some(world.user), session: Some(world.session), audit: None };
    world.store.look_up_device_code(&request, world.now).await.expect("a database")
}

/// What answers for ada, to be changed by the test.
fn answering<'a>(world: &World, device: &Device, answer: DeviceAnswer<'a>) -> AnswerDeviceCode<'a> {
    AnswerDeviceCode {
        id: device.id(),
        user_code: device.user_code,
        user: world.user,
        session: world.session,
        answer,
        audit: None,
    }
}

async fn answer(
    world: &World,
    device: &Device,
    answer: DeviceAnswer<'_>,
) -> Result<(), AnswerDeviceCodeRefusal> {
    let request = answering(world, device, answer);
    world.store.answer_device_code(&request, world.now).await.expect("a database")
}

async fn approve(world: &World, device: &Device) {
    answer(world, device, DeviceAnswer::Approve(None)).await.expect("an approval");
}

/// What polls, to be changed by the test.
pub(super) fn polling<'a>(
    client: ClientId,
    device: &'a Device,
    access: &'a AccessToken,
    refresh: &'a RefreshToken,
    audience: &'a [String],
) -> ExchangeDeviceCode<'a> {
    ExchangeDeviceCode {
        device_code: &device.code,
        client,
        sender: None,
        resources: None,
        access_token: NewAccessToken::Opaque(access),
        audience,
        refresh_token: Some(refresh),
        audit: None,
    }
}

/// Polls with tokens of its own.
async fn poll(world: &mut World, device: &Device) -> Result<Grant, ExchangeDeviceCodeRefusal> {
    let (access, refresh) = world.new_tokens();
    poll_for(world, device, &access, &refresh).await
}

/// Polls for these tokens.
async fn poll_for(
    world: &mut World,
    device: &Device,
    access: &AccessToken,
    refresh: &RefreshToken,
) -> Result<Grant, ExchangeDeviceCodeRefusal> {
    let audience = [AUDIENCE.to_owned()];
    let request = polling(world.client, device, access, refresh, &audience);
    world.store.exchange_device_code(&request, world.now, &mut world.random).await.expect("a database")
}

fn audit(world: &mut World) -> Audit {
    Audit::new(world.now, &mut world.random).ip_address([203, 0, 113, 9].into())
}

/// Every event so far, the oldest first.
async fn events(world: &World) -> Vec<String> {
    let sql = "SELECT event || ' ' || outcome || ' ' || actor_kind || ' ' || (details ->> 'outcome') FROM audit_logs ORDER BY id";
    world.database.column(sql).await
}
