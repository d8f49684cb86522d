//! One form for characters that are written in full or half width, and for kana whose voicing mark stands apart.

use std::iter::Peekable;
use std::str::Chars;

/// Half-width katakana, from U+FF65 on.
const HALF_WIDTH: [char; 57] = [
    '・', 'ヲ', 'ァ', 'ィ', 'ゥ', 'ェ', 'ォ', 'ャ', 'ュ', 'ョ', 'ッ', 'ー', 'ア', 'イ', 'ウ', 'エ', 'オ', 'カ', 'キ',
    'ク', 'ケ', 'コ', 'サ', 'シ', 'ス', 'セ', 'ソ', 'タ', 'チ', 'ツ', 'テ', 'ト', 'ナ', 'ニ', 'ヌ', 'ネ', 'ノ', 'ハ',
    'ヒ', 'フ', 'ヘ', 'ホ', 'マ', 'ミ', 'ム', 'メ', 'モ', 'ヤ', 'ユ', 'ヨ', 'ラ', 'リ', 'ル', 'レ', 'ロ', 'ワ', 'ン',
];

/// The characters of a text: ASCII for its full-width forms, full-width katakana for the half-width, and one
/// character for a kana and its voicing mark, as NFKC has them.
pub(super) fn folded(text: &str) -> Folded<'_> {
    Folded { chars: text.chars().peekable() }
}

pub(super) struct Folded<'a> {
    chars: Peekable<Chars<'a>>,
}

impl Iterator for Folded<'_> {
    type Item = char;

    fn next(&mut self) -> Option<char> {
        let c = self.chars.next()?;
        if c < '\u{3040}' {
            return Some(c);
        }
        let c = fold(c);
        let mark = match self.chars.peek() {
            Some('\u{3099}' | '\u{ff9e}') => 1,
            Some('\u{309a}' | '\u{ff9f}') => 2,
            _ => return Some(c),
        };
        let Some(voiced) = voiced(c, mark) else { return Some(c) };
        self.chars.next();
        Some(voiced)
    }
}

fn fold(c: char) -> char {
    match c {
        '\u{ff01}'..='\u{ff5e}' => char::from_u32(c as u32 - 0xfee0).unwrap_or(c),
        '\u{ff65}'..='\u{ff9d}' => HALF_WIDTH[c as usize - 0xff65],
        _ => c,
    }
}

/// A kana with a voicing mark (1) or half-voicing mark (2).
fn voiced(c: char, mark: u32) -> Option<char> {
    let katakana = matches!(c, '\u{30a1}'..='\u{30f6}');
    let hiragana = if katakana { c as u32 - 0x60 } else { c as u32 };
    let voiced = match hiragana {
        // Of the rows of ka, sa and ta the voiced kana is the next one; of the row of ha the half-voiced follows it.
        0x304b..=0x3061 if hiragana % 2 == 1 && mark == 1 => hiragana + 1,
        0x3064 | 0x3066 | 0x3068 if mark == 1 => hiragana + 1,
        0x306f..=0x307b if hiragana % 3 == 0x306f % 3 => hiragana + mark,
        0x3046 if mark == 1 => 0x3094,
        _ => return None,
    };
    char::from_u32(if katakana { voiced + 0x60 } else { voiced })
}

#[cfg(test)]
mod tests {
    use super::folded;

    #[test]
    fn forms_of_one_character_become_one() {
        for (text, wanted) in [
            ("ＡＺａｚ０９！～", "AZaz09!~"),
            ("ｱｲｳｴｵｬｯｰ･ｦﾝ", "アイウエオャッー・ヲン"),
            ("ｶﾞｷﾞｻﾞｼﾞﾀﾞﾁﾞﾂﾞﾃﾞﾄﾞﾊﾞﾎﾞﾊﾟﾎﾟｳﾞ", "ガギザジダヂヅデドバボパポヴ"),
            ("か\u{3099}し\u{3099}つ\u{3099}ひ\u{309a}へ\u{3099}", "がじづぴべ"),
            ("ｱﾞナ\u{3099}か\u{309a}", "ア\u{ff9e}ナ\u{3099}か\u{309a}"),
            ("plain é 漢字", "plain é 漢字"),
        ] {
            assert_eq!(folded(text).collect::<String>(), wanted);
        }
    }
}
