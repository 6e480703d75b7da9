//! What `dialogue.toml` may say, and what is answered if it says something else.

use vivarium_dialogue::{
    budget::{Membership, window::Period},
    gateway::{Gateway, Settings, SetupError},
};

const GOOD: &str = r#"
fallback = ["small"]
temperature = 0.7

[providers.home]
kind = "openai"
base_url = "http://127.0.0.1:11434/v1"

[providers.away]
kind = "anthropic"
base_url = "https://api.anthropic.com/v1"
key_env = "AWAY_KEY"

[[models]]
name = "small"
provider = "home"
id = "llama3.2:3b"
tier = "small"
context_tokens = 8192

[[models]]
name = "large"
provider = "away"
tier = "large"
input_microdollars_per_million = 3_000_000
output_microdollars_per_million = 15_000_000
context_tokens = 200_000
output_tokens_max = 1024

[timeouts]
whole_ms = 30_000

[limits.messages_per_hour]
free = 12

[limits.budgets.user]
usd_per_day = "0.50"
usd_per_month = 7.25

[limits.budgets.installation]
usd_per_month = 100
tokens_per_hour = 2_000_000

[cache]
time_to_live_s = 3_600
warm_up = ["hello"]

[memory]
reflections_per_hour = 6
embedding = { model = "nomic", provider = "home", dimensions = 768 }
"#;

/// What is said of the settings with one thing changed.
fn told(from: &str, to: &str) -> String {
    assert!(GOOD.contains(from), "{from}");
    match Settings::parse(&GOOD.replacen(from, to, 1)) {
        Ok(_) => "fine".into(),
        Err(error) => error.to_string(),
    }
}

#[test]
fn good_settings_are_read() {
    let settings = Settings::parse(GOOD).unwrap();
    assert_eq!(settings.models[0].id(), "llama3.2:3b");
    assert_eq!(settings.models[1].id(), "large");
    assert_eq!(settings.timeouts.whole_ms, 30_000);
    assert_eq!(settings.timeouts.stall_ms, 8_000);
    assert_eq!(settings.hedging, None);
    assert_eq!(settings.models[1].cost_microdollars(1_000, 100), 4_500);
    assert_eq!(settings.models[1].cost_microdollars(u64::MAX, u64::MAX), u64::MAX);
    let limits = settings.limits;
    assert_eq!(limits.messages_per_hour.of(Membership::Free), 12);
    assert_eq!(limits.messages_per_hour.of(Membership::Premium), 500);
    assert_eq!(limits.budgets.user.of(Period::Day), (Some(500_000), None));
    assert_eq!(limits.budgets.user.of(Period::Month), (Some(7_250_000), None));
    assert_eq!(limits.budgets.installation.of(Period::Month), (Some(100_000_000), None));
    assert_eq!(limits.budgets.installation.of(Period::Hour), (None, Some(2_000_000)));
    assert!(limits.budgets.world.is_endless());
    assert_eq!((settings.cache.time_to_live_s, settings.cache.bytes_max), (3_600, 16 << 20));
}

