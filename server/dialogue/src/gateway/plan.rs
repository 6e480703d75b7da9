//! Which models are asked, in which order.

use super::settings::{ModelSettings, Settings, Tier};

/// Places in [`Settings::models`], the one that is asked first at first: the cheapest that is good
/// enough, then as the fallback order says, then those that are good enough, then the others, each by
/// price. Without those that have no room for the request.
pub fn order(
    settings: &Settings,
    wanted: Tier,
    input_tokens: u64,
    output_tokens_max: u32,
    is_ailing: impl Fn(&ModelSettings) -> bool,
) -> Vec<usize> {
    let models = &settings.models;
    let fits = |it: &ModelSettings| {
        let output = it.output_tokens_max.min(output_tokens_max);
        input_tokens + u64::from(output) <= u64::from(it.context_tokens)
    };
    let mut places: Vec<usize> = (0..models.len()).filter(|&it| fits(&models[it])).collect();
    let cost = |it: usize| {
        let output = models[it].output_tokens_max.min(output_tokens_max);
        models[it].cost_microdollars(input_tokens, u64::from(output))
    };
    // Of those that are not good enough, better ones first.
    let lack = |it: usize| (wanted as u8).saturating_sub(models[it].tier as u8);
    places.sort_by_key(|&it| (lack(it), is_ailing(&models[it]), cost(it), it));
    if places.len() > 1 {
        let named = |it: usize| {
            let place = settings.fallback.iter().position(|name| *name == models[it].name);
            place.unwrap_or(usize::MAX)
        };
        // Stable: those that are not named keep their order.
        places[1..].sort_by_key(|&it| named(it));
    }
    places
}

#[cfg(test)]
mod tests {
    use super::*;

    fn settings(fallback: &str) -> Settings {
        let model = |name: &str, tier: &str, price: u64, context: u32| {
            format!(
                "[[models]]\nname = \"{name}\"\nprovider = \"p\"\ntier = \"{tier}\"\n\
                 input_microdollars_per_million = {price}\ncontext_tokens = {context}\n"
            )
        };
        let text = [
            format!("fallback = [{fallback}]\n"),
            "[providers.p]\nkind = \"openai\"\nbase_url = \"http://127.0.0.1:1/v1\"\n".into(),
            model("large", "large", 9_000_000, 100_000),
            model("dear", "medium", 5_000_000, 100_000),
            model("medium", "medium", 2_000_000, 8_000),
            model("small", "small", 1, 8_000),
        ];
        Settings::parse(&text.concat()).unwrap()
    }

    fn told(settings: &Settings, wanted: Tier, input: u64, ailing: &str) -> Vec<String> {
        let order = order(settings, wanted, input, 100, |it| it.name == ailing);
        order.into_iter().map(|it| settings.models[it].name.clone()).collect()
    }

    #[test]
    fn the_cheapest_that_is_good_enough_is_asked_first() {
        let settings = settings("");
        assert_eq!(told(&settings, Tier::Small, 1_000, ""), ["small", "medium", "dear", "large"]);
        assert_eq!(told(&settings, Tier::Medium, 1_000, ""), ["medium", "dear", "large", "small"]);
        assert_eq!(told(&settings, Tier::Large, 1_000, ""), ["large", "medium", "dear", "small"]);
    }

    #[test]
    fn one_that_has_no_room_is_left_out_and_an_ailing_one_comes_later() {
        let settings = settings("");
        assert_eq!(told(&settings, Tier::Small, 9_000, ""), ["dear", "large"]);
        assert_eq!(
            told(&settings, Tier::Medium, 1_000, "medium"),
            ["dear", "large", "medium", "small"]
        );
    }

    #[test]
    fn after_the_first_the_fallback_order_counts() {
        let settings = settings("\"large\", \"small\"");
        assert_eq!(told(&settings, Tier::Medium, 1_000, ""), ["medium", "large", "small", "dear"]);
    }
}
