//! CSV as spreadsheets write it (RFC 4180): UTF-8, with or without a mark at its begin, cells in
//! quotes where they contain a comma, a quote or the end of a line.

/// A line of a file: where it begins, and its cells.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Row {
    pub(crate) line: usize,
    pub(crate) cells: Vec<String>,
}

/// The most characters of a cell.
const CELL_MAX: usize = 10_000;

/// Every line in which something stands, until there are more than `most`: a file of nothing but ends
/// of lines has millions.
///
/// # Errors
/// The line that cannot be read, and the mend.
pub(crate) fn parse(bytes: &[u8], most: usize) -> Result<Vec<Row>, (usize, String)> {
    let text = std::str::from_utf8(bytes).map_err(|_other| {
        let detail = "文件不是 UTF-8 编码，请在表格软件中另存为「CSV UTF-8」";
        (1, detail.to_owned())
    })?;
    let text = text.strip_prefix('\u{FEFF}').unwrap_or(text);
    let (mut rows, mut cells, mut cell) = (Vec::new(), Vec::new(), String::new());
    let (mut line, mut begin, mut is_quoted) = (1, 1, false);
    let mut chars = text.chars().peekable();
    while let Some(c) = chars.next() {
        line += usize::from(c == '\n');
        if cell.len() > CELL_MAX {
            return Err((begin, format!("一格最多 {CELL_MAX} 字节，可能少了一个引号")));
        }
        match (c, is_quoted) {
            ('"', true) if chars.peek() == Some(&'"') => {
                chars.next();
                cell.push('"');
            }
            ('"', true) => is_quoted = false,
            (c, true) => cell.push(c),
            ('"', false) if cell.is_empty() => is_quoted = true,
            (',', false) => cells.push(std::mem::take(&mut cell)),
            ('\r', false) if chars.peek() == Some(&'\n') => {}
            ('\n', false) => {
                cells.push(std::mem::take(&mut cell));
                let cells = std::mem::take(&mut cells);
                if cells.iter().any(|one| !one.trim().is_empty()) {
                    rows.push(Row { line: begin, cells });
                }
                if rows.len() > most {
                    return Ok(rows);
                }
                begin = line;
            }
            (c, false) => cell.push(c),
        }
    }
    if is_quoted {
        return Err((begin, "引号没有结束，请补上或去掉".to_owned()));
    }
    cells.push(cell);
    if cells.iter().any(|one| !one.trim().is_empty()) {
        rows.push(Row { line: begin, cells });
    }
    Ok(rows)
}
