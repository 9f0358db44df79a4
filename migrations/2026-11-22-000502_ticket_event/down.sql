DROP TABLE ticket_event;
