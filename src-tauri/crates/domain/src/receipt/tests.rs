//! A chain that holds, and each way in which one does not.

use super::*;
use uuid::Uuid;

fn chain(length: u64) -> Vec<Receipt> {
    let device = Device::new([7; 32], Attestation::Keychain);
    let mut head = Head::default();
    let mut out = Vec::new();
    for n in 0..length {
        let fact = if n == 0 {
            device.announcement()
        } else {
            Fact::Decided {
                gateway: GatewayId(Uuid::from_u128(1)),
                request_id: format!("r{n}").into(),
                point: Point::Request,
                decision: DecisionId(Uuid::from_u128(n.into())),
                verdict: Verdict::Approve,
                identity: "a@example.com".into(),
                digest: Digest("sha-256:00".into()),
                effects: vec![],
                pipeline_id: None,
                opening: None,
                record: None,
            }
        };
        let receipt = device.seal(&head, DateTime::UNIX_EPOCH, fact);
        head = receipt.head();
        out.push(receipt);
    }
    out
}

#[test]
fn rule_10_a_whole_chain_verifies_also_after_a_trip_through_json() {
    let text = serde_json::to_string(&chain(4)).expect("serialises");
    let read: Vec<Receipt> = serde_json::from_str(&text).expect("decodes");
    let found = verify(&read).expect("whole");
    assert_eq!((found.count, found.unattested), (4, 0));
}

#[test]
fn rule_10_the_first_bad_entry_is_named() {
    let mut edited = chain(5);
    if let Fact::Decided { identity, .. } = &mut edited[2].fact {
        *identity = "b@example.com".into();
    }
    assert_eq!(verify(&edited), Err(BadReceipt { seq: 3, why: Flaw::Content }));

    let mut removed = chain(5);
    removed.remove(2);
    assert_eq!(verify(&removed), Err(BadReceipt { seq: 3, why: Flaw::Sequence }));

    let mut swapped = chain(5);
    swapped.swap(2, 3);
    assert_eq!(verify(&swapped), Err(BadReceipt { seq: 3, why: Flaw::Sequence }));

    let mut resigned = chain(5);
    let thief = Device::new([8; 32], Attestation::Keychain);
    resigned[4] = thief.seal(&resigned[3].head(), DateTime::UNIX_EPOCH, resigned[4].fact.clone());
    assert_eq!(verify(&resigned), Err(BadReceipt { seq: 5, why: Flaw::Signature }));
}

#[test]
fn rule_10_a_key_of_one_run_is_counted_as_unattested() {
    let device = Device::new([9; 32], Attestation::Run);
    let receipt = device.seal(&Head::default(), DateTime::UNIX_EPOCH, device.announcement());
    assert_eq!(verify([&receipt]).expect("holds").unattested, 1);
}

/// The same length by another device.
fn forged(length: u64) -> Vec<Receipt> {
    let thief = Device::new([8; 32], Attestation::Keychain);
    let mut head = Head::default();
    let own = chain(length);
    let mut out: Vec<Receipt> = Vec::new();
    for receipt in own {
        let fact = if receipt.seq == 1 { thief.announcement() } else { receipt.fact };
        out.push(thief.seal(&head, DateTime::UNIX_EPOCH, fact));
        head = out[out.len() - 1].head();
    }
    out
}

fn against(heads: &[Head], chain: &[Receipt]) -> Result<Verified, BadReceipt> {
    let mut walk = Walk::against(heads.to_vec());
    for receipt in chain {
        walk.take(receipt)?;
    }
    walk.end()
}

#[test]
fn rule_10_a_chain_that_lost_its_end_is_found_by_the_head_that_was_exported() {
    let whole = chain(5);
    let heads = [whole[3].head()];
    assert_eq!(against(&heads, &whole).expect("goes on behind the head").count, 5);
    assert_eq!(against(&heads, &whole[..4]).expect("ends there").count, 4);
    assert_eq!(against(&heads, &whole[..3]), Err(BadReceipt { seq: 4, why: Flaw::Truncated }));
    assert_eq!(against(&heads, &[]), Err(BadReceipt { seq: 1, why: Flaw::Truncated }));
    assert!(verify(&whole[..3]).is_ok(), "without the head nobody can tell");
}

#[test]
fn rule_10_a_chain_written_anew_is_found_by_the_head_that_was_exported() {
    let (whole, other) = (chain(5), forged(7));
    assert!(verify(&other).is_ok(), "it hangs together by itself");
    let heads = [whole[2].head(), whole[4].head()];
    assert_eq!(against(&heads, &other), Err(BadReceipt { seq: 3, why: Flaw::Rewritten }));
}

#[test]
fn rule_10_a_head_is_read_as_it_is_written() {
    let head = chain(3)[2].head();
    assert_eq!(head.to_string().parse(), Ok(head.clone()));
    for bad in
        ["", "3", "3:", "3:ff", "x:0", &format!("-1:{}", head.hash), &format!("3:{}g", &head.hash[1..])]
    {
        assert_eq!(bad.parse::<Head>(), Err(BadHead), "{bad}");
    }
}

#[test]
fn rule_10_receipts_of_the_first_format_are_read() {
    let device = Device::new([7; 32], Attestation::Keychain);
    let mut old = device.seal(&Head::default(), DateTime::UNIX_EPOCH, device.announcement());
    old.format = 1;
    old.hash = old.computed_hash();
    old.signature = hex::encode(device.key.sign(old.hash.as_bytes()).to_bytes());
    assert!(verify([&old]).is_ok());
    let newer = Receipt { format: FORMAT + 1, ..old };
    assert_eq!(verify([&newer]), Err(BadReceipt { seq: 1, why: Flaw::Format }));
}

#[test]
fn rule_10_an_exported_line_holds_the_receipt_and_the_key_that_signs_it() {
    let device = Device::new([7; 32], Attestation::Keychain);
    let receipts = chain(3);
    for receipt in &receipts {
        let text = export_line(receipt, &device.public_key());
        assert!(!text.contains('\n'));
        let line: Line = text.parse().expect("a line");
        assert_eq!(
            (&line.receipt, line.public_key.as_deref()),
            (receipt, Some(device.public_key().as_str()))
        );
    }
    let plain = serde_json::to_string(&receipts[1]).expect("serialises");
    let line: Line = plain.parse().expect("a line without the key");
    assert_eq!((line.receipt, line.public_key), (receipts[1].clone(), None));
    assert!("{\"seq\":1}".parse::<Line>().is_err());
    assert!("not json".parse::<Line>().is_err());
}
