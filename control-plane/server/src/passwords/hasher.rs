use std::{
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use agentdb_clock::Entropy;
use argon2::{Algorithm, Argon2, Params, PasswordHasher as _, PasswordVerifier as _, Version};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use crate::config::Auth;

/// The longest that a request waits for its turn.
const PATIENCE: Duration = Duration::from_secs(5);

/// Why there is no hash.
#[derive(Debug, thiserror::Error)]
pub(crate) enum HasherError {
    /// Too many requests want one at this moment.
    #[error("too many passwords are being checked")]
    Busy,
    /// The parameters are not ones of Argon2, or a stored hash is damaged.
    #[error("argon2: {0}")]
    Failed(String),
}

/// Argon2id off the async threads: so many at once, so many waiting, the rest refused.
#[derive(Clone)]
pub(crate) struct Hasher {
    argon2: Argon2<'static>,
    entropy: Arc<dyn Entropy>,
    turns: Arc<Semaphore>,
    waiting: Arc<AtomicUsize>,
    max_waiting: usize,
    /// The hash of a password nobody knows: who signs in with an unknown address waits as long as with a known one.
    nobody: Arc<str>,
}

impl Hasher {
    pub fn new(config: &Auth, entropy: Arc<dyn Entropy>) -> Result<Self, HasherError> {
        let cost = config.argon2;
        let params = Params::new(cost.memory_kib, cost.passes, cost.lanes, None)
            .map_err(|error| HasherError::Failed(error.to_string()))?;
        let argon2 = Argon2::new(Algorithm::Argon2id, Version::V0x13, params);
        let nobody = hash(&argon2, &entropy.nonce(), &entropy.nonce())?;
        Ok(Self {
            argon2,
            entropy,
            turns: Arc::new(Semaphore::new(usize::from(config.concurrent_hashes.max(1)))),
            waiting: Arc::new(AtomicUsize::new(0)),
            max_waiting: usize::from(config.waiting_hashes),
            nobody: nobody.into(),
        })
    }

    /// The password in PHC form, with a new salt.
    pub async fn hash(&self, password: String) -> Result<String, HasherError> {
        let (argon2, salt) = (self.argon2.clone(), self.entropy.nonce());
        self.in_turn(move || hash(&argon2, password.as_bytes(), &salt)).await?
    }

    /// Whether the password is the one of `stored`. With nothing stored the answer is no, after the same work.
    pub async fn verify(&self, password: String, stored: Option<String>) -> Result<bool, HasherError> {
        let known = stored.is_some();
        let stored = stored.unwrap_or_else(|| self.nobody.to_string());
        let argon2 = self.argon2.clone();
        let matches =
            self.in_turn(move || argon2.verify_password(password.as_bytes(), stored.as_str()).is_ok()).await?;
        Ok(matches && known)
    }

    async fn in_turn<T: Send + 'static>(&self, work: impl FnOnce() -> T + Send + 'static) -> Result<T, HasherError> {
        let turn = self.turn().await?;
        // The turn lasts as long as the thread, also when the caller has gone.
        tokio::task::spawn_blocking(move || {
            let _turn = turn;
            work()
        })
        .await
        .map_err(|error| HasherError::Failed(error.to_string()))
    }

    /// A turn at once if one is free, otherwise after waiting in one of the places for it.
    async fn turn(&self) -> Result<OwnedSemaphorePermit, HasherError> {
        if let Ok(turn) = self.turns.clone().try_acquire_owned() {
            return Ok(turn);
        }
        let _place = Place::take(&self.waiting, self.max_waiting)?;
        tokio::time::timeout(PATIENCE, self.turns.clone().acquire_owned())
            .await
            .map_err(|_| HasherError::Busy)?
            .map_err(|error| HasherError::Failed(error.to_string()))
    }
}

/// A place among those who wait, given back when dropped.
struct Place(Arc<AtomicUsize>);

impl Place {
    fn take(waiting: &Arc<AtomicUsize>, max: usize) -> Result<Self, HasherError> {
        let place = Self(waiting.clone());
        if waiting.fetch_add(1, Ordering::Relaxed) >= max { Err(HasherError::Busy) } else { Ok(place) }
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}

fn hash(argon2: &Argon2<'_>, password: &[u8], salt: &[u8]) -> Result<String, HasherError> {
    argon2
        .hash_password_with_salt(password, salt)
        .map(|hash| hash.to_string())
        .map_err(|error| HasherError::Failed(error.to_string()))
}

#[cfg(test)]
mod tests {
    use agentdb_clock::SeededEntropy;

    use super::*;
    use crate::config::Argon2Params;

    fn hasher(concurrent_hashes: u8, waiting_hashes: u16) -> Hasher {
        let config = Auth {
            argon2: Argon2Params { memory_kib: 64, passes: 1, lanes: 1 },
            concurrent_hashes,
            waiting_hashes,
            ..Auth::default()
        };
        Hasher::new(&config, Arc::new(SeededEntropy::new(1))).expect("the parameters are good")
    }

    #[tokio::test]
    async fn a_hash_knows_its_password_alone_and_unknown_people_never_pass() {
        let hasher = hasher(1, 8);
        let stored = hasher.hash("plum tree 77".to_owned()).await.expect("a hash");
        assert!(stored.starts_with("$argon2id$v=19$m=64,t=1,p=1$"), "{stored}");
        let verify = |password: &str, stored: Option<&String>| hasher.verify(password.to_owned(), stored.cloned());
        assert!(verify("plum tree 77", Some(&stored)).await.expect("checked"));
        assert!(!verify("plum tree 78", Some(&stored)).await.expect("checked"));
        assert!(!verify("plum tree 77", None).await.expect("checked"));
        assert_ne!(hasher.hash("plum tree 77".to_owned()).await.expect("a hash"), stored, "each has its own salt");
    }

    #[tokio::test]
    async fn more_than_may_wait_are_refused_at_once_and_those_that_run_do_not_wait() {
        let hasher = hasher(2, 1);
        let (ends, running): (Vec<_>, Vec<_>) = (0..2)
            .map(|_| {
                let (end, ended) = tokio::sync::oneshot::channel::<()>();
                let hasher = hasher.clone();
                (end, tokio::spawn(async move { hasher.in_turn(move || ended.blocking_recv()).await }))
            })
            .unzip();
        while hasher.turns.available_permits() > 0 {
            tokio::task::yield_now().await;
        }
        let waits = tokio::spawn({
            let hasher = hasher.clone();
            async move { hasher.hash("plum tree 77".to_owned()).await }
        });
        while hasher.waiting.load(Ordering::Relaxed) == 0 && !waits.is_finished() {
            tokio::task::yield_now().await;
        }
        assert!(matches!(hasher.hash("plum tree 77".to_owned()).await, Err(HasherError::Busy)));
        for end in ends {
            end.send(()).expect("it runs");
        }
        for run in running {
            assert!(matches!(run.await.expect("it ran"), Ok(Ok(()))));
        }
        assert!(waits.await.expect("it ran").is_ok(), "the one that waited got its turn");
    }

    #[tokio::test]
    async fn where_nobody_may_wait_a_free_turn_is_still_taken() {
        let hasher = hasher(1, 0);
        assert!(hasher.hash("plum tree 77".to_owned()).await.is_ok());
        let _turn = hasher.turns.clone().acquire_owned().await.expect("the only turn");
        assert!(matches!(hasher.hash("plum tree 77".to_owned()).await, Err(HasherError::Busy)));
    }
}
