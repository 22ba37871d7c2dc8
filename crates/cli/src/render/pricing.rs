//! Prices as a table.

use super::{
    human,
    table::{Cell, Column, table},
    terminal_style::{TerminalStyle, Tone},
};
use std::fmt::Write as _;
use turnscope_api::{Pricing, TierPrice, Unpriced};
use turnscope_insight::cost::Compared;

/// Current prices, in US dollars per million tokens.
pub(crate) fn list(style: &TerminalStyle, pricing: &Pricing) -> String {
    if pricing.prices.is_empty() {
        return "No price for such a model. Set one with `turnscope pricing set`.\n".to_owned();
    }
    let all = [
        Column::flexible("MODEL", 16, 0),
        Column::text("PROVIDER", 16, 1),
        Column::text("FROM", 10, 2),
        Column::text("TIER", 20, 0),
        Column::figure("INPUT", 0),
        Column::figure("CACHE READ", 3),
        Column::figure("CACHE WRITE", 4),
        Column::figure("WRITE 1H", 5),
        Column::figure("OUTPUT", 0),
        Column::figure("WINDOW", 6),
    ];
    let rows: Vec<Vec<Cell>> = pricing
        .prices
        .iter()
        .flat_map(|price| {
            price.tiers.iter().enumerate().map(|(nth, tier)| {
                let once = |text: &str| if nth == 0 { text.to_owned() } else { String::new() };
                let own = if price.own && nth == 0 { " (own)" } else { "" };
                let mut row = vec![
                    Cell(format!("{}{own}", once(&price.model)), Tone::Strong),
                    Cell::plain(once(price.provider.as_deref().unwrap_or("any"))),
                    Cell::faint(once(&price.effective_from)),
                    Cell::faint(tier_name(tier)),
                    Cell::plain(rate(Some(tier.input))),
                ];
                let more = [tier.cache_read, tier.cache_write, tier.cache_write_1h, tier.output];
                row.extend(more.map(|usd| Cell::plain(rate(usd))));
                let window = price.context_window.filter(|_| nth == 0).map(human::count);
                row.push(Cell::faint(window.unwrap_or_default()));
                row
            })
        })
        .collect();
    let mut out = table(style, &all, &rows);
    let version = pricing.version.as_deref().unwrap_or("unknown");
    out.push_str(&style.paint(
        Tone::Faint,
        &format!("US dollars per million tokens; bundled prices of {version}, your own in {}", pricing.file),
    ));
    out.push('\n');
    if let Some(error) = &pricing.file_error {
        out.push_str(&style.paint(Tone::Bad, &format!("your own prices are not used: {error}")));
        out.push('\n');
    }
    out
}

/// Models without a price.
pub(crate) fn missing(style: &TerminalStyle, missing: &Unpriced) -> String {
    if missing.models.is_empty() {
        return "Every model call in the store has a price.\n".to_owned();
    }
    let all = [
        Column::flexible("MODEL", 16, 0),
        Column::text("PROVIDER", 24, 1),
        Column::figure("CALLS", 2),
        Column::figure("WITHOUT A PRICE", 0),
    ];
    let rows: Vec<Vec<Cell>> = missing
        .models
        .iter()
        .map(|one| {
            vec![
                Cell(one.model.clone().unwrap_or_else(|| "(unnamed)".to_owned()), Tone::Strong),
                Cell::plain(one.provider.clone().unwrap_or_default()),
                Cell::plain(human::count(one.calls)),
                Cell::plain(human::count(one.unpriced_calls)),
            ]
        })
        .collect();
    let mut out = table(style, &all, &rows);
    out.push_str("Set a price with `turnscope pricing set MODEL --input USD --output USD`.\n");
    out
}

/// The prices in use beside those of another file.
pub(crate) fn compared(style: &TerminalStyle, found: &Compared) -> String {
    let mut out = String::new();
    if !found.different.is_empty() {
        let all = [
            Column::flexible("MODEL", 16, 0),
            Column::text("PROVIDER", 16, 1),
            Column::text("PRICE OF", 12, 0),
            Column::figure("IN USE", 0),
            Column::figure("IN THE FILE", 0),
        ];
        let rows: Vec<Vec<Cell>> = found
            .different
            .iter()
            .map(|one| {
                vec![
                    Cell(one.model.clone(), Tone::Strong),
                    Cell::plain(one.provider.clone()),
                    Cell::faint(one.what.to_owned()),
                    Cell::plain(rate(Some(one.ours))),
                    Cell::plain(rate(Some(one.theirs))),
                ]
            })
            .collect();
        out.push_str(&table(style, &all, &rows));
    }
    for (provider, model) in &found.only_theirs {
        let _ = writeln!(out, "no price is in use for {model} at {provider}");
    }
    let (same, different, only) = (found.same, found.different.len(), found.only_theirs.len());
    out.push_str(&style.paint(
        Tone::Faint,
        &format!("{same} models have the same prices, {different} prices differ, {only} models have a price in the file only"),
    ));
    out.push('\n');
    out
}

fn tier_name(tier: &TierPrice) -> String {
    match tier.above_input_tokens {
        Some(above) => format!("above {} tokens", human::count(above)),
        None => tier.tier.clone(),
    }
}

/// `2.5`, `0.0125`; empty if the bucket has no price of its own.
fn rate(usd: Option<f64>) -> String {
    usd.map_or_else(String::new, |usd| {
        let text = format!("{usd:.6}");
        text.trim_end_matches('0').trim_end_matches('.').to_owned()
    })
}
