//! File names that are safe on every disk, in every header and before every eye.

use kernel::text;

/// Characters of a name.
pub const NAME_MAX: usize = 120;
/// Characters of an ending that is kept when a name is cut.
const ENDING_MAX: usize = 16;
/// What a file without a usable name is called.
const NAMELESS: &str = "file";
/// Names that Windows takes for devices, whatever their ending.
const DEVICES: [&str; 4] = ["CON", "PRN", "AUX", "NUL"];

/// The name without folders, control characters, marks that turn the direction of writing (they
/// make `exe.jpg` of `gpj.exe`) and characters that some disk refuses; at most [`NAME_MAX`]
/// characters, its ending kept. Cleaning twice changes nothing.
pub fn clean_name(name: &str) -> String {
    let last = name.rsplit(['/', '\\']).next().unwrap_or_default();
    let kept: String = last.chars().filter(|c| !is_harmful(*c)).map(on_any_disk).collect();
    let cut = cut(trim(&kept));
    let name = trim(&cut);
    match name {
        "" => NAMELESS.to_owned(),
        _ if is_device(name) => cut_to(&format!("_{name}"), NAME_MAX),
        _ => name.to_owned(),
    }
}

fn is_harmful(c: char) -> bool {
    let is_invisible = matches!(c,
        '\u{00AD}' | '\u{061C}' | '\u{180E}' | '\u{200B}'..='\u{200F}' | '\u{2028}'..='\u{202E}'
        | '\u{2060}'..='\u{206F}' | '\u{FEFF}' | '\u{FFF9}'..='\u{FFFB}');
    c.is_control() || is_invisible
}

fn on_any_disk(c: char) -> char {
    match c {
        '<' | '>' | ':' | '"' | '|' | '?' | '*' => '_',
        c if c.is_whitespace() => ' ',
        c => c,
    }
}

/// Neither a hidden file nor an ending that Windows drops.
fn trim(name: &str) -> &str {
    name.trim_matches([' ', '.'])
}

fn cut(name: &str) -> String {
    if name.chars().count() <= NAME_MAX {
        return name.to_owned();
    }
    match name.rsplit_once('.') {
        Some((stem, ending)) if ending.chars().count() <= ENDING_MAX => {
            let room = NAME_MAX - ending.chars().count() - 1;
            format!("{}.{ending}", text::cut_chars(stem, room))
        }
        _ => text::cut_chars(name, NAME_MAX),
    }
}

fn cut_to(name: &str, max: usize) -> String {
    text::cut_chars(name, max)
}

fn is_device(name: &str) -> bool {
    let stem = name.split('.').next().unwrap_or_default().trim_end().to_uppercase();
    let is_port = |port: &str| {
        let number = stem.strip_prefix(port);
        number.is_some_and(|n| matches!(n.as_bytes(), [b'0'..=b'9']))
    };
    DEVICES.contains(&stem.as_str()) || is_port("COM") || is_port("LPT")
}
