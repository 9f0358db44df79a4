-- Whether a task asks for a yes or a no: how many approvals wait for somebody.
ALTER TABLE ticket_task ADD COLUMN is_approval INTEGER NOT NULL DEFAULT 0;
