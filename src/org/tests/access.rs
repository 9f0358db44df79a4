//! Tokens, groups, idempotency keys, the store of access tokens, the audit log.

use db::CLASH;
use kernel::{Actor, Cursor, Entropy, Kind, Limit, Timestamp, TokenId, time};
use serde_json::json;
use wecom::StoredToken;

use crate::{
    AuditFilter, Group, Scope, audit, create_token, find_group, find_token,
    idempotency::{self, Begin},
    list_audit, list_groups, list_tokens, revoke_token, set_group,
    test_db::{ctx, on_each_database},
    touch_token, wecom_token,
};

const NOW: i64 = 40 * time::DAY;

#[test]
fn a_token_is_found_by_its_text_until_it_is_revoked() {
    on_each_database("token", |_db, conn| {
        let ctx = ctx(NOW).with_actor(Actor::member("Boss"));
        let entropy = Entropy::seeded(1);
        let scopes = [Scope::TicketsWrite, Scope::TicketsRead, Scope::TicketsRead];
        let (id, plain) = create_token(conn, &ctx, &entropy, " ERP ", &scopes).unwrap();
        assert!(plain.starts_with("qd_") && plain.len() == 3 + 64, "{plain}");
        let token = find_token(conn, &plain, ctx.now).unwrap().unwrap();
        assert_eq!((token.id, token.name.as_str()), (id, "ERP"));
        assert_eq!(token.scopes, [Scope::TicketsRead, Scope::TicketsWrite]);
        assert_eq!(token.created_by, Actor::member("boss"));
        assert!(token.allows(Scope::TicketsRead) && !token.allows(Scope::OpsRead));
        let (_id, admin) = create_token(conn, &ctx, &entropy, "root", &[Scope::Admin]).unwrap();
        assert_ne!(plain, admin);
        assert!(find_token(conn, &admin, ctx.now).unwrap().unwrap().allows(Scope::OpsWrite));
        for wrong in ["", "qd_", "QD_x", &plain.to_uppercase(), plain.trim_start_matches("qd_")] {
            assert_eq!(find_token(conn, wrong, ctx.now).unwrap(), None, "{wrong}");
        }
        revoke_token(conn, &ctx, id).unwrap();
        revoke_token(conn, &ctx, id).unwrap();
        assert_eq!(find_token(conn, &plain, ctx.now).unwrap(), None);
        assert_eq!(list_tokens(conn).unwrap().len(), 2, "a revoked token is still listed");
        let unknown = revoke_token(conn, &ctx, TokenId(1)).unwrap_err();
        assert_eq!(unknown.kind(), Kind::NotFound);
    });
}

#[test]
fn the_use_of_a_token_is_noted_once_a_minute() {
    on_each_database("touch", |_db, conn| {
        let ctx = ctx(NOW);
        let entropy = Entropy::seeded(2);
        let (id, plain) = create_token(conn, &ctx, &entropy, "x", &[Scope::Admin]).unwrap();
        let mut used = |after: i64| {
            touch_token(conn, id, ctx.now.plus(after)).unwrap();
            let token = find_token(conn, &plain, ctx.now).unwrap().unwrap();
            token.last_used_at.unwrap().since(ctx.now)
        };
        assert_eq!(used(0), 0);
        assert_eq!(used(59 * time::SECOND), 0);
        assert_eq!(used(time::MINUTE), time::MINUTE);
    });
}

#[test]
fn a_token_without_name_or_scope_is_refused_and_a_wrong_scope_names_the_right_ones() {
    on_each_database("refused", |_db, conn| {
        let entropy = Entropy::seeded(3);
        let name = create_token(conn, &ctx(NOW), &entropy, "\u{0} ", &[Scope::Admin]);
        assert_eq!(name.unwrap_err().fields()[0].path, "name");
        let scope = create_token(conn, &ctx(NOW), &entropy, "x", &[]);
        assert_eq!(scope.unwrap_err().fields()[0].path, "scope");
    });
    let error = "tickets".parse::<Scope>().unwrap_err();
    for scope in Scope::ALL {
        assert!(error.detail().contains(scope.as_str()), "{error}");
        assert_eq!(scope.as_str().parse::<Scope>().unwrap(), scope);
    }
}

