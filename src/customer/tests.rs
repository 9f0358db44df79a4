//! The room against real databases.

use db::{Conn, diesel::Connection as _};
use kernel::{Ctx, Cursor, CustomerId, Error, Limit, Timestamp};
use proptest::prelude::*;

use crate::{
    ChatGroup, Customer, CustomerFilter, CustomerKind, GroupFilter, find_by_external, find_by_id,
    find_by_unionid, find_group, list, list_groups,
    mirror::{
        Contact, EndedBy, FollowRecord, GroupRecord, SWEEP_MAX, Snapshot, apply_snapshot,
        dismiss_group, put_follow, remove_follow, sweep, upsert_contact, upsert_group,
    },
    test_db::{ctx, on_each_database, on_sqlite},
};

fn served_by(userid: &str, remark: &str, since: i64) -> FollowRecord {
    FollowRecord {
        userid: userid.to_owned(),
        remark: remark.to_owned(),
        since: Timestamp(since),
        ..FollowRecord::default()
    }
}

fn contact(external_userid: &str, name: &str, follows: &[FollowRecord]) -> Contact {
    Contact {
        external_userid: external_userid.to_owned(),
        name: name.to_owned(),
        follows: follows.to_vec(),
        ..Contact::default()
    }
}

fn group(chat_id: &str, name: &str) -> GroupRecord {
    GroupRecord { chat_id: chat_id.to_owned(), name: name.to_owned(), ..GroupRecord::default() }
}

fn all(conn: &mut Conn, filter: &CustomerFilter) -> Vec<Customer> {
    list(conn, filter, None, Limit::default()).unwrap().items
}

fn names(conn: &mut Conn, filter: &CustomerFilter) -> Vec<String> {
    all(conn, filter).into_iter().map(|customer| customer.name).collect()
}

