//! Has texts embedded, in batches, at an endpoint that speaks as `OpenAI`'s does.

use super::{
    ModelError,
    endpoint::{Endpoint, Patience},
};
use crate::{http::text, role::Provider};
use serde::Deserialize;
use serde_json::json;
use turnscope::{Embedding, Step};

/// Texts in one request: with the longest vectors there are, the answer stays below what is read of one.
const BATCH: usize = 32;

/// A model that embeds, ready to be asked.
#[derive(Clone, Debug)]
pub struct Embedder {
    endpoint: Endpoint,
    model: String,
}

#[derive(Deserialize)]
struct Answer {
    data: Vec<Item>,
    #[serde(default)]
    usage: Usage,
}

#[derive(Deserialize)]
struct Item {
    index: usize,
    embedding: Vec<f32>,
}

#[derive(Default, Deserialize)]
struct Usage {
    prompt_tokens: Option<u64>,
}

impl Embedder {
    /// With base URL and key from `OPENAI_BASE_URL` and `OPENAI_API_KEY`, as `variable` reads them.
    ///
    /// # Errors
    /// When the provider's own endpoint is meant and no key is set.
    pub fn new(model: &str, variable: impl Fn(&str) -> Option<String>) -> Result<Self, ModelError> {
        Ok(Self { endpoint: Endpoint::of(Provider::OpenAi, variable)?, model: model.to_owned() })
    }

    /// A vector for each text. Each request, and each further attempt at one, is recorded as a call below `step`.
    ///
    /// # Errors
    /// When there is no answer after several attempts, or another attempt would not help.
    pub(crate) async fn embed(&self, step: &Step, texts: &[&str]) -> Result<Vec<Vec<f32>>, ModelError> {
        let mut vectors = Vec::with_capacity(texts.len());
        for batch in texts.chunks(BATCH) {
            vectors.extend(self.embed_batch(step, batch).await?);
        }
        Ok(vectors)
    }

    async fn embed_batch(&self, step: &Step, texts: &[&str]) -> Result<Vec<Vec<f32>>, ModelError> {
        let mut patience = Patience::new();
        loop {
            let call = step.embedding(Provider::OpenAi.as_str(), self.model.clone());
            let asked = call.around(self.embed_once(&call, texts)).await;
            if let Err(error) = &asked {
                call.fail(error.kind(), error.to_string());
            }
            call.end();
            match asked {
                Ok(vectors) => return Ok(vectors),
                Err(error) => patience.wait(error).await?,
            }
        }
    }

    async fn embed_once(&self, call: &Embedding, texts: &[&str]) -> Result<Vec<Vec<f32>>, ModelError> {
        let body = json!({ "model": self.model, "input": texts, "encoding_format": "float" });
        let response = self.endpoint.send("/embeddings", &body).await?;
        let answer = text(response).await.map_err(ModelError::Cut)?;
        let answer: Answer =
            serde_json::from_str(&answer).map_err(|error| ModelError::Invalid(error.to_string()))?;
        if let Some(tokens) = answer.usage.prompt_tokens {
            call.input_tokens(tokens);
        }
        let vectors = in_order(answer.data, texts.len())?;
        call.dimensions(vectors.first().map_or(0, Vec::len) as u64);
        Ok(vectors)
    }
}

/// The vectors in the order of their texts; all there, and of one length.
fn in_order(mut items: Vec<Item>, count: usize) -> Result<Vec<Vec<f32>>, ModelError> {
    items.sort_by_key(|item| item.index);
    let is_whole = items.len() == count && items.iter().enumerate().all(|(at, item)| item.index == at);
    let lengths = items.windows(2).all(|two| two[0].embedding.len() == two[1].embedding.len());
    if !is_whole || !lengths {
        return Err(ModelError::Invalid(format!(
            "{} vectors for {count} texts, or not of one length",
            items.len()
        )));
    }
    Ok(items.into_iter().map(|item| item.embedding).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn vectors_come_in_the_order_of_their_texts_or_not_at_all() {
        let item = |index: usize, embedding: &[f32]| Item { index, embedding: embedding.to_vec() };
        let sorted = in_order(vec![item(1, &[2.0]), item(0, &[1.0])], 2).unwrap();
        assert_eq!(sorted, [[1.0], [2.0]]);
        for (wrong, count) in [
            (vec![item(0, &[1.0])], 2),
            (vec![item(0, &[1.0]), item(0, &[1.0])], 2),
            (vec![item(0, &[1.0]), item(1, &[])], 2),
        ] {
            assert!(matches!(in_order(wrong, count), Err(ModelError::Invalid(_))));
        }
    }
}
