DROP TABLE ticket_ticket;