/// One thing that WeCom told, and when it was so.
#[derive(Clone, Debug)]
enum Heard {
    Contact(Contact, i64),
    Follow(&'static str, FollowRecord, i64),
    Ended(&'static str, &'static str, EndedBy, i64),
    Group(GroupRecord, i64),
    Dismissed(&'static str, i64),
    Sync(Snapshot),
}

impl Heard {
    fn apply(&self, conn: &mut Conn, ctx: &Ctx) {
        match self {
            Self::Contact(contact, at) => upsert_contact(conn, ctx, contact, Timestamp(*at)),
            Self::Follow(whom, record, at) => put_follow(conn, ctx, whom, record, Timestamp(*at)),
            Self::Ended(whom, who, by, at) => {
                remove_follow(conn, ctx, (whom, who), *by, Timestamp(*at)).map(|_is_lost| ())
            }
            Self::Group(record, at) => upsert_group(conn, ctx, record, Timestamp(*at)),
            Self::Dismissed(chat_id, at) => {
                dismiss_group(conn, ctx, chat_id, Timestamp(*at)).map(|_stood| ())
            }
            Self::Sync(snapshot) => apply_snapshot(conn, ctx, snapshot).map(|_swept| ()),
        }
        .unwrap();
    }
}

fn any_heard() -> impl Strategy<Value = Heard> {
    let stamp = || 1..9_i64;
    let whom = || prop_oneof![Just("wm1"), Just("wm2")];
    let record = || {
        let userid = prop_oneof![Just("li"), Just("Wang")];
        (userid, "[a-b]", stamp()).prop_map(|(userid, remark, at)| served_by(userid, &remark, at))
    };
    let contact = || {
        (whom(), "[a-b]", prop::collection::vec(record(), 0..3))
            .prop_map(|(whom, name, follows)| contact(whom, &name, &follows))
    };
    let by = prop_oneof![Just(EndedBy::Member), Just(EndedBy::Customer)];
    let ended = (whom(), prop_oneof![Just("li"), Just("wang")], by, stamp());
    let record_of = |name: String| group("wr1", &name);
    let sync = (stamp(), prop::collection::vec(contact(), 0..2), any::<bool>());
    let sync = sync.prop_map(|(stamp, customers, has_group)| {
        let groups = if has_group { vec![group("wr1", "s")] } else { Vec::new() };
        Heard::Sync(Snapshot { stamp: Timestamp(stamp), customers, groups })
    });
    prop_oneof![
        2 => (contact(), stamp()).prop_map(|(contact, at)| Heard::Contact(contact, at)),
        2 => (whom(), record(), stamp()).prop_map(|(whom, one, at)| Heard::Follow(whom, one, at)),
        2 => ended.prop_map(|(whom, who, by, at)| Heard::Ended(whom, who, by, at)),
        1 => ("[a-b]", stamp()).prop_map(move |(name, at)| Heard::Group(record_of(name), at)),
        1 => stamp().prop_map(|at| Heard::Dismissed("wr1", at)),
        1 => sync,
    ]
}

/// What is seen after these, in a database that was empty before and is empty afterwards.
fn outcome(conn: &mut Conn, heard: &[&Heard]) -> (Vec<Customer>, Vec<Vec<String>>, Vec<ChatGroup>) {
    conn.test_transaction::<_, Error, _>(|conn| {
        let ctx = ctx(100);
        heard.iter().for_each(|one| one.apply(conn, &ctx));
        let mut customers: Vec<_> = all(conn, &CustomerFilter::default())
            .into_iter()
            .map(|one| Customer { id: CustomerId(0), updated_at: Timestamp(0), ..one })
            .collect();
        customers.sort_by(|one, other| one.external_userid.cmp(&other.external_userid));
        let served = ["li", "wang"].map(|userid| {
            let by = CustomerFilter { follower: Some(userid.into()), ..CustomerFilter::default() };
            let mut served: Vec<_> =
                all(conn, &by).into_iter().map(|one| one.external_userid).collect();
            served.sort_unstable();
            served
        });
        let groups = list_groups(conn, &GroupFilter::default(), None, Limit::default())?;
        let groups = groups.items.into_iter();
        let groups = groups.map(|one| ChatGroup { updated_at: Timestamp(0), ..one }).collect();
        Ok((customers, served.to_vec(), groups))
    })
}

#[test]
fn any_events_in_any_order_and_twice_end_in_the_same_customers() {
    on_sqlite("any_orders", |_db, conn| {
        let conn = std::cell::RefCell::new(conn);
        let both = prop::collection::vec(any_heard(), 1..8).prop_flat_map(|heard| {
            let twice: Vec<_> = (0..heard.len()).chain(0..heard.len()).collect();
            (Just(heard), Just(twice).prop_shuffle())
        });
        let check = |(heard, order): (Vec<Heard>, Vec<usize>)| {
            let conn = &mut *conn.borrow_mut();
            let straight: Vec<_> = heard.iter().collect();
            let shuffled: Vec<_> = order.iter().map(|at| &heard[*at]).collect();
            prop_assert_eq!(outcome(conn, &straight), outcome(conn, &shuffled));
            Ok(())
        };
        let settings =
            ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(300) };
        proptest::test_runner::TestRunner::new(settings).run(&both, check).unwrap();
    });
}

#[test]
fn a_customer_is_found_by_every_identity() {
    on_each_database("found", |_db, conn| {
        let ctx = ctx(100);
        let zhang = Contact {
            unionid: "oU1".into(),
            corp_name: "远方公司".into(),
            kind: CustomerKind::Wecom,
            phone: "+86 138-0013-8000".into(),
            ..contact("wmAbc", "张三", &[served_by("LiSi", "老张", 50)])
        };
        upsert_contact(conn, &ctx, &zhang, Timestamp(60)).unwrap();
        let found = find_by_external(conn, "wmAbc").unwrap().unwrap();
        assert_eq!(find_by_external(conn, "WMABC").unwrap(), None, "its case is part of the id");
        assert_eq!(find_by_id(conn, found.id).unwrap().as_ref(), Some(&found));
        assert_eq!(find_by_unionid(conn, "oU1").unwrap().as_ref(), Some(&found));
        assert_eq!(find_by_unionid(conn, "").unwrap(), None);
        assert_eq!(found.kind, CustomerKind::Wecom);
        assert_eq!((found.follows[0].userid.as_str(), found.is_lost), ("lisi", false));
        assert_eq!(found.display_name(), "老张");
        assert_eq!(found.updated_at, Timestamp(100));
        let later = self::ctx(200);
        upsert_contact(conn, &later, &zhang, Timestamp(70)).unwrap();
        let again = find_by_external(conn, "wmAbc").unwrap().unwrap();
        assert_eq!(again, found, "a sync that brings nothing new");
    });
}

#[test]
fn a_customer_is_lost_when_nobody_can_reach_him_and_found_when_they_meet_again() {
    on_each_database("lost", |_db, conn| {
        let ctx = ctx(100);
        let both = [served_by("li", "", 1), served_by("wang", "", 1)];
        upsert_contact(conn, &ctx, &contact("wm", "张三", &both), Timestamp(5)).unwrap();
        let at = Timestamp;
        assert!(!remove_follow(conn, &ctx, ("wm", "Li"), EndedBy::Member, at(6)).unwrap());
        assert!(remove_follow(conn, &ctx, ("wm", "wang"), EndedBy::Customer, at(7)).unwrap());
        let lost = find_by_external(conn, "wm").unwrap().unwrap();
        assert!(lost.is_lost && lost.follows.len() == 1 && lost.follows[0].is_lost, "{lost:?}");
        // WeCom lists the customer who deleted the member as before.
        let listed = contact("wm", "张三", &[served_by("wang", "", 1)]);
        upsert_contact(conn, &ctx, &listed, at(8)).unwrap();
        assert!(find_by_external(conn, "wm").unwrap().unwrap().is_lost);
        put_follow(conn, &ctx, "wm", &served_by("wang", "", 9), at(9)).unwrap();
        assert!(!find_by_external(conn, "wm").unwrap().unwrap().is_lost);
        put_follow(conn, &ctx, "new", &served_by("li", "", 9), at(9)).unwrap();
        assert_eq!(find_by_external(conn, "new").unwrap().unwrap().display_name(), "客户");
    });
}

#[test]
fn a_sync_sweeps_whom_it_did_not_see() {
    on_each_database("sweep", |_db, conn| {
        let ctx = ctx(100);
        for n in 0..SWEEP_MAX + 3 {
            let one = contact(&format!("wm{n}"), "x", &[served_by("li", "", 1)]);
            upsert_contact(conn, &ctx, &one, Timestamp(1)).unwrap();
        }
        put_follow(conn, &ctx, "wm0", &served_by("wang", "", 6), Timestamp(6)).unwrap();
        upsert_group(conn, &ctx, &group("wr1", "旧群"), Timestamp(1)).unwrap();
        upsert_group(conn, &ctx, &group("wr2", "新群"), Timestamp(6)).unwrap();
        let first = sweep(conn, &ctx, Timestamp(5)).unwrap();
        assert!(!first.is_whole);
        assert_eq!(first.dismissed, ["wr1"]);
        let second = sweep(conn, &ctx, Timestamp(5)).unwrap();
        assert!(second.is_whole);
        assert_eq!(first.lost.len() + second.lost.len(), SWEEP_MAX + 2);
        let kept = CustomerFilter { is_lost: Some(false), ..CustomerFilter::default() };
        let kept = all(conn, &kept);
        assert_eq!(kept.len(), 1);
        let follows: Vec<_> = kept[0].follows.iter().map(|one| one.userid.as_str()).collect();
        assert_eq!(follows, ["wang"], "who came after the sync began");
        assert_eq!(sweep(conn, &ctx, Timestamp(5)).unwrap().lost, Vec::<String>::new());
    });
}

#[test]
fn customers_are_listed_by_filter_and_page() {
    on_each_database("list", |_db, conn| {
        let ctx = ctx(100);
        let people = [
            ("wm1", "Anna 100%", "13800138000", "li", "VIP_1"),
            ("wm2", "张三", "010-8888 9999", "li", "老张"),
            ("wm3", "anna", "", "wang", ""),
        ];
        for (external_userid, name, phone, userid, remark) in people {
            let one = contact(external_userid, name, &[served_by(userid, remark, 1)]);
            let one = Contact { phone: phone.into(), ..one };
            upsert_contact(conn, &ctx, &one, Timestamp(5)).unwrap();
        }
        let none = CustomerFilter::default;
        let text = |text: &str| CustomerFilter { text: Some(text.into()), ..none() };
        let phone = |phone: &str| CustomerFilter { phone: Some(phone.into()), ..none() };
        assert_eq!(names(conn, &text("ANNA")), ["anna", "Anna 100%"]);
        assert_eq!(names(conn, &text("0%")), ["Anna 100%"], "a wildcard is a character");
        assert_eq!(names(conn, &text("p_1")), ["Anna 100%"], "remarks too");
        assert_eq!(names(conn, &text("_")), ["Anna 100%"]);
        assert_eq!(names(conn, &phone("01088889999")), ["张三"]);
        assert_eq!(names(conn, &phone("138 0013 8000")), ["Anna 100%"]);
        assert_eq!(names(conn, &phone("-")), Vec::<String>::new(), "no number is no filter");
        let lis = CustomerFilter { follower: Some("LI".into()), ..text("a") };
        assert_eq!(names(conn, &lis), ["Anna 100%"]);
        let two = Limit::new(Some(2)).unwrap();
        let first = list(conn, &none(), None, two).unwrap();
        let next = Cursor::parse(&first.next.unwrap()).unwrap();
        let second = list(conn, &none(), Some(next), two).unwrap();
        assert_eq!(
            (first.items[0].name.as_str(), second.items[0].name.as_str()),
            ("anna", "Anna 100%")
        );
        assert_eq!(second.next, None);
    });
}

#[test]
fn a_group_is_replaced_by_newer_news_only_and_ends() {
    on_each_database("groups", |_db, conn| {
        let ctx = ctx(100);
        let record = GroupRecord {
            owner: "Li".into(),
            members: vec!["wm2".into(), "li".into(), "wm2".into()],
            ..group("wr1", "售后 VIP 群")
        };
        upsert_group(conn, &ctx, &record, Timestamp(5)).unwrap();
        upsert_group(conn, &ctx, &group("wr1", "旧名"), Timestamp(4)).unwrap();
        upsert_group(conn, &ctx, &group("wr2", "另一个"), Timestamp(4)).unwrap();
        let found = find_group(conn, "wr1").unwrap().unwrap();
        assert_eq!((found.name.as_str(), found.owner.as_str()), ("售后 VIP 群", "li"));
        assert_eq!(found.members, ["li", "wm2"]);
        let chats = |conn: &mut Conn, filter: &GroupFilter| -> Vec<String> {
            let page = list_groups(conn, filter, None, Limit::default()).unwrap();
            page.items.into_iter().map(|one| one.chat_id).collect()
        };
        let vip = GroupFilter { text: Some("vip".into()), ..GroupFilter::default() };
        assert_eq!(chats(conn, &vip), ["wr1"]);
        let lis = GroupFilter { owner: Some("LI".into()), ..GroupFilter::default() };
        assert_eq!(chats(conn, &lis), ["wr1"]);
        assert!(dismiss_group(conn, &ctx, "wr1", Timestamp(6)).unwrap());
        assert!(!dismiss_group(conn, &ctx, "wr1", Timestamp(7)).unwrap());
        let standing = GroupFilter { dismissed: Some(false), ..GroupFilter::default() };
        assert_eq!(chats(conn, &standing), ["wr2"]);
        assert_eq!(find_group(conn, "wr1").unwrap().unwrap().name, "售后 VIP 群");
    });
}

#[test]
fn a_customer_changed_on_many_connections_keeps_every_follow() {
    on_each_database("race", |db, conn| {
        let follow = |n: i64| {
            let record = served_by(&format!("u{n}"), "", 1);
            db.write_here(|conn| put_follow(conn, &ctx(100), "wm", &record, Timestamp(5)))
        };
        std::thread::scope(|scope| {
            let threads: Vec<_> = (0..4).map(|n| scope.spawn(move || follow(n))).collect();
            for thread in threads {
                let done = thread.join().unwrap();
                assert!(done.is_ok(), "{done:?}");
            }
        });
        let customer = find_by_external(conn, "wm").unwrap().unwrap();
        assert_eq!(customer.follows.len(), 4);
        let by = CustomerFilter { follower: Some("u3".into()), ..CustomerFilter::default() };
        assert_eq!(all(conn, &by), [customer]);
    });
}