#[test]
fn a_group_set_twice_is_one_group_without_repeats() {
    on_each_database("group", |_db, conn| {
        let group = |members: &[&str]| Group {
            key: "repair".into(),
            name: "维修".into(),
            members: members.iter().map(|one| (*one).to_owned()).collect(),
        };
        set_group(conn, &ctx(1), &group(&["Li", "li", " ", "zhang"])).unwrap();
        set_group(conn, &ctx(2), &group(&["li", "zhang"])).unwrap();
        assert_eq!(list_groups(conn).unwrap(), [group(&["li", "zhang"])]);
        set_group(conn, &ctx(3), &group(&[])).unwrap();
        assert_eq!(find_group(conn, "repair").unwrap().unwrap().members, Vec::<String>::new());
        assert_eq!(find_group(conn, "other").unwrap(), None);
    });
}

#[test]
fn one_replica_fetches_the_token_and_the_others_use_it() {
    on_each_database("lease", |_db, conn| {
        let at = Timestamp;
        let token = |text: &str| StoredToken { token: text.to_owned(), expires_at: at(900) };
        let (one, two) = (1, 2);
        assert_eq!(wecom_token::load(conn, "k").unwrap(), None);
        assert!(wecom_token::try_lease(conn, "k", one, at(30), at(10)).unwrap());
        assert!(!wecom_token::try_lease(conn, "k", two, at(40), at(29)).unwrap());
        assert!(wecom_token::try_lease(conn, "other", two, at(40), at(29)).unwrap());
        assert!(wecom_token::try_lease(conn, "k", two, at(60), at(30)).unwrap(), "it ran out");
        wecom_token::save(conn, "k", &token("too late"), one).unwrap();
        assert_eq!(wecom_token::load(conn, "k").unwrap(), None);
        wecom_token::save(conn, "k", &token("new"), two).unwrap();
        assert_eq!(wecom_token::load(conn, "k").unwrap(), Some(token("new")));
        wecom_token::save(conn, "k", &token("again"), two).unwrap();
        assert_eq!(wecom_token::load(conn, "k").unwrap(), Some(token("new")), "no lease, no save");
        assert!(wecom_token::try_lease(conn, "k", one, at(90), at(31)).unwrap(), "it was freed");
        wecom_token::forget(conn, "k", "old").unwrap();
        assert!(wecom_token::load(conn, "k").unwrap().is_some(), "another token failed");
        wecom_token::forget(conn, "k", "new").unwrap();
        assert_eq!(wecom_token::load(conn, "k").unwrap(), None);
    });
}

#[test]
fn a_wrong_secret_bans_fetching_for_a_while() {
    on_each_database("ban", |_db, conn| {
        let at = Timestamp;
        assert_eq!(wecom_token::banned(conn, "k", at(1)).unwrap(), None);
        wecom_token::ban(conn, "k", at(100), "40001 invalid credential").unwrap();
        let ban = wecom_token::banned(conn, "k", at(99)).unwrap().unwrap();
        assert_eq!((ban.until, ban.reason.as_str()), (at(100), "40001 invalid credential"));
        assert_eq!(wecom_token::banned(conn, "k", at(100)).unwrap(), None);
        assert_eq!(wecom_token::banned(conn, "other", at(99)).unwrap(), None);
        assert!(wecom_token::try_lease(conn, "k", 1, at(130), at(101)).unwrap());
        let token = StoredToken { token: "t".into(), expires_at: at(900) };
        wecom_token::save(conn, "k", &token, 1).unwrap();
        assert_eq!(wecom_token::banned(conn, "k", at(99)).unwrap(), None, "a token ends a ban");
    });
}

#[test]
fn a_repeated_command_answers_as_the_first_one_did() {
    on_each_database("idempotency", |_db, conn| {
        let now = ctx(NOW);
        let begin = |conn: &mut _, at: i64, scope: &str, hash: &str| {
            idempotency::begin(conn, &ctx(at), scope, "key-1", hash)
        };
        assert_eq!(begin(conn, NOW, "token:1", "h").unwrap(), Begin::First);
        let unfinished = begin(conn, NOW, "token:1", "h").unwrap_err();
        assert_eq!(unfinished.code(), "idempotency.unfinished");
        idempotency::finish(conn, "token:1", "key-1", 201, "{}").unwrap();
        let replay = Begin::Replay { status: 201, body: "{}".into() };
        assert_eq!(begin(conn, NOW + 1, "token:1", "h").unwrap(), replay);
        assert_eq!(begin(conn, NOW + 1, "token:1", "other").unwrap(), Begin::Mismatch);
        assert_eq!(begin(conn, NOW, "token:2", "h").unwrap(), Begin::First, "another's key");
        let next_day = NOW + idempotency::KEPT;
        assert_eq!(begin(conn, next_day, "token:1", "other").unwrap(), Begin::First);
        assert_eq!(idempotency::purge(conn, Timestamp(next_day)).unwrap(), 1, "token:2's");
        assert_eq!(idempotency::purge(conn, Timestamp(next_day)).unwrap(), 0);
        for key in ["", " ", "键", &"k".repeat(129)] {
            let refused = idempotency::begin(conn, &now, "s", key, "h").unwrap_err();
            assert_eq!(refused.kind(), Kind::Invalid, "{key}");
        }
        assert_eq!(idempotency::finish(conn, "s", "k", 200, "").unwrap_err().kind(), Kind::Bug);
    });
}

