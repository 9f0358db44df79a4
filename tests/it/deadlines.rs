//! Deadlines: in working time and in wall time, by priority, and while the clock stands still.

use kernel::time::{HOUR, MINUTE};
use serde_json::{Value, json};

use crate::support::Desk;

/// A one-step business whose tickets end when their time is over.
fn business(key: &str, limit: &Value) -> Value {
    let mut limit = limit.clone();
    limit["overdue"] = json!({ "do": "end" });
    json!({
        "key": key, "name": key,
        "form": { "fields": [
            { "key": "title", "kind": "text", "label": "标题", "required": true },
        ] },
        "flow": { "steps": [
            { "key": "fix", "name": "处理", "limit": limit, "if_nobody": { "do": "hold" },
              "assign": { "by": "people", "userids": ["zhaomin"] } },
        ] },
    })
}

impl Desk {
    async fn files(&self, template: &Value) -> String {
        let told = self.publish(template).await;
        assert_eq!(told.status, 200, "{}", told.text());
        let new = json!({ "template": template["key"], "form": { "title": "坏了" } });
        let told =
            self.ask("POST", "/api/v1/tickets").acting_as("wangfang").json(&new).send().await;
        assert_eq!(told.status, 201, "{}", told.text());
        told.json()["id"].as_str().unwrap().to_owned()
    }

    async fn status(&self, id: &str) -> String {
        self.ticket(id).await["status"].as_str().unwrap().to_owned()
    }

    /// It ends after so much time, and not a minute earlier.
    #[track_caller]
    fn ends_after(&self, id: &str, minutes: i64) -> impl Future<Output = ()> {
        let place = std::panic::Location::caller();
        async move {
            self.advance((minutes - 1) * MINUTE).await;
            assert_eq!(self.status(id).await, "open", "{place}: too early");
            self.advance(MINUTE).await;
            assert_eq!(self.status(id).await, "cancelled", "{place}: too late");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn working_time_counts_the_hours_of_the_organisation_or_of_the_templates_own_calendar() {
    let desk = Desk::open().await;
    // Monday at five in the afternoon: an hour today, an hour tomorrow from nine.
    desk.advance(8 * HOUR).await;
    let two_hours = json!({ "minutes": 120, "pace": "working" });
    let id = desk.files(&business("office", &two_hours)).await;
    desk.ends_after(&id, 17 * 60).await;
    let id = desk.files(&business("wall", &json!({ "minutes": 120 }))).await;
    desk.ends_after(&id, 120).await;

    // Tuesday noon, in a shop with a lunch break, closed on Wednesday, open on Saturday instead.
    let hours = json!([{ "from": "09:00", "to": "12:00" }, { "from": "13:00", "to": "18:00" }]);
    let calendar = json!({ "key": "shop", "name": "门店", "zone_minutes": 480,
        "weekly": { "tue": hours, "wed": hours },
        "days_off": [{ "name": "店庆", "from": "2026-11-25", "to": "2026-11-25" }],
        "make_up": [{ "date": "2026-11-28", "name": "调休", "hours": hours }] });
    let told = desk.ask("PUT", "/api/v1/calendars/shop").json(&calendar).send().await;
    assert_eq!(told.status, 200, "{}", told.text());
    let mut shop = business("shop", &json!({ "minutes": 360, "pace": "working" }));
    shop["calendar"] = json!("shop");
    let id = desk.files(&shop).await;
    // Five hours this afternoon, and one on Saturday from nine.
    desk.ends_after(&id, 3 * 24 * 60 + 22 * 60).await;
    desk.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_urgent_ticket_has_less_time_and_a_change_of_priority_moves_its_deadline() {
    let desk = Desk::open().await;
    let limit = json!({ "minutes": 240, "by_priority": { "high": 60, "low": 600 } });
    let template = business("visit", &limit);
    let id = desk.files(&template).await;
    desk.advance(30 * MINUTE).await;
    let told = desk.act(&id, "prioritise", &json!({ "to": "high" })).acting_as("wangfang").send();
    assert_eq!(told.await.refusal().1, "ticket.not_handler");
    let ticket = desk.does("zhaomin", "prioritise", &id, json!({ "to": "high" })).await;
    assert_eq!(ticket["priority"], "high");
    let again = desk.act(&id, "prioritise", &json!({ "to": "high" })).acting_as("zhaomin").send();
    assert_eq!(again.await.refusal().1, "ticket.same_priority");
    let wrong = desk.act(&id, "prioritise", &json!({ "to": "now" })).acting_as("zhaomin").send();
    assert_eq!(wrong.await.json()["errors"][0]["path"], "to");
    desk.ends_after(&id, 30).await;

    let id = desk.files(&template).await;
    desk.does("zhaomin", "prioritise", &id, json!({ "to": "low", "note": "可以等" })).await;
    desk.ends_after(&id, 600).await;
    let history = desk.history(&id).await;
    assert!(
        history.iter().any(|(_verb, text)| text == "赵敏 把优先级调整为不急：可以等"),
        "{history:?}"
    );
    desk.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_ticket_that_is_put_off_until_a_time_goes_on_by_itself_and_its_clock_stood_still() {
    let desk = Desk::open().await;
    let id = desk.files(&business("visit", &json!({ "minutes": 120 }))).await;
    desk.advance(30 * MINUTE).await;
    let past = json!({ "note": "等备件", "until": "2026-11-23T09:30:00+08:00" });
    let told = desk.act(&id, "suspend", &past).acting_as("zhaomin").send().await;
    assert_eq!((told.status, &told.json()["errors"][0]["path"]), (422, &json!("until")));
    let until = json!({ "note": "等备件", "until": "2026-11-23T15:00:00+08:00" });
    let ticket = desk.does("zhaomin", "suspend", &id, until).await;
    assert_eq!(ticket["status"], "suspended");
    desk.advance(5 * HOUR + 29 * MINUTE).await;
    assert_eq!(desk.status(&id).await, "suspended");
    desk.advance(MINUTE).await;
    assert_eq!(desk.status(&id).await, "open");
    desk.ends_after(&id, 90).await;
    desk.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_nobody_carries_out_yet_is_refused_when_it_is_published() {
    let desk = Desk::open().await;
    let mut template = business("paid", &json!({ "minutes": 120 }));
    template["flow"]["steps"][0]["settle"] = json!({ "item": "visit" });
    let told = desk.publish(&template).await;
    let error = &told.json()["errors"][0];
    assert_eq!((told.status, &error["code"]), (422, &json!("unsupported")), "{}", told.text());
    assert_eq!(error["path"], "flow.fix.settle");
    desk.close().await;
}
