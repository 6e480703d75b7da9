//! What goes wrong, in the words of OpenAI's API, so that its clients raise the errors that they have.

use axum::{
    Json,
    http::{HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use serde_json::{Value, json};
use vivarium_contract::companion::MindFailure;

use crate::{
    keys::TooMuch,
    limits::{CALL_ANSWER_MAX, CALLS_OF_KEY_MAX, KEY_USERS_MAX},
};

/// An answer that is no success.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Fault {
    status: StatusCode,
    kind: &'static str,
    code: Option<&'static str>,
    param: Option<String>,
    message: String,
    retry_after_s: Option<u64>,
}

impl Fault {
    fn new(status: StatusCode, kind: &'static str, code: &'static str, text: &str) -> Self {
        let (code, message) = (Some(code), text.to_owned());
        Self { status, kind, code, param: None, message, retry_after_s: None }
    }

    /// Something of the request is wrong. `param`: what.
    pub fn request(param: &str, text: impl Into<String>) -> Self {
        Self {
            status: StatusCode::BAD_REQUEST,
            kind: "invalid_request_error",
            code: None,
            param: (!param.is_empty()).then(|| param.to_owned()),
            message: text.into(),
            retry_after_s: None,
        }
    }

    /// The same, with a status of its own.
    pub fn with(self, status: StatusCode, code: &'static str) -> Self {
        Self { status, code: Some(code), ..self }
    }

    fn later(self, retry_after_s: u64) -> Self {
        Self { retry_after_s: Some(retry_after_s), ..self }
    }

    /// There is no key, or it does not count.
    pub fn key() -> Self {
        let text = "the header `Authorization: Bearer KEY` is needed, with a key that \
            `vivarium key create` has made and nobody has revoked";
        let kind = "invalid_request_error";
        Self::new(StatusCode::UNAUTHORIZED, kind, "invalid_api_key", text)
    }

    /// There is no such companion.
    pub fn model(name: &str) -> Self {
        let short: String = name.chars().take(64).collect();
        let text = format!("there is no companion {short:?} here: see GET /v1/models");
        Self::request("model", text).with(StatusCode::NOT_FOUND, "model_not_found")
    }

    /// There is nothing at this address.
    pub fn address() -> Self {
        let text = "there is nothing at this address: chat/completions and models are there";
        Self::request("", text).with(StatusCode::NOT_FOUND, "unknown_url")
    }

    /// It was revoked while something was under way.
    pub fn revoked() -> Self {
        Self { message: "the key was revoked".to_owned(), ..Self::key() }
    }

    /// Why a mind has no answer.
    pub fn mind(reason: MindFailure, model: &str) -> Self {
        let server = "server_error";
        match reason {
            MindFailure::Unknown => Self::model(model),
            MindFailure::OverLimit { free_in_s } => {
                let text = format!("no more messages by this key in this hour: in {free_in_s} s");
                let status = StatusCode::TOO_MANY_REQUESTS;
                Self::new(status, "requests", "rate_limit_exceeded", &text).later(free_in_s.into())
            }
            MindFailure::Busy => {
                let text = "too many are talked to at once: try again in a moment";
                Self::new(StatusCode::SERVICE_UNAVAILABLE, server, "busy", text).later(1)
            }
            MindFailure::TimedOut => {
                let text = format!("no answer within {} s", CALL_ANSWER_MAX.as_secs());
                Self::new(StatusCode::GATEWAY_TIMEOUT, server, "timed_out", &text)
            }
            MindFailure::Broken => {
                let text = "the companion has no answer: something broke";
                Self::new(StatusCode::INTERNAL_SERVER_ERROR, server, "broken", text)
            }
        }
    }

    /// As the body of an answer.
    pub fn body(&self) -> Value {
        let Self { kind, code, param, message, .. } = self;
        json!({ "error": { "message": message, "type": kind, "param": param, "code": code } })
    }
}

impl From<TooMuch> for Fault {
    fn from(too_much: TooMuch) -> Self {
        let limited = |text: &str| {
            Self::new(StatusCode::TOO_MANY_REQUESTS, "requests", "rate_limit_exceeded", text)
        };
        match too_much {
            TooMuch::Often(wait_s) => {
                limited("too many requests by this key: slow down").later(wait_s)
            }
            TooMuch::AtOnce => {
                let text = format!("at most {CALLS_OF_KEY_MAX} answers at once by one key");
                limited(&text).later(1)
            }
            TooMuch::Busy => Self::mind(MindFailure::Busy, ""),
            TooMuch::Users => {
                let text = format!("user: one key may have {KEY_USERS_MAX} users");
                Self::request("user", text).with(StatusCode::TOO_MANY_REQUESTS, "too_many_users")
            }
        }
    }
}

impl IntoResponse for Fault {
    fn into_response(self) -> Response {
        let mut response = (self.status, Json(self.body())).into_response();
        let headers = response.headers_mut();
        headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
        if self.status == StatusCode::UNAUTHORIZED {
            headers.insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
        }
        if let Some(seconds) = self.retry_after_s {
            headers.insert(header::RETRY_AFTER, HeaderValue::from(seconds));
        }
        response
    }
}
