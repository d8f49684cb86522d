//! `bench texts`: does full text find the right page, in three languages?
//!
//! Manual pages in English, Chinese and Japanese, each with one line that says what it is about. That line is the
//! question, the page without it is the text, and the right answer is the page that the line was taken from. The
//! engine answers as it does in the service, folded and in memory. The figures go into `docs/performance.md`.

mod collection;
mod pages;
mod roff;
mod run;

pub use run::run;
