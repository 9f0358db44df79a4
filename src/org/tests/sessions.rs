//! Sessions of browsers, and the logins that lead to them.

use kernel::{Entropy, Timestamp, time};

use crate::{
    AuditFilter, MemberStatus, Profile, Scope, list_audit,
    login::{self, Returned, Wish},
    mirror::{MemberPatch, remove_member, rename_member, upsert_member},
    put_profile,
    session::{self, Found, SignedIn},
    test_db::{ctx, on_each_database},
};

const NOW: i64 = 400 * time::DAY;

fn member(userid: &str, status: MemberStatus, visible: bool) -> MemberPatch {
    MemberPatch { status: Some(status), visible: Some(visible), ..MemberPatch::new(userid) }
}

fn signed_in(conn: &mut db::Conn, secret: &str, now: i64) -> Option<Box<SignedIn>> {
    match session::find(conn, secret, Timestamp(now)).unwrap() {
        Found::SignedIn(signed_in) => Some(signed_in),
        Found::Nobody | Found::Shut { .. } => None,
    }
}

#[test]
fn a_session_is_found_by_its_secret_until_it_ends() {
    on_each_database("session", |_db, conn| {
        let (ctx, entropy) = (ctx(NOW), Entropy::seeded(1));
        upsert_member(conn, &ctx, &member("Li", MemberStatus::Active, true), ctx.now).unwrap();
        let open = |conn: &mut _, before: Option<&str>| {
            session::open(conn, &ctx, &entropy, ("Li", "wecom"), before).unwrap()
        };
        let (first, secret) = open(conn, None);
        assert!(secret.len() == 64 && first.csrf.len() == 32 && first.csrf != secret);
        let found = signed_in(conn, &secret, NOW).unwrap();
        assert_eq!((&found.session, found.member.userid.as_str()), (&first, "li"));
        for wrong in ["", "x", secret.get(1..).unwrap(), &"0".repeat(64), &secret.replace('a', "b")]
        {
            assert!(wrong == secret || signed_in(conn, wrong, NOW).is_none(), "{wrong}");
        }
        // The browser signs in anew: what it held before is worth nothing.
        let (second, newer) = open(conn, Some(&secret));
        assert!(signed_in(conn, &secret, NOW).is_none());
        assert_ne!(second.csrf, first.csrf);
        // A week of silence, a month in any case.
        assert!(signed_in(conn, &newer, NOW + session::IDLE - 1).is_some());
        assert!(signed_in(conn, &newer, NOW + session::IDLE).is_none());
        for day in [6, 12, 18, 24, 29] {
            session::touch(conn, second.id, Timestamp(NOW + day * time::DAY)).unwrap();
        }
        session::touch(conn, second.id, Timestamp(NOW)).unwrap();
        assert!(signed_in(conn, &newer, NOW + session::LIFE - 1).is_some(), "never back");
        assert!(signed_in(conn, &newer, NOW + session::LIFE).is_none());
        assert_eq!(session::purge(conn, Timestamp(NOW + session::LIFE - 1)).unwrap(), 0);
        assert_eq!(session::purge(conn, Timestamp(NOW + session::LIFE)).unwrap(), 1);
        let (_third, secret) = open(conn, None);
        assert_eq!(session::end(conn, &secret).unwrap().as_deref(), Some("li"));
        assert_eq!(session::end(conn, &secret).unwrap(), None);
        assert!(signed_in(conn, &secret, NOW).is_none());
    });
}

