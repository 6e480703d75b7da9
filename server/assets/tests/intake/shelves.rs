//! Where assets lie.

use futures_util::TryStreamExt;
use vivarium_assets::{
    address::{Address, Format},
    shelf::Shelf,
};

#[tokio::test]
async fn what_was_put_on_a_shelf_is_there() {
    let folder = tempfile::tempdir().unwrap();
    for shelf in [Shelf::memory(), Shelf::folder(folder.path()).unwrap()] {
        let address = Address::of(b"a chair", Format::Glb);
        assert!(shelf.read(address).await.unwrap().is_none());
        shelf.put(address, "a chair".into()).await.unwrap();
        shelf.put(address, "a chair".into()).await.unwrap();
        assert_eq!(shelf.read(address).await.unwrap().unwrap(), "a chair");
        let part = shelf.get(address, Some(2..5)).await.unwrap().unwrap();
        assert_eq!((part.size, part.range), (7, 2..5));
        let part: Vec<_> = part.bytes.try_collect().await.unwrap();
        assert_eq!(part.concat(), b"cha");
        let all: Vec<_> = shelf.all().try_collect().await.unwrap();
        assert_eq!(all.iter().map(|lying| lying.address).collect::<Vec<_>>(), [address]);
        shelf.delete(address).await.unwrap();
        shelf.delete(address).await.unwrap();
        assert_eq!(shelf.size(address).await.unwrap(), None);
    }
}

#[test]
fn a_place_that_makes_no_sense_is_told() {
    for (url, words) in [
        ("worlds", "relative URL without a base"),
        ("https://example.org/x", "s3://BUCKET"),
        ("s3://", "s3://BUCKET"),
    ] {
        let text = Shelf::bucket(url).unwrap_err().to_string();
        assert!(text.contains(words), "{text}");
    }
}
