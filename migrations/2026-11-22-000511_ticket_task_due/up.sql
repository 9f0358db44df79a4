-- When a task is to be done: the lists of what is late and what is for today.
ALTER TABLE ticket_task ADD COLUMN due_at BIGINT;
