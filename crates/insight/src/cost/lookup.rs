//! Finds the price of a model on a day, by name and provider. The user's prices take precedence over the
//! bundled ones.
//!
//! Not here: variants of model names (`names`), price files (`list`), tiers (`tier`).

use super::{
    list::{List, Price, PriceFile},
    names::{candidates, fold},
    rate::Day,
};
use lru::LruCache;
use std::{
    collections::{BTreeSet, HashMap},
    num::NonZeroUsize,
    sync::{Arc, Mutex, PoisonError},
};
use turnscope_model::{ContentHash, Form};

/// Incremented when the pricing rules change, so that stored costs are computed again.
const RULES: u32 = 2;

/// An indexed price list.
#[derive(Debug)]
pub struct PriceList {
    lists: Vec<List>,
    /// The number of lists from the user; they come first.
    own: usize,
    gateways: Vec<String>,
    version: Option<Day>,
    key: i64,
    /// Prices by normalised name, as (list, price) indexes. Names with a star are in `prefixes`.
    names: HashMap<String, Vec<(usize, usize)>>,
    prefixes: Vec<(String, usize, usize)>,
    /// Look-ups by provider and model. Bounded, because senders may make up any number of names.
    cache: Mutex<LruCache<String, Arc<Entries>>>,
}

/// Prices of one model in one list, as (list, price) indexes.
type Entries = Vec<Vec<(usize, usize)>>;
/// Maximum number of cached look-ups.
const CACHE_SIZE: NonZeroUsize = NonZeroUsize::new(4096).unwrap();

/// A price, and the list it comes from.
#[derive(Clone, Copy, Debug)]
pub(super) struct Found<'a> {
    pub(super) list: &'a List,
    pub(super) price: &'a Price,
}

/// Why no price was found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Missing {
    Model,
    Before(Day),
}

impl PriceList {
    /// Combines the user's prices with the bundled ones.
    pub fn new(shipped: PriceFile, own: PriceFile) -> Self {
        let key = key(&shipped, &own);
        let version = shipped.version;
        let mut gateways = shipped.gateways;
        gateways.extend(own.gateways);
        let count = own.list.len();
        let lists: Vec<List> = own.list.into_iter().chain(shipped.list).collect();
        let mut names: HashMap<String, Vec<(usize, usize)>> = HashMap::new();
        let mut prefixes = Vec::new();
        for (at, list) in lists.iter().enumerate() {
            for (place, price) in list.prices.iter().enumerate() {
                for name in std::iter::once(&price.model).chain(&price.also) {
                    match name.strip_suffix('*') {
                        Some(prefix) => prefixes.push((fold(prefix), at, place)),
                        None => names.entry(fold(name)).or_default().push((at, place)),
                    }
                }
            }
        }
        // The longest prefix is the most specific one.
        prefixes.sort_by_key(|(name, ..)| std::cmp::Reverse(name.len()));
        Self {
            lists,
            own: count,
            gateways,
            version,
            key,
            names,
            prefixes,
            cache: Mutex::new(LruCache::new(CACHE_SIZE)),
        }
    }

    /// A number that changes whenever anything that affects costs changes.
    pub fn key(&self) -> i64 {
        self.key
    }

    /// The day on which the bundled prices were last compared with their sources.
    pub fn version(&self) -> Option<Day> {
        self.version
    }

    /// The number of models with a price.
    pub fn model_count(&self) -> usize {
        let prices = self.lists.iter().flat_map(|list| &list.prices);
        prices.map(|price| fold(&price.model)).collect::<BTreeSet<_>>().len()
    }

    /// All lists, and the number of the user's; these come first.
    pub fn lists(&self) -> (&[List], usize) {
        (&self.lists, self.own)
    }

