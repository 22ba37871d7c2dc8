//! `turnscope summary`.

use super::reading::{Reading, query, run_id};
use crate::{exit::Outcome, output};

/// Arguments.
#[derive(clap::Args)]
pub(crate) struct Summary {
    /// A run id or its prefix, a trace id, the application's own id, or `last`
    run: String,
    /// Approximate length, in tokens
    #[arg(long, value_name = "N", default_value_t = 2000, value_parser = clap::value_parser!(u32).range(50..=100_000))]
    max_tokens: u32,
    #[command(flatten)]
    reading: Reading,
}

/// Prints a summary.
pub(crate) fn summary(args: &Summary) -> Outcome {
    let client = args.reading.client()?;
    let id = run_id(&client, &args.run)?;
    let text = client.get_bytes(&format!(
        "/v1/runs/{id}/summary{}",
        query(&[("max_tokens", Some(args.max_tokens.to_string()))])
    ))?;
    let text = String::from_utf8_lossy(&text);
    if args.reading.json {
        return output::json(&serde_json::json!({ "run_id": id, "summary": text }));
    }
    output::print(&format!("{}\n", text.trim_end()))
}
