//! What was spent, over every adapter, and from the version that did not keep it.

use vivarium_store::{
    adapters::sqlite::{FILE, SqliteStore},
    limits::{PAYER_BYTES_MAX, WINDOWS_BYTES_MAX},
    port::{StoreError, WorldStore, spending::Spending},
};

use crate::{batch, conformance::each, of};

fn spent(payer: &str, windows: &[u8]) -> Spending {
    Spending { payer: payer.into(), windows: Some(windows.to_owned()) }
}

#[test]
fn the_last_of_each_payer_is_kept_and_what_is_over_goes() {
    each(|mut store| {
        let store = store.spending();
        assert_eq!(store.load_spending(), Ok(Vec::new()));
        store.save_spending(&[spent("b", b"1"), spent("a", b"2"), spent("b", b"3")]).unwrap();
        store.save_spending(&[]).unwrap();
        assert_eq!(store.load_spending(), Ok(vec![spent("a", b"2"), spent("b", b"3")]));
        let over = Spending { payer: "a".into(), windows: None };
        store.save_spending(&[over.clone(), spent("\u{1f40e}", b"4"), over]).unwrap();
        assert_eq!(store.load_spending(), Ok(vec![spent("b", b"3"), spent("\u{1f40e}", b"4")]));
    });
}

#[test]
fn what_does_not_fit_keeps_nothing_of_all() {
    each(|mut store| {
        let store = store.spending();
        for unfit in [
            spent("", b"1"),
            spent("a\0", b"1"),
            spent(&"a".repeat(PAYER_BYTES_MAX + 1), b"1"),
            spent("a", &[0; WINDOWS_BYTES_MAX + 1]),
        ] {
            let refused = store.save_spending(&[spent("b", b"1"), unfit]).unwrap_err();
            assert!(matches!(refused, StoreError::Unfit(_)), "{refused}");
        }
        assert_eq!(store.load_spending(), Ok(Vec::new()));
    });
}

#[test]
fn a_database_that_kept_no_spending_is_brought_up_to_date() {
    let folder = tempfile::tempdir().unwrap();
    let mut store = SqliteStore::open(folder.path()).unwrap();
    store.create("plaza", b"{}").unwrap();
    store.append(&of("plaza", 1..=2)).unwrap();
    drop(store);
    let connection = rusqlite::Connection::open(folder.path().join(FILE)).unwrap();
    connection.execute_batch("DROP TABLE spending; PRAGMA user_version = 8;").unwrap();
    drop(connection);
    let mut store = SqliteStore::open(folder.path()).unwrap();
    store.spending().save_spending(&[spent("a", b"1")]).unwrap();
    drop(store);
    let mut again = SqliteStore::open(folder.path()).unwrap();
    assert_eq!(again.load("plaza").unwrap().unwrap().batches, [batch(1), batch(2)]);
    assert_eq!(again.spending().load_spending(), Ok(vec![spent("a", b"1")]));
}
