//! The tables of this room.

diesel::table! {
    queue_job (id) {
        id -> BigInt,
        topic -> Text,
        once_key -> Nullable<Text>,
        order_key -> Nullable<Text>,
        turn -> BigInt,
        state -> Text,
        due_at -> BigInt,
        attempts -> Integer,
        losses -> Integer,
        lease_token -> BigInt,
        lease_until -> BigInt,
        body -> Text,
        outcome -> Nullable<Text>,
        created_at -> BigInt,
        finished_at -> Nullable<BigInt>,
    }
}

diesel::table! {
    queue_replica (no) {
        no -> BigInt,
        holder -> Text,
        until_at -> BigInt,
    }
}
