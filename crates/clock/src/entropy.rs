use parking_lot::Mutex;
use rand::{Rng as _, SeedableRng as _};
use rand_chacha::ChaCha20Rng;

/// A source of random bytes.
pub trait Entropy: Send + Sync + std::fmt::Debug + 'static {
    /// Fills `out` with random bytes fit for secrets (for [`SystemEntropy`]).
    fn fill(&self, out: &mut [u8]);

    /// A random 64-bit number.
    fn next_u64(&self) -> u64 {
        let mut bytes = [0; 8];
        self.fill(&mut bytes);
        u64::from_le_bytes(bytes)
    }

    /// Sixteen random bytes: a nonce, or the random part of an identifier.
    fn nonce(&self) -> [u8; 16] {
        let mut bytes = [0; 16];
        self.fill(&mut bytes);
        bytes
    }
}

/// The thread's cryptographically secure generator, seeded and reseeded by the operating system.
#[derive(Debug, Clone, Copy, Default)]
pub struct SystemEntropy;

impl Entropy for SystemEntropy {
    fn fill(&self, out: &mut [u8]) {
        rand::rng().fill_bytes(out);
    }
}

/// A generator that gives the same bytes for the same seed: for simulation and tests, never for secrets.
#[derive(Debug)]
pub struct SeededEntropy(Mutex<ChaCha20Rng>);

impl SeededEntropy {
    /// A generator for `seed`.
    #[must_use]
    pub fn new(seed: u64) -> Self {
        Self(Mutex::new(ChaCha20Rng::seed_from_u64(seed)))
    }
}

impl Entropy for SeededEntropy {
    fn fill(&self, out: &mut [u8]) {
        self.0.lock().fill_bytes(out);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_seed_gives_one_sequence_and_the_system_does_not_repeat() {
        assert_eq!(SeededEntropy::new(7).next_u64(), SeededEntropy::new(7).next_u64());
        assert_ne!(SeededEntropy::new(7).next_u64(), SeededEntropy::new(8).next_u64());
        assert_ne!(SystemEntropy.nonce(), SystemEntropy.nonce());
    }
}
