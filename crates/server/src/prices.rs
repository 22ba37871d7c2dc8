//! The prices in use: those that the program comes with, overridden by the user's own file, which is read again when it changes.

use crate::{
    ServeError,
    user_file::{UserFile, text_of},
};
use std::{
    path::{Path, PathBuf},
    sync::Arc,
};
use turnscope_insight::cost::{PriceFile, PriceList, PricingError, cost_of};
use turnscope_store::Pricing;

/// The name of the user's price file in the data directory.
pub const FILE: &str = "pricing.toml";

/// The prices, and the user's file they come from.
pub(crate) struct Prices(UserFile<PriceList>);

impl Prices {
    /// Reads the shipped prices and the user's file, if there is one.
    pub(crate) fn open(file: PathBuf) -> Result<Self, ServeError> {
        let refusal = "the price file cannot be used; the previous prices stay in use";
        UserFile::open(file, refusal, read).map(Self)
    }

    /// The prices in use now.
    pub(crate) fn list(&self) -> Arc<PriceList> {
        self.0.content()
    }

    /// The path of the user's price file.
    pub(crate) fn file(&self) -> &Path {
        self.0.path()
    }

    /// What is wrong with the user's file, if it cannot be used. The previous prices stay in use.
    pub(crate) fn wrong(&self) -> Option<String> {
        self.0.wrong()
    }

    /// How the store computes costs.
    pub(crate) fn pricing(&self) -> Pricing {
        let list = self.list();
        Pricing {
            key: list.key(),
            price_of: Arc::new(move |facts, at| cost_of(&list, facts, at).ok().map(|cost| cost.total())),
        }
    }

    /// Reads the user's file again if it has changed. Returns whether the prices are different now.
    pub(crate) fn refresh(&self) -> bool {
        let before = self.list().key();
        self.0.refresh() && self.list().key() != before
    }
}

fn read(file: &Path) -> Result<PriceList, ServeError> {
    let wrong =
        |error: PricingError| ServeError::Config(format!("the price file {}: {error}", file.display()));
    let own = match text_of(file, "price file")? {
        Some(text) => PriceFile::parse(&text).map_err(wrong)?,
        None => PriceFile::default(),
    };
    Ok(PriceList::new(PriceFile::shipped().map_err(wrong)?, own))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_changed_file_is_taken_and_a_broken_one_changes_nothing() {
        let directory = tempfile::tempdir().unwrap();
        let file = directory.path().join(FILE);
        let prices = Prices::open(file.clone()).unwrap();
        let before = prices.list().key();
        assert!(!prices.refresh());

        let write = |text: &str, second: u64| {
            std::fs::write(&file, text).unwrap();
            let at = std::time::SystemTime::UNIX_EPOCH + std::time::Duration::from_secs(second);
            std::fs::File::options().append(true).open(&file).unwrap().set_modified(at).unwrap();
        };
        let own =
            "[[list]]\nsource = \"us\"\nprices = [{ model = \"m\", from = \"2026-01-01\", input = 1.0 }]";
        write(own, 1_000);
        assert!(prices.refresh());
        let after = prices.list().key();
        assert_ne!(after, before);

        write("[[list]]\nsource = 5", 2_000);
        assert!(!prices.refresh());
        assert!(prices.wrong().unwrap().contains("pricing.toml"));
        assert_eq!(prices.list().key(), after);

        std::fs::remove_file(&file).unwrap();
        assert!(prices.refresh());
        assert_eq!((prices.list().key(), prices.wrong()), (before, None));
    }
}