#[test]
fn what_is_wrong_is_told_with_its_path() {
    for (from, to, expected) in [
        ("tier = \"small\"", "teir = \"small\"", "models[0].teir: unknown field `teir`"),
        ("tier = \"small\"", "tier = \"huge\"", "models[0].tier: unknown variant `huge`"),
        ("kind = \"openai\"", "kind = \"ollama\"", "providers.home.kind: unknown variant"),
        ("8192", "-1", "models[0].context_tokens: invalid value"),
        ("[timeouts]", "[timeouts", "dialogue.toml: "),
        ("whole_ms", "whole_s", "timeouts.whole_s: unknown field"),
        (
            "provider = \"home\"",
            "provider = \"work\"",
            "models[0].provider: no provider is called \"work\"",
        ),
        ("[\"small\"]", "[\"tiny\"]", "fallback[0]: no model is called \"tiny\""),
        ("name = \"large\"", "name = \"small\"", "models[1].name: \"small\" is there twice"),
        (
            "15_000_000",
            "15_000_000_000",
            "models[1].output_microdollars_per_million: 15000000000 is more",
        ),
        (
            "http://127",
            "ftp://127",
            "providers.home.base_url: it must begin with http:// or https://",
        ),
        ("http://127", "http://user:sk-1@127", "providers.home.base_url: it may hold no key"),
        ("/v1\"", "/v1?key=sk-1\"", "providers.home.base_url: it may have neither ? nor #"),
        ("AWAY_KEY", "sk-1-secret", "providers.away.key_env: it must be the name"),
        ("30_000", "0", "timeouts.whole_ms: it must be from 1 to 600000"),
        ("0.7", "3.5", "temperature: it must be from 0 to 2"),
        ("1024", "0", "models[1].output_tokens_max: it must be from 1"),
        ("8192", "100", "models[0].context_tokens: it must be more than output_tokens_max"),
        ("free = 12", "free = 0", "limits.messages_per_hour.free: it must be from 1 to 1000"),
        ("free = 12", "guest = 12", "limits.messages_per_hour.guest: unknown field"),
        (
            "\"0.50\"",
            "\"50 cents\"",
            "limits.budgets.user.usd_per_day: dollars are written as digits and a point, such as",
        ),
        ("\"0.50\"", "-0.5", "limits.budgets.user.usd_per_day: dollars are written as digits"),
        ("7.25", "0.0000001", "limits.budgets.user.usd_per_month: dollars have at most 6 digits"),
        ("= 100\n", "= 1e9\n", "limits.budgets.installation.usd_per_month: it may be at most"),
        ("= 100\n", "= true\n", "limits.budgets.installation.usd_per_month: invalid type: boolean"),
        ("user]\nusd_per_day", "user]\nusd_per_week", "limits.budgets.user.usd_per_week: unknown"),
        (
            "2_000_000\n",
            "2_000_000_000_000\n",
            "limits.budgets.installation.tokens_per_hour: it may be at most 1000000000000",
        ),
        ("3_600", "0", "cache.time_to_live_s: it must be from 1 to 2678400"),
        ("time_to_live_s", "bytes_max = 5_000_000_000\nx", "cache.x: unknown field"),
        (
            "time_to_live_s = 3_600",
            "bytes_max = 5_000_000_000",
            "cache.bytes_max: it may be at most",
        ),
        ("[\"hello\"]", "[\"hello\", \" \"]", "cache.warm_up[1]: a text has from 1 to 200 bytes"),
        ("= 6\n", "= 1001\n", "memory.reflections_per_hour: it may be at most 1000"),
        ("\"nomic\"", "\"hashed-1\"", "memory.embedding.model: a name has from 1 to 128 bytes"),
        ("\"home\", dim", "\"away\", dim", "memory.embedding.provider: this kind of provider"),
        ("\"home\", dim", "\"moon\", dim", "memory.embedding.provider: no provider is called"),
        ("dimensions = 768", "dimensions = 0", "memory.embedding.dimensions: it must be from 1"),
        ("dimensions = 768", "size = 768", "memory.embedding.size: unknown field"),
    ] {
        let told = told(from, to);
        assert!(told.starts_with(expected), "{to}: {told}");
        assert!(!told.contains("sk-1"), "{told}");
    }
    assert!(told("[timeouts]", "[timeouts").contains("(line "));
    let nothing = Settings::parse("models = []\n[providers]\n").unwrap_err().to_string();
    assert_eq!(nothing, "models: there must be at least one");
}

#[test]
fn keys_come_from_the_environment_and_are_not_shown() {
    let settings = Settings::parse(GOOD).unwrap();
    for missing in [None, Some(""), Some("two words\n")] {
        let error = Gateway::new(settings.clone(), |_| missing.map(Into::into)).unwrap_err();
        assert!(matches!(&error, SetupError::NoKey { variable, .. } if variable == "AWAY_KEY"));
        let told = "providers.away.key_env: the environment has no AWAY_KEY, or no key in it";
        assert_eq!(error.to_string(), told);
    }
    let gateway = Gateway::new(settings, |_| Some("sk-1-secret\n".into())).unwrap();
    assert!(!format!("{gateway:?}").contains("sk-1-secret"));
}