#[test]
fn the_same_command_at_once_on_many_connections_is_done_once() {
    on_each_database("race", |db, _conn| {
        let command = || {
            db.write_here(|conn| match idempotency::begin(conn, &ctx(NOW), "t", "k", "h")? {
                Begin::First => {
                    audit(conn, &ctx(NOW), "test.done", "it", &json!({}))?;
                    idempotency::finish(conn, "t", "k", 200, "done")?;
                    Ok("done".to_owned())
                }
                Begin::Replay { body, .. } => Ok(body),
                Begin::Mismatch => Ok("mismatch".to_owned()),
            })
        };
        std::thread::scope(|scope| {
            let threads: Vec<_> = (0..8).map(|_| scope.spawn(command)).collect();
            for thread in threads {
                let answer = thread.join().unwrap();
                assert!(answer.as_ref().is_ok_and(|body| body == "done"), "{answer:?}");
            }
        });
        let log = db
            .write_here(|conn| list_audit(conn, &AuditFilter::default(), None, Limit::default()))
            .unwrap();
        assert_eq!(log.items.len(), 1);
    });
}

#[test]
fn a_member_changed_on_two_connections_loses_neither_change() {
    use crate::mirror::{MemberPatch, upsert_member};
    on_each_database("members_race", |db, conn| {
        let change = |field: usize| {
            let text = || Some(format!("field {field}"));
            let patch = match field {
                0 => MemberPatch { name: text(), ..MemberPatch::new("li") },
                1 => MemberPatch { position: text(), ..MemberPatch::new("li") },
                2 => MemberPatch { mobile: text(), ..MemberPatch::new("li") },
                _ => MemberPatch { avatar: text(), ..MemberPatch::new("li") },
            };
            db.write_here(|conn| upsert_member(conn, &ctx(NOW), &patch, Timestamp(5)))
        };
        std::thread::scope(|scope| {
            let threads: Vec<_> = (0..4).map(|field| scope.spawn(move || change(field))).collect();
            for thread in threads {
                let done = thread.join().unwrap();
                assert!(done.is_ok(), "{done:?} ({CLASH} is to be retried)");
            }
        });
        let li = crate::find_member(conn, "li").unwrap().unwrap();
        assert_eq!(
            [li.name, li.position, li.mobile, li.avatar],
            ["field 0", "field 1", "field 2", "field 3"]
        );
    });
}

#[test]
fn the_audit_log_is_read_backwards() {
    on_each_database("audit", |_db, conn| {
        let ctx = ctx(NOW).with_actor(Actor::member("boss"));
        for n in 0..3 {
            audit(conn, &ctx, "token.created", &format!("token:{n}"), &json!({ "n": n })).unwrap();
        }
        audit(conn, &ctx, "inbox.replayed", "token:1", &json!({})).unwrap();
        let two = Limit::new(Some(2)).unwrap();
        let first = list_audit(conn, &AuditFilter::default(), None, two).unwrap();
        assert_eq!(first.items[0].what, "inbox.replayed");
        assert_eq!(first.items[1].detail, json!({ "n": 2 }));
        let next = Cursor::parse(&first.next.unwrap()).unwrap();
        let second = list_audit(conn, &AuditFilter::default(), Some(next), two).unwrap();
        assert_eq!(second.items[1].subject, "token:0");
        let about = AuditFilter { subject: Some("token:1".into()), what: None };
        let about = list_audit(conn, &about, None, two).unwrap();
        assert_eq!(about.items.len(), 2);
        assert_eq!(about.items[0].actor, Actor::member("boss"));
    });
}
