-- As MySQL writes it; SQLite reads it without the table.
DROP INDEX ticket_ticket_by_chat ON ticket_ticket;
