mod beginning;
mod ending;
mod proving_again;
mod use_of_cookies;

use authority_entity::sea_orm_active_enums::RevocationReason;
use authority_store::{
    ActiveSession, Actor, Audit, CreateSession, CreateSessionRefusal, CreatedSession, SessionRefusal,
    SessionToken, UserEpoch, UserId,
};

use super::world::World;

/// The browser of ada.
pub(super) const AGENT: &str = "Mozilla/5.0 (X11; Linux)";

impl World {
    /// What a login of ada knows of how often everything of hers was revoked.
    pub(super) async fn epoch(&self) -> UserEpoch {
        let found = self.store.find_user_for_login("ada", self.now).await.expect("a database");
        found.expect("ada is there").epoch
    }

    /// A session of ada that begins now.
    pub(super) async fn sign_in(&mut self) -> SessionToken {
        let token = SessionToken::generate(self.now, &mut self.random);
        let epoch = self.epoch().await;
        self.begin(&token, self.user, epoch).await.expect("a session");
        token
    }

    /// Begins a session with this cookie.
    pub(super) async fn begin(
        &self,
        token: &SessionToken,
        user: UserId,
        epoch: UserEpoch,
    ) -> Result<CreatedSession, CreateSessionRefusal> {
        let sid = token.id().to_string();
        let amr = ["pwd".to_owned()];
        let request = CreateSession {
            token,
            sid: &sid,
            user,
            epoch,
            auth_time: self.now,
            acr: Some("1"),
            amr: &amr,
            address: Some([192, 0, 2, 7].into()),
            user_agent: Some(AGENT),
            device: Some("Laptop"),
            audit: None,
        };
        self.store.create_session(&request, self.now).await.expect("a database")
    }

    /// A browser presents a cookie.
    pub(super) async fn present(&mut self, token: &SessionToken) -> Result<ActiveSession, SessionRefusal> {
        self.store.authenticate_session(token, self.now, &mut self.random).await.expect("a database")
    }

    /// An event for the audit trail.
    pub(super) fn event(&mut self) -> Audit {
        Audit::new(self.now, &mut self.random)
    }

    /// A setting that an administrator has changed.
    pub(super) async fn set(&self, key: &str, value: i64) {
        self.set_json(key, &value.to_string()).await;
    }

    /// The same, given as JSON.
    pub(super) async fn set_json(&self, key: &str, value: &str) {
        self.database
            .execute(&format!(
                "INSERT INTO settings (key, value, value_type, category, description)
                 VALUES ('{key}', '{value}', 'integer', 'security', 'A setting')
                 ON CONFLICT (key) DO UPDATE SET value = excluded.value"
            ))
            .await;
    }

    /// Everything of ada is revoked.
    pub(super) async fn revoke_everything(&self) {
        self.store
            .revoke_tokens_of_user(self.user, RevocationReason::Administrator, Actor::System, None, self.now)
            .await
            .expect("a database");
    }

    /// The events of the audit trail: event, outcome, the word in the details.
    pub(super) async fn trail(&self) -> Vec<String> {
        self.database
            .column("SELECT concat_ws(' ', event, outcome, details ->> 'outcome') FROM audit_logs ORDER BY id, event")
            .await
    }
}
