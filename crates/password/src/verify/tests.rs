use argon2::password_hash::PasswordHasher;
use argon2::{Algorithm, Argon2, Params, Version};
use proptest::prelude::*;

use super::{UnusableHash, Verdict, verify};
use crate::{Password, hash};

const PHRASE: &str = "vivid otter drums on marble";

fn argon2(algorithm: Algorithm, version: Version, parameters: Params) -> String {
    let hasher = Argon2::new(algorithm, version, parameters);
    hasher.hash_password(PHRASE.as_bytes()).expect("a hash").to_string()
}

fn parameters(memory: u32, passes: u32, lanes: u32, output: usize) -> Params {
    Params::new(memory, passes, lanes, Some(output)).expect("possible parameters")
}

fn phrase() -> Password {
    Password::new(PHRASE)
}

#[test]
fn a_hash_of_today_is_right_and_another_password_is_wrong() {
    let stored = hash(&phrase()).expect("a hash");
    assert_eq!(verify(&phrase(), stored.reveal()), Ok(Verdict::Right));
    for other in
        ["", "vivid otter drums on marbl", "vivid otter drums on marble ", "Vivid otter drums on marble"]
    {
        assert_eq!(verify(&Password::new(other), stored.reveal()), Ok(Verdict::Wrong), "{other}");
    }
}

#[test]
fn the_same_text_in_another_unicode_form_is_the_same_password() {
    let stored = hash(&Password::new("caf\u{e9} \u{fb01}nch drums")).expect("a hash");
    assert_eq!(verify(&Password::new("cafe\u{301} finch drums"), stored.reveal()), Ok(Verdict::Right));
}

#[test]
fn the_test_vector_of_the_reference_implementation_of_argon2_verifies() {
    // phc-winner-argon2, src/test.c: t=2, m=65536, p=1, "password", "somesalt".
    let stored = "$argon2id$v=19$m=65536,t=2,p=1$c29tZXNhbHQ$CTFhFdXPJO1aFaMaO6Mm5c8y7cJHAph8ArZWb2GRPPc";
    assert_eq!(verify(&Password::new("password"), stored), Ok(Verdict::Right));
    assert_eq!(verify(&Password::new("passwore"), stored), Ok(Verdict::Wrong));
}

#[test]
fn weaker_parameters_and_other_kinds_of_argon2_are_outdated_and_stronger_ones_are_not() {
    let (id, now) = (Algorithm::Argon2id, Version::V0x13);
    for (what, stored, verdict) in [
        ("less memory", argon2(id, now, parameters(9216, 4, 1, 32)), Verdict::RightButOutdated),
        ("fewer passes", argon2(id, now, parameters(19456, 1, 1, 32)), Verdict::RightButOutdated),
        ("shorter", argon2(id, now, parameters(19456, 2, 1, 16)), Verdict::RightButOutdated),
        ("older version", argon2(id, Version::V0x10, parameters(19456, 2, 1, 32)), Verdict::RightButOutdated),
        ("argon2i", argon2(Algorithm::Argon2i, now, parameters(19456, 2, 1, 32)), Verdict::RightButOutdated),
        ("argon2d", argon2(Algorithm::Argon2d, now, parameters(19456, 2, 1, 32)), Verdict::RightButOutdated),
        ("more of everything", argon2(id, now, parameters(20480, 3, 2, 48)), Verdict::Right),
    ] {
        assert_eq!(verify(&phrase(), &stored), Ok(verdict), "{what}");
        assert_eq!(verify(&Password::new("another phrase"), &stored), Ok(Verdict::Wrong), "{what}");
    }
}

#[test]
fn bcrypt_of_every_prefix_verifies_and_is_outdated() {
    let parts = bcrypt::hash_with_result(PHRASE, 4).expect("a hash");
    for version in [bcrypt::Version::TwoA, bcrypt::Version::TwoB, bcrypt::Version::TwoY] {
        let stored = parts.format_for_version(version);
        assert_eq!(verify(&phrase(), &stored), Ok(Verdict::RightButOutdated), "{stored}");
        assert_eq!(verify(&Password::new("another phrase"), &stored), Ok(Verdict::Wrong), "{stored}");
    }
    // The oldest published vector of this algorithm: jBCrypt's tests, "abc" at cost 6.
    let stored = "$2a$06$If6bvum7DFjUnE9p2uDeDu0YHzrHM6tf.iqN8.yx.jNN1ILEf7h0i";
    assert_eq!(verify(&Password::new("abc"), stored), Ok(Verdict::RightButOutdated));
}

#[test]
fn bcrypt_sees_all_that_was_typed_or_nothing_matches() {
    let stored = bcrypt::hash("x".repeat(72), 4).expect("a hash");
    assert_eq!(verify(&Password::new("x".repeat(72)), &stored), Ok(Verdict::RightButOutdated));
    assert_eq!(verify(&Password::new("x".repeat(73)), &stored), Ok(Verdict::Wrong));
    assert_eq!(verify(&Password::new("x".repeat(71)), &stored), Ok(Verdict::Wrong));
}

#[test]
fn what_is_no_hash_is_told_apart_from_a_wrong_password() {
    for stored in
        ["", "hunter2", "$1$salt$hash", "$2x$04$aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"]
    {
        assert_eq!(verify(&phrase(), stored), Err(UnusableHash::UnknownAlgorithm), "{stored}");
    }
    for stored in ["$argon2id$", "$argon2id$v=19$m=19456,t=2,p=1$c29tZXNhbHQ", "$2b$04$cutoff", "$2b$99$"] {
        assert_eq!(verify(&phrase(), stored), Err(UnusableHash::Malformed), "{stored}");
    }
}

#[test]
fn a_hash_that_would_stop_the_service_is_not_computed() {
    let output = "CTFhFdXPJO1aFaMaO6Mm5c8y7cJHAph8ArZWb2GRPPc";
    for parameters in ["m=4194304,t=2,p=1", "m=65536,t=4000000,p=1", "m=65536,t=2,p=1024"] {
        let stored = format!("$argon2id$v=19${parameters}$c29tZXNhbHQ${output}");
        assert_eq!(verify(&phrase(), &stored), Err(UnusableHash::TooExpensive), "{parameters}");
    }
    let costly = bcrypt::hash(PHRASE, 4).expect("a hash").replacen("$04$", "$31$", 1);
    assert_eq!(verify(&phrase(), &costly), Err(UnusableHash::TooExpensive));
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 8, ..ProptestConfig::default() })]

    #[test]
    fn whatever_was_hashed_verifies(text in "\\PC{0,40}") {
        let stored = hash(&Password::new(text.clone())).expect("a hash");
        prop_assert_eq!(verify(&Password::new(text.clone()), stored.reveal()), Ok(Verdict::Right));
        prop_assert_eq!(verify(&Password::new(format!("{text}!")), stored.reveal()), Ok(Verdict::Wrong));
    }
}

proptest! {
    #[test]
    fn no_stored_text_panics(stored in "(\\$(argon2(id|i|d)|2[aby])\\$)?\\PC{0,70}") {
        let _ = verify(&phrase(), &stored);
    }
}
