use proptest::prelude::*;

use super::*;

/// The platform's own samples, one document each.
fn samples() -> Vec<&'static str> {
    include_str!("samples.xml").split("\n\n").map(str::trim).collect()
}

fn sample(kind: &str) -> Message {
    let all: Vec<Message> = samples().iter().map(|xml| parse(xml.as_bytes()).unwrap()).collect();
    all.into_iter().find(|message| message.event.kind() == kind).unwrap()
}

/// An event with this name and these elements.
fn event(name: &str, inside: &str) -> Event {
    message("sys", name, inside).event
}

fn message(from: &str, name: &str, inside: &str) -> Message {
    let xml = format!(
        "<xml><ToUserName><![CDATA[ww1]]></ToUserName><FromUserName>{from}</FromUserName><CreateTime>7</CreateTime><MsgType>event</MsgType><Event><![CDATA[{name}]]></Event>{inside}</xml>"
    );
    parse(xml.as_bytes()).unwrap()
}

fn text(text: &str) -> String {
    text.to_owned()
}

fn some(text: &str) -> Option<String> {
    Some(text.to_owned())
}

#[test]
fn every_sample_has_the_kind_that_it_names() {
    let kinds: Vec<String> =
        samples().iter().map(|xml| parse(xml.as_bytes()).unwrap().event.kind()).collect();
    expect_test::expect![[r#"
        text
        image
        voice
        video
        location
        link
        event.subscribe
        event.unsubscribe
        event.enter_agent
        event.LOCATION
        event.batch_job_result
        event.click
        event.view
        event.scancode_push
        event.pic_sysphoto
        event.location_select
        event.share_agent_change
        event.template_card_event
        event.template_card_menu_event
        event.open_approval_change
        event.change_contact.create_user
        event.change_contact.update_user
        event.change_contact.delete_user
        event.change_contact.create_party
        event.change_contact.update_party
        event.change_contact.delete_party
        event.change_contact.update_tag
        event.change_external_contact.add_external_contact
        event.change_external_chat.create
        event.change_external_chat.update
        event.change_external_chat.dismiss
        event.change_external_tag.create
        event.change_external_tag.shuffle
        event.kf_msg_or_event"#]]
    .assert_eq(&kinds.join("\n"));
}

#[test]
fn a_text_has_its_header() {
    let got = sample("text");
    assert_eq!(
        got,
        Message {
            to_user: text("ww0000000000000001"),
            from_user: text("zhangsan"),
            create_time: 1_348_831_860,
            agent_id: some("1000002"),
            msg_id: some("1234567890123456"),
            event: Event::Text { content: text("打印机坏了") },
        }
    );
}

#[test]
fn messages_with_media_and_places_are_typed() {
    let image = Image { pic_url: text("http://p.qpic.cn/x/0"), media_id: text("media_id") };
    assert_eq!(sample("image").event, Event::Image(image));
    let voice = Voice { media_id: text("media_id"), format: text("amr") };
    assert_eq!(sample("voice").event, Event::Voice(voice));
    let video = Video { media_id: text("media_id"), thumb_media_id: text("thumb_media_id") };
    assert_eq!(sample("video").event, Event::Video(video));
    let location = Location {
        latitude: Some(23.134),
        longitude: Some(113.358),
        scale: Some(20),
        label: text("位置信息"),
        app_type: some("wxwork"),
    };
    assert_eq!(sample("location").event, Event::Location(location));
    let link = Link {
        title: text("标题"),
        description: text("说明"),
        url: text("https://example.com/"),
        pic_url: text("https://example.com/c.png"),
    };
    assert_eq!(sample("link").event, Event::Link(link));
    let file = "<xml><MsgType>file</MsgType><MediaId>m</MediaId><FileName>a.pdf</FileName></xml>";
    let want = Event::File(File { media_id: text("m"), file_name: some("a.pdf") });
    assert_eq!(parse(file.as_bytes()).unwrap().event, want);
}

#[test]
fn events_of_the_app_are_typed() {
    assert_eq!(sample("event.subscribe").event, Event::Subscribe);
    assert_eq!(sample("event.unsubscribe").event, Event::Unsubscribe);
    assert_eq!(sample("event.enter_agent").event, Event::EnterAgent);
    assert_eq!(sample("event.share_agent_change").event, Event::ShareAgentChange);
    assert_eq!(sample("event.click").event, Event::Click { event_key: text("my_tickets") });
    let page = Event::View { event_key: text("https://example.com/tickets") };
    assert_eq!(sample("event.view").event, page);
    let position = Position {
        latitude: Some(23.104),
        longitude: Some(113.32),
        precision: Some(65.0),
        app_type: some("wxwork"),
    };
    assert_eq!(sample("event.LOCATION").event, Event::Position(position));
    let job = BatchJob {
        job_id: text("S0MrnndvRG5fadSlLwiBqiDDbM143UqTmKP3152FZk4"),
        job_type: text("sync_user"),
        err_code: Some(0),
        err_msg: text("ok"),
    };
    assert_eq!(sample("event.batch_job_result").event, Event::BatchJobResult(job));
    let scan = ScanCode {
        event_key: text("scan"),
        scan_type: text("qrcode"),
        scan_result: text("asset:4711"),
    };
    assert_eq!(sample("event.scancode_push").event, Event::ScancodePush(scan));
    let pictures = Pictures {
        event_key: text("photo"),
        count: Some(1),
        md5_sums: vec![text("1b5f7c23b5bf75682a53e7b6d163e185")],
    };
    assert_eq!(sample("event.pic_sysphoto").event, Event::PicSysphoto(pictures));
    let picked = PickedLocation {
        event_key: text("where"),
        latitude: Some(23.0),
        longitude: Some(113.0),
        scale: Some(15),
        label: text("广州市海珠区"),
        poi_name: text(""),
        app_type: some("wxwork"),
    };
    assert_eq!(sample("event.location_select").event, Event::LocationSelect(picked));
}

#[test]
fn a_press_on_a_card_is_typed() {
    let click = CardClick {
        event_key: text("ticket.accept"),
        task_id: text("ticket-42@1"),
        card_type: text("button_interaction"),
        response_code: text("RESPONSE_CODE"),
        selected: vec![Selected {
            question_key: text("priority"),
            option_ids: vec![text("p1"), text("p2")],
        }],
    };
    assert_eq!(sample("event.template_card_event").event, Event::CardClick(click));
    let menu = CardClick {
        event_key: text("mute"),
        task_id: text("ticket-42@1"),
        card_type: text("text_notice"),
        response_code: text("RESPONSE_CODE"),
        selected: vec![],
    };
    assert_eq!(sample("event.template_card_menu_event").event, Event::CardMenuClick(menu));
    for (list, id) in
        [("OpitonIds", "OpitonId"), ("OptionIds", "OpitonId"), ("OptionIds", "OptionId")]
    {
        let inside = format!(
            "<SelectedItems>\n<SelectedItem><QuestionKey >q</QuestionKey ><{list}><{id}>a</{id} ><{id}>b</{id}></{list}></SelectedItem></SelectedItems>"
        );
        let Event::CardClick(click) = event("template_card_event", &inside) else { panic!() };
        assert_eq!(click.selected[0].option_ids, ["a", "b"], "{list}/{id}");
    }
}

#[test]
fn an_approval_of_the_app_is_typed() {
    let Event::OpenApprovalChange(approval) = sample("event.open_approval_change").event else {
        panic!()
    };
    assert_eq!((&*approval.third_no, &*approval.name), ("201806010001", "付款"));
    assert_eq!((approval.status, approval.apply_time), (Some(1), Some(1_527_837_645)));
    assert_eq!((&*approval.apply_user_id, approval.step), ("1", Some(0)));
    let item = &approval.nodes[0].items[0];
    assert_eq!((&*item.name, &*item.user_id, item.op_time), ("xiaohong", "2", Some(0)));
    assert_eq!((approval.nodes[0].attr, approval.nodes[0].kind), (Some(1), Some(1)));
    assert_eq!((&*approval.notify[0].name, &*approval.notify[0].user_id), ("xiaogang", "3"));
    let other = event(
        "open_approval_change",
        "<ApprovalInfo><ApprovalNodes><ApprovalNode><Items><Item><ItemUserid>li</ItemUserid><ItemParty>运维</ItemParty></Item></Items></ApprovalNode></ApprovalNodes><ApproverStep>2</ApproverStep></ApprovalInfo>",
    );
    let Event::OpenApprovalChange(other) = other else { panic!() };
    assert_eq!((other.step, &*other.nodes[0].items[0].user_id), (Some(2), "li"));
    assert_eq!(other.nodes[0].items[0].party, "运维");
}

#[test]
fn an_approval_of_wecom_is_typed() {
    let Event::SysApprovalChange(approval) = event(
        "sys_approval_change",
        "<AgentID>3010040</AgentID><ApprovalInfo><SpNo>201909100</SpNo><SpName>请假</SpName><SpStatus>1</SpStatus><TemplateId>T</TemplateId><ApplyTime>1</ApplyTime><Applyer><UserId>zhang</UserId><Party>1</Party></Applyer><SpRecord><SpStatus>1</SpStatus><ApproverAttr>2</ApproverAttr><Details><Approver><UserId>li</UserId></Approver><Speech>好</Speech><SpStatus>2</SpStatus><SpTime>0</SpTime></Details><Details><Approver><UserId>wang</UserId></Approver></Details></SpRecord><Notifyer><UserId>zhao</UserId></Notifyer><ProcessList><NodeList><NodeType>1</NodeType><SpStatus>1</SpStatus><ApvRel>2</ApvRel><SubNodeList><UserInfo><UserId>li</UserId></UserInfo><Speech/><SpYj>1</SpYj><Sptime>9</Sptime></SubNodeList></NodeList></ProcessList><Comments><CommentUserInfo><UserId>zhou</UserId></CommentUserInfo><CommentTime>5</CommentTime><CommentContent>催</CommentContent><CommentId>6899000000000000001</CommentId></Comments><StatuChangeEvent>10</StatuChangeEvent></ApprovalInfo>",
    ) else {
        panic!()
    };
    assert_eq!((&*approval.sp_no, &*approval.applyer_user_id), ("201909100", "zhang"));
    assert_eq!((approval.change, approval.sp_status), (Some(10), Some(1)));
    let details = &approval.records[0].details;
    assert_eq!((&*details[0].user_id, &*details[0].speech), ("li", "好"));
    assert_eq!(details[1].user_id, "wang");
    assert_eq!(approval.notifyers, ["zhao"]);
    let sub_node = &approval.process[0].sub_nodes[0];
    assert_eq!((&*sub_node.user_id, sub_node.sp_yj, sub_node.sp_time), ("li", Some(1), Some(9)));
    let comment = &approval.comments[0];
    assert_eq!((&*comment.user_id, &*comment.id), ("zhou", "6899000000000000001"));
}

#[test]
fn a_new_member_is_typed() {
    let user = UserChange {
        user_id: text("zhangsan"),
        new_user_id: None,
        name: some("张三"),
        department: Some(vec![1, 2, 3]),
        main_department: Some(1),
        is_leader_in_dept: Some(vec![1, 0, 0]),
        direct_leader: Some(vec![text("lisi"), text("wangwu")]),
        position: some("产品经理"),
        mobile: some("13800000000"),
        gender: Some(1),
        email: some("zhangsan@example.com"),
        biz_mail: some("zhangsan@biz.example.com"),
        status: Some(1),
        avatar: some("http://example.com/0"),
        alias: some("zhangsan"),
        telephone: some("020-123456"),
        address: some("广州市"),
        ext_attr: vec![
            ExtAttr { name: text("爱好"), value: ExtValue::Text(text("旅游")) },
            ExtAttr {
                name: text("卡号"),
                value: ExtValue::Web {
                    title: text("企业微信"),
                    url: text("https://work.weixin.qq.com"),
                },
            },
        ],
    };
    let want = Event::ChangeContact(ContactChange::CreateUser(Box::new(user)));
    assert_eq!(sample("event.change_contact.create_user").event, want);
}

#[test]
fn changes_of_the_address_book_are_typed() {
    let of = |kind: &str| match sample(&format!("event.change_contact.{kind}")).event {
        Event::ChangeContact(change) => change,
        other => panic!("{other:?}"),
    };
    let user = UserChange {
        user_id: text("zhangsan"),
        new_user_id: some("zhangsan001"),
        department: Some(vec![1, 2, 3]),
        ..UserChange::default()
    };
    assert_eq!(of("update_user"), ContactChange::UpdateUser(Box::new(user)));
    assert_eq!(of("delete_user"), ContactChange::DeleteUser { user_id: text("zhangsan") });
    let party = PartyChange { id: 2, name: some("运维部"), parent_id: Some(1), order: Some(1) };
    assert_eq!(of("create_party"), ContactChange::CreateParty(party.clone()));
    let party = PartyChange { order: None, ..party };
    assert_eq!(of("update_party"), ContactChange::UpdateParty(party));
    assert_eq!(of("delete_party"), ContactChange::DeleteParty { id: 2 });
    let tag = TagChange {
        tag_id: 1,
        add_users: vec![text("zhangsan"), text("lisi")],
        del_users: vec![text("wangwu")],
        add_parties: vec![1, 2],
        del_parties: vec![3, 4],
    };
    assert_eq!(of("update_tag"), ContactChange::UpdateTag(tag));
}

#[test]
fn changes_of_customers_are_typed() {
    let add = CustomerChange {
        user_id: text("zhangsan"),
        external_user_id: text("woAJ2GCAAAXtWyujaWJHDDGi0mACH71w"),
        what: CustomerWhat::Add { state: some("teststate"), welcome_code: some("WELCOMECODE") },
    };
    let kind = "event.change_external_contact.add_external_contact";
    assert_eq!(sample(kind).event, Event::ChangeExternalContact(add));
    for (kind, inside, what) in [
        (
            "add_half_external_contact",
            "",
            CustomerWhat::AddHalf { state: None, welcome_code: None },
        ),
        ("edit_external_contact", "<State/>", CustomerWhat::Edit { state: None }),
        (
            "del_external_contact",
            "<Source><![CDATA[DELETE_BY_TRANSFER]]></Source>",
            CustomerWhat::Delete { source: some("DELETE_BY_TRANSFER") },
        ),
        ("del_follow_user", "", CustomerWhat::DeletedByCustomer),
        (
            "transfer_fail",
            "<FailReason>customer_refused</FailReason>",
            CustomerWhat::TransferFail { fail_reason: text("customer_refused") },
        ),
        (
            "msg_audit_approved",
            "<WelcomeCode>W</WelcomeCode>",
            CustomerWhat::AuditApproved { welcome_code: some("W") },
        ),
    ] {
        let inside = format!(
            "<ChangeType>{kind}</ChangeType>{inside}<UserID>li</UserID><ExternalUserID>wm1</ExternalUserID>"
        );
        let got = event("change_external_contact", &inside);
        assert_eq!(got.kind(), format!("event.change_external_contact.{kind}"));
        let (user_id, external_user_id) = (text("li"), text("wm1"));
        let want = CustomerChange { user_id, external_user_id, what };
        assert_eq!(got, Event::ChangeExternalContact(want));
    }
}

#[test]
fn changes_of_groups_and_tags_are_typed() {
    let update = ChatUpdate {
        detail: ChatDetail::AddMember,
        join_scene: Some(1),
        quit_scene: Some(0),
        member_count: Some(2),
        members: vec![text("Jack"), text("Rose")],
        last_version: some("9c3f97c2ada667dfb5f6d03308d963e1"),
        current_version: some("71217227bbd112ecfe3a49c482195cb4"),
    };
    for (kind, what) in [
        ("create", ChatWhat::Create),
        ("update", ChatWhat::Update(Box::new(update))),
        ("dismiss", ChatWhat::Dismiss),
    ] {
        let want = ChatChange { chat_id: text("CHAT_ID"), what };
        let got = sample(&format!("event.change_external_chat.{kind}")).event;
        assert_eq!(got, Event::ChangeExternalChat(want));
    }
    let details = [
        ("del_member", ChatDetail::DelMember),
        ("change_owner", ChatDetail::ChangeOwner),
        ("change_name", ChatDetail::ChangeName),
        ("change_notice", ChatDetail::ChangeNotice),
        ("change_colour", ChatDetail::Other(text("change_colour"))),
    ];
    for (detail, want) in details {
        let inside =
            format!("<ChangeType>update</ChangeType><UpdateDetail>{detail}</UpdateDetail>");
        let Event::ChangeExternalChat(ChatChange { what: ChatWhat::Update(got), .. }) =
            event("change_external_chat", &inside)
        else {
            panic!()
        };
        assert_eq!(got.detail, want);
    }
    for (kind, tag_type, strategy_id, what) in [
        ("create", some("tag"), None, CustomerTagWhat::Create),
        ("shuffle", None, some("STRATEGY_ID"), CustomerTagWhat::Shuffle),
    ] {
        let want = CustomerTagChange { id: text("TAG_ID"), tag_type, strategy_id, what };
        let got = sample(&format!("event.change_external_tag.{kind}")).event;
        assert_eq!(got, Event::ChangeExternalTag(want));
    }
    for kind in ["update", "delete"] {
        let inside = format!("<ChangeType>{kind}</ChangeType><Id>etX</Id>");
        let got = event("change_external_tag", &inside);
        assert_eq!(got.kind(), format!("event.change_external_tag.{kind}"));
    }
}

#[test]
fn the_bell_of_kf_has_neither_sender_nor_id() {
    let got = sample("event.kf_msg_or_event");
    assert_eq!((got.from_user.as_str(), got.msg_id, got.agent_id), ("", None, None));
    let want = Event::KfMsgOrEvent {
        token: text("ENCApHxnGDNAVNY4AaSJKj4Tb5mwsEMzxhFmHVGcra996NR"),
        open_kf_id: text("wkxxxxxxx"),
    };
    assert_eq!(got.event, want);
}

#[test]
fn the_other_events_of_the_app_are_typed() {
    let scan =
        ScanCode { event_key: text("k"), scan_type: text("barcode"), scan_result: text("9") };
    let scanned = "<EventKey>k</EventKey><ScanCodeInfo><ScanType>barcode</ScanType><ScanResult>9</ScanResult></ScanCodeInfo>";
    // A client repeats PicList for each picture and counts at the end.
    let photos = "<EventKey>k</EventKey><SendPicsInfo><PicList><item><PicMd5Sum>a</PicMd5Sum></item></PicList><PicList><item><PicMd5Sum>b</PicMd5Sum></item></PicList><Count>2</Count></SendPicsInfo>";
    let pictures =
        || Pictures { event_key: text("k"), count: Some(2), md5_sums: vec![text("a"), text("b")] };
    for (name, inside, want) in [
        ("scancode_waitmsg", scanned, Event::ScancodeWaitmsg(scan)),
        ("pic_photo_or_album", photos, Event::PicPhotoOrAlbum(pictures())),
        ("pic_weixin", photos, Event::PicWeixin(pictures())),
        (
            "view_miniprogram",
            "<EventKey>p</EventKey>",
            Event::ViewMiniprogram { event_key: text("p") },
        ),
        ("share_chain_change", "", Event::ShareChainChange),
        (
            "inactive_alert",
            "<EffectTime>9</EffectTime>",
            Event::InactiveAlert { effect_time: Some(9) },
        ),
        ("close_inactive_agent", "", Event::CloseInactiveAgent),
        ("reopen_inactive_agent", "", Event::ReopenInactiveAgent),
        ("low_active_alert", "", Event::LowActiveAlert { effect_time: None }),
        ("low_active", "", Event::LowActive),
        ("active_restored", "", Event::ActiveRestored),
        (
            "taskcard_click",
            "<EventKey>k</EventKey><TaskId>t</TaskId><AgentId>1</AgentId>",
            Event::TaskcardClick { event_key: text("k"), task_id: text("t") },
        ),
        ("switch_workbench_mode", "<Mode >1</Mode >", Event::SwitchWorkbenchMode { mode: Some(1) }),
    ] {
        named(name, inside, &want);
    }
    assert_eq!(message("u", "taskcard_click", "<AgentId>1</AgentId>").agent_id, some("1"));
}

/// Checks that an event of this name and content is typed and named so.
fn named(name: &str, inside: &str, want: &Event) {
    let got = event(name, inside);
    assert_eq!(got, *want, "{name}");
    assert!(got.kind().starts_with(&format!("event.{name}")), "{}", got.kind());
}

#[test]
fn the_other_events_of_the_corp_are_typed() {
    let schedule = || Schedule { cal_id: text("c"), schedule_id: text("s") };
    let scheduled = "<CalId>c</CalId><ScheduleId>s</ScheduleId>";
    let acquired = CustomerAcquisition {
        change_type: text("delete_link"),
        link_id: some("L"),
        user_id: None,
        external_user_id: None,
    };
    for (name, inside, want) in [
        ("change_app_admin", "", Event::ChangeAppAdmin),
        ("unlicensed_notify", "", Event::UnlicensedNotify),
        (
            "upload_media_job_finish",
            "<JobId>j</JobId>",
            Event::UploadMediaJobFinish { job_id: text("j") },
        ),
        (
            "living_status_change",
            "<LivingId>l</LivingId><Status>1</Status>",
            Event::LivingStatusChange { living_id: text("l"), status: Some(1) },
        ),
        ("msgaudit_notify", "", Event::MsgauditNotify),
        (
            "customer_acquisition",
            "<ChangeType>delete_link</ChangeType><LinkId>L</LinkId>",
            Event::CustomerAcquisition(acquired),
        ),
        ("add_schedule", scheduled, Event::AddSchedule(schedule())),
        ("modify_schedule", scheduled, Event::ModifySchedule(schedule())),
        ("delete_schedule", scheduled, Event::DeleteSchedule(schedule())),
        ("modify_calendar", "<CalId>c</CalId>", Event::ModifyCalendar { cal_id: text("c") }),
        ("delete_calendar", "<CalId>c</CalId>", Event::DeleteCalendar { cal_id: text("c") }),
        (
            "kf_account_auth_change",
            "<AuthAddOpenKfId>a</AuthAddOpenKfId><AuthAddOpenKfId>b</AuthAddOpenKfId>",
            Event::KfAccountAuthChange { added: vec![text("a"), text("b")], deleted: vec![] },
        ),
        ("change_chain", "", Event::ChangeChain),
        (
            "app_email_change",
            "<ChangeType>receive_email</ChangeType><Amount>3</Amount>",
            Event::AppEmailChange { change_type: text("receive_email"), amount: Some(3) },
        ),
        ("wedrive_insufficient_capacity", "", Event::WedriveInsufficientCapacity),
    ] {
        named(name, inside, &want);
    }
}

#[test]
fn what_is_new_is_unknown_and_no_error() {
    for (inside, kind) in [
        ("<MsgType>hologram</MsgType>", "hologram"),
        ("<MsgType>event</MsgType><Event>doorbell</Event>", "event.doorbell"),
        (
            "<MsgType>event</MsgType><Event>change_contact</Event><ChangeType>merge_user</ChangeType>",
            "event.change_contact.merge_user",
        ),
        (
            "<MsgType>event</MsgType><Event>change_contact</Event><ChangeType>delete_party</ChangeType><Id>99999999999999999999</Id>",
            "event.change_contact.delete_party",
        ),
        ("<InfoType>suite_ticket</InfoType><TimeStamp>5</TimeStamp>", "suite_ticket"),
        ("<MsgType>event</MsgType><Event>a/b 换</Event>", "event.ab"),
        ("", "unknown"),
    ] {
        let got = parse(format!("<xml>{inside}</xml>").as_bytes()).unwrap();
        assert!(matches!(got.event, Event::Unknown { .. }), "{inside}");
        assert_eq!(got.event.kind(), kind);
    }
}

#[test]
fn odd_numbers_and_ids_are_kept_or_absent_but_no_error() {
    let got = parse(
        "\u{FEFF}<xml><FromUserName>Li</FromUserName><CreateTime>999999999999999999999</CreateTime><MsgType>location</MsgType><Location_X>NaN</Location_X><Location_Y>x</Location_Y><Scale>99999999999999999999</Scale><MsgId>CAIQg/PKxgYY2sC9tpuAgAMg9/zKaw==</MsgId><AgentID><![CDATA[]]></AgentID></xml>"
            .as_bytes(),
    )
    .unwrap();
    assert_eq!((got.create_time, got.agent_id), (0, None));
    assert_eq!(got.msg_id, some("CAIQg/PKxgYY2sC9tpuAgAMg9/zKaw=="));
    let Event::Location(place) = got.event else { panic!() };
    assert_eq!((place.latitude, place.longitude, place.scale), (None, None, None));
}

#[test]
fn a_text_cut_in_the_middle_of_a_character_is_read() {
    let mut xml = b"<xml><MsgType>text</MsgType><Content><![CDATA[\xE5\xB7\xA5\xE5\x8D".to_vec();
    xml.extend_from_slice(b"]]></Content></xml>");
    assert_eq!(parse(&xml).unwrap().event, Event::Text { content: text("工\u{FFFD}") });
    assert_eq!(parse(b" "), Err(ParseError::Empty));
    assert!(matches!(parse(b"hello"), Err(ParseError::Tree(_))));
}

#[test]
fn json_with_the_names_of_the_xml_is_the_same() {
    let got = parse(
        "{\"ToUserName\":\"wx5823bf96d3bd56c7\",\"FromUserName\":\"mycreate\",\"CreateTime\": 1409659813,\"MsgType\":\"text\",\"Content\":\"hello\",\"MsgId\":4561255354251345929,\"AgentID\": 218}"
            .as_bytes(),
    )
    .unwrap();
    assert_eq!((got.agent_id, got.create_time), (some("218"), 1_409_659_813));
    assert_eq!(got.msg_id, some("4561255354251345929"));
    assert_eq!(got.event, Event::Text { content: text("hello") });
}

/// What a bot's callback with these members is, and what it is called.
fn bot(members: &str) -> (String, BotContent) {
    let head = r#""msgid":"M1","aibotid":"B","chattype":"group","chatid":"C","from":{"userid":"Li"},"response_url":"https://r""#;
    let got = parse(format!("{{{head},{members}}}").as_bytes()).unwrap();
    assert_eq!((got.msg_id, got.from_user, got.to_user), (some("M1"), text("Li"), text("B")));
    let kind = got.event.kind();
    let Event::Bot(bot) = got.event else { panic!() };
    assert_eq!((&*bot.chat_type, bot.chat_id), ("group", some("C")));
    assert_eq!(bot.response_url, some("https://r"));
    (kind, bot.content)
}

#[test]
fn messages_to_a_bot_are_typed() {
    let (content, url) = (|| text("空调坏了"), || text("u"));
    let items = vec![MixedItem::Text(content()), MixedItem::Image(url())];
    for (members, kind, want) in [
        (r#""text":{"content":"空调坏了"}"#, "text", BotContent::Text { content: content() }),
        (r#""voice":{"content":"空调坏了"}"#, "voice", BotContent::Voice { content: content() }),
        (r#""image":{"url":"u"}"#, "image", BotContent::Image { url: url() }),
        (r#""file":{"url":"u"}"#, "file", BotContent::File { url: url() }),
        (r#""video":{"url":"u"}"#, "video", BotContent::Video { url: url() }),
        (r#""stream":{"id":"u"}"#, "stream", BotContent::Stream { id: url() }),
        (
            r#""mixed":{"msg_item":[{"msgtype":"text","text":{"content":"空调坏了"}},{"msgtype":"image","image":{"url":"u"}}]}"#,
            "mixed",
            BotContent::Mixed { items },
        ),
    ] {
        let members = format!(r#""msgtype":"{kind}",{members}"#);
        assert_eq!(bot(&members), (format!("bot.{kind}"), want));
    }
    let quote = r#"{"msgid":"M","msgtype":"text","text":{"content":"a"},"quote":{"msgtype":"text","text":{"content":"b"}}}"#;
    let Event::Bot(bot) = parse(quote.as_bytes()).unwrap().event else { panic!() };
    let want = BotQuote { msg_type: text("text"), content: some("b"), url: None };
    assert_eq!(bot.quote, Some(want));
}

#[test]
fn events_of_a_bot_are_typed() {
    let click = CardClick {
        event_key: text("k"),
        task_id: text("t"),
        card_type: text("vote_interaction"),
        response_code: text(""),
        selected: vec![Selected {
            question_key: text("q"),
            option_ids: vec![text("a"), text("b")],
        }],
    };
    let unknown = BotContent::Unknown { msg_type: text("event"), event_type: text("wave") };
    for (kind, body, want) in [
        ("enter_chat", "{}", BotContent::EnterChat),
        (
            "template_card_event",
            r#"{"card_type":"vote_interaction","event_key":"k","task_id":"t","selected_items":{"selected_item":[{"question_key":"q","option_ids":{"option_id":["a","b"]}}]}}"#,
            BotContent::CardClick(click),
        ),
        (
            "feedback_event",
            r#"{"id":"f","type":2,"content":"不对"}"#,
            BotContent::Feedback { id: text("f"), rating: Some(2), content: text("不对") },
        ),
        ("wave", "{}", unknown),
    ] {
        let members =
            format!(r#""msgtype":"event","event":{{"eventtype":"{kind}","{kind}":{body}}}"#);
        assert_eq!(bot(&members), (format!("bot.event.{kind}"), want));
    }
}

fn seen(message: &Message, plain: &str) -> String {
    seen_key("desk", message, plain.as_bytes())
}

#[test]
fn a_redelivery_has_the_same_key_and_nothing_else_has() {
    let message_key = seen(&sample("text"), "");
    assert_eq!(message_key, "desk/msg/zhangsan/1234567890123456");
    assert_eq!(seen(&sample("event.template_card_event"), ""), "desk/card/RESPONSE_CODE");
    let [one, two] = ["<xml>1</xml>", "<xml>2</xml>"];
    let bell = sample("event.kf_msg_or_event");
    assert_eq!(seen(&bell, one), seen(&bell, one));
    assert_ne!(seen(&bell, one), seen(&bell, two));
    assert_ne!(seen(&bell, one), seen_key("other", &bell, one.as_bytes()));
}

#[test]
fn different_events_of_one_second_have_different_keys() {
    let xmls: Vec<String> = ["zhang", "li"]
        .iter()
        .map(|id| format!("<xml><FromUserName>sys</FromUserName><CreateTime>5</CreateTime><MsgType>event</MsgType><Event>change_external_contact</Event><ChangeType>add_external_contact</ChangeType><UserID>a</UserID><ExternalUserID>{id}</ExternalUserID></xml>"))
        .collect();
    let keys: Vec<String> =
        xmls.iter().map(|xml| seen(&parse(xml.as_bytes()).unwrap(), xml)).collect();
    assert_ne!(keys[0], keys[1]);
    let press = |code: &str, key: &str| {
        let inside = format!("<EventKey>{key}</EventKey><TaskId>t</TaskId>{code}");
        seen(&message("li", "template_card_event", &inside), "")
    };
    assert_ne!(
        press("<ResponseCode>a</ResponseCode>", "k"),
        press("<ResponseCode>b</ResponseCode>", "k")
    );
    assert_eq!(press("", "k"), "desk/press/t/li/k/7");
    assert_ne!(press("", "k"), press("", "j"));
}

#[test]
fn keys_with_slashes_or_foreign_letters_are_hashed_and_do_not_collide() {
    let with = |from: &str, id: &str| Message {
        from_user: text(from),
        msg_id: some(id),
        ..sample("text")
    };
    assert_eq!(seen(&with("a", "b/c"), "").len(), "hash/".len() + 64);
    assert_ne!(seen(&with("a/b", "c"), ""), seen(&with("a", "b/c"), ""));
    assert!(seen(&with("张三", "1"), "").starts_with("hash/"));
    assert!(seen(&with(&"x".repeat(200), "1"), "").starts_with("hash/"));
}

#[test]
fn the_order_key_names_the_sender_or_what_it_is_about() {
    let key = |kind: &str| order_key("desk", &sample(kind));
    assert_eq!(key("text"), "desk/user/zhangsan");
    assert_eq!(key("event.template_card_event"), "desk/user/zhangsan");
    assert_eq!(key("event.change_contact.update_user"), "desk/contact/zhangsan");
    assert_eq!(key("event.change_contact.delete_party"), "desk/party/2");
    assert_eq!(key("event.change_contact.update_tag"), "desk/label/1");
    let customer = "desk/customer/woAJ2GCAAAXtWyujaWJHDDGi0mACH71w";
    assert_eq!(key("event.change_external_contact.add_external_contact"), customer);
    assert_eq!(key("event.change_external_chat.update"), "desk/chat/CHAT_ID");
    assert_eq!(key("event.kf_msg_or_event"), "desk/kf/wkxxxxxxx");
    let upper = order_key("desk", &message("ZhangSan", "click", ""));
    assert_eq!(upper, "desk/user/zhangsan");
}

proptest! {
    #[test]
    fn any_bytes_are_read_or_refused(bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
        let _any = parse(&bytes);
    }

    #[test]
    fn any_fields_make_short_plain_keys(
        app in "\\PC{0,80}",
        from in "\\PC{0,80}",
        id in proptest::option::of("\\PC{1,80}"),
        code in "\\PC{0,200}",
        name in "(text|template_card_event|change_external_contact|kf_msg_or_event|\\PC{0,80})",
    ) {
        let mut xml = crate::xml::Writer::new();
        xml.text("FromUserName", &from);
        xml.text("MsgType", if name == "text" { "text" } else { "event" });
        xml.text("Event", &name);
        for field in ["ResponseCode", "ExternalUserID", "OpenKfId", "ChangeType", "EventKey"] {
            xml.text(field, &code);
        }
        xml.text_if("MsgId", id.as_deref().unwrap_or_default());
        let plain = xml.finish();
        let message = parse(plain.as_bytes()).unwrap();
        for key in [seen_key(&app, &message, plain.as_bytes()), order_key(&app, &message)] {
            prop_assert!(key.len() <= 150 && key.bytes().all(|byte| byte.is_ascii_graphic()), "{key}");
        }
        prop_assert!(message.event.kind().bytes().all(|byte| byte.is_ascii_graphic()));
    }
}
