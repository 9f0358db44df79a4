DROP TABLE ticket_alike;
