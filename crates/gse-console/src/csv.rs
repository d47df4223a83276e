//! Tables as comma-separated text, for spreadsheets.
//!
//! RFC 4180, with a mark of UTF-8 at the beginning, without which spreadsheets show Chinese as noise. What a user wrote must
//! not become a formula of whoever opens the table: a cell that could be one begins with an apostrophe.

/// The rows as one text, lines ended with CR LF.
pub(crate) fn table<R, C>(rows: R) -> String
where
    R: IntoIterator<Item = C>,
    C: IntoIterator<Item = String>,
{
    let mut text = "\u{feff}".to_owned();
    for row in rows {
        let cells: Vec<String> = row.into_iter().map(|cell| quoted(&cell)).collect();
        text += &cells.join(",");
        text += "\r\n";
    }
    text
}

/// One cell.
fn quoted(cell: &str) -> String {
    // NUL and the like are no part of any table; line ends and tabs are.
    let cell: String = cell.chars().filter(|c| !c.is_control() || matches!(c, '\n' | '\r' | '\t')).collect();
    let guard = if could_be_formula(&cell) { "'" } else { "" };
    if guard.is_empty() && !cell.contains([',', '"', '\n', '\r', '\t', ';']) && cell.trim() == cell {
        return cell;
    }
    format!("\"{guard}{}\"", cell.replace('"', "\"\""))
}

/// Spreadsheets take what begins so for a formula; spaces and their full-width forms before it do not help. Numbers are
/// none, although they may begin with a minus.
fn could_be_formula(cell: &str) -> bool {
    let begins = cell.trim_start_matches(|c: char| c.is_whitespace() || c == '"' || c == '\u{feff}');
    let is_sign =
        |c: char| matches!(c, '=' | '+' | '-' | '@' | '|' | '%' | '＝' | '＋' | '－' | '＠' | '\t' | '\r');
    begins.starts_with(is_sign) && begins.parse::<f64>().is_err() || cell.starts_with(['\t', '\r', '\n'])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn formulas_are_text() {
        for hostile in [
            "=1+1",
            "+cmd|' /C calc'!A0",
            "-2+3+cmd|'/C calc'!A0",
            "@SUM(1)",
            "\t=1",
            "  =HYPERLINK(\"http://evil\")",
            "＝1",
            "\"=1",
            "%00",
        ] {
            let cell = quoted(hostile);
            assert!(cell.starts_with("\"'"), "{hostile:?} became {cell}");
        }
        for plain in ["-3", "+3.5", "fleet-1", "0", "2026-01-31 08:00:00", "a=b", ""] {
            assert_eq!(quoted(plain), plain);
        }
    }

    #[test]
    fn cells_stay_in_their_place() {
        let rows = [["a,b", "say \"hi\"", "two\r\nlines"], ["x\0y", " pad ", "é😀"]];
        let text = table(rows.map(|row| row.map(str::to_owned)));
        assert_eq!(text, "\u{feff}\"a,b\",\"say \"\"hi\"\"\",\"two\r\nlines\"\r\nxy,\" pad \",é😀\r\n");
    }
}
