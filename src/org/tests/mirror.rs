//! Members and departments: what is known does not depend on the order in which it was heard.

use db::{Conn, diesel::Connection as _};
use kernel::{Ctx, Cursor, Error, Limit, Timestamp, time};
use proptest::prelude::*;

use crate::{
    Department, Group, Member, MemberFilter, MemberStatus, find_member, group_members,
    list_departments, list_members, members_by_ids,
    mirror::{
        self, DepartmentPatch, MemberPatch, SWEEP_MAX, Snapshot, event_stamp, sweep, upsert_member,
        upsert_members,
    },
    set_group,
    test_db::{ctx, on_each_database, on_sqlite},
    visible_members,
};

/// One thing that WeCom told, and when it was so.
#[derive(Clone, Debug)]
enum Heard {
    Member(MemberPatch, i64),
    Left(&'static str, i64),
    Hidden(&'static str, i64),
    Renamed(&'static str, &'static str, i64),
    Department(DepartmentPatch, i64),
    Dissolved(i64, i64),
    Sync(Snapshot),
}

impl Heard {
    fn apply(&self, conn: &mut Conn, ctx: &Ctx) {
        let done = match self {
            Self::Member(patch, at) => upsert_member(conn, ctx, patch, Timestamp(*at)),
            Self::Left(userid, at) => {
                mirror::remove_member(conn, ctx, userid, Timestamp(*at)).map(|_was_here| ())
            }
            Self::Hidden(userid, at) => mirror::hide_member(conn, ctx, userid, Timestamp(*at)),
            Self::Renamed(from, to, at) => {
                mirror::rename_member(conn, ctx, from, to, Timestamp(*at))
            }
            Self::Department(patch, at) => {
                mirror::upsert_department(conn, ctx, patch, Timestamp(*at))
            }
            Self::Dissolved(id, at) => {
                mirror::remove_department(conn, ctx, *id, Timestamp(*at)).map(|_stood| ())
            }
            Self::Sync(snapshot) => mirror::apply_snapshot(conn, ctx, snapshot).map(|_swept| ()),
        };
        done.unwrap();
    }
}

fn named(userid: &str, name: &str) -> MemberPatch {
    MemberPatch { name: Some(name.to_owned()), ..MemberPatch::new(userid) }
}

fn department(id: i64, name: &str) -> DepartmentPatch {
    DepartmentPatch { id, name: Some(name.to_owned()), ..DepartmentPatch::default() }
}

fn everybody(conn: &mut Conn) -> Vec<Member> {
    list_members(conn, &MemberFilter::default(), None, Limit::default()).unwrap().items
}

/// All that can be seen, without what only tells how it came about.
fn seen(conn: &mut Conn) -> (Vec<Member>, Vec<Department>, Vec<Option<String>>) {
    let same = (kernel::MemberId(0), Timestamp(0));
    let mut members: Vec<_> = everybody(conn)
        .into_iter()
        .map(|member| Member { id: same.0, updated_at: same.1, ..member })
        .collect();
    members.sort_by(|one, other| one.userid.cmp(&other.userid));
    let departments = list_departments(conn).unwrap().into_iter();
    let departments = departments.map(|one| Department { updated_at: same.1, ..one }).collect();
    let ids = ["zhang", "zhang2", "li"];
    let by_name = ids.map(|userid| find_member(conn, userid).unwrap().map(|found| found.userid));
    (members, departments, by_name.to_vec())
}

/// What is seen after these, in a database that was empty before and is empty afterwards.
fn outcome(
    conn: &mut Conn,
    heard: &[&Heard],
) -> (Vec<Member>, Vec<Department>, Vec<Option<String>>) {
    conn.test_transaction::<_, Error, _>(|conn| {
        let ctx = ctx(time::DAY);
        heard.iter().for_each(|one| one.apply(conn, &ctx));
        Ok(seen(conn))
    })
}

fn orders<T: Copy>(of: &[T]) -> Vec<Vec<T>> {
    let Some((first, rest)) = of.split_first() else { return vec![Vec::new()] };
    let place = |order: Vec<T>| {
        (0..=order.len()).map(move |at| {
            let mut order = order.clone();
            order.insert(at, *first);
            order
        })
    };
    orders(rest).into_iter().flat_map(place).collect()
}

#[test]
fn every_order_of_the_same_events_ends_in_the_same_members() {
    let sync = Snapshot {
        stamp: Timestamp(4),
        departments: vec![department(1, "总部")],
        members: vec![named("Zhang", "张三丰"), named("Wang", "王五")],
    };
    let stories = [
        vec![
            Heard::Member(
                MemberPatch {
                    departments: Some(vec![1, 2]),
                    status: Some(MemberStatus::Inactive),
                    ..named("Zhang", "张三")
                },
                1,
            ),
            Heard::Member(
                MemberPatch { mobile: Some("138".into()), ..MemberPatch::new("zhang") },
                2,
            ),
            Heard::Renamed("zhang", "Zhang2", 3),
            Heard::Member(
                MemberPatch { status: Some(MemberStatus::Active), ..MemberPatch::new("Zhang2") },
                4,
            ),
            Heard::Left("zhang", 2),
        ],
        vec![
            Heard::Member(named("li", "李四"), 1),
            Heard::Left("li", 2),
            Heard::Member(named("li", "李四又来"), 3),
            Heard::Left("zhang", 2),
            Heard::Member(named("zhang", "张三"), 1),
        ],
        vec![
            Heard::Member(named("li", "李四"), 3),
            Heard::Sync(sync.clone()),
            Heard::Member(named("zhang", "张三"), 5),
            Heard::Department(department(2, "研发"), 3),
            Heard::Department(DepartmentPatch { parent: Some(1), ..department(3, "客服") }, 5),
        ],
        vec![
            Heard::Member(named("li", "甲"), 7),
            Heard::Member(named("li", "乙"), 7),
            Heard::Renamed("zhang", "zhang2", 2),
            Heard::Left("zhang", 1),
            Heard::Dissolved(3, 6),
        ],
    ];
    on_sqlite("orders", |_db, conn| {
        for story in &stories {
            let story: Vec<_> = story.iter().collect();
            let first = outcome(conn, &story);
            for order in orders(&story) {
                assert_eq!(outcome(conn, &order), first, "{order:#?}");
                let twice = [order.clone(), order].concat();
                assert_eq!(outcome(conn, &twice), first, "twice: {twice:#?}");
            }
        }
    });
}

fn any_heard() -> impl Strategy<Value = Heard> {
    let userid = || prop_oneof![Just("zhang"), Just("li"), Just("Zhang2")];
    let stamp = || 1..9_i64;
    let patch = (userid(), prop::option::of("[a-c]"), prop::option::of(any::<bool>()));
    let patch = patch.prop_map(|(userid, name, visible)| MemberPatch {
        name,
        visible,
        ..MemberPatch::new(userid)
    });
    let sync = (stamp(), prop::collection::vec(patch.clone(), 0..3));
    let sync = sync.prop_map(|(stamp, members)| {
        Heard::Sync(Snapshot { stamp: Timestamp(stamp), members, departments: Vec::new() })
    });
    prop_oneof![
        3 => (patch, stamp()).prop_map(|(patch, at)| Heard::Member(patch, at)),
        1 => (userid(), stamp()).prop_map(|(userid, at)| Heard::Left(userid, at)),
        1 => (userid(), stamp()).prop_map(|(userid, at)| Heard::Hidden(userid, at)),
        1 => Just(Heard::Renamed("zhang", "zhang2", 8)),
        1 => sync,
        1 => stamp().prop_map(|at| Heard::Department(department(1, "d"), at)),
        1 => stamp().prop_map(|at| Heard::Dissolved(1, at)),
    ]
}

#[test]
fn any_events_in_any_order_end_in_the_same_members() {
    on_sqlite("any_orders", |_db, conn| {
        let conn = std::cell::RefCell::new(conn);
        let both = prop::collection::vec(any_heard(), 1..8).prop_flat_map(|heard| {
            let shuffled = Just((0..heard.len()).collect::<Vec<_>>()).prop_shuffle();
            (Just(heard), shuffled)
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
fn an_older_event_changes_nothing_and_a_partial_one_only_its_fields() {
    on_each_database("partial", |_db, conn| {
        let (early, late) = (ctx(100), ctx(200));
        let whole = MemberPatch {
            departments: Some(vec![2, 7]),
            is_leader_in: Some(vec![7]),
            leaders: Some(vec!["WangWu".into()]),
            ..named("ZhangSan", "张三")
        };
        upsert_member(conn, &early, &whole, Timestamp(50)).unwrap();
        let position =
            MemberPatch { position: Some("经理".into()), ..named("zhangsan", "旧名") };
        upsert_member(conn, &late, &position, Timestamp(40)).unwrap();
        let member = find_member(conn, "ZHANGSAN").unwrap().unwrap();
        assert_eq!(member.userid, "zhangsan");
        assert_eq!(member.display_userid, "ZhangSan");
        assert_eq!((member.name.as_str(), member.position.as_str()), ("张三", "经理"));
        assert_eq!(member.leaders, ["wangwu"]);
        assert_eq!((member.departments, member.is_leader_in), (vec![2, 7], vec![7]));
        assert_eq!(member.updated_at, Timestamp(200));
        upsert_member(conn, &ctx(300), &whole, Timestamp(60)).unwrap();
        let again = find_member(conn, "zhangsan").unwrap().unwrap();
        assert_eq!(again.updated_at, Timestamp(200), "a sync that brings nothing new");
    });
}

#[test]
fn who_left_is_still_found_and_may_come_back() {
    on_each_database("left", |_db, conn| {
        let ctx = ctx(time::DAY);
        upsert_member(conn, &ctx, &named("li", "李四"), Timestamp(1)).unwrap();
        assert_eq!(visible_members(conn).unwrap().len(), 1);
        assert!(mirror::remove_member(conn, &ctx, "Li", Timestamp(2)).unwrap());
        assert!(!mirror::remove_member(conn, &ctx, "li", Timestamp(3)).unwrap(), "left before");
        let gone = find_member(conn, "li").unwrap().unwrap();
        assert_eq!((gone.status, gone.visible), (MemberStatus::Left, false));
        assert_eq!(gone.name, "李四");
        assert!(visible_members(conn).unwrap().is_empty());
        // WeCom says of who left that he sees the app no more, which must not bring him back.
        mirror::hide_member(conn, &ctx, "Li", Timestamp(3)).unwrap();
        assert_eq!(find_member(conn, "li").unwrap().unwrap().status, MemberStatus::Left);
        upsert_member(conn, &ctx, &MemberPatch::new("li"), Timestamp(4)).unwrap();
        let back = find_member(conn, "li").unwrap().unwrap();
        assert_eq!((back.status, back.visible), (MemberStatus::Active, false));
        assert!(!mirror::remove_member(conn, &ctx, "nobody", Timestamp(4)).unwrap());
        assert_eq!(find_member(conn, "nobody").unwrap(), None);
    });
}

#[test]
fn a_renamed_member_keeps_what_is_known_and_is_found_by_both_userids() {
    on_each_database("renamed", |_db, conn| {
        let ctx = ctx(time::DAY);
        upsert_member(conn, &ctx, &named("zhang", "张三"), Timestamp(1)).unwrap();
        mirror::rename_member(conn, &ctx, "zhang", "Zhang001", Timestamp(2)).unwrap();
        let both = members_by_ids(conn, &["zhang", "zhang001", "unknown"]).unwrap();
        assert_eq!(both.len(), 2);
        assert_eq!(both["zhang"], both["zhang001"]);
        assert_eq!(both["zhang"].display_userid, "Zhang001");
        assert_eq!(both["zhang"].name, "张三");
        assert_eq!(everybody(conn).len(), 1, "the old userid is nobody");
        upsert_member(conn, &ctx, &named("zhang", "别的老张"), Timestamp(1)).unwrap();
        assert_eq!(everybody(conn).len(), 1, "a late event is about the renamed one");
        let group = Group {
            key: "repair".into(),
            name: "维修".into(),
            members: vec!["Zhang".into(), "zhang001".into(), "who".into()],
        };
        set_group(conn, &ctx, &group).unwrap();
        let able = group_members(conn, "repair").unwrap();
        assert_eq!(able.len(), 1, "once, though he stands there by both userids");
        assert_eq!(able[0].userid, "zhang001");
        upsert_member(conn, &ctx, &named("zhang", "小张"), Timestamp(3)).unwrap();
        let both = members_by_ids(conn, &["zhang", "zhang001"]).unwrap();
        assert_eq!(both["zhang"].name, "小张", "the old userid was given to somebody else");
        assert_eq!(both["zhang001"].display_userid, "Zhang001");
    });
}

#[test]
fn a_sync_sweeps_who_it_did_not_see_and_spares_who_came_meanwhile() {
    on_each_database("sweep", |_db, conn| {
        let ctx = ctx(time::DAY);
        let old: Vec<_> = (0..SWEEP_MAX + 10).map(|n| MemberPatch::new(&format!("u{n}"))).collect();
        upsert_members(conn, &ctx, &old, Timestamp(1)).unwrap();
        upsert_member(conn, &ctx, &MemberPatch::new("newcomer"), Timestamp(6)).unwrap();
        upsert_members(conn, &ctx, &old[..5], Timestamp(5)).unwrap();
        let first = sweep(conn, &ctx, Timestamp(5)).unwrap();
        assert_eq!((first.left.len(), first.is_whole), (SWEEP_MAX, false));
        let second = sweep(conn, &ctx, Timestamp(5)).unwrap();
        assert_eq!((second.left.len(), second.is_whole), (5, true));
        let left = visible_members(conn).unwrap();
        let left: Vec<_> = left.iter().map(|member| member.userid.as_str()).collect();
        assert_eq!(left, ["newcomer", "u0", "u1", "u2", "u3", "u4"]);
        // An event from before the sync, about somebody whom the sync did not see.
        upsert_member(conn, &ctx, &MemberPatch::new("late"), Timestamp(4)).unwrap();
        assert_eq!(find_member(conn, "late").unwrap().unwrap().status, MemberStatus::Left);
    });
}

#[test]
fn members_are_listed_by_filter_and_page() {
    on_each_database("list", |_db, conn| {
        let ctx = ctx(time::DAY);
        let people = [("a_1", "王一", 1), ("A%2", "王二", 12), ("b", "李100%", 2)];
        for (userid, name, department) in people {
            let patch = MemberPatch { departments: Some(vec![department]), ..named(userid, name) };
            upsert_member(conn, &ctx, &patch, Timestamp(1)).unwrap();
        }
        let hidden = MemberPatch { visible: Some(false), ..named("c", "王三") };
        upsert_member(conn, &ctx, &hidden, Timestamp(1)).unwrap();
        let mut found = |filter: MemberFilter| -> Vec<String> {
            let page = list_members(conn, &filter, None, Limit::default()).unwrap();
            page.items.into_iter().map(|member| member.userid).collect()
        };
        let text = |text: &str| MemberFilter { text: Some(text.into()), ..MemberFilter::default() };
        assert_eq!(found(text("王")), ["a_1", "a%2", "c"]);
        assert_eq!(found(text("%")), ["a%2", "b"], "a wildcard is a character");
        assert_eq!(found(text("A_")), ["a_1"]);
        assert_eq!(found(text("\\")), Vec::<String>::new());
        let inside = MemberFilter { department: Some(2), ..MemberFilter::default() };
        assert_eq!(found(inside), ["b"], "2 is not 12");
        let outside = MemberFilter { visible: Some(false), ..MemberFilter::default() };
        assert_eq!(found(outside), ["c"]);
        let two = Limit::new(Some(2)).unwrap();
        let first = list_members(conn, &MemberFilter::default(), None, two).unwrap();
        let next = Cursor::parse(&first.next.unwrap()).unwrap();
        let second = list_members(conn, &MemberFilter::default(), Some(next), two).unwrap();
        assert_eq!((second.items.len(), second.next), (2, None));
        assert_eq!(second.items[0].userid, "b");
    });
}

#[test]
fn an_event_is_stamped_within_its_second_in_the_order_of_arrival() {
    let created = Timestamp::from_seconds(100);
    let stamp = |arrived: i64| event_stamp(created, Timestamp(arrived)).0;
    assert_eq!(stamp(100_250_000), 100_250_000);
    assert_eq!(stamp(103_000_000), 100_999_999, "late");
    assert_eq!(stamp(99_000_000), 100_000_000, "the platform's clock is ahead of ours");
}
