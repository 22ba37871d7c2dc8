//! `turnscope audit export`: a JSON array with one record a line, or CSV with a column for every field of
//! both tables.

use super::{Common, RecordFilter};
use crate::{
    exit::{Failure, Outcome},
    output,
    render::human,
};
use serde_json::Value;
use std::{
    fs::File,
    io::{BufWriter, Write},
    path::PathBuf,
};
use turnscope_audit::{Filter, Reader};

/// Arguments.
#[derive(clap::Args)]
pub(super) struct ExportArgs {
    /// The output format
    #[arg(long, value_enum, default_value_t = Format::Json)]
    format: Format,
    /// The output file [default: stdout]
    #[arg(short, long, value_name = "FILE")]
    output: Option<PathBuf>,
    #[command(flatten)]
    filter: RecordFilter,
    #[command(flatten)]
    common: Common,
}

#[derive(Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
enum Format {
    Json,
    Csv,
}

/// Exports records.
pub(super) fn export(args: &ExportArgs) -> Outcome {
    let reader = args.common.reader()?;
    let filter = args.filter.filter();
    let out: Box<dyn Write> = match &args.output {
        None => Box::new(output::stdout()),
        Some(path) => Box::new(BufWriter::new(
            File::create(path)
                .map_err(|error| Failure::failed(format!("cannot write {}: {error}", path.display())))?,
        )),
    };
    let written = match args.format {
        Format::Json => as_json(&reader, &filter, out)?,
        Format::Csv => as_csv(&reader, &filter, out)?,
    };
    if let Some(path) = &args.output {
        eprintln!("Wrote {} to {}.", human::plural(written, "record"), path.display());
    }
    Ok(())
}

fn as_json(reader: &Reader, filter: &Filter, mut out: impl Write) -> Result<u64, Failure> {
    let mut written = 0;
    out.write_all(b"[")?;
    reader.each(filter, |record| {
        out.write_all(if written == 0 { b"\n" } else { b",\n" })?;
        serde_json::to_writer(&mut out, &record).map_err(std::io::Error::from)?;
        written += 1;
        Ok::<_, Failure>(())
    })?;
    out.write_all(b"\n]\n")?;
    out.flush()?;
    Ok(written)
}

fn as_csv(reader: &Reader, filter: &Filter, out: impl Write) -> Result<u64, Failure> {
    let mut rows = csv::Writer::from_writer(out);
    let mut written = 0;
    let columns = turnscope_audit::fields();
    rows.write_record(&columns).map_err(std::io::Error::from)?;
    reader.each(filter, |record| {
        let value = serde_json::to_value(&record).map_err(std::io::Error::from)?;
        let cell = |column: &&str| match value.get(*column) {
            None | Some(Value::Null) => String::new(),
            Some(Value::String(text)) => text.clone(),
            Some(other) => other.to_string(),
        };
        rows.write_record(columns.iter().map(cell)).map_err(std::io::Error::from)?;
        written += 1;
        Ok::<_, Failure>(())
    })?;
    rows.flush()?;
    Ok(written)
}
