//! What members do, where they are and when they are away.

use kernel::{Cursor, Kind, Limit, Timestamp, time::HOUR};

use crate::{
    Leave, MapSystem, NewLeave, Profile, Seen, away, end_leave, list_leaves,
    mirror::{MemberPatch, rename_member, upsert_member},
    positions, profile, profiles, put_leave, put_position, put_profile, test_db, with_role,
};

const NOW: i64 = 1_795_395_600_000_000;

fn people(conn: &mut db::Conn, ctx: &kernel::Ctx) {
    for userid in ["li", "wang", "zhao"] {
        upsert_member(conn, ctx, &MemberPatch::new(userid), ctx.now).unwrap();
    }
}

fn leave(userid: &str, from: i64, until: Option<i64>) -> NewLeave {
    let at = |hours: i64| Timestamp(NOW + hours * HOUR);
    NewLeave {
        userid: userid.to_owned(),
        from_at: at(from),
        until_at: until.map(at),
        backup: None,
        reason: String::new(),
    }
}

#[test]
fn what_a_member_does_is_kept_and_follows_his_new_userid() {
    test_db::on_each_database("profile", |_db, conn| {
        let ctx = test_db::ctx(NOW);
        people(conn, &ctx);
        assert_eq!(profile(conn, "li").unwrap(), Profile::default());
        let of_li = Profile {
            roles: vec![" quality ".into(), "quality".into(), "boss".into()],
            skills: vec!["空调".into()],
            regions: vec!["华东/上海".into()],
            serves_vip: true,
            backup: Some("WANG".into()),
        };
        let kept = put_profile(conn, &ctx, "Li", &of_li).unwrap();
        assert_eq!(kept.roles, ["quality", "boss"]);
        assert_eq!(kept.backup.as_deref(), Some("wang"));
        assert_eq!(profiles(conn, &["li".into(), "wang".into()]).unwrap().len(), 1);
        assert_eq!(with_role(conn, "quality").unwrap(), ["li"]);
        assert!(with_role(conn, "qual").unwrap().is_empty(), "a part of a key is another key");
        assert!(with_role(conn, "qualit_").unwrap().is_empty());

        let refused = |conn: &mut db::Conn, profile: Profile| {
            let error = put_profile(conn, &ctx, "li", &profile).unwrap_err();
            error.fields().first().map(|one| one.path.clone())
        };
        let bad = Profile { skills: vec!["a".into(), " ".into()], ..Profile::default() };
        assert_eq!(refused(conn, bad).as_deref(), Some("skills[1]"));
        let bad = Profile { roles: vec!["a,b".into()], ..Profile::default() };
        assert_eq!(refused(conn, bad).as_deref(), Some("roles[0]"));
        let bad = Profile { backup: Some("li".into()), ..Profile::default() };
        assert_eq!(refused(conn, bad).as_deref(), Some("backup"));
        let nobody = put_profile(conn, &ctx, "ghost", &Profile::default()).unwrap_err();
        assert_eq!(nobody.kind(), Kind::NotFound);

        put_leave(conn, &ctx, &leave("li", 1, None)).unwrap();
        rename_member(conn, &ctx, "li", "lilei", ctx.now.plus(1)).unwrap();
        assert_eq!(profile(conn, "lilei").unwrap(), kept);
        assert_eq!(with_role(conn, "boss").unwrap(), ["lilei"]);
        assert_eq!(leaves(conn, Some("lilei"), ctx.now).len(), 1);
    });
}

/// The first page.
fn leaves(conn: &mut db::Conn, of: Option<&str>, at: Timestamp) -> Vec<Leave> {
    list_leaves(conn, of, at, None, Limit::default()).unwrap().items
}

#[test]
fn a_leave_begins_and_ends_to_the_moment_and_two_do_not_overlap() {
    test_db::on_each_database("leave", |_db, conn| {
        let ctx = test_db::ctx(NOW);
        people(conn, &ctx);
        let all = ["li".to_owned(), "wang".to_owned()];
        let first = NewLeave { backup: Some("Zhao".into()), ..leave("li", 1, Some(3)) };
        let first = put_leave(conn, &ctx, &first).unwrap();
        assert_eq!(first.backup.as_deref(), Some("zhao"));
        let is_away = |conn: &mut db::Conn, micros: i64| {
            away(conn, &all, Timestamp(NOW + micros)).unwrap().contains_key("li")
        };
        assert!(!is_away(conn, HOUR - 1) && is_away(conn, HOUR));
        assert!(is_away(conn, 3 * HOUR - 1) && !is_away(conn, 3 * HOUR));

        let refused = |conn: &mut db::Conn, new: NewLeave| {
            put_leave(conn, &ctx, &new).unwrap_err().fields()[0].path.clone()
        };
        assert_eq!(refused(conn, leave("li", 2, None)), "from_at", "overlaps");
        assert_eq!(refused(conn, leave("li", 0, Some(2))), "from_at", "overlaps");
        assert_eq!(refused(conn, leave("wang", 2, Some(2))), "until_at");
        let himself = NewLeave { backup: Some("WANG".into()), ..leave("wang", 2, None) };
        assert_eq!(refused(conn, himself), "backup");
        let open = put_leave(conn, &ctx, &leave("li", 3, None)).unwrap();
        assert_eq!((open.until_at, leaves(conn, None, ctx.now).len()), (None, 2));

        // Page by page, those that begin at the same time by their ids.
        put_leave(conn, &ctx, &leave("wang", 3, None)).unwrap();
        let (one, mut cursor, mut paged) = (Limit::new(Some(1)).unwrap(), None, Vec::new());
        loop {
            let page = list_leaves(conn, None, ctx.now, cursor, one).unwrap();
            paged.extend(page.items);
            let Some(next) = page.next else { break };
            cursor = Some(Cursor::parse(&next).unwrap());
        }
        assert_eq!(paged, leaves(conn, None, ctx.now));
        end_leave(conn, &ctx, paged[2].id).unwrap();

        let later = test_db::ctx(NOW + 4 * HOUR);
        end_leave(conn, &later, open.id).unwrap();
        assert!(!is_away(conn, 4 * HOUR));
        assert_eq!(end_leave(conn, &later, open.id).unwrap_err().kind(), Kind::NotFound);
        assert!(leaves(conn, None, later.now).is_empty());
    });
}

#[test]
fn the_newest_position_counts_and_no_phone_is_ahead_of_us() {
    test_db::on_each_database("position", |_db, conn| {
        let ctx = test_db::ctx(NOW);
        people(conn, &ctx);
        let at = |minutes: i64| Timestamp(NOW + minutes * kernel::time::MINUTE);
        let seen =
            |lat: f64, when| Seen { lat, lng: 121.473_7, system: MapSystem::Wgs84, at: when };
        put_position(conn, "li", &seen(31.230_416_7, at(-5)), ctx.now).unwrap();
        put_position(conn, "li", &seen(30.0, at(-9)), ctx.now).unwrap();
        let found = positions(conn, &["li".into(), "wang".into()]).unwrap();
        assert_eq!(found["li"], seen(31.230_416_7, at(-5)));
        put_position(conn, "li", &seen(32.0, at(60)), ctx.now).unwrap();
        assert_eq!(positions(conn, &["li".into()]).unwrap()["li"].at, ctx.now);
        let off = put_position(conn, "li", &seen(91.0, ctx.now), ctx.now).unwrap_err();
        assert_eq!(off.fields()[0].path, "lat");
    });
}
