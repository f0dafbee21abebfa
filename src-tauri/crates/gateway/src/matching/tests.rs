//! What is near, what is not, and that it is always the same.

use super::*;
use domain::Confidence;
use proptest::prelude::*;

fn mapping(error: &str, description: &str) -> ErrorMapping {
    ErrorMapping {
        error: error.to_owned(),
        actions: vec!["check-pool".into()],
        description: (!description.is_empty()).then(|| description.to_owned()),
        extra: serde_json::Map::new(),
    }
}

fn registry() -> Vec<ErrorMapping> {
    vec![
        mapping("PoolExhausted", "Connection pool exhausted: no free slots"),
        mapping("DiskFull", "The volume has no space left for writes"),
        mapping("CertificateExpired", "TLS certificate of the service has expired"),
    ]
}

fn distance(error: &str) -> Option<(String, f64)> {
    nearest(error, &registry()).map(|m| (m.mapping.error.clone(), m.distance))
}

#[test]
fn the_same_name_in_other_capitals_and_blanks_is_at_distance_zero() {
    assert_eq!(distance("  poolexhausted \n"), Some(("PoolExhausted".into(), 0.0)));
}

#[test]
fn a_name_that_stands_in_the_error_is_of_high_confidence() {
    for error in [
        "PoolExhausted: all 8 slots of pool are held",
        "payments-api said 503: Pool exhausted",
        "java.lang.RuntimeException: pool-exhausted\n\tat com.example.Pool.take(Pool.java:81)",
    ] {
        let (name, distance) = distance(error).expect("near");
        assert_eq!(name, "PoolExhausted");
        assert!((0.0..=0.2).contains(&distance), "{error}: {distance}");
    }
}

#[test]
fn a_paraphrase_is_of_medium_confidence_never_high() {
    let (name, distance) = distance("database connection pool has no free slots").expect("near");
    assert_eq!(name, "PoolExhausted");
    assert_eq!(Confidence::of(distance), Confidence::Medium, "{distance}");
}

#[test]
fn an_unrelated_error_is_of_low_confidence_or_no_match() {
    for error in
        ["swimming pool temperature sensor offline", "NullPointerException in renderer", "", "the of and 8"]
    {
        let near = distance(error);
        assert!(
            near.as_ref().is_none_or(|(_, d)| Confidence::of(*d) == Confidence::Low),
            "{error}: {near:?}"
        );
    }
}

#[test]
fn filler_words_alone_are_no_match() {
    let vague = [mapping("Error", "It has failed and there was no way"), mapping("Failure", "")];
    assert!(nearest("there was an error: it failed", &vague).is_none());
}

#[test]
fn a_name_inside_another_word_is_not_contained() {
    let mappings = [mapping("Pool", "")];
    assert!(nearest("spooling stopped", &mappings).is_none());
    assert!(nearest("carpool", &mappings).is_none());
}

#[test]
fn the_more_exact_of_two_names_wins() {
    let mappings = [mapping("Pool", ""), mapping("PoolExhausted", "")];
    assert_eq!(
        nearest("PoolExhausted: 8 held", &mappings).map(|m| m.mapping.error.as_str()),
        Some("PoolExhausted")
    );
}

#[test]
fn the_explanation_names_the_words_in_common() {
    let registry = registry();
    let found = explain("database connection pool has no free slots", &registry);
    assert_eq!(found[0].how, How::SharedWords);
    assert_eq!(found[0].matched_words, ["connection", "free", "pool", "slots"]);
    let json = serde_json::to_value(&found[0]).expect("serialises");
    assert_eq!(json["how"], "shared_words");
    assert_eq!(json["mapping"]["error"], "PoolExhausted");
}

proptest! {
    #[test]
    fn any_text_gives_the_same_distance_between_0_and_1_in_any_order(
        error in "(Pool|Exhausted|disk|full|the|space|é|\\PC| |\n|:){0,12}",
        names in proptest::collection::vec("(Pool|Disk|Full|Exhausted|Space|\\PC){0,3}", 0..6),
        turn in 0usize..6,
    ) {
        let mappings: Vec<_> = names.iter().map(|name| mapping(name, "disk space of the pool")).collect();
        let mut turned = mappings.clone();
        turned.rotate_left(turn.min(mappings.len()));
        turned.reverse();
        let found = nearest(&error, &mappings);
        prop_assert_eq!(&found, &nearest(&error, &mappings));
        prop_assert_eq!(&found, &nearest(&error, &turned));
        for one in explain(&error, &mappings) {
            prop_assert!((0.0..=1.0).contains(&one.distance));
            if one.how == How::SharedWords {
                prop_assert!(one.distance >= 0.3);
            }
        }
    }
}
