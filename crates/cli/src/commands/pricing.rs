//! `turnscope pricing`: the prices used to compute costs, and the user's own prices.

use super::reading::{Reading, query};
use crate::{
    client::Client,
    exit::{Code, Failure, Outcome},
    output,
    render::{self, terminal_style::TerminalStyle},
    settings::{Flags, READ, Settings},
};
use std::io::Write as _;
use std::path::{Path, PathBuf};
use turnscope_insight::cost::{Day, List, Price, PriceFile, PriceList, Rate, Rates, compare, from_litellm};
use turnscope_server::{Config, Local, PRICE_FILE};

/// Arguments.
#[derive(clap::Args)]
pub(crate) struct Pricing {
    #[command(subcommand)]
    command: PricingCommand,
}

#[derive(clap::Subcommand)]
enum PricingCommand {
    /// List current prices
    List(ListArgs),
    /// Set your own price for a model, from a certain day on
    Set(Box<SetArgs>),
    /// Merge a price file into your own prices: turnscope's TOML, or `LiteLLM`'s JSON
    Import(ImportArgs),
    /// List models in the store that have no price, or compare the prices with those of a file
    Check(CheckArgs),
}

#[derive(clap::Args)]
struct ListArgs {
    /// Only models with this name, or whose names contain it
    model: Option<String>,
    #[command(flatten)]
    reading: Reading,
}

#[derive(clap::Args)]
struct CheckArgs {
    /// A price file to compare with: `LiteLLM`'s JSON, or turnscope's TOML
    file: Option<PathBuf>,
    #[command(flatten)]
    reading: Reading,
}

#[derive(clap::Args)]
struct SetArgs {
    /// The model's name, or a prefix followed by a star
    model: String,
    /// US dollars per million input tokens
    #[arg(long, value_name = "USD")]
    input: f64,
    /// US dollars per million output tokens; omit for embedding models
    #[arg(long, value_name = "USD")]
    output: Option<f64>,
    /// US dollars per million tokens read from the provider's cache
    #[arg(long, value_name = "USD")]
    cache_read: Option<f64>,
    /// US dollars per million tokens written to the provider's cache
    #[arg(long, value_name = "USD")]
    cache_write: Option<f64>,
    /// US dollars per million tokens written to the provider's cache for one hour
    #[arg(long, value_name = "USD")]
    cache_write_1h: Option<f64>,
    /// The price of batch calls as a fraction of this price, such as 0.5
    #[arg(long, value_name = "SHARE")]
    batch: Option<f64>,
    /// The tokens that the model's context window holds
    #[arg(long, value_name = "TOKENS")]
    window: Option<u64>,
    /// Only at this provider, such as openai or aws.bedrock
    #[arg(long, value_name = "NAME")]
    provider: Option<String>,
    /// The first day of the price, in UTC
    #[arg(long, value_name = "YYYY-MM-DD", default_value_t = today(), value_parser = day)]
    from: Day,
    /// The source of the price
    #[arg(long, value_name = "TEXT", default_value = "set by hand")]
    source: String,
    #[command(flatten)]
    settings: Flags<READ>,
}

#[derive(clap::Args)]
struct ImportArgs {
    /// The price file
    file: PathBuf,
    /// The first day of prices without a date, in UTC
    #[arg(long, value_name = "YYYY-MM-DD", default_value_t = today(), value_parser = day)]
    from: Day,
    #[command(flatten)]
    settings: Flags<READ>,
}

/// Shows or changes prices.
pub(crate) fn pricing(args: &Pricing) -> Outcome {
    match &args.command {
        PricingCommand::List(args) => {
            let path = format!("/v1/pricing{}", query(&[("model", args.model.clone())]));
            let style = TerminalStyle::for_stdout();
            args.reading.show(&args.reading.client()?, &path, |list: &turnscope_api::Pricing| {
                render::pricing::list(&style, list)
            })
        }
        PricingCommand::Check(CheckArgs { file: Some(file), reading }) => {
            let theirs = read_import(file, today())?;
            let ours: turnscope_api::Pricing = reading.client()?.get("/v1/pricing")?;
            let own = match std::fs::read_to_string(&ours.file) {
                Ok(text) => parse(Path::new(&ours.file), PriceFile::parse(&text))?,
                Err(_) => PriceFile::default(),
            };
            let shipped = parse(Path::new("prices.toml"), PriceFile::shipped())?;
            let compared = compare(&PriceList::new(shipped, own), &theirs, today());
            output::print(&render::pricing::compared(&TerminalStyle::for_stdout(), &compared))
        }
        PricingCommand::Check(args) => {
            let style = TerminalStyle::for_stdout();
            args.reading.show(
                &args.reading.client()?,
                "/v1/pricing/missing",
                |missing: &turnscope_api::Unpriced| render::pricing::missing(&style, missing),
            )
        }
        PricingCommand::Set(args) => {
            let (head, price) = args.price()?;
            let said = format!("{} from {} on", price.model, price.from);
            change(args.settings.resolve()?, |own| own.set(head, price))?
                .say(&format!("set the price of {said}"))
        }
        PricingCommand::Import(args) => {
            let more = read_import(&args.file, args.from)?;
            let count: usize = more.list.iter().map(|list| list.prices.len()).sum();
            let done = change(args.settings.resolve()?, |own| own.merge(more))?;
            done.say(&format!("imported {count} prices from {}", args.file.display()))
        }
    }
}