#[test]
fn whose_session_it_is_is_judged_anew_each_time() {
    on_each_database("session_member", |_db, conn| {
        let (ctx, entropy) = (ctx(NOW), Entropy::seeded(2));
        let mut stamp = NOW;
        let mut become_ = |conn: &mut _, status, visible| {
            stamp += 1;
            let patch = member("li", status, visible);
            upsert_member(conn, &ctx, &patch, Timestamp(stamp)).unwrap();
        };
        for (status, visible) in [
            (MemberStatus::Disabled, true),
            (MemberStatus::Inactive, true),
            (MemberStatus::Left, true),
            (MemberStatus::Active, false),
        ] {
            become_(conn, MemberStatus::Active, true);
            let (_session, secret) =
                session::open(conn, &ctx, &entropy, ("li", "browser"), None).unwrap();
            become_(conn, status, visible);
            // Ended with the change, so that nothing comes back to life when he does.
            let gone = session::find(conn, &secret, ctx.now).unwrap();
            assert_eq!(gone, Found::Nobody, "{status:?}");
            assert_eq!(session::end_all(conn, "li").unwrap(), 0, "{status:?}");
        }
        become_(conn, MemberStatus::Active, true);
        let (_session, secret) =
            session::open(conn, &ctx, &entropy, ("li", "browser"), None).unwrap();
        let found = signed_in(conn, &secret, NOW).unwrap();
        assert!(found.allows(Scope::TicketsWrite) && found.allows(Scope::MembersRead));
        for scope in [Scope::Admin, Scope::CustomersRead, Scope::OpsRead, Scope::MembersWrite] {
            assert!(!found.allows(scope), "{scope}");
        }
        let profile = Profile { roles: vec!["admin".to_owned()], ..Profile::default() };
        put_profile(conn, &ctx, "li", &profile).unwrap();
        assert!(signed_in(conn, &secret, NOW).unwrap().allows(Scope::OpsWrite));
        rename_member(conn, &ctx, "li", "li.new", Timestamp(NOW + 100)).unwrap();
        assert!(signed_in(conn, &secret, NOW).is_none(), "he signs in anew by the new name");
        assert_eq!(session::end_all(conn, "li").unwrap(), 0);
        let open = |conn: &mut _| session::open(conn, &ctx, &entropy, ("li.new", "wecom"), None);
        let (_session, secret) = open(conn).unwrap();
        assert!(
            signed_in(conn, &secret, NOW).unwrap().allows(Scope::OpsWrite),
            "his roles are his"
        );
        // Somebody else is given the userid that he left behind.
        let other = member("li", MemberStatus::Active, true);
        upsert_member(conn, &ctx, &other, Timestamp(NOW + 200)).unwrap();
        assert_eq!(crate::profile(conn, "li").unwrap(), Profile::default());
        // Who leaves takes his roles with him, and what they were is written down.
        let gone = |conn: &mut _, at| remove_member(conn, &ctx, "li.new", Timestamp(at)).unwrap();
        assert!(gone(conn, NOW + 300));
        assert!(signed_in(conn, &secret, NOW).is_none());
        let back = member("li.new", MemberStatus::Active, true);
        upsert_member(conn, &ctx, &back, Timestamp(NOW + 400)).unwrap();
        assert_eq!(crate::profile(conn, "li.new").unwrap().roles, Vec::<String>::new());
        let filter = AuditFilter { what: Some("profile.roles_cleared".to_owned()), subject: None };
        let told = list_audit(conn, &filter, None, kernel::Limit::default()).unwrap().items;
        assert_eq!(told.len(), 1);
        assert_eq!(told[0].subject, "member:li.new");
    });
}

#[test]
fn a_state_is_good_once_and_for_the_browser_that_it_was_given_to() {
    on_each_database("login", |_db, conn| {
        let (ctx, entropy) = (ctx(NOW), Entropy::seeded(3));
        let wish = Wish { browser: "b1", next: "/h5/group?x=1", client: "wecom", attempt: 0 };
        let state = login::begin(conn, &ctx, &entropy, &wish).unwrap();
        assert!(state.len() == 32 && state.chars().all(|c| c.is_ascii_alphanumeric()));
        let take = |conn: &mut _, state: &str, browser: &str| {
            login::take(conn, &ctx, state, browser).unwrap()
        };
        assert_eq!(take(conn, &state, "b2"), Returned::Unknown, "it is not spent by that");
        assert_eq!(take(conn, "0123", "b1"), Returned::Unknown);
        let Returned::Fresh(login) = take(conn, &state, "b1") else { panic!("it is fresh") };
        assert_eq!((login.next.as_str(), login.client.as_str()), ("/h5/group?x=1", "wecom"));
        assert!(matches!(take(conn, &state, "b1"), Returned::Again(_)));
        let state = login::begin(conn, &ctx, &entropy, &wish).unwrap();
        let late = crate::test_db::ctx(NOW + login::LIFE);
        assert!(matches!(login::take(conn, &late, &state, "b1").unwrap(), Returned::Late(_)));
        assert_eq!(login::purge(conn, late.now).unwrap(), 0);
        assert_eq!(login::purge(conn, Timestamp(NOW + time::DAY)).unwrap(), 2);
    });
}

#[test]
fn of_the_same_state_at_once_one_is_fresh() {
    on_each_database("login_race", |db, conn| {
        let (context, entropy) = (ctx(NOW), Entropy::seeded(4));
        let wish = Wish { browser: "b1", next: "/", client: "wecom", attempt: 0 };
        let state = login::begin(conn, &context, &entropy, &wish).unwrap();
        let take = || db.write_here(|conn| login::take(conn, &ctx(NOW), &state, "b1")).unwrap();
        let fresh = std::thread::scope(|scope| {
            let threads: Vec<_> = (0..6).map(|_| scope.spawn(take)).collect();
            let all = threads.into_iter().map(|thread| thread.join().unwrap());
            all.filter(|one| matches!(one, Returned::Fresh(_))).count()
        });
        assert_eq!(fresh, 1);
    });
}
