//! The tables of this room. Private: nobody else touches them.

use db::diesel;

diesel::table! {
    notify_message (id) {
        id -> BigInt,
        card_no -> BigInt,
        kind -> Text,
        ticket_id -> Nullable<BigInt>,
        task_id -> Nullable<BigInt>,
        draft_id -> Nullable<BigInt>,
        userid -> Text,
        title -> Text,
        face -> Text,
        plan_no -> BigInt,
        shown_no -> BigInt,
        is_live -> Bool,
        live_key -> Nullable<Text>,
        is_delayed -> Bool,
        state -> Text,
        reason -> Nullable<Text>,
        msgid -> Nullable<Text>,
        created_at -> BigInt,
        sent_at -> Nullable<BigInt>,
    }
}

diesel::table! {
    notify_budget (bucket) {
        bucket -> Text,
        used -> BigInt,
        until_at -> BigInt,
    }
}

diesel::table! {
    notify_key (id) {
        id -> BigInt,
        secret_key -> Text,
    }
}

diesel::table! {
    notify_touched (ticket_id) {
        ticket_id -> BigInt,
    }
}

diesel::table! {
    notify_figure (userid) {
        userid -> Text,
        is_wanted -> Integer,
        shown -> Text,
        day -> BigInt,
    }
}

diesel::table! {
    notify_link (ticket_id) {
        ticket_id -> BigInt,
        generation -> BigInt,
        revoked_at -> BigInt,
    }
}

diesel::table! {
    notify_preference (ticket_id) {
        ticket_id -> BigInt,
        body -> Text,
        updated_at -> BigInt,
    }
}

diesel::table! {
    notify_code (id) {
        id -> BigInt,
        card_no -> BigInt,
        code -> Text,
        until_at -> BigInt,
    }
}