impl SetArgs {
    fn price(&self) -> Result<(List, Price), Failure> {
        let rate = |name: &str, usd: f64| {
            Rate::from_usd(usd).ok_or_else(|| {
                Failure::usage(format!("--{name} {usd} is not a price"))
                    .hint("expected US dollars per million tokens, such as 2.5")
            })
        };
        let maybe = |name, usd: Option<f64>| usd.map(|usd| rate(name, usd)).transpose();
        if self.batch.is_some_and(|share| !(0.0..=10.0).contains(&share)) {
            return Err(
                Failure::usage("--batch is a fraction of the price").hint("use 0.5 for half the price")
            );
        }
        let price = Price {
            model: self.model.trim().to_owned(),
            also: Vec::new(),
            from: self.from,
            rates: Rates {
                input: rate("input", self.input)?,
                cache_read: maybe("cache-read", self.cache_read)?,
                cache_write: maybe("cache-write", self.cache_write)?,
                cache_write_1h: maybe("cache-write-1h", self.cache_write_1h)?,
                output: maybe("output", self.output)?,
            },
            long: None,
            batch: self.batch,
            priority: None,
            fast: None,
            peak: None,
            window: self.window,
        };
        let head = List { provider: self.provider.clone(), source: self.source.clone(), ..List::default() };
        Ok((head, price))
    }
}

/// The outcome of a change.
struct Changed {
    file: PathBuf,
    is_served: bool,
}

impl Changed {
    fn say(&self, what: &str) -> Outcome {
        let then = if self.is_served {
            "; the running server applies the change within seconds"
        } else {
            ", and stored costs were updated"
        };
        output::print(&format!("{}: {what}{then}.\n", self.file.display()))
    }
}

/// Changes the user's prices. A running server notices the changed file; without one, stored costs are
/// updated here.
fn change(settings: Settings, change: impl FnOnce(&mut PriceFile)) -> Result<Changed, Failure> {
    if let Some(url) = &settings.server {
        return Err(Failure::usage(format!("the price file of {url} cannot be changed from here"))
            .hint("use --data on the machine where it runs"));
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

/// Writes the file atomically, because a server may be reading it.
fn write(file: &Path, text: &str) -> Result<(), Failure> {
    let parent = file.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let replace = || -> std::io::Result<()> {
        std::fs::create_dir_all(parent)?;
        let mut temporary = tempfile::NamedTempFile::new_in(parent)?;
        temporary.write_all(text.as_bytes())?;
        temporary.persist(file)?;
        Ok(())
    };
    replace().map_err(|error| Failure::failed(format!("cannot write {}: {error}", file.display())))
}

fn read_import(file: &Path, from: Day) -> Result<PriceFile, Failure> {
    let text = std::fs::read_to_string(file)
        .map_err(|error| Failure::new(Code::NotFound, format!("cannot read {}: {error}", file.display())))?;
    let is_json = text.trim_start().starts_with('{');
    parse(file, if is_json { from_litellm(&text, from) } else { PriceFile::parse(&text) })
}

fn parse<T>(file: &Path, outcome: Result<T, turnscope_insight::cost::PricingError>) -> Result<T, Failure> {
    outcome.map_err(|error| {
        Failure::failed(format!("{} is not a valid price file: {error}", file.display()))
            .hint("its format is described in docs/cost.md")
    })
}

fn day(text: &str) -> Result<Day, String> {
    Day::parse(text).ok_or_else(|| "expected YYYY-MM-DD".to_owned())
}

fn today() -> Day {
    let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap_or_default();
    Day::of(u64::try_from(now.as_nanos()).unwrap_or_default())
}
