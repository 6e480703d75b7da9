//! Vectors of texts as OpenAI makes them, and as Ollama, vLLM, llama.cpp, LiteLLM and others do.
//!
//! Format: <https://platform.openai.com/docs/api-reference/embeddings>. One request for some texts,
//! one answer with a list of numbers for each. What comes is bounded; whether a list can be used as a
//! vector is for whoever asked to say. Nothing here retries or remembers.

use std::time::Duration;

use http::{
    HeaderMap, HeaderValue,
    header::{ACCEPT, CONTENT_TYPE},
};
use reqwest::{Client, Response, Url};
use serde::Deserialize;
use serde_json::json;
use tokio::time::timeout;

use super::{
    ProviderError, Usage,
    limits::{EMBEDDED_TEXTS_MAX, EMBEDDINGS_BYTES_MAX},
    openai::OpenAi,
    wire::{Dialect, Key, UpstreamError, refused, unreachable, way},
};

/// A provider that makes vectors, asked over HTTP.
#[derive(Clone, Debug)]
pub struct VectorSource {
    client: Client,
    url: Url,
    head: HeaderMap,
}

/// What is asked.
#[derive(Clone, Copy, Debug)]
pub struct VectorAsk<'a> {
    /// As the provider calls it.
    pub model: &'a str,
    /// At most [`EMBEDDED_TEXTS_MAX`].
    pub texts: &'a [&'a str],
    /// Numbers of each; as many as the model makes if nothing is said.
    pub dimensions: Option<usize>,
    /// For all of the answer.
    pub wait_max: Duration,
}

/// Lists of numbers, one for each text in order.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct VectorAnswer {
    /// As they came.
    pub lists: Vec<Vec<f32>>,
    /// What it took, if that was said.
    pub usage: Option<Usage>,
}

#[derive(Deserialize)]
struct Answer {
    data: Vec<Row>,
    usage: Option<Tokens>,
}

#[derive(Deserialize)]
struct Row {
    index: Option<usize>,
    /// Some are of no size that a single one may have: they are no error of all others.
    embedding: Vec<f64>,
}

#[derive(Deserialize)]
struct Tokens {
    #[serde(default)]
    prompt_tokens: u64,
}

impl VectorSource {
    /// The provider below `base`, such as `https://api.openai.com/v1`.
    pub fn new(
        base: &Url,
        key: Option<&Key>,
        connect_max: Duration,
    ) -> Result<Self, UpstreamError> {
        let (client, url) = way(base, "embeddings", connect_max)?;
        let mut head = OpenAi { limit_field: "max_tokens" }.head(key);
        for name in [CONTENT_TYPE, ACCEPT] {
            head.insert(name, HeaderValue::from_static("application/json"));
        }
        Ok(Self { client, url, head })
    }

    /// Asks for vectors.
    pub async fn ask(&self, ask: &VectorAsk<'_>) -> Result<VectorAnswer, ProviderError> {
        if ask.texts.len() > EMBEDDED_TEXTS_MAX {
            let what = "texts at once";
            return Err(ProviderError::TooLarge { what, max: EMBEDDED_TEXTS_MAX });
        }
        let after = ask.wait_max;
        let answer = timeout(after, self.answer(ask)).await;
        answer.unwrap_or(Err(ProviderError::TimedOut { after }))
    }

    async fn answer(&self, ask: &VectorAsk<'_>) -> Result<VectorAnswer, ProviderError> {
        let mut body = json!({
            "model": ask.model,
            "input": ask.texts,
            "encoding_format": "float",
        });
        if let Some(dimensions) = ask.dimensions {
            body["dimensions"] = json!(dimensions);
        }
        let request = self.client.post(self.url.clone()).headers(self.head.clone());
        let response = request.body(body.to_string()).send().await.map_err(unreachable)?;
        if !response.status().is_success() {
            return Err(refused(response).await);
        }
        read(&whole(response).await?, ask.texts.len())
    }
}

/// All of a body.
async fn whole(mut response: Response) -> Result<Vec<u8>, ProviderError> {
    let mut bytes = Vec::new();
    while let Some(chunk) = response.chunk().await.map_err(|_| ProviderError::Cut)? {
        if bytes.len() + chunk.len() > EMBEDDINGS_BYTES_MAX {
            let what = "bytes of vectors";
            return Err(ProviderError::TooLarge { what, max: EMBEDDINGS_BYTES_MAX });
        }
        bytes.extend_from_slice(&chunk);
    }
    Ok(bytes)
}

fn read(bytes: &[u8], count: usize) -> Result<VectorAnswer, ProviderError> {
    let malformed = |why: String| ProviderError::Malformed(format!("vectors: {why}"));
    let Answer { data, usage } =
        serde_json::from_slice(bytes).map_err(|error| malformed(error.to_string()))?;
    if data.len() != count {
        return Err(malformed(format!("{} for {count} texts", data.len())));
    }
    let mut lists = vec![None; count];
    for (place, row) in data.into_iter().enumerate() {
        let index = row.index.unwrap_or(place);
        match lists.get_mut(index) {
            Some(list @ None) => {
                *list = Some(row.embedding.into_iter().map(|it| it as f32).collect());
            }
            _ => return Err(malformed(format!("a wrong index of {index}"))),
        }
    }
    let usage = usage.map(|it| Usage { input_tokens: it.prompt_tokens, output_tokens: 0 });
    Ok(VectorAnswer { lists: lists.into_iter().flatten().collect(), usage })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lists_come_in_the_order_of_their_texts() {
        let told = |json: &str| read(json.as_bytes(), 2).map(|it| it.lists);
        let turned =
            r#"{"data": [{"index": 1, "embedding": [2]}, {"index": 0, "embedding": [1]}]}"#;
        assert_eq!(told(turned), Ok(vec![vec![1.0], vec![2.0]]));
        let plain = r#"{"data": [{"embedding": [1.5, -1]}, {"embedding": []}], "model": "m"}"#;
        assert_eq!(told(plain), Ok(vec![vec![1.5, -1.0], vec![]]));
        for wrong in [
            "",
            "[]",
            r#"{"data": [{"embedding": [1]}]}"#,
            r#"{"data": [{"index": 0, "embedding": [1]}, {"index": 0, "embedding": [1]}]}"#,
            r#"{"data": [{"index": 0, "embedding": [1]}, {"index": 9, "embedding": [1]}]}"#,
            r#"{"data": [{"embedding": [1]}, {"embedding": "AACA"}]}"#,
            r#"{"data": [{"embedding": [1]}, {"embedding": [1e999]}]}"#,
        ] {
            assert!(matches!(told(wrong), Err(ProviderError::Malformed(_))), "{wrong}");
        }
    }
}
