//! What people do, from beginning to end.

mod browser;
mod first_answer;
