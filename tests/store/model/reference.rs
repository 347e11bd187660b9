//! The rules of `rotate_refresh_token`, without a database.

use authority_store::RotateRefusal;
use chrono::{DateTime, TimeDelta, Utc};

/// The grace that is not set, in seconds.
const GRACE: i64 = 10;
/// The idle lifetime that the client of these histories has, in seconds.
const IDLE: i64 = 100;
/// The absolute one.
const ABSOLUTE: i64 = 1000;

/// A family; tokens have numbers.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct Family {
    pub(super) current: usize,
    previous: Option<usize>,
    rotated_at: DateTime<Utc>,
    idle_until: DateTime<Utc>,
    until: DateTime<Utc>,
    revoked: Option<(Why, DateTime<Utc>)>,
    user_revoked: bool,
}

/// Why a family was revoked.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Why {
    Reuse,
    Request,
}

/// What comes out of a step.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Outcome {
    Rotated,
    Repeated(usize),
    Refused(RotateRefusal),
    /// Whether it was this call that revoked.
    Revocation(bool),
}

impl Family {
    /// A family of token 0.
    pub(super) fn new(now: DateTime<Utc>) -> Self {
        Self {
            current: 0,
            previous: None,
            rotated_at: now,
            idle_until: now + TimeDelta::seconds(IDLE),
            until: now + TimeDelta::seconds(ABSOLUTE),
            revoked: None,
            user_revoked: false,
        }
    }

    /// Somebody presents a token, or something made up, and proposes a successor.
    pub(super) fn present(&mut self, token: Option<usize>, successor: usize, now: DateTime<Utc>) -> Outcome {
        let Some(token) = token else { return Outcome::Refused(RotateRefusal::Unknown) };
        let is_current = token == self.current;
        match self.revoked {
            Some((Why::Reuse, then)) if then == now && !is_current => {
                return Outcome::Refused(RotateRefusal::Reused);
            }
            Some(_) => return Outcome::Refused(RotateRefusal::Revoked),
            None => {}
        }
        if now >= self.until || now >= self.idle_until {
            return Outcome::Refused(RotateRefusal::Expired);
        }
        if self.user_revoked {
            return Outcome::Refused(RotateRefusal::Revoked);
        }
        if is_current {
            self.previous = Some(self.current);
            self.current = successor;
            self.rotated_at = now;
            self.idle_until = self.until.min(now + TimeDelta::seconds(IDLE));
            return Outcome::Rotated;
        }
        if self.current == successor || self.previous == Some(successor) {
            return Outcome::Rotated;
        }
        if self.previous == Some(token) && now < self.rotated_at + TimeDelta::seconds(GRACE) {
            return Outcome::Repeated(self.current);
        }
        self.revoked = Some((Why::Reuse, now));
        Outcome::Refused(RotateRefusal::Reused)
    }

    /// Somebody revokes the family.
    pub(super) fn revoke(&mut self, why: Why, now: DateTime<Utc>) -> Outcome {
        match self.revoked {
            None => {
                self.revoked = Some((why, now));
                Outcome::Revocation(true)
            }
            same => Outcome::Revocation(same == Some((why, now))),
        }
    }

    /// Somebody revokes everything of the user.
    pub(super) fn revoke_user(&mut self) {
        self.user_revoked = true;
    }

    /// Whether it was revoked, by itself or with everything of the user.
    pub(super) fn is_revoked(&self) -> bool {
        self.revoked.is_some() || self.user_revoked
    }

    /// Whether a token of it can be good.
    pub(super) fn is_alive(&self, now: DateTime<Utc>) -> bool {
        !self.is_revoked() && now < self.until && now < self.idle_until
    }
}
