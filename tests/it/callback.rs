//! Callbacks: what comes in is kept once, whatever the way it comes.

use serde_json::json;

use crate::support::Desk;

#[tokio::test(flavor = "multi_thread")]
async fn the_same_message_a_hundred_times_at_once_is_one_ticket() {
    let desk = Desk::open().await;
    let message = json!({ "msgtype": "text", "content": "空调坏了", "options": { "copies": 100 } });
    desk.writes("wangfang", message).await;
    desk.settle().await;
    assert_eq!(desk.tickets().await.len(), 1);
    desk.close().await;
}
