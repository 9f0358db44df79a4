-- The tickets of a customer group are listed where it is opened.
CREATE INDEX ticket_ticket_by_chat ON ticket_ticket (chat_id, updated_at, id);
