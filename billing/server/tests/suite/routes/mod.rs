mod invoices;
mod price_book;
mod usage;
mod usage_checkpoints;
