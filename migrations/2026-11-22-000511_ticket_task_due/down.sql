ALTER TABLE ticket_task DROP COLUMN due_at;
