//! Columns without borders.

use super::printable;

/// Between two columns.
const GAP: usize = 2;

/// Rows of cells, written with aligned columns. A cell comes from anywhere: what could steer a
/// terminal is made visible.
#[derive(Debug, Default)]
pub struct Table {
    rows: Vec<Vec<String>>,
    right: Vec<usize>,
    indent: usize,
}

impl Table {
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Numbers read best at the right of their column.
    #[must_use]
    pub fn right(mut self, column: usize) -> Self {
        self.right.push(column);
        self
    }

    #[must_use]
    pub const fn indent(mut self, spaces: usize) -> Self {
        self.indent = spaces;
        self
    }

    pub fn row<C: AsRef<str>>(&mut self, cells: impl IntoIterator<Item = C>) -> &mut Self {
        let cells = cells
            .into_iter()
            .map(|cell| printable(cell.as_ref()).into_owned());
        self.rows.push(cells.collect());
        self
    }

    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }

    fn widths(&self) -> Vec<usize> {
        let mut widths = Vec::new();
        for row in &self.rows {
            widths.resize(widths.len().max(row.len()), 0);
            for (width, cell) in widths.iter_mut().zip(row) {
                *width = (*width).max(cell.chars().count());
            }
        }
        widths
    }

    /// Each row as a line; no line ends in spaces.
    #[must_use]
    pub fn lines(&self) -> Vec<String> {
        let widths = self.widths();
        let line = |row: &Vec<String>| {
            let cells = row.iter().zip(&widths).enumerate();
            let cells = cells.map(|(column, (cell, width))| {
                let pad = " ".repeat(width - cell.chars().count());
                if self.right.contains(&column) {
                    pad + cell
                } else {
                    cell.clone() + &pad
                }
            });
            let text = cells.collect::<Vec<_>>().join(&" ".repeat(GAP));
            " ".repeat(self.indent) + text.trim_end()
        };
        self.rows.iter().map(line).collect()
    }
}

impl std::fmt::Display for Table {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.lines()
            .into_iter()
            .try_for_each(|line| writeln!(f, "{line}"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_are_as_wide_as_their_widest_cell_in_characters() {
        let mut table = Table::new().right(1).indent(2);
        table
            .row(["über", "7", "x"])
            .row(["a", "1,204", ""])
            .row(["longest"]);
        assert_eq!(
            table.to_string(),
            "  über         7  x\n  a        1,204\n  longest\n"
        );
    }

    #[test]
    fn a_name_cannot_steer_the_terminal_or_break_its_row() {
        let mut table = Table::new();
        table.row(["a\nb\u{1b}[2Jc", "d"]);
        assert_eq!(table.to_string(), "a\\nb\\u{1b}[2Jc  d\n");
    }
}
