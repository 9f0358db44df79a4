ALTER TABLE ticket_task DROP COLUMN is_approval;
