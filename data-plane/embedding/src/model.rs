/// What a caller may know of a model.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize)]
pub struct Model {
    /// The name a collection's schema uses.
    pub name: &'static str,
    /// Components of a vector; vectors have length 1, so cosine and dot product are the same.
    pub dimension: usize,
    /// Tokens that are read of a text, the start and end marks included; the rest is left out and said so.
    pub max_tokens: usize,
}

/// The one model that comes with the program.
pub const MODEL: Model = Model { name: "all-MiniLM-L6-v2", dimension: 384, max_tokens: 256 };
