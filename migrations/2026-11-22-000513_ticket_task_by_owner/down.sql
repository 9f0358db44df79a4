-- As MySQL writes it; SQLite reads it without the table.
DROP INDEX ticket_task_by_owner ON ticket_task;
