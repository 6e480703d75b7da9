//! Which pages may connect. A browser names the page's origin, and does so truthfully; without
//! this check any page on the web could act with a visitor's connection.

use axum::http::{HeaderMap, header};

/// Whether a request to connect may go on: it comes from a page of this server, from an origin
/// that the configuration allows, or from something that is not a browser.
pub fn may_connect(headers: &HeaderMap, allowed: &[String]) -> bool {
    let text = |name| headers.get(name).map(|value| value.to_str().unwrap_or("not text"));
    may_come(text(header::ORIGIN), text(header::HOST), allowed)
}

/// The same for a request that names its page's `origin` and the `host` that it wants.
pub fn may_come(origin: Option<&str>, host: Option<&str>, allowed: &[String]) -> bool {
    let Some(origin) = origin else { return true };
    if allowed.iter().any(|one| one.trim_end_matches('/').eq_ignore_ascii_case(origin)) {
        return true;
    }
    let Some((scheme, authority)) = origin.split_once("://") else { return false };
    let Some(host) = host else { return false };
    // A proxy that ends TLS keeps the host but not the scheme, so only the host is compared.
    let default_port = match scheme {
        "http" => ":80",
        "https" => ":443",
        _ => return false,
    };
    fn bare<'a>(name: &'a str, default_port: &str) -> &'a str {
        name.strip_suffix(default_port).unwrap_or(name)
    }
    bare(authority, default_port).eq_ignore_ascii_case(bare(host, default_port))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn asked(origin: Option<&str>, host: &str, allowed: &[&str]) -> bool {
        let mut headers = HeaderMap::new();
        headers.insert(header::HOST, host.parse().unwrap());
        if let Some(origin) = origin {
            headers.insert(header::ORIGIN, origin.parse().unwrap());
        }
        let allowed: Vec<String> = allowed.iter().map(|one| (*one).to_owned()).collect();
        may_connect(&headers, &allowed)
    }

    #[test]
    fn pages_of_this_server_may_connect() {
        assert!(asked(Some("http://127.0.0.1:8080"), "127.0.0.1:8080", &[]));
        assert!(asked(Some("https://World.example"), "world.example", &[]));
        assert!(asked(Some("https://world.example"), "world.example:443", &[]));
    }

    #[test]
    fn programs_that_are_not_browsers_may_connect() {
        assert!(asked(None, "127.0.0.1:8080", &[]));
    }

    #[test]
    fn foreign_pages_may_not_unless_they_are_allowed() {
        for origin in [
            "https://evil.example",
            "http://127.0.0.1:8081",
            "http://127.0.0.1:80800",
            "null",
            "file://",
            "ftp://127.0.0.1:8080",
        ] {
            assert!(!asked(Some(origin), "127.0.0.1:8080", &[]), "{origin}");
        }
        assert!(asked(Some("https://friend.example"), "a:1", &["https://friend.example/"]));
        assert!(!asked(Some("https://evil.example"), "a:1", &["https://friend.example"]));
    }
}
