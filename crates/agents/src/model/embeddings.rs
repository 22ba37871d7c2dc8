//! The client for embeddings: batches texts and sends them to an endpoint with `OpenAI`'s API.

use super::{
    ModelError,
    endpoint::{Endpoint, Retry},
};
use crate::{http::text, role::Provider};
use serde::Deserialize;
use serde_json::json;
use turnscope::{Embedding, Step};

/// Texts per request, small enough that a response with the longest vectors stays below the limit for
/// response bodies.
const BATCH: usize = 32;

/// A client for one embedding model.
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
    /// Creates a client. Base URL and key come from `OPENAI_BASE_URL` and `OPENAI_API_KEY`, read with
    /// `variable`.
    ///
    /// # Errors
    /// When neither a base URL nor a key is set.
    pub fn new(model: &str, variable: impl Fn(&str) -> Option<String>) -> Result<Self, ModelError> {
        Ok(Self { endpoint: Endpoint::of(Provider::OpenAi, variable)?, model: model.to_owned() })
    }

    /// Returns a vector for each text. Each request, retries included, is recorded as a call below `step`.
    ///
    /// # Errors
    /// When all attempts fail, or an error is not transient.
    pub(crate) async fn embed(&self, step: &Step, texts: &[&str]) -> Result<Vec<Vec<f32>>, ModelError> {
        let mut vectors = Vec::with_capacity(texts.len());
        for batch in texts.chunks(BATCH) {
            vectors.extend(self.embed_batch(step, batch).await?);
        }
        Ok(vectors)
    }

    async fn embed_batch(&self, step: &Step, texts: &[&str]) -> Result<Vec<Vec<f32>>, ModelError> {
        let mut retry = Retry::new();
        loop {
            let call = step.embedding(Provider::OpenAi.as_str(), self.model.clone());
            let request = call.scope(self.embed_once(&call, texts)).await;
            if let Err(error) = &request {
                call.fail(error.kind(), error.to_string());
            }
            call.end();
            match request {
                Ok(vectors) => return Ok(vectors),
                Err(error) => retry.wait(error).await?,
            }
        }
    }

    async fn embed_once(&self, call: &Embedding, texts: &[&str]) -> Result<Vec<Vec<f32>>, ModelError> {
        let body = json!({ "model": self.model, "input": texts, "encoding_format": "float" });
        let response = self.endpoint.send("/embeddings", &body).await?;
        let answer = text(response).await.map_err(ModelError::CutOff)?;
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

/// Sorts the vectors in the order of their texts. All must be there and have the same length.
fn in_order(mut items: Vec<Item>, count: usize) -> Result<Vec<Vec<f32>>, ModelError> {
    items.sort_by_key(|item| item.index);
    let is_whole = items.len() == count && items.iter().enumerate().all(|(at, item)| item.index == at);
    let lengths = items.windows(2).all(|two| two[0].embedding.len() == two[1].embedding.len());
    if !is_whole || !lengths {
        return Err(ModelError::Invalid(format!(
            "{} vectors for {count} texts, or vectors of different lengths",
            items.len()
        )));
    }
    Ok(items.into_iter().map(|item| item.embedding).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn vectors_are_sorted_and_incomplete_ones_rejected() {
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
