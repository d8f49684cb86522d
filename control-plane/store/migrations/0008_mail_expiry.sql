-- A mail is worth nothing when its link has expired, sent or captured or neither: it holds the link in clear till then.
-- Null in mails written before: theirs last a day.
ALTER TABLE control.mail_outbox ADD COLUMN expires_at timestamptz;
CREATE INDEX mail_outbox_expiry ON control.mail_outbox (expires_at);
