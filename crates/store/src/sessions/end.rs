use authority_entity::sea_orm_active_enums::RevocationReason;
use chrono::{DateTime, Utc};
use rand_core::CryptoRng;

use crate::blind::Blind;
use crate::label::label;
use crate::statements::{SESSIONS_END, SESSIONS_END_ALL, SESSIONS_END_ONE};
use crate::{Actor, Audit, Revocation, SessionId, SessionToken, Store, StoreError, UserId};

impl Store {
    /// Ends the session of a cookie, as at logout: one statement. Its codes are refused and its tokens inactive from
    /// the moment that it is committed. Grants for offline access outlive it (OpenID Connect Core 11).
    pub async fn end_session(
        &self,
        token: &SessionToken,
        audit: Option<&Audit>,
        now: DateTime<Utc>,
        random: &mut impl CryptoRng,
    ) -> Result<Revocation, StoreError> {
        let blind = Blind::new(random);
        let digest = blind.digest(&token.digest());
        let params: [crate::store::Parameter<'_>; 3] = [&token.id().uuid(), &blind.octets(), &&digest[..]];
        Revocation::read(&self.run_audited(&SESSIONS_END, audit, now, &params).await?)
    }

    /// Ends a session by its id, as [`end_session`](Self::end_session) does. With `of`, only if it is that user's, which
    /// is how a person ends one from their list; another's is `Unknown` then.
    pub async fn end_session_by_id(
        &self,
        session: SessionId,
        of: Option<UserId>,
        reason: RevocationReason,
        actor: Actor,
        audit: Option<&Audit>,
        now: DateTime<Utc>,
    ) -> Result<Revocation, StoreError> {
        let params: [crate::store::Parameter<'_>; 5] =
            [&session.uuid(), &of.map(UserId::uuid), &label(&reason), &actor.kind(), &actor.id()];
        Revocation::read(&self.run_audited(&SESSIONS_END_ONE, audit, now, &params).await?)
    }

    /// Ends every session of a user, or every other one, as [`end_session`](Self::end_session) does: one statement.
    /// Gives how many. One that begins at this very moment may stay, and so does offline access:
    /// [`revoke_tokens_of_user`](Self::revoke_tokens_of_user) leaves nothing.
    pub async fn end_sessions_of_user(
        &self,
        user: UserId,
        but: Option<SessionId>,
        reason: RevocationReason,
        actor: Actor,
        audit: Option<&Audit>,
        now: DateTime<Utc>,
    ) -> Result<u64, StoreError> {
        let params: [crate::store::Parameter<'_>; 5] =
            [&user.uuid(), &but.map(SessionId::uuid), &label(&reason), &actor.kind(), &actor.id()];
        let answer = self.run_audited(&SESSIONS_END_ALL, audit, now, &params).await?;
        u64::try_from(answer.get::<i64>("ended")?).map_err(|_| answer.not_understood("ended"))
    }
}
