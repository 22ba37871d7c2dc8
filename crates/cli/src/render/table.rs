//! Tables that fit the width: the least important columns are dropped first, and flexible columns share the
//! rest.

use super::terminal_style::{TerminalStyle, Tone, columns};

/// One column.
pub(crate) struct Column {
    pub(crate) title: &'static str,
    pub(crate) right: bool,
    /// Shrinks to the available width, but not below this.
    pub(crate) flexible: Option<usize>,
    /// Maximum width.
    pub(crate) max: usize,
    /// Columns with the highest rank are dropped first; 0 is never dropped.
    pub(crate) rank: u8,
}

impl Column {
    /// A text column with a maximum width.
    pub(crate) const fn text(title: &'static str, max: usize, rank: u8) -> Self {
        Self { title, right: false, flexible: None, max, rank }
    }

    /// A right-aligned number.
    pub(crate) const fn figure(title: &'static str, rank: u8) -> Self {
        Self { title, right: true, flexible: None, max: 16, rank }
    }

    /// A column that takes the remaining width.
    pub(crate) const fn flexible(title: &'static str, least: usize, rank: u8) -> Self {
        Self { title, right: false, flexible: Some(least), max: usize::MAX, rank }
    }
}

/// One cell.
pub(crate) struct Cell(pub(crate) String, pub(crate) Tone);

impl Cell {
    pub(crate) fn plain(text: impl Into<String>) -> Self {
        Self(text.into(), Tone::Plain)
    }

    pub(crate) fn faint(text: impl Into<String>) -> Self {
        Self(text.into(), Tone::Faint)
    }
}

/// Renders the table. Columns that are empty in every row are left out.
pub(crate) fn table(style: &TerminalStyle, all: &[Column], rows: &[Vec<Cell>]) -> String {
    let widest = |at: usize| {
        let of_rows =
            rows.iter().filter_map(|row| row.get(at)).map(|cell| columns(&cell.0)).max().unwrap_or(0);
        if of_rows == 0 { 0 } else { of_rows.max(columns(all[at].title)).min(all[at].max) }
    };
    let natural: Vec<usize> = (0..all.len()).map(widest).collect();
    let mut shown: Vec<usize> = (0..all.len()).filter(|at| natural[*at] > 0).collect();
    let least = |at: usize| all[at].flexible.map_or(natural[at], |least| least.min(natural[at]));
    while shown.iter().map(|at| least(*at) + 2).sum::<usize>() > style.width + 2 {
        let Some(place) = (0..shown.len())
            .filter(|place| all[shown[*place]].rank > 0)
            .max_by_key(|place| all[shown[*place]].rank)
        else {
            break;
        };
        shown.remove(place);
    }
    let fixed: usize =
        shown.iter().map(|at| if all[*at].flexible.is_some() { 2 } else { natural[*at] + 2 }).sum();
    let mut left = (style.width + 2).saturating_sub(fixed);
    let mut widths = natural.clone();
    let flexible: Vec<usize> = shown.iter().copied().filter(|at| all[*at].flexible.is_some()).collect();
    for (done, at) in flexible.iter().enumerate() {
        let share = left / (flexible.len() - done);
        widths[*at] = natural[*at].min(share.max(all[*at].flexible.unwrap_or(0)));
        left = left.saturating_sub(widths[*at]);
    }
    let line = |cells: &dyn Fn(usize) -> (String, Tone)| {
        let mut out = String::new();
        for (place, &at) in shown.iter().enumerate() {
            let (text, tone) = cells(at);
            let fitted =
                if all[at].right { style.fit_right(&text, widths[at]) } else { style.fit(&text, widths[at]) };
            let last = place + 1 == shown.len();
            let fitted = if last { fitted.trim_end().to_owned() } else { fitted };
            out.push_str(&style.paint(tone, &fitted));
            if !last {
                out.push_str("  ");
            }
        }
        format!("{}\n", out.trim_end())
    };
    let mut out = line(&|at| (all[at].title.to_owned(), Tone::Faint));
    for row in rows {
        out.push_str(&line(&|at| {
            row.get(at).map_or((String::new(), Tone::Plain), |cell| (cell.0.clone(), cell.1))
        }));
    }
    out
}
