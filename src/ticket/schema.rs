//! The tables of this room. Private: nobody else touches them.

use db::diesel;

diesel::table! {
    ticket_ticket (id) {
        id -> BigInt,
        no -> Text,
        title -> Text,
        status -> Text,
        priority -> Integer,
        source -> Text,
        template_key -> Text,
        customer -> Nullable<Text>,
        chat_id -> Nullable<Text>,
        creator -> Nullable<Text>,
        snapshot -> Text,
        created_at -> BigInt,
        updated_at -> BigInt,
        closed_at -> Nullable<BigInt>,
        version -> BigInt,
    }
}

diesel::table! {
    ticket_event (ticket_id, seq) {
        ticket_id -> BigInt,
        seq -> BigInt,
        verb -> Text,
        actor -> Text,
        at -> BigInt,
        trace -> Text,
        facts -> Text,
    }
}

diesel::table! {
    ticket_task (id) {
        id -> BigInt,
        ticket_id -> BigInt,
        step -> Text,
        round -> Integer,
        state -> Text,
        owner -> Nullable<Text>,
        opened_at -> BigInt,
        closed_at -> Nullable<BigInt>,
        due_at -> Nullable<BigInt>,
        is_approval -> Integer,
    }
}

diesel::table! {
    ticket_handler (task_id, userid) {
        task_id -> BigInt,
        userid -> Text,
        ticket_id -> BigInt,
        state -> Text,
    }
}

diesel::table! {
    ticket_presence (ticket_id, userid) {
        ticket_id -> BigInt,
        userid -> Text,
        is_editing -> Integer,
        seen_at -> BigInt,
    }
}

diesel::table! {
    ticket_counter (counter) {
        counter -> Text,
        last_no -> BigInt,
    }
}

diesel::table! {
    ticket_draft (id) {
        id -> BigInt,
        userid -> Text,
        kind -> Text,
        body -> Text,
        state -> Text,
        created_at -> BigInt,
    }
}

diesel::table! {
    ticket_alike (alike_key, ticket_id) {
        alike_key -> Text,
        ticket_id -> BigInt,
        created_at -> BigInt,
        raised -> Nullable<BigInt>,
    }
}

diesel::table! {
    ticket_refer (what, external_key, ticket_id) {
        what -> Text,
        external_key -> Text,
        ticket_id -> BigInt,
    }
}

diesel::allow_tables_to_appear_in_same_query!(
    ticket_ticket,
    ticket_task,
    ticket_handler,
    ticket_refer
);
diesel::allow_columns_to_appear_in_same_group_by_clause!(
    ticket_handler::userid,
    ticket_handler::state,
    ticket_task::is_approval,
);

diesel::table! {
    ticket_turn (turn) {
        turn -> Text,
        userid -> Text,
        at -> BigInt,
        version -> BigInt,
    }
}
