DROP TABLE ticket_handler;
