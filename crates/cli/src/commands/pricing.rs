//! `turnscope pricing`: the prices by which costs are computed, and the user's own.

use super::reading::{Reading, query};
use crate::{
    client::Client,
    exit::{Code, Failure, Outcome},
    output,
    render::{self, look::Look},
    settings::{Flags, READ, Settings},
};
use std::path::{Path, PathBuf};
use turnscope_insight::cost::{Day, List, Price, PriceFile, Rate, from_litellm};
use turnscope_server::{Config, Local, PRICE_FILE};

/// What was typed.
#[derive(clap::Args)]
pub(crate) struct Pricing {
    #[command(subcommand)]
    what: What,
}

#[derive(clap::Subcommand)]
enum What {
    /// List the prices that hold
    List(ListArgs),
    /// Set your own price of a model, from a day on
    Set(Box<SetArgs>),
    /// Merge a file of prices into your own: this program's TOML, or `LiteLLM`'s JSON
    Import(ImportArgs),
    /// List the models of the store that have no price
    Check(CheckArgs),
}

#[derive(clap::Args)]
struct ListArgs {
    /// Only models of this name, or whose names hold it
    model: Option<String>,
    #[command(flatten)]
    reading: Reading,
}

#[derive(clap::Args)]
struct CheckArgs {
    #[command(flatten)]
    reading: Reading,
}

#[derive(clap::Args)]
struct SetArgs {
    /// The model; with a star at the end, every model whose name begins so
    model: String,
    /// Dollars for a million tokens of input
    #[arg(long, value_name = "USD")]
    input: f64,
    /// Dollars for a million tokens of output; none for models that only embed
    #[arg(long, value_name = "USD")]
    output: Option<f64>,
    /// Dollars for a million tokens read from the provider's cache
    #[arg(long, value_name = "USD")]
    cache_read: Option<f64>,
    /// Dollars for a million tokens written to the provider's cache
    #[arg(long, value_name = "USD")]
    cache_write: Option<f64>,
    /// Dollars for a million tokens written to the provider's cache for an hour
    #[arg(long, value_name = "USD")]
    cache_write_1h: Option<f64>,
    /// What share of the price a call in a batch costs, such as 0.5
    #[arg(long, value_name = "SHARE")]
    batch: Option<f64>,
    /// Only at this provider, such as openai or aws.bedrock
    #[arg(long, value_name = "NAME")]
    provider: Option<String>,
    /// The first day of the price, in UTC
    #[arg(long, value_name = "YYYY-MM-DD", default_value_t = today(), value_parser = day)]
    from: Day,
    /// Where the price comes from
    #[arg(long, value_name = "TEXT", default_value = "set by hand")]
    source: String,
    #[command(flatten)]
    settings: Flags<READ>,
}

#[derive(clap::Args)]
struct ImportArgs {
    /// The file
    file: PathBuf,
    /// The first day of prices that come without one, in UTC
    #[arg(long, value_name = "YYYY-MM-DD", default_value_t = today(), value_parser = day)]
    from: Day,
    #[command(flatten)]
    settings: Flags<READ>,
}

/// Shows or changes prices.
pub(crate) fn pricing(args: &Pricing) -> Outcome {
    match &args.what {
        What::List(args) => {
            let path = format!("/v1/pricing{}", query(&[("model", args.model.clone())]));
            let look = Look::of_stdout();
            args.reading.show(&args.reading.client()?, &path, |list: &turnscope_api::Pricing| {
                render::pricing::list(&look, list)
            })
        }
        What::Check(args) => {
            let look = Look::of_stdout();
            args.reading.show(
                &args.reading.client()?,
                "/v1/pricing/missing",
                |missing: &turnscope_api::Unpriced| render::pricing::missing(&look, missing),
            )
        }
        What::Set(args) => {
            let (head, price) = args.price()?;
            let said = format!("{} from {} on", price.model, price.from);
            change(args.settings.resolve()?, |own| own.set(head, price))?
                .say(&format!("set the price of {said}"))
        }
        What::Import(args) => {
            let more = read_import(&args.file, args.from)?;
            let count: usize = more.list.iter().map(|list| list.prices.len()).sum();
            let done = change(args.settings.resolve()?, |own| own.merge(more))?;
            done.say(&format!("took in {count} prices of {}", args.file.display()))
        }
    }
}

