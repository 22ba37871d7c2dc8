//! The prices in use: those that the program comes with, overridden by the user's own file, which is read again when it changes.

use crate::{ServeError, user_file::UserFile};
use std::{
    path::{Path, PathBuf},
    sync::{Arc, PoisonError, RwLock},
};
use turnscope_insight::cost::{PriceFile, PriceList, PricingError, cost_of};
use turnscope_store::Pricing;

/// The name of the user's price file in the data directory.
pub const FILE: &str = "pricing.toml";

/// The prices, and the user's file they come from.
pub(crate) struct Prices {
    file: UserFile,
    list: RwLock<Arc<PriceList>>,
}

impl Prices {
    /// Reads the shipped prices and the user's file, if there is one.
    pub(crate) fn open(file: PathBuf) -> Result<Self, ServeError> {
        let refusal = "the price file cannot be used; the previous prices stay in use";
        let (file, list) = UserFile::open(file, refusal, read)?;
        Ok(Self { file, list: RwLock::new(Arc::new(list)) })
    }

    /// The prices in use now.
    pub(crate) fn list(&self) -> Arc<PriceList> {
        Arc::clone(&self.list.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// The path of the user's price file.
    pub(crate) fn file(&self) -> &Path {
        self.file.path()
    }

    /// What is wrong with the user's file, if it cannot be used. The previous prices stay in use.
    pub(crate) fn wrong(&self) -> Option<String> {
        self.file.wrong()
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
        let Some(list) = self.file.read_again(read) else { return false };
        let is_new = list.key() != self.list().key();
        *self.list.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(list);
        is_new
    }
}

fn read(file: &Path) -> Result<PriceList, ServeError> {
    let wrong =
        |error: PricingError| ServeError::Config(format!("the price file {}: {error}", file.display()));
    let own = match std::fs::read_to_string(file) {
        Ok(text) => PriceFile::parse(&text).map_err(wrong)?,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => PriceFile::default(),
        Err(error) => {
            return Err(ServeError::Config(format!(
                "cannot read the price file {}: {error}",
                file.display()
            )));
        }
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
