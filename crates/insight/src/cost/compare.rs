//! Compares the prices in use with those of another file.

use super::{
    list::PriceFile,
    lookup::PriceList,
    rate::{Day, Rate, Rates},
};

/// What the comparison found.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Compared {
    /// Prices that are the same in both.
    pub same: usize,
    /// Prices that differ.
    pub different: Vec<Difference>,
    /// Models of providers that are known, for which only the other file has a price: provider and model.
    pub only_theirs: Vec<(String, String)>,
}

/// A price that differs.
#[derive(Clone, Debug, PartialEq)]
pub struct Difference {
    /// The provider.
    pub provider: String,
    /// The model, as the other file names it.
    pub model: String,
    /// What is priced: `input`, `cache_read`, `cache_write` or `output`.
    pub what: &'static str,
    /// The price in use, in US dollars for a million tokens.
    pub ours: f64,
    /// The price in the other file.
    pub theirs: f64,
}

/// Compares the prices that hold on a day with those of another file. Where only one of both has a price for part of the
/// input, nothing is said: files leave such prices out.
pub fn compare(prices: &PriceList, theirs: &PriceFile, day: Day) -> Compared {
    let mut found = Compared::default();
    let (lists, _) = prices.lists();
    let is_known = |provider: &str| {
        lists.iter().any(|list| {
            list.provider.as_deref() == Some(provider) || list.sold_by.iter().any(|seller| seller == provider)
        })
    };
    for list in &theirs.list {
        let Some(provider) = list.provider.as_deref().filter(|provider| is_known(provider)) else { continue };
        for price in &list.prices {
            let Ok(ours) = prices.find(&price.model, Some(provider), day) else {
                found.only_theirs.push((provider.to_owned(), price.model.clone()));
                continue;
            };
            let differences = differences(&ours.price.rates, &price.rates);
            found.same += usize::from(differences.is_empty());
            found.different.extend(differences.into_iter().map(|(what, ours, theirs)| Difference {
                provider: provider.to_owned(),
                model: price.model.clone(),
                what,
                ours: ours.usd(),
                theirs: theirs.usd(),
            }));
        }
    }
    found.different.sort_by(|a, b| (&a.provider, &a.model).cmp(&(&b.provider, &b.model)));
    found.only_theirs.sort();
    found
}

fn differences(ours: &Rates, theirs: &Rates) -> Vec<(&'static str, Rate, Rate)> {
    [
        ("input", Some(ours.input), Some(theirs.input)),
        ("cache_read", ours.cache_read, theirs.cache_read),
        ("cache_write", ours.cache_write, theirs.cache_write),
        ("output", ours.output, theirs.output),
    ]
    .into_iter()
    .filter_map(|(what, ours, theirs)| Some((what, ours?, theirs?)))
    .filter(|(_, ours, theirs)| ours != theirs)
    .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn prices_that_differ_and_models_without_one_are_found() {
        let file = |text: &str| PriceFile::parse(text).unwrap();
        let ours = file(
            r#"[[list]]
            provider = "acme"
            source = "x"
            prices = [
                { model = "one", from = "2026-01-01", input = 1.0, output = 2.0 },
                { model = "two", from = "2026-01-01", input = 1.0, cache_read = 0.1, output = 2.0 },
            ]"#,
        );
        let theirs = file(
            r#"[[list]]
            provider = "acme"
            source = "y"
            prices = [
                { model = "one", from = "2026-01-01", input = 1.0, cache_read = 0.5, output = 2.0 },
                { model = "two", from = "2026-01-01", input = 1.0, output = 3.0 },
                { model = "three", from = "2026-01-01", input = 1.0, output = 3.0 },
            ]
            [[list]]
            provider = "nobody"
            source = "y"
            prices = [{ model = "four", from = "2026-01-01", input = 1.0 }]"#,
        );
        let list = PriceList::new(ours, PriceFile::default());
        let found = compare(&list, &theirs, Day::parse("2026-02-01").unwrap());
        assert_eq!(found.same, 1);
        let [two] = &found.different[..] else { panic!("{found:?}") };
        assert_eq!((two.model.as_str(), two.what, two.ours, two.theirs), ("two", "output", 2.0, 3.0));
        assert_eq!(found.only_theirs, [("acme".to_owned(), "three".to_owned())]);
    }
}
