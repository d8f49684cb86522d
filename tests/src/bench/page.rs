//! A written part of a page that people also write on.

use std::path::Path;

use anyhow::{Context as _, Result};

/// Puts `text` between the two marks of `name` in the page, where the same name was or at the end.
///
/// # Errors
/// When the page cannot be read or written.
pub fn put(page: &Path, name: &str, text: &str) -> Result<()> {
    let told = || page.display().to_string();
    let old = if page.exists() { std::fs::read_to_string(page).with_context(told)? } else { String::new() };
    std::fs::write(page, replaced(&old, name, text)).with_context(told)
}

fn replaced(page: &str, name: &str, text: &str) -> String {
    let (begin, end) = (format!("<!-- {name}: written by a program -->\n"), format!("<!-- end of {name} -->\n"));
    let part = format!("{begin}{}\n{end}", text.trim_end());
    let found = page.split_once(&begin).and_then(|(before, rest)| Some((before, rest.split_once(&end)?.1)));
    match found {
        Some((before, after)) => format!("{before}{part}{after}"),
        None if page.is_empty() => part,
        None => format!("{}\n\n{part}", page.trim_end()),
    }
}

#[cfg(test)]
mod tests {
    use super::replaced;

    #[test]
    fn what_people_wrote_around_a_part_stays() {
        let page = replaced("# Title\n", "one", "first");
        let page = format!("{page}\nRead so.\n");
        let page = replaced(&page, "two", "other");
        let page = replaced(&page, "one", "second");
        assert!(page.starts_with("# Title\n\n<!-- one: written by a program -->\nsecond\n<!-- end of one -->\n"));
        assert!(page.contains("\nRead so.\n") && page.contains("\nother\n") && !page.contains("first"), "{page}");
    }
}
