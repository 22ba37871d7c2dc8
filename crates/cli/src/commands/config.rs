//! `turnscope config`.

use crate::{
    exit::Outcome,
    output,
    render::{
        table::{Cell, Column, table},
        terminal_style::{TerminalStyle, Tone},
    },
    settings::{Flags, Origin, Resolved, SERVE, invalid},
};
use serde_json::json;

/// Arguments.
#[derive(clap::Args)]
pub(crate) struct Config {
    /// Print the settings; this is the default
    #[arg(long)]
    show: bool,
    /// Print JSON
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    flags: Flags<SERVE>,
}

/// Prints each setting and its source, also where some are invalid. Those are then named, and the exit code says so.
pub(crate) fn config(args: &Config) -> Outcome {
    let Resolved { origins, errors, .. } = args.flags.resolve_all();
    if args.json {
        let all: Vec<_> = origins
            .iter()
            .map(|origin| json!({ "name": origin.name, "value": origin.value, "from": origin.from }))
            .collect();
        output::json(&json!({ "settings": all, "errors": errors }))?;
    } else {
        output::print(&render(&TerminalStyle::for_stdout(), &origins))?;
    }
    if errors.is_empty() { Ok(()) } else { Err(invalid(&errors)) }
}

fn render(style: &TerminalStyle, origins: &[Origin]) -> String {
    let all = [Column::text("SETTING", 28, 0), Column::flexible("VALUE", 16, 0), Column::text("FROM", 40, 1)];
    let rows: Vec<Vec<Cell>> = origins
        .iter()
        .map(|origin| {
            let tone = if origin.from == "default" { Tone::Faint } else { Tone::Strong };
            let value = if origin.value.is_empty() { "-" } else { &origin.value };
            vec![Cell::plain(origin.name), Cell(value.to_owned(), tone), Cell::faint(&*origin.from)]
        })
        .collect();
    table(style, &all, &rows)
}
