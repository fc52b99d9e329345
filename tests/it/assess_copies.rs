//! Records with one id: copies count once, and what only looks like a copy is no copy.

use attestrail::assess::outcome::Verdict;
use attestrail::ledger::Ledger;
use attestrail::ledger::entries::{Entries, Entry, Packer, key_of};
use attestrail::ledger::write::Writer;

use crate::scan_common::{
    ACCOUNT, REGION, World, control, file, key, no_new_users, record_in, says, with_id,
};

const AT: &str = "2026-10-12T09:00:00Z";
const ID: &str = "0123456789abcdef";

fn of_id(at: &str, name: &str, more: &str) -> String {
    with_id(ACCOUNT, REGION, at, name, ID, more)
}

/// A ledger in which records with the id agree in the hash that all records have, as records that
/// somebody made for it would.
fn forged(world: &World) -> Ledger {
    let plan = world.plan();
    let mut ledger = Ledger::temporary(&plan.identity).expect("a ledger");
    let mut writer = Writer::new(&mut ledger);
    for mut facts in world.facts(&plan) {
        let (mut all, mut batch, mut packer) =
            (Entries::new(&facts.entries), Vec::new(), Packer::default());
        while all.fill(&mut batch) {
            for entry in &batch {
                let content = match entry.key == key_of(ID, ACCOUNT) {
                    true => 7,
                    false => entry.content,
                };
                packer.push(&Entry { content, ..*entry });
            }
        }
        facts.entries = packer.take();
        writer.add(&facts).expect("added");
    }
    writer.commit().expect("committed");
    drop(writer);
    ledger
}

fn world(controls: &[(String, String)], planted: &str, real: &str) -> World {
    World::new(controls, &[])
        .and_file(&key("2026-10-11", "planted"), file(&[planted.to_owned()]))
        .and_file(&key("2026-10-12", "real"), file(&[real.to_owned()]))
}

#[test]
fn a_record_that_was_made_to_look_like_a_copy_hides_no_exception() {
    let real = of_id(AT, "CreateUser", "");
    for planted in [
        of_id(AT, "DescribeUser", ""),
        of_id(
            AT,
            "CreateUser",
            ",\"requestParameters\":{\"userName\":\"bob\"}",
        ),
        of_id("2026-10-11T09:00:00Z", "DescribeUser", ""),
    ] {
        for world in [
            world(&[no_new_users()], &planted, &real),
            world(&[no_new_users()], &real, &planted),
        ] {
            let answer = world.assess_ledger(&forged(&world));
            assert_eq!(answer.assessment.log_set.total.conflicts, 2, "{planted}");
            answer.only(Verdict::NotDeterminable);
        }
    }
    let copies = world(&[no_new_users()], &real, &real.replace("\":", "\" : "));
    let answer = copies.assess_ledger(&forged(&copies));
    assert_eq!(answer.assessment.log_set.total.duplicates, 1);
    answer.only(Verdict::Exceptions);
}

#[test]
fn nor_does_it_hide_what_a_trail_was_told() {
    let nothing = control(
        "nothing",
        "\"management-write\"",
        "kind = \"forbid\"\npattern.eventName = [\"Nothing\"]\n",
    );
    let stop = of_id(
        AT,
        "StopLogging",
        ",\"requestParameters\":{\"name\":\"main\"}",
    );
    let planted = of_id(AT, "GetTrailStatus", "");
    let world = world(&[nothing], &planted, &stop);
    let answer = world.assess_ledger(&forged(&world));
    assert_eq!(answer.assessment.log_set.total.conflicts, 2);
    answer.only(Verdict::NotDeterminable);
}

#[test]
fn time_is_part_of_what_copies_say() {
    let earlier = of_id("2026-10-11T09:00:00Z", "TagRole", "");
    let world = world(&[no_new_users()], &earlier, &of_id(AT, "TagRole", ""));
    let answer = world.assess_ledger(&forged(&world));
    assert_eq!(answer.assessment.log_set.total.conflicts, 2);
}

#[test]
fn a_file_laid_below_another_account_takes_nothing_away() {
    let recipient = format!(",\"recipientAccountId\":\"{ACCOUNT}\"");
    let unnamed = of_id(AT, "CreateUser", "").replace(&recipient, "");
    assert!(!unnamed.contains("recipientAccountId"));
    let own = key("2026-10-12", "real");
    let other = own.replace(ACCOUNT, "000000000000");
    assert_ne!(own, other);
    for blank in ["\":", "\" :"] {
        let copy = unnamed.replace("\":", blank);
        let world = World::new(&[no_new_users()], &[])
            .and_file(&own, file(std::slice::from_ref(&unnamed)))
            .and_file(&other, file(&[copy]));
        let answer = world.assess();
        assert_eq!(answer.assessment.log_set.total.conflicts, 2);
        answer.only(Verdict::NotDeterminable);
    }
    // A copy below the own account is one.
    let again = key("2026-10-12", "again");
    let world = World::new(&[no_new_users()], &[])
        .and_file(&own, file(std::slice::from_ref(&unnamed)))
        .and_file(&again, file(&[unnamed]));
    world.assess().only(Verdict::Exceptions);
}

#[test]
fn a_record_that_names_an_account_out_of_scope_in_a_folder_of_one_in_scope_is_told() {
    let other = "444455556666";
    let moved = record_in(other, REGION, "2026-10-15T09:00:00Z", "CreateUser", "");
    let is_told = |key: &str, more: &str| {
        let world = World::new(&[no_new_users()], &[]);
        let world = world.and_file(key, file(std::slice::from_ref(&moved)));
        let answer = world.scoped(more).assess();
        let notices = &answer.assessment.log_set.notices;
        says(
            notices,
            &["1 record left out, because the account or Region that it names is not in scope"],
        )
    };
    let own = key("2026-10-15", "x");
    assert!(is_told(&own, ""));
    // In a folder of its own, or of none, it is of another account, and no more.
    assert!(!is_told(&own.replace(ACCOUNT, other), ""));
    assert!(!is_told("x.json", ""));
    // In scope, it counts for its account.
    let both = format!("[[account]]\nid = \"{other}\"\n");
    assert!(!is_told(&own, &both));
}
