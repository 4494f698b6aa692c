//! Credentials that name their bearer, whoever made them: tokens of this cell and of issuers that it takes them from, and
//! API keys.
//!
//! Which of the two it is the token says; what that is worth its key decides. Links are no such tokens ([`super::link`]): they name what they open.

use std::sync::Arc;

use parasol_journey::time::{Span, Timestamp};

use super::api_keys::{self, ApiKeys};
use super::issuers::Issuers;
use super::key::TOKEN_BYTES_MAX;
use super::{Principal, Role, TokenError, TokenKey};
use crate::clock::Clock;

/// Reads tokens. Cheap to clone.
#[derive(Clone)]
pub struct Bearers {
    key: Arc<TokenKey>,
    issuers: Issuers,
    api_keys: ApiKeys,
    clock: Clock,
}

impl Bearers {
    /// Tokens of this cell's key, and of these issuers.
    pub fn new(key: Arc<TokenKey>, issuers: Issuers, clock: Clock) -> Self {
        Self { key, issuers, api_keys: ApiKeys::default(), clock }
    }

    /// The same, and these API keys.
    #[must_use]
    pub fn with_api_keys(self, api_keys: ApiKeys) -> Self {
        Self { api_keys, ..self }
    }

    /// The bearer and the end of a token, by what is known now; `None` where the keys of its issuer have to be looked
    /// at first ([`Bearers::read`]).
    ///
    /// # Errors
    /// [`TokenError`].
    pub fn read_now(&self, token: &str) -> Option<Result<(Principal, Timestamp), TokenError>> {
        let now = self.clock.now();
        if token.starts_with(api_keys::PREFIX) {
            return Some(self.api_keys.read(token, now));
        }
        let Some(said) = self.said(token) else { return Some(self.of_house(token, now)) };
        match said.read(now) {
            Err(error) if said.may_wait(error, now) => None,
            known => Some(known),
        }
    }

    /// The bearer and the end of a token. Looks at the keys of its issuer again where that may help, for at most six
    /// seconds.
    ///
    /// # Errors
    /// [`TokenError`].
    pub async fn read(&self, token: &str) -> Result<(Principal, Timestamp), TokenError> {
        if let Some(known) = self.read_now(token) {
            return known;
        }
        let said = self.said(token).ok_or(TokenError::Malformed)?;
        said.wait().await;
        said.read(self.clock.now())
    }

    /// A token of this cell for the same caller that ends after `lifetime`, and never later than the one it is made
    /// from; with the caller and its end. None is made from an API key: the key may be taken back, and the token not.
    ///
    /// # Errors
    /// [`TokenError`].
    pub async fn narrow(
        &self,
        token: &str,
        lifetime: Span,
    ) -> Result<(String, Principal, Timestamp), TokenError> {
        if token.starts_with(api_keys::PREFIX) {
            return Err(TokenError::Malformed);
        }
        let (principal, ends) = self.read(token).await?;
        let now = self.clock.now();
        let end = ends.min(now + lifetime);
        Ok((self.key.issue(&principal, now, end.since(now)), principal, end))
    }

    fn said<'a>(&self, token: &'a str) -> Option<super::issuers::Said<'a>> {
        (token.len() <= TOKEN_BYTES_MAX).then(|| self.issuers.said(token))?
    }

    fn of_house(&self, token: &str, now: Timestamp) -> Result<(Principal, Timestamp), TokenError> {
        let (principal, ends) = self.key.read(token, now)?;
        // A token that names a link's holder would be one that cannot be taken back.
        if principal.role == Role::Link {
            return Err(TokenError::Role);
        }
        Ok((principal, ends))
    }
}
