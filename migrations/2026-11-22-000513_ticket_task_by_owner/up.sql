-- What a member did, the latest first.
CREATE INDEX ticket_task_by_owner ON ticket_task (owner, state, closed_at, id);