    /// The price of a model on a day.
    pub(super) fn find(&self, model: &str, provider: Option<&str>, day: Day) -> Result<Found<'_>, Missing> {
        let mut missing = Missing::Model;
        for entry in self.entries(model, provider).iter() {
            let all = || entry.iter().map(|&(at, place)| (at, &self.lists[at].prices[place]));
            if let Some((at, price)) =
                all().filter(|(_, price)| price.from <= day).max_by_key(|(_, price)| price.from)
            {
                return Ok(Found { list: &self.lists[at], price });
            }
            if let (Missing::Model, Some(first)) = (missing, all().map(|(_, price)| price.from).min()) {
                missing = Missing::Before(first);
            }
        }
        Err(missing)
    }

    /// The entries that match a model's name, best first. Cached, because runs call the same few models again
    /// and again.
    fn entries(&self, model: &str, provider: Option<&str>) -> Arc<Entries> {
        let key = format!("{}\0{model}", provider.unwrap_or_default());
        let mut cache = self.cache.lock().unwrap_or_else(PoisonError::into_inner);
        Arc::clone(cache.get_or_insert(key, || Arc::new(self.look_up(model, provider))))
    }

    /// Order of precedence: the user's entries, the provider's own, those of providers with the same prices,
    /// and finally the maker's if the provider is unknown or a gateway.
    fn look_up(&self, model: &str, provider: Option<&str>) -> Entries {
        let names: Vec<String> = candidates(model).iter().map(|name| fold(name)).collect();
        let any = provider.is_none_or(|provider| self.gateways.iter().any(|known| known == provider));
        let is_own = |at: usize| at < self.own && fits(&self.lists[at], provider);
        let is_its = |at: usize| at >= self.own && self.lists[at].provider.as_deref() == provider;
        let is_sold = |at: usize| {
            at >= self.own && provider.is_some_and(|p| self.lists[at].sold_by.iter().any(|known| known == p))
        };
        let is_any = |at: usize| at >= self.own && any;
        let rounds: [&dyn Fn(usize) -> bool; 4] = [&is_own, &is_its, &is_sold, &is_any];
        let every = rounds.iter().flat_map(|round| names.iter().map(move |name| (round, name)));
        every.flat_map(|(round, name)| self.named(name, round)).collect()
    }

    /// The entries with exactly this name, and those with its longest matching prefix, each with all its
    /// days.
    fn named(&self, name: &str, wanted: &dyn Fn(usize) -> bool) -> Entries {
        let exact: &[(usize, usize)] = self.names.get(name).map_or(&[], Vec::as_slice);
        let matches = |prefix: &str| name.starts_with(prefix);
        let longest = self.prefixes.iter().find(|(prefix, at, _)| matches(prefix) && wanted(*at));
        let by_prefix = self
            .prefixes
            .iter()
            .filter(|(prefix, ..)| longest.is_some_and(|(longest, ..)| longest == prefix));
        let by_prefix: Vec<(usize, usize)> = by_prefix.map(|(_, at, place)| (*at, *place)).collect();
        [exact, &by_prefix]
            .into_iter()
            .filter_map(|places| {
                let (list, _) = places.iter().find(|(at, _)| wanted(*at))?;
                Some(places.iter().copied().filter(|(at, _)| at == list).collect())
            })
            .collect()
    }
}

fn fits(list: &List, provider: Option<&str>) -> bool {
    match (&list.provider, provider) {
        (None, _) | (_, None) => true,
        (Some(own), Some(provider)) => own == provider || list.sold_by.iter().any(|known| known == provider),
    }
}

fn key(shipped: &PriceFile, own: &PriceFile) -> i64 {
    let text = format!("{RULES}\n{}\n{}", text_of(shipped), text_of(own));
    let hash = ContentHash::of(Form::Text, text.as_bytes()).to_string();
    i64::from_str_radix(hash.get(..15).unwrap_or_default(), 16).unwrap_or_default()
}

/// Price files come from text, so they can always be serialised.
fn text_of(file: &PriceFile) -> String {
    file.to_text().unwrap_or_default()
}
