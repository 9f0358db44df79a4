-- Who may do, does or did a task: the to-do lists, and who may see a ticket.
CREATE TABLE IF NOT EXISTS ticket_handler (
    task_id BIGINT NOT NULL,
    userid VARCHAR(64) NOT NULL,
    ticket_id BIGINT NOT NULL,
    state VARCHAR(12) NOT NULL,
    PRIMARY KEY (task_id, userid)
);
CREATE INDEX ticket_handler_by_user ON ticket_handler (userid, state, task_id);
CREATE INDEX ticket_handler_by_ticket ON ticket_handler (ticket_id, userid);
