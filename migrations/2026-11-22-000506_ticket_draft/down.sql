DROP TABLE ticket_draft;
