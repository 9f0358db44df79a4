//! Text that is safe to keep and to show: cut on character boundaries, no control characters.

/// Lower-case hexadecimal.
pub fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// At most `max` bytes of UTF-8, cut on a character boundary, with `…` when something was cut.
pub fn cut_bytes(text: &str, max: usize) -> String {
    if text.len() <= max {
        return text.to_owned();
    }
    let room = max.saturating_sub('…'.len_utf8());
    let end = text.char_indices().map(|(at, c)| at + c.len_utf8()).take_while(|end| *end <= room);
    let end = end.last().unwrap_or(0);
    format!("{}…", text.get(..end).unwrap_or_default())
}

/// At most `max` characters, with `…` as the last when something was cut.
pub fn cut_chars(text: &str, max: usize) -> String {
    if text.chars().count() <= max {
        return text.to_owned();
    }
    text.chars().take(max.saturating_sub(1)).chain(['…']).collect()
}

/// Text without control characters (tab and newline stay) and without the marks that turn the
/// direction of what follows; trimmed.
pub fn clean(text: &str) -> String {
    let is_kept = |c: char| match c {
        '\n' | '\t' => true,
        '\u{202A}'..='\u{202E}' | '\u{2066}'..='\u{2069}' | '\u{FEFF}' => false,
        _ => !c.is_control(),
    };
    // Nearly every text is clean already.
    if text.chars().all(is_kept) {
        return text.trim().to_owned();
    }
    let kept: String = text.chars().filter(|c| is_kept(*c)).collect();
    kept.trim().to_owned()
}

/// A telephone number of which only the end is told, of a mobile one the begin as well: enough to tell
/// two numbers apart, and not to call one.
pub fn masked(phone: &str) -> String {
    let chars: Vec<char> = phone.chars().collect();
    let (head, tail) = if chars.len() >= 11 { (3, 4) } else { (0, chars.len() / 3) };
    let is_shown = |at: usize| at < head || at >= chars.len() - tail;
    chars.iter().enumerate().map(|(at, c)| if is_shown(at) { *c } else { '*' }).collect()
}

/// The first line of a text, at most `max` characters: a title made from a message.
pub fn first_line(text: &str, max: usize) -> String {
    cut_chars(text.lines().map(str::trim).find(|line| !line.is_empty()).unwrap_or_default(), max)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cutting_never_splits_a_character() {
        assert_eq!(cut_bytes("工单工单", 12), "工单工单");
        assert_eq!(cut_bytes("工单工单", 11), "工单…");
        assert_eq!(cut_bytes("😀😀", 7), "😀…");
        assert_eq!(cut_chars("工单系统", 3), "工单…");
    }

    #[test]
    fn cleaning_keeps_emoji_and_drops_what_harms() {
        assert_eq!(clean("\u{FEFF} a\0b\u{202E}c\r\n😀\n "), "abc\n😀");
        assert_eq!(clean(" 三楼\t空调\n坏了 "), "三楼\t空调\n坏了");
        assert_eq!(clean("a\u{7F}\u{9F}\u{2066}\r"), "a");
    }

    #[test]
    fn a_masked_number_cannot_be_called() {
        for (phone, shown) in [
            ("13800000001", "138****0001"),
            ("021-6666", "******66"),
            ("7654321", "*****21"),
            ("110", "**0"),
            ("", ""),
        ] {
            assert_eq!(masked(phone), shown);
        }
    }

    #[test]
    fn a_title_is_the_first_line() {
        assert_eq!(first_line("\n 空调坏了 \n三楼", 64), "空调坏了");
    }
}
