//! Vectors of texts: the port, the one that needs no model, and where they lie.
//!
//! Vectors of different kinds are never compared. They are kept as bytes with a scale, row after
//! row, so that ten thousand are compared in well under a millisecond or two. Each memory has a
//! hashed one, and beside it perhaps one that a model made.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::MemoryId;
use crate::hearing::Heard;

/// The kind of what [`Hashed`] makes.
pub const HASHED_KIND: &str = "hashed-1";
/// Numbers in a vector of [`Hashed`].
pub const HASHED_DIMS: usize = 256;
/// Numbers in any vector.
pub const DIMS_MAX: usize = 4_096;
/// Bytes of a text that go into a vector.
pub const EMBEDDED_BYTES_MAX: usize = 4_096;
/// Characters in a gram.
const GRAM_CHARS: usize = 3;
/// A word weighs as much as so many of its grams.
const WORD_WEIGHT: f32 = 2.0;

/// Makes vectors of texts. Two whose kinds are equal can be compared.
pub trait Embedder: Send + Sync {
    /// Name of the way that vectors are made: `hashed-1`, or the name of a model.
    fn kind(&self) -> &str;
    /// The vector of a text, of unit length.
    fn embed(&self, text: &str) -> Vector;
}

/// A vector of unit length: each number is a byte times the scale.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Vector {
    /// How it was made.
    pub kind: String,
    /// What a byte is worth.
    pub scale: f32,
    /// The numbers, each a byte; written as base64.
    #[serde(with = "written")]
    pub values: Vec<i8>,
}

/// Numbers as base64, so that what is kept of a vector is not four times as long.
mod written {
    use base64::{Engine, engine::general_purpose::STANDARD_NO_PAD};
    use serde::{Deserialize, Deserializer, Serializer, de::Error};

    pub fn serialize<S: Serializer>(values: &[i8], serializer: S) -> Result<S::Ok, S::Error> {
        let bytes: Vec<u8> = values.iter().map(|value| value.cast_unsigned()).collect();
        serializer.serialize_str(&STANDARD_NO_PAD.encode(bytes))
    }

    pub fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<i8>, D::Error> {
        let text = String::deserialize(deserializer)?;
        let bytes = STANDARD_NO_PAD.decode(text).map_err(D::Error::custom)?;
        Ok(bytes.into_iter().map(u8::cast_signed).collect())
    }
}

impl Vector {
    /// The vector of unit length in a direction; nothing if there is none.
    pub fn new(kind: &str, numbers: &[f32]) -> Option<Self> {
        let length = numbers.iter().map(|n| n * n).sum::<f32>().sqrt();
        let most = numbers.iter().fold(0.0_f32, |most, n| most.max(n.abs()));
        let is_fit = length.is_finite() && length > 0.0 && numbers.len() <= DIMS_MAX;
        is_fit.then(|| Self {
            kind: kind.to_owned(),
            scale: most / length / 127.0,
            values: numbers.iter().map(|n| (n / most * 127.0).round() as i8).collect(),
        })
    }

    /// Whether a vector that was read can be compared at all.
    pub fn is_sound(&self) -> bool {
        let is_bounded = (1..=DIMS_MAX).contains(&self.values.len());
        let has_direction = self.values.iter().any(|value| *value != 0);
        is_bounded
            && has_direction
            && self.scale.is_finite()
            && self.scale > 0.0
            && self.scale <= 1.0
    }

    /// The cosine of the angle between two; nothing if they are of different kinds.
    pub fn cosine(&self, other: &Self) -> Option<f32> {
        let is_same = self.kind == other.kind && self.values.len() == other.values.len();
        is_same.then(|| dot(&self.values, &other.values) as f32 * self.scale * other.scale)
    }
}

fn dot(a: &[i8], b: &[i8]) -> i32 {
    a.iter().zip(b).map(|(a, b)| i32::from(i16::from(*a) * i16::from(*b))).sum()
}

/// Makes vectors without a model: words, and their grams of three letters, each hashed to one of 256
/// numbers and a sign. Texts that share words, or parts of words, are near each other; it knows
/// nothing of meaning.
#[derive(Clone, Copy, Debug, Default)]
pub struct Hashed;

impl Embedder for Hashed {
    fn kind(&self) -> &str {
        HASHED_KIND
    }

    fn embed(&self, text: &str) -> Vector {
        let heard = Heard::new(crate::hearing::head(text, EMBEDDED_BYTES_MAX));
        let mut numbers = [0.0; HASHED_DIMS];
        for word in heard.words() {
            let weight = if is_small(word) { 0.3 } else { 1.0 };
            add(&mut numbers, word.as_bytes(), WORD_WEIGHT * weight);
            let padded: Vec<char> = format!("^{word}$").chars().collect();
            for gram in padded.windows(GRAM_CHARS) {
                add(&mut numbers, gram.iter().collect::<String>().as_bytes(), weight);
            }
        }
        // A text without words (symbols alone), or one whose grams cancel out, has a direction too.
        Vector::new(self.kind(), &numbers).unwrap_or_else(|| {
            add(&mut numbers, text.as_bytes(), 1.0);
            let kind = self.kind().to_owned();
            Vector::new(self.kind(), &numbers).unwrap_or(Vector {
                kind,
                scale: 1.0 / 127.0,
                values: alone(),
            })
        })
    }
}

