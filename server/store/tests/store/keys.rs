//! Keys, over every adapter.

use vivarium_store::{
    limits::{KEY_NAME_BYTES_MAX, KEYS_MAX},
    port::{
        StoreError,
        keys::{KeyStore, KnownKey},
    },
};

use crate::conformance::each;

/// A key whose digest is of its id.
pub fn key(id: &str, made_on: u32) -> KnownKey {
    let digest: String = id.bytes().map(|byte| format!("{byte:02x}")).collect();
    KnownKey {
        id: id.into(),
        digest: format!("{digest:0>64}"),
        name: "The bot \u{1f916} of Ana".into(),
        scope: "dialogue".into(),
        tier: "registered".into(),
        made_on,
        used_on: None,
    }
}

fn ids(store: &mut dyn KeyStore) -> Vec<String> {
    store.keys().unwrap().into_iter().map(|key| key.id).collect()
}

#[test]
fn a_key_is_found_until_it_is_revoked_and_nothing_of_it_is_left_then() {
    each(|mut store| {
        let store = store.api_keys();
        assert_eq!(store.keys(), Ok(Vec::new()));
        let paid = KnownKey { tier: "premium".into(), name: String::new(), ..key("b-2", u32::MAX) };
        for key in [&paid, &key("a", 20_000), &key("b", 0)] {
            store.add_key(key).unwrap();
        }
        assert_eq!(store.keys().unwrap(), [key("a", 20_000), key("b", 0), paid]);
        let same_digest = KnownKey { digest: key("a", 1).digest, ..key("c", 1) };
        for again in [key("a", 1), same_digest] {
            let refused = store.add_key(&again).unwrap_err();
            assert!(matches!(refused, StoreError::Occupied(_)), "{refused}");
        }
        assert_eq!(store.revoke_key("a"), Ok(true));
        assert_eq!(store.revoke_key("a"), Ok(false), "it is gone");
        assert_eq!(ids(store), ["b", "b-2"]);
        store.add_key(&key("a", 3)).unwrap();
        assert_eq!(store.keys().unwrap()[0], key("a", 3), "nothing of the first one is left");
    });
}

#[test]
fn the_last_day_of_use_only_goes_on() {
    each(|mut store| {
        let store = store.api_keys();
        store.add_key(&key("a", 10)).unwrap();
        store.add_key(&key("b", 10)).unwrap();
        let used = |store: &mut dyn KeyStore| store.keys().unwrap()[0].used_on;
        for (day, known) in [(0, 0), (20_000, 20_000), (19_999, 20_000), (20_001, 20_001)] {
            store.key_used("a", day).unwrap();
            assert_eq!(used(store), Some(known));
        }
        assert_eq!(store.keys().unwrap()[1].used_on, None, "another's use is not its own");
        store.key_used("c", 1).unwrap();
        assert_eq!(ids(store), ["a", "b"], "one that is not there does not come by being used");
    });
}

#[test]
fn what_is_no_key_and_too_many_are_refused() {
    each(|mut store| {
        let store = store.api_keys();
        let fit = key("a", 1);
        let long = "a".repeat(25);
        for id in ["", "A", "a b", "a\0", "\u{e9}", &long] {
            let told = store.add_key(&KnownKey { id: id.into(), ..fit.clone() });
            assert!(matches!(told, Err(StoreError::Unfit(_))), "{id}: {told:?}");
            assert!(matches!(store.revoke_key(id), Err(StoreError::Unfit(_))), "{id}");
            assert!(matches!(store.key_used(id, 1), Err(StoreError::Unfit(_))), "{id}");
        }
        let name = "n".repeat(KEY_NAME_BYTES_MAX);
        for unfit in [
            KnownKey { digest: "00".into(), ..fit.clone() },
            KnownKey { digest: "G".repeat(64), ..fit.clone() },
            KnownKey { name: format!("{name}n"), ..fit.clone() },
            KnownKey { name: "two\nlines".into(), ..fit.clone() },
            KnownKey { scope: String::new(), ..fit.clone() },
            KnownKey { tier: "Premium".into(), ..fit.clone() },
        ] {
            let told = store.add_key(&unfit).unwrap_err();
            assert!(matches!(told, StoreError::Unfit(_)), "{told}");
        }
        store.add_key(&KnownKey { name, ..fit }).unwrap();
        for number in 1..KEYS_MAX {
            store.add_key(&key(&format!("k-{number}"), 1)).unwrap();
        }
        let full = store.add_key(&key("b", 1)).unwrap_err();
        assert!(matches!(&full, StoreError::TooMany(text) if text.contains("1000")), "{full}");
        store.revoke_key("k-7").unwrap();
        store.add_key(&key("b", 1)).unwrap();
    });
}
