DROP TABLE ticket_refer;