/// The first axis.
fn alone() -> Vec<i8> {
    let mut values = vec![0; HASHED_DIMS];
    values[0] = 127;
    values
}

/// Words that are in every sentence say little.
fn is_small(word: &str) -> bool {
    const SMALL: &str = "the a an and or of to in on at is are was i you my your it me do does did \
                         that this what who le la les un une de du des et ou je tu mon ma mes ton \
                         ta tes est es suis que qui quoi ce c l d j s t n y en a";
    SMALL.split(' ').any(|small| small == word)
}

fn add(numbers: &mut [f32; HASHED_DIMS], bytes: &[u8], weight: f32) {
    let hash = fnv(bytes);
    let sign = if hash >> 63 == 0 { 1.0 } else { -1.0 };
    numbers[(hash >> 32) as usize % HASHED_DIMS] += sign * weight;
}

/// FNV-1a with a last mix, so that the upper bits depend on all bytes.
fn fnv(bytes: &[u8]) -> u64 {
    let mut hash = 0xcbf2_9ce4_8422_2325_u64;
    for byte in bytes {
        hash = (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3);
    }
    (hash ^ (hash >> 29)).wrapping_mul(0xbf58_476d_1ce4_e5b9)
}

/// Vectors by the memory that they are of; those of one kind lie together.
#[derive(Clone, Debug, Default)]
pub(super) struct Vectors {
    kinds: BTreeMap<String, Rows>,
}

#[derive(Clone, Debug, Default)]
struct Rows {
    dims: usize,
    ids: Vec<MemoryId>,
    places: BTreeMap<MemoryId, usize>,
    scales: Vec<f32>,
    values: Vec<i8>,
}

impl Vectors {
    pub fn put(&mut self, id: MemoryId, vector: Vector) {
        self.remove(id);
        self.insert(id, vector);
    }

    fn insert(&mut self, id: MemoryId, vector: Vector) {
        // One name stands for one number of dimensions: a vector of another is of another kind.
        let dims = vector.values.len();
        let rows = self.kinds.entry(format!("{}/{dims}", vector.kind)).or_default();
        rows.dims = dims;
        rows.places.insert(id, rows.ids.len());
        rows.ids.push(id);
        rows.scales.push(vector.scale);
        rows.values.extend(vector.values);
    }

    /// Puts one beside the hashed one, in the place of any other.
    pub fn put_beside(&mut self, id: MemoryId, vector: Vector) {
        let hashed = self.of(id, |kind| kind == HASHED_KIND);
        self.put(id, vector);
        if let Some(hashed) = hashed {
            self.insert(id, hashed);
        }
    }

    pub fn remove(&mut self, id: MemoryId) {
        for rows in self.kinds.values_mut() {
            rows.remove(id);
        }
        self.kinds.retain(|_, rows| !rows.ids.is_empty());
    }

    /// The one that a model made, if there is one.
    pub fn made(&self, id: MemoryId) -> Option<Vector> {
        self.of(id, |kind| kind != HASHED_KIND)
    }

    /// Whether there is one of a kind.
    pub fn has(&self, id: MemoryId, kind: &str) -> bool {
        let mut kinds = self.kinds.iter().filter(|(name, _)| kind_of(name) == kind);
        kinds.any(|(_, rows)| rows.places.contains_key(&id))
    }

    fn of(&self, id: MemoryId, is_meant: impl Fn(&str) -> bool) -> Option<Vector> {
        let mut kinds = self.kinds.iter().filter(|(name, _)| is_meant(kind_of(name)));
        kinds.find_map(|(name, rows)| {
            let place = *rows.places.get(&id)?;
            let kind = kind_of(name).to_owned();
            let values = rows.values[place * rows.dims..][..rows.dims].to_vec();
            Some(Vector { kind, scale: rows.scales[place], values })
        })
    }

    /// The cosine of each memory of the same kind, ascending by number.
    pub fn cosines(&self, query: &Vector) -> Vec<(MemoryId, f32)> {
        let name = format!("{}/{}", query.kind, query.values.len());
        let Some(rows) = self.kinds.get(&name) else { return Vec::new() };
        let each = rows.values.chunks_exact(rows.dims).zip(&rows.scales).zip(&rows.ids);
        let mut cosines: Vec<(MemoryId, f32)> = each
            .map(|((row, scale), id)| (*id, dot(row, &query.values) as f32 * scale * query.scale))
            .collect();
        // Mostly in order already: only what was deleted has moved others.
        cosines.sort_unstable_by_key(|(id, _)| *id);
        cosines
    }
}