impl SetArgs {
    fn price(&self) -> Result<(List, Price), Failure> {
        let rate = |name: &str, usd: f64| {
            Rate::from_usd(usd).ok_or_else(|| {
                Failure::usage(format!("--{name} {usd} is no price"))
                    .hint("take dollars for a million tokens, such as 2.5")
            })
        };
        let maybe = |name, usd: Option<f64>| usd.map(|usd| rate(name, usd)).transpose();
        if self.batch.is_some_and(|share| !(0.0..=10.0).contains(&share)) {
            return Err(Failure::usage("--batch is a share of the price").hint("take 0.5 for half of it"));
        }
        let price = Price {
            model: self.model.trim().to_owned(),
            also: Vec::new(),
            from: self.from,
            input: rate("input", self.input)?,
            cache_read: maybe("cache-read", self.cache_read)?,
            cache_write: maybe("cache-write", self.cache_write)?,
            cache_write_1h: maybe("cache-write-1h", self.cache_write_1h)?,
            output: maybe("output", self.output)?,
            long: None,
            batch: self.batch,
            priority: None,
            peak: None,
        };
        let head = List { provider: self.provider.clone(), source: self.source.clone(), ..List::default() };
        Ok((head, price))
    }
}

/// What came of a change.
struct Changed {
    file: PathBuf,
    is_served: bool,
}

impl Changed {
    fn say(&self, what: &str) -> Outcome {
        let then = if self.is_served {
            "; the running server takes it up within seconds"
        } else {
            ", and costs are computed anew"
        };
        output::print(&format!("{}: {what}{then}.\n", self.file.display()))
    }
}

/// Changes the user's own prices. A running server sees the file change; where none runs, costs are brought up to date here.
fn change(settings: Settings, change: impl FnOnce(&mut PriceFile)) -> Result<Changed, Failure> {
    if let Some(url) = &settings.server {
        return Err(Failure::usage(format!("the price file of {url} cannot be changed from here"))
            .hint("name its data directory with --data, on the machine where it runs"));
    }
    let serving = Client::running(&settings)?;
    let file = match &serving {
        Some(server) => PathBuf::from(server.get::<turnscope_api::Pricing>("/v1/pricing?model=-")?.file),
        None => settings.pricing.clone().unwrap_or_else(|| settings.data.join(PRICE_FILE)),
    };
    let mut own = match std::fs::read_to_string(&file) {
        Ok(text) => parse(&file, PriceFile::parse(&text))?,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => PriceFile::default(),
        Err(error) => return Err(Failure::failed(format!("cannot read {}: {error}", file.display()))),
    };
    change(&mut own);
    write(&file, &parse(&file, own.to_text())?)?;
    if serving.is_none() && settings.data.join(turnscope_store_sqlite::FILE).exists() {
        let config = Config { ui_path: None, ..settings.server_config() };
        Local::own(Config { api_key: None, ..config })?.settle();
    }
    Ok(Changed { file, is_served: serving.is_some() })
}

/// Written beside and renamed, so that a server never reads half of it.
fn write(file: &Path, text: &str) -> Result<(), Failure> {
    let beside = file.with_extension("tmp");
    let parent = file.parent().unwrap_or(Path::new("."));
    std::fs::create_dir_all(parent)
        .and_then(|()| std::fs::write(&beside, text))
        .and_then(|()| std::fs::rename(&beside, file))
        .map_err(|error| Failure::failed(format!("cannot write {}: {error}", file.display())))
}

fn read_import(file: &Path, from: Day) -> Result<PriceFile, Failure> {
    let text = std::fs::read_to_string(file)
        .map_err(|error| Failure::new(Code::NotFound, format!("cannot read {}: {error}", file.display())))?;
    let is_json = text.trim_start().starts_with('{');
    parse(file, if is_json { from_litellm(&text, from) } else { PriceFile::parse(&text) })
}

fn parse<T>(file: &Path, outcome: Result<T, turnscope_insight::cost::PricingError>) -> Result<T, Failure> {
    outcome.map_err(|error| {
        Failure::failed(format!("{} is no file of prices: {error}", file.display()))
            .hint("its form is described in docs/cost.md")
    })
}

fn day(text: &str) -> Result<Day, String> {
    Day::parse(text).ok_or_else(|| "write a day as YYYY-MM-DD".to_owned())
}

fn today() -> Day {
    let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap_or_default();
    Day::of(u64::try_from(now.as_nanos()).unwrap_or_default())
}
