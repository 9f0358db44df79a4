//! Whatever people write, every face of every card is one that WeCom takes.

use std::{collections::BTreeMap, sync::Arc};

use catalog::Catalog;
use flow::calendar::Calendar;
use kernel::{Actor, Ctx, Ids, ReplicaNo, TaskId, TicketId, Timestamp};
use proptest::prelude::*;
use ticket::{Priority, Setup, Status, Task, TaskState, TemplateRef, Ticket};
use wecom::{
    card::{Card, Purpose},
    message::{AppMessage, Body},
};

use crate::{
    Desk, Limits, Links,
    face::{StarterFace, TaskFace},
    render::{Names, Painter},
};

fn desk() -> Desk {
    Desk {
        app: "desk".into(),
        agent_id: 1_000_002,
        name: "企单服务台".into(),
        links: Links::for_tests("https://desk.example.com"),
        setup: Setup {
            catalog: Catalog::built_in().unwrap(),
            zone_minutes: 480,
            work_time: Arc::new(Calendar::office(480).compile().unwrap()),
            vip_tags: Arc::new([]),
        },
        limits: Limits::default(),
    }
}

fn ctx() -> Ctx {
    Ctx {
        now: Timestamp::from_seconds(1_795_395_600),
        actor: Actor::System,
        ids: Ids::new(ReplicaNo::new(1).unwrap()),
        trace: "test".into(),
    }
}

fn ticket(title: &str, description: &str, handlers: Vec<String>) -> Ticket {
    let form = serde_json::json!({
        "title": title,
        "description": description,
        "location": {"lat": 23.1, "lng": 113.3, "label": description},
    });
    let task = Task {
        id: TaskId(5),
        step: "handle".into(),
        round: 1,
        slot: 0,
        state: TaskState::Open,
        handlers,
        owner: None,
        opened_at: Timestamp(0),
        closed_at: None,
        due_at: None,
        is_approval: false,
    };
    Ticket {
        id: TicketId(7),
        no: "GD-20261123-0001".into(),
        title: title.into(),
        status: Status::Open,
        priority: Priority::Critical,
        source: "app_message".into(),
        template: TemplateRef { key: catalog::GENERAL.into(), version: 1 },
        customer: None,
        chat_id: None,
        context: None,
        check_ins: Vec::new(),
        form: form.as_object().cloned().unwrap(),
        creator: Actor::member("wangfang"),
        flow: flow::State::default(),
        tasks: vec![task],
        attachments: Vec::new(),
        tags: Vec::new(),
        parent: None,
        links: Vec::new(),
        children: Vec::new(),
        verdict: None,
        rating: None,
        urged: 3,
        urged_at: None,
        created_at: Timestamp(0),
        updated_at: Timestamp(0),
        closed_at: None,
        version: 4,
    }
}

fn task_faces(name: &str) -> Vec<TaskFace> {
    let who = Some(name.to_owned());
    vec![
        TaskFace::Claimable,
        TaskFace::Mine,
        TaskFace::Taken { by: name.into() },
        TaskFace::Done { by: who.clone() },
        TaskFace::Done { by: None },
        TaskFace::Moved { to: who },
        TaskFace::Moved { to: None },
        TaskFace::Ended { status: Status::Cancelled },
        TaskFace::Renewed,
    ]
}

fn takes(card: Card, purpose: Purpose) -> Result<(), TestCaseError> {
    let card = card.elided();
    prop_assert!(card.check_for(purpose).is_ok(), "{:?}: {card:?}", card.check_for(purpose));
    if purpose == Purpose::Send {
        let message = AppMessage::to_users(&["wangfang"], 1, Body::card(card));
        prop_assert_eq!(message.render().unwrap(), message.render().unwrap());
    }
    Ok(())
}

proptest! {
    #[test]
    fn every_face_of_every_card_is_taken(
        title in "灯.{0,120}",
        description in "(.|\n){0,400}",
        name in ".{0,40}",
        others in 0..14usize,
    ) {
        let (ctx, desk) = (ctx(), desk());
        let handlers = (0..others).map(|one| format!("user{one}")).collect();
        let ticket = ticket(&title, &description, handlers);
        let names = Names::for_tests(BTreeMap::from([("wangfang".to_owned(), name.clone())]));
        let painter = Painter { ctx: &ctx, desk: &desk, ticket: &ticket, names: &names };
        for face in task_faces("wangfang") {
            let purpose = if face.acts() { Purpose::Send } else { Purpose::Update };
            takes(painter.task(9, &ticket.tasks[0], &["user0"], &face), purpose)?;
            takes(painter.task(9, &ticket.tasks[0], &["user0", "user1"], &face), purpose)?;
        }
        let faces = [
            StarterFace::Accepted { at: 0 },
            StarterFace::Working { by: "wangfang".into(), at: 2 },
            StarterFace::Ended { status: Status::Closed, round: 1 },
        ];
        for face in faces {
            takes(painter.starter(9, "wangfang", &face), Purpose::Send)?;
            takes(painter.starter(9, "wangfang", &face), Purpose::Update)?;
        }
        takes(painter.starter(9, "wangfang", &StarterFace::Renewed), Purpose::Update)?;
    }
}

#[test]
fn faces_that_show_the_same_have_the_same_name_and_no_others() {
    let mut names: Vec<_> = task_faces("li").iter().map(TaskFace::name).collect();
    names.extend(task_faces("wang").iter().map(TaskFace::name));
    names.sort_unstable();
    names.dedup();
    assert_eq!(names.len(), 9 + 3, "three faces name somebody");
}
