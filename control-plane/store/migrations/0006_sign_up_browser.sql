-- The browser that signed up: there the link alone makes the account, elsewhere the sign-up's password is asked for too.
-- So whoever signs up with the address of somebody else gets nothing when that person opens the link.
ALTER TABLE control.email_verifications ADD COLUMN browser_sha256 bytea CHECK (length(browser_sha256) = 32);
