-- As MySQL writes it; SQLite reads it without the table.
DROP INDEX ticket_event_by_time ON ticket_event;