/// Of the name of rows, which ends with their number of dimensions.
fn kind_of(name: &str) -> &str {
    name.rsplit_once('/').map_or(name, |(kind, _)| kind)
}

impl Rows {
    fn remove(&mut self, id: MemoryId) {
        let Some(place) = self.places.remove(&id) else { return };
        let last = self.ids.len() - 1;
        self.ids.swap_remove(place);
        self.scales.swap_remove(place);
        self.values.copy_within(last * self.dims..(last + 1) * self.dims, place * self.dims);
        self.values.truncate(last * self.dims);
        if let Some(moved) = self.ids.get(place) {
            self.places.insert(*moved, place);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_that_share_words_are_near() {
        let of = |text: &str| Hashed.embed(text);
        let near = of("my dog is called Rex").cosine(&of("What is the name of my dogs?")).unwrap();
        let far = of("my dog is called Rex").cosine(&of("the weather in Lyon")).unwrap();
        assert!(near > far + 0.15, "{near} {far}");
        assert!(of("Éclair").cosine(&of("eclair")).unwrap() > 0.99);
    }

    #[test]
    fn vectors_of_different_kinds_are_not_compared() {
        let ours = Hashed.embed("hello");
        let other = Vector { kind: "model".to_owned(), ..ours.clone() };
        assert_eq!(ours.cosine(&other), None);
        let mut vectors = Vectors::default();
        vectors.put(MemoryId(1), other.clone());
        assert!(vectors.cosines(&ours).is_empty());
        vectors.put(MemoryId(1), ours.clone());
        assert_eq!(vectors.cosines(&ours).len(), 1);
        assert!(vectors.cosines(&other).is_empty());
    }

    #[test]
    fn one_of_a_model_stands_beside_the_hashed_one() {
        let hashed = Hashed.embed("hello");
        let of = |kind: &str| Vector::new(kind, &[1.0, -2.0, 0.5]).unwrap();
        let mut vectors = Vectors::default();
        vectors.put(MemoryId(1), hashed.clone());
        assert_eq!(vectors.made(MemoryId(1)), None);
        vectors.put_beside(MemoryId(1), of("old/model"));
        vectors.put_beside(MemoryId(1), of("new/model"));
        assert_eq!(vectors.made(MemoryId(1)), Some(of("new/model")));
        assert!(vectors.has(MemoryId(1), HASHED_KIND) && !vectors.has(MemoryId(1), "old/model"));
        assert_eq!(vectors.cosines(&hashed).len(), 1);
        vectors.remove(MemoryId(1));
        assert!(vectors.kinds.is_empty());
    }

    #[test]
    fn a_vector_is_written_in_few_letters_and_read_strictly() {
        let vector = Vector::new("m", &[1.0, -1.0, 0.0]).unwrap();
        let json = serde_json::to_string(&vector).unwrap();
        assert!(json.ends_with("\"values\":\"f4EA\"}"), "{json}");
        assert_eq!(serde_json::from_str::<Vector>(&json).unwrap(), vector);
        for wrong in ["[1,2]", "\"?\"", "null"] {
            let json = json.replace("\"f4EA\"", wrong);
            assert!(serde_json::from_str::<Vector>(&json).is_err(), "{json}");
        }
        assert!(!Vector { values: vec![0; 4], ..vector }.is_sound());
        assert_eq!(Vector::new("m", &[0.0; 4]), None);
        assert_eq!(Vector::new("m", &[1.0, f32::INFINITY]), None);
        assert_eq!(Vector::new("m", &[1.0, f32::NAN]), None);
    }

    proptest::proptest! {
        #[test]
        fn every_text_has_a_vector_of_unit_length(text in "\\PC{0,80}") {
            let vector = Hashed.embed(&text);
            proptest::prop_assert_eq!(vector.values.len(), HASHED_DIMS);
            let length = vector.cosine(&vector).unwrap();
            proptest::prop_assert!((length - 1.0).abs() < 0.05, "{}", length);
        }

        #[test]
        fn rows_are_found_whatever_was_removed(
            steps in proptest::collection::vec((0_u64..12, proptest::bool::ANY), 0..60),
        ) {
            let mut vectors = Vectors::default();
            let mut model = BTreeMap::new();
            for (id, is_put) in steps {
                if is_put {
                    let vector = Hashed.embed(&format!("word{id}"));
                    vectors.put(MemoryId(id), vector.clone());
                    model.insert(MemoryId(id), vector);
                } else {
                    vectors.remove(MemoryId(id));
                    model.remove(&MemoryId(id));
                }
            }
            for id in (0..12).map(MemoryId) {
                let vector = vectors.of(id, |_| true);
                proptest::prop_assert_eq!(vector, model.get(&id).cloned());
            }
        }
    }
}
