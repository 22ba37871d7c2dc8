//! Which price a model had on a day: the user's prices over those that the program comes with, by name and provider.
//!
//! Not here: what a name can mean (`names`), the files (`list`), tiers (`tier`).

use super::{
    list::{List, Price, PriceFile},
    names::{candidates, fold},
    rate::Day,
};
use std::{
    collections::{BTreeSet, HashMap},
    sync::{Arc, PoisonError, RwLock},
};
use turnscope_model::{ContentHash, Form};

/// Counts up when the rules by which prices are applied change, so that what was computed is computed again.
const RULES: u32 = 1;

/// Prices ready to be asked.
#[derive(Debug)]
pub struct PriceList {
    lists: Vec<List>,
    /// How many of the lists are the user's: they come first.
    own: usize,
    gateways: Vec<String>,
    version: Option<Day>,
    key: i64,
    /// Places of prices by folded name; names with a star stand without it, apart.
    names: HashMap<String, Vec<(usize, usize)>>,
    beginnings: Vec<(String, usize, usize)>,
    known: RwLock<HashMap<String, Arc<Entries>>>,
}

/// Prices of one model in one list, by their places: the list, and the price in it.
type Entries = Vec<Vec<(usize, usize)>>;
/// So many names are remembered.
const MOST_KNOWN: usize = 4096;

/// A price that was found.
#[derive(Clone, Copy, Debug)]
pub(super) struct Found<'a> {
    pub(super) list: &'a List,
    pub(super) price: &'a Price,
}

/// Why none was found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Missing {
    Model,
    Before(Day),
}

impl PriceList {
    /// The user's prices over those that the program comes with.
    pub fn new(shipped: PriceFile, own: PriceFile) -> Self {
        let key = key(&shipped, &own);
        let version = shipped.version;
        let mut gateways = shipped.gateways;
        gateways.extend(own.gateways);
        let count = own.list.len();
        let lists: Vec<List> = own.list.into_iter().chain(shipped.list).collect();
        let mut names: HashMap<String, Vec<(usize, usize)>> = HashMap::new();
        let mut beginnings = Vec::new();
        for (at, list) in lists.iter().enumerate() {
            for (place, price) in list.prices.iter().enumerate() {
                for name in std::iter::once(&price.model).chain(&price.also) {
                    match name.strip_suffix('*') {
                        Some(beginning) => beginnings.push((fold(beginning), at, place)),
                        None => names.entry(fold(name)).or_default().push((at, place)),
                    }
                }
            }
        }
        // The longest beginning is the most specific one.
        beginnings.sort_by_key(|(name, ..)| std::cmp::Reverse(name.len()));
        Self { lists, own: count, gateways, version, key, names, beginnings, known: RwLock::default() }
    }

    /// A number that differs when anything that decides a cost differs.
    pub fn key(&self) -> i64 {
        self.key
    }

    /// The day on which the shipped prices were last compared with their sources.
    pub fn version(&self) -> Option<Day> {
        self.version
    }

    /// How many models have a price.
    pub fn model_count(&self) -> usize {
        let prices = self.lists.iter().flat_map(|list| &list.prices);
        prices.map(|price| fold(&price.model)).collect::<BTreeSet<_>>().len()
    }

    /// Every list; the user's come first, as many as the number says.
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

    /// The entries that a model's name can mean, the best first. Looked up once: runs call the same few models over and over.
    fn entries(&self, model: &str, provider: Option<&str>) -> Arc<Entries> {
        let key = format!("{}\0{model}", provider.unwrap_or_default());
        if let Some(known) = self.known.read().unwrap_or_else(PoisonError::into_inner).get(&key) {
            return Arc::clone(known);
        }
        let found = Arc::new(self.look_up(model, provider));
        let mut known = self.known.write().unwrap_or_else(PoisonError::into_inner);
        if known.len() >= MOST_KNOWN {
            known.clear(); // names are the senders' to make up
        }
        known.insert(key, Arc::clone(&found));
        found
    }

    /// The user's entries first, then the provider's own, then others at which the same prices hold, then the maker's where
    /// the provider is unknown or hands calls on.
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

    /// The entries of exactly this name, and of the longest beginning that it has, each with all its days.
    fn named(&self, name: &str, wanted: &dyn Fn(usize) -> bool) -> Entries {
        let exact: &[(usize, usize)] = self.names.get(name).map_or(&[], Vec::as_slice);
        let begins = |beginning: &str| name.starts_with(beginning);
        let longest = self.beginnings.iter().find(|(beginning, at, _)| begins(beginning) && wanted(*at));
        let begun = self
            .beginnings
            .iter()
            .filter(|(beginning, ..)| longest.is_some_and(|(longest, ..)| longest == beginning));
        let begun: Vec<(usize, usize)> = begun.map(|(_, at, place)| (*at, *place)).collect();
        [exact, &begun]
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

/// The files were read from text, so that they can be written again.
fn text_of(file: &PriceFile) -> String {
    file.to_text().unwrap_or_default()
}
