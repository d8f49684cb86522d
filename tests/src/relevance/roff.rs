//! The text of a manual page's source.

/// Macros whose arguments are text.
const TEXT_MACROS: [&str; 33] = [
    "SS", "B", "I", "BR", "RB", "BI", "IB", "IR", "RI", "SM", "SB", "IP", "TP", "Ss", "Nm", "Nd", "Fl", "Ar", "Pa",
    "Xr", "Dv", "Dq", "Em", "Li", "Op", "It", "Ic", "Cm", "Va", "Fn", "Ft", "Sy", "Ql",
];

/// What a page says about itself in one line, and all its other text. `None` when it has no such line.
pub fn read(source: &str) -> Option<(String, String)> {
    let sections = sections(source);
    let name = sections.iter().position(|section| !section.is_empty())?;
    let line = sections[name].join(" ");
    let about =
        [" - ", " -- ", " — ", " – "].iter().filter_map(|dash| line.split_once(dash)).min_by_key(|(a, _)| a.len());
    let about = about?.1.trim().to_owned();
    let rest: Vec<&str> =
        sections.iter().enumerate().filter(|(at, _)| *at != name).flat_map(|(_, s)| s).map(String::as_str).collect();
    Some((about, rest.join(" ")))
}

/// The lines of each section; the first are those before any.
fn sections(source: &str) -> Vec<Vec<String>> {
    let mut sections = vec![Vec::new()];
    for line in source.lines().filter(|line| !line.starts_with(".\\\"") && !line.starts_with("'\\\"")) {
        let Some(request) = line.strip_prefix(['.', '\'']) else {
            push(&mut sections, plain(line));
            continue;
        };
        let request = request.trim_start();
        let (name, arguments) = request.split_once(char::is_whitespace).unwrap_or((request, ""));
        match name {
            "SH" | "Sh" => sections.push(Vec::new()),
            "Nd" => push(&mut sections, format!(" - {}", plain(arguments))),
            name if TEXT_MACROS.contains(&name) => push(&mut sections, plain(&arguments.replace('"', ""))),
            _ => {}
        }
    }
    sections
}

fn push(sections: &mut [Vec<String>], line: String) {
    if let Some(section) = sections.last_mut().filter(|_| !line.trim().is_empty()) {
        section.push(line);
    }
}

/// A line without the escapes of fonts, sizes and special characters.
fn plain(line: &str) -> String {
    let mut text = String::with_capacity(line.len());
    let mut chars = line.chars();
    while let Some(c) = chars.next() {
        if c != '\\' {
            text.push(c);
            continue;
        }
        match chars.next() {
            Some('"') | None => break,
            Some('f' | '*' | 'm' | 'k' | 'n') => drop(name(&mut chars)),
            Some('s') => {
                let rest =
                    chars.as_str().trim_start_matches(['+', '-']).trim_start_matches(|c: char| c.is_ascii_digit());
                chars = rest.chars();
            }
            Some('(') => {
                let of: String = chars.by_ref().take(2).collect();
                text.push_str(special(&of));
            }
            Some('[') => {
                let of: String = chars.by_ref().take_while(|c| *c != ']').collect();
                text.push_str(special(&of));
            }
            Some('&' | '|' | ',' | '/' | ':' | 'c' | '^' | '%' | '!' | ')') => {}
            Some('e') => text.push('\\'),
            Some(other) => text.push(other),
        }
    }
    text
}

/// The name of a font or register: one character, two after `(`, any number in brackets.
fn name(chars: &mut std::str::Chars<'_>) -> String {
    match chars.next() {
        Some('(') => chars.by_ref().take(2).collect(),
        Some('[') => chars.by_ref().take_while(|c| *c != ']').collect(),
        Some(c) => c.to_string(),
        None => String::new(),
    }
}

fn special(name: &str) -> &'static str {
    match name {
        "em" | "en" | "hy" => "-",
        "aq" | "oq" | "cq" => "'",
        "dq" | "lq" | "rq" => "\"",
        _ => " ",
    }
}

#[cfg(test)]
mod tests {
    use super::read;

    #[test]
    fn the_line_about_a_page_is_apart_from_its_text() {
        let page = ".\\\" comment\n.TH LS 1\n.SH NAME\nls, \\fBdir\\fR \\- list \\(aqall\\(aq files\n.SH DESCRIPTION\n\
                    .B Shows\nwhat is\\s-1in\\s0 a directory.\n.SS More\n";
        let (about, text) = read(page).expect("a page");
        assert_eq!((about.as_str(), text.as_str()), ("list 'all' files", "Shows what isin a directory. More"));
        assert!(read(".so man1/ls.1").is_none());
    }
}
