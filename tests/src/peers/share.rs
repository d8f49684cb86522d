//! The three filters.

/// Which rows a query may find.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Share {
    /// All of them.
    All,
    /// One of ten.
    Tenth,
    /// One of a hundred.
    Hundredth,
}

/// The attribute that the filters read.
pub const ATTRIBUTE: &str = "bucket";

impl Share {
    /// Every one, in the order of the table.
    pub const EACH: [Self; 3] = [Self::All, Self::Tenth, Self::Hundredth];

    /// Of 100 buckets those below this one pass.
    pub fn below(self) -> u32 {
        match self {
            Self::All => 100,
            Self::Tenth => 10,
            Self::Hundredth => 1,
        }
    }

    /// The condition, in the words that SQL, LanceDB and our own filters share.
    pub fn condition(self) -> Option<String> {
        (self != Self::All).then(|| format!("{ATTRIBUTE} < {}", self.below()))
    }

    /// Whether the row passes.
    pub fn passes(self, id: u32) -> bool {
        bucket(id) < self.below()
    }
}

/// The attribute of a row. Clusters are drawn by chance, so each bucket has rows in all of them.
pub fn bucket(id: u32) -> u32 {
    id % 100
}
