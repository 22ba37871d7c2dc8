//! `GET /v1/pricing`: the prices that hold; and which models of the store have none.

use crate::{problem::Problem, state::App};
use axum::{
    Json,
    extract::{Query, State},
};
use std::sync::Arc;
use turnscope_api::{PriceRow, Pricing, PricingQuery, TierPrice, Unpriced, UnpricedModel};
use turnscope_insight::cost::{List, Price, Rates};

/// The prices that hold, by provider; the user's own first.
pub(crate) async fn pricing(State(app): State<Arc<App>>, Query(query): Query<PricingQuery>) -> Json<Pricing> {
    let list = app.prices.list();
    let (lists, own) = list.lists();
    let wanted = |price: &Price| query.model.as_deref().is_none_or(|model| price.is_called(model));
    let rows = lists.iter().enumerate().flat_map(|(at, list)| {
        let prices = list.prices.iter().filter(|price| wanted(price));
        prices.map(move |price| row(list, price, at < own))
    });
    Json(Pricing {
        version: list.version().map(|day| day.to_string()),
        file: app.prices.file().display().to_string(),
        file_error: app.prices.wrong(),
        models: list.model_count(),
        prices: rows.collect(),
    })
}

fn row(list: &List, price: &Price, own: bool) -> PriceRow {
    PriceRow {
        model: price.model.clone(),
        also: price.also.clone(),
        provider: list.provider.clone(),
        sold_by: list.sold_by.clone(),
        effective_from: price.from.to_string(),
        source: list.source.clone(),
        own,
        context_window: price.window,
        tiers: list.tiers(price).iter().map(|(name, above, rates)| tier(name, *above, rates)).collect(),
    }
}

fn tier(name: &str, above: Option<u64>, rates: &Rates) -> TierPrice {
    let usd = |rate: Option<turnscope_insight::cost::Rate>| rate.map(turnscope_insight::cost::Rate::usd);
    TierPrice {
        tier: name.to_owned(),
        above_input_tokens: above,
        input: rates.input.usd(),
        cache_read: usd(rates.cache_read),
        cache_write: usd(rates.cache_write),
        cache_write_1h: usd(rates.cache_write_1h),
        output: usd(rates.output),
    }
}

/// Models of the store whose calls have no price: not on the list, of another tier, or without a count of tokens.
pub(crate) async fn unpriced(State(app): State<Arc<App>>) -> Result<Json<Unpriced>, Problem> {
    let models = app.ask(|answers| Ok(answers.store.reader(&answers.limit)?.unpriced_models()?)).await?;
    let models = models.into_iter().map(|one| UnpricedModel {
        model: Some(one.model).filter(|name| !name.is_empty()),
        provider: Some(one.provider).filter(|name| !name.is_empty()),
        calls: one.calls,
        unpriced_calls: one.unpriced_calls,
    });
    Ok(Json(Unpriced { models: models.collect(), repricing: app.store.counters().is_repricing }))
}
